"""The applications that profiles are for, generated: their layouts, schemas, companions, and what they write while they are open.

Each class makes its project in a folder; `write(n)` is one step of its work, and `holds(database)` what is true between steps."""

import hashlib
import json
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import devteam_database  # noqa: E402


class Application:
    profile = database = ""
    journal = "delete"
    required = ()  # companions, relative to the project

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / self.database).parent.mkdir(parents=True, exist_ok=True)
        self.make()
        self.db = self.connect()

    def connect(self):
        db = sqlite3.connect(self.folder / self.database, isolation_level=None, timeout=30, check_same_thread=False)
        db.execute("PRAGMA journal_mode = " + self.journal)
        return db

    def close(self):
        self.db.close()

    def file(self, path, content=""):
        path = self.folder / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def transaction(self, *statements):
        self.db.execute("BEGIN IMMEDIATE")
        for sql, values in statements:
            self.db.execute(sql, values)
        self.db.execute("COMMIT")

    def holds(self, database):
        """Asked of a restored database."""
        db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            counts = db.execute(self.invariant).fetchone()
            assert counts[0] == counts[1], counts
            return counts[0]
        finally:
            db.close()


class DevTeam(Application):
    profile, database = "devteam", ".devteam/devteam.db"
    required = (".devteam/memory/notes.md", ".devteam/config.yaml", ".devteam/features.json")
    invariant = "SELECT (SELECT count(*) FROM events WHERE event_type = 'step'), (SELECT coalesce(sum(total_tokens_input), 0) FROM sessions)"

    def make(self):
        self.sessions = devteam_database.create(self.folder / self.database, sessions=20)
        self.file(".devteam/memory/notes.md", "# What was learned\n")
        self.file(".devteam/memory/session 1/plan.md", "a plan\n")
        self.file(".devteam/config.yaml", "max_iterations: 10\n")
        self.file(".devteam/features.json", json.dumps({"features": []}))
        self.file(".devteam/progress.txt", "none yet\n")
        self.file(".devteam/checkpoints/chkpt-20260129-120000-0000abcd/manifest.json", json.dumps({"version": "1.0", "files": ["devteam.db"]}))
        self.file(".devteam/checkpoints/chkpt-20260129-120000-0000abcd/devteam.db", (self.folder / self.database).read_bytes())
        self.file("scripts/db-init.sh", "#!/bin/sh\nsqlite3 .devteam/devteam.db 'CREATE TABLE schema_version(version INTEGER PRIMARY KEY)'\n")

    def write(self, number):
        self.transaction(("INSERT INTO events(session_id, event_type, data) VALUES (?, 'step', ?)", (self.sessions[0], json.dumps({"n": number}))),
                         ("UPDATE sessions SET total_tokens_input = total_tokens_input + 1 WHERE id = ?", (self.sessions[0],)))


CI_FIXER = {
    "AgentRun": "groupId TEXT NOT NULL, status TEXT NOT NULL, state TEXT NOT NULL, createdAt DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, updatedAt DATETIME NOT NULL",
    "FileModification": "path TEXT NOT NULL, runId TEXT NOT NULL REFERENCES \"AgentRun\"(id) ON DELETE RESTRICT ON UPDATE CASCADE, beforeContent TEXT, afterContent TEXT, diff TEXT, createdAt DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "ErrorFact": "summary TEXT NOT NULL, filePath TEXT NOT NULL, fixAction TEXT NOT NULL, suggestedCommand TEXT, runId TEXT NOT NULL REFERENCES \"AgentRun\"(id), status TEXT NOT NULL DEFAULT 'open', notes TEXT",
    "FixAttempt": "runId TEXT NOT NULL REFERENCES \"AgentRun\"(id), iteration INTEGER NOT NULL, action TEXT NOT NULL, success BOOLEAN NOT NULL, durationMs INTEGER NOT NULL, llmCost REAL NOT NULL DEFAULT 0",
    "LearningFailure": "errorType TEXT NOT NULL, failureReason TEXT NOT NULL, attemptedFix TEXT NOT NULL, context TEXT NOT NULL, frequency INTEGER NOT NULL DEFAULT 1, firstSeen DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, lastSeen DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "LearningSuccess": "errorType TEXT NOT NULL, successfulFix TEXT NOT NULL, context TEXT NOT NULL, timestamp DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "ErrorCluster": "fingerprint TEXT NOT NULL UNIQUE, category TEXT NOT NULL, occurrenceCount INTEGER NOT NULL DEFAULT 1, errorFactIds TEXT NOT NULL",
    "LearningMetric": "metricName TEXT NOT NULL, value REAL NOT NULL, timestamp DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, metadata TEXT",
}


class CiFixer(Application):
    profile, database = "ci-fixer", "agent.db"
    required = ("prisma/schema.prisma", "package.json")
    invariant = 'SELECT (SELECT count(*) FROM "FixAttempt"), (SELECT count(*) FROM "AgentRun")'

    def make(self):
        db = sqlite3.connect(self.folder / self.database)
        for name, columns in CI_FIXER.items():
            db.execute(f'CREATE TABLE "{name}"(id TEXT NOT NULL PRIMARY KEY, {columns})')
        # Prisma writes milliseconds, and a default the text of SQLite: one column has both.
        day = 86_400_000
        for age in (1, 89, 91, 200):
            db.execute("INSERT INTO LearningFailure(id, errorType, failureReason, attemptedFix, context, lastSeen) VALUES (?, 't', 'r', 'f', '{}', CAST(strftime('%s') AS INTEGER) * 1000 - ?)", (f"failure:{age}", age * day))
            db.execute("INSERT INTO LearningSuccess(id, errorType, successfulFix, context, timestamp) VALUES (?, 't', 'f', '{}', datetime('now', ?))", (f"success:{age}", f"-{age} days"))
        db.commit()
        db.close()
        self.file("prisma/schema.prisma", 'datasource db {\n  provider = "sqlite"\n  url = env("DATABASE_URL")\n}\n')
        self.file("package.json", json.dumps({"name": "ci-fixer", "version": "1.4.2", "type": "module"}))
        self.file(".env", "DATABASE_URL=file:./agent.db\n")

    def write(self, number):
        run = f"{number:08x}-0000-4000-8000-000000000000"
        self.transaction(('INSERT INTO "AgentRun"(id, groupId, status, state, updatedAt) VALUES (?, ?, ?, ?, ?)', (run, "g", "working", json.dumps({"n": number}), number)),
                         ('INSERT INTO "FixAttempt"(id, runId, iteration, action, success, durationMs) VALUES (?, ?, 1, ?, 1, 5)', (f"a{number}", run, "edit")))


class Prt(Application):
    profile, database = "prt", "prt_data/prt.db"
    invariant = "SELECT (SELECT count(*) FROM contacts WHERE name LIKE 'new %'), (SELECT count(*) FROM contacts_fts WHERE name LIKE 'new %')"

    def make(self):
        db = sqlite3.connect(self.folder / self.database)
        db.executescript("""
            CREATE TABLE schema_version(id INTEGER PRIMARY KEY, version INTEGER NOT NULL, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
            INSERT INTO schema_version(version) VALUES (6);
            CREATE TABLE contacts(id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, first_name VARCHAR(100), last_name VARCHAR(100), email VARCHAR(255), phone VARCHAR(50),
                profile_image BLOB, profile_image_filename VARCHAR(255), profile_image_mime_type VARCHAR(50), is_you BOOLEAN DEFAULT 0, created_at DATETIME, updated_at DATETIME);
            CREATE INDEX idx_contacts_is_you ON contacts(is_you) WHERE is_you = 1;
            CREATE TABLE contact_metadata(id INTEGER PRIMARY KEY, contact_id INTEGER NOT NULL UNIQUE REFERENCES contacts(id), created_at DATETIME, updated_at DATETIME);
            CREATE TABLE tags(id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL UNIQUE, created_at DATETIME, updated_at DATETIME);
            CREATE TABLE metadata_tags(metadata_id INTEGER REFERENCES contact_metadata(id), tag_id INTEGER REFERENCES tags(id), created_at DATETIME, PRIMARY KEY (metadata_id, tag_id));
            CREATE TABLE backup_metadata(id INTEGER PRIMARY KEY, backup_filename VARCHAR(255) NOT NULL UNIQUE, backup_path TEXT NOT NULL, comment TEXT, is_auto INTEGER DEFAULT 0);
            CREATE VIRTUAL TABLE contacts_fts USING fts5(contact_id UNINDEXED, name, email, phone, notes, tokenize='porter unicode61');
            CREATE TRIGGER contacts_ai AFTER INSERT ON contacts BEGIN
                INSERT INTO contacts_fts(contact_id, name, email, phone, notes) VALUES (new.id, new.name, coalesce(new.email, ''), coalesce(new.phone, ''), ''); END;
            INSERT INTO tags(name) VALUES ('friend'), ('work');""")
        for number in range(30):
            image = hashlib.sha256(str(number).encode()).digest() * 200
            db.execute("INSERT INTO contacts(name, email, profile_image) VALUES (?, ?, ?)", (f"person {number}", f"p{number}@example.org", image))
            db.execute("INSERT INTO contact_metadata(contact_id) VALUES (?)", (number + 1,))
        db.commit()
        db.close()

    def write(self, number):
        self.transaction(("INSERT INTO contacts(name) VALUES (?)", (f"new {number}",)))


class Oak(Application):
    profile, database, journal = "oak", ".oak/ci/activities.db", "wal"
    invariant = "SELECT (SELECT count(*) FROM sessions WHERE title = 'step'), (SELECT count(*) FROM prompt_batches WHERE user_prompt = 'step')"

    def make(self):
        subprocess.run([sys.executable, str(HERE / "application_database.py"), str(self.folder / self.database), "--size", "1M", "--journal", "wal"], check=True, stdout=subprocess.DEVNULL)
        self.file(".oak/ci/machine_id", "mira_3fa91c\n")
        self.file(".oak/ci/chroma/chroma.sqlite3", b"an index that is built again")

    def write(self, number):
        moment = f"2026-01-30T10:00:{number % 60:02}.000000"
        self.transaction(("INSERT INTO sessions(id, agent, project_root, started_at, title, created_at_epoch) VALUES (?, 'claude', '/p', ?, 'step', ?)", (f"step-{number}", moment, number)),
                         ("INSERT INTO prompt_batches(session_id, prompt_number, user_prompt, started_at, created_at_epoch) VALUES (?, 1, 'step', ?, ?)", (f"step-{number}", moment, number)))


DIMENSION = 8


def npy(descr, shape, content):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * ((64 - (11 + len(header)) % 64) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


class Faiss(Application):
    """FAISS is disabled, as it is by default: an empty N.index, and N.npz."""

    profile, database = "faiss", "data/app.db"
    required = ("data/faiss/1.npz", "data/faiss/1.meta.json", "data/faiss/1.index")
    invariant = "SELECT (SELECT count(*) FROM embeddings), (SELECT count(*) FROM tickets)"

    def make(self):
        db = sqlite3.connect(self.folder / self.database)
        db.executescript("""
            CREATE TABLE datasets(id INTEGER PRIMARY KEY, name VARCHAR(255) NOT NULL, file_hash VARCHAR(64) NOT NULL, row_count INTEGER NOT NULL, department_count INTEGER NOT NULL,
                upload_time DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, metadata JSON, CONSTRAINT uq_datasets_file_hash UNIQUE (file_hash));
            CREATE TABLE tickets(id INTEGER PRIMARY KEY, dataset_id INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE, department VARCHAR(255), summary TEXT, normalized_text TEXT);
            CREATE TABLE embeddings(id INTEGER PRIMARY KEY, dataset_id INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE, ticket_id INTEGER NOT NULL REFERENCES tickets(id) ON DELETE CASCADE,
                model_name TEXT NOT NULL, vector BLOB NOT NULL, created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, UNIQUE(dataset_id, ticket_id, model_name));
            CREATE TABLE audit_logs(id INTEGER PRIMARY KEY, timestamp DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, subject TEXT NOT NULL, action TEXT NOT NULL, resource TEXT NOT NULL, metadata JSON);
            INSERT INTO datasets(name, file_hash, row_count, department_count) VALUES ('one', 'a', 0, 1);""")
        db.close()
        self.db = self.connect()
        for number in range(1, 11):
            self.commit(number)
        self.db.close()
        self.rebuild(10)

    def commit(self, ticket):
        vector = struct.pack(f"<{DIMENSION}f", *(float(ticket + i) for i in range(DIMENSION)))
        self.transaction(("INSERT INTO tickets(id, dataset_id, summary) VALUES (?, 1, 'a ticket')", (ticket,)),
                         ("INSERT INTO embeddings(dataset_id, ticket_id, model_name, vector) VALUES (1, ?, 'builtin-8', ?)", (ticket, vector)))

    def rebuild(self, tickets):
        """The files of the dataset, one by one; only the npz by a rename."""
        self.file("data/faiss/1.meta.json", json.dumps({"dim": DIMENSION, "model_name": "builtin-8"}))
        self.file("data/faiss/1.index")
        vectors = struct.pack(f"<{tickets * DIMENSION}f", *(float(t + i) for t in range(1, tickets + 1) for i in range(DIMENSION)))
        fresh = self.folder / "data/faiss/1.npz.tmp"
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("vectors.npy", npy("<f4", (tickets, DIMENSION), vectors))
            archive.writestr("ids.npy", npy("<i8", f"({tickets},)", struct.pack(f"<{tickets}q", *range(1, tickets + 1))))
        os.replace(fresh, self.folder / "data/faiss/1.npz")

    def write(self, number):
        self.commit(10 + number)
        self.rebuild(10 + number)


def ids_in_npz(path):
    """Read by other means than holdfast's."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read("ids.npy")
    begin = 10 + struct.unpack("<H", content[8:10])[0]
    return list(struct.unpack(f"<{(len(content) - begin) // 8}q", content[begin:]))


ALL = (DevTeam, CiFixer, Prt, Oak, Faiss)
