"""Which backups stay: holdfast and restic are given the same times and the same rules, and must keep the same.

The times are restic's own words (restic backup --time), holdfast's come from a clock that libfaketime sets. Random times
with clusters, gaps and equal seconds, around changes of the clocks, leap days, ends of years and week 53."""

import concurrent.futures
import datetime
import glob
import json
import os
import subprocess
import sqlite3
import unittest
import zoneinfo

import stories

CALENDAR = ("hourly", "daily", "weekly", "monthly", "yearly")


class RetentionLikeRestic(stories.Story):
    zone = "Europe/Berlin"
    times_in_a_set = 80
    sets = {
        "year-end": (datetime.datetime(2020, 12, 31, 12), 20 * 86400),   # week 53, and the year after
        "clocks": (datetime.datetime(2024, 2, 20), 70 * 86400),          # a leap day, and clocks that go forward
        "long": (datetime.datetime(2022, 10, 20), 900 * 86400),          # clocks that go back, and years
    }

    def setUp(self):
        super().setUp()
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        self.assertTrue(found, "install libfaketime")
        self.faketime = found[0]
        self.environment.update(TZ=self.zone, RESTIC_REPOSITORY=str(self.root / "restic"), RESTIC_PASSWORD="secret",
                                RESTIC_CACHE_DIR=str(self.home / "restic"), ASAN_OPTIONS="verify_asan_link_order=0")

    def restic(self, *words):
        done = subprocess.run(["restic", *words], capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def any_times(self, begin, span):
        """Local times: some alone, some close together, some in the same second."""
        times = []
        while len(times) < self.times_in_a_set:
            at = begin + datetime.timedelta(seconds=self.random.randrange(span))
            times.append(at)
            for _ in range(self.random.choice((0, 0, 0, 1, 2, 4))):
                at += datetime.timedelta(seconds=self.random.choice((0, 0, 1, 600, 3600, 5400, 86400)))
                times.append(at)
        return times[:self.times_in_a_set]

    def make_restics(self):
        """{set: its snapshots' times}, in whole seconds since 1970, as restic has them."""
        (self.work / "file").write_text("something")
        self.restic("init", "--quiet")
        orders = [(name, at) for name, (begin, span) in self.sets.items() for at in self.any_times(begin, span)]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda order: self.restic("backup", "--quiet", "--force", "--host", order[0], "--time", order[1].strftime("%Y-%m-%d %H:%M:%S"), "file"),
                          orders))
        times = {name: [] for name in self.sets}
        for snapshot in json.loads(self.restic("snapshots", "--json")):
            times[snapshot["hostname"]].append(seconds_of(snapshot["time"]))
        return times

    def backup_at(self, database, seconds):
        completed = subprocess.run(self.command("backup", database, "--json"), capture_output=True, text=True, cwd=self.work,
                                   env={**self.environment, "LD_PRELOAD": self.faketime, "FAKETIME": str(seconds), "FAKETIME_FMT": "%s",
                                        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}, timeout=120)
        self.assertEqual(completed.returncode, 0, completed.stderr)
        self.assertEqual(seconds_of(json.loads(completed.stdout)["time"]), seconds, "the clock was not set")

    def make_ours(self, times):
        self.init()
        for name, all_of in times.items():
            database = self.work / f"{name}.db"
            with sqlite3.connect(database) as db:
                db.execute("CREATE TABLE t(x)")
            db.close()
            for seconds in self.random.sample(all_of, len(all_of)):  # whatever came first
                self.backup_at(database, seconds)

    def any_rules(self):
        rules = {}
        for rule in ("last", *CALENDAR):
            if self.random.random() < 0.45:
                rules[rule] = self.random.choice((1, 2, 3, 5, 8, 13, 40))
        if self.random.random() < 0.35:
            rules["within"] = self.random.choice(({"d": 3}, {"m": 1}, {"y": 1, "m": 2, "d": 3, "h": 4}, {"h": 36}, {"m": 13}, {"d": 45, "h": 1}))
        return rules or {"daily": 4}

    def flags(self, rules, month):
        for rule, value in rules.items():
            if rule == "within":
                value = "".join(f"{count}{month if unit == 'm' else unit}" for unit, count in value.items())
            yield from (f"--keep-{rule}", str(value))

    def kept_by_restic(self, name, rules):
        (group,) = json.loads(self.restic("forget", "--dry-run", "--json", "--host", name, *self.flags(rules, "m")))
        kept = [seconds_of(one["time"]) for one in group["keep"]]
        gone = [seconds_of(one["time"]) for one in group["remove"] or []]
        # Before 0.15 restic did not keep the oldest one while a count was left. Which are left it says itself.
        left = group["reasons"][-1].get("counters", {})
        oldest = min(kept + gone)
        if not self.restic_keeps_oldest and any(left.get(rule) for rule in CALENDAR) and not has_kept_oldest(kept, gone):
            kept.append(oldest)
        return sorted(kept)

    def kept_by_us(self, name, rules):
        report = self.call("forget", "--dry-run", "--source", f"{name}.db", *self.flags(rules, "mo")).json
        for verdict in report["verdicts"]:
            self.assertTrue(verdict["reasons"])
        self.assertEqual(len(report["numbers"]), sum(not verdict["kept"] for verdict in report["verdicts"]))
        return sorted(seconds_of(verdict["time"]) for verdict in report["verdicts"] if verdict["kept"])

    def test_the_same_times_and_rules_keep_the_same(self):
        version = self.restic("version").split()[1]
        self.restic_keeps_oldest = [int(part) for part in version.split(".")[:2]] >= [0, 15]
        times = self.make_restics()
        for all_of in times.values():
            self.assertEqual(len(all_of), self.times_in_a_set)
            self.assertLess(len(set(all_of)), len(all_of), "no equal seconds among them")
        self.make_ours(times)
        dropped = 0
        for _ in range(8):
            for name in times:
                rules = self.any_rules()
                theirs, ours = self.kept_by_restic(name, rules), self.kept_by_us(name, rules)
                self.assertEqual(readable(ours, self.zone), readable(theirs, self.zone), f"{name} {rules}")
                dropped += len(times[name]) - len(ours)
        self.assertGreater(dropped, 100, "these rules were too kind")

        # What a dry run says is what happens, and a second run finds nothing more to do.
        rules = {"daily": 3, "monthly": 4}
        for name in times:
            kept = self.kept_by_us(name, rules)
            self.call("forget", "--source", f"{name}.db", *self.flags(rules, "mo"))
            self.assertEqual(self.kept_by_us(name, rules), kept)
            listed = self.call("list", "--source", f"{name}.db").json["backups"]
            self.assertEqual(sorted(seconds_of(backup["time"]) for backup in listed), kept)
            self.assertEqual(readable(kept, self.zone), readable(self.kept_by_restic(name, rules), self.zone))


def seconds_of(time):
    """Of an RFC 3339 time, whatever its fraction's digits."""
    head, tail = time[:19], time[19:]
    offset = tail.lstrip(".0123456789") or "Z"
    return int(datetime.datetime.fromisoformat(head + ("+00:00" if offset == "Z" else offset)).timestamp())


def readable(times, zone):
    return [datetime.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(zone)).isoformat(" ") for seconds in times]


def has_kept_oldest(kept, gone):
    return not gone or min(kept) < min(gone)


if __name__ == "__main__":
    stories.main()
