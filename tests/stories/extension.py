"""Backups in other people's programs: the sqlite3 shell, Python, and a program with an SQLite of its own, each with
holdfast_sqlite.so loaded; recipes as they are written down, with only the ATTACH line changed."""

import os
import pathlib
import re
import sqlite3
import subprocess
import sys

import stories

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support" / "python"))
import devteam_database  # noqa: E402

MODULE = pathlib.Path(os.environ.get("HOLDFAST_MODULE") or pathlib.Path(stories.PROGRAM).with_name("holdfast_sqlite.so"))
SOURCES = pathlib.Path(__file__).parents[1] / "support" / "c"

WITH_SESSION = """
INSERT OR REPLACE INTO sessions
SELECT * FROM backup.sessions
WHERE id = '{session}';

INSERT OR REPLACE INTO events
SELECT * FROM backup.events
WHERE session_id = '{session}';

DETACH backup;
"""
ONE_FOR_ANOTHER = """
-- Copy specific table
DELETE FROM sessions WHERE id = '{corrupted}';
INSERT INTO sessions SELECT * FROM backup.sessions WHERE id = '{session}';

DETACH backup;
.quit
"""


def output_of(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout


def rows_of(path, table):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return sorted(db.execute(f"SELECT * FROM {table}").fetchall())
    finally:
        db.close()


class Loaded(stories.Story):
    def setUp(self):
        super().setUp()
        # A module built with a sanitizer needs its runtime to be there first; what the host programs leak is theirs.
        runtime = re.search(r"\[(lib[at]san\.so[.\d]*)\]", output_of("readelf", "-d", MODULE))
        if runtime:
            if runtime.group(1).startswith("libtsan"):
                self.skipTest("ThreadSanitizer needs a host that was built with it: room_extension is one")
            self.environment.update(LD_PRELOAD=runtime.group(1), ASAN_OPTIONS="detect_leaks=0:abort_on_error=1")
        self.init()

    def shell(self, database, script):
        """The distribution's shell, as it is started by whoever wants backups in it. Its answer, and what it complains of."""
        done = subprocess.run(["sqlite3", "-batch", "-cmd", f".load '{MODULE}'", str(database)], input=script, capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=120)
        return done.stdout, done.stderr

    def attach(self, number, more="", name="app.db"):
        return f"ATTACH 'file:{name}?vfs=holdfast&repository={str(self.repository).replace(' ', '%20')}&snapshot={number}{more}' AS backup;"

    def compiled(self, name, *flags):
        target = self.root / name
        output_of("cc", "-O1", "-o", target, SOURCES / f"{name.split('.')[0]}.c", *flags)
        return target

    def python(self, code, *words):
        head = ("import sqlite3, sys\n"
                "def load(path=':memory:'):\n"
                "    db = sqlite3.connect(path, uri=True)\n"
                "    db.enable_load_extension(True)\n"
                f"    db.load_extension({str(MODULE)!r})\n"
                "    return db\n")
        done = subprocess.run([sys.executable, "-c", head + code, *map(str, words)], capture_output=True, text=True, cwd=self.work, env=self.environment, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class Module(Loaded):
    def test_it_links_no_sqlite_and_shows_two_names(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", output_of("readelf", "-d", MODULE))
        self.assertIn("libc.so.6", needed)
        self.assertEqual([name for name in needed if re.search("sqlite|curl|archive", name)], [])
        names = {line.split()[-1] for line in output_of("nm", "-D", "--defined-only", MODULE).splitlines()}
        self.assertEqual(names, {"sqlite3_holdfastsqlite_init", "sqlite3_extension_init"})
        foreign = {line.split()[-1] for line in output_of("nm", "-D", "--undefined-only", MODULE).splitlines()}
        self.assertEqual({name for name in foreign if name.startswith("sqlite3")}, set())

    def test_it_refuses_an_sqlite_that_is_too_old_and_a_second_one(self):
        wrapper = self.compiled("other_library.so", "-shared", "-fPIC", "-ldl")
        code = ("import ctypes, os\n"
                "def attempt(entry):\n"
                "    db = sqlite3.connect(':memory:')\n"
                "    db.enable_load_extension(True)\n"
                "    db.execute('SELECT load_extension(?, ?)', (sys.argv[1], entry))\n"
                "for entry in ('sqlite3_old_init', None, 'sqlite3_other_init', None):\n"
                "    try:\n"
                "        attempt(entry) if entry else load()\n"
                "        print('loaded')\n"
                "    except sqlite3.OperationalError as error:\n"
                "        print(error)\n")
        self.environment["MODULE"] = str(MODULE)
        self.assertEqual(self.python(code, wrapper).splitlines(),
                         ["error during initialization: holdfast_sqlite: this program's SQLite is older than 3.20", "loaded",
                          "error during initialization: holdfast_sqlite: another SQLite library in this process has loaded it already", "loaded"])


class Recipes(Loaded):
    def setUp(self):
        super().setUp()
        self.database = self.work / "devteam.db"
        self.sessions = devteam_database.create(self.database)
        self.number = self.backup(self.database, "--output", self.root / "copies")["number"]
        (self.copy,) = (self.root / "copies").glob("*.db")
        self.lost = self.sessions[3]
        self.before = {table: rows_of(self.database, table) for table in devteam_database.TABLES}

    def test_a_session_comes_back_by_the_recipe(self):
        for attach in (f"ATTACH '{self.copy}' AS backup;", self.attach(self.number), self.attach("latest")):
            with self.subTest(attach):
                db = sqlite3.connect(self.database)
                db.execute("DELETE FROM sessions WHERE id = ?", (self.lost,))
                db.execute("DELETE FROM events WHERE session_id = ?", (self.lost,))
                db.commit()
                db.close()
                self.assertNotEqual(rows_of(self.database, "events"), self.before["events"])
                answer, complaint = self.shell(self.database, attach + WITH_SESSION.format(session=self.lost))
                self.assertEqual((answer, complaint), ("", ""))
                self.assertEqual({table: rows_of(self.database, table) for table in self.before}, self.before)

    def test_one_session_in_the_place_of_another(self):
        for attach in (f"ATTACH '{self.copy}' AS backup;", self.attach(self.number)):
            with self.subTest(attach):
                db = sqlite3.connect(self.database)
                db.execute("INSERT INTO sessions(id, command, command_type) VALUES ('corrupted', '?', '?')")
                db.execute("DELETE FROM sessions WHERE id = ?", (self.lost,))
                db.commit()
                db.close()
                self.shell(self.database, attach + ONE_FOR_ANOTHER.format(corrupted="corrupted", session=self.lost))
                self.assertEqual(rows_of(self.database, "sessions"), self.before["sessions"])

    def test_with_foreign_keys_on_the_recipe_takes_children_away(self):
        """Why the guide warns: REPLACE deletes the row that is there, and its children go with it."""
        self.shell(self.database, "PRAGMA foreign_keys = ON;" + self.attach(self.number) + f"INSERT OR REPLACE INTO sessions SELECT * FROM backup.sessions WHERE id = '{self.lost}';")
        self.assertLess(len(rows_of(self.database, "events")), len(self.before["events"]))


class Hosts(Loaded):
    def setUp(self):
        super().setUp()
        stories.create_ledger(self.database, rows=3000).close()
        self.number = self.backup()["number"]
        self.then = rows_of(self.database, "ledger")
        db = sqlite3.connect(self.database)
        db.execute("DELETE FROM ledger WHERE n > 100")
        db.commit()
        db.close()

    def test_python(self):
        code = ("db = load(sys.argv[1])\n"
                "db.execute(sys.argv[2])\n"
                "print(db.execute('SELECT count(*), max(link) FROM backup.ledger').fetchone())\n"
                "print(db.execute('SELECT number, kind FROM holdfast_snapshots()').fetchall())\n"
                "try:\n"
                "    db.execute(\"ATTACH 'file:app.db?vfs=holdfast&snapshot=99' AS other\")\n"
                "except sqlite3.OperationalError as error:\n"
                "    print(error, '/', db.execute('SELECT holdfast_last_error()').fetchone()[0])\n")
        answer = self.python(code, self.database, self.attach(self.number)).splitlines()
        self.assertEqual(answer[0], repr((3000, max(row[2] for row in self.then))))
        self.assertEqual(answer[1], repr([(self.number, "manual")]))
        self.assertEqual(answer[2], "unable to open database: file:app.db?vfs=holdfast&snapshot=99 / which repository: none is named; repository=PATH, or set HOLDFAST_REPOSITORY")

    def test_a_program_with_an_sqlite_of_its_own(self):
        host = self.compiled("static_host", "-l:libsqlite3.a", "-lm", "-ldl", "-lpthread")
        script = (self.attach(self.number) + "\nSELECT count(*), max(link) FROM backup.ledger\nPRAGMA backup.integrity_check\n"
                  "DELETE FROM backup.ledger\nSELECT count(*) FROM holdfast_snapshots()\n")
        done = subprocess.run([host, self.database, MODULE], input=script, capture_output=True, text=True, env=self.environment, cwd=self.work, timeout=120)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), [f"3000|{max(row[2] for row in self.then)}", "ok", "error 8: attempt to write a readonly database", "1"])

    def test_a_sealed_repository_by_key_file_and_environment(self):
        key = self.root / "key"
        key.write_bytes(os.urandom(32))
        self.repository = self.root / "sealed"
        self.call("init", "--encrypt", "--key-file", key)
        self.call("backup", self.database, "--key-file", key)
        query = "SELECT count(*) FROM backup.ledger;"
        self.assertEqual(self.shell(":memory:", self.attach(1, "&key_file=" + str(key).replace(" ", "%20")) + query)[0], "100\n")
        answer, complaint = self.shell(":memory:", self.attach(1) + "\n" + query + "\nSELECT holdfast_last_error();")
        self.assertIn("unable to open database", complaint)
        self.assertIn("no password or key was given", answer)
        self.environment["HOLDFAST_KEY_FILE"] = str(key)
        self.assertEqual(self.shell(":memory:", self.attach(1) + query)[0], "100\n")
        self.assertEqual(self.shell(":memory:", f"SELECT number FROM holdfast_snapshots('{self.repository}');")[0], "1\n")

    def test_damage_is_told_and_nobody_crashes(self):
        wrong = 0
        packs = sorted(path for path in (self.repository / "packs").rglob("*") if path.is_file())
        for turn in range(12):
            pack = self.random.choice(packs)
            whole = pack.read_bytes()
            damaged = bytearray(whole)
            for _ in range(20):
                damaged[self.random.randrange(len(damaged))] ^= self.random.randrange(1, 256)
            pack.chmod(0o600)
            pack.write_bytes(damaged)
            script = ".log stderr\n" + self.attach(self.number) + "\nSELECT * FROM backup.ledger ORDER BY n;\nSELECT 'why: ' || holdfast_last_error();"
            answer, complaint = self.shell(":memory:", script)
            pack.write_bytes(whole)
            rows = [line for line in answer.splitlines() if re.match(r"\d+\|", line)]
            self.assertEqual(rows, ["|".join(map(str, row)) for row in self.then][:len(rows)])
            if len(rows) < len(self.then):
                wrong += 1
                self.assertRegex(complaint, r"database disk image is malformed|unable to open database|disk I/O error|\(11\)")
                self.assertRegex(complaint, r"\(11\) holdfast: read .* of backup #1: ")
                self.assertIn("why: read ", answer)
        self.assertGreater(wrong, 3)

    def test_many_connections_read_while_backups_and_prunes_run(self):
        code = ("import threading\n"
                "said = []\n"
                "def work(which):\n"
                "    for turn in range(8):\n"
                "        db = load()\n"
                "        db.execute(sys.argv[1 + which % 2])\n"
                "        said.append(db.execute('SELECT count(*), max(link) FROM backup.ledger' if which % 2 == 0 else 'PRAGMA backup.integrity_check').fetchone())\n"
                "        db.close()\n"
                "first = load()\n"
                "first.execute(sys.argv[1])\n"
                "print('ready', flush=True)\n"
                "threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]\n"
                "for thread in threads: thread.start()\n"
                "sys.stdin.readline()\n"
                "for thread in threads: thread.join()\n"
                "for line in said: print(line)\n"
                "print(first.execute('SELECT count(*), max(link) FROM backup.ledger').fetchone())\n")
        head = f"import sqlite3, sys\ndef load():\n    db = sqlite3.connect(':memory:')\n    db.enable_load_extension(True)\n    db.load_extension({str(MODULE)!r})\n    return db\n"
        reader = subprocess.Popen([sys.executable, "-c", head + code, self.attach(self.number), self.attach("latest")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, env=self.environment, cwd=self.work)
        self.addCleanup(reader.kill)
        self.assertEqual(reader.stdout.readline(), "ready\n")
        for turn in range(4):
            db = sqlite3.connect(self.database, isolation_level=None)
            db.execute("UPDATE slots SET filler = hex(randomblob(150))")
            db.close()
            newest = self.backup()["number"]
            if turn == 1:
                self.call("forget", self.number)
            self.call("prune", "--grace", "0s")
        answer, complaint = reader.communicate("go on\n", timeout=120)
        self.assertEqual(reader.returncode, 0, complaint)
        first = repr((3000, max(row[2] for row in self.then)))
        lines = answer.splitlines()
        self.assertEqual((lines.count(first), lines.count("('ok',)"), len(lines)), (25, 24, 49), complaint + answer)
        self.assertNotEqual(newest, self.number)
        self.assertEqual(list((self.repository / "leases").iterdir()), [])


if __name__ == "__main__":
    stories.main()
