"""SQLite takes a file called app.db-wal for the log of app.db, whatever is in it: nothing of ours may get such a name."""

import pathlib

import stories


class SideFiles(stories.Story):
    def test_nothing_is_written_where_sqlite_looks_for_its_own(self):
        self.init()
        for journal in ("wal", "delete"):
            self.database = self.work / f"{journal}.db"
            stories.create_ledger(self.database, journal).close()
            number = self.backup()["number"]
            copy = self.restore_copy(number)
            state, before = stories.content_hash(self.database), self.listing()
            for end in ("-wal", "-shm", "-journal"):
                target = f"{self.database}{end}"
                for words in (["restore", number, "--to", target], ["restore", number, "--to", target, "--force"],
                              ["restore", "--from", copy, "--to", target], ["restore", "--from", copy, "--for", target, "--yes"], ["restore", number, "--to", target, "--dry-run"]):
                    error = self.call(*words, code=2).error
                    self.assertIn(f"take it for a part of {self.database}", error["message"], words)
                    self.assertIn("another name", error["advice"])
                    self.assertEqual(self.listing(), before, words)
            self.assertEqual(stories.content_hash(self.database), state)
        next_one = self.work / f"{self.numbers()[0] + 1}.db"
        stories.create_ledger(next_one).close()
        copied = self.call("backup", self.database, "--output", self.work, "--name", "{number}.db-wal", code=None)
        self.assertIn(f"take it for a part of {next_one}", copied.out + copied.err)
        self.assertNotEqual(copied.code, 0)
        self.assertFalse(pathlib.Path(f"{next_one}-wal").exists())
        free = self.root / "nothing-wal"
        self.call("restore", 1, "--to", free)
        self.assertGreater(stories.prove(free), 0)


if __name__ == "__main__":
    stories.main()
