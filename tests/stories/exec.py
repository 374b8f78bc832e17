"""SQL on a live database: what reads leaves no trace, what writes is backed up first, and what fails has not happened."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import stories

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support" / "python"))
import devteam_database  # noqa: E402


class Exec(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()

    def exec(self, sql, *flags, code=0):
        answer = self.call("exec", self.database, sql, *flags, code=code)
        return answer.json if code == 0 else answer.error

    def restored_equals(self, number, state):
        self.assertEqual(stories.content_hash(self.restore_copy(number)), state)

    def test_what_reads_makes_no_backup_and_leaves_no_trace(self):
        for journal in ("wal", "delete"):
            self.database = self.work / f"{journal}.db"
            stories.create_ledger(self.database, journal).close()
            before = self.listing()
            for sql in ("SELECT count(*) FROM ledger", "WITH t AS (SELECT 1) SELECT * FROM t", "PRAGMA integrity_check", "EXPLAIN DELETE FROM ledger",
                        "CREATE TEMP TABLE mine AS SELECT n FROM ledger; SELECT max(n) FROM mine"):
                report = self.exec(sql)
                self.assertFalse(report["wrote"], sql)
                self.assertEqual(report["before"]["number"], 0, sql)
            self.assertEqual(self.exec("SELECT count(*) FROM ledger")["statements"][0]["rows"], [[200]])
            self.assertEqual(self.exec("PRAGMA journal_mode")["statements"][0]["rows"], [[journal]])
            self.assertEqual(self.listing(), before)
        self.assertEqual(self.numbers(), [])

    def test_what_writes_is_backed_up_first_and_can_be_taken_back(self):
        for journal in ("wal", "delete"):
            self.database = self.work / f"{journal}.db"
            db = stories.create_ledger(self.database, journal)
            for sql in ("WITH x(a) AS (SELECT 7) DELETE FROM ledger WHERE n IN (SELECT a FROM x)", "UPDATE slots SET filler = :new", "DROP TABLE slots", "PRAGMA user_version = 9",
                        "VACUUM", "INSERT INTO ledger(payload) VALUES ('new') RETURNING n"):
                state = stories.content_hash(self.database)
                report = self.exec(sql, *(("-p", "new=07") if ":new" in sql else ()))
                self.assertTrue(report["wrote"])
                number = report["before"]["number"]
                self.assertGreater(number, 0)
                self.restored_equals(number, state)
                shown = self.call("show", number).json["backup"]
                self.assertEqual(shown["comment"], f"Auto-backup before: SQL: {sql[:60]}" + ("…" if len(sql) > 60 else ""))
                self.assertEqual(shown["kind"], "automatic")
            db.close()
            command = report["before"]["command"]
            back = subprocess.run(["sh", "-c", command.replace("holdfast", f"'{stories.PROGRAM}'", 1)], capture_output=True, text=True, env=self.environment)
            self.assertEqual(back.returncode, 0, back.stderr)
            self.assertEqual(stories.content_hash(self.database), state)

    def test_nothing_changed_answers_with_the_backup_that_is_there(self):
        stories.create_ledger(self.database, "delete").close()
        first = self.exec("DELETE FROM ledger WHERE n = -1")["before"]
        again = self.exec("DELETE FROM ledger WHERE n = -1")["before"]
        self.assertEqual((again["number"], again["was_there"]), (first["number"], True))
        other = self.exec("DELETE FROM ledger WHERE n = -2", "--operation", "tidy")["before"]
        self.assertGreater(other["number"], first["number"])
        self.assertEqual(self.call("show", other["number"]).json["backup"]["operation"], "tidy")

    def test_what_fails_has_not_happened(self):
        stories.create_ledger(self.database).close()
        state = stories.content_hash(self.database)
        script = self.root / "script.sql"
        script.write_text("DELETE FROM slots;\nCREATE TABLE made(a NOT NULL);\nINSERT INTO made\n VALUES (NULL);\n")
        error = self.call("exec", self.database, "--file", script, code=2).error
        self.assertIn("statement 3 (line 3: INSERT INTO made VALUES (NULL))", error["message"])
        self.assertIn("NOT NULL constraint failed: made.a", error["message"])
        self.assertIn("nothing was changed", error["message"])
        self.assertEqual(stories.content_hash(self.database), state)
        for refused in ("BEGIN; DELETE FROM ledger; COMMIT", "ATTACH 'x.db' AS x", "PRAGMA writable_schema = 1", "VACUUM; DELETE FROM ledger", "DELET FROM ledger",
                        "PRAGMA forein_keys = 1", "VACUUM INTO 'copy.db'"):
            before = self.numbers()
            self.assertEqual(self.exec(refused, code=2)["code"], "invalid")
            if not refused.startswith("VACUUM; "):
                self.assertEqual(self.numbers(), before, refused)
        self.assertEqual(stories.content_hash(self.database), state)

    def test_if_the_backup_fails_nothing_is_written(self):
        stories.create_ledger(self.database).close()
        state = stories.sha256_of(self.database)
        (self.repository / "config").write_bytes(b"no config")
        (self.repository / "config.copy").write_bytes(b"no config")
        error = self.call("exec", self.database, "DELETE FROM ledger", code=None).error
        self.assertIn("nothing was written", error["message"])
        self.assertIn("--no-backup", error["advice"])
        self.assertEqual(stories.sha256_of(self.database), state)
        self.assertEqual(self.call("exec", self.database, "DELETE FROM ledger", "--no-backup", code=2).error["code"], "invalid")
        self.assertEqual(stories.sha256_of(self.database), state)
        self.call("exec", self.database, "DELETE FROM ledger", "--no-backup", "--yes")
        self.assertNotEqual(stories.sha256_of(self.database), state)

    def test_beside_a_writer_no_commit_is_lost(self):
        for journal in ("wal", "delete"):
            self.database = self.work / f"busy {journal}.db"
            stories.create_ledger(self.database, journal, rows=300).close()
            # In rollback mode SQLite's lock goes to whoever asks at the right instant: a writer without any pause can keep others out for a minute.
            writer = self.writer(journal=journal, pause=0.002 if journal == "delete" else 0)
            numbers = []
            for turn in range(8):
                report = self.exec("CREATE TABLE IF NOT EXISTS marks(turn); INSERT INTO marks VALUES (:turn); SELECT max(n) FROM ledger", "-p", f"turn={turn}", "--wait", "60")
                numbers.append((report["before"]["number"], report["statements"][2]["rows"][0][0]))
            counted = writer.stop()["count"]
            self.assertEqual(stories.prove(self.database), counted)
            for number, seen in numbers:
                # The backup holds all that was committed before our write, to the entry.
                self.assertEqual(self.prove_backup(number), seen)

    def test_one_session_is_rescued_from_an_older_copy(self):
        names = devteam_database.create(self.database)
        copy = self.root / "yesterday.db"
        copy.write_bytes(self.database.read_bytes())
        before = devteam_database.counts(self.database)
        lost = names[3]
        deleted = self.exec("DELETE FROM sessions WHERE id = :id", "-p", f"id={lost}", "--foreign-keys", "on")
        after = devteam_database.counts(self.database)
        gone = {name: before[name] - after[name] for name in before if before[name] != after[name]}
        told = {change["table"]: change["deleted"] for change in deleted["changes"] if change["deleted"]}
        self.assertEqual(told, gone)
        self.assertLessEqual(set(devteam_database.CASCADED), set(gone))
        self.assertTrue(all(change["updated"] for change in deleted["changes"] if change["table"] in devteam_database.UNLINKED))
        rescue = "; ".join(["INSERT INTO main.sessions SELECT * FROM old.sessions WHERE id = :id"] +
                           [f"INSERT INTO main.{name} SELECT * FROM old.{name} WHERE session_id = :id" for name in ("session_state", "events", "agent_runs", "bugs")])
        hash_of_copy = stories.sha256_of(copy)
        self.exec(rescue, "-p", f"id={lost}", "--attach", f"old={copy}", "--foreign-keys", "on")
        self.assertEqual(stories.sha256_of(copy), hash_of_copy)
        db = sqlite3.connect(self.database)
        self.assertEqual(db.execute("SELECT count(*) FROM sessions").fetchone()[0], before["sessions"])
        self.assertEqual(db.execute("SELECT count(*) FROM events").fetchone()[0], before["events"])
        db.close()

    def test_a_dry_run_tells_what_the_run_does(self):
        devteam_database.create(self.database, journal="wal")
        state = stories.sha256_of(self.database)
        sql = "DELETE FROM sessions WHERE status = 'completed'; ALTER TABLE plans ADD COLUMN note"
        dry = self.exec(sql, "--dry-run", "--foreign-keys", "on")
        self.assertEqual(stories.sha256_of(self.database), state)
        self.assertEqual(self.numbers(), [])
        real = self.exec(sql, "--foreign-keys", "on")
        self.assertEqual(dry["changes"], real["changes"])
        self.assertEqual(dry["schema"], real["schema"])

    def test_standard_input_and_what_is_no_database(self):
        stories.create_ledger(self.database).close()
        done = subprocess.run(self.command("exec", self.database, "-f", "-", "--json"), input="DELETE FROM slots;", capture_output=True, text=True, env=self.environment, cwd=self.work)
        self.assertEqual(done.returncode, 0, done.stderr)
        (self.work / "notes.db").write_text("not a database " * 100)
        self.assertEqual(self.call("exec", self.work / "notes.db", "SELECT 1", code=4).error["code"], "corrupt")
        self.assertEqual(self.call("exec", self.work / "missing.db", "CREATE TABLE t(a)", code=5).error["code"], "not_found")
        self.assertFalse((self.work / "missing.db").exists())
        self.assertEqual(self.exec("SELECT 1", "--application-id", "0x10", code=2)["code"], "invalid")

    def test_it_says_what_changed_besides_rows(self):
        stories.create_ledger(self.database, "delete").close()
        self.exec("PRAGMA user_version = 3")
        for sql, wanted in (("PRAGMA user_version = 5", "user_version 3 → 5"), ("PRAGMA application_id = 7", "application_id 0 → 7"), ("PRAGMA page_size = 8192; VACUUM", "page_size 4096 → 8192"),
                            ("PRAGMA journal_mode = WAL", "journal_mode rollback → wal"), ("ALTER TABLE slots RENAME TO places", "table slots renamed to places")):
            dry = subprocess.run(self.command("exec", self.database, sql, "--dry-run"), capture_output=True, text=True, env=self.environment, cwd=self.work).stdout
            real = subprocess.run(self.command("exec", self.database, sql), capture_output=True, text=True, env=self.environment, cwd=self.work).stdout
            self.assertIn(f"  {wanted}\n", real)
            self.assertIn("not tried" if "VACUUM" in sql or "journal" in sql else f"  {wanted} (would be)\n", dry)
        self.assertIn("nothing of it changed", subprocess.run(self.command("exec", self.database, "PRAGMA user_version = 5"), capture_output=True, text=True, env=self.environment).stdout)

    def test_what_this_user_may_not_write_is_left_as_it_is(self):
        """Root may write everything, so it becomes another user for this."""
        other = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        for folder in (self.root, self.home, self.work):
            folder.chmod(0o755)
        self.environment["HOME"] = self.environment["XDG_CACHE_HOME"] = self.environment["XDG_STATE_HOME"] = str(self.root / "home of the other")
        for journal in ("wal", "delete"):
            for file_mode, folder_mode in ((0o444, 0o777), (0o666, 0o555)):
                folder = self.work / f"{journal} {folder_mode:o}"
                folder.mkdir()
                database = folder / "app.db"
                stories.create_ledger(database, journal).close()
                database.chmod(file_mode)
                folder.chmod(folder_mode)
                before = self.listing(folder)
                for verb in (["exec", database, "DELETE FROM ledger", "--no-backup", "--yes"], ["exec", database, "DELETE FROM ledger", "--dry-run"], ["maintain", "analyze", database, "--no-backup", "--yes"]):
                    ran = subprocess.run([stories.PROGRAM, *map(str, verb), "--json"], capture_output=True, text=True, cwd=self.work, env=self.environment, **other)
                    error = json.loads(ran.stderr.splitlines()[-1])["error"]
                    self.assertEqual(error["code"], "denied", ran.stderr)
                    self.assertIn("cannot be written", error["message"])
                    self.assertIn("writable", error["advice"])
                    self.assertEqual(self.listing(folder), before)
                folder.chmod(0o755)


if __name__ == "__main__":
    stories.main()
