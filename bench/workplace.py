"""Where the scenarios work: the database they start from, what is done to it, and tools taken in turn."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib

from measure import run, settle, warm

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUPPORT = os.path.join(ROOT, "tests", "support", "python")


def support(script, *words):
    return [sys.executable, os.path.join(SUPPORT, script), *words]


class Workplace:
    """`database` is a working copy of `pristine`; scenarios change the copy and begin with fresh_database()."""

    def __init__(self, folder, options, tools, report):
        self.folder, self.options, self.report = folder, options, report
        self.runs = options.runs
        self.work = os.path.join(folder, "work")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.pristine = self.made(options.size)
        self.size = os.path.getsize(self.pristine)
        self.database = os.path.join(self.work, "application.db")
        self.tools = [tool(self.work, self.database) for tool in tools]

    def made(self, size, search=True):
        """Path of a generated database of that size: made once, kept until its generator changes."""
        sources = b""
        for name in ("application_database.py", "prose.py"):
            with open(os.path.join(SUPPORT, name), "rb") as file:
                sources += file.read()
        path = os.path.join(self.folder, f"application-{size}{'' if search else '-no-search'}-{zlib.crc32(sources):08x}.db")
        if not os.path.exists(path):
            print(f"making {path}", flush=True)
            partial = path + ".partial"
            for leftover in (partial, partial + "-wal", partial + "-shm"):
                if os.path.exists(leftover):
                    os.unlink(leftover)
            run(support("application_database.py", partial, "--size", size, *([] if search else ["--no-search"])))
            os.rename(partial, path)
        return path

    def fresh_database(self, size=None, search=True):
        """The working copy as it was made, old enough that its times alone can tell that it did not change."""
        self.use(self.made(size or self.options.size, search))

    def use(self, pristine):
        for suffix in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(self.database + suffix):
                os.unlink(self.database + suffix)
        shutil.copyfile(pristine, self.database)
        self.rest()

    def rest(self):
        settle()
        time.sleep(2)
        warm(self.database)

    def find(self, *names):
        return [tool for tool in self.tools if tool.name in names]

    def holdfasts(self):
        return [tool for tool in self.tools if tool.name.startswith("holdfast")]

    def incremental(self):
        return [tool for tool in self.tools if tool.incremental]

    def prepare(self, tools):
        """Each tool starts afresh and holds one backup of the database as it is. Not measured."""
        for tool in tools:
            tool.reset()
            tool.backup()
        time.sleep(1.2)

    def in_turn(self, scenario, tools, act, before_turn=None, before_act=None, turns=None):
        """{tool name: [what act(tool) measured, a turn each]}; each turn in an order of its own, so that no tool always
        runs in what the same one left (pages it made the kernel forget, the disk at work)."""
        results = {tool.name: [] for tool in tools}
        for turn in range(turns or self.runs):
            if before_turn:
                before_turn(turn)
            for tool in random.Random(f"{scenario} {turn}").sample(list(tools), len(tools)):
                if before_act:
                    before_act(tool)
                settle()
                warm(self.database)  # some tools tell the kernel to forget what they have read
                measured = act(tool)
                results[tool.name].append(measured)
                self.report.keep_run(scenario, tool.name, turn, measured)
        return results

    # --- what happens to the database between backups ---

    def execute(self, *statements):
        database = sqlite3.connect(self.database, isolation_level=None)
        for statement, *values in statements:
            database.execute(statement, *values).fetchall()
        database.close()

    def change_scattered(self, turn):
        """Changes a thousandth of the pages, at random, by updates that touch one page each."""
        random_rows = random.Random(turn)
        database = sqlite3.connect(self.database, isolation_level=None)
        pages, = database.execute("PRAGMA page_count").fetchone()
        last, = database.execute("SELECT max(id) FROM activities").fetchone()
        database.execute("BEGIN")
        for _ in range(max(1, pages // 1000)):
            row = random_rows.randrange(last) + 1
            database.execute("UPDATE activities SET success = 1 - success WHERE id = (SELECT min(id) FROM activities WHERE id >= ?)", (row,))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def append_rows(self, rows, seed):
        """Adds rows as the application does; returns the bytes that a database holding just these rows compresses to."""
        before = self.last_ids()
        run(support("application_database.py", self.database, "--append", str(rows), "--seed", str(seed)))
        return self.compressed_size_after(before)

    def last_ids(self):
        database = sqlite3.connect(self.database)
        last = {table: database.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0
                for table in ("sessions", "prompt_batches", "memory_observations", "activities")}
        database.close()
        return last

    def compressed_size_after(self, before):
        """zstd -3 of the rows after those, with their entries in every index and full-text index."""
        path = os.path.join(self.work, "rows.db")
        if os.path.exists(path):
            os.unlink(path)
        database = sqlite3.connect(self.database)
        schema = [sql for name, sql in database.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
                  if not name.startswith("sqlite_") and ("_fts_" not in name or sql.startswith("CREATE TRIGGER"))]
        database.close()
        rows = sqlite3.connect(path, isolation_level=None)
        rows.execute("PRAGMA journal_mode=OFF")
        for sql in schema:
            rows.execute(sql)
        rows.execute("ATTACH ? AS all_rows", (self.database,))
        rows.execute("BEGIN")
        for table, last in before.items():
            rows.execute(f"INSERT INTO main.{table} SELECT * FROM all_rows.{table} WHERE rowid > ?", (last,))
        rows.execute("COMMIT")
        rows.close()
        packed = subprocess.run(["zstd", "-3", "-q", "-c", path], stdout=subprocess.PIPE, check=True).stdout
        os.unlink(path)
        return len(packed)

