"""The first minute: back up, list, look, bring back; nothing configured."""

import json
import sqlite3
import stories


class FirstMinute(stories.Story):
    def test_backup_without_a_repository_makes_one_beside_the_database_and_says_so(self):
        stories.create_ledger(self.database).close()
        answer = self.call("backup", self.database, use_repository=False).json
        self.assertTrue(answer["repository_created"])
        folder = self.work / ".holdfast"
        self.assertTrue(folder.is_dir())
        self.assertEqual((folder / ".gitignore").read_text().strip(), "*")
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        again = self.call("backup", self.database, use_repository=False).json
        self.assertFalse(again["repository_created"])
        self.assertEqual((answer["number"], again["number"]), (1, 2))
        listed = self.call("list", use_repository=False).json["backups"]
        self.assertEqual([entry["number"] for entry in listed], [2, 1])

    def test_json_is_one_document_and_progress_is_lines_beside_it(self):
        self.init()
        stories.create_ledger(self.database, rows=2000).close()
        answer = self.call("backup", self.database)
        self.assertEqual(answer.json["number"], 1)
        lines = [json.loads(line) for line in answer.err.splitlines()]
        self.assertTrue(lines)
        for line in lines:
            self.assertEqual(set(line), {"progress", "done", "total", "unit", "seconds"})
        self.assertEqual(self.call("backup", self.database, "--full", "--quiet").err, "")

    def test_every_backup_restores_to_what_was_there(self):
        self.init()
        db = stories.create_ledger(self.database, rows=100)
        states = {}
        for step in range(5):
            db.execute("BEGIN")
            stories.append(db, 37)
            db.execute("COMMIT")
            report = self.backup(self.database, "--comment", f"step {step}")
            states[report["number"]] = stories.content_hash(self.database)
        db.close()
        self.assertEqual(self.numbers(), [5, 4, 3, 2, 1])
        for number, state in states.items():
            copy = self.restore_copy(number)
            self.assertEqual(stories.content_hash(copy), state)
            shown = self.call("show", number).json
            self.assertEqual(shown["members"][0]["sha256"], stories.sha256_of(copy))
        self.assertEqual(self.call("show", "latest~2").json["backup"]["comment"], "step 2")

    def test_in_place_restore_undoes_a_mistake_and_can_be_undone(self):
        self.init()
        db = stories.create_ledger(self.database)
        good = stories.content_hash(self.database)
        self.backup()
        db.execute("DELETE FROM ledger")
        bad = stories.content_hash(self.database)
        db.close()
        plan = self.call("restore", 1, "--dry-run").json
        self.assertEqual(stories.content_hash(self.database), bad)
        report = self.call("restore", 1).json
        self.assertEqual(plan["databases"][0]["route"], report["databases"][0]["route"])
        self.assertEqual(stories.content_hash(self.database), good)
        self.assertGreater(report["safety_number"], 1)
        self.call("restore", report["safety_number"])
        self.assertEqual(stories.content_hash(self.database), bad)

    def test_restoring_twice_and_undoing_twice(self):
        """With the application open all the while."""
        self.init()
        db = stories.create_ledger(self.database)
        states = []
        for step in range(3):
            if step:
                stories.append(db, 20)
            states.append(stories.content_hash(self.database))
            self.backup()
        self.call("restore", 1)
        self.call("restore", 2)
        self.assertEqual(stories.content_hash(self.database), states[1])
        self.call("undo")
        self.assertEqual(stories.content_hash(self.database), states[0])
        self.call("undo")
        self.assertEqual(stories.content_hash(self.database), states[2])
        self.assertEqual(self.call("undo", code=None).error["code"], "not_found")
        self.assertEqual(stories.content_hash(self.database), states[2])
        stories.append(db, 5)
        self.assertEqual(db.execute("SELECT count(*) FROM ledger").fetchone(), (stories.prove(self.database),))
        db.close()

    def test_a_deleted_database_comes_back_with_its_mode(self):
        self.init()
        stories.create_ledger(self.database, journal="delete").close()
        self.database.chmod(0o640)
        before = stories.sha256_of(self.database)
        self.backup()
        self.database.unlink()
        self.assertEqual(self.call("restore", "latest").json["databases"][0]["writers_blocked_ms"], 0)  # nobody had it
        self.assertEqual(stories.sha256_of(self.database), before)
        self.assertEqual(self.database.stat().st_mode & 0o777, 0o640)

    def test_unchanged_databases_are_not_stored_again(self):
        self.init()
        stories.create_ledger(self.database).close()
        self.backup()
        second = self.backup()
        self.assertEqual(second["number"], 2)
        self.assertTrue(second["databases"][0]["unchanged"])
        self.assertLess(second["bytes_stored"], 32 * 1024)
        third = self.call("backup", self.database, "--skip-unchanged").json
        self.assertTrue(third["confirmed_only"])
        self.assertEqual(third["number"], 2)

    def test_errors_name_the_neighbours_and_the_way_on(self):
        self.init()
        stories.create_ledger(self.database).close()
        self.backup()
        unknown = self.call("restore", 7, "--to", self.root / "x.db", code=None)
        self.assertNotEqual(unknown.code, 0)
        self.assertIn("1", unknown.error["message"] + unknown.error["advice"])
        (self.root / "there.db").write_text("mine")
        refused = self.call("restore", 1, "--to", self.root / "there.db", code=None)
        self.assertEqual(refused.error["code"], "exists")
        self.assertEqual((self.root / "there.db").read_text(), "mine")
        nowhere = self.call("list", "-r", self.root / "nowhere", code=None)
        self.assertIn(str(self.root / "nowhere"), nowhere.error["message"])
        self.assertTrue(nowhere.error["advice"])

    def test_flags_may_stand_before_the_command(self):
        stories.create_ledger(self.database).close()
        self.init()
        before = self.call("-r", self.repository, "-q", "backup", self.database, "--comment=before", use_repository=False)
        self.assertEqual(before.json["number"], 1)
        self.assertEqual(self.call(f"--repository={self.repository}", "show", 1, use_repository=False).json["backup"]["comment"], "before")
        self.assertEqual(self.call("-r", "list", "list", use_repository=False, code=None).error["code"], "not_found")  # a repository of that name
        self.assertEqual(self.call("-nr", self.repository, "restore", 1, use_repository=False).json["dry_run"], True)  # list's -n takes a value
        self.assertEqual(self.call(f"-r{self.repository}", "-n", 1, "list", use_repository=False).json["backups"][0]["number"], 1)
        near = self.call("-r", self.repository, "bakup", use_repository=False, code=2).error
        self.assertEqual(near["advice"], "holdfast backup")
        self.assertIn("none is named", self.call("-r", self.repository, use_repository=False, code=2).error["message"])

    def test_forget_recall_and_prune(self):
        self.init()
        db = stories.create_ledger(self.database)
        for _ in range(4):
            db.execute("BEGIN")
            stories.append(db, 50)
            db.execute("COMMIT")
            self.backup()
        db.close()
        self.call("forget", 1, 2)
        self.assertEqual(self.numbers(), [4, 3])
        self.call("recall", 2)
        self.assertEqual(self.numbers(), [4, 3, 2])
        waiting = self.call("prune").json
        self.assertEqual((waiting["dropped"], waiting["in_grace"]), ([], 1))
        plan = self.call("prune", "--grace", "0", "--dry-run").json
        done = self.call("prune", "--grace", "0").json
        self.assertEqual((plan["dropped"], plan["bytes_freed"]), (done["dropped"], done["bytes_freed"]))
        self.assertEqual(done["dropped"], [1])
        for number in (2, 3, 4):
            self.prove_backup(number)
        self.assertEqual(self.call("recall", 1, code=None).error["code"], "not_found")
        self.assertEqual(self.backup()["number"], 5)
        self.verify_all(level="opened")


if __name__ == "__main__":
    stories.main()
