"""Rows come back into the live database: a deleted session with all that hung on it, a dropped table, a damaged one; and
nothing else is touched."""

import hashlib
import os
import pathlib
import pty
import sqlite3
import subprocess
import sys
import threading
import time

import stories

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support" / "python"))
import devteam_database  # noqa: E402


def rows_of(path):
    """Every row of every table, by table."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {name: set(db.execute(f"SELECT rowid, * FROM {name}" if name != "session_state" else "SELECT * FROM session_state")) for name in devteam_database.TABLES}
    finally:
        db.close()


class RowsBack(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        self.database = self.work / "devteam.db"
        self.sessions = devteam_database.create(self.database, sessions=12, seed=stories.SEED)
        self.session = self.sessions[3]
        self.before = rows_of(self.database)
        self.number = self.backup()["number"]

    def change(self, *statements, path=None):
        db = sqlite3.connect(path or self.database, isolation_level=None)
        for sql in statements:
            db.execute(*(sql if isinstance(sql, tuple) else (sql,)))
        db.close()

    def lose_session(self, session=None):
        self.change("PRAGMA foreign_keys = ON", ("DELETE FROM sessions WHERE id = ?", (session or self.session,)))

    def rows(self, *words, code=0):
        answer = self.call("restore", self.number, *words, code=code)
        return answer.json if code == 0 else answer.error

    def session_back(self, *flags, code=0):
        return self.rows("--table", "sessions", "--row", self.session, "--with-related", *flags, code=code)

    def expect_whole(self):
        db = sqlite3.connect(self.database)
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])
        db.close()

    def test_a_deleted_session_comes_back_with_everything_that_hung_on_it(self):
        self.lose_session()
        lost = rows_of(self.database)
        self.assertTrue(all(lost[table] != self.before[table] for table in devteam_database.CASCADED + devteam_database.UNLINKED if table != "checkpoint_restores"))
        self.change(("UPDATE sessions SET status = 'failed' WHERE id = ?", (self.sessions[5],)), "INSERT INTO baselines(tag_name, commit_hash, milestone) VALUES ('since', 'c', 'm')")
        now = rows_of(self.database)
        dry = self.session_back("--dry-run")
        self.assertEqual(rows_of(self.database), now)
        self.assertEqual(self.numbers(), [self.number])
        report = self.session_back()
        self.assertEqual(report["rows"]["tables"], dry["rows"]["tables"], "a dry run says exactly what the real one does")
        after = rows_of(self.database)
        for table, rows in after.items():
            if table not in ("sessions", "baselines"):
                self.assertEqual(rows, self.before[table], table)
        self.assertEqual({row for row in after["sessions"] if self.sessions[5] not in row}, {row for row in self.before["sessions"] if self.sessions[5] not in row})
        self.assertEqual(after["baselines"], now["baselines"])
        self.expect_whole()
        shown = self.call("show", report["safety_number"]).json["backup"]
        self.assertEqual((shown["kind"], shown["operation"]), ("automatic", "restore rows"))
        self.assertEqual(rows_of(self.restore_copy(report["safety_number"])), now)
        difference = self.call("diff", report["safety_number"], "live").json["databases"][0]
        self.assertEqual(difference["schema"], [])
        self.assertEqual({table["name"]: (table["added"], table["removed"], table["changed"]) for table in difference["tables"] if table["kind"] == "table"},
                         {table["table"]: (table["inserted"], 0, table["updated"]) for table in report["rows"]["tables"] if table["inserted"] + table["updated"]})

    def test_the_recipe_that_wipes_out_what_it_should_repair(self):
        """INSERT OR REPLACE with foreign keys on deletes the old row first, and with it everything below."""
        copy = self.restore_copy(self.number)
        db = sqlite3.connect(copy, isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("ATTACH ? AS backup", (str(self.database),))
        db.execute("INSERT OR REPLACE INTO sessions SELECT * FROM backup.sessions WHERE id = ?", (self.session,))
        self.assertEqual(db.execute("SELECT count(*) FROM events WHERE session_id = ?", (self.session,)).fetchone(), (0,))
        db.close()
        self.change(("UPDATE sessions SET status = 'spoiled' WHERE id = ?", (self.session,)))
        report = self.rows("--table", "sessions", "--row", self.session)
        self.assertEqual([(t["table"], t["inserted"], t["updated"]) for t in report["rows"]["tables"]], [("sessions", 0, 1)])
        self.assertEqual(rows_of(self.database), self.before)

    def test_what_hangs_on_nothing_is_refused_whole(self):
        self.lose_session()
        now = rows_of(self.database)
        error = self.rows("--table", "events", "--where", f"session_id = '{self.session}'", code=2)
        self.assertIn("which is not there", error["message"])
        self.assertIn("--with-related", error["advice"])
        self.assertEqual(rows_of(self.database), now)
        report = self.rows("--table", "events", "--where", f"session_id = '{self.session}'", "--with-related")
        self.assertEqual([(t["table"], t["parents"]) for t in report["rows"]["tables"] if t["parents"]], [("sessions", 1)])
        self.expect_whole()

    def test_beside_a_busy_writer(self):
        stop, failures, written = threading.Event(), [], []

        def write():
            db = sqlite3.connect(self.database, isolation_level=None, timeout=30)
            try:
                while not stop.is_set():
                    time.sleep(0.002)
                    written.append(db.execute("INSERT INTO token_usage(session_id, model) VALUES ('x', 'busy')").lastrowid)
            except sqlite3.Error as error:
                failures.append(error)
            db.close()

        for journal in ("delete", "wal"):
            self.change(f"PRAGMA journal_mode = {journal}")
            written.clear()
            stop.clear()
            thread = threading.Thread(target=write)
            thread.start()
            try:
                for _ in range(3):
                    self.change_while_busy()
                    self.session_back("--wait", "60")
            finally:
                stop.set()
                thread.join()
            self.assertEqual(failures, [])
            self.assertTrue(written)
            after = rows_of(self.database)
            self.assertTrue(set(written) <= {row[0] for row in after["token_usage"]})
            self.assertEqual({name: rows for name, rows in after.items() if name != "token_usage"}, {name: rows for name, rows in self.before.items() if name != "token_usage"})
            self.expect_whole()

    def change_while_busy(self):
        db = sqlite3.connect(self.database, isolation_level=None, timeout=60)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM sessions WHERE id = ?", (self.session,))
        db.close()

    def test_a_dropped_table_comes_back(self):
        self.change("CREATE TRIGGER noted AFTER INSERT ON events BEGIN INSERT INTO error_log(error_type, error_message) VALUES ('e', new.id); END")
        number = self.backup()["number"]
        db = sqlite3.connect(self.database)
        objects = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'events' ORDER BY name"
        schema, last = db.execute(objects).fetchall(), db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
        db.close()
        self.change("DROP TABLE events")
        report = self.call("restore", number, "--table", "events").json
        self.assertTrue(report["rows"]["tables"][0]["made"])
        self.assertEqual(rows_of(self.database), self.before)
        db = sqlite3.connect(self.database)
        self.assertEqual(db.execute(objects).fetchall(), schema)
        self.assertEqual(db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone(), last)
        db.close()
        self.expect_whole()

    def spoil(self, table, spoilt):
        """Changes a page of the table that is no inner one."""
        db = sqlite3.connect(self.database)
        root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        db.close()
        content = bytearray(self.database.read_bytes())
        page = content[(root - 1) * 4096:root * 4096]
        self.assertEqual(page[0], 5, "an inner page of a table")
        leaf = int.from_bytes(page[8:12], "big")  # its last child
        content[(leaf - 1) * 4096:leaf * 4096] = spoilt(content[(leaf - 1) * 4096:leaf * 4096])
        self.database.write_bytes(content)

    def test_a_table_that_is_damaged_inside_comes_back(self):
        def spoilt(page):
            """A row whose beginning makes no sense: it cannot be read, and the page can still be given back."""
            at = int.from_bytes(page[8:10], "big")
            for _ in range(2):  # behind two numbers: how long the row is, and its rowid
                while page[at] & 0x80:
                    at += 1
                at += 1
            page[at:at + 4] = b"\xff\xff\xff\x7f"
            return page

        self.spoil("events", spoilt)
        db = sqlite3.connect(self.database)
        with self.assertRaises(sqlite3.DatabaseError):
            db.execute("SELECT sum(length(message)) FROM events").fetchall()
        db.close()
        report = self.rows("--table", "events")
        self.assertTrue(report["rows"]["made_again"])
        self.assertEqual(rows_of(self.database), self.before)
        self.expect_whole()

    def test_what_cannot_take_a_transaction_says_so_and_offers_a_file(self):
        self.spoil("events", lambda page: bytes(4096))
        spoiled = hashlib.sha256(self.database.read_bytes()).hexdigest()
        self.refused_as_damaged(self.call("restore", self.number, "--table", "events", code=None))
        self.assertEqual(hashlib.sha256(self.database.read_bytes()).hexdigest(), spoiled)
        part = self.rows("--table", "events", "--where", "1", code=4)
        self.assertIn("brings the whole table", part["advice"])
        self.rows("--table", "events", "--to", self.root / "events.db")
        db = sqlite3.connect(self.root / "events.db")
        self.assertEqual(set(db.execute("SELECT rowid, * FROM events")), self.before["events"])
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        db.close()

    def refused_as_damaged(self, answer):
        self.assertNotEqual(answer.code, 0)
        self.assertEqual(answer.error["code"], "corrupt")
        self.assertIn("nothing was changed", answer.error["message"])
        self.assertIn(f"holdfast restore {self.number} --table 'events' --to FILE", answer.error["advice"])

    def test_a_session_as_a_file_of_its_own(self):
        self.rows("--table", "sessions", "--row", self.session, "--with-related", "--to", self.root / "session.db")
        db = sqlite3.connect(self.root / "session.db")
        self.assertEqual(db.execute("SELECT id FROM sessions").fetchall(), [(self.session,)])
        for table in ("events", "agent_runs", "interview_questions", "research_findings", "plans"):
            self.assertTrue(set(db.execute(f"SELECT rowid, * FROM {table}")) < self.before[table], table)
            self.assertGreater(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0], 0, table)
        self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        db.close()
        self.assertEqual(self.rows("--table", "sessions", "--to", self.root / "session.db", code=6)["code"], "exists")
        self.assertEqual(rows_of(self.database), self.before)

    def test_a_full_disk_changes_nothing(self):
        small = self.small_disk(self.root / "small", 8)
        database = small / "devteam.db"
        devteam_database.create(database, sessions=40, seed=stories.SEED)
        number = self.call("backup", database).json["number"]
        before = rows_of(database)
        self.change("DELETE FROM events", path=database)
        self.fill(small)
        state = rows_of(database)
        answer = self.call("restore", number, "--table", "events", code=None)
        self.assertEqual(answer.error["code"], "full", answer.err)
        self.assertEqual(rows_of(database), state)
        (small / "filler").unlink()
        self.call("restore", number, "--table", "events")
        self.assertEqual(rows_of(database), before)

    def test_a_person_sees_the_rows_and_is_asked(self):
        self.lose_session()
        now = rows_of(self.database)
        for answer, is_done in ((b"n\n", False), (b"y\n", True)):
            terminal, theirs = pty.openpty()
            words = self.command("restore", self.number, "--table", "sessions", "--row", self.session, "--with-related")
            process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=self.work, env=self.environment)
            os.close(theirs)
            os.write(terminal, answer)
            shown = b""
            try:
                while piece := os.read(terminal, 4096):
                    shown += piece
            except OSError:
                pass
            process.wait(60)
            os.close(terminal)
            self.assertIn(b"sessions: 1 to insert", shown)
            self.assertEqual(rows_of(self.database) == now, not is_done, shown)
        self.assertEqual(rows_of(self.database), self.before)

    def test_words_that_do_not_go_together(self):
        for words in (("--where", "1"), ("--row", "x"), ("--table", "sessions", "--to", "-"), ("--table", "sessions", "--on-conflict", "maybe"), ("--table", "sessions", "--force"),
                      ("--table", "sessions", "--where", "nonsense ="), ("--table", "sessions", "--where", "1); DROP TABLE sessions; --")):
            error = self.rows(*words, code=2)
            self.assertTrue(error["advice"], words)
        self.assertIn("sessions", self.rows("--table", "session", code=5)["advice"])
        self.rows("--table", "sessions", "--row", "none such", code=5)
        self.assertEqual(rows_of(self.database), self.before)


class HugeRows(stories.Story):
    """A row may be larger than the memory that is to be had."""

    def setUp(self):
        super().setUp()
        self.skip_if_sanitized()
        self.init()
        stories.create_ledger(self.database).close()

    def run_sql(self, *statements):
        db = sqlite3.connect(self.database, isolation_level=None)
        for sql in statements:
            db.execute(sql)
        db.close()

    def content(self):
        db = sqlite3.connect(self.database)
        db.text_factory = bytes
        digest = hashlib.sha256()
        for kind, value in db.execute("SELECT typeof(v), v FROM t ORDER BY id"):
            digest.update(kind + (value if isinstance(value, bytes) else str(value).encode()))
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), (b"ok",))
        db.close()
        return digest.hexdigest()

    def test_a_blob_comes_back_in_pieces(self):
        size = 150_000_000
        self.run_sql("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, v BLOB)", f"INSERT INTO t VALUES (1, 'a', randomblob({size})), (2, 'b', x'0102')")
        before = self.content()
        self.backup()
        bound = 128 * 1024 * 1024
        one_byte = f"UPDATE t SET v = CAST(substr(v, 1, {size - 1}) || x'00' AS BLOB) WHERE id = 1"
        for change in ("DELETE FROM t WHERE id = 1", one_byte, "UPDATE t SET name = 'c'", "UPDATE t SET v = x'01'"):
            with self.subTest(change):
                self.run_sql(change)
                for words in (("--dry-run",), ("--yes",), ("--dry-run",)):
                    self.assertLess(self.peak_of("restore", "1", "--table", "t", *words), bound)
                self.assertEqual(self.content(), before)
        copy = self.root / "copy.db"
        self.assertLess(self.peak_of("restore", "1", "--table", "t", "--to", copy), bound)
        self.database = copy
        self.assertEqual(self.content(), before)

    def test_what_sqlite_must_have_whole_is_there_twice_at_most(self):
        """Once for the value, and once for the record that it makes of the row."""
        size = 60_000_000
        tables = {"TEXT": f"hex(randomblob({size // 2}))", "BLOB CHECK(length(v) > 5)": f"randomblob({size})", "BLOB, behind": f"randomblob({size})"}
        idle = None
        for column, value in tables.items():
            with self.subTest(column):
                behind = ", 'behind it'" if "behind" in column else ""
                self.run_sql("DROP TABLE IF EXISTS t", f"CREATE TABLE t(id INTEGER PRIMARY KEY, v {column})", f"INSERT INTO t VALUES (1, {value}{behind})")
                before = self.content()
                number = self.backup()["number"]
                idle = idle or self.peak_of("restore", number, "--table", "slots", "--dry-run")
                # As a text its length would be counted up to the first zero byte, which the CHECK need not like.
                self.run_sql(f"UPDATE t SET v = CAST(substr(v, 2) || 'z' AS {column.split()[0].rstrip(',')})")
                self.assertNotEqual(self.content(), before)
                self.assertLess(self.peak_of("restore", number, "--table", "t", "--yes") - idle, 2.6 * size)
                self.assertEqual(self.content(), before)


if __name__ == "__main__":
    stories.main()
