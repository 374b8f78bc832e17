"""Maintenance of a database that is in use: checked, cleaned up, made smaller; also where the disk is full or the file damaged."""

import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import stories

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support" / "python"))
import devteam_database  # noqa: E402

RULE = ("--table", "sessions", "--column", "ended_at", "--older-than", "30d", "--where", "status <> 'running'")


class Maintain(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()

    def maintain(self, what, *flags, code=0):
        answer = self.call("maintain", what, self.database, *flags, code=code)
        return answer.json if answer.out else answer.error

    def test_cleanup_counts_what_it_deletes_and_keeps_what_runs(self):
        for journal in ("delete", "wal"):
            self.database = self.work / f"{journal}.db"
            devteam_database.create(self.database, journal=journal)
            before, state = devteam_database.counts(self.database), stories.content_hash(self.database)
            untouched = self.listing()
            dry = self.maintain("cleanup", *RULE, "--dry-run")
            self.assertEqual(self.listing(), untouched)
            real = self.maintain("cleanup", *RULE)
            after = devteam_database.counts(self.database)
            gone = {name: before[name] - after[name] for name in before if before[name] != after[name]}
            for report in (dry, real):
                self.assertEqual({change["table"]: change["deleted"] for change in report["changes"] if change["deleted"]}, gone)
                self.assertEqual(report["rules"][0]["deleted"], gone["sessions"])
                self.assertEqual(report["rules"][0]["without_time"], 0)
            self.assertEqual(gone["sessions"], 16)
            self.assertLessEqual(set(devteam_database.CASCADED), set(gone))
            db = sqlite3.connect(self.database)
            self.assertEqual(db.execute("SELECT count(*) FROM sessions WHERE status = 'running'").fetchone()[0], 4)
            self.assertEqual(db.execute("PRAGMA foreign_key_check").fetchall(), [])
            db.close()
            self.assertEqual(stories.content_hash(self.restore_copy(real["before"]["number"])), state)
            again = self.maintain("cleanup", *RULE)
            self.assertEqual(again["changes"], [])

    def test_check_names_the_ways_on(self):
        devteam_database.create(self.database)
        self.assertEqual(self.maintain("check")["integrity"], "ok")
        good = stories.content_hash(self.database)
        self.call("backup", self.database)
        self.call("verify", "1", "--level", "opened")
        db = sqlite3.connect(self.database)
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO events(session_id, event_type) VALUES ('nobody', 'x')")
        db.commit()
        db.close()
        broken = self.maintain("check", code=3)
        self.assertEqual(broken["references"], [{"table": "events", "parent": "sessions", "rows": 1}])
        with open(self.database, "r+b") as file:
            file.seek(4096 * 90)
            file.write(os.urandom(4096 * 10))
        before = self.listing()
        damaged = self.maintain("check", code=4)
        self.assertEqual(self.listing(), before)
        self.assertTrue(damaged["damaged"])
        first, salvage, fresh = (way["command"] for way in damaged["ways_on"])
        subprocess.run(["sh", "-c", salvage], stderr=subprocess.DEVNULL, check=True)
        salvaged = sqlite3.connect(f"{self.database}.salvaged")
        self.assertEqual(salvaged.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        self.assertGreater(salvaged.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0], 10)
        salvaged.close()
        self.assertIn("mv ", fresh)
        restored = subprocess.run(["sh", "-c", first.replace("holdfast", f"'{stories.PROGRAM}'", 1)], capture_output=True, text=True, env=self.environment)
        self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertEqual(stories.content_hash(self.database), good)
        with open(self.database, "r+b") as file:
            file.write(os.urandom(200))
        self.assertEqual(len(self.maintain("check", code=4)["ways_on"]), 3)
        self.assertEqual(self.call("maintain", "stats", self.database, use_repository=False, code=4).error["code"], "corrupt")
        for what in ("cleanup", "vacuum", "analyze"):
            self.assertEqual(self.maintain(what, *(RULE if what == "cleanup" else ()), code=4)["code"], "corrupt")

    def test_vacuum_in_place_and_by_way_of_another_disk(self):
        other = self.root / "other disk"
        other.mkdir()
        for journal in ("wal", "delete"):
            for way in ((), ("--by-way-of", other)):
                with self.subTest(journal=journal, way=way):
                    self.database = self.work / f"{journal}{len(way)}.db"
                    devteam_database.create(self.database, 60, journal=journal)
                    self.maintain("cleanup", *RULE)
                    state = stories.content_hash(self.database)
                    application = sqlite3.connect(self.database)
                    application.execute("SELECT count(*) FROM sessions").fetchone()
                    report = self.maintain("vacuum", *way)
                    self.assertLess(report["bytes_after"], report["bytes_before"])
                    self.assertEqual(stories.content_hash(self.database), state)
                    self.assertEqual(application.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                    self.assertEqual(application.execute("PRAGMA freelist_count").fetchone(), (0,))
                    application.close()
                    self.assertEqual(self.database.stat().st_size, report["bytes_after"])
                    self.assertEqual(list(other.iterdir()), [])

    def test_on_a_full_disk_there_is_a_way(self):
        small = self.small_disk(self.root / "small 24", 24)
        self.database = small / "app.db"
        self.repository = small / "repository"
        self.init()
        devteam_database.create(self.database, 400)
        self.call("backup", self.database)
        db = sqlite3.connect(self.database)
        db.execute("UPDATE events SET message = hex(randomblob(length(message) / 2))")
        db.commit()
        db.close()
        (small / "reserve").write_bytes(os.urandom(6 << 20))
        self.fill(small)
        state = stories.sha256_of(self.database)
        refused = self.call("maintain", "cleanup", self.database, *RULE, code=10).error
        self.assertIn("nothing was written", refused["message"])
        self.assertIn("--no-backup", refused["advice"])
        self.assertIn("-r REPOSITORY", refused["advice"])
        self.assertEqual(stories.sha256_of(self.database), state)
        # Room for a journal is needed in any case.
        (small / "reserve").unlink()
        elsewhere = self.root / "elsewhere"
        self.call("init", "-r", elsewhere)
        report = self.call("maintain", "cleanup", self.database, *RULE, "-r", elsewhere).json
        self.assertGreater(report["before"]["number"], 0)
        self.fill_again(small)
        full = self.call("maintain", "vacuum", self.database, "-r", elsewhere, code=10).error
        self.assertIn("--by-way-of", full["advice"])
        self.call("maintain", "cleanup", self.database, "--table", "events", "--column", "timestamp", "--older-than", "1d", "--no-backup", "--yes", code=None)
        self.assertEqual(self.maintain("check")["integrity"], "ok")

    def test_where_deleting_itself_has_no_room_the_ways_are_named(self):
        small, application = self.nearly_empty_on_a_full_disk("small for a journal", "delete")
        application.execute("ALTER TABLE notes ADD COLUMN at")
        application.execute("UPDATE notes SET at = '2020-01-01'")
        application.close()
        self.fill(small)
        before = self.listing(small)
        error = self.maintain("cleanup", "--table", "notes", "--column", "at", "--older-than", "1d", code=10)
        self.assertIn("nothing was deleted", error["message"])
        self.assertIn("-r REPOSITORY", error["advice"])
        self.assertIn("--no-backup", error["advice"])
        self.assertEqual(self.listing(small), before)

    def nearly_empty_on_a_full_disk(self, name, journal):
        """Most of its rows are gone, and what is free is not enough for it once more."""
        small = self.small_disk(self.root / name, 24)
        self.database = small / "app.db"
        application = sqlite3.connect(self.database, isolation_level=None)
        application.execute("PRAGMA journal_mode = " + journal)
        application.execute("PRAGMA wal_autocheckpoint = 0")
        application.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, body)")
        application.execute("BEGIN")
        application.executemany("INSERT INTO notes(body) VALUES (?)", ((self.random.randbytes(1000),) for _ in range(8000)))
        application.execute("COMMIT")
        application.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        application.execute("DELETE FROM notes WHERE id % 5 <> 0")
        return small, application

    def test_vacuum_by_way_of_needs_only_the_room_of_the_journal(self):
        other = self.root / "other disk"
        other.mkdir()
        for journal in ("delete", "persist", "wal"):
            with self.subTest(journal=journal):
                small, application = self.nearly_empty_on_a_full_disk(f"small {journal}", journal)
                state = stories.content_hash(self.database)
                pages = application.execute("PRAGMA page_count").fetchone()[0] - application.execute("PRAGMA freelist_count").fetchone()[0]
                if journal == "delete":  # the others have what they need in the journal, or the WAL, that is there
                    self.fill(small)
                    before = self.listing(small)
                    refused = self.maintain("vacuum", "--by-way-of", other, code=10)
                    self.assertIn("0 B are free", refused["message"])
                    self.assertIn("nothing was changed", refused["message"])
                    self.assertIn("make that room in", refused["advice"])
                    self.assertEqual(self.listing(small), before)
                    (small / "filler").unlink()
                self.fill(small, leave=pages * (4096 + 32) + 65536 if journal == "delete" else 0)
                report = self.maintain("vacuum", "--by-way-of", other)
                self.assertLess(report["bytes_after"], report["bytes_before"] / 3)
                self.assertEqual(stories.content_hash(self.database), state)
                self.assertEqual(application.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                application.close()
                self.assertEqual(self.database.stat().st_size, report["bytes_after"])
                self.assertEqual(stories.content_hash(self.restore_copy(report["before"]["number"])), state)
                self.assertEqual(list(other.iterdir()), [])

    def fill_again(self, folder):
        (folder / "filler").rename(folder / "filler 1")
        self.fill(folder)

    def test_all_in_order_and_stopping_at_the_first_failure(self):
        devteam_database.create(self.database)
        report = self.maintain("all", *RULE)
        self.assertEqual(report["done"], ["backup", "cleanup", "vacuum", "analyze", "check", "stats"])
        self.assertEqual(report["failed_step"], "")
        self.assertEqual(len(self.numbers()), 1)
        sizes = {table["table"]: table["rows"] for table in report["stats"]["tables"]}
        self.assertEqual(sizes["events"], devteam_database.counts(self.database)["events"])
        failed = self.maintain("all", "--table", "sessions", "--column", "no_such", "--older-than", "1d", code=2)
        self.assertEqual((failed["done"], failed["failed_step"]), (["backup"], "cleanup"))

    def test_beside_a_writer(self):
        for journal in ("wal", "delete"):
            self.database = self.work / f"busy {journal}.db"
            stories.create_ledger(self.database, journal, rows=2000).close()
            writer = self.writer(journal=journal)
            self.maintain("check", "--wait", "60")
            self.maintain("analyze", "--wait", "60")
            self.maintain("vacuum", "--wait", "60", code=None)
            counted = writer.stop()["count"]
            self.assertEqual(stories.prove(self.database), counted)

    def test_without_a_name_it_is_each_database_of_the_settings(self):
        devteam_database.create(self.database, journal="wal")
        other = self.work / "other.db"
        stories.create_ledger(other).close()
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\n[[source.app.cleanup]]\ntable = "sessions"\ncolumn = "ended_at"\nolder_than = "30d"\n'
                                                 '[source.other]\ndatabases = ["other.db", "missing.db"]\n')
        for what in ("check", "cleanup", "vacuum", "analyze", "stats"):
            report = self.call("maintain", what, use_repository=what != "stats", code=5).json
            self.assertEqual([pathlib.Path(one["database"]).name for one in report["databases"]], ["app.db", "other.db", "missing.db"])
            lacks_the_missing_one = 3 if what in ("vacuum", "analyze") else 0  # the backup before it, of the whole source; without a rule there is none
            self.assertEqual([one["exit_code"] for one in report["databases"]], [0, lacks_the_missing_one, 5], what)
            alone = self.call("maintain", what, self.database, use_repository=what != "stats").json
            same = ("integrity", "rules", "bytes_after", "indexes", "pages")
            if what != "cleanup":
                self.assertEqual([report["databases"][0]["maintained"][name] for name in same if name in alone], [alone[name] for name in same if name in alone], what)
        text = subprocess.run(self.command("maintain", "cleanup"), capture_output=True, text=True, env=self.environment, cwd=self.work)
        self.assertIn("there is no rule for it", text.stdout)
        (self.work / "holdfast.toml").unlink()
        self.assertIn("name the database", self.call("maintain", "check", code=2).error["advice"])

    def test_a_file_without_a_byte_is_no_database_yet(self):
        self.database.touch()
        for what in ("vacuum", "analyze"):
            self.assertIn("is empty: no database yet", self.maintain(what, code=2)["message"])
        self.assertEqual(self.database.stat().st_size, 0)
        self.assertEqual(self.numbers(), [])

    def test_rules_of_the_settings_clean_up_every_database_of_them(self):
        devteam_database.create(self.database, journal="wal")
        other = self.work / "other.db"
        stories.create_ledger(other).close()
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\n[[source.app.cleanup]]\ntable = "sessions"\ncolumn = "ended_at"\nolder_than = "30d"\n'
                                                 'where = "status <> \'running\'"\n[source.other]\ndatabases = ["other.db"]\n')
        by_flags = self.maintain("cleanup", *RULE, "--dry-run")
        self.assertEqual(self.maintain("cleanup", "--dry-run")["rules"], by_flags["rules"])
        report = self.call("maintain", "all").json
        self.assertEqual([database["exit_code"] for database in report["databases"]], [0, 0])
        self.assertEqual(report["databases"][0]["maintained"]["cleanup"]["rules"], by_flags["rules"])
        self.assertNotIn("cleanup", report["databases"][1]["maintained"]["done"])
        entries = self.call("log").json["entries"]
        self.assertEqual([entry["event"] for entry in entries if entry["event"].startswith("maintain")], ["maintain all", "maintain all"])
        self.assertTrue(any(detail.startswith("cleanup_changes_deleted=") or detail.startswith("cleanup.changes.deleted=") for detail in entries[-2]["details"]), entries[-2])
        self.assertNotIn("running", json.dumps(entries))


if __name__ == "__main__":
    stories.main()
