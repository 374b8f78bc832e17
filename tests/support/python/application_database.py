#!/usr/bin/env python3
"""Makes a database as a developer tool fills it in months of use: sessions, prompts, observations, activities, full-text
indexes, triggers. Seeded: equal arguments give equal rows. The shape follows what such databases were measured to hold.

usage: application_database.py DATABASE --size 200M [--seed 1] [--journal wal|delete]
       application_database.py DATABASE --append ROWS [--seed 1]
"""

import argparse
import datetime
import hashlib
import multiprocessing
import os
import random
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from prose import Prose, draws, to_json  # noqa: E402

SCHEMA = """
CREATE TABLE schema_version (version INTEGER PRIMARY KEY);
INSERT INTO schema_version VALUES (17);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, agent TEXT NOT NULL, project_root TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT,
    status TEXT DEFAULT 'active', prompt_count INTEGER DEFAULT 0, tool_count INTEGER DEFAULT 0,
    processed BOOLEAN DEFAULT FALSE, summary TEXT, title TEXT, created_at_epoch INTEGER NOT NULL,
    parent_session_id TEXT, parent_session_reason TEXT, source_machine_id TEXT);
CREATE TABLE prompt_batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL REFERENCES sessions(id),
    prompt_number INTEGER NOT NULL, user_prompt TEXT, started_at TEXT NOT NULL, ended_at TEXT,
    status TEXT DEFAULT 'active', activity_count INTEGER DEFAULT 0, processed BOOLEAN DEFAULT FALSE,
    classification TEXT, source_type TEXT DEFAULT 'user', plan_file_path TEXT, plan_content TEXT,
    plan_embedded INTEGER DEFAULT 0, created_at_epoch INTEGER NOT NULL, content_hash TEXT,
    source_plan_batch_id INTEGER REFERENCES prompt_batches(id), source_machine_id TEXT);
CREATE TABLE memory_observations (
    id TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions(id),
    prompt_batch_id INTEGER REFERENCES prompt_batches(id), observation TEXT NOT NULL, memory_type TEXT NOT NULL,
    context TEXT, tags TEXT, importance INTEGER DEFAULT 5, file_path TEXT, created_at TEXT NOT NULL,
    created_at_epoch INTEGER NOT NULL, embedded BOOLEAN DEFAULT FALSE, content_hash TEXT, source_machine_id TEXT);
CREATE TABLE activities (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL REFERENCES sessions(id),
    prompt_batch_id INTEGER REFERENCES prompt_batches(id), tool_name TEXT NOT NULL, tool_input TEXT,
    tool_output_summary TEXT, file_path TEXT, files_affected TEXT, duration_ms INTEGER, success BOOLEAN DEFAULT TRUE,
    error_message TEXT, timestamp TEXT NOT NULL, timestamp_epoch INTEGER NOT NULL, processed BOOLEAN DEFAULT FALSE,
    observation_id TEXT, content_hash TEXT, source_machine_id TEXT);
"""

SEARCH = """
CREATE VIRTUAL TABLE memories_fts USING fts5(observation, context, content='memory_observations', content_rowid='rowid');
CREATE VIRTUAL TABLE activities_fts USING fts5(
    tool_name, tool_input, tool_output_summary, file_path, error_message, content='activities', content_rowid='id');
"""

TRIGGERS = """
CREATE TRIGGER memories_fts_insert AFTER INSERT ON memory_observations BEGIN
    INSERT INTO memories_fts(rowid, observation, context) VALUES (new.rowid, new.observation, new.context); END;
CREATE TRIGGER memories_fts_delete AFTER DELETE ON memory_observations BEGIN
    INSERT INTO memories_fts(memories_fts, rowid, observation, context)
    VALUES ('delete', old.rowid, old.observation, old.context); END;
CREATE TRIGGER activities_ai AFTER INSERT ON activities BEGIN
    INSERT INTO activities_fts(rowid, tool_name, tool_input, tool_output_summary, file_path, error_message)
    VALUES (new.id, new.tool_name, new.tool_input, new.tool_output_summary, new.file_path, new.error_message); END;
CREATE TRIGGER activities_ad AFTER DELETE ON activities BEGIN
    INSERT INTO activities_fts(activities_fts, rowid, tool_name, tool_input, tool_output_summary, file_path, error_message)
    VALUES ('delete', old.id, old.tool_name, old.tool_input, old.tool_output_summary, old.file_path, old.error_message); END;
"""

# What the insert triggers do, for many rows at once: row by row the full-text index takes four times as long.
INDEX_NEW_ROWS = {
    "memory_observations": "INSERT INTO memories_fts(rowid, observation, context) SELECT rowid, observation, context "
                           "FROM memory_observations WHERE rowid > ?",
    "activities": "INSERT INTO activities_fts(rowid, tool_name, tool_input, tool_output_summary, file_path, error_message) "
                  "SELECT id, tool_name, tool_input, tool_output_summary, file_path, error_message FROM activities WHERE id > ?",
}

INDEXES = {
    "sessions": ["status", "processed", "source_machine_id"],
    "prompt_batches": ["session_id", "processed", "content_hash", "source_machine_id"],
    "memory_observations": ["embedded", "session_id", "content_hash", "memory_type", "context", "created_at_epoch DESC",
                            "memory_type, created_at_epoch DESC", "source_machine_id"],
    "activities": ["session_id", "prompt_batch_id", "tool_name", "processed", "timestamp_epoch", "content_hash",
                   "source_machine_id"],
}

TABLES = ("sessions", "prompt_batches", "memory_observations", "activities")
TOOLS = [("Read", 955), ("Edit", 534), ("Bash", 440), ("Grep", 267), ("Glob", 168), ("TaskUpdate", 133), ("SubagentStop", 88),
         ("Write", 77), ("TaskCreate", 66), ("Task", 44), ("AgentThought", 44), ("SubagentStart", 43), ("WebFetch", 10)]
KINDS = [("discovery", 307), ("gotcha", 221), ("decision", 154), ("session_summary", 26), ("bug_fix", 10)]
CLASSES = [("exploration", 36), ("implementation", 22), ("plan", 18), ("refactoring", 17), (None, 12), ("debugging", 6)]
MACHINES = ["mira_3fa91c", "jonas_b07d55", "build_04c2e9"]
FIRST_MOMENT = datetime.datetime(2025, 9, 1, 8, 0, 0)


def create_indexes():
    for table, indexes in INDEXES.items():
        for columns in indexes:
            name = columns.replace(" DESC", "").replace(", ", "_")
            yield f"CREATE INDEX idx_{table}_{name} ON {table}({columns});"


def short_hash(*parts):
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:16]


class Rows:
    """Sessions with everything that belongs to them, one after another, as tuples ready to insert."""

    def __init__(self, seed, first_batch=1, first_activity=1, moment=FIRST_MOMENT):
        self.random = random.Random(seed)
        self.prose = Prose(self.random)
        self.moment, self.batch_id, self.activity_id = moment, first_batch, first_activity
        self.batches, self.observations, self.activities = [], [], []
        self.tools, self.kinds, self.classes, self.importances = (
            draws(self.random, [value for value, weight in choices for _ in range(weight)])
            for choices in (TOOLS, KINDS, CLASSES, [(3, 73), (5, 340), (7, 26), (8, 279)]))

    def uuid(self):
        bits = f"{self.random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"

    def pass_time(self, seconds):
        self.moment += datetime.timedelta(seconds=self.random.expovariate(1 / seconds))
        return self.moment.isoformat(), int(self.moment.timestamp())

    def length(self, median, spread=0.8, most=10000):
        return min(most, int(median * self.random.lognormvariate(0, spread)))

    def session(self):
        """One session's row; its batches, observations and activities are appended to the lists."""
        session, machine = self.uuid(), self.random.choices(MACHINES, [8, 3, 1])[0]
        started, epoch = self.pass_time(4000)
        batches, tools = 1 + int(self.random.expovariate(1 / 3)), 0
        for number in range(1, batches + 1):
            tools += self.batch(session, number, machine)
        ended, _ = self.pass_time(60)
        return (session, "claude" if self.random.random() < 0.93 else "cursor", "~/projects/" + self.prose.word(), started, ended,
                "completed", batches, tools, self.random.random() < 0.8, None, self.prose.text(40)[:60], epoch, None, None, machine)

    def batch(self, session, number, machine):
        self.batch_id += 1 + (self.random.random() < 0.3) * self.random.randrange(6)
        started, epoch = self.pass_time(120)
        prompt = self.prose.text(self.length(211, 1.6))
        plan = self.prose.text(self.length(7700, 0.4, 19000)) if self.random.random() < 0.18 else None
        activities = max(1, self.length(14, 1.0, 170))
        for _ in range(activities):
            self.activity(session, machine)
        for _ in range(self.length(4, 0.8, 40)):
            self.observation(session, machine)
        ended, _ = self.pass_time(20)
        at = epoch if self.random.random() > 0.02 else epoch + self.random.random()
        self.batches.append((self.batch_id, session, number, prompt, started, ended, "completed", activities, True,
                             next(self.classes), "plan" if plan else "user", self.prose.path() if plan else None, plan, 0, at,
                             short_hash(session, number), None, machine))
        return activities

    def observation(self, session, machine):
        kind = next(self.kinds)
        text = self.prose.text(self.length(240, 0.4, 2700))
        at, epoch = self.pass_time(4)
        context, tags = self.prose.path(), ",".join(self.prose.word() for _ in range(6))
        self.observations.append((f"session_summary:{self.uuid()}" if kind == "session_summary" else self.uuid(), session,
                                  self.batch_id, text, kind, context, tags, next(self.importances), None,
                                  at, epoch, True, short_hash(text, kind, context), machine))

    def activity(self, session, machine):
        self.activity_id += 1 + (self.random.random() < 0.2) * self.random.randrange(12)
        tool, path = next(self.tools), self.prose.path()
        at, epoch = self.pass_time(3)
        given, output = self.call(tool, path)
        failed = self.random.random() < 0.006
        self.activities.append((self.activity_id, session, self.batch_id, tool, to_json(given), output[:500],
                                path if tool in ("Read", "Edit", "Write") else None, None, None, not failed,
                                self.prose.sentence() if failed else None, at, epoch, True, None,
                                short_hash(session, epoch, tool), machine))

    def call(self, tool, path):
        """What a tool was given, and what it answered."""
        prose = self.prose
        if tool == "Read":
            return {"file_path": path, "offset": int(prose.number()), "limit": 200}, prose.code(self.length(110, 1.1))
        if tool == "Edit":
            return {"file_path": path, "old_string": prose.code(self.length(90)), "new_string": prose.code(self.length(110))}, \
                f"The file {path} has been updated."
        if tool == "Write":
            return {"file_path": path, "content": prose.code(self.length(900, 1.0, 7500))}, f"File created successfully at: {path}"
        if tool == "Bash":
            return {"command": prose.command(), "description": prose.sentence()[:70]}, prose.text(self.length(160, 1.2))
        if tool in ("Grep", "Glob"):
            found = "\n".join(f"{prose.path()}:{prose.number()}: {prose.identifier()}" for _ in range(self.random.randrange(1, 9)))
            return {"pattern": prose.identifier(), "path": path.rsplit("/", 1)[0], "output_mode": "content"}, found
        return {"subject": prose.sentence()[:90], "description": prose.text(self.length(120)), "status": "in_progress"}, \
            prose.text(self.length(90))

    def block(self, sessions):
        """(table, rows) of so many sessions."""
        rows = [self.session() for _ in range(sessions)]
        block = list(zip(TABLES, (rows, self.batches, self.observations, self.activities)))
        self.batches, self.observations, self.activities = [], [], []
        return block


def insert(database, block, index_new_rows=False):
    """Inserts in one transaction; returns the number of rows. index_new_rows: there are no triggers yet."""
    with database:
        for table, rows in block:
            last, = database.execute(f"SELECT max(rowid) FROM {table}").fetchone()
            if rows:
                database.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
            if index_new_rows and table in INDEX_NEW_ROWS:
                database.execute(INDEX_NEW_ROWS[table], (last or 0,))
    return sum(len(rows) for _, rows in block)


def make_blocks(seed, queue):
    rows = Rows(seed)
    while True:
        queue.put(rows.block(25))


def create(path, size, seed=1, journal="wal", search=True):
    """Makes the database; it must not exist. Afterwards it is closed, checkpointed and synced."""
    if os.path.exists(path):
        raise FileExistsError(path)
    # Text is made in another process while this one inserts: half the time on two processors.
    queue = multiprocessing.Queue(maxsize=4)
    maker = multiprocessing.Process(target=make_blocks, args=(seed, queue), daemon=True)
    maker.start()
    database = sqlite3.connect(path)
    # Durability is not needed until the end: a database that was not finished is made anew.
    database.executescript("PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE; "
                           "PRAGMA cache_size=-1000000;" + SCHEMA + (SEARCH if search else "") + "".join(create_indexes()))
    while database.execute("PRAGMA page_count").fetchone()[0] * 4096 < size:
        insert(database, queue.get(), index_new_rows=search)
    if search:
        database.executescript(TRIGGERS)
    maker.terminate()
    maker.join()
    database.execute("PRAGMA locking_mode=NORMAL")
    database.execute("SELECT 1 FROM sessions").fetchone()
    database.execute(f"PRAGMA journal_mode={journal}").fetchone()
    database.close()
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def append(path, rows, seed=1):
    """Adds at least so many rows, as the application would: a transaction a session. Returns how many."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=NORMAL")
    last = [database.execute(f"SELECT max(id) FROM {table}").fetchone()[0] or 0 for table in ("prompt_batches", "activities")]
    newest = database.execute("SELECT max(timestamp) FROM activities").fetchone()[0]
    more = Rows(f"{seed} after {last}", last[0] + 1, last[1] + 1, datetime.datetime.fromisoformat(newest) if newest else FIRST_MOMENT)
    inserted = 0
    while inserted < rows:
        inserted += insert(database, more.block(1))
    database.close()
    return inserted


def bytes_of(text):
    units = {"K": 10, "M": 20, "G": 30}
    return int(float(text[:-1]) * 2 ** units[text[-1].upper()]) if text[-1].upper() in units else int(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--size", type=bytes_of, default=bytes_of("200M"), help="bytes, or with K, M, G (default 200M)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal", choices=("wal", "delete"), default="wal")
    parser.add_argument("--no-search", action="store_true", help="without full-text indexes and their triggers")
    parser.add_argument("--append", type=int, metavar="ROWS", help="add rows to an existing database instead")
    arguments = parser.parse_args()
    if arguments.append:
        print(f"{append(arguments.database, arguments.append, arguments.seed)} rows added")
    else:
        create(arguments.database, arguments.size, arguments.seed, arguments.journal, not arguments.no_search)
        print(f"{os.path.getsize(arguments.database)} bytes")


if __name__ == "__main__":
    main()
