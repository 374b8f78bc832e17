"""Schedules: installed and removed in a systemd and a crontab of pretence, said to systemd itself, run, missed and made up."""

import fcntl
import json
import os
import plistlib
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree
import stories

# Keep what they are called with; a crontab keeps its text, as the real one does.
SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$FAKE/systemctl.log"
test ! -e "$FAKE/no-systemd"
"""
CRONTAB = """#!/bin/sh
case "$1" in
-l) if test -e "$FAKE/table"; then cat "$FAKE/table"; else echo "no crontab for $USER" >&2; exit 1; fi ;;
-r) rm "$FAKE/table" ;;
*) tail -c1 "$1" | od -c | grep -q '\\\\n' || exit 1; cp "$1" "$FAKE/table"; echo x >> "$FAKE/writes" ;;
esac
"""
OTHERS = "MAILTO=ada\n# mine\t \n5 4 * * * echo 100\\% done\n\n@daily true\n"


class Schedule(stories.Story):
    def setUp(self):
        super().setUp()
        self.fake = self.root / "fake"
        self.fake.mkdir()
        for name, text in (("systemctl", SYSTEMCTL), ("crontab", CRONTAB)):
            (self.fake / name).write_text(text)
            (self.fake / name).chmod(0o755)
        self.config = self.home / "config"
        self.environment.update(PATH=f"{self.fake}:{os.environ['PATH']}", FAKE=str(self.fake), XDG_CONFIG_HOME=str(self.config), USER="ada")
        stories.create_ledger(self.database).close()
        self.init()
        self.units = self.config / "systemd/user"

    def install(self, *words, **options):
        return self.call("schedule", "install", self.database, *words, **options).json

    def schedule(self, *words, **options):
        return self.call("schedule", *words, use_repository=False, **options)

    def crontab(self):
        return (self.fake / "table").read_text()

    def test_systemd_timers_are_written_enabled_replaced_and_removed(self):
        self.units.mkdir(parents=True)
        (self.units / "holdfast-mine.timer").write_text("[Timer]\nOnCalendar=daily\n")
        plan = self.install("--dry-run")
        self.assertEqual(sorted(os.listdir(self.units)), ["holdfast-mine.timer"])
        report = self.install()
        self.assertEqual(report["by"], "systemd")
        self.assertEqual(report["files"], plan["files"])
        self.assertEqual(len(report["files"]), 10)
        for path in report["files"]:
            self.assertTrue(os.path.exists(path), path)
        calls = (self.fake / "systemctl.log").read_text().splitlines()
        enabled = [call for call in calls if call.startswith("--user enable --now")]
        self.assertEqual(len(enabled[0].split()), 3 + 5)
        self.assertLess(calls.index("--user daemon-reload"), calls.index(enabled[0]))
        before = {path.name: path.read_bytes() for path in self.units.iterdir()}
        self.install()
        self.assertEqual(before, {path.name: path.read_bytes() for path in self.units.iterdir()})
        fewer = self.install("--drill", "never", "--maintain", "never")
        self.assertEqual(len(fewer["files"]), 6)
        self.assertEqual(len(os.listdir(self.units)), 7)
        removed = self.schedule("remove").json
        self.assertEqual(sorted(removed["files"]), sorted(fewer["files"]))
        self.assertEqual(os.listdir(self.units), ["holdfast-mine.timer"])
        self.assertIn("--user disable --now", (self.fake / "systemctl.log").read_text())
        self.assertEqual(self.schedule("remove", code=5).error["code"], "not_found")

    def test_a_unit_of_somebody_else_is_left_alone(self):
        theirs = self.install("--dry-run")["files"][0]
        self.units.mkdir(parents=True)
        with open(theirs, "w", encoding="utf-8") as file:
            file.write("[Service]\nExecStart=/bin/true\n")
        self.assertEqual(self.call("schedule", "install", self.database, code=6).error["code"], "exists")
        self.assertEqual(len(os.listdir(self.units)), 1)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_systemd_itself_understands_the_units_also_with_odd_paths(self):
        odd = self.root / "100% $HOME %h"
        odd.mkdir()
        program = odd / "holdfast"
        shutil.copy(stories.PROGRAM, program)
        work = odd / "work %n \"q\" it's"
        work.mkdir()
        for time_said in ("hourly", "daily 02:30", "weekly sun 03:00", "monthly 31 04:00", "*/15 8-18 1,15 1-6 1-5"):
            printed = subprocess.run([program, "schedule", "install", self.database, "-r", self.repository, "--print", "systemd", "--backup", time_said, "--json"],
                                     cwd=work, env=self.environment, capture_output=True, text=True, check=True)
            folder = self.root / "units"
            folder.mkdir(exist_ok=True)
            for unit in json.loads(printed.stdout)["printed"]:
                (folder / unit["name"]).write_text(unit["text"])
                for line in unit["text"].splitlines():
                    if line.startswith("OnCalendar="):
                        subprocess.run(["systemd-analyze", "calendar", line.partition("=")[2]], check=True, capture_output=True)
            verified = subprocess.run(["systemd-analyze", "verify", "--user", *map(str, sorted(folder.iterdir()))], capture_output=True, text=True,
                                      env={**self.environment, "XDG_RUNTIME_DIR": str(self.root)})
            complaints = [line for line in verified.stderr.splitlines() if "holdfast" in line]
            self.assertEqual(complaints, [], verified.stderr)
        # It would complain: of a program that is not there, and of a line that it does not know.
        service = next(folder.glob("*backup.service"))
        service.write_text(service.read_text().replace("/holdfast\" \"schedule", "/holdfost\" \"schedule"))
        verified = subprocess.run(["systemd-analyze", "verify", "--user", str(service)], capture_output=True, text=True, env={**self.environment, "XDG_RUNTIME_DIR": str(self.root)})
        self.assertIn("holdfost", verified.stderr)

    def test_the_crontab_of_others_is_untouched(self):
        (self.fake / "no-systemd").touch()
        (self.fake / "table").write_text(OTHERS)
        report = self.install("--backup", "daily 02:30")
        self.assertEqual(report["by"], "cron")
        text = self.crontab()
        self.assertTrue(text.startswith(OTHERS))
        self.assertIn("\n30 2 * * * cd ", text)
        writes = (self.fake / "writes").stat().st_size
        self.install("--backup", "daily 02:30")
        self.assertEqual(self.crontab(), text)
        self.assertEqual((self.fake / "writes").stat().st_size, writes)
        self.schedule("remove", "--dry-run")
        self.assertEqual(self.crontab(), text)
        self.schedule("remove")
        self.assertEqual(self.crontab(), OTHERS)

    def test_a_last_line_without_an_end_stays_a_job(self):
        job = "5 4 * * * true"
        (self.fake / "table").write_text(job)
        for _ in range(2):
            self.install("--by", "cron", "--backup", "daily 02:30")
            lines = self.crontab().splitlines()
            self.assertEqual((lines[0], lines[1].startswith("# begin holdfast"), sum("# begin holdfast" in line for line in lines)), (job, True, 1))
        self.schedule("remove")
        self.assertEqual(self.crontab(), job + "\n")

    def test_a_crontab_that_was_not_there_is_gone_again(self):
        self.install("--by", "cron")
        self.assertIn("schedule", self.crontab())
        self.schedule("remove")
        self.assertFalse((self.fake / "table").exists())

    def test_another_way_replaces_the_first(self):
        self.install("--by", "cron")
        self.install("--by", "systemd")
        self.assertFalse((self.fake / "table").exists())
        self.assertEqual(len(os.listdir(self.units)), 10)

    def test_the_crontab_lines_run_as_cron_runs_them(self):
        odd = self.root / "100% it's $HOME"
        odd.mkdir()
        database = odd / "app %d.db"
        stories.create_ledger(database).close()
        subprocess.run([stories.PROGRAM, "schedule", "install", database, "-r", self.repository, "--by", "cron", "-q"], cwd=odd, env=self.environment, check=True)
        lines = [line for line in self.crontab().splitlines() if line and not line.startswith("#")]
        self.assertEqual(len(lines), 10)
        for line in lines:
            match = re.fullmatch(r"((?:\S+ ){5})(.*)", line)
            command = match.group(2)
            self.assertIsNone(re.search(r"(?<!\\)%", command))
            if "'schedule' 'run' 'backup'" in command:
                subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], cwd="/", env=self.environment, check=True)
        listed = self.call("list").json["backups"]
        self.assertEqual([backup["paths"] for backup in listed], [[str(database)]])
        self.assertEqual(listed[0]["kind"], "automatic")

    def test_a_run_is_kept_in_mind_and_a_missed_one_made_up_once(self):
        self.install("--by", "cron")
        shown = {job["job"]: job for job in self.schedule("show").json["jobs"]}
        self.assertEqual(shown["backup"]["state"], "never run")
        self.assertEqual(shown["backup"]["cron"], "0 * * * *")
        self.assertIsNotNone(shown["backup"]["next"])
        missed = ("run", "backup", self.database, "-r", self.repository, "--missed", "0 0 * * *")
        self.assertFalse(self.schedule(*missed).json["ran"])  # installed just now
        stamp = next((self.home / ".state/holdfast/schedules").glob("*/backup.json"))
        kept = json.loads(stamp.read_text())
        kept["since"] -= 3 * 86_400 * 10**9  # switched off for three days
        stamp.write_text(json.dumps(kept))
        self.assertTrue(self.schedule(*missed).json["ran"])
        self.assertFalse(self.schedule(*missed).json["ran"])
        self.assertEqual(len(self.call("list").json["backups"]), 1)
        job = {job["job"]: job for job in self.schedule("show").json["jobs"]}["backup"]
        self.assertEqual((job["state"], job["exit_code"]), ("done", 0))
        self.assertIsNotNone(job["last_start"])

    def test_how_a_run_failed_is_told(self):
        self.install("--by", "cron")
        self.schedule("run", "backup", self.root / "nothing.db", "-r", self.repository, code=5)
        job = {job["job"]: job for job in self.schedule("show").json["jobs"]}["backup"]
        self.assertEqual(job["exit_code"], 5)
        self.assertIn("failed", job["state"])
        self.assertEqual(self.schedule("run", "nonsense", code=2).error["code"], "invalid")

    def test_a_job_does_not_run_twice_at_once(self):
        self.install("--by", "cron")
        lock = next((self.home / ".state/holdfast/schedules").glob("*/backup.json")).with_suffix(".lock")
        with open(lock, "w", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            refused = self.schedule("run", "backup", self.database, "-r", self.repository, code=7)
            self.assertEqual(refused.error["code"], "busy")
        self.assertTrue(self.schedule("run", "backup", self.database, "-r", self.repository).json["ran"])

    def test_definitions_for_other_systems_parse(self):
        def printed(kind):
            return self.install("--print", kind, "--backup", "*/30 9-17 * * mon-fri")["printed"]
        agents = {text["name"]: plistlib.loads(text["text"].encode()) for text in printed("launchd")}
        (backup,) = [agent for name, agent in agents.items() if name.endswith("-backup.plist")]
        self.assertEqual(backup["ProgramArguments"][1:4], ["schedule", "run", "backup"])
        self.assertEqual(backup["WorkingDirectory"], str(self.work))
        self.assertEqual(len(backup["StartCalendarInterval"]), 2 * 9 * 5)
        space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
        for text in printed("windows"):
            task = xml.etree.ElementTree.fromstring(text["text"].encode())
            self.assertEqual(task.find(f"{space}Settings/{space}StartWhenAvailable").text, "true")
            self.assertIn(str(self.work), task.find(f"{space}Actions/{space}Exec/{space}Arguments").text)
        self.assertFalse(self.units.exists())

    def test_nothing_to_back_up_or_an_unknown_time_is_refused(self):
        self.assertIn("what to back up", self.call("schedule", "install", code=2).error["message"])
        self.assertEqual(self.call("schedule", "install", self.database, "--backup", "sometimes", code=2).error["code"], "invalid")
        self.assertEqual(self.call("schedule", "install", self.database, "--by", "magic", code=2).error["code"], "invalid")

    def test_times_of_the_settings(self):
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\n[schedule]\nbackup = "daily 02:30"\nverify = "never"\nmaintain = "monthly"\n')
        jobs = self.call("schedule", "install", "--by", "cron", "--drill", "daily").json["jobs"]
        self.assertEqual({job["job"]: job["time"] for job in jobs}, {"backup": "daily 02:30", "drill": "daily", "maintain": "monthly", "prune": "daily"})
        self.assertIn("\n30 2 * * * cd ", "\n" + self.crontab())
        self.assertTrue(self.schedule("run", "maintain", "-r", self.repository).json["ran"])  # without words it finds the settings' databases
        self.schedule("remove")
        def events(*of):
            return [entry["event"] for entry in self.call("log", *of).json["entries"]]
        self.assertIn("schedule install", events(), "-r named the repository")
        self.assertEqual(events("--file", self.home / ".state/holdfast/audit/no-repository.jsonl"), ["schedule remove"])


if __name__ == "__main__":
    stories.main()
