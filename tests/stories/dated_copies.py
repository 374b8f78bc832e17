"""Copies in dated folders, and copies that were adopted before: from when they are, and that they are there afterwards."""

import datetime
import json
import os
import shutil

import stories


class DatedCopies(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        self.copies = self.root / "copies"
        self.db = stories.create_ledger(self.database, journal="delete", rows=300)
        self.addCleanup(self.db.close)

    def grow(self):
        self.db.execute("BEGIN")
        stories.append(self.db, 20)
        self.db.execute("COMMIT")

    def copy(self, name, modified=None):
        path = self.copies / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.database, path)
        if modified:
            os.utime(path, (modified, modified))
        return path

    def adopt(self, *words):
        return self.call("adopt", *words, "--for", self.database).json

    def test_a_folder_tells_the_time_where_no_name_and_no_description_does(self):
        day = datetime.datetime(2025, 5, 3, 4, 5, 6).timestamp()
        files = {
            "chkpt-20250501-120000/app.db": ("2025-05-01T12:00:00", "folder", None),
            "20250502_120000/data/app.db": ("2025-05-02T12:00:00", "folder", None),
            "2025-05-03/app.db": ("2025-05-03T04:05:06", "modified", day),
            "2025-05-04/app.db": ("2025-05-04T00:00:00", "day", None),
            "20250505_120000/app_20240101.db": ("2024-01-01T00:00:00", "day", None),
            "20250506_120000/app_20240102_030405.db": ("2024-01-02T03:04:05", "name", None),
            "20250507_120000/app_told.db": ("2024-02-03T04:05:06", "metadata", None),
        }
        for name, (_, _, modified) in files.items():
            self.grow()
            self.copy(name, modified)
        (self.copies / "20250507_120000/app_told.db.meta.json").write_text(json.dumps({"created_at": "2024-02-03T04:05:06Z"}))
        rehearsed, report = self.adopt(self.copies, "--dry-run"), self.adopt(self.copies)
        for told in (rehearsed, report):
            found = {os.path.relpath(backup["file"], self.copies): (backup["time"][:19], backup["time_from"]) for backup in told["backups"]}
            self.assertEqual(found, {name: expected[:2] for name, expected in files.items()})
        named = self.copy("20250508_120000/app.db")
        self.grow()
        shutil.copy(self.database, named)
        [alone] = self.adopt(named, "--dry-run")["backups"]
        self.assertEqual((alone["time"][:19], alone["time_from"]), ("2025-05-08T12:00:00", "folder"))
        times = [backup["time"] for backup in self.call("list").json["backups"]]
        self.assertEqual((len(times), times), (len(files), sorted(times, reverse=True)), "newest first, whatever their numbers are")

    def test_what_was_forgotten_is_recalled(self):
        copy = self.copy("app_20250101_120000.db")
        self.assertEqual(self.adopt(copy)["adopted"], 1)
        self.grow()
        self.backup()
        self.call("forget", 1)
        rehearsed = self.adopt(copy, "--dry-run")
        self.assertEqual(self.numbers(), [2])
        report = self.adopt(copy)
        for told in (rehearsed, report):
            self.assertEqual((told["adopted"], told["already_there"], told["recalled"], told["backups"][0]["state"], told["backups"][0]["number"]), (0, 0, 1, "recalled", 1))
        self.assertEqual(sorted(self.numbers()), [1, 2])
        self.call("prune", "--grace", 0)
        self.assertEqual(stories.sha256_of(self.restore_copy(1)), stories.sha256_of(copy))
        again = self.adopt(copy)
        self.assertEqual((again["already_there"], again["recalled"]), (1, 0))


if __name__ == "__main__":
    stories.main()
