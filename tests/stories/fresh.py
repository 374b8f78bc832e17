"""Starting over: the schema without the rows, and a fresh database made by the application's own command."""

import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import stories

SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA user_version = 7;
PRAGMA application_id = 0x44455654;
CREATE TABLE people(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE UNIQUE, age INT CHECK (age > 0));
CREATE TABLE notes(person INT REFERENCES people ON DELETE CASCADE, at TEXT DEFAULT CURRENT_TIMESTAMP, body TEXT, words AS (length(body)) STORED);
CREATE TABLE flat(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE INDEX notes_by_person ON notes(person, lower(body)) WHERE body <> '';
CREATE VIEW grown AS SELECT * FROM people WHERE age > 17;
CREATE TRIGGER told AFTER INSERT ON notes BEGIN INSERT INTO flat VALUES (new.body, new.person) ON CONFLICT DO NOTHING; END;
CREATE VIRTUAL TABLE found USING fts5(body, content='notes', tokenize = 'porter');
CREATE VIRTUAL TABLE words USING fts5(text, detail = column);
CREATE VIRTUAL TABLE places USING rtree(id, x0, x1, y0, y1);
"""
ROWS = """
INSERT INTO people(name, age) VALUES ('Ada', 36), ('Bob', 9);
INSERT INTO notes(person, body) VALUES (1, 'one two'), (2, 'three');
INSERT INTO words VALUES ('alpha beta');
INSERT INTO places VALUES (1, 0, 1, 0, 1);
ANALYZE;
"""


def shell(database, command):
    return subprocess.run(["sqlite3", "-batch", str(database), command], capture_output=True, text=True, check=True).stdout


def schema(database):
    # Statistics are SQLite's own, and not the application's schema.
    return [line for line in shell(database, ".schema --nosys").splitlines() if "sqlite_stat" not in line]


def rows(database):
    tables = shell(database, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_schema' ORDER BY 1").split()
    return {table: int(shell(database, f'SELECT count(*) FROM "{table}"')) for table in tables}


@unittest.skipUnless(shutil.which("sqlite3"), "sqlite3 is not installed")
class SchemaOnly(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        self.make(self.database)

    def make(self, path, before=""):
        shell(path, before + SCHEMA + ROWS)

    def expect_empty_like(self, copy, original):
        self.assertEqual(schema(copy), schema(original))
        for pragma in ("page_size", "encoding", "auto_vacuum", "user_version", "application_id"):
            self.assertEqual(shell(copy, f"PRAGMA {pragma}"), shell(original, f"PRAGMA {pragma}"), pragma)
        self.assertEqual(set(rows(copy).values()), {0}, rows(copy))
        self.assertEqual(shell(copy, "PRAGMA integrity_check"), "ok\n")

    def test_a_new_file_has_the_schema_and_no_row_and_is_good_for_use(self):
        for number, before in enumerate(("", "PRAGMA page_size = 1024; PRAGMA encoding = 'UTF-16le';", "PRAGMA journal_mode = WAL;"), 1):
            original = self.work / f"{number}.db"
            self.make(original, before)
            copy = self.root / f"empty {number}.db"
            made = self.backup(original)["number"]
            report = self.call("restore", made, "--schema-only", "--to", copy).json
            self.assertTrue(report["schema_only"])
            self.assertEqual(stories.sha256_of(copy), report["databases"][0]["sha256"])
            self.expect_empty_like(copy, original)
            self.assertEqual(shell(copy, "SELECT count(*) FROM sqlite_sequence"), "0\n")
            self.assertEqual(shell(copy, "PRAGMA journal_mode"), shell(original, "PRAGMA journal_mode"))
            shell(copy, ROWS + "INSERT INTO words(words) VALUES ('integrity-check');")
            self.assertEqual(shell(copy, "SELECT count(*) FROM words WHERE words MATCH 'beta'"), "1\n")
            self.assertEqual(rows(copy), rows(original))

    def test_in_place_the_rows_are_a_safety_backup_and_undo_brings_them_back(self):
        before = stories.content_hash(self.database)
        number = self.backup()["number"]
        untouched = self.listing()
        dry = self.call("restore", number, "--schema-only", "--dry-run").json
        self.assertEqual(self.listing(), untouched)
        self.assertEqual(dry["databases"][0]["route"], "transaction")
        reader = sqlite3.connect(self.database)  # an application that stays
        report = self.call("restore", number, "--schema-only", "--yes").json
        self.assertGreater(report["safety_number"], number)
        copy = self.restore_copy(number)
        self.expect_empty_like(self.database, copy)
        self.assertEqual(reader.execute("SELECT count(*) FROM people").fetchone(), (0,))
        reader.close()
        self.call("undo", "--yes")
        self.assertEqual(stories.content_hash(self.database), before)

    def test_functions_and_collations_of_the_application_are_stood_in_for(self):
        db = sqlite3.connect(self.work / "own.db")
        db.create_function("slug", 1, str.lower, deterministic=True)
        db.create_collation("GERMAN", lambda a, b: (a > b) - (a < b))
        db.executescript("CREATE TABLE t(a TEXT COLLATE GERMAN, b CHECK (slug(b) <> ''), c AS (slug(b))); CREATE INDEX i ON t(slug(a)); INSERT INTO t(a, b) VALUES ('x', 'Y');")
        db.close()
        number = self.backup(self.work / "own.db")["number"]
        copy = self.root / "own empty.db"
        self.call("restore", number, "--schema-only", "--to", copy)
        self.assertEqual(schema(copy), schema(self.work / "own.db"))
        db = sqlite3.connect(copy)
        db.create_function("slug", 1, str.lower, deterministic=True)
        db.create_collation("GERMAN", lambda a, b: (a > b) - (a < b))
        db.execute("INSERT INTO t(a, b) VALUES ('p', 'Q')")
        self.assertEqual(db.execute("SELECT * FROM t").fetchall(), [("p", "Q", "q")])
        db.close()

    def test_a_schema_that_cannot_be_made_anew_is_refused_and_nothing_is_written(self):
        db = sqlite3.connect(self.work / "odd.db")
        db.executescript("CREATE TABLE t(a); PRAGMA writable_schema = ON;"
                         "INSERT INTO sqlite_schema VALUES ('table', 'vectors', 'vectors', 0, 'CREATE VIRTUAL TABLE vectors USING vec0(v float[3])');")
        db.close()
        number = self.backup(self.work / "odd.db")["number"]
        target = self.root / "odd empty.db"
        error = self.call("restore", number, "--schema-only", "--to", target, code=8).error
        self.assertIn("vec0", error["message"])
        self.assertFalse(target.exists())
        self.call("restore", number, "--schema-only", "--to", self.root / "x.gz", "--compress", "gzip", code=2)

    def test_of_a_file_from_elsewhere(self):
        subprocess.run(["gzip", "-k", self.database], check=True)
        copy = self.root / "from gz.db"
        self.call("restore", "--from", f"{self.database}.gz", "--schema-only", "--to", copy)
        self.expect_empty_like(copy, self.database)


MAKES_ONE = """python3 -c "import os, sqlite3; db = sqlite3.connect(os.environ['HOLDFAST_DATABASE']); db.execute('CREATE TABLE fresh(n)'); db.commit()" """


class Fresh(stories.Story):
    def setUp(self):
        super().setUp()
        stories.create_ledger(self.database).close()
        (self.work / "holdfast.toml").write_text('[repository]\npath = ".holdfast"\n[source.app]\ndatabases = ["app.db"]\ninit = "./init.sh"\n')
        self.script(MAKES_ONE)
        self.call("init", "-r", self.work / ".holdfast", "--no-settings", use_repository=False)

    def script(self, text):
        path = self.work / "init.sh"
        path.write_text("#!/bin/sh\nset -e\necho starting\n" + text + "\n")
        path.chmod(0o755)

    def fresh(self, *words, **how):
        # --offline: where not every process can be seen, nobody could know.
        return self.call("fresh", *words, "--offline", "--yes", use_repository=False, **how)

    def crashed_application(self):
        """Leaves commits in a -wal that belongs to the database."""
        self.database.unlink()
        child = subprocess.Popen(["python3", "-c", f"import sqlite3, os; db = sqlite3.connect({str(self.database)!r}); db.execute('PRAGMA journal_mode = WAL'); db.execute('CREATE TABLE kept(n)');"
                                  "db.execute('INSERT INTO kept VALUES (42)'); db.commit(); os.kill(os.getpid(), 9)"])
        child.wait()
        self.assertTrue(pathlib.Path(f"{self.database}-wal").exists())

    def files(self):
        return {path: digest for path, digest in self.listing().items() if path.startswith(str(self.database))}

    def test_the_old_files_are_kept_aside_and_undo_brings_the_content_back(self):
        self.crashed_application()
        before = self.files()
        dry = self.fresh("--dry-run").json
        self.assertEqual(self.files(), before)
        report = self.fresh().json
        self.assertEqual(report["databases"][0]["kept_aside"][0][:len(str(self.database)) + 16], f"{self.database}.before-restore-"[:len(str(self.database)) + 16])
        self.assertEqual(len(report["databases"][0]["kept_aside"]), len(dry["databases"][0]["kept_aside"]))
        self.assertIn("starting", report["output"])
        db = sqlite3.connect(self.database)
        self.assertEqual(db.execute("SELECT name FROM sqlite_schema").fetchall(), [("fresh",)])
        db.close()
        aside = report["databases"][0]["kept_aside"][0]
        self.assertEqual(stories.sha256_of(aside), before[str(self.database)])
        self.assertEqual(stories.sha256_of(aside + "-wal"), before[f"{self.database}-wal"])
        db = sqlite3.connect(aside)
        self.assertEqual(db.execute("SELECT n FROM kept").fetchall(), [(42,)])
        db.close()
        self.assertFalse(pathlib.Path(f"{self.database}.set-aside").exists())
        self.call("undo", "--yes", use_repository=False)
        db = sqlite3.connect(self.database)
        self.assertEqual(db.execute("SELECT n FROM kept").fetchall(), [(42,)])
        db.close()
        events = [entry["event"] for entry in self.call("log", use_repository=False).json["entries"]]
        self.assertEqual(events[-2:], ["fresh", "undo"])

    def test_the_recovery_log_tells_of_it_with_its_cause_and_what_was_lost(self):
        report = self.fresh("--cause", "the schema had been ruined").json
        log = self.work / "RECOVERY.md"
        self.assertEqual(report["recovery_log"], str(log))
        self.assertIn("rows", report["data_lost"])
        told = log.read_text()
        for words in ("Started afresh with app.db", "- Cause: the schema had been ruined", f"- Backup used: none; what was there is #{report['safety_number']}", f"- Data lost: {report['data_lost']}"):
            self.assertIn(words, told)
        entry = self.call("log", use_repository=False).json["entries"][-1]
        self.assertIn("cause=the schema had been ruined", entry["details"])
        self.script("exit 3")
        self.fresh(code=8)
        self.assertEqual(log.read_text(), told)  # nothing was begun anew

    def test_a_command_that_fails_or_makes_no_database_leaves_everything_as_it_was(self):
        for journal, script in (("wal", MAKES_ONE + "\nexit 3"), ("delete", "true"), ("wal", 'head -c 5000 /dev/urandom > "$HOLDFAST_DATABASE"'), ("delete", ': > "$HOLDFAST_DATABASE"')):
            if journal == "wal":
                self.crashed_application()
            else:
                for name in self.files():
                    os.unlink(name)
                stories.create_ledger(self.database, journal="delete").close()
            before = self.files()
            inode = self.database.stat().st_ino
            self.script(script)
            error = self.fresh(code=None).error
            self.assertIn("the old files are back as they were", error["message"], script)
            after = self.files()
            for path, digest in before.items():
                self.assertEqual(after.get(path), digest, f"{path} after {script}")
            self.assertEqual(self.database.stat().st_ino, inode)
            self.assertIn("no restore in place is left", self.call("undo", "--yes", use_repository=False, code=None).error["message"])
            self.assertEqual(self.files(), after, "undo takes back what has happened, and this has not")
            extra = [path for path in after if path not in before]
            self.assertTrue(all(".left-by-init" in path for path in extra), extra)
            for path in extra:
                os.unlink(path)
            for name in self.files():
                os.unlink(name)
            stories.create_ledger(self.database).close()

    def test_an_interruption_in_the_middle_is_told_with_what_lies_where(self):
        self.script("sleep 60")
        before = stories.sha256_of(self.database)
        process = subprocess.Popen([stories.PROGRAM, "fresh", "--offline", "--yes"], cwd=self.work, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        record = pathlib.Path(f"{self.database}.set-aside")
        deadline = time.monotonic() + 60
        while (not record.exists() or self.database.exists()) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()  # the power is cut
        process.wait()
        self.assertFalse(self.database.exists())
        error = self.fresh(code=6).error
        (aside,) = self.work.glob("app.db.before-restore-*")
        self.assertIn(str(aside), error["message"])
        commands = error["advice"].split("then: ")[1].split("; to go on")[0]
        subprocess.run(["/bin/sh", "-c", commands], check=True, stdin=subprocess.DEVNULL)
        self.assertEqual(stories.sha256_of(self.database), before)
        self.script(MAKES_ONE)
        self.fresh()

    def test_a_stop_puts_the_old_files_back(self):
        self.script("touch started; sleep 60")
        before = self.files()
        process = subprocess.Popen([stories.PROGRAM, "fresh", "--offline", "--yes", "--json"], cwd=self.work, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not (self.work / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(self.files(), before)

    def test_an_application_that_has_it_open_and_a_missing_command_are_refused(self):
        reader = sqlite3.connect(self.database)
        reader.execute("SELECT count(*) FROM ledger").fetchone()
        before = self.files()
        self.assertEqual(self.call("fresh", "--yes", use_repository=False, code=7).error["code"], "busy")
        reader.close()
        self.assertEqual(stories.sha256_of(self.database), before[str(self.database)])
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\n')
        self.assertIn("init", self.fresh(code=2).error["message"])

    def test_a_damaged_database_is_kept_as_bytes_and_replaced(self):
        with open(self.database, "r+b") as file:
            file.seek(0)
            file.write(b"\xff" * 4096)
        damaged = stories.sha256_of(self.database)
        report = self.fresh().json
        self.assertTrue(report["safety_is_raw"])
        self.assertEqual(stories.sha256_of(report["databases"][0]["kept_aside"][0]), damaged)
        folder = self.root / "bytes"
        self.call("restore", report["safety_number"], "--to", f"{folder}/", use_repository=False)
        self.assertIn(damaged, [stories.sha256_of(path) for path in folder.rglob("*") if path.is_file()])


if __name__ == "__main__":
    stories.main()
