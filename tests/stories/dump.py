"""A database as text: SQLite's own shell makes an equal one of it, git shows the rows that changed, and holdfast reads it again."""

import gzip
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys

import stories

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support/python"))
APPLICATION = pathlib.Path(__file__).resolve().parent.parent / "support/python/application_database.py"


def load(dump, database):
    """By the shell, as anybody would."""
    with open(dump, "rb") as text:
        subprocess.run(["sqlite3", "-bail", str(database)], stdin=text, check=True, stdout=subprocess.DEVNULL)


def everything(path):
    """Schema, and each row with its rowid and types, by Python's SQLite; full-text indexes by what they find."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes
    found = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name").fetchall()
    for (name,) in db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name").fetchall():
        name = name.decode()
        columns = [column[1].decode() for column in db.execute(f'PRAGMA table_info("{name}")')]
        types = ", ".join(f'typeof("{column}")' for column in columns)
        found += db.execute(f'SELECT rowid, *, {types} FROM "{name}" ORDER BY rowid').fetchall()
    for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE % USING fts5%' ORDER BY name").fetchall():
        found += db.execute(f"SELECT rowid FROM {name.decode()} WHERE {name.decode()} MATCH 'the OR error' ORDER BY rowid").fetchall()
    found += db.execute("PRAGMA user_version").fetchall() + db.execute("PRAGMA application_id").fetchall()
    found += db.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall() if db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone()[0] else []
    db.close()
    return found


class Dump(stories.Story):
    def application(self, size="3M", journal="wal"):
        subprocess.run([sys.executable, str(APPLICATION), str(self.database), "--size", size, "--journal", journal], check=True, stdout=subprocess.DEVNULL)

    def test_the_shell_makes_an_equal_database_of_it(self):
        self.application()
        with sqlite3.connect(self.database) as db:
            db.execute("PRAGMA user_version = 17")
            db.execute("UPDATE sessions SET title = ? WHERE rowid = 3", ("it's\r\n\"two\" lines; -- ; \x00 and NUL",))
            db.execute("UPDATE prompt_batches SET created_at_epoch = 1769770000.1234567 WHERE rowid IN (SELECT min(rowid) FROM prompt_batches)")
            db.execute("UPDATE activities SET tool_input = x'00ff' WHERE id = (SELECT min(id) FROM activities)")
        self.call("dump", "live", "--source", self.database, "--to", self.work / "app.sql", use_repository=False)
        load(self.work / "app.sql", self.root / "loaded.db")
        self.assertEqual(everything(self.root / "loaded.db"), everything(self.database))
        self.assertEqual(subprocess.run(["sqlite3", str(self.root / "loaded.db"), "PRAGMA integrity_check"], capture_output=True, text=True, check=True).stdout, "ok\n")

    def test_beside_a_writer_it_holds_a_committed_state(self):
        for journal in ("wal", "delete"):
            with self.subTest(journal=journal):
                self.database = self.work / f"{journal}.db"
                stories.create_ledger(self.database, journal=journal).close()
                writer = self.writer(journal=journal, pause=0.002)
                for turn in range(5):
                    self.call("dump", "--source", self.database, "--to", self.work / f"{turn}.sql", use_repository=False)
                writer.stop()
                counts = []
                for turn in range(5):
                    loaded = self.root / f"{journal}-{turn}.db"
                    load(self.work / f"{turn}.sql", loaded)
                    counts.append(stories.prove(loaded))
                self.assertEqual(counts, sorted(counts))
                self.assertLess(counts[0], counts[-1], "the writer stood still")

    def test_git_shows_the_rows_that_changed(self):
        self.application()
        history = self.work / "history"

        def git(*words):
            return subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@localhost", *words], cwd=history, check=True, capture_output=True, text=True).stdout

        report = self.call("dump", "--source", self.database, "--to", f"{history}/", use_repository=False).json
        file = pathlib.Path(report["file"])
        self.assertEqual((file.parent, file.suffix), (history, ".sql"))
        self.assertNotIn(os.uname().nodename, file.read_text())
        self.assertTrue(report["written"])
        git("init", "-q")
        git("add", ".")
        git("commit", "-qm", "one")
        before = os.stat(file)
        again = self.call("dump", "--source", self.database, "--to", f"{history}/", use_repository=False).json
        self.assertTrue(again["unchanged"])
        after = os.stat(file)
        self.assertEqual((after.st_ino, after.st_mtime_ns), (before.st_ino, before.st_mtime_ns), "nothing changed")
        with sqlite3.connect(self.database) as db:
            db.execute("UPDATE sessions SET title = 'another' WHERE rowid = 3")
            db.execute("DELETE FROM activities WHERE id = (SELECT max(id) FROM activities)")
            db.execute("INSERT INTO schema_version VALUES (18)")
        dry = self.call("dump", "--source", self.database, "--to", f"{history}/", "--dry-run", use_repository=False).json
        self.assertEqual((dry["unchanged"], dry["written"], os.stat(file).st_mtime_ns), (False, False, before.st_mtime_ns))
        report = self.call("dump", "--source", self.database, "--to", f"{history}/", use_repository=False).json
        self.assertEqual({key: dry[key] for key in ("file", "rows", "bytes", "tables")}, {key: report[key] for key in ("file", "rows", "bytes", "tables")})
        lines = [line for line in git("diff", "-U0").splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        changed = [line for line in lines if line[1:3] != "--"]
        self.assertEqual(sorted(line[0] + line[1:].split("VALUES")[0].split("(")[0].strip() for line in changed),
                         ['+INSERT INTO "schema_version"', '+INSERT INTO "sessions"', '-INSERT INTO "activities"', '-INSERT INTO "sessions"'])

    def test_it_is_read_as_any_backup_is(self):
        self.application()
        self.call("dump", "--source", self.database, "--to", self.work / "app.sql", use_repository=False)
        with open(self.work / "app.sql", "rb") as text, gzip.open(self.work / "app.sql.gz", "wb") as packed:
            shutil.copyfileobj(text, packed)
        expected = everything(self.database)
        for name in ("app.sql", "app.sql.gz"):
            self.call("restore", "--from", self.work / name, "--to", self.root / f"{name}.db", use_repository=False)
            self.assertEqual(everything(self.root / f"{name}.db"), expected)
            self.assertTrue(self.call("diff", self.database, self.work / name, use_repository=False).json["equal"])
        self.call("init")
        adopted = self.call("adopt", self.work / "app.sql", "--for", self.database).json["backups"][0]
        self.call("restore", adopted["number"], "--to", self.root / "adopted.db")
        self.assertEqual(everything(self.root / "adopted.db"), expected)

    def test_dumps_of_others_are_read(self):
        self.application(size="1M")
        with open(self.work / "shell.sql", "w") as text:
            subprocess.run(["sqlite3", str(self.database), ".dump"], stdout=text, check=True)
        db = sqlite3.connect(self.database)
        plain = self.work / "plain.db"
        with sqlite3.connect(plain) as other:
            other.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT, size REAL, raw BLOB)")
            other.executemany("INSERT INTO notes(body, size, raw) VALUES (?, ?, ?)", [("it's\nfine", 0.1, b"\x00"), (None, 1e300, None), ("", 5e-324, b"")])
            text = "\n".join(other.iterdump())
        db.close()
        (self.work / "python.sql").write_text(text)
        for source, name in ((self.database, "shell.sql"), (plain, "python.sql")):
            self.call("restore", "--from", self.work / name, "--to", self.root / f"{name}.db", use_repository=False)
            self.assertEqual(everything(self.root / f"{name}.db"), everything(source), name)

    def test_what_is_cut_edited_or_hostile_leaves_nothing(self):
        self.application(size="1M")
        whole = self.work / "app.sql"
        self.call("dump", "--source", self.database, "--to", whole, use_repository=False)
        text = whole.read_bytes()
        dice = random.Random(stories.SEED)
        broken = {f"cut {size}": text[:size] for size in [dice.randrange(20, len(text) - 1) for _ in range(6)]}
        at = text.index(b"completed")
        broken["edited"] = text[:at] + b"Completed" + text[at + 9:]
        broken["more"] = text + b"INSERT INTO \"schema_version\" VALUES(99);\n"
        broken["hostile"] = b"CREATE TABLE t(a);\nINSERT INTO t VALUES(1);\nATTACH '" + str(self.root / "made.db").encode() + b"' AS x;\n"
        for name, bytes_ in broken.items():
            (self.work / "broken.sql").write_bytes(bytes_)
            answer = self.call("restore", "--from", self.work / "broken.sql", "--to", self.root / "out.db", code=None, use_repository=False)
            self.assertIn(answer.error["code"], ("corrupt", "invalid"), name)
            self.assertIn("line ", answer.error["message"], name)
            self.assertFalse((self.root / "out.db").exists(), name)
        self.assertFalse((self.root / "made.db").exists())
        (self.work / "broken.sql").write_bytes(broken["edited"])
        self.call("restore", "--from", self.work / "broken.sql", "--to", self.root / "out.db", "--unproven", use_repository=False)
        self.assertEqual(sqlite3.connect(self.root / "out.db").execute("SELECT count(*) FROM sessions WHERE status = 'Completed'").fetchone(), (1,))

    def test_to_standard_output_nothing_else_goes_there(self):
        stories.create_ledger(self.database).close()
        self.assertEqual(self.call("dump", "--source", self.database, "--to", self.work / "app.sql", use_repository=False).code, 0)
        done = subprocess.run(self.command("dump", self.database, use_repository=False), cwd=self.work, env=self.environment, capture_output=True, check=True)
        load_from = self.work / "out.sql"
        load_from.write_bytes(done.stdout)
        load(load_from, self.root / "out.db")
        self.assertEqual(everything(self.root / "out.db"), everything(self.database))

    def test_its_memory_does_not_grow_with_the_database(self):
        peaks = []
        for size in ("4M", "40M"):
            self.database = self.work / f"{size}.db"
            self.application(size=size)
            peaks.append(self.peak_of("dump", self.database, "--to", self.work / f"{size}.sql"))
        self.assertLess(peaks[1], peaks[0] + 16 * 2 ** 20)


if __name__ == "__main__":
    stories.main()
