"""The audit log: what was done is told, and whoever edits, cuts, reorders or replaces the log is found out."""

import hashlib
import json
import pathlib
import stories


class Audit(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        db = stories.create_ledger(self.database)
        for _ in range(3):
            db.execute("BEGIN")
            stories.append(db, 5)
            db.execute("COMMIT")
            self.backup()
        db.close()
        self.call("forget", 2)
        self.call("restore", 1)
        self.backup()
        (self.log,) = (self.home / ".state/holdfast/audit").glob("*.jsonl")
        self.whole = self.log.read_bytes()
        self.lines = self.whole.splitlines(keepends=True)

    def verdict(self, code=4):
        return self.call("log", "--verify", "--last", 0, code=code).json

    def damaged_lines(self):
        return [finding["line"] for finding in self.verdict()["damage"]]

    def test_every_operation_has_its_line_and_the_chain_is_what_sha256_says(self):
        entries = [json.loads(line) for line in self.lines]
        self.assertEqual([entry["event"] for entry in entries], ["init", "backup", "backup", "backup", "forget", "restore", "backup"])
        self.assertEqual([entry["sequence"] for entry in entries], list(range(1, 8)))
        self.assertEqual(entries[5]["numbers"], [1])
        self.assertEqual(self.log.stat().st_mode & 0o777, 0o600)
        previous = ""
        for line, entry in zip(self.lines, entries):
            self.assertEqual(entry["previous"], previous)
            previous = hashlib.sha256(line.rstrip(b"\n")).hexdigest()
        shown = self.verdict(code=0)
        self.assertTrue(shown["good"])
        self.assertGreaterEqual(shown["heads_matched"], 5)  # three backups, a safety backup, a note, a backup
        self.assertEqual(len(shown["entries"]), 7)

    def test_an_edited_line_is_found(self):
        for at, line in enumerate(self.lines[:-1]):
            edited = list(self.lines)
            edited[at] = line.replace(b'"outcome":"done"', b'"outcome":"none"')
            self.log.write_bytes(b"".join(edited))
            self.assertIn(at + 1, self.damaged_lines())

    def test_a_log_edited_and_chained_again_is_found_by_what_backups_know(self):
        entries = [json.loads(line) for line in self.lines]
        entries[5]["event"] = "verify"  # no restore ever happened
        forged, previous = b"", ""
        for entry in entries:
            entry["previous"] = previous
            line = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()
            previous = hashlib.sha256(line).hexdigest()
            forged += line + b"\n"
        self.log.write_bytes(forged)
        self.assertIn(6, self.damaged_lines())  # the last backup knew entry 6

    def test_a_cut_tail_is_found(self):
        self.log.write_bytes(b"".join(self.lines[:4]))
        damage = self.verdict()["damage"]
        self.assertTrue(any("its tail was cut" in finding["what"] for finding in damage), damage)
        self.backup()  # goes on from there; the cut does not heal
        self.assertTrue(self.verdict()["damage"])

    def test_the_last_entry_edited_or_removed_is_found_without_any_backup_after_it(self):
        self.assertTrue(self.verdict(code=0)["good"])
        self.log.write_bytes(b"".join(self.lines[:-1]))
        self.assertTrue(any("the head beside the log knows entry 7" in finding["what"] for finding in self.verdict()["damage"]))
        self.log.write_bytes(b"".join(self.lines[:-1]) + self.lines[-1].replace(b'"outcome":"done"', b'"outcome":"none"'))
        self.assertEqual(self.damaged_lines(), [7])
        self.call("recall", 2)  # one more entry: the trace stays
        damage = self.verdict()["damage"]
        self.assertTrue(any("did not end as the head beside it said" in finding["what"] for finding in damage), damage)

    def test_a_log_without_its_head_says_what_is_not_proven(self):
        head = pathlib.Path(f"{self.log}.head")
        self.assertEqual(head.stat().st_mode & 0o777, 0o600)
        head.unlink()
        shown = self.verdict(code=0)
        self.assertTrue(shown["good"])
        self.assertIn("no head lies beside the log", shown["warnings"][0])
        head.write_text("torn by a power c")
        self.assertTrue(self.verdict(code=0)["good"])
        self.call("recall", 2)
        self.assertEqual(self.verdict(code=0)["warnings"], [])

    def test_swapped_removed_and_doubled_lines_are_found(self):
        for wrong in (self.lines[:2] + [self.lines[3], self.lines[2]] + self.lines[4:], self.lines[:2] + self.lines[3:],
                      self.lines[1:], self.lines[:3] + [self.lines[2]] + self.lines[3:]):
            self.log.write_bytes(b"".join(wrong))
            self.assertTrue(self.damaged_lines())

    def test_a_removed_log_is_found(self):
        self.log.unlink()
        self.assertIn("removed", self.verdict()["damage"][0]["what"])
        self.backup()  # begins a new one
        self.assertTrue(any("replaced" in finding["what"] for finding in self.verdict()["damage"]))

    def test_a_torn_last_line_is_kept_and_is_no_damage(self):
        torn = self.whole + self.lines[-1][:50]
        self.log.write_bytes(torn)
        self.assertTrue(self.verdict(code=0)["remarks"])
        self.backup()
        self.assertTrue(self.log.read_bytes().startswith(torn))
        self.assertIn('"event":"repaired"', self.log.read_text())
        self.assertTrue(self.verdict(code=0)["remarks"])

    def test_backups_of_operations_that_were_killed_are_told_and_are_no_damage(self):
        self.assertEqual(self.verdict(code=0)["unlogged"], [])
        migrate = self.work / "migrate"
        migrate.write_text("#!/bin/sh\nkill -9 $PPID\n")
        migrate.chmod(0o755)
        killed = stories.subprocess.run(self.command("guard", "--database", self.database, "-r", self.repository, "--", migrate), capture_output=True, cwd=self.work, env=self.environment, timeout=120)
        self.assertEqual(killed.returncode, -9)
        self.assertEqual(self.verdict(code=0)["unlogged"], [], "the backup itself had ended")
        db = stories.sqlite3.connect(self.database, isolation_level=None)
        stories.append(db, 1)
        db.close()
        settings = self.work / "holdfast.toml"
        settings.write_text("[source.app]\ndatabases = ['app.db']\n[[source.app.hooks.after_backup]]\ncommand = 'kill -9 $PPID'\n")
        killed = stories.subprocess.run(self.command("backup"), capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=120)
        self.assertEqual(killed.returncode, -9, killed.stderr)
        settings.unlink()
        newest = self.call("list").json["backups"][0]["number"]
        shown = self.verdict(code=0)
        self.assertEqual(shown["unlogged"], [newest])
        self.assertIn(f"backup #{newest} (manual", shown["remarks"][-1]["what"])
        self.assertTrue(shown["good"])
        text = stories.subprocess.run(self.command("log", "--verify"), capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=120).stdout
        self.assertIn("1 backup is in no entry", text)

    def test_what_failed_names_the_backups_that_it_made(self):
        self.call("exec", self.database, "DELETE FROM ledger WHERE n < 5; DELETE FROM nowhere", "--yes", code=None)
        self.call("exec", self.database, "UPDATE ledger SET n = (SELECT max(n) FROM ledger) WHERE n = 1", code=None)
        self.assertEqual(self.verdict(code=0)["unlogged"], [])

    def test_what_opens_no_repository_is_told_in_the_log_of_the_one_it_means(self):
        self.call("exec", self.database, "DELETE FROM ledger WHERE n = 1", "--no-backup", "--yes")
        self.call("maintain", "vacuum", self.database, "--no-backup", "--yes")
        self.call("exec", self.database, "DELETE FROM nowhere", code=None)
        stories.subprocess.run(self.command("guard", "--database", self.database, "-r", self.repository, "--", "false"), capture_output=True, cwd=self.work, env=self.environment, timeout=120)
        events = [entry["event"] for entry in self.verdict(code=0)["entries"]]
        self.assertEqual(events[7:], ["exec", "maintain vacuum", "exec", "backup", "guard"])
        self.assertEqual([log.name for log in self.log.parent.glob("*.jsonl")], [self.log.name])
        self.call("guard", "--database", self.work / "missing.db", "-r", self.root / "nowhere", "--", "true", code=None)
        self.assertIn("no-repository.jsonl", self.call("log").json["warnings"][0])

    def test_logs_of_other_machines_are_named_and_no_damage(self):
        elsewhere = {"XDG_STATE_HOME": str(self.root / "other machine")}
        self.call("backup", self.database, environment=elsewhere)
        shown = self.verdict(code=0)
        self.assertEqual(len(shown["other_logs"]), 0)  # their log had no entry yet when that backup was made
        self.call("backup", self.database, environment=elsewhere)
        shown = self.verdict(code=0)
        self.assertEqual(len(shown["other_logs"]), 1)
        there = self.call("log", "--verify", environment=elsewhere).json
        self.assertEqual(there["other_logs"], [json.loads(self.lines[0])["log"]])

    def test_a_state_folder_that_cannot_be_written_does_not_stop_a_backup(self):
        (self.root / "file").write_text("")
        answer = self.call("backup", self.database, environment={"XDG_STATE_HOME": str(self.root / "file")})
        self.assertIn("not in the audit log", answer.err)
        self.assertGreater(answer.json["number"], 0)

    def test_the_use_of_a_key_is_told_and_the_key_is_not(self):
        (self.root / "key").write_text("k3y-material-that-nobody-may-see-anywhere")
        sealed = ("-r", self.root / "sealed", "--key-file", self.root / "key")
        self.call("init", "--encrypt", *sealed)
        self.call("list", *sealed)
        (self.root / "wrong").write_text("another-key-that-does-not-fit-this-lock!!")
        self.call("list", "-r", self.root / "sealed", "--key-file", self.root / "wrong", code=9)
        entries = self.call("log", "-r", self.root / "sealed").json["entries"]
        self.assertEqual([(entry["event"], entry["outcome"]) for entry in entries], [("init", "done"), ("unlock", "done"), ("unlock", "failed")])
        for log in self.log.parent.glob("*.jsonl"):
            self.assertNotIn("k3y-material", log.read_text())
            self.assertNotIn("another-key", log.read_text())

    def test_a_recovery_log_tells_people(self):
        db = stories.sqlite3.connect(self.database, isolation_level=None)
        db.execute("DELETE FROM ledger WHERE n > 200")
        db.close()
        answer = self.call("restore", 1, "--cause", "Accidental cleanup", "--recovery-log", self.work / "RECOVERY.md")
        self.assertEqual(answer.json["data_lost"], "None")
        lines = (self.work / "RECOVERY.md").read_text().splitlines()
        self.assertEqual(lines[:2], ["# Recovery Log", ""])
        self.assertRegex(lines[2], r"^## \d{4}-\d\d-\d\d: Restored app\.db$")
        self.assertEqual(lines[3], "- Cause: Accidental cleanup")
        self.assertRegex(lines[4], r"^- Backup used: #1 of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
        self.assertEqual(lines[5], "- Data lost: None")
        self.assertRegex(lines[6], r"^- Time to recover: ")
        self.assertEqual(len(lines), 7)


if __name__ == "__main__":
    stories.main()
