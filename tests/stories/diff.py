"""What happened since the backup: diff finds what SQL finds in two plain files, and its script takes it back."""

import os
import shutil
import sqlite3
import subprocess

import stories


def rows_of(path):
    """{table: {key: row}} by Python's own SQLite: keys are primary keys, else rowids."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = {}
    for (name,) in db.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%'").fetchall():
        columns = db.execute(f'PRAGMA table_info("{name}")').fetchall()
        keys = [f'"{column[1]}"' for column in sorted(columns, key=lambda column: column[5]) if column[5]] or ["rowid"]
        width = len(keys)
        # typeof() tells 1 from 1.0, which Python takes for equal.
        types = ", ".join(f'typeof("{column[1]}")' for column in columns)
        found[name] = {row[:width]: row[width:] for row in db.execute(f'SELECT {", ".join(keys)}, *, {types} FROM "{name}"')}
    db.close()
    return found


def numbers_by_sql(before, after):
    """{table: (added, removed, changed)} of tables that differ."""
    old, new = rows_of(before), rows_of(after)
    found = {}
    for name in old.keys() | new.keys():
        mine, theirs = old.get(name, {}), new.get(name, {})
        numbers = (len(theirs.keys() - mine.keys()), len(mine.keys() - theirs.keys()), sum(1 for key in mine.keys() & theirs.keys() if mine[key] != theirs[key]))
        if any(numbers):
            found[name] = numbers
    return found


def numbers_told(answer):
    return {table["name"]: (table["added"], table["removed"], table["changed"]) for table in answer.json["databases"][0]["tables"]}


APPLICATION = """
    CREATE TABLE sessions(id TEXT PRIMARY KEY, status TEXT, cost REAL);
    CREATE TABLE events(id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT REFERENCES sessions ON DELETE CASCADE, message TEXT, body BLOB);
    CREATE TABLE settings(k TEXT COLLATE NOCASE PRIMARY KEY, v) WITHOUT ROWID;
    CREATE TABLE log(line TEXT);
    CREATE VIRTUAL TABLE notes USING fts5(body);
    CREATE VIRTUAL TABLE events_fts USING fts5(message, content='events', content_rowid='id');
    CREATE TRIGGER events_ai AFTER INSERT ON events BEGIN INSERT INTO events_fts(rowid, message) VALUES (new.id, new.message); END;
    CREATE TRIGGER events_ad AFTER DELETE ON events BEGIN INSERT INTO events_fts(events_fts, rowid, message) VALUES ('delete', old.id, old.message); END;
    CREATE VIRTUAL TABLE places USING rtree(id, x0, x1);
    CREATE VIEW open_sessions AS SELECT * FROM sessions WHERE status = 'open';
"""


def make(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = wal")
    db.executescript(APPLICATION)
    db.execute("BEGIN")
    for i in range(400):
        db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (f"session-{i:04}", "open" if i % 3 else "closed", i))
        db.execute("INSERT INTO settings VALUES (?, ?)", (f"Key {i}", [i, f"value {i}", None, b"\x00" * 20][i % 4]))
        db.execute("INSERT INTO log VALUES (?)", (f"line {i}",))
        db.execute("INSERT INTO notes VALUES (?)", (f"note {i}",))
        db.execute("INSERT INTO places VALUES (?, ?, ?)", (i, i, i + 1))
        for e in range(5):
            db.execute("INSERT INTO events(session_id, message, body) VALUES (?, ?, ?)", (f"session-{i:04}", f"event {e} of {i}", os.urandom(50 + 3000 * (i % 50 == 0))))
    db.execute("COMMIT")
    return db


def change(db):
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("BEGIN")
    db.execute("DELETE FROM sessions WHERE id = 'session-0007'")  # and, by the cascade, its events
    db.execute("UPDATE sessions SET status = 'lost' WHERE id = 'session-0100'")
    db.execute("UPDATE sessions SET cost = 0.1 WHERE id = 'session-0101'")
    db.execute("INSERT OR REPLACE INTO sessions VALUES ('session-0102', 'again', NULL)")
    db.execute("UPDATE events SET body = CAST(substr(body, 1, length(body) - 1) || CASE substr(body, -1) WHEN x'7f' THEN x'80' ELSE x'7f' END AS BLOB) WHERE id = 1")  # in the last page of a long row
    db.execute("INSERT INTO settings VALUES ('key 1000', 1)")
    db.execute("UPDATE settings SET v = 2.0 WHERE k = 'key 4'")
    db.execute("DELETE FROM log WHERE rowid IN (3, 4, 5)")
    db.execute("UPDATE notes SET body = 'rewritten' WHERE rowid = 9")
    db.execute("UPDATE places SET x1 = 1000 WHERE id = 17")
    db.execute("COMMIT")


class Diff(stories.Story):
    def setUp(self):
        super().setUp()
        self.db = make(self.database)
        self.init()
        self.backup()
        self.before = self.copy("before.db")

    def tearDown(self):
        self.db.close()
        super().tearDown()

    def copy(self, name):
        path = self.work / name
        copy = sqlite3.connect(path)
        self.db.backup(copy)
        copy.close()
        return path

    def text(self, *words, code=0):
        done = subprocess.run(self.command(*words), capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=120)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def expect(self, *words):
        wanted = numbers_by_sql(self.before, self.copy("now.db"))
        told = numbers_told(self.call("diff", *words))
        told.pop("events_fts", None)
        wanted.pop("events_fts", None)
        self.assertEqual(told, wanted)
        os.unlink((self.work / "now.db"))
        return wanted

    def test_it_finds_what_sql_finds(self):
        self.call("diff", "1", "--exit-code")
        change(self.db)
        wanted = self.expect("1")
        self.assertEqual(wanted["events"], (0, 10, 1))
        self.assertEqual(wanted["sessions"], (0, 1, 3))
        self.backup()
        self.expect("1", "2")
        self.call("diff", "1", "2", "--exit-code", code=15)
        self.db.execute("VACUUM")
        self.expect("1")
        self.db.execute("ALTER TABLE log ADD COLUMN level INTEGER DEFAULT 3")
        text = self.text("diff", "1", "--rows")
        for words in ("columns added: level", "status: 'open' → 'lost'", "- id='session-0007'", "virtual table notes: ~1", "virtual table places: ~1"):
            self.assertIn(words, text)

    def test_its_script_goes_both_ways(self):
        change(self.db)
        now = self.copy("now.db")
        for before, after, flags in ((self.before, now, ()), (now, self.before, ("--reverse",))):
            script = self.text("diff", "1", "--sql", *flags)
            target = (self.work / "target.db")
            shutil.copyfile(before, target)
            subprocess.run(["sqlite3", "-bail", target], input=script, text=True, check=True)
            self.assertEqual(numbers_by_sql(target, after), {})
            check = sqlite3.connect(target)
            check.execute("INSERT INTO events_fts(events_fts) VALUES('integrity-check')")
            self.assertEqual(check.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            check.close()
            os.unlink(target)

    def test_its_script_runs_in_one_transaction_with_a_backup_before_it(self):
        change(self.db)
        script = self.text("diff", "1", "--sql", "--reverse", "--no-transaction")
        path = (self.work / "back.sql")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        self.call("exec", self.database, "--file", path)
        self.assertEqual(numbers_by_sql(self.copy("now.db"), self.before), {})

    def test_a_busy_application_is_compared_as_it_was_at_one_moment(self):
        stop = (self.work / "busy.db")
        stories.create_ledger(stop, rows=2000).close()
        writer = stories.Writer(stop)
        try:
            self.call("backup", stop)
            for _ in range(5):
                told = numbers_told(self.call("diff", "latest", "--source", stop))
                added, removed, _ = told.get("ledger", (0, 0, 0))
                self.assertEqual(removed, 0)
                _, gone, changed = told.get("slots", (0, 0, 0))
                self.assertEqual((gone, changed), (0, min(added, stories.SLOTS)), "each entry goes with its slot: both are of one moment")
        finally:
            writer.stop()

    def test_a_damaged_table_is_told_and_the_others_are_compared(self):
        path = (self.work / "damaged.db")
        change(self.db)
        now = self.copy("now.db")
        shutil.copyfile(now, path)
        db = sqlite3.connect(path)
        (root,), (size,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log'").fetchone(), db.execute("PRAGMA page_size").fetchone()
        db.close()
        with open(path, "r+b") as file:
            file.seek((root - 1) * size)
            file.write(b"\xff" * size)
        answer = self.call("diff", self.before, path, code=3)
        tables = {table["name"]: table for table in answer.json["databases"][0]["tables"]}
        self.assertIn("page", tables["log"]["not_compared"])
        self.assertEqual(tables["sessions"]["removed"], 1)

    def test_a_restore_shows_beforehand_what_it_would_change(self):
        self.db.execute("INSERT INTO log VALUES ('written since')")
        change(self.db)
        answer = self.call("restore", "1", "--dry-run")
        told = {table["name"]: table for table in answer.json["databases"][0]["difference"]["tables"]}
        self.assertEqual((told["log"]["removed"], told["log"]["added"]), (1, 3))
        self.assertIn("written since", told["log"]["rows"][-1]["before"], "the newest that would go")
        self.assertEqual(told["sessions"]["added"], 1)
        self.assertIn("virtual table notes: ~1", self.text("restore", "1", "--dry-run"))
        turned = {name: (removed, added, changed) for name, (added, removed, changed) in numbers_told(self.call("diff", "1")).items()}
        self.assertEqual({name: (table["added"], table["removed"], table["changed"]) for name, table in told.items()}, turned)


if __name__ == "__main__":
    stories.main()
