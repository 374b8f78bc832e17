"""What the stories share: a temporary world, the built program, a real application that writes, and SQLite's verdict.

Run by ctest with HOLDFAST=path of the program. HOLDFAST_SEED repeats a run; it is printed with every failure."""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ.get("HOLDFAST", "holdfast")
SEED = int(os.environ.get("HOLDFAST_SEED", str(time.time_ns() % 1_000_000)))
WRITER = pathlib.Path(__file__).with_name("writer.py")
SLOTS = 200


def sha256_of(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def content_hash(path):
    """All rows of all tables, in order, by SQLite itself: equal hashes mean equal content."""
    digest = hashlib.sha256()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall():
            digest.update(name.encode())
            for row in db.execute(f'SELECT * FROM "{name}" ORDER BY 1'):
                digest.update(repr(row).encode())
    db.close()
    return digest.hexdigest()


def next_link(link, payload):
    return hashlib.sha256((link + payload).encode()).hexdigest()


def create_ledger(path, journal="wal", rows=200, **pragmas):
    """The application's database: a chained ledger, and slots that must agree with it at every commit."""
    db = sqlite3.connect(path, isolation_level=None)
    for name, value in pragmas.items():
        db.execute(f"PRAGMA {name} = {value}")
    db.execute("PRAGMA journal_mode = " + journal)
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript("CREATE TABLE ledger(n INTEGER PRIMARY KEY, payload TEXT, link TEXT);"
                     "CREATE TABLE slots(k INTEGER PRIMARY KEY, n INTEGER, filler TEXT);")
    db.execute("BEGIN")
    db.executemany("INSERT INTO slots VALUES (?, 0, ?)", ((k, "x" * 300) for k in range(SLOTS)))
    append(db, rows)
    db.execute("COMMIT")
    return db


def append(db, count):
    """`count` more entries, in the transaction that is open."""
    last = db.execute("SELECT n, link FROM ledger ORDER BY n DESC LIMIT 1").fetchone() or (0, "")
    n, link = last
    for _ in range(count):
        n += 1
        payload = f"entry {n} " + hashlib.sha256(str(n).encode()).hexdigest() * 4
        link = next_link(link, payload)
        db.execute("INSERT INTO ledger VALUES (?, ?, ?)", (n, payload, link))
        db.execute("UPDATE slots SET n = ? WHERE k = ?", (n, n % SLOTS))
    return n


def prove(path):
    """The number of committed entries, if the file holds exactly a committed state and SQLite finds it whole."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        verdict = db.execute("PRAGMA integrity_check").fetchall()
        assert verdict == [("ok",)], f"{path}: {verdict[:3]}"
        link, count = "", 0
        for n, payload, stored in db.execute("SELECT n, payload, link FROM ledger ORDER BY n"):
            count += 1
            link = next_link(link, payload)
            assert n == count and link == stored, f"{path}: entry {n} does not follow from the one before"
        for k, n in db.execute("SELECT k, n FROM slots"):
            newest = count - (count - k) % SLOTS
            assert n == max(newest, 0), f"{path}: slot {k} is from entry {n}, the ledger ends with {count}"
        return count
    finally:
        db.close()


class Answer:
    def __init__(self, completed):
        self.code, self.out, self.err = completed.returncode, completed.stdout, completed.stderr

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        return json.loads(self.err.strip().splitlines()[-1])["error"]


class Story(unittest.TestCase):
    """A folder of its own, caches included, gone afterwards."""

    def setUp(self):
        self.random = random.Random(f"{SEED} {self.id()}")
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="holdfast story "))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.home = self.root / "home"
        self.home.mkdir()
        self.work = self.root / "work"
        self.work.mkdir()
        self.repository = self.root / "repository"
        self.database = self.work / "app.db"
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("HOLDFAST")}
        self.environment.update(HOME=str(self.home), XDG_CACHE_HOME=str(self.home / ".cache"), XDG_STATE_HOME=str(self.home / ".state"), TZ="UTC")

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        outcome = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            print(f"repeat with HOLDFAST_SEED={SEED}", file=sys.stderr)
        return outcome

    def command(self, *words, use_repository=True):
        words = [str(word) for word in words]
        if use_repository and "-r" not in words:
            words += ["-r", str(self.repository)]
        return [PROGRAM, *words]

    def peak_of(self, *words, stdout=subprocess.DEVNULL):
        """The most memory that the program takes, in bytes."""
        # A program begins with the size of the one that starts it: that is to be a small one.
        starter = "import os, sys; pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ); _, status, usage = os.wait4(pid, 0); print(usage.ru_maxrss, file=sys.stderr); sys.exit(status != 0)"
        done = subprocess.run([sys.executable, "-c", starter, *self.command(*words)], stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=self.work, env=self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stderr.split()[-1]) * 1024

    def skip_if_sanitized(self):
        if re.search(r"\[lib[at]san\.so", subprocess.run(["readelf", "-d", PROGRAM], capture_output=True, text=True, check=True).stdout):
            self.skipTest("sanitizers keep what is freed")

    def call(self, *words, code=0, use_repository=True, environment=None, timeout=120):
        completed = subprocess.run(self.command(*words, "--json", use_repository=use_repository), capture_output=True, text=True, cwd=self.work,
                                   env={**self.environment, **(environment or {})}, timeout=timeout)
        answer = Answer(completed)
        if code is not None:
            self.assertEqual(answer.code, code, f"{words}\n{answer.out}\n{answer.err}")
        return answer

    def start(self, *words):
        return subprocess.Popen(self.command(*words, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.work, env=self.environment)

    def init(self, *flags):
        return self.call("init", *flags).json

    def backup(self, *words, code=0):
        return self.call("backup", *(words or (self.database,)), code=code).json

    def restore_copy(self, number, name=None, code=0):
        target = self.root / (name or f"restored {number} {self.random.randrange(10**9)}.db")
        self.call("restore", number, "--to", target, code=code)
        return target

    def prove_backup(self, number):
        copy = self.restore_copy(number)
        count = prove(copy)
        copy.unlink()
        return count

    def small_disk(self, folder, mebibytes):
        """A file system of that size, for as long as the test runs."""
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "none", folder], capture_output=True).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", folder])
        return folder

    @staticmethod
    def fill(folder, leave=0):
        with open(folder / "filler", "wb", buffering=0) as filler:
            for size in (1 << 16, 4096, 1):
                try:
                    while True:
                        filler.write(b"x" * size)
                except OSError:
                    pass
            filler.truncate(max(0, filler.tell() - leave))

    def numbers(self, *flags):
        return [backup["number"] for backup in self.call("list", *flags).json["backups"]]

    def verify_all(self, code=0, level="hashed"):
        return self.call("verify", "--all", "--level", level, code=code).json

    def writer(self, **options):
        process = Writer(self.database, **options)
        self.addCleanup(process.stop)
        return process

    def listing(self, folder=None):
        """Names, sizes and content of everything in a folder: what must not change when we only look."""
        found = {}
        for path in sorted((folder or self.work).rglob("*")):
            if ".holdfast" not in path.parts and path.is_file():
                found[str(path)] = sha256_of(path)
        return found


class Writer:
    """A real application in a process of its own: one-row commits until it is stopped."""

    def __init__(self, database, journal="wal", pause=0.0, extra=()):
        self.process = subprocess.Popen([sys.executable, str(WRITER), str(database), journal, str(pause), *extra], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        assert first.startswith("ready"), first

    @property
    def pid(self):
        return self.process.pid

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def count(self):
        return self.ask("count")["count"]

    def stop(self):
        """Ends it in order; what it has counted."""
        if self.process.poll() is not None:
            return None
        try:
            answer = self.ask("stop")
            self.process.wait(20)
        except (BrokenPipeError, json.JSONDecodeError):
            self.kill()
            return None
        finally:
            for stream in (self.process.stdin, self.process.stdout):
                stream.close()
        return answer

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def locks(self):
        """Its POSIX locks as the kernel lists them: (kind, inode, range). The list comes in pieces, between which others
        lock and unlock, and a line may be left out: so it is read until it says the same twice."""
        found = self.locks_seen()
        for _ in range(100):
            again = self.locks_seen()
            if again == found:
                break
            found = again
        return found

    def locks_seen(self):
        found = set()
        for line in pathlib.Path("/proc/locks").read_text().splitlines():
            parts = line.split()
            if "->" not in parts and parts[1] == "POSIX" and int(parts[4]) == self.pid:
                found.add((parts[3], parts[5], parts[6], parts[7]))
        return found


def main():
    print(f"seed {SEED}")
    unittest.main(verbosity=1)
