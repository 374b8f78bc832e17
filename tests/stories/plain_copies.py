"""Plain copies out: after each backup also ordinary files, in the layouts of four applications, that sqlite3 and sha256sum judge."""

import datetime
import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import stories


class PlainCopies(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        self.copies = self.work / "backups"

    def settings(self, copies, databases='["app.db"]', more=""):
        (self.work / "holdfast.toml").write_text(f'[source.app]\ndatabases = {databases}\n{more}\n[source.app.plain_copies]\nfolder = "backups"\n{copies}\n')

    def grow(self, count=5):
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("BEGIN")
        stories.append(db, count)
        db.execute("COMMIT")
        db.close()

    def visible(self, folder=None):
        return sorted(path.name for path in (folder or self.copies).iterdir() if not path.name.startswith("."))

    def files(self, folder=None):
        return [name for name in self.visible(folder) if not name.endswith((".sha256", ".json"))]

    def hidden(self):
        return sorted(path.name for path in self.copies.iterdir() if path.name.startswith("."))

    def judge(self, folder=None):
        """Other programs' verdict on everything that has a checksum file; and nobody needed anything beside."""
        folder = folder or self.copies
        before = self.visible(folder)
        sums = [name for name in before if name.endswith(".sha256")]
        if sums:
            subprocess.run(["sha256sum", "--quiet", "--strict", "-c", *sums], cwd=folder, check=True, capture_output=True)
        for name in sums:
            path = folder / name.removesuffix(".sha256")
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, name)
            if path.suffix in (".gz", ".zst"):
                continue
            verdict = subprocess.run(["sqlite3", "-readonly", f"file:{path}?mode=ro", "PRAGMA journal_mode; PRAGMA integrity_check"], capture_output=True, text=True, check=True).stdout
            self.assertEqual(verdict, "delete\nok\n", name)
        self.assertEqual(self.visible(folder), before)

    def youngest(self):
        return subprocess.run("ls -t | head -1", shell=True, cwd=self.copies, capture_output=True, text=True, check=True).stdout.strip()

    # --- the layouts ---

    def test_devteam_keeps_five(self):
        self.settings('name = "{database}-{date}-{time}.db"\nkeep_last = 5')
        for journal in ("wal", "delete"):
            stories.create_ledger(self.database, journal=journal).close()
            writer = self.writer(pause=0.001, journal=journal)
            paths, removed = [], []
            for _ in range(8):
                before = writer.count()
                report = self.backup("--source", "app")["sources"][0]["backup"]
                (copy,) = report["plain_copies"]
                paths.append(copy["path"])
                removed += report["plain_copies_removed"]
                self.assertTrue(copy["written"])
                self.assertEqual((copy["sha256"], copy["bytes"]), (stories.sha256_of(copy["path"]), os.path.getsize(copy["path"])))
                self.assertTrue(before <= stories.prove(copy["path"]) <= writer.count())
                self.assertEqual(self.copies / self.youngest(), pathlib.Path(copy["path"]), "cp $(ls -t | head -1) takes the newest copy")
                restored = self.restore_copy(report["number"])
                self.assertEqual(stories.content_hash(restored), stories.content_hash(copy["path"]))
            writer.stop()
            self.assertEqual(len(set(paths)), 8, "two of one second have two names")
            self.assertEqual([str(self.copies / name) for name in self.files()], sorted(paths[3:]))
            self.assertEqual(removed, paths[:3])
            self.assertEqual(len(self.visible()), 10)
            for name in self.files():
                self.assertRegex(name, r"^app-\d{8}-\d{6}(_\d)?\.db$")
            self.judge()
            shutil.rmtree(self.copies)
            self.database.unlink()

    def test_ci_fixer_beside_the_database(self):
        stories.create_ledger(self.work / "agent.db", journal="delete").close()
        report = self.backup("agent.db", "--output", ".", "--name", "{database}.db.backup.{date}_{time}")
        (copy,) = report["plain_copies"]
        self.assertRegex(os.path.basename(copy["path"]), r"^agent\.db\.backup\.\d{8}_\d{6}$")
        self.judge(self.work)
        self.assertEqual(stories.sha256_of(copy["path"]), stories.sha256_of(self.work / "agent.db"), "the very bytes, in rollback mode")
        stamped = self.backup("agent.db", "--output", ".", "--name", "{database}.db.{stamp}")["plain_copies"][0]["path"]
        made = datetime.datetime.strptime(os.path.basename(stamped), "agent.db.%Y-%m-%dT%H-%M-%S").replace(tzinfo=datetime.timezone.utc)
        self.assertLess(abs(made.timestamp() - time.time()), 100)

    def test_prt_with_its_metadata(self):
        self.settings('name = "{database}.db.backup_{date}_{time}{auto}.db"\nmetadata = "backup_metadata.json"\nkeep_manual = true\nkeep_last = 3')
        stories.create_ledger(self.database, journal="delete").close()
        metadata = self.copies / "backup_metadata.json"
        entries = lambda: json.loads(metadata.read_text())["backups"]
        self.backup(self.database, "--comment", "before cleanup")
        for n in range(5):
            self.grow()
            self.backup(self.database, "--operation", f"add_tag_{n}")
        self.assertEqual([entry["is_auto"] for entry in entries()], [False, True, True, True])
        first, second = entries()[:2]
        self.assertEqual(list(first), ["backup_id", "timestamp", "backup_path", "comment", "is_auto", "size_bytes", "original_path"])
        self.assertEqual((first["backup_id"], first["comment"], first["original_path"]), (1, "before cleanup", str(self.database)))
        self.assertEqual((second["backup_id"], second["comment"]), (4, "Auto-backup before: add_tag_2"))
        self.assertEqual(first["size_bytes"], os.path.getsize(first["backup_path"]))
        datetime.datetime.strptime(first["timestamp"], "%Y-%m-%dT%H:%M:%S")
        self.assertEqual(sorted(os.path.basename(entry["backup_path"]) for entry in entries()), self.files())
        self.assertRegex(os.path.basename(second["backup_path"]), r"^app\.db\.backup_\d{8}_\d{6}_auto(_\d)?\.db$")
        self.assertEqual(json.loads(metadata.read_text())["next_id"], 7)
        # Lost, cut, and a copy deleted by hand: rebuilt, dropped. Ids stay.
        for damage in (metadata.unlink, lambda: metadata.write_text(metadata.read_text()[:100])):
            damage()
            os.unlink(second["backup_path"])
            self.grow()
            self.backup(self.database, "--operation", "again")
            ids = [entry["backup_id"] for entry in entries()]
            self.assertEqual((ids[0], len(ids)), (1, 4), ids)
            self.assertNotIn(second["backup_path"], [entry["backup_path"] for entry in entries()])
            second = entries()[1]
        self.assertTrue((self.copies / "backup_metadata.json.unreadable").exists())
        self.assertEqual(sorted(os.path.basename(entry["backup_path"]) for entry in entries()), [name for name in self.files() if "unreadable" not in name])
        self.judge()

    def test_the_newest_has_a_name_of_its_own(self):
        self.settings('name = "{database}_{date}_{time}.db"\nlatest = "{database}_latest.db"\nkeep_last = 2')
        stories.create_ledger(self.database).close()
        latest = self.copies / "app_latest.db"
        for _ in range(3):
            self.grow()
            report = self.backup(self.database)
            (copy,) = report["plain_copies"]
            self.assertEqual(copy["latest"], str(latest))
            self.assertEqual(stories.sha256_of(latest), copy["sha256"])
            self.assertEqual((latest.stat().st_nlink, latest.is_symlink(), latest.stat().st_mode & 0o777), (1, False, 0o600), "whoever writes into it harms no other copy")
        self.assertEqual(stories.content_hash(latest), stories.content_hash(self.database))
        self.assertEqual(len(self.files()), 3)
        shutil.copy(latest, self.root / "restored.db")
        stories.prove(self.root / "restored.db")
        # Somebody works in it: it is theirs.
        with sqlite3.connect(latest) as db:
            db.execute("CREATE TABLE mine(x)")
        db.close()
        theirs = stories.sha256_of(latest)
        self.grow()
        report = self.backup(self.database, code=3)
        self.assertEqual((report["copies_incomplete"], stories.sha256_of(latest)), (True, theirs))
        self.assertTrue(any("app_latest.db" in warning and "move it away" in warning for warning in report["warnings"]), report["warnings"])
        latest.unlink()
        self.grow()
        (copy,) = self.backup(self.database)["plain_copies"]
        self.assertEqual(stories.sha256_of(latest), copy["sha256"])
        self.judge()

    # --- what is whose ---

    def test_only_what_is_ours_and_untouched_is_removed(self):
        self.settings('name = "{database}_{number}.db"\nkeep_last = 2')
        stories.create_ledger(self.database, journal="delete").close()
        self.copies.mkdir()
        foreign = {"app_20200101_000000.db": b"SQLite format 3\0 of somebody", "notes.txt": b"keep", "app_20200101_000000.db.sha256": b"x"}
        for name, content in foreign.items():
            (self.copies / name).write_bytes(content)
        paths = []
        for _ in range(3):
            self.grow()
            paths.append(pathlib.Path(self.backup(self.database)["plain_copies"][0]["path"]))
        self.assertFalse(paths[0].exists() or pathlib.Path(f"{paths[0]}.sha256").exists())
        # One replaced by a file of the same size, one written into through SQLite, one deleted by hand, one read.
        kept = paths[1].read_bytes()
        paths[1].unlink()
        paths[1].write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
        self.grow()
        report = self.backup(self.database)
        self.assertEqual(report["plain_copies_removed"], [])
        self.assertTrue(any(paths[1].name in warning and "left alone" in warning for warning in report["warnings"]), report["warnings"])
        paths.append(pathlib.Path(report["plain_copies"][0]["path"]))
        with sqlite3.connect(paths[2]) as db:
            db.execute("CREATE TABLE mine(x)")
        db.close()
        self.grow()
        report = self.backup(self.database)
        self.assertEqual(report["plain_copies_removed"], [])
        paths.append(pathlib.Path(report["plain_copies"][0]["path"]))
        paths[3].unlink()
        self.grow()
        paths.append(pathlib.Path(self.backup(self.database)["plain_copies"][0]["path"]))
        self.assertFalse(pathlib.Path(f"{paths[3]}.sha256").exists(), "it went with its file")
        stories.prove(paths[4])
        self.grow()
        self.assertEqual(self.backup(self.database)["plain_copies_removed"], [str(paths[4])], "reading changes nothing")
        # Copied aside and back: another inode, the same bytes.
        shutil.copy(paths[5], self.root / "aside")
        paths[5].unlink()
        shutil.copy(self.root / "aside", paths[5])
        self.grow()
        self.assertEqual(self.backup(self.database)["plain_copies_removed"], [str(paths[5])])
        self.assertTrue(paths[1].exists() and paths[2].exists())
        for name, content in foreign.items():
            self.assertEqual((self.copies / name).read_bytes(), content)

    def test_nothing_is_ever_overwritten(self):
        stories.create_ledger(self.database).close()
        self.copies.mkdir()
        now = datetime.datetime.now(datetime.timezone.utc)
        taken = {(now + datetime.timedelta(seconds=s)).strftime("app_%Y%m%d_%H%M%S.db") for s in range(120)}
        for at, name in enumerate(sorted(taken)):
            if at % 3 == 0:
                (self.copies / name).write_text("taken")
            elif at % 3 == 1:
                (self.copies / name).symlink_to(self.root / "nowhere")
            else:
                (self.copies / f"{name}-journal").write_text("taken")
        before = self.listing(self.copies)
        path = self.backup(self.database, "--output", "backups")["plain_copies"][0]["path"]
        self.assertRegex(path, r"_2\.db$")
        after = self.listing(self.copies)
        self.assertEqual({name: after.get(name) for name in before}, before)
        self.assertFalse((self.root / "nowhere").exists())
        stories.prove(path)

    def test_an_unchanged_automatic_backup_has_its_copy_already(self):
        self.settings('name = "{database}_{number}.db"')
        stories.create_ledger(self.database).close()
        first = self.backup(self.database, "--operation", "migrate")
        time.sleep(1.1)  # the database has settled
        again = self.backup(self.database, "--operation", "migrate")
        self.assertEqual((again["confirmed_only"], again["plain_copies"][0]["path"]), (True, first["plain_copies"][0]["path"]))
        self.assertFalse(again["plain_copies"][0]["written"])
        self.assertEqual(self.files(), ["app_1.db"])
        os.unlink(first["plain_copies"][0]["path"])
        third = self.backup(self.database, "--operation", "migrate")
        self.assertEqual((third["confirmed_only"], third["plain_copies"][0]["written"]), (True, True))
        self.assertEqual(self.files(), ["app_1.db"])
        self.judge()
        self.grow()
        subprocess.run([stories.PROGRAM, "guard", "--database", self.database, "-r", self.repository, "--", "true"], cwd=self.work, env=self.environment, check=True, capture_output=True)
        self.assertEqual(self.files(), ["app_1.db", f"app_{self.numbers()[0]}.db"])

    # --- asking beforehand, and what is refused ---

    def test_a_dry_run_tells_the_names(self):
        self.settings('latest = "app_latest.db"\nkeep_last = 2')
        stories.create_ledger(self.database).close()
        for _ in range(2):
            self.grow()
            self.backup(self.database)
        self.grow()
        before, listed = self.listing(), self.numbers()
        told = self.backup(self.database, "--dry-run")
        self.assertEqual((self.listing(), self.numbers()), (before, listed))
        done = self.backup(self.database)
        without_seconds = lambda copy: (re.sub(r"\d{2}(_\d)?\.db$", "", copy["path"]), copy["latest"])
        self.assertEqual((told["dry_run"], told["number"], [without_seconds(copy) for copy in told["plain_copies"]]),
                         (True, done["number"], [without_seconds(copy) for copy in done["plain_copies"]]))
        self.assertEqual(len(done["plain_copies_removed"]), 1)
        self.assertEqual(told["plain_copies_removed"], done["plain_copies_removed"])
        shutil.rmtree(self.copies)
        everything = self.listing(self.root)
        told = self.call("backup", self.database, "--dry-run", "-r", self.root / "none", code=None)
        self.assertNotEqual(told.code, 0)
        lone = self.root / "lone"
        lone.mkdir()
        stories.create_ledger(lone / "b.db", journal="delete").close()
        told = self.call("backup", lone / "b.db", "--dry-run", "--output", lone / "copies", use_repository=False, code=0).json
        self.assertEqual((told["number"], len(told["plain_copies"]), sorted(path.name for path in lone.iterdir())), (1, 1, ["b.db"]))
        self.assertEqual({name: content for name, content in self.listing(self.root).items() if "lone" not in name and ".cache" not in name},
                         {name: content for name, content in everything.items() if ".cache" not in name})

    def test_what_would_collide_or_leave_the_folder_is_refused_before_anything_is_made(self):
        stories.create_ledger(self.database).close()
        other = self.work / "other.db"
        stories.create_ledger(other).close()
        for words, says in (((self.database, "--output", "b", "--name", "app.db"), "one name"), ((self.database, "--output", "b", "--name", "../{stamp}.db"), "no name"),
                            ((self.database, "--output", "b", "--name", "x_{date}.db"), "one day"), ((self.database, "--name", "{stamp}.db"), "nothing says where"),
                            ((self.database, "--output", "b", "--compress", "xz"), "gzip, zstd"), ((self.database, other, "--output", "b", "--name", "{stamp}.db"), "2 databases"),
                            ((self.database, "--output", self.repository / "b"), "repository"),
                            ((self.database, "--output", "b", "--name", "app_{number}.db.gz"), "says gzip, and the copies would be plain"),
                            ((self.database, "--output", "b", "--name", "app_{number}.db.gz", "--compress", "zstd"), "says zstd, gzip"),
                            ((self.database, "--output", "b", "--name", "app_{number}.db.age"), "says age")):
            error = self.call("backup", *words, code=None).error
            self.assertEqual(error["code"], "invalid", error)
            self.assertIn(says, error["message"])
            self.assertTrue(error["advice"])
        self.assertEqual((self.numbers(), self.copies.exists()), ([], False))
        report = self.backup(self.database, other, "--output", "b")
        self.assertEqual(sorted(os.path.basename(copy["database"]) for copy in report["plain_copies"]), ["app.db", "other.db"])
        self.judge(self.work / "b")
        for name in ('name = "{stamp}.db"', 'latest = "latest.db"'):
            self.settings(name, databases='["app.db", "other.db"]')
            answer = self.call("settings", "check", use_repository=False, code=None)
            self.assertIn("2 databases", answer.out + answer.err)
        self.settings('name = "app_{number}.db.gpg"')
        answer = self.call("settings", "check", use_repository=False, code=None)
        self.assertIn("says OpenPGP, and the copies would be plain", answer.out + answer.err)

    # --- what other commands make of them ---

    def test_copies_are_restored_verified_and_known_again(self):
        self.settings('latest = "app_latest.db"')
        stories.create_ledger(self.database).close()
        contents, paths = {}, {}
        for how in ("none", "gzip", "zstd"):
            self.grow()
            report = self.backup(self.database, "--compress", how, "--comment", how)
            paths[how] = report["plain_copies"][0]["path"]
            contents[how] = stories.content_hash(self.database)
            if how == "gzip":
                (self.root / "unpacked.db").write_bytes(gzip.decompress(pathlib.Path(paths[how]).read_bytes()))
                self.assertEqual(stories.content_hash(self.root / "unpacked.db"), contents[how])
            if how == "zstd":
                subprocess.run(["zstd", "-qt", paths[how]], check=True)
        self.judge()
        for how, path in paths.items():
            self.call("verify", path)
            self.call("restore", "--from", path, "--to", self.root / f"{how}.db")
            self.assertEqual(stories.content_hash(self.root / f"{how}.db"), contents[how])
        adopted = self.call("adopt", self.copies, "--for", self.database).json
        self.assertEqual({os.path.basename(backup["file"]): (backup["state"], backup["number"]) for backup in adopted["backups"]},
                         {os.path.basename(paths["none"]): ("already there", 1), os.path.basename(paths["gzip"]): ("already there", 2), os.path.basename(paths["zstd"]): ("already there", 3),
                          "app_latest.db": ("already there", 1), "app_latest.db.gz": ("already there", 2), "app_latest.db.zst": ("already there", 3)})
        # Another repository learns times, comments and kinds from the catalogue beside them.
        elsewhere = self.root / "elsewhere"
        self.call("init", "-r", elsewhere)
        first = next(backup for backup in self.call("list").json["backups"] if backup["number"] == 1)
        adopted = self.call("adopt", paths["none"], "--for", self.database, "-r", elsewhere).json["backups"][0]
        self.assertEqual((adopted["state"], adopted["time"], adopted["comment"], adopted["kind"]), ("adopted", first["time"], "none", "manual"))
        # A copy that was damaged is refused, whoever asks.
        content = bytearray(pathlib.Path(paths["none"]).read_bytes())
        content[5000] ^= 1
        pathlib.Path(paths["none"]).write_bytes(content)
        self.assertEqual(self.call("restore", "--from", paths["none"], "--to", self.root / "no.db", code=None).error["code"], "corrupt")
        entry = json.loads((self.home / ".state/holdfast").rglob("*.jsonl").__next__().read_text().splitlines()[1])
        self.assertIn(paths["none"], json.dumps(entry), "the audit log tells it")

    # --- when things go wrong ---

    def test_killed_anywhere(self):
        self.settings('name = "{database}_{date}_{time}.db"\nlatest = "app_latest.db"\nmetadata = "backup_metadata.json"\nkeep_last = 4')
        stories.create_ledger(self.database, rows=2000).close()
        self.backup(self.database)
        began = time.monotonic()
        for _ in range(3):
            self.grow(1)
            self.backup(self.database)
        longest = (time.monotonic() - began) / 3 * 1.5
        killed = named = unfinished = 0
        for _ in range(60):
            self.grow(1)
            hidden = set(self.hidden())
            process = self.start("backup", self.database)
            time.sleep(self.random.random() * longest)
            process.send_signal(signal.SIGKILL)
            out, _ = process.communicate(timeout=60)
            killed += process.returncode != 0
            named += process.returncode == 0
            unfinished += bool(set(self.hidden()) - hidden) or len(self.files()) - 1 != len([name for name in self.visible() if name.endswith(".sha256")])
            for name in self.files():
                stories.prove(self.copies / name)
                if name != "app_latest.db":
                    line = (self.copies / f"{name}.sha256").read_text()
                    self.assertEqual(line, f"{stories.sha256_of(self.copies / name)}  {name}\n")
            if (self.copies / "backup_metadata.json").exists():
                json.loads((self.copies / "backup_metadata.json").read_text())
        self.assertGreater(killed, 0)
        time.sleep(2.1)  # a file that is on its way may still get its name; an older one is a dead one's
        self.grow(1)
        report = self.backup(self.database)
        self.assertEqual(report["copies_incomplete"], False, report["warnings"])
        self.assertEqual(self.hidden(), [".holdfast-copies.json", ".holdfast-copies.lock"])
        copies = [name for name in self.files() if name != "app_latest.db"]
        self.assertEqual((len(copies), len(self.visible())), (4, 10))
        self.assertEqual(sorted(os.path.basename(entry["backup_path"]) for entry in json.loads((self.copies / "backup_metadata.json").read_text())["backups"]), copies)
        self.assertEqual(stories.content_hash(self.copies / "app_latest.db"), stories.content_hash(self.database))
        self.judge()
        self.verify_all()
        print(f"plain copies: {killed} killed, {unfinished} of them while copies were written or got their names, {named} had finished before")

    def test_several_at_once(self):
        self.settings('latest = "app_latest.db"\nmetadata = "backup_metadata.json"\nkeep_last = 6')
        stories.create_ledger(self.database, rows=500).close()
        writer = self.writer(pause=0.001)
        newest = 0
        for _ in range(4):
            running = [self.start("backup", self.database) for _ in range(3)]
            for process in running:
                out, err = process.communicate(timeout=120)
                self.assertEqual(process.returncode, 0, out + err)
                report = json.loads(out)
                if report["number"] > newest:
                    newest, sha256 = report["number"], report["plain_copies"][0]["sha256"]
        writer.stop()
        self.judge()
        copies = [name for name in self.files() if name != "app_latest.db"]
        self.assertEqual(len(copies), 6)
        self.assertEqual(stories.sha256_of(self.copies / "app_latest.db"), sha256, f"#{newest} is the newest, whoever came last")
        self.assertEqual(sorted(entry["backup_id"] for entry in json.loads((self.copies / "backup_metadata.json").read_text())["backups"]), list(range(7, 13)))

    def test_no_room_for_a_copy(self):
        small = self.root / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small], capture_output=True).returncode != 0:
            self.skipTest("a small disk cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", small])
        stories.create_ledger(self.database, rows=100).close()
        first = self.backup(self.database, "--output", small)["plain_copies"][0]
        self.grow(3000)
        report = self.backup(self.database, "--output", small, code=3)
        self.assertEqual((report["number"], report["copies_incomplete"], report["partial"]), (2, True, False))
        self.assertIn("no plain copy of", report["warnings"][0] + report["warnings"][-1])
        self.assertEqual(sorted(path.name for path in small.iterdir() if not path.name.startswith(".holdfast-copies")), sorted([os.path.basename(first["path"]), os.path.basename(first["path"]) + ".sha256"]))
        self.judge(small)
        self.assertIn("are free in", report["plain_copies"][0]["error"])
        self.assertGreater(self.prove_backup(2), 3000)
        # One that may fit, as it is compressed, and does not: what was written goes.
        with sqlite3.connect(self.database) as db:
            db.execute("CREATE TABLE noise AS SELECT randomblob(3000000) AS x")
        db.close()
        held = self.listing(small)
        report = self.backup(self.database, "--output", small, "--compress", "gzip", code=3)
        self.assertIn("no space left", report["plain_copies"][0]["error"])
        self.assertEqual(self.listing(small), held)
        # The disk is full to the last byte, so that not even the catalogue can be written.
        with open(small / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        before = self.listing(small)
        report = self.backup(self.database, "--output", small, code=3)
        self.assertEqual((report["number"], self.listing(small)), (4, before))
        os.unlink(small / "filler")

    def test_a_limit_on_the_size_of_files(self):
        stories.create_ledger(self.database, rows=6000).close()
        self.backup(self.database)
        self.grow(1)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

        completed = subprocess.run(self.command("backup", self.database, "--output", self.copies, "--json"), capture_output=True, text=True, cwd=self.work, env=self.environment, preexec_fn=limit)
        self.assertEqual(completed.returncode, 3, completed.stderr)
        report = json.loads(completed.stdout)
        self.assertEqual((report["number"], report["copies_incomplete"], self.visible()), (2, True, []))
        self.assertTrue(report["plain_copies"][0]["error"])
        self.assertEqual([name for name in self.hidden() if not name.startswith(".holdfast-copies")], [])

    def test_a_catalogue_that_cannot_be_read_stops_the_copies_alone(self):
        stories.create_ledger(self.database).close()
        self.backup(self.database, "--output", "backups")
        (self.copies / ".holdfast-copies.json").write_text("{")
        before = self.listing(self.copies)
        report = self.backup(self.database, "--output", "backups", code=3)
        self.assertEqual((report["number"], self.listing(self.copies)), (2, before))
        self.assertIn("mv ", report["warnings"][0])
        subprocess.run(["mv", self.copies / ".holdfast-copies.json", self.copies / "old"], check=True)
        self.assertEqual(self.backup(self.database, "--output", "backups")["copies_incomplete"], False)


if __name__ == "__main__":
    stories.main()
