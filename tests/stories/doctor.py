"""doctor: looks at everything, touches nothing, and tells others nothing that is not theirs to know."""

import os
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys

import stories

NOBODY = 65534


class Doctor(stories.Story):
    def look(self, *words, code=0, **how):
        return self.call("doctor", *words, code=code, **how).json

    def findings(self, report, *severities):
        return [finding for finding in report["findings"] if finding["severity"] in (severities or ("warning", "fault"))]

    def application(self, script):
        """A program with connections of its own; it lives until its input ends."""
        process = subprocess.Popen([sys.executable, "-c", f"import os, sqlite3, sys\n{script}\nprint('ready', flush=True)\nsys.stdin.read()\n", str(self.database)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def everything(self):
        """Every file below the story's folder, with its bytes, mode and time."""
        found = {}
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                if not name.endswith("-shm"):  # in which every reader leaves its mark
                    status = os.lstat(path)
                    found[path] = (stories.sha256_of(path), status.st_mode, status.st_mtime_ns)
        return found

    def test_exit_codes(self):
        self.init()
        stories.create_ledger(self.database).close()
        self.backup()
        self.call("drill")
        self.assertEqual(self.findings(self.look()), [])
        self.database.chmod(0o666)
        self.assertEqual(self.look(code=13)["warnings"], 1)
        good = stories.content_hash(self.database)
        self.database.unlink()
        report = self.look(code=14)
        self.assertEqual(report["faults"], 1)
        remedy = self.findings(report, "fault")[0]["remedy"]
        programs = pathlib.Path(stories.PROGRAM).parent
        done = subprocess.run(["sh", "-ec", remedy], cwd=self.work, env={**self.environment, "PATH": f"{programs}:{os.environ['PATH']}"}, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, f"{remedy}\n{done.stdout}{done.stderr}")
        self.assertEqual(stories.content_hash(self.database), good)
        self.assertEqual(self.findings(self.look()), [])
        self.database.unlink()
        self.assertEqual(self.look(self.root / "nothing.db", use_repository=False, code=14)["repository"], "")

    def test_the_database_of_an_open_application(self):
        self.init()
        stories.create_ledger(self.database).close()
        self.backup()
        self.call("drill")
        good = self.application("db = sqlite3.connect(sys.argv[1]); db.execute('SELECT * FROM slots').fetchone(); db.execute(\"INSERT INTO ledger VALUES (1000, '', '')\"); db.commit()")
        locks = good.pid
        before = self.everything()
        report = self.look(self.database)
        self.assertEqual(self.everything(), before)
        self.assertIn(f"process {locks} (python3) uses SQLite {sqlite3.sqlite_version}", [finding["what"] for finding in report["findings"]])
        careless = self.application("db = sqlite3.connect(sys.argv[1]); db.execute('SELECT * FROM slots').fetchall(); open(sys.argv[1]).close()")
        report = self.look(self.database, code=14)
        lost = [finding["what"] for finding in self.findings(report, "fault")]
        self.assertEqual(lost, [f"process {careless.pid} (python3) is connected, and has lost its locks on the database"])

    def test_who_pins_a_large_wal(self):
        stories.create_ledger(self.database).close()
        reader = self.application("db = sqlite3.connect(sys.argv[1], isolation_level=None); db.execute('BEGIN'); db.execute('SELECT * FROM slots').fetchone()")
        writer = sqlite3.connect(self.database, isolation_level=None)
        writer.execute("CREATE TABLE filler(x)")
        for _ in range(7):
            writer.execute("INSERT INTO filler VALUES (zeroblob(10000000))")
        report = self.look(self.database, code=13, use_repository=False)
        wal = [finding for finding in self.findings(report) if finding["about"] == "wal"]
        self.assertEqual(len(wal), 1, report)
        self.assertIn(f"process {reader.pid} (python3) reads the database as it was", wal[0]["what"])
        writer.close()

    def test_without_rights(self):
        if os.geteuid() != 0:
            self.skipTest("another user is needed, whose files these are")
        self.init()
        stories.create_ledger(self.database, "delete").close()
        self.backup()
        self.repository.chmod(0o700)
        self.root.chmod(0o755)
        program = self.root / "holdfast"
        shutil.copy(stories.PROGRAM, program)
        other = self.root / "another home"
        other.mkdir()
        os.chown(other, NOBODY, NOBODY)
        before = self.everything()
        completed = subprocess.run([program, "doctor", self.database, "-r", self.repository, "--json"], capture_output=True, text=True, cwd=self.work, user=NOBODY, group=NOBODY, extra_groups=[],
                                   env={**self.environment, "HOME": str(other), "XDG_CACHE_HOME": str(other), "XDG_STATE_HOME": str(other)})
        report = stories.Answer(completed).json
        self.assertEqual(completed.returncode, 13, completed.stdout + completed.stderr)
        self.assertEqual(self.everything(), before)
        said = {(finding["about"], finding["severity"]) for finding in report["findings"]}
        self.assertIn(("repository", "warning"), said)
        self.assertIn(("content", "ok"), said)
        self.assertIn("processes of other users could not be looked at", [finding["what"] for finding in report["findings"]])

    def test_a_report_for_others_tells_nothing_that_is_not_theirs(self):
        secrets = {what: f"zq{what}{self.random.randrange(10**9)}" for what in
                   ("row", "table", "column", "comment", "tag", "source", "command", "value", "hook", "statement", "password", "cause", "variable", "operation")}
        self.environment.update(HOME=str(self.root), APP_TOKEN=secrets["variable"], HOLDFAST_REPOSITORY=str(self.repository))
        (self.root / "password").write_text(secrets["password"])
        (self.root / "password").chmod(0o600)
        key = ("--password-file", self.root / "password")
        self.call("init", "--encrypt", *key)
        db = sqlite3.connect(self.database)
        db.execute(f"CREATE TABLE {secrets['table']}(id INTEGER PRIMARY KEY, {secrets['column']} TEXT UNIQUE)")
        db.executemany(f"INSERT INTO {secrets['table']}({secrets['column']}) VALUES (?)", ((f"{secrets['row']} {n}" * 20,) for n in range(2000)))
        db.commit()
        db.close()
        named = ("--source", secrets["source"])
        self.call("backup", self.database, *named, "--comment", secrets["comment"], "--tag", secrets["tag"], *key)
        self.call("exec", self.database, f"SELECT {secrets['statement']} FROM {secrets['table']}", *key, code=None)
        subprocess.run([stories.PROGRAM, "guard", "--operation", secrets["operation"], *key, "--", "false"], cwd=self.work, env=self.environment, capture_output=True, check=False)
        (self.work / "holdfast.toml").write_text(f"[source.{secrets['source']}]\ndatabases = [\"app.db\"]\nsmoke = \"{secrets['command']}\"\n[[hooks.before_backup]]\n"
                                                 f"command = \"echo {secrets['hook']} >&2; exit 1\"\n")
        self.call("backup", *key, code=None)
        self.call("restore", "1", "--yes", "--cause", secrets["cause"], *key)
        self.call("verify", "99", *key, code=None)
        self.call("restore", secrets["operation"], *key, code=2)
        self.call("verify", secrets["tag"], *key, code=None)
        with open(self.database, "r+b") as file:
            file.seek(4096 * 30)
            file.write(os.urandom(4096 * 5))
        with open(self.work / "holdfast.toml", "a") as file:
            file.write(f"no_such_key = \"{secrets['value']}\"\n{secrets['value']} = 3\n")
        report = self.root / "report.txt"
        before = self.everything()
        told = self.look("--report", report, *key, code=14)
        self.assertEqual(told["report"], str(report))
        self.assertEqual({path: seen for path, seen in self.everything().items() if path != str(report)}, before, "not even that the key was used is written down")
        text = report.read_text()
        for what, secret in secrets.items():
            self.assertNotIn(secret, text, what)
        self.assertNotIn(str(self.root), text, "the home folder is ~")
        for name in (socket.gethostname(), os.environ.get("USER", ""), "root" if os.geteuid() == 0 else ""):
            self.assertNotIn(name or "no such name", text.split())
        for wanted in ("What is in here", f"sqlite {sqlite3.sqlite_version}", "~/work/app.db", "sealed", "backup   failed", "verify   failed", "not_found", "content    ~/work/app.db: (left out", "errors of late"):
            self.assertIn(wanted, text)
        self.assertRegex(text, r"guard +(failed|partial|done)")
        self.assertEqual(report.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.call("doctor", "--report", report, *key, code=6).error["code"], "exists")
        self.assertEqual(report.read_text(), text)


if __name__ == "__main__":
    stories.main()
