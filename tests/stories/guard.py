"""A migration behind a guard: backed up before, rolled back after, with the application's connection open; crash loops,
failing backups, Ctrl-C, programs that need the terminal."""

import os
import pty
import re
import select
import signal
import sqlite3
import stat
import subprocess
import sys
import time

import stories


class Terminal:
    """A program on a terminal of its own, as its session's foreground."""

    def __init__(self, words, **options):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(options["cwd"])
                os.execve(words[0], words, options["env"])
            finally:
                os._exit(127)
        self.shown = b""

    def type(self, keys):
        os.write(self.master, keys)

    def wait_for(self, text, count=1):
        deadline = time.monotonic() + 120
        while self.shown.count(text) < count:
            assert time.monotonic() < deadline, f"{text} is not shown: {self.shown!r}"
            if select.select([self.master], [], [], 1)[0]:
                try:
                    self.shown += os.read(self.master, 65536)
                except OSError:  # everybody has closed it
                    assert self.shown.count(text) >= count, f"{text} is not shown: {self.shown!r}"
        return self.shown

    def end(self):
        while True:
            try:
                more = os.read(self.master, 65536)
            except OSError:
                more = b""
            if not more:
                break
            self.shown += more
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


class Guard(stories.Story):
    def guard(self, *words, command, code=0):
        completed = subprocess.run(self.words(*words, command=command), capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=120)
        self.assertEqual(completed.returncode, code, completed.stderr)
        return completed

    def words(self, *words, command):
        flags = [*words, "--database", self.database, "-r", self.repository]
        return [stories.PROGRAM, "guard", *map(str, flags), "--", *map(str, command)]

    def migration(self, text):
        path = self.work / "migrate"
        path.write_text(f"#!{sys.executable}\nimport os, signal, sqlite3, sys\ndb = sqlite3.connect({str(self.database)!r}, isolation_level=None, timeout=60)\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def rows(self):
        return stories.content_hash(self.database)

    def test_a_failed_migration_is_rolled_back_with_the_application_holding_the_database_open(self):
        for journal in ("wal", "delete"):
            with self.subTest(journal=journal):
                self.init()
                stories.create_ledger(self.database, journal=journal, rows=300).close()
                application = sqlite3.connect(self.database, isolation_level=None)
                count = lambda: application.execute("SELECT count(*) FROM ledger").fetchone()[0]
                self.assertEqual(count(), 300)
                before = self.rows()
                migrate = self.migration("db.execute('ALTER TABLE ledger ADD COLUMN extra TEXT'); db.execute('DELETE FROM ledger WHERE n > 100'); sys.exit(5)")
                failed = self.guard("--restore-on-failure", command=[migrate], code=5)
                self.assertIn("backup #1 (automatic, before: migrate)", failed.stderr)
                self.assertIn("exit code 5", failed.stderr)
                self.assertEqual(count(), 300, "the application does not see what was restored")
                self.assertEqual(self.rows(), before)
                application.execute("BEGIN")
                stories.append(application, 1)
                application.execute("COMMIT")
                application.close()
                self.assertEqual(stories.prove(self.database), 301)
                safety = re.search(r"what it had left is backup #(\d+): (holdfast restore .*)", failed.stderr)
                left = sqlite3.connect(self.restore_copy(int(safety[1])))
                self.assertEqual(left.execute("SELECT count(extra), count(*) FROM ledger").fetchone(), (0, 100))
                left.close()
                self.doCleanups()
                self.setUp()

    def test_without_being_asked_it_only_says_how_to_go_back_and_that_command_does(self):
        self.init()
        stories.create_ledger(self.database).close()
        before = self.rows()
        failed = self.guard(command=[self.migration("db.execute('DROP TABLE slots'); os.kill(os.getpid(), signal.SIGKILL)")], code=128 + 9)
        self.assertIn("ended by signal 9", failed.stderr)
        self.assertNotEqual(self.rows(), before)
        way_back = re.search(r"to go back to backup #1: (holdfast .*)", failed.stderr)[1]
        subprocess.run(["sh", "-c", way_back.replace("holdfast", f"'{stories.PROGRAM}'", 1)], check=True, capture_output=True, env=self.environment, cwd=self.root)
        self.assertEqual(self.rows(), before)

    def test_a_crash_loop_that_goes_back_by_itself_makes_nothing_new(self):
        self.init()
        stories.create_ledger(self.database, rows=2000).close()
        before = self.rows()
        for _ in range(12):
            failed = self.guard("--restore-on-failure", "--operation", "migrate", command=["false"], code=1)
            self.assertIn("nothing has changed since backup #1: nothing to restore", failed.stderr)
        self.assertEqual([backup["number"] for backup in self.call("list", "--kind", "safety").json["backups"]], [])
        migrate = self.migration("db.execute('DELETE FROM ledger WHERE n > 100'); sys.exit(5)")
        for _ in range(12):
            failed = self.guard("--restore-on-failure", "--operation", "migrate", command=[migrate], code=5)
            self.assertIn("restored", failed.stderr)
            self.assertEqual(self.rows(), before)
        self.assertEqual([backup["number"] for backup in self.call("list").json["backups"] if backup["kind"] == "automatic"], [1])

    def test_a_command_that_makes_backups_and_prunes_can_be_taken_back(self):
        self.init()
        stories.create_ledger(self.database, rows=200).close()
        (self.work / "holdfast.toml").write_text("[retention.automatic]\nkeep_last = 1\n")
        before = self.rows()
        steps = "; ".join(f"sqlite3 app.db 'DELETE FROM ledger WHERE n > {100 - n}' && \"$HOLDFAST\" backup app.db --operation hourly -q" for n in range(4))
        script = f"{steps}; \"$HOLDFAST\" forget 1 && exit 9; \"$HOLDFAST\" prune --grace 0 -q; exit 5"
        self.environment.update(HOLDFAST=stories.PROGRAM, HOLDFAST_REPOSITORY=str(self.repository))
        failed = self.guard("--restore-on-failure", command=["sh", "-c", script], code=5)
        self.assertIn("in use by a guard", failed.stderr)
        self.assertIn("restored backup #1", failed.stderr)
        self.assertEqual(self.rows(), before)

    def test_a_crash_looping_migration_does_not_fill_the_repository(self):
        self.init()
        stories.create_ledger(self.database, journal="delete", rows=2000).close()
        old = time.time() - 60
        os.utime(self.database, (old, old))
        migrate = self.migration("db.execute('BEGIN'); db.execute('DELETE FROM ledger'); os.abort()")
        size = lambda: sum(path.stat().st_size for path in self.repository.rglob("*") if path.is_file())
        first = None
        for turn in range(50):
            failed = self.guard(command=[migrate], code=128 + 6)
            self.assertIn("backup #1 (automatic", failed.stderr)
            if turn == 0:
                first = size()
                # The transaction that it had open is rolled back by whoever looks next: the same content, once.
                self.assertEqual(stories.prove(self.database), 2000)
        self.assertEqual(self.numbers(), [1])
        self.assertLess(size() - first, 50 * 1024, "each turn may note that it was seen, and nothing else")
        self.assertEqual(self.prove_backup(1), 2000)

    def test_without_a_backup_the_command_is_not_run(self):
        self.init()
        stories.create_ledger(self.database).close()
        mark = self.work / "mark"
        config = (self.repository / "config").read_bytes()
        for spoil, code in (("repository", 5), ("database", 5)):
            with self.subTest(spoil=spoil):
                moved = (self.repository if spoil == "repository" else self.database)
                aside = moved.with_name("aside")
                moved.rename(aside)
                failed = self.guard(command=["touch", mark], code=code)
                self.assertIn("the command was NOT run", failed.stderr)
                self.assertFalse(mark.exists())
                if spoil == "repository":
                    anyway = self.guard("--even-if-backup-fails", command=["touch", mark])
                    self.assertIn("run all the same", anyway.stderr)
                    self.assertTrue(mark.exists())
                    mark.unlink()
                aside.rename(moved)
        self.assertEqual((self.repository / "config").read_bytes(), config)

    def test_exit_codes_words_and_streams_pass_through(self):
        self.init()
        stories.create_ledger(self.database).close()
        for code in (0, 1, 3, 5, 70, 130, 255):
            self.guard(command=["sh", "-c", f"exit {code}"], code=code)
        self.guard(command=["no-such-program-here"], code=127)
        self.guard(command=[self.database], code=126)
        words = ["a b", "", "--json", "--help", "-r", "--", "*", "$HOME"]
        printed = self.guard(command=["printf", "[%s]", *words])
        self.assertEqual(printed.stdout, "".join(f"[{word}]" for word in words))
        echoed = subprocess.run(self.words("-q", command=["cat"]), input="typed", capture_output=True, text=True, cwd=self.work, env=self.environment)
        self.assertEqual((echoed.stdout, echoed.stderr), ("typed", ""))
        number = subprocess.run([stories.PROGRAM, "guard", "--operation", "x", "-r", self.repository], capture_output=True, text=True, cwd=self.work, env=self.environment)
        self.assertEqual(number.stdout.strip(), str(self.numbers()[0]), "a script has the number of the only source's backup")
        report = subprocess.run(self.words("--json", "-q", command=["echo", "its own"]), capture_output=True, text=True, cwd=self.work, env=self.environment)
        self.assertEqual(report.stdout, "its own\n")
        self.assertIn('"exit_code":0', report.stderr.splitlines()[-1])

    def test_interactive_programs_have_the_terminal(self):
        self.init()
        stories.create_ledger(self.database).close()
        ask = self.migration("sys.stdin = open('/dev/tty'); print('terminal', os.isatty(0), os.isatty(1), os.tcgetpgrp(0) == os.getpgrp(), flush=True); print('said', input('your name? '))")
        terminal = Terminal(self.words(command=[ask]), cwd=self.work, env=self.environment)
        terminal.wait_for(b"your name? ")
        terminal.type(b"Ada\n")
        self.assertEqual(terminal.end(), 0)
        self.assertIn(b"terminal True True True", terminal.shown)
        self.assertIn(b"said Ada", terminal.shown)

    def test_ctrl_c_reaches_the_command_and_the_guard_lives_to_tell(self):
        self.init()
        stories.create_ledger(self.database).close()
        before = self.rows()
        sleeper = self.migration("db.execute('DELETE FROM ledger'); signal.signal(signal.SIGINT, signal.SIG_DFL); print('wor' + 'king', flush=True); signal.pause()")
        terminal = Terminal(self.words("--restore-on-failure", command=[sleeper]), cwd=self.work, env=self.environment)
        terminal.wait_for(b"working")
        terminal.type(b"\x03")
        self.assertEqual(terminal.end(), 128 + signal.SIGINT)
        self.assertIn(b"ended by signal 2", terminal.shown)
        self.assertIn(b"everything is as it was", terminal.shown)
        self.assertEqual(self.rows(), before)
        # One that takes Ctrl-C for its own purposes, as a database shell does, lives on; and twice does not end the guard.
        shell = self.migration("signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}); print('wor' + 'king', flush=True)\n"
                               "for turn in range(3): signal.sigwait({signal.SIGINT}); print('not', 'now', flush=True)\n"
                               "sys.exit(4)")
        terminal = Terminal(self.words(command=[shell]), cwd=self.work, env=self.environment)
        terminal.wait_for(b"working")
        for turn in range(3):
            terminal.type(b"\x03")
            terminal.wait_for(b"not now", turn + 1)
        self.assertEqual(terminal.end(), 4)

    def test_a_signal_to_the_guard_is_passed_on(self):
        self.init()
        stories.create_ledger(self.database).close()
        sleeper = self.migration("print('working', flush=True); signal.pause()")
        for number in (signal.SIGTERM, signal.SIGHUP):
            process = subprocess.Popen(self.words(command=[sleeper]), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.work, env=self.environment)
            process.stdout.readline()
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 128 + number)
            self.assertIn(f"ended by signal {int(number)}", errors)


if __name__ == "__main__":
    stories.main()
