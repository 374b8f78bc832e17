"""Backups that manage themselves: two weeks on a clock that libfaketime sets, and what is said about it."""

import datetime
import glob
import sqlite3
import subprocess

import stories


class Retention(stories.Story):
    def setUp(self):
        super().setUp()
        found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        self.assertTrue(found, "install libfaketime")
        self.clock = {"LD_PRELOAD": found[0], "FAKETIME_FMT": "%s", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
                      "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def at(self, time):
        return {**self.clock, "FAKETIME": str(int(time.timestamp()))}

    def test_two_weeks_of_hourly_backups_and_a_manual_one_each_day(self):
        self.init()
        begin = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)  # a Monday
        with sqlite3.connect(self.database, isolation_level=None) as db:
            db.execute("CREATE TABLE visits(hour)")
            rows, most, forgotten = {}, 0, 0
            for hour in range(14 * 24):
                time = begin + datetime.timedelta(hours=hour)
                db.execute("INSERT INTO visits VALUES (?)", (hour,))
                report = self.call("backup", self.database, "--operation", "schedule", environment=self.at(time)).json
                self.assertEqual([warning for warning in report["warnings"] if "retention" in warning], [])
                rows[report["number"]] = hour + 1
                forgotten += len(report["forgotten"])
                most = max(most, hour + 1 - forgotten)
                if time.hour == 12:
                    self.call("backup", self.database, "--comment", "lunch", environment=self.at(time))
        db.close()
        backups = self.call("list").json["backups"]
        manual = [backup for backup in backups if backup["kind"] == "manual"]
        self.assertEqual(len(manual), 14)
        automatic = [backup["time"][5:16] for backup in backups if backup["kind"] == "automatic"]
        self.assertEqual(automatic, [f"03-15T{hour:02}:00" for hour in range(23, 13, -1)] + [f"03-{day:02}T23:00" for day in range(14, 8, -1)] +
                         ["03-08T23:00", "03-02T00:00"])
        self.assertLessEqual(most, 10 + 7 + 4 + 12 + 1)

        end = self.at(begin + datetime.timedelta(days=14, minutes=1))
        plan = self.call("forget", "--policy", "--dry-run", environment=end).json
        self.assertEqual(plan["numbers"], [], "it has run already")
        reasons = {verdict["local_time"][5:16]: verdict["reasons"] for verdict in plan["verdicts"] if verdict["kind"] == "automatic"}
        self.assertEqual(reasons["03-15 14:00"], ["last 10 of 10"])
        self.assertEqual(reasons["03-08 23:00"], ["weekly 2 of 4: 2026-W10"])
        self.assertEqual(reasons["03-02 00:00"], ["oldest weekly: 2026-W10", "oldest monthly: 2026-03",
                                                  "the oldest: SQLite has opened none of them yet (holdfast verify --level opened)"])
        self.verify_all()
        for backup in backups:
            if backup["kind"] != "automatic":
                continue
            copy = self.restore_copy(backup["number"])
            with sqlite3.connect(copy) as db:
                self.assertEqual(db.execute("SELECT count(*) FROM visits").fetchone()[0], rows[backup["number"]])
            db.close()

        five = self.call("forget", "--kind", "automatic", "--keep-last", 5, environment=end).json
        self.assertEqual(len(five["numbers"]), len(automatic) - 5)
        kinds = [backup["kind"] for backup in self.call("list").json["backups"]]
        self.assertEqual((kinds.count("automatic"), kinds.count("manual")), (5, 14))
        self.call("recall", five["numbers"][0])
        self.assertIn(five["numbers"][0], self.numbers())

    def spoil_an_index(self):
        """A page of an index that nobody reads: everything goes on working."""
        with sqlite3.connect(self.database, isolation_level=None) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page_size = db.execute("PRAGMA page_size").fetchone()[0]
            root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'by_amount'").fetchone()[0]
        db.close()
        with open(self.database, "r+b") as file:
            file.seek((root - 1) * page_size + page_size - 200)
            file.write(b"\x55" * 150)

    def test_a_page_that_is_damaged_in_silence_does_not_push_the_good_ones_out(self):
        self.init()
        (self.work / "holdfast.toml").write_text(f"""[repository]
path = "{self.repository}"
[source.app]
databases = ["app.db"]
[source.app.retention.automatic]
keep_last = 2
""")
        with sqlite3.connect(self.database, isolation_level=None) as db:
            db.execute("CREATE TABLE payments(id INTEGER PRIMARY KEY, amount, whose)")
            db.execute("CREATE INDEX by_amount ON payments(amount, whose)")
            db.executemany("INSERT INTO payments(amount, whose) VALUES (?, ?)", [(at * 7 % 1001, f"whose {at}") for at in range(3000)])
        db.close()
        good = stories.content_hash(self.database)

        def automatic():
            return self.call("backup", "--operation", "schedule", use_repository=False).json

        automatic()
        self.spoil_an_index()
        for turn in range(6):
            with sqlite3.connect(self.database, isolation_level=None) as db:
                db.execute("CREATE TABLE IF NOT EXISTS turns(turn)")
                db.execute("INSERT INTO turns VALUES (?)", (turn,))
            db.close()
            automatic()
        self.assertEqual(self.numbers(), [7, 6, 1], "two, and the oldest, as SQLite has opened none")
        found = self.call("verify", code=4).json
        ways = found["ways_back"][0]
        self.assertEqual((ways["source"], ways["last_good"], ways["unopened"], ways["recallable"]), ("app", None, [1, 6], [2, 3, 4, 5]))
        told = subprocess.run(self.command("verify"), capture_output=True, text=True, cwd=self.work, env=self.environment)
        self.assertEqual(told.returncode, 4)
        self.assertIn("forgotten, but not pruned yet: #2, #3, #4, #5: holdfast recall 2 3 4 5", told.stdout + told.stderr)
        self.call("verify", "6", code=4)
        self.call("verify", "1")
        self.assertEqual(self.call("verify", "7", code=4).json["ways_back"][0]["last_good"], 1)
        self.assertEqual(stories.content_hash(self.restore_copy("last-good")), good)

    def test_words_of_two_are_found_completed_and_explained(self):
        script = self.plain("completion", "bash")
        (self.root / "complete").write_text(script)
        def offered(*words):
            line = " ".join(f"'{word}'" for word in words)
            asked = f"source '{self.root}/complete'; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _holdfast; printf '%s\\n' \"${{COMPREPLY[@]}}\""
            return subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, cwd=self.work).stdout.split()
        self.assertIn("retention", offered("holdfast", "ret"))
        self.assertEqual(offered("holdfast", "retention", "s"), ["simulate"])
        self.assertEqual(offered("holdfast", "retention", "simulate", "--keep-l"), ["--keep-last"])
        self.assertEqual(offered("holdfast", "list", "--las"), ["--last"])
        self.assertIn("retention simulate", self.plain("retention"))
        self.assertIn("--schedule", self.plain("help", "retention", "simulate"))
        wrong = self.call("retention", "simluate", use_repository=False, code=2).error
        self.assertEqual(wrong["advice"], "holdfast retention simulate")
        self.assertEqual(self.call("--keep-daily", 2, "retention", "simulate", "--for", "10d", use_repository=False).json["made"], 240)

    def plain(self, *words):
        return subprocess.run([stories.PROGRAM, *words], capture_output=True, text=True, check=True, cwd=self.work, env=self.environment).stdout


if __name__ == "__main__":
    stories.main()
