"""The profiles, against applications of their shape: init in a project, backups while it writes, a loss, a restore, the scripts.

What the applications' own guides promise (times, numbers, names, arguments, texts, exit codes) is written out here."""

import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import unittest

import stories

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support/python"))
import applications  # noqa: E402

STAMP = r"\d{8}_\d{6}"
NEEDS_NODE = unittest.skipUnless(shutil.which("node") or os.environ.get("CI"), "no node here")


class Profiles(stories.Story):
    def setUp(self):
        super().setUp()
        programs = self.root / "bin"
        programs.mkdir()
        (programs / "holdfast").symlink_to(pathlib.Path(stories.PROGRAM).resolve())
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"

    def call(self, *words, **options):
        return super().call(*words, use_repository=False, **options)

    def make(self, kind, *flags):
        """The application in the working folder, and its profile."""
        self.app = kind(self.work)
        self.addCleanup(self.app.close)
        return self.call("init", "--profile", kind.profile, *flags).json

    def script(self, *words, code=0, environment=None, folder=None):
        ran = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=folder or self.work, env={**self.environment, **(environment or {})}, timeout=120)
        self.assertEqual(ran.returncode, code, f"{words}\n{ran.stdout}\n{ran.stderr}")
        return ran

    def backup_all(self, *flags, code=0):
        (source,) = self.call("backup", *flags, code=code).json["sources"]
        return source["backup"]

    def settings(self, *flags, environment=None):
        return {one["key"]: json.loads(one["value"]) for one in self.call("settings", "check", *flags, environment=environment).json["values"]}

    def copies(self, folder, pattern):
        """The plain copies: each a database that SQLite finds whole."""
        names = sorted(name for name in os.listdir(self.work / folder) if re.fullmatch(pattern, name))
        for name in names:
            db = sqlite3.connect(f"file:{self.work / folder / name}?mode=ro", uri=True)
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            db.close()
        return names

    def files_of(self, *paths):
        return {path: (self.work / path).read_bytes() for path in paths}

    def busy(self):
        """The application writes until the end of the test; how often it has."""
        stop, wrote = threading.Event(), [0]

        def work():
            while not stop.is_set():
                wrote[0] += 1
                self.app.write(wrote[0])
                stop.wait(0.001)

        thread = threading.Thread(target=work)
        thread.start()

        def end():
            stop.set()
            thread.join()

        self.addCleanup(end)
        return wrote, end


class EveryProfile(Profiles):
    def test_a_dry_run_says_what_would_be_written_and_writes_nothing(self):
        for kind in applications.ALL:
            with self.subTest(kind.profile):
                shutil.rmtree(self.work)
                self.work.mkdir()
                kind(self.work).close()
                scripts = ["--scripts"] if kind in (applications.DevTeam, applications.CiFixer, applications.Faiss) else []
                before = self.listing()
                told = self.call("init", "--profile", kind.profile, *scripts, "--dry-run").json
                self.assertEqual(self.listing(), before)
                made = self.call("init", "--profile", kind.profile, *scripts).json
                self.assertEqual((self.work / "holdfast.toml").read_text(), told["settings_text"])
                for field in ("repository", "repository_made", "settings", "settings_note", "sources", "scripts", "scripts_left_alone"):
                    self.assertEqual(told[field], made[field], field)
                again = self.call("init", "--profile", kind.profile, *scripts, "--dry-run").json
                self.assertEqual((again["settings"], again["repository_made"], again["scripts"]), ("", False, []))

    def test_a_loss_of_everything_is_taken_back(self):
        for kind in applications.ALL:
            with self.subTest(kind.profile):
                shutil.rmtree(self.work)
                self.work.mkdir()
                made = self.make(kind)
                self.assertEqual((made["settings_note"], len(made["sources"])), ("", 1))
                self.app.write(1)
                database = self.work / kind.database
                backup = self.backup_all()
                self.assertFalse(backup["partial"] or backup["unmet"], backup)
                state, files = stories.content_hash(database), self.files_of(*kind.required)
                self.app.close()
                for path in [kind.database, *kind.required]:
                    (self.work / path).unlink()
                self.call("restore", backup["number"], "--yes")
                self.assertEqual(stories.content_hash(database), state)
                self.assertEqual(self.files_of(*kind.required), files)
                self.call("verify")
                self.call("drill")

    def test_backups_of_an_application_that_keeps_writing(self):
        for kind in applications.ALL:
            with self.subTest(kind.profile):
                shutil.rmtree(self.work)
                self.work.mkdir()
                self.make(kind)
                wrote, end = self.busy()
                said = []
                for _ in range(8):
                    begun = wrote[0]
                    while wrote[0] < begun + 3:
                        pass
                    backup = self.backup_all(code=None if kind is applications.Faiss else 0)
                    said.append(backup)
                end()
                self.app.close()
                for backup in said:
                    into = self.root / f"{kind.profile} {backup['number']}"
                    self.call("restore", backup["number"], "--to", into)
                    database = into if into.is_file() else next(into.rglob(pathlib.Path(kind.database).name))
                    count = self.app.holds(database)
                    if not backup["unmet"] and kind is applications.Faiss:  # else it has said that it does not agree
                        self.assertEqual(applications.ids_in_npz(next(into.rglob("1.npz"))), list(range(1, count + 1)), backup)
                if kind is applications.Faiss:
                    self.assertTrue(self.backup_all()["agreement"][0]["verdict"] == "agrees")  # it has finished its last step

    def test_every_key_is_known_and_nothing_is_overwritten(self):
        for kind in applications.ALL:
            with self.subTest(kind.profile):
                shutil.rmtree(self.work)
                self.work.mkdir()
                self.make(kind)
                self.assertTrue(self.call("settings", "check").json["good"])
                text = (self.work / "holdfast.toml").read_text()
                self.assertTrue(text.startswith("# Settings of holdfast for "))
                (self.work / "holdfast.toml").write_text(text + "# mine\n")
                again = self.call("init", "--profile", kind.profile).json
                self.assertIn("left alone", again["settings_note"])
                self.assertEqual(((self.work / "holdfast.toml").read_text(), again["repository_made"]), (text + "# mine\n", False))

    def test_schedules_run_what_is_said(self):
        times = {"devteam": "0 2 * * *", "ci-fixer": None, "prt": None, "faiss": None, "oak": "0 * * * *"}
        for kind in applications.ALL:
            with self.subTest(kind.profile):
                shutil.rmtree(self.work)
                self.work.mkdir()
                self.make(kind)
                printed = self.script("holdfast", "schedule", "install", "--print", "cron").stdout
                lines = {job: line for line in printed.splitlines() for job in [re.search(r"'run' '(\w+)' --quiet", line)] if job for job in [job[1]]}
                self.assertEqual(set(lines), {"backup", "verify", "drill", "prune"}, printed)
                for job in ("verify", "drill"):
                    self.assertRegex(lines[job], r"^\d+ \d+ \* \* 0 ")  # weekly
                if times[kind.profile]:
                    self.assertTrue(lines["backup"].startswith(times[kind.profile] + " "), lines["backup"])
                else:
                    self.assertRegex(lines["backup"], r"^\d+ \d+ \* \* \* ")  # daily

    def test_without_a_database_yet(self):
        made = self.call("init", "--profile", "prt").json
        self.assertIn("not there yet", made["settings_note"])
        self.call("backup", code=5)
        app = applications.Prt(self.work)
        self.addCleanup(app.close)
        self.backup_all()

    def test_what_is_asked_wrongly_makes_nothing(self):
        self.assertIn("ci-fixer, devteam, faiss, oak, prt", self.call("init", "--profile", "other", code=2).error["advice"])
        self.call("init", "--profile", "../profiles/prt", code=2)
        self.call("init", "--scripts", code=2)
        self.call("init", "--profile", "prt", "--scripts", code=2)
        self.call("init", "--profile", "prt", "--no-settings", code=2)
        self.call("init", "--profile", "prt", "x.db", code=2)
        self.assertEqual(list(self.work.iterdir()), [])

    def test_the_repository_lies_where_it_is_said(self):
        key = self.root / "a key"
        made = self.call("init", "--profile", "prt", "-r", self.root / "kept", "--encrypt", "--key-file", key).json
        self.assertEqual(made["repository"], str(self.root / "kept"))
        app = applications.Prt(self.work)
        self.addCleanup(app.close)
        self.backup_all()
        self.assertEqual(len(self.call("list").json["backups"]), 1)
        self.assertFalse((self.work / ".holdfast").exists())


class DevTeam(Profiles):
    SCRIPT = "scripts/db-maintenance.sh"

    def test_the_whole_folder_and_nothing_of_its_copies(self):
        self.make(applications.DevTeam)
        (self.work / ".devteam/devteam.db.bak").write_bytes((self.work / ".devteam/devteam.db").read_bytes())
        self.backup_all()
        held = {line for line in self.script("holdfast", "files", "latest").stdout.splitlines()}
        for path in (".devteam/memory/session 1/plan.md", ".devteam/config.yaml", ".devteam/progress.txt", ".devteam/checkpoints/chkpt-20260129-120000-0000abcd/manifest.json"):
            self.assertIn(str(self.work / path), held)
        self.assertFalse([path for path in held if "/backups" in path or path.endswith(".bak")])

    def test_retention_as_its_guide_has_it(self):
        self.make(applications.DevTeam)
        settings = self.settings()
        self.assertEqual([settings[f"retention.{key}"] for key in ("automatic.keep_last", "automatic.keep_daily", "manual.keep_weekly", "tag.archive.keep_monthly")], [5, 7, 4, 12])
        self.assertEqual(settings["schedule.backup"], "daily 02:00")
        for number in range(8):
            self.app.write(number)
            self.backup_all("--kind", "automatic")
        self.call("verify", "--all")  # else the oldest stays, as nobody knows whether any other can be restored
        self.call("forget", "--policy")
        self.assertEqual(self.numbers(), [8, 7, 6, 5, 4, 1])  # the first is the oldest of its day
        self.assertEqual(len(self.copies(".devteam/backups", r"devteam-\d{8}-\d{6}(_\d+)?\.db")), 5)

    def numbers(self):
        return [one["number"] for one in self.call("list").json["backups"]]

    def test_the_script(self):
        made = self.make(applications.DevTeam, "--scripts")
        self.assertEqual(made["scripts"], [str(self.work / self.SCRIPT)])
        self.assertEqual((self.work / self.SCRIPT).stat().st_mode & 0o777, 0o755)
        ran = self.script(self.SCRIPT, "backup")
        line = r"\[[-0-9]+ [:0-9]+\] \[devteam\] \[info\] \[maintenance\] "
        said = [line + "Creating database backup\\.\\.\\.", line + r"Backup created: (\.devteam/backups/devteam-\d{8}-\d{6}\.db)", line + r"Rotating old backups \(keeping 5\)\.\.\.", line + "Backup complete"]
        self.assertRegex(ran.stderr, "^" + "\n".join(said) + "\n$")
        copy = self.work / re.search(said[1], ran.stderr)[1]
        self.app.holds(copy)
        ran = self.script(self.SCRIPT, "check")
        for text in ("Database integrity check passed", "Foreign key check passed"):
            self.assertRegex(ran.stderr, f"(?m)^{line}{text}$")
        for command in ("stats", "vacuum", "analyze"):
            self.script(self.SCRIPT, command)
        self.assertIn("sessions", self.script(self.SCRIPT, "stats").stdout)
        old = "SELECT count(*) FROM sessions WHERE ended_at < datetime('now', '-30 days') AND status <> 'running'"
        self.assertGreater(self.app.db.execute(old).fetchone()[0], 0)
        self.script(self.SCRIPT, "cleanup")
        self.assertEqual(self.app.db.execute(old).fetchone()[0], 0)
        self.assertIn("Backup complete", self.script(self.SCRIPT, "all").stderr)
        self.assertIn("Usage", self.script(self.SCRIPT).stdout)
        self.assertIn("Unknown command", self.script(self.SCRIPT, "restore", code=1).stderr)

    def test_the_script_in_trouble(self):
        self.make(applications.DevTeam, "--scripts")
        self.script(self.SCRIPT, "backup")
        self.app.db.execute("PRAGMA foreign_keys = OFF")
        self.app.db.execute("INSERT INTO events(session_id, event_type) VALUES ('nobody', 'x')")
        self.assertIn("[warn] [maintenance] Foreign key check found violations", self.script(self.SCRIPT, "check").stderr)
        self.app.close()
        with open(self.work / ".devteam/devteam.db", "r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\x55" * 4096 * 4)
        self.assertIn("Database integrity check failed", self.script(self.SCRIPT, "check", code=1).stderr)
        (self.work / ".devteam/devteam.db").unlink()
        for command in ("backup", "check", "all"):
            self.assertIn("Database not found. Run db-init.sh first.", self.script(self.SCRIPT, command, code=1).stderr)

    def test_a_script_that_is_there_stays(self):
        (self.work / "scripts").mkdir()
        (self.work / self.SCRIPT).write_text("#!/bin/sh\n# mine\n")
        made = self.make(applications.DevTeam, "--scripts")
        self.assertEqual((made["scripts"], made["scripts_left_alone"]), ([], [str(self.work / self.SCRIPT)]))
        self.assertEqual((self.work / self.SCRIPT).read_text(), "#!/bin/sh\n# mine\n")
        (self.work / self.SCRIPT).unlink()
        self.assertEqual(self.call("init", "--profile", "devteam", "--scripts").json["scripts"], [str(self.work / self.SCRIPT)])


class CiFixer(Profiles):
    def test_environments(self):
        self.make(applications.CiFixer)
        settings = self.settings()
        self.assertEqual((settings["schedule.backup"], settings["source.ci-fixer.databases"]), ("daily", [str(self.work / "agent.db")]))
        self.assertEqual([settings[f"retention.automatic.keep_{span}"] for span in ("daily", "weekly", "monthly")], [7, 4, 12])
        live = self.settings("--environment", "production", environment={"DATABASE_URL": "file:./live/agent.db?connection_limit=1"})
        self.assertEqual((live["schedule.backup"], live["source.ci-fixer.databases"]), ("hourly", [str(self.work / "live/agent.db")]))
        self.assertEqual((live["targets.rpo"], live["targets.rto_corruption"], live["targets.rto_deletion"], live["targets.rto_server"]), ("1h", "15m", "10m", "30m"))
        self.call("backup", "--environment", "production", code=2)  # nothing says which database
        elsewhere = self.root / "elsewhere.db"
        shutil.copy(self.work / "agent.db", elsewhere)
        (source,) = self.call("backup", environment={"DATABASE_URL": f"file:{elsewhere}"}).json["sources"]
        self.assertEqual([one["path"] for one in source["backup"]["databases"]], [str(elsewhere)])

    def test_the_database_where_prisma_makes_it(self):
        applications.CiFixer(self.work).close()
        (self.work / "agent.db").rename(self.work / "prisma/agent.db")
        made = self.call("init", "--profile", "ci-fixer").json
        self.assertEqual(made["settings_note"], "")
        self.assertEqual([one["path"] for one in self.backup_all()["databases"]], [str(self.work / "prisma/agent.db")])

    def test_two_databases_are_a_doubt(self):
        applications.CiFixer(self.work).close()
        shutil.copy(self.work / "agent.db", self.work / "prisma/agent.db")
        self.assertRegex(self.call("init", "--profile", "ci-fixer").json["settings_note"], r"both \S.*agent\.db and .*prisma/agent\.db are there")

    def test_env_is_kept_without_its_secrets_and_never_replaced(self):
        self.make(applications.CiFixer)
        secret = "sk-" + "a1B2c3D4" * 5
        (self.work / ".env").write_text(f"PORT=3000\nOPENAI_API_KEY={secret}\n")
        backup = self.backup_all()
        self.assertEqual(self.script("holdfast", "cat", "latest:.env").stdout, "PORT=3000\nOPENAI_API_KEY=[removed]\n")
        for path in (self.work / ".holdfast").rglob("*"):
            self.assertFalse(path.is_file() and secret.encode() in path.read_bytes(), path)
        self.call("restore", backup["number"], "--yes")
        self.assertIn(secret, (self.work / ".env").read_text())
        (self.work / ".env").unlink()
        self.call("restore", backup["number"], "--yes")
        self.assertEqual((self.work / ".env").read_text(), "PORT=3000\nOPENAI_API_KEY=[removed]\n")

    def test_cleanup_as_its_policy_has_it(self):
        self.make(applications.CiFixer)
        self.call("maintain", "cleanup")
        left = [[row[0] for row in self.app.db.execute(f"SELECT id FROM {table} ORDER BY id")] for table in ("LearningFailure", "LearningSuccess")]
        self.assertEqual(left, [["failure:1", "failure:89"], ["success:1", "success:89", "success:91"]])

    @NEEDS_NODE
    def test_the_scripts(self):
        for module in ("module", "commonjs"):
            with self.subTest(module):
                shutil.rmtree(self.work)
                self.work.mkdir()
                made = self.make(applications.CiFixer, "--scripts")
                self.assertEqual([pathlib.Path(path).name for path in made["scripts"]], ["backup-database.js", "verify-backup.js"])
                (self.work / "package.json").write_text(json.dumps({"version": "1.4.2", "type": module}))
                ran = self.script("node", "scripts/backup-database.js")
                database = re.escape(str(self.work / "agent.db"))
                copy = re.escape(str(self.work / "backups/agent.db.")) + STAMP
                texts = ["Starting database backup\\.\\.\\.", f"Source: {database}", f"Destination: {copy}", "Backup completed successfully!", r"Size: \d+\.\d\d MB",
                         f"Location: ({copy})", f"Metadata saved: {re.escape(str(self.work / 'backups/agent.db.meta.json'))}", "All done!"]
                self.assertRegex(ran.stdout, "^" + "".join(rf"\[Backup\] {text}\n" for text in texts) + "$")
                copy = re.search("Location: (.*)", ran.stdout)[1]
                self.app.holds(copy)
                self.assertEqual(self.call("show").json["backup"]["tags"], ["version=1.4.2"])
                for path in applications.CiFixer.required:
                    self.assertEqual(self.script("holdfast", "cat", f"latest:{path}").stdout, (self.work / path).read_text())
                out = self.script("node", "scripts/verify-backup.js", "--backup", os.path.relpath(copy, self.work)).stdout
                self.assertIn("[Verify] Integrity check: ok\n", out)
                self.assertIn("[Verify] Backup verified successfully!\n", out)

    @NEEDS_NODE
    def test_the_scripts_arguments(self):
        self.make(applications.CiFixer, "--scripts")
        self.script("node", "scripts/backup-database.js", "--output", "./elsewhere", "--compress")
        (copy,) = [name for name in os.listdir(self.work / "elsewhere") if name.endswith(".gz")]
        self.assertRegex(copy, rf"^agent\.db\.{STAMP}\.gz$")
        self.script("node", "scripts/verify-backup.js", "--backup", f"elsewhere/{copy}")
        self.assertIn("[Backup] Fatal error: unknown argument --what", self.script("node", "scripts/backup-database.js", "--what", code=1).stderr)
        self.assertIn("[Verify] Usage", self.script("node", "scripts/verify-backup.js", code=1).stderr)

    @NEEDS_NODE
    def test_the_scripts_in_trouble(self):
        self.make(applications.CiFixer, "--scripts")
        self.script("node", "scripts/backup-database.js")
        (copy,) = self.copies("backups", rf"agent\.db\.{STAMP}")
        with open(self.work / "backups" / copy, "r+b") as file:
            file.seek(5000)
            file.write(b"x")
        for file in (f"backups/{copy}", "backups/none", "package.json"):
            self.assertIn("[Verify] Backup verification failed", self.script("node", "scripts/verify-backup.js", "--backup", file, code=1).stderr)
        self.assertIn(f"there is no file {self.work / 'nope'}", self.script("node", "scripts/verify-backup.js", "--backup", "nope", code=1).stderr)
        self.environment["DATABASE_URL"] = "postgresql://localhost/app"
        told = self.script("node", "scripts/backup-database.js", code=1).stderr
        self.assertIn("[Backup] Fatal error: ", told)
        self.assertIn("DATABASE_URL", told)
        self.assertNotIn('"error"', told)
        del self.environment["DATABASE_URL"]
        self.app.close()
        (self.work / "agent.db").unlink()
        self.assertIn(f"[Backup] Error: Database file not found at {self.work / 'agent.db'}\n", self.script("node", "scripts/backup-database.js", code=1).stderr)
        shutil.rmtree(self.work / ".holdfast")
        (self.work / "agent.db").write_bytes(b"")
        self.assertIn("[Backup] Fatal error: ", self.script("node", "scripts/backup-database.js", code=1).stderr)


class Prt(Profiles):
    def test_ten_automatic_backups_in_all_and_every_manual_one(self):
        self.make(applications.Prt)
        manual = self.backup_all("--comment", "before reorganization")["number"]
        for number in range(12):
            self.app.write(number)
            self.backup_all("--operation", f"operation_{number % 3}")
        self.call("forget", "--policy")
        kinds = [one["kind"] for one in self.call("list").json["backups"]]
        self.assertEqual((kinds.count("automatic"), kinds.count("manual")), (10, 1))
        folder = "prt_data/backups"
        self.assertEqual(len(self.copies(folder, rf"prt\.db\.backup_{STAMP}(_\d+)?_auto(_\d+)?\.db")), 10)
        (copy,) = self.copies(folder, rf"prt\.db\.backup_{STAMP}\.db")
        listed = json.loads((self.work / folder / "backup_metadata.json").read_text())["backups"]
        self.assertEqual(len(listed), 11)
        (entry,) = [one for one in listed if not one["is_auto"]]
        self.assertEqual((entry["comment"], entry["backup_path"]), ("before reorganization", str(self.work / folder / copy)))
        self.assertEqual(self.call("restore", manual, "--yes").json["number"], manual)

    def test_writes_are_backed_up_before(self):
        self.make(applications.Prt)
        self.call("exec", "prt_data/prt.db", "DELETE FROM contacts")
        (backup,) = self.call("list").json["backups"]
        self.assertEqual(backup["kind"], "automatic")
        self.call("restore", backup["number"], "--yes")
        self.assertEqual(self.app.db.execute("SELECT count(*) FROM contacts").fetchone(), (30,))


if __name__ == "__main__":
    stories.main()
