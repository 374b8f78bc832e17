"""Settings: init writes them, check explains them, a slip of the finger is told with its line, and every source is backed up."""

import json
import os
import sqlite3
import stories


class Settings(stories.Story):
    def setUp(self):
        super().setUp()
        self.file = self.work / "holdfast.toml"
        stories.create_ledger(self.database).close()
        (self.work / "data").mkdir()
        sqlite3.connect(self.work / "data" / "jobs.db").executescript("CREATE TABLE jobs(n); INSERT INTO jobs VALUES (1);")
        (self.work / "data" / "notes.txt").write_text("no database, but long enough for a header\n")

    def by_settings(self, *words, **how):
        return self.call(*words, use_repository=False, **how)

    def append_to_settings(self, text):
        self.file.write_text(self.file.read_text() + text)

    def test_from_nothing_to_a_backup_of_every_source(self):
        made = self.by_settings("init").json
        self.assertEqual(made["settings"], str(self.file))
        self.assertEqual(made["sources"], ["app", "jobs"])
        self.assertTrue(self.by_settings("settings", "check").json["good"])
        report = self.by_settings("backup").json
        self.assertEqual([source["source"] for source in report["sources"]], ["app", "jobs"])
        self.assertEqual(self.by_settings("list").json["backups"][0]["number"], 2)
        for source, database in zip(report["sources"], (self.database, self.work / "data" / "jobs.db")):
            copy = self.root / f"{source['source']}.db"
            self.by_settings("restore", source["backup"]["number"], "--to", copy)
            self.assertEqual(stories.content_hash(copy), stories.content_hash(database))
        before = self.file.read_text()
        self.assertEqual(self.by_settings("init", code=6).error["code"], "exists")
        self.assertEqual(self.file.read_text(), before)

    def test_settings_are_found_from_below_and_paths_stay_where_they_are(self):
        self.by_settings("init")
        below = self.work / "data"
        self.work, above = below, self.work
        try:
            self.assertEqual(self.by_settings("backup").json["sources"][0]["backup"]["databases"][0]["path"], str(above / "app.db"))
        finally:
            self.work = above

    def test_a_slip_of_the_finger_is_told_with_its_line_and_the_key_that_was_meant(self):
        self.by_settings("init")
        self.append_to_settings("[retention]\nminimun_keep = 2\nundo_within = 30\n")
        line = self.file.read_text().splitlines().index("minimun_keep = 2") + 1
        report = self.by_settings("settings", "check", code=2).json
        self.assertEqual([(fault["line"], fault["key"]) for fault in report["faults"]], [(line, "retention.minimun_keep"), (line + 1, "retention.undo_within")])
        self.assertEqual(report["faults"][0]["advice"], "minimum_keep")
        error = self.by_settings("backup", code=2).error
        self.assertIn(f"{self.file}:{line}: retention.minimun_keep", error["message"])
        self.assertIn(f"{self.file}:{line + 1}: retention.undo_within", error["message"])
        self.assertEqual(self.by_settings("backup", self.database, "--settings", "none").json["number"], 1)

    def test_an_environment_lays_its_values_over_the_others(self):
        self.by_settings("init")
        elsewhere = self.root / "production"
        self.append_to_settings(f"[environment.production]\nrepository.path = {json.dumps(str(elsewhere))}\n[environment.production.source.app]\ncritical = true\n")
        values = {value["key"]: value for value in self.by_settings("settings", "check", "--environment", "production").json["values"]}
        self.assertEqual(json.loads(values["repository.path"]["value"]), str(elsewhere))
        self.assertEqual((values["repository.path"]["from"], values["source.app.critical"]["value"]), ("environment", "true"))
        production = {"HOLDFAST_ENVIRONMENT": "production"}
        self.by_settings("init", environment=production)
        self.by_settings("backup", environment=production)
        self.assertEqual(len(self.by_settings("list", "-r", elsewhere).json["backups"]), 2)
        self.assertEqual(self.by_settings("list").json["backups"], [])
        self.assertIn("production", self.by_settings("backup", "--environment", "prod", code=2).error["message"])

    def test_one_source_that_fails_does_not_stop_the_others(self):
        self.by_settings("init")
        self.database.unlink()
        self.assertIn(str(self.database), self.by_settings("settings", "check").json["warnings"][0])
        report = self.by_settings("backup", code=5).json
        self.assertEqual([source["error_code"] for source in report["sources"]], ["not_found", ""])
        self.assertEqual(report["sources"][1]["backup"]["source"], "jobs")

    def test_settings_that_anybody_could_have_written_are_not_believed(self):
        self.by_settings("init")
        self.file.chmod(0o666)
        self.assertIn("anybody may write", self.by_settings("backup", code=9).error["message"])
        self.file.chmod(0o644)
        os.chmod(self.work, 0o777)
        self.assertIn("run commands", self.by_settings("backup", code=9).error["message"])

    def test_people_read_faults_one_a_line(self):
        self.by_settings("init")
        self.append_to_settings("[targets]\nrpoo = 1\nrpo = 1\n")
        completed = stories.subprocess.run([stories.PROGRAM, "list"], capture_output=True, text=True, cwd=self.work, env=self.environment)
        self.assertEqual(completed.returncode, 2)
        self.assertEqual(len([line for line in completed.stderr.splitlines() if line.startswith("  " + str(self.file))]), 2, completed.stderr)


if __name__ == "__main__":
    stories.main()
