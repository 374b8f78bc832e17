#!/usr/bin/env python3
"""Writes the golden repositories of the version that the program writes: `tests/golden/make.py PROGRAM`.

Run once for each version of the format, when it is released, and never again: a later program has to read what an earlier one
wrote. What is to come out of each backup is told by SQLite and by SHA-256, in expected.json beside the repositories;
tests/stories/golden.py brings it back and compares."""

import hashlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
# Names that no machine has: they stand in the backups.
WORK = pathlib.Path(tempfile.gettempdir()) / "holdfast-golden"
PASSWORD = "golden"
SETTINGS = """\
[source.app]
databases = ["app.db", "twin.db"]
[[source.app.companions]]
path = "index"
exclude = ["*.tmp"]
[[source.app.companions]]
path = "notes"
[[source.app.companions]]
path = ".env"
keep = "redacted"
[[source.app.companions]]
path = "search.bin"
keep = "rebuild"
optional = true
[source.app.companions.rebuild]
command = "true"
[[source.app.companions]]
path = "missing"
optional = true
"""


def rows_of(path):
    """The database as SQLite tells it, whatever version of it: schema, settings of the header, every row."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        told = [list(row) for row in db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")]
        told += [db.execute("PRAGMA " + name).fetchone()[0] for name in ("page_size", "encoding", "user_version", "application_id", "auto_vacuum")]
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall():
            told.append([name, sorted(repr(row) for row in db.execute(f'SELECT * FROM "{name}"'))])
    db.close()
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def look(folder):
    """{path below: what there is}; a folder's time is not among it where databases come and go."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name, status = str(path.relative_to(folder)), path.lstat()
        if path.is_symlink():
            found[name] = {"link": os.readlink(path)}
        elif path.is_dir():
            found[name] = {"folder": oct(status.st_mode & 0o7777)}
        elif path.suffix == ".db":
            found[name] = {"rows": rows_of(path)}
        else:
            found[name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "mode": oct(status.st_mode & 0o7777), "time_ns": status.st_mtime_ns}
    return found


class World:
    def __init__(self, program, folder, flags, environment):
        self.program, self.flags = program, flags
        self.repository = HERE / folder / "repository"
        shutil.rmtree(self.repository.parent, ignore_errors=True)
        self.repository.parent.mkdir(parents=True)
        self.environment = {**{key: value for key, value in os.environ.items() if not key.startswith("HOLDFAST")}, **environment,
                            "XDG_CACHE_HOME": str(WORK / "cache"), "XDG_STATE_HOME": str(WORK / "state"), "TZ": "UTC"}
        self.work = WORK / "work"
        self.dice = random.Random(folder)
        self.expected = {}

    def call(self, *words):
        done = subprocess.run([self.program, *map(str, words), "-r", self.repository, *self.flags, "--json"], cwd=self.work, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{words}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout)

    def sql(self, name, text):
        db = sqlite3.connect(self.work / name, isolation_level=None)
        db.executescript(text)
        db.close()

    def words(self, count):
        return " ".join(self.dice.choice(("anchor", "bight", "cleat", "davit", "eyelet", "fender", "gunwale", "halyard")) for _ in range(count))

    def file(self, name, content, mode=0o644, time_s=1_760_000_000):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, ns=(0, time_s * 10**9 + 123_456_789))

    def backup(self, *flags):
        report = self.call("backup", "--source", "app", *flags)
        number = (report["sources"][0]["backup"] if "sources" in report else report)["number"]
        found = look(self.work)
        for name in ("holdfast.toml", ".env", "search.bin", "index/left-out.tmp"):
            found.pop(name)
        self.expected[number] = found
        return number

    def make(self):
        self.work.mkdir(parents=True)
        (self.work / "holdfast.toml").write_text(SETTINGS)
        self.sql("app.db", "PRAGMA journal_mode = WAL; PRAGMA user_version = 7; CREATE TABLE ledger(n INTEGER PRIMARY KEY, t TEXT, r REAL, b BLOB);"
                 "CREATE INDEX by_t ON ledger(t); CREATE VIRTUAL TABLE found USING fts5(t); CREATE VIEW v AS SELECT t FROM ledger;")
        self.sql("twin.db", "PRAGMA page_size = 1024; PRAGMA encoding = 'UTF-16le'; PRAGMA auto_vacuum = FULL; PRAGMA application_id = 4711; CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID;")
        for number in range(400):
            self.sql_row(number)
        self.file("index/1.index", self.dice.randbytes(300_000))
        self.file("index/2.index", b"", 0o600)
        self.file("index/left-out.tmp", b"x")
        with open(self.work / "index" / "sparse", "wb") as sparse:
            sparse.truncate(3_000_000)
            sparse.seek(1_000_000)
            sparse.write(b"in the middle")
        for number in range(60):
            self.file(f"notes/{number % 7}/{number}.json", json.dumps({"number": number, "text": self.words(30)}).encode(), time_s=1_700_000_000 + number)
        self.file("notes/events.log", b"".join(f"{number} {self.words(9)}\n".encode() for number in range(4000)))
        (self.work / "notes" / "empty").mkdir(mode=0o750)
        (self.work / "notes" / "leads").symlink_to("../app.db")
        self.file(".env", b"API_KEY=golden-secret-0123456789\nPORT=8080\n", 0o600)
        self.file("search.bin", b"made again")
        self.call("init", *([] if not self.flags else ["--encrypt"]))
        self.backup("--comment", "the first", "--tag", "golden=1")
        self.change(1)
        second = self.backup()
        self.change(2)
        self.backup("--tag", "kept")
        self.call("hold", 1)
        self.call("annotate", 3, "--comment", "annotated")
        self.call("forget", second)
        self.call("prune", "--grace", "0")
        del self.expected[second]
        self.change(3)
        self.backup()
        self.call("verify", "latest")

    def sql_row(self, number):
        text = f"{number} {self.words(12)}"
        self.sql("app.db", f"INSERT INTO ledger VALUES ({number}, '{text}', {number / 7!r}, x'{self.dice.randbytes(20).hex()}'); INSERT INTO found VALUES ('{text}');")
        if number % 4 == 0:
            self.sql("twin.db", f"INSERT INTO t VALUES ('{text}')")

    def change(self, turn):
        for number in range(400 + 10 * turn, 410 + 10 * turn):
            self.sql_row(number)
        self.sql("app.db", f"UPDATE ledger SET t = t || ' {turn}' WHERE n % 97 = {turn}; DELETE FROM ledger WHERE n = {turn};")
        content = bytearray((self.work / "index/1.index").read_bytes())
        content[100_000 * turn - 50_000:100_000 * turn - 49_900] = self.dice.randbytes(100)
        self.file("index/1.index", bytes(content), time_s=1_760_000_000 + turn)
        log = (self.work / "notes/events.log").read_bytes()
        self.file("notes/events.log", f"in front of all else {turn}\n".encode() + log + self.words(50).encode(), time_s=1_760_000_000 + turn)
        self.file(f"notes/{turn}/{turn}.json", json.dumps({"changed": turn, "text": self.words(30)}).encode())
        (self.work / f"notes/{turn + 1}/{turn + 1}.json").unlink()


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    for folder, flags, environment in (("v1-plain", [], {}), ("v1-sealed", ["--password-file", str(WORK / "password")], {})):
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir()
        (WORK / "password").write_text(PASSWORD)
        world = World(program, folder, flags, environment)
        world.make()
        (world.repository / "reserve").unlink()  # random bytes, for a full disk
        (world.repository / ".gitignore").unlink()
        for lock in world.repository.rglob("*.lock"):
            lock.unlink()
        (world.repository.parent / "expected.json").write_text(json.dumps(world.expected, indent=1, sort_keys=True) + "\n")
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
