"""What is captured: every journal, page size, encoding and leftover state; what is not a database gets a clear answer."""

import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys

import stories


class Captured(stories.Story):
    def same_as_sqlite_sees(self, number):
        """The restored file has the content that SQLite reads from a copy of the live files."""
        copy = self.restore_copy(number)
        aside = self.root / "aside"
        shutil.copytree(self.work, aside)
        self.assertEqual(stories.content_hash(copy), stories.content_hash(aside / self.database.name))
        shutil.rmtree(aside)
        return copy

    def test_page_sizes_auto_vacuum_and_encodings(self):
        self.init()
        for page_size in (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536):
            for auto_vacuum in (0, 1, 2):
                encoding = self.random.choice(("'UTF-8'", "'UTF-16le'", "'UTF-16be'"))
                journal = self.random.choice(("wal", "delete"))
                with self.subTest(page_size=page_size, auto_vacuum=auto_vacuum, encoding=encoding, journal=journal):
                    self.database = self.work / f"{page_size} {auto_vacuum}.db"
                    db = stories.create_ledger(self.database, journal, page_size=page_size, auto_vacuum=auto_vacuum, encoding=encoding)
                    report = self.backup()
                    copy = self.restore_copy(report["number"], f"copy {page_size} {auto_vacuum}.db")
                    stories.prove(copy)
                    self.assertEqual(stories.content_hash(copy), stories.content_hash(self.database))
                    self.assertEqual(report["databases"][0]["page_size"], page_size)
                    db.execute("DELETE FROM ledger WHERE n > 100")
                    db.close()
                    again = self.restore_copy(self.backup()["number"])
                    self.assertEqual(stories.content_hash(again), stories.content_hash(self.database))
        self.verify_all(level="opened")

    def test_a_restored_file_is_the_file_byte_for_byte(self):
        self.init()
        for journal in ("wal", "delete"):
            stories.create_ledger(self.database, journal).close()
            copy = self.restore_copy(self.backup()["number"])
            self.assertEqual(stories.sha256_of(copy), stories.sha256_of(self.database))
            self.database.unlink()

    def crashed(self, journal, statement):
        """Leaves the files as a process killed inside a transaction leaves them."""
        script = ("import os, sqlite3, sys\n"
                  "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                  "db.execute('PRAGMA journal_mode = ' + sys.argv[2])\n"
                  "db.execute('PRAGMA cache_size = 5')\n" + statement + "\nos.kill(os.getpid(), 9)\n")
        subprocess.run([sys.executable, "-c", script, str(self.database), journal], check=False)

    def test_a_hot_journal_is_read_through_and_left_alone(self):
        self.init()
        stories.create_ledger(self.database, "delete", rows=1000).close()
        committed = stories.content_hash(self.database)
        self.crashed("delete", "db.execute('BEGIN'); db.execute(\"UPDATE slots SET filler = 'torn' || filler\"); db.execute(\"UPDATE ledger SET payload = 'torn'\")")
        journal = self.work / "app.db-journal"
        self.assertTrue(journal.exists() and journal.stat().st_size > 512, "no hot journal was made")
        before = self.listing()
        report = self.backup()
        self.assertEqual(self.listing(), before)
        self.assertEqual(report["databases"][0]["read_as"], "hot-journal")
        self.assertEqual(stories.content_hash(self.restore_copy(1)), committed)

    def test_a_wal_left_by_a_crash_is_read_and_left_alone(self):
        self.init()
        stories.create_ledger(self.database, rows=100).close()
        self.crashed("wal", "db.execute('PRAGMA wal_autocheckpoint = 0'); db.execute(\"UPDATE slots SET filler = 'committed'\"); db.execute('BEGIN'); "
                            "db.execute(\"UPDATE ledger SET payload = 'torn'\")")
        self.assertGreater((self.work / "app.db-wal").stat().st_size, 32)
        before = {name: state for name, state in self.listing().items() if not name.endswith("-shm")}
        self.backup()
        self.assertEqual({name: state for name, state in self.listing().items() if not name.endswith("-shm")}, before)
        copy = self.same_as_sqlite_sees(1)
        with sqlite3.connect(copy) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM slots WHERE filler = 'committed'").fetchone()[0], stories.SLOTS)
        db.close()

    def test_a_wal_larger_than_its_database(self):
        self.init()
        db = stories.create_ledger(self.database, rows=50)
        db.execute("PRAGMA wal_autocheckpoint = 0")
        for turn in range(40):
            db.execute("UPDATE slots SET filler = ?", (f"{turn}" * 100,))
        self.assertGreater((self.work / "app.db-wal").stat().st_size, self.database.stat().st_size * 2)
        self.backup()
        self.assertEqual(stories.content_hash(self.restore_copy(1)), stories.content_hash(self.database))
        db.close()

    def test_small_and_odd_databases(self):
        self.init()
        empty = self.work / "empty.db"
        empty.touch()
        copy = self.restore_copy(self.backup(empty)["number"])
        self.assertEqual(copy.stat().st_size, 0)
        one = self.work / "one page.db"
        with sqlite3.connect(one) as db:
            db.execute("PRAGMA user_version = 7")
        db.close()
        copy = self.restore_copy(self.backup(one)["number"])
        self.assertEqual(stories.sha256_of(copy), stories.sha256_of(one))

    def test_odd_paths_and_links(self):
        self.init()
        for name in ("with space.db", "quote's \"db\".db", "naïve-Ünïcode-数据.db", "new\nline.db", "-dash.db", "percent%20?#&.db"):
            with self.subTest(name=name):
                path = self.work / name
                stories.create_ledger(path, rows=10).close()
                report = self.call("backup", f"./{name}").json
                self.assertEqual(stories.sha256_of(self.restore_copy(report["number"])), stories.sha256_of(path))
        real = self.work / "folder" / "real.db"
        real.parent.mkdir()
        db = stories.create_ledger(real, rows=10)
        link = self.work / "link.db"
        link.symlink_to(real)
        report = self.backup(link)
        good = stories.content_hash(real)
        db.execute("DELETE FROM ledger")
        db.close()
        self.call("restore", report["number"])
        self.assertTrue(link.is_symlink())
        self.assertEqual(stories.content_hash(real), good)

    def test_more_than_four_gib_sparse_and_the_lock_page(self):
        self.init()
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("PRAGMA page_size = 65536")
        db.execute("CREATE TABLE t(x)")
        db.execute("INSERT INTO t VALUES ('small')")
        pages = (4 * 2**30) // 65536 + 10
        db.close()
        # A large sparse database: a header that says so, and pages of zeros that nobody reads. SQLite's check of the restored
        # file says of them that they are never used, which is worth an exit code.
        with open(self.database, "r+b") as file:
            file.truncate(pages * 65536)
            file.seek(28)
            file.write(pages.to_bytes(4, "big"))
        report = self.backup()
        self.assertEqual(report["logical_bytes"], pages * 65536)
        self.assertLess(report["bytes_stored"], 16 * 2**20)
        copy = self.restore_copy(report["number"], code=3)
        self.assertEqual(copy.stat().st_size, pages * 65536)
        with sqlite3.connect(copy) as db:
            self.assertEqual(db.execute("SELECT x FROM t").fetchone(), ("small",))
        db.close()

    def test_what_is_not_a_database_harms_no_other(self):
        self.init()
        stories.create_ledger(self.database).close()
        text = self.work / "notes.db"
        text.write_text("these are notes, not a database\n" * 100)
        secret = self.work / "encrypted.db"
        secret.write_bytes(os.urandom(8192))
        answer = self.call("backup", self.database, text, secret, self.work / "missing.db", code=3)
        self.assertTrue(answer.json["partial"])
        errors = {pathlib.Path(member["path"]).name: member["error"] for member in answer.json["databases"]}
        self.assertEqual(errors["app.db"], "")
        self.assertTrue(all(errors[name] for name in ("notes.db", "encrypted.db", "missing.db")))
        self.assertIn("encrypted", errors["encrypted.db"])
        self.assertGreater(self.prove_backup(1), 0)
        refused = self.call("backup", "--all-or-nothing", self.database, text, code=None)
        self.assertNotEqual(refused.code, 0)
        self.assertEqual(self.numbers(), [1])
        alone = self.call("backup", text, code=None)
        self.assertEqual(alone.error["code"], "corrupt")

    def test_a_corrupt_source_is_kept_as_evidence_and_pushes_nothing_out(self):
        self.init()
        stories.create_ledger(self.database, "delete", rows=1500).close()
        good = stories.content_hash(self.database)
        self.backup()
        with open(self.database, "r+b") as file:
            file.seek(100)
            file.write(os.urandom(4096 - 100))  # the schema's page, all but the header
        torn = stories.sha256_of(self.database)
        report = self.call("backup", self.database, code=3).json
        self.assertTrue(report["damaged"])
        self.assertEqual(stories.sha256_of(self.restore_copy(report["number"])), torn)
        self.assertEqual(self.call("show", "latest").json["backup"]["number"], 1)
        self.call("restore", "latest")
        self.assertEqual(stories.content_hash(self.database), good)

    def test_read_only_places(self):
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        self.init()
        db = stories.create_ledger(self.database, rows=100)
        self.backup()
        state = stories.content_hash(self.database)
        db.close()
        for folder in (self.work, self.repository):
            if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode != 0:
                self.skipTest("mounting is not allowed here")
            self.addCleanup(subprocess.run, ["umount", folder])
        subprocess.run(["mount", "-o", "remount,bind,ro", self.work], check=True)
        self.backup()
        self.assertEqual(stories.content_hash(self.restore_copy(2)), state)
        subprocess.run(["mount", "-o", "remount,bind,ro", self.repository], check=True)
        self.assertEqual(stories.content_hash(self.restore_copy("latest", "from read-only.db")), state)
        self.call("list")
        self.verify_all(level="opened")
        refused = self.call("backup", self.database, code=None)
        self.assertIn(refused.error["code"], ("denied", "unavailable"))

    def test_a_full_disk_leaves_everything_usable(self):
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        small = self.root / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", small], capture_output=True).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", small])
        self.repository = small / "repository"
        self.init()
        db = stories.create_ledger(self.database, rows=300)
        states, full = {}, None
        for _ in range(200):
            db.execute("BEGIN")
            db.execute("INSERT INTO slots SELECT max(k) + 1, 0, hex(randomblob(40000)) FROM slots")
            db.execute("DELETE FROM slots WHERE k >= ? AND k < (SELECT max(k) FROM slots)", (stories.SLOTS,))
            db.execute("COMMIT")
            answer = self.call("backup", self.database, code=None)
            if answer.code != 0:
                full = answer.error
                break
            states[answer.json["number"]] = stories.content_hash(self.database)
        db.close()
        self.assertIsNotNone(full, "the disk never filled up")
        self.assertEqual(full["code"], "full")
        self.assertTrue(full["advice"])
        self.verify_all()
        for number, state in states.items():
            self.assertEqual(stories.content_hash(self.restore_copy(number)), state)
        keep = sorted(states)[-2:]
        (small / "filler").write_bytes(b"x" * 1)
        with open(small / "filler", "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        self.call("forget", *[number for number in states if number not in keep])
        self.call("prune", "--grace", "0")
        (small / "filler").unlink()
        self.assertEqual(self.numbers(), sorted(keep, reverse=True))
        self.verify_all(level="opened")
        self.backup()


class Limited(stories.Story):
    def limited(self, mebibytes, *words):
        """With `ulimit -f`, whose signal ends a process that does not expect it."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (mebibytes << 20, mebibytes << 20))

        completed = subprocess.run(self.command(*words, "--json"), capture_output=True, text=True, cwd=self.work, env=self.environment, preexec_fn=limit)
        self.assertGreater(completed.returncode, 0, "no signal ended it")
        return stories.Answer(completed)

    def test_a_limit_on_the_size_of_files_is_as_a_full_disk(self):
        self.init()
        stories.create_ledger(self.database, journal="delete", rows=12000).close()
        self.assertGreater(self.database.stat().st_size, 3 << 20)
        self.backup(self.database)
        good = stories.content_hash(self.database)
        before = sorted(self.listing(self.root))
        refused = self.limited(1, "restore", 1, "--to", self.root / "new.db")
        self.assertEqual((refused.code, refused.error["code"]), (10, "full"), refused.err)
        self.assertEqual([name for name in sorted(self.listing(self.root)) if name not in before and ".cache" not in name], [])
        db = sqlite3.connect(self.database)
        db.execute("DELETE FROM ledger WHERE n > 10")
        db.commit()
        db.execute("VACUUM")
        db.close()
        small = stories.content_hash(self.database)
        refused = self.limited(1, "restore", 1, "--yes")
        self.assertEqual((refused.code, refused.error["code"]), (10, "full"), refused.err)
        self.assertEqual(stories.content_hash(self.database), small)
        self.call("restore", 1, "--yes")
        self.assertEqual(stories.content_hash(self.database), good)

    def test_programs_that_it_starts_have_the_limit_and_its_signal(self):
        self.init()
        stories.create_ledger(self.database).close()
        ended = self.limited(1, "guard", "--database", self.database, "--", "sh", "-c", "head -c 2000000 /dev/zero > big; test $? = 153 && exit 7; exit 8")
        self.assertEqual(ended.code, 7)


class Sealed(stories.Story):
    def test_everything_is_sealed_and_a_wrong_password_changes_nothing(self):
        password = self.root / "password"
        password.write_text("correct horse\n")
        wrong = self.root / "wrong"
        wrong.write_text("battery staple\n")
        self.init("--encrypt", "--password-file", password)
        stories.create_ledger(self.database, rows=200).close()
        secret = "before the merger"
        self.call("backup", self.database, "--comment", secret, "--password-file", password)
        before = self.listing(self.repository)
        for flags in (["--password-file", wrong], []):
            refused = self.call("backup", self.database, *flags, code=None)
            self.assertEqual(refused.error["code"], "denied")
            self.assertNotIn("battery", refused.err)
        self.assertEqual(self.listing(self.repository), before)
        everything = b"".join(path.read_bytes() for path in self.repository.rglob("*") if path.is_file())
        for clear in (secret.encode(), b"SQLite format 3", b"app.db", b"CREATE TABLE ledger"):
            self.assertNotIn(clear, everything)
        copy = self.root / "copy.db"
        self.call("restore", 1, "--to", copy, "--password-command", f"cat '{password}'")
        self.assertEqual(stories.prove(copy), 200)
        both = self.call("list", "--password-file", password, "--key-file", wrong, code=None)
        self.assertEqual(both.error["code"], "invalid")

    def test_a_key_file_is_made_and_works(self):
        key = self.root / "the key"
        report = self.init("--encrypt", "--key-file", key)
        self.assertEqual(report["key_file_made"], str(key))
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        stories.create_ledger(self.database, rows=20).close()
        self.call("backup", self.database, "--key-file", key)
        self.call("restore", "1", "--to", self.root / "copy.db", environment={"HOLDFAST_KEY_FILE": str(key)})
        self.assertEqual(stories.prove(self.root / "copy.db"), 20)

    def test_files_are_for_their_owner_only(self):
        self.init()
        stories.create_ledger(self.database, rows=20).close()
        self.backup()
        for path in self.repository.rglob("*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    stories.main()
