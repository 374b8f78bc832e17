"""A database is moved: its backups go on at the new place, as those of the same source."""

import pathlib
import shutil
import sqlite3
import stories


class SourceMove(stories.Story):
    def setUp(self):
        super().setUp()
        stories.create_ledger(self.database, rows=3000).close()
        self.init()
        self.new = self.work / "elsewhere" / "moved.db"
        self.new.parent.mkdir()

    def move_file(self):
        shutil.move(self.database, self.new)

    def change(self, path, rows=5):
        db = sqlite3.connect(path)
        stories.append(db, rows)
        db.commit()
        db.close()

    def test_the_lineage_goes_on(self):
        first = self.backup()
        self.change(self.database)
        self.backup()
        old_content = stories.content_hash(self.database)
        self.move_file()
        self.change(self.new)
        listed = self.call("source", "list").json["sources"]
        self.assertEqual(listed[0]["missing"], [str(self.database)])
        before = self.numbers()
        dry = self.call("source", "move", self.database, self.new, "--dry-run").json
        self.assertEqual((self.numbers(), dry["number"], dry["to"]), (before, 0, str(self.new)))
        moved = self.call("source", "move", self.database, self.new).json
        self.assertEqual(moved["id"], listed[0]["id"])
        self.assertEqual(moved["backups"], 2)
        self.assertLess(moved["bytes_stored"], first["bytes_stored"] / 5, "what had not changed is there already")
        self.assertFalse([warning for warning in moved["warnings"] if "same database" in warning])
        self.change(self.new)
        after = self.backup(self.new)
        self.assertEqual(after["source"], first["source"])
        source = self.call("source", "list").json["sources"]
        self.assertEqual(len(source), 1)
        self.assertEqual((source[0]["paths"], source[0]["paths_before"], source[0]["backups"]), ([str(self.new)], [str(self.database)], 4))
        self.assertEqual(self.numbers("--source", first["source"]), self.numbers())
        # One retention for all of them.
        forgotten = self.call("forget", "--kind", "manual", "--keep-last", "1", "--source", first["source"]).json
        self.assertEqual(sorted(forgotten["numbers"]), [1, 2, 3])
        self.call("recall", *forgotten["numbers"])
        # An older backup is restored to where the database lies now.
        report = self.call("restore", 2, "--yes").json
        self.assertEqual(report["databases"][0]["to"], str(self.new))
        self.assertFalse(self.database.exists())
        self.assertEqual(stories.content_hash(self.new), old_content)
        self.call("undo", "--yes")
        self.verify_all(level="opened")
        self.assertIn("source move", [entry["event"] for entry in self.call("log").json["entries"]])

    def test_moved_twice(self):
        self.backup()
        content = stories.content_hash(self.database)
        self.move_file()
        self.call("source", "move", self.database, self.new)
        third = self.work / "third.db"
        shutil.move(self.new, third)
        self.call("source", "move", "app.db", third)
        self.assertEqual(self.call("restore", 1, "--yes").json["databases"][0]["to"], str(third))
        self.assertEqual(stories.content_hash(third), content)

    def test_settings_that_name_the_old_place_are_told_with_their_line(self):
        settings = self.work / "holdfast.toml"
        settings.write_text('[retention]\nminimum_keep = 2\n[source.app]\ndatabases = ["app.db"]\n')
        self.backup()
        self.move_file()
        told = self.call("source", "move", "app", self.new).json["settings"]
        self.assertIn(f"{settings}:4: source.app.databases", told[0])
        settings.write_text(settings.read_text().replace("app.db", "elsewhere/moved.db"))
        self.assertEqual(self.call("backup").json["sources"][0]["backup"]["source"], "app")
        self.assertEqual(len(self.call("source", "list").json["sources"]), 1)

    def test_a_repository_that_nobody_names_is_found_beside_the_old_place(self):
        old = self.work / "old" / "app.db"
        old.parent.mkdir()
        shutil.copy(self.database, old)
        self.call("backup", old, use_repository=False)
        shutil.move(old, self.new)
        moved = self.call("source", "move", old, self.new, use_repository=False).json
        self.assertEqual((moved["number"], moved["repository"]), (2, str(old.parent / ".holdfast")))
        self.assertTrue([warning for warning in moved["warnings"] if "-r" in warning and str(old.parent) in warning])
        self.assertFalse((self.new.parent / ".holdfast").exists())

    def test_another_database_in_its_place_is_told(self):
        self.backup()
        self.database.unlink()
        db = sqlite3.connect(self.new)
        db.execute("CREATE TABLE noise(x)")
        db.executemany("INSERT INTO noise VALUES (randomblob(3000))", [()] * 400)
        db.commit()
        db.close()
        self.assertTrue([warning for warning in self.call("source", "move", self.database, self.new).json["warnings"] if "same database" in warning])

    def test_what_is_doubtful_is_refused(self):
        self.backup()
        self.assertEqual(self.call("source", "move", self.database, self.new, code=5).error["code"], "not_found")
        shutil.copy(self.database, self.new)
        self.assertIn("still there", self.call("source", "move", self.database, self.new, code=6).error["message"])
        other = self.work / "other.db"
        stories.create_ledger(other, rows=10).close()
        self.backup(other)
        self.database.unlink()
        self.assertIn("backups of its own", self.call("source", "move", self.database, other, code=6).error["message"])
        db = sqlite3.connect(self.new)
        db.execute("PRAGMA application_id = 77")
        db.close()
        self.assertIn("application_id", self.call("source", "move", self.database, self.new, code=2).error["message"])
        self.assertEqual(self.call("source", "move", "nothing", self.new, code=5).error["code"], "not_found")
        self.assertEqual(len(self.numbers()), 2)
        self.assertFalse(pathlib.Path(self.database).exists())


if __name__ == "__main__":
    stories.main()
