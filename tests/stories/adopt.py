"""Old copies in: backups that five applications and their people made by hand become backups with their own times."""

import gzip
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import time
import unittest
import stories


class Adopting(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        self.copies = self.root / "copies"
        self.copies.mkdir()
        self.db = stories.create_ledger(self.database, journal="delete", rows=300)
        self.addCleanup(self.db.close)

    def grow(self, count=20):
        self.db.execute("BEGIN")
        stories.append(self.db, count)
        self.db.execute("COMMIT")

    def copy(self, name, modified=None):
        path = self.copies / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.database, path)
        if modified:
            os.utime(path, (modified, modified))
        return path

    def adopt(self, *words, code=0):
        return self.call("adopt", *words, "--for", self.database, code=code).json

    def by_file(self, report):
        return {os.path.basename(backup["file"]): backup for backup in report["backups"]}

    def test_names_of_every_application_tell_their_times_and_the_files_stay(self):
        names = {
            "devteam-20260128-230000.db": "2026-01-28T23:00:00",
            "agent.db.backup.20251230_110000": "2025-12-30T11:00:00",
            "agent.db.20251230_120001": "2025-12-30T12:00:01",
            "agent.db.2025-12-30T12-00-00": "2025-12-30T12:00:00",
            "agent.db.before-restore.20251231_120000": "2025-12-31T12:00:00",
            "prt.db.backup_20250102_153045_auto.db": "2025-01-02T15:30:45",
            "prt_backup_20250102_160000_123456.db": "2025-01-02T16:00:00",
            "prt.v5.20250102_170000.backup": "2025-01-02T17:00:00",
            "app_20250101_120000.db": "2025-01-01T12:00:00",
            "devteam.db.backup-1769688000": "2026-01-29T12:00:00",
        }
        hashes = {}
        for name in names:
            self.grow()
            hashes[name] = stories.sha256_of(self.copy(name))
        self.copy("app_latest.db", modified=1700000000)
        before = self.listing(self.copies)
        rehearsed = self.adopt(self.copies, "--dry-run")
        self.assertEqual(self.numbers(), [])
        report = self.adopt(self.copies)
        self.assertEqual(self.listing(self.copies), before)
        self.assertEqual([backup["file"] for backup in rehearsed["backups"]], [backup["file"] for backup in report["backups"]])
        found = self.by_file(report)
        for name, time in names.items():
            self.assertEqual((found[name]["state"], found[name]["time"][:19], found[name]["time_from"]), ("adopted", time, "name"), name)
            self.assertEqual(stories.sha256_of(self.restore_copy(found[name]["number"])), hashes[name])
        self.assertEqual((found["app_latest.db"]["time"], found["app_latest.db"]["time_from"]), ("2023-11-14T22:13:20.000Z", "modified"))
        self.assertEqual((found["prt.db.backup_20250102_153045_auto.db"]["kind"], found["app_20250101_120000.db"]["kind"]), ("automatic", "manual"))
        self.assertEqual(found["agent.db.before-restore.20251231_120000"]["operation"], "restore")
        self.assertEqual(found["prt.v5.20250102_170000.backup"]["operation"], "migrate")
        times = [backup["time"] for backup in report["backups"]]
        self.assertEqual(times, sorted(times), "oldest first")
        self.assertEqual(report["original_bytes"], sum(path.stat().st_size for path in self.copies.iterdir()))
        self.assertTrue(self.verify_all(level="opened")["good"])
        again = self.adopt(self.copies)
        self.assertEqual((again["adopted"], again["already_there"], again["bytes_stored"]), (0, len(names) + 1, 0))
        self.assertEqual(len(self.numbers()), len(names) + 1)

    def test_latest_stays_what_was_backed_up_here_last(self):
        self.copy("app_20240101_120000.db")
        self.grow()
        self.backup()
        present = stories.content_hash(self.database)
        self.grow()
        self.copy("app_20240102_120000.db")
        report = self.adopt(self.copies)
        self.assertEqual([backup["number"] for backup in report["backups"]], [2, 3])
        self.assertEqual(self.call("list").json["backups"][0]["source"], "app.db")
        latest = self.restore_copy("latest")
        self.assertEqual(stories.content_hash(latest), present)
        self.assertEqual(self.call("show", "latest~1").json["backup"]["number"], 3)
        self.assertEqual(self.call("status").json["sources"][0]["last_number"], 1)
        self.assertEqual(self.call("verify").json["verified"], [1])
        self.call("restore", "--at", "2024-01-01 18:00", "--to", self.root / "then.db")
        self.assertEqual(stories.sha256_of(self.root / "then.db"), stories.sha256_of(self.copies / "app_20240101_120000.db"))
        self.grow()
        self.assertEqual(self.backup()["number"], 4)
        self.assertEqual(self.call("show", "latest").json["backup"]["number"], 4)

    def test_of_an_archive_its_own_name_tells_the_time(self):
        def pack(name, members, modified):
            with tarfile.open(self.copies / name, "w:gz") as tar:
                for member in members:
                    self.grow()
                    entry = tarfile.TarInfo(member)
                    content = self.database.read_bytes()
                    entry.size, entry.mtime = len(content), modified
                    tar.addfile(entry, io.BytesIO(content))
            os.utime(self.copies / name, (1700000000, 1700000000))

        pack("app_20251009_101500.tar.gz", ["backup.db"], int(time.time()))
        pack("app_20251010_101500.tar.gz", ["app_20251010_091500.db"], int(time.time()))
        pack("app-20251011.tar.gz", ["backup.db"], 0)
        pack("app.tar.gz", ["backup.db"], 0)
        pack("many_20251012_101500.tar.gz", ["a.db", "b.db"], 1600000000)
        self.grow()
        self.copy("app 2025-10-16 10:15:00.db")
        found = {}
        for backup in self.adopt(self.copies)["backups"]:
            found.setdefault(os.path.basename(backup["file"]), []).append((backup["time"][:19], backup["time_from"]))
        self.assertEqual(found, {"app_20251009_101500.tar.gz": [("2025-10-09T10:15:00", "name")], "app_20251010_101500.tar.gz": [("2025-10-10T09:15:00", "name")],
                                 "app-20251011.tar.gz": [("2025-10-11T00:00:00", "day")], "app.tar.gz": [("2023-11-14T22:13:20", "modified")],
                                 "many_20251012_101500.tar.gz": [("2020-09-13T12:26:40", "archive")] * 2, "app 2025-10-16 10:15:00.db": [("2025-10-16T10:15:00", "name")]})
        told = subprocess.run(self.command("adopt", self.copies, "--for", self.root / "other.db", "--dry-run"), capture_output=True, text=True, cwd=self.work, env=self.environment).stdout
        self.assertIn("(only the day is known, by its name)", told)
        self.assertIn("(its time in the archive: no name tells one)", told)
        self.grow()
        refused = self.call("adopt", self.copy("unnamed.db", modified=1), "--for", self.database, code=2).error
        self.assertIn("nothing tells when it was made", refused["message"])

    def test_a_time_in_the_future_is_told_and_is_not_the_latest(self):
        self.backup()
        present = stories.content_hash(self.database)
        self.grow()
        self.copy("app_21000101_000000.db")
        report = self.adopt(self.copies)
        self.assertEqual(report["adopted"], 1)
        self.assertIn("in the future", "".join(report["warnings"]))
        self.assertEqual(self.call("show", "latest").json["backup"]["number"], 1)
        self.assertEqual(stories.content_hash(self.restore_copy("latest")), present)
        self.assertEqual(self.call("drill", "--in", self.root).json["backups"][0]["number"], 1)
        status = self.call("status", "--rpo", "1d").json
        source = status["sources"][0]
        self.assertEqual((source["last_number"], source["of_future"]), (1, [2]))
        self.assertGreaterEqual(source["age_s"], 0)
        self.assertIn("#2 states a time in the future", "".join(status["warnings"]))
        findings = [one["what"] for one in self.call("doctor", self.database, code=None).json["findings"] if one["about"] == "clock"]
        self.assertIn("adopted with times of the future: #2", findings)

    def test_layers_and_secrets(self):
        original = stories.sha256_of(self.database)
        plain = self.copy("app_20250301_000000.db")
        home = self.root / "g"
        home.mkdir(mode=0o700)
        self.environment["GNUPGHOME"] = str(home)
        self.addCleanup(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)
        secret = self.root / "secret"
        secret.write_text("correct horse\n")
        run = lambda command: subprocess.run(["bash", "-ec", command], cwd=self.copies, env=self.environment, check=True)
        run("gzip -c app_20250301_000000.db > app_20250302_000000.db.gz; zstd -qc app_20250301_000000.db > app_20250303_000000.db.zst;"
            f"gpg --batch -q --pinentry-mode loopback --passphrase-file {str(secret)!r} -o app_20250304_000000.db.gpg -c app_20250301_000000.db;"
            f"age-keygen -o {str(self.root / 'key')!r} 2>/dev/null; age -R <(age-keygen -y {str(self.root / 'key')!r}) -o app_20250305_000000.db.age app_20250301_000000.db;"
            "mkdir d; for n in 6 7; do cp app_20250301_000000.db d/app_2025030${n}_000000.db; done; tar czf many.tgz d; rm -r d")
        plain.unlink()
        refused = self.adopt(self.copies, code=3)
        self.assertEqual(sorted(os.path.basename(b["file"]) for b in refused["backups"] if b["state"] == "refused"), ["app_20250304_000000.db.gpg", "app_20250305_000000.db.age"])
        report = self.adopt(self.copies, "--decrypt-passphrase-file", secret, "--age-identity", self.root / "key")
        self.assertEqual((report["adopted"], report["already_there"]), (2, 4))
        days = sorted(backup["time"][:10] for backup in report["backups"])
        self.assertEqual(days, [f"2025-03-0{n}" for n in range(2, 8)])
        for backup in report["backups"]:
            self.assertEqual(stories.sha256_of(self.restore_copy(backup["number"])), original, backup["file"])
        self.assertEqual(list((self.home / ".cache/holdfast").glob(".holdfast-unpacked*")), [])

    def test_comments_and_kinds_come_from_what_describes_them(self):
        manual, automatic = "prt.db.backup_20250102_160000.db", "prt.db.backup_20250102_153045_auto.db"
        self.copy(f"p/{automatic}")
        self.grow()
        self.copy(f"p/{manual}")
        (self.copies / "p/backup_metadata.json").write_text(json.dumps({"next_id": 44, "backups": [
            {"backup_id": 42, "timestamp": "2025-01-02T15:30:45", "backup_path": f"/old/{automatic}", "comment": "Auto-backup before: add_tag", "is_auto": True},
            {"backup_id": 43, "timestamp": "2025-01-02T16:00:00", "backup_path": f"/old/{manual}", "comment": "before cleanup", "is_auto": False}]}))
        self.grow()
        self.copy("c/agent.db.unnamed")
        (self.copies / "c/agent.db.unnamed.meta.json").write_text(json.dumps({"filename": "agent.db.unnamed", "created": "2025-05-05T05:05:05.000Z", "size": 1, "version": "1.0.0"}))
        self.grow()
        self.copy("chkpt-1/state.db")
        (self.copies / "chkpt-1/manifest.json").write_text(json.dumps({"version": "1.0", "checkpoint_id": "chkpt-1", "description": "before the big one", "created_at": "2025-06-06T06:06:06Z", "files": []}))
        with sqlite3.connect(self.database) as db:
            db.execute("CREATE TABLE backup_metadata(id INTEGER PRIMARY KEY, backup_filename TEXT, comment TEXT, is_auto INTEGER, created_at TEXT)")
            db.execute("INSERT INTO backup_metadata VALUES (1, 'prt_backup_20250707_070707_000001.db', 'told by the table', 1, '2025-07-07 07:07:07')")
        db.close()
        self.copy("t/prt_backup_20250707_070707_000001.db")
        found = self.by_file(self.adopt(self.copies))
        self.assertEqual((found[automatic]["comment"], found[automatic]["kind"], found[automatic]["operation"]), ("Auto-backup before: add_tag", "automatic", "add_tag"))
        self.assertEqual((found[manual]["comment"], found[manual]["kind"]), ("before cleanup", "manual"))
        self.assertEqual((found["agent.db.unnamed"]["time"], found["agent.db.unnamed"]["time_from"]), ("2025-05-05T05:05:05.000Z", "metadata"))
        self.assertEqual((found["state.db"]["time"], found["state.db"]["comment"]), ("2025-06-06T06:06:06.000Z", "before the big one"))
        self.assertEqual(found["prt_backup_20250707_070707_000001.db"]["comment"], "told by the table")
        self.assertEqual(self.call("list", "--operation", "add_tag").json["backups"][0]["comment"], "Auto-backup before: add_tag")

    def test_what_is_damaged_is_kept_as_evidence_or_refused(self):
        self.copy("app_20250101_000000.db")
        bad = self.copy("app_20250102_000000.db")
        content = bytearray(bad.read_bytes())
        content[4096 * 3:4096 * 5] = os.urandom(8192)
        bad.write_bytes(content)
        (self.copies / "app_20250103_000000.db.gz").write_bytes(gzip.compress(self.database.read_bytes())[:-9])
        wrong = self.copy("app_20250104_000000.db")
        wrong.with_name(wrong.name + ".sha256").write_text("0" * 64 + f"  {wrong.name}\n")
        right = self.copy("app_20250105_000000.db")
        right.with_name(right.name + ".sha256").write_text(hashlib.sha256(right.read_bytes()).hexdigest() + f"  {right.name}\n")
        (self.copies / "notes.txt").write_text("no backup")
        found = self.by_file(self.adopt(self.copies, code=3))
        states = {name[9:12]: backup["state"] for name, backup in found.items()}
        self.assertEqual([found[f"app_2025010{n}_000000.db" + (".gz" if n == 3 else "")]["state"] for n in range(1, 6)],
                         ["adopted", "damaged", "refused", "refused", "adopted"], states)
        self.assertEqual(found["app_20250105_000000.db"]["proven_by"], ["app_20250105_000000.db.sha256"])
        latest = self.call("show", "latest").json["backup"]
        self.assertEqual(latest["time"][:10], "2025-01-05")
        listed = {backup["time"][:10]: backup["state"] for backup in self.call("list").json["backups"]}
        self.assertEqual(listed["2025-01-02"], "damaged")
        self.call("adopt", self.copies / "notes.txt", "--for", self.database, code=2)
        self.call("adopt", wrong, "--for", self.database, code=4)

    def test_a_wal_left_beside_a_copy_belongs_to_it(self):
        live = self.root / "live.db"
        db = sqlite3.connect(live, isolation_level=None)
        db.execute("PRAGMA journal_mode = wal")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("CREATE TABLE t(x)")
        db.execute("INSERT INTO t VALUES (42)")
        for ending in ("", "-wal"):
            shutil.copy(str(live) + ending, self.copies / f"live_20250101_000000.db{ending}")
        db.close()
        before = self.listing(self.copies)
        report = self.call("adopt", self.copies, "--for", live).json
        self.assertEqual(self.listing(self.copies), before)
        copy = self.restore_copy(report["backups"][0]["number"])
        with sqlite3.connect(copy) as db:
            self.assertEqual(db.execute("SELECT x FROM t").fetchall(), [(42,)])
        db.close()

    def test_whose_past_they_are_must_be_said(self):
        copy = self.copy("app_20250101_000000.db")
        shutil.move(copy, self.work / copy.name)
        refused = self.call("adopt", self.work / copy.name, code=2)
        self.assertIn("--for", refused.error["advice"])
        self.assertIn(str(self.database), refused.error["advice"])
        self.backup()
        self.call("adopt", self.work / copy.name, "--source", "app.db")
        self.assertEqual({backup["source"] for backup in self.call("list").json["backups"]}, {"app.db"})
        self.call("adopt", self.work / copy.name, "--source", "nobody", code=2)
        self.call("adopt", self.root / "missing", "--for", self.database, code=5)

    def test_a_dry_run_without_a_repository_says_what_the_real_run_does(self):
        self.copy("app_20250101_000000.db")
        self.grow()
        self.copy("app_20250102_000000.db")
        shutil.rmtree(self.repository, ignore_errors=True)
        told = [self.call("adopt", self.copies, "--for", self.database, "--dry-run", use_repository=False).json]
        self.assertFalse((self.work / ".holdfast").exists())
        told.append(self.call("adopt", self.copies, "--for", self.database, use_repository=False).json)
        self.assertTrue((self.work / ".holdfast").exists())
        for key in ("repository", "repository_created", "source", "database", "adopted", "already_there", "refused"):
            self.assertEqual(told[0][key], told[1][key], key)
        self.assertEqual([(backup["file"], backup["time"], backup["state"]) for backup in told[0]["backups"]], [(backup["file"], backup["time"], backup["state"]) for backup in told[1]["backups"]])
        self.assertEqual((told[0]["adopted"], told[0]["repository_created"]), (2, True))

    def test_a_dry_run_leaves_nothing_behind(self):
        self.copy("app_20250101_000000.db")
        shutil.rmtree(self.repository, ignore_errors=True)
        before = self.listing(self.root)
        self.call("adopt", self.copies, "--for", self.database, "--dry-run", use_repository=False)
        after = self.listing(self.root)
        self.assertEqual({path for path in after if path not in before and "/.cache/" not in path and "/.state/" not in path}, set())

    def test_a_bundle_of_a_source_that_is_here_says_whose_past_it_is(self):
        self.backup()
        self.grow()
        second = self.backup()["number"]
        bundle, other = self.root / "a.tar.zst", self.root / "b.tar.zst"
        self.call("bundle", 1, "--to", bundle)
        self.call("bundle", second, "--to", other)
        self.grow()
        self.backup()
        for number in (1, second):
            self.call("forget", number)
        self.call("prune", "--grace", 0)
        report = self.call("adopt", bundle, other).json
        self.assertEqual((report["database"], report["adopted"]), (str(self.database), 2))
        shown = self.call("list").json["backups"]
        self.assertEqual(len({backup["source"] for backup in shown}), 1)
        self.assertEqual(len(shown), 3)
        self.assertEqual(self.call("adopt", bundle, self.copy("app_20250101_000000.db"), code=2).error["code"], "invalid")  # of one of them nobody knows
        elsewhere = self.root / "elsewhere"
        self.call("init", "-r", elsewhere, use_repository=False)
        self.call("adopt", bundle, "-r", elsewhere, use_repository=False, code=2)  # which does not have that source

    def test_daily_copies_take_little_more_than_one(self):
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO slots VALUES (?, 0, ?)", ((1000 + k, self.random.randbytes(150).hex()) for k in range(20000)))
        self.db.execute("COMMIT")
        for day in range(1, 11):
            self.copy(f"app_202504{day:02}_020000.db")
            self.db.execute("BEGIN")
            for _ in range(30):
                self.db.execute("UPDATE slots SET filler = ? WHERE k = ?", (self.random.randbytes(150).hex(), 1000 + self.random.randrange(20000)))
            self.db.execute("COMMIT")
        one = len(subprocess.run(["zstd", "-3", "-qc", self.copies / "app_20250410_020000.db"], capture_output=True, check=True).stdout)
        report = self.adopt(self.copies)
        self.assertEqual(report["adopted"], 10)
        self.assertLess(report["bytes_stored"], 1.5 * one)


class FromFiles(stories.Story):
    """Restores and verifications of files that no repository knows."""

    def setUp(self):
        super().setUp()
        stories.create_ledger(self.database, journal="delete", rows=100).close()
        self.good = stories.content_hash(self.database)
        self.copy = self.root / "app_20250301_120000.db"
        shutil.copy(self.database, self.copy)
        self.packed = self.root / "app_20250301_120000.db.gz"
        self.packed.write_bytes(gzip.compress(self.copy.read_bytes()))
        self.tar = self.root / "many.tgz"
        subprocess.run(["tar", "-C", self.root, "-czf", self.tar, "app_20250301_120000.db", "work/app.db"], check=True)
        with sqlite3.connect(self.database) as db:
            db.execute("DELETE FROM ledger")
        db.close()
        self.bad = stories.content_hash(self.database)

    def test_in_place_with_a_safety_backup_and_undo(self):
        self.init()
        for flag, file in (("--from", self.copy), ("--file", self.packed)):
            before = stories.sha256_of(file)
            plan = self.call("restore", flag, file, "--for", self.database, "--dry-run").json
            self.assertEqual(stories.content_hash(self.database), self.bad)
            self.assertEqual(plan["databases"][0]["route"], "transaction")
            report = self.call("restore", flag, file, "--for", self.database).json
            self.assertEqual(stories.content_hash(self.database), self.good)
            self.assertEqual((report["databases"][0]["proof"], report["databases"][0]["check"]), ("content", "ok"))
            self.assertGreater(report["safety_number"], 0)
            self.assertEqual((report["time"], report["from_file"]), ("2025-03-01T12:00:00.000Z", str(file)))
            self.call("undo", "--source", self.database)
            self.assertEqual(stories.content_hash(self.database), self.bad)
            self.assertEqual(stories.sha256_of(file), before)

    def test_without_any_repository_the_safety_backup_lies_beside(self):
        report = self.call("restore", "--from", self.packed, "--for", self.database, use_repository=False).json
        self.assertEqual(stories.content_hash(self.database), self.good)
        self.assertEqual(report["safety_repository"], str(self.work / ".holdfast-safety"))
        self.call("restore", report["safety_number"], "-r", report["safety_repository"], use_repository=False)
        self.assertEqual(stories.content_hash(self.database), self.bad)

    def test_to_a_new_file_no_repository_is_needed(self):
        target = self.root / "new/looked.db"
        self.call("restore", "--from", self.packed, "--to", target, use_repository=False)
        self.assertEqual(stories.sha256_of(target), stories.sha256_of(self.copy))
        self.call("restore", "--from", self.packed, "--to", target, use_repository=False, code=6)
        self.assertFalse((self.work / ".holdfast").exists())
        refused = self.call("restore", "--from", self.tar, "--to", self.root / "x.db", use_repository=False, code=2)
        self.assertIn("work/app.db", refused.error["message"])
        self.call("restore", "--from", self.tar, "--only", "app_20250301_120000.db", "--to", self.root / "x.db", use_repository=False)
        self.assertEqual(stories.sha256_of(self.root / "x.db"), stories.sha256_of(self.copy))

    def test_what_cannot_be_meant_is_refused_and_nothing_is_changed(self):
        self.init()
        before = self.listing()
        self.call("restore", "--from", self.packed, code=2)
        self.call("restore", 1, "--from", self.packed, "--for", self.database, code=2)
        self.call("restore", "--from", self.database, "--for", self.database, code=2)
        self.call("restore", "--from", self.root / "missing", "--for", self.database, code=5)
        cut = self.root / "cut.db.gz"
        cut.write_bytes(self.packed.read_bytes()[:-5])
        self.call("restore", "--from", cut, "--for", self.database, code=4)
        self.packed.with_name(self.packed.name + ".sha256").write_text("1" * 64)
        self.call("restore", "--from", self.packed, "--for", self.database, code=4)
        torn = self.root / "torn.db"
        content = bytearray(self.copy.read_bytes())
        content[4096 * 2:4096 * 4] = os.urandom(8192)
        torn.write_bytes(content)
        self.call("restore", "--from", torn, "--for", self.database, code=4)
        self.assertEqual(self.listing(), before)
        self.assertEqual(self.numbers(), [])

    def test_verify_says_what_a_file_is_and_whether_it_is_whole(self):
        verified = self.call("verify", self.packed, use_repository=False).json
        self.assertTrue(verified["good"])
        file = verified["files"][0]
        self.assertEqual((file["sha256"], file["layers"], file["check"]), (stories.sha256_of(self.copy), "gzip", "ok"))
        self.assertEqual(len(self.call("verify", self.tar, use_repository=False).json["files"]), 2)
        content = bytearray(self.copy.read_bytes())
        content[4096 * 2:4096 * 4] = os.urandom(8192)
        self.copy.write_bytes(content)
        self.assertFalse(self.call("verify", self.copy, use_repository=False, code=4).json["good"])
        self.packed.write_bytes(self.packed.read_bytes()[:-1])
        self.call("verify", self.packed, use_repository=False, code=4)

    def test_a_drill_of_a_file_looks_as_an_application_would_and_notes_nothing(self):
        place = self.root / "place"
        place.mkdir()
        words = ("--in", place, "--expect", "SELECT count(*) = 100 FROM ledger", "--smoke", 'test "$(sqlite3 "$HOLDFAST_DATABASE" "SELECT count(*) FROM slots")" = 200')
        for file in (self.copy, self.packed):
            before = stories.sha256_of(file)
            report = self.call("drill", file, *words, use_repository=False).json
            (backup,) = report["backups"]
            self.assertTrue(backup["passed"])
            self.assertEqual((backup["number"], backup["file"], backup["time"]), (0, str(file), "2025-03-01T12:00:00.000Z"))
            self.assertEqual(backup["bytes"], self.copy.stat().st_size)
            self.assertGreater(backup["total_ms"], 0)
            self.assertEqual([(one["met"]) for one in backup["databases"][0]["expectations"]], [True])
            self.assertEqual((os.listdir(place), stories.sha256_of(file)), ([], before))
        self.assertFalse((self.work / ".holdfast").exists())
        many = self.call("drill", self.tar, *words, use_repository=False).json["backups"]
        self.assertEqual([backup["passed"] for backup in many], [True, True])
        # Each thing that can be wrong.
        unmet = self.call("drill", self.packed, "--in", place, "--expect", "SELECT count(*) > 100 FROM ledger", use_repository=False, code=4).json["backups"][0]
        self.assertIn("expected", unmet["databases"][0]["findings"][0])
        smoked = self.call("drill", self.packed, "--in", place, "--smoke", "echo no use; exit 9", use_repository=False, code=4).json["backups"][0]
        self.assertIn("no use", smoked["databases"][0]["findings"][0])
        broken = self.root / "references.db"
        with sqlite3.connect(broken) as db:
            db.executescript("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p); INSERT INTO c VALUES (7);")
        db.close()
        self.assertIn("foreign keys", self.call("drill", broken, "--in", place, use_repository=False, code=4).json["backups"][0]["databases"][0]["findings"][0])
        content = bytearray(self.copy.read_bytes())
        content[4096 * 2:4096 * 4] = os.urandom(8192)
        self.copy.write_bytes(content)
        self.assertFalse(self.call("drill", self.copy, "--in", place, use_repository=False, code=4).json["passed"])
        self.call("drill", self.packed, "--scenario", "corruption", use_repository=False, code=2)
        self.assertEqual(os.listdir(place), [])

    def test_a_drill_of_a_file_knows_what_the_settings_expect_of_its_source(self):
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\nsmoke = "exit 5"\n[[source.app.expect]]\nsql = "SELECT 0"\n')
        self.assertTrue(self.call("drill", self.packed, use_repository=False).json["passed"])  # nothing says whose it is
        findings = self.call("drill", self.packed, "--source", "app", use_repository=False, code=4).json["backups"][0]["databases"][0]["findings"]
        self.assertEqual(len(findings), 2)

    def test_a_drill_of_a_bundle_and_of_encrypted_files(self):
        self.init()
        number = self.backup()["number"]
        bundle = self.root / "app.tar.zst"
        self.call("bundle", number, "--to", bundle)
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\n[[source.app.expect]]\nsql = "SELECT count(*) = 200 FROM slots"\n')
        (backup,) = self.call("drill", bundle, use_repository=False).json["backups"]
        self.assertEqual((backup["passed"], backup["source"]), (True, "app"))  # its metadata says whose it is
        self.assertEqual(len(backup["databases"][0]["expectations"]), 1)
        self.assertNotIn("drilled", [entry["event"] for entry in self.call("log").json["entries"]])
        self.assertIsNone(self.call("status", code=12).json["sources"][0]["drilled_at"])
        if shutil.which("gpg"):
            secret = self.root / "passphrase"
            secret.write_text("open sesame")
            locked = self.root / "app_20250301_120000.db.gpg"
            gpg_home = self.root / "gpg"
            gpg_home.mkdir(mode=0o700)
            subprocess.run(["gpg", "--homedir", gpg_home, "--batch", "--pinentry-mode", "loopback", "--passphrase-file", secret, "-o", locked, "-c", self.copy], check=True, capture_output=True)
            drilled = self.call("drill", locked, "--decrypt-passphrase-file", secret, use_repository=False).json["backups"][0]
            self.assertTrue(drilled["passed"])


if __name__ == "__main__":
    stories.main()
