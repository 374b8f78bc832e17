"""A backup is a database: asked without being restored, it answers what a restored copy answers, row for row, byte for byte."""

import csv
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading

import stories


def features(path, encoding="UTF-8", page_size=4096):
    """A database with everything that SQL can see of SQLite."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA encoding = '{encoding}'")
    db.execute(f"PRAGMA page_size = {page_size}")
    db.execute("PRAGMA journal_mode = wal")
    db.executescript("""
        CREATE TABLE sessions(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT COLLATE NOCASE, data BLOB, cost REAL,
                              size INTEGER GENERATED ALWAYS AS (length(data)) STORED, twice REAL AS (cost * 2));
        CREATE TABLE settings(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
        CREATE TABLE typed(a INT, b ANY) STRICT;
        CREATE VIEW costly AS SELECT name, cost FROM sessions WHERE cost > 50;
        CREATE INDEX by_name ON sessions(name, cost DESC);
        CREATE INDEX partial ON sessions(cost) WHERE cost > 90;
        CREATE VIRTUAL TABLE notes USING fts5(body);
        CREATE VIRTUAL TABLE old_notes USING fts4(body);
        CREATE VIRTUAL TABLE places USING rtree(id, x0, x1, y0, y1);
        CREATE TABLE "odd ""table"" name"("a column, with comma" TEXT, "select" INTEGER);
        BEGIN;""")
    for i in range(3000):
        blob = None if i % 7 == 0 else os.urandom(i % 400) if i % 500 else os.urandom(100_000)
        text = [None, "", "plain", 'with "quotes", commas', "lines\r\nand\nmore", "ümläut ❤ 𝄞", " spaced "][i % 7]
        db.execute("INSERT INTO sessions(name, data, cost) VALUES (?, ?, ?)", (text, blob, i / 30))
        db.execute("INSERT INTO settings VALUES (?, ?)", (f"key {i}", [i, i / 3, f"v{i}", os.urandom(5), None][i % 5]))
        db.execute("INSERT INTO notes VALUES (?)", (f"note {i} about {'rain' if i % 3 else 'sun'}",))
        db.execute("INSERT INTO old_notes VALUES (?)", (f"note {i} about {'rain' if i % 3 else 'sun'}",))
        db.execute("INSERT INTO places VALUES (?, ?, ?, ?, ?)", (i, i, i + 1, -i, 1 - i))
        db.execute('INSERT INTO "odd ""table"" name" VALUES (?, ?)', (text, i))
    for value in (2 ** 63 - 1, -2 ** 63, 1e308, 5e-324, 0.1, -0.0, float("inf"), "1", b"\x00\xff"):
        db.execute("INSERT INTO typed VALUES (1, ?)", (value,))
    db.execute("COMMIT")
    return db


QUESTIONS = (
    "SELECT * FROM sessions", "SELECT count(*), sum(size), max(twice), avg(cost) FROM sessions", "SELECT * FROM settings", "SELECT b, typeof(b) FROM typed",
    "SELECT * FROM costly ORDER BY name, cost", "SELECT id FROM sessions WHERE name = 'PLAIN' ORDER BY cost DESC LIMIT 5", "SELECT count(*) FROM sessions WHERE cost > 95",
    "SELECT rowid, body FROM notes WHERE notes MATCH 'sun' ORDER BY rank, rowid LIMIT 20", "SELECT snippet(notes, 0, '[', ']', '…', 5) AS s FROM notes WHERE notes MATCH '\"note 17\"'",
    "SELECT count(*) FROM old_notes WHERE old_notes MATCH 'rain'", "SELECT id FROM places WHERE x0 > 10 AND x1 < 20 AND y0 > -30", 'SELECT * FROM "odd ""table"" name" WHERE "select" < 30',
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 50) SELECT i, json_object('i', i) AS j FROM c", "SELECT name, count(*) OVER (PARTITION BY name) AS n FROM sessions LIMIT 100",
    "SELECT name, type, sql FROM sqlite_schema", "PRAGMA integrity_check", "PRAGMA table_xinfo(sessions)", "EXPLAIN QUERY PLAN SELECT * FROM sessions WHERE name = 'x'",
)


def plain(value):
    """A value as the program's JSON has it."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return ("Inf" if value > 0 else "-Inf") if isinstance(value, float) and value in (float("inf"), float("-inf")) else value


csv.field_size_limit(10 ** 9)


class Query(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()

    def run_words(self, *words, stdin=None):
        return subprocess.run(self.command("query", *words), capture_output=True, cwd=self.work, env=self.environment, timeout=120, input=stdin)

    def rows(self, snapshot, sql, *flags):
        return self.call("query", snapshot, sql, "--limit", "0", *flags).json["results"][0]["rows"]

    def test_a_backup_answers_as_its_restored_copy_does(self):
        for encoding, page_size in (("UTF-8", 4096), ("UTF-16le", 1024), ("UTF-8", 65536)):
            with self.subTest(encoding=encoding, page_size=page_size):
                self.database = self.work / f"{encoding} {page_size}.db"
                db = features(self.database, encoding, page_size)
                number = self.backup()["number"]
                copy = self.restore_copy(number)
                db.execute("DELETE FROM sessions")  # what comes later is not in it
                db.close()
                oracle = sqlite3.connect(copy)
                for sql in QUESTIONS:
                    expected = oracle.execute(sql).fetchall()
                    self.assertTrue(expected, sql)
                    as_json = [[plain(value) for value in row] for row in expected]
                    self.assertEqual(json.dumps(self.rows(number, sql)), json.dumps(as_json), sql)
                    names = [column[0] for column in oracle.execute(sql).description]
                    if len(set(names)) == len(names):
                        lines = self.run_words(str(number), sql, "--json-lines").stdout.decode().splitlines()
                        self.assertEqual([json.dumps(list(json.loads(line).values())) for line in lines], [json.dumps(row) for row in as_json], sql)
                    self.check_csv(number, sql, names, expected)
                oracle.close()

    def check_csv(self, number, sql, names, expected):
        out = self.run_words(str(number), sql, "--csv").stdout.decode()
        read = list(csv.reader(io.StringIO(out, newline="")))
        self.assertEqual(read[0], names)
        for row, fields in zip(expected, read[1:], strict=True):
            for value, field in zip(row, fields, strict=True):
                if isinstance(value, float):
                    self.assertEqual(float(field), value)
                else:
                    self.assertEqual(field, "" if value is None else f"x'{value.hex()}'" if isinstance(value, bytes) else str(value))

    def test_csv_tells_null_from_an_empty_text(self):
        stories.create_ledger(self.database).close()
        self.backup()
        out = self.run_words("latest", "SELECT NULL AS a, '' AS b, 'x' AS c, x'' AS d", "--csv").stdout
        self.assertEqual(out, b"a,b,c,d\r\n,\"\",x,x''\r\n")

    def peak_and_rows(self, *words):
        out = self.root / "rows"
        with out.open("wb") as stream:
            return self.peak_of("query", *words, stdout=stream), out.read_bytes()

    def test_a_huge_value_is_there_only_as_sqlite_has_it(self):
        self.skip_if_sanitized()
        size = 60_000_000
        blob = os.urandom(1000) * (size // 1000)
        text = 'ü "quoted", ❤\r\n' * (size // 20)
        db = sqlite3.connect(self.database)
        db.execute("CREATE TABLE t(b BLOB, s TEXT)")
        db.execute("INSERT INTO t VALUES (?, NULL)", (blob,))
        db.execute("INSERT INTO t VALUES (NULL, ?)", (text,))
        db.commit()
        db.close()
        self.backup()
        cases = (("b", "--csv", b"b\r\nx'" + blob.hex().encode() + b"'\r\n"), ("b", "--json-lines", b'{"b":{"hex":"' + blob.hex().encode() + b'"}}\n'),
                 ("s", "--csv", b's\r\n"' + text.replace('"', '""').encode() + b'"\r\n'), ("s", "--json-lines", None))
        idle = self.peak_and_rows("1", "SELECT 1 AS one", "--csv")[0]
        for column, form, expected in cases:
            with self.subTest(column=column, form=form):
                peak, out = self.peak_and_rows("1", f"SELECT {column} FROM t WHERE {column} IS NOT NULL", form)
                if expected:
                    self.assertTrue(out == expected)
                else:
                    self.assertTrue(json.loads(out) == {"s": text})
                self.assertLess(peak - idle, 1.7 * size, "SQLite's own copy and some room for pages")

    def test_two_columns_of_one_name_are_no_json_object(self):
        stories.create_ledger(self.database).close()
        self.backup()
        answer = self.run_words("latest", "SELECT 1 AS a, 2 AS a", "--json-lines")
        self.assertNotEqual(answer.returncode, 0)
        self.assertEqual(answer.stdout, b"")
        self.assertIn(b"AS", answer.stderr)

    def test_a_table_for_people(self):
        stories.create_ledger(self.database).close()
        self.backup()
        answer = self.run_words("latest", "SELECT 5 AS five, NULL AS missing, x'00112233445566778899aabbccddeeff00' AS bytes, 'a' || char(27) || 'b' AS text")
        self.assertEqual(answer.stdout.decode().splitlines(),  # of a blob its beginning, and how long it is
                         ["five  missing  bytes                                        text", "   5     NULL  x'00112233445566778899aabbccddeeff…' (17 B)  a\\x1bb"])
        self.assertIn(b"of backup #1", answer.stderr, "the rows alone go on to other programs")
        self.assertEqual(self.run_words("latest", "--file", "-", stdin=b"SELECT 1 AS a;\n-- the end\n").stdout, b"a\n1\n")

    def test_the_live_database_is_asked_without_a_trace(self):
        for journal in ("wal", "delete"):
            self.database = self.work / f"{journal}.db"
            db = stories.create_ledger(self.database, journal)
            self.backup()
            stories.append(db, 5)
            before = self.listing()
            self.assertEqual(self.rows("live", "SELECT count(*) FROM ledger", "--source", self.database), [[205]])
            self.assertEqual(self.rows("latest", "SELECT count(*) FROM ledger", "--source", self.database), [[200]])
            self.assertEqual(self.listing(), before)
            db.close()

    def test_a_backup_stays_whole_under_a_query_whatever_is_forgotten_and_pruned(self):
        db = stories.create_ledger(self.database, rows=30_000)
        first = self.backup()["number"]
        expected = [list(row) for row in db.execute("SELECT n, payload, link FROM ledger")]
        db.execute("DROP TABLE ledger")
        db.execute("VACUUM")
        query = subprocess.Popen(self.command("query", first, "SELECT n, payload, link FROM ledger", "--json-lines"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.work, env=self.environment)
        lines = [query.stdout.readline()]  # it has begun; its pipe is full soon, and it waits for us
        self.backup()
        self.call("forget", first)
        pruned = self.call("prune", "--grace", "0").json
        self.assertEqual(pruned["dropped"], [first], "the backup itself is gone")
        lines += query.stdout.read().splitlines()
        self.assertEqual(query.wait(120), 0, query.stderr.read())
        query.stdout.close()
        query.stderr.close()
        self.assertEqual([list(json.loads(line).values()) for line in lines], expected)
        gone = self.call("query", first, "SELECT 1", code=None)
        self.assertNotEqual(gone.code, 0)
        db.close()

    def test_many_at_once_while_backups_are_made_and_pruned(self):
        stories.create_ledger(self.database).close()
        writer = self.writer()
        number = self.backup()["number"]
        expected = self.rows(number, "SELECT count(*), sum(length(payload)), max(link) FROM ledger")
        wrong = []

        def ask():
            for _ in range(4):
                rows = self.rows(number, "SELECT count(*), sum(length(payload)), max(link) FROM ledger")
                if rows != expected:
                    wrong.append(rows)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            made = self.backup()["number"]
            if made != number:
                self.call("forget", made, code=None)
            self.call("prune", "--grace", "0")
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        writer.stop()

    def test_a_damaged_pack_is_an_error_with_its_reason_and_never_a_wrong_row(self):
        db = stories.create_ledger(self.database, rows=20_000)
        number = self.backup()["number"]
        expected = [list(row) for row in db.execute("SELECT * FROM ledger")]
        db.close()
        packs = [path for path in (self.repository / "packs").rglob("*") if path.is_file()]
        failures = 0
        for _ in range(12):
            pack = self.random.choice(packs)
            before = pack.read_bytes()
            at = self.random.randrange(len(before))
            pack.chmod(0o600)
            pack.write_bytes(before[:at] + bytes([before[at] ^ 0x40]) + before[at + 1:])
            answer = self.call("query", number, "SELECT * FROM ledger", "--limit", "0", code=None)
            if answer.code == 0:
                self.assertEqual(answer.json["results"][0]["rows"], expected)
            else:
                failures += 1
                self.assertEqual(answer.error["code"], "corrupt")
                self.assertIn("pack", answer.error["message"])
            pack.write_bytes(before)
        self.assertGreater(failures, 0)
        self.assertEqual(self.rows(number, "SELECT * FROM ledger"), expected)

    def test_a_sealed_repository_and_one_that_cannot_be_written(self):
        key = self.root / "key"
        key.write_bytes(os.urandom(32))
        sealed = self.root / "sealed"
        self.call("init", "-r", sealed, "--encrypt", "--key-file", key)
        features(self.database).close()
        self.call("backup", self.database, "-r", sealed, "--key-file", key)
        temporary = self.root / "temporary"
        temporary.mkdir()
        answer = self.call("query", "latest", "SELECT count(*) FROM (SELECT DISTINCT data, name FROM sessions ORDER BY name)", "-r", sealed, "--key-file", key, environment={"SQLITE_TMPDIR": str(temporary)})
        self.assertGreater(answer.json["results"][0]["rows"][0][0], 1000)
        self.assertEqual(self.call("query", "latest", "SELECT 1", "-r", sealed, code=None).error["code"], "denied")
        if os.geteuid() != 0:
            for folder in (sealed, *[path for path in sealed.rglob("*") if path.is_dir()]):
                folder.chmod(0o500)
            self.assertEqual(self.call("query", "latest", "SELECT 1", "-r", sealed, "--key-file", key).json["results"][0]["rows"], [[1]])

    def test_millions_of_rows_in_little_memory(self):
        stories.create_ledger(self.database).close()
        self.backup()
        sql = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {}) SELECT i, 'a text that takes some room' AS t FROM c"
        for form in ("--csv", "--json-lines"):
            few, many = (self.peak_kib("query", "latest", sql.format(rows), form) for rows in (1, 1_000_000))
            self.assertLess(many, few + 8 * 1024)

    def peak_kib(self, *words):
        with open(os.devnull, "wb") as nowhere:
            process = subprocess.Popen(self.command(*words), stdout=nowhere, stderr=nowhere, env=self.environment, cwd=self.work)
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return used.ru_maxrss

    def test_its_reader_may_leave(self):
        stories.create_ledger(self.database).close()
        self.backup()
        sql = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT i FROM c"
        query = subprocess.Popen(self.command("query", "latest", sql, "--csv"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environment, cwd=self.work)
        self.assertEqual(query.stdout.readline(), b"i\r\n")
        query.stdout.close()
        self.assertNotEqual(query.wait(20), 0)


class Shell(stories.Story):
    """sqlite3 itself, on a backup."""

    def setUp(self):
        super().setUp()
        if shutil.which("sqlite3") is None:
            self.skipTest("there is no sqlite3 program")
        self.init()

    def shell(self, *words, stdin=""):
        return subprocess.run(self.command("shell", *words[:1], "-r", self.repository, *words[1:]), capture_output=True, text=True, cwd=self.work, env=self.environment, input=stdin, timeout=60)

    def test_it_reads_a_backup_and_cannot_write(self):
        db = stories.create_ledger(self.database)
        other = self.work / "jobs.db"
        stories.create_ledger(other, rows=7).close()
        self.backup(self.database, other)
        stories.append(db, 5)
        db.close()
        before = self.listing()
        answer = self.shell("latest", stdin="SELECT count(*) FROM app.ledger;\nSELECT count(*) FROM jobs.ledger;\n")
        self.assertEqual((answer.stdout, answer.returncode), ("200\n7\n", 0), answer.stderr)
        self.assertEqual(self.shell("live", "--", "SELECT count(*) FROM main.ledger").stdout, "205\n")
        refused = self.shell("latest", stdin="DELETE FROM ledger;\n")
        self.assertIn("readonly", refused.stderr)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(self.listing(), before)

    def test_what_it_unpacked_is_gone_also_when_it_was_killed(self):
        stories.create_ledger(self.database).close()
        self.backup()
        place = self.root / "place"
        place.mkdir()
        words = ("latest", "--in", place)
        self.assertEqual(self.shell(*words, "--", "SELECT count(*) FROM ledger").stdout, "200\n")
        self.assertEqual(list(place.iterdir()), [])
        killed = subprocess.Popen(self.command("shell", *words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.work, env=self.environment)
        killed.stdin.write("SELECT 'there';\n")
        killed.stdin.flush()
        self.assertEqual(killed.stdout.readline(), "there\n")
        self.assertNotEqual(list(place.iterdir()), [])
        killed.kill()
        killed.wait(20)
        killed.stdin.close()
        killed.stdout.close()
        self.assertEqual(self.shell(*words, "--", "SELECT 1").stdout, "1\n")
        self.assertEqual(list(place.iterdir()), [], "the next one tidies up")


if __name__ == "__main__":
    stories.main()
