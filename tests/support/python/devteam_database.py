"""A database as a team of coding agents keeps its state in: sessions, and twelve kinds of rows that go with them when they
go, others that lose their link; tasks, plans, features. Schema 4, with its foreign keys, checks and views. Seeded."""

import datetime
import random
import sqlite3

# name: columns after the key. "T" is a TEXT key, "A" an AUTOINCREMENT one. C cascades, N sets null; ! is NOT NULL.
TABLES = {
    "sessions": ("T", "started_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, ended_at TIMESTAMP, command TEXT NOT NULL, command_type TEXT NOT NULL, "
                      "status TEXT DEFAULT 'running', exit_reason TEXT, current_phase TEXT, current_iteration INTEGER DEFAULT 0, "
                      "max_iterations INTEGER DEFAULT 10 CHECK (max_iterations > 0), plan_id TEXT, total_tokens_input INTEGER DEFAULT 0, total_cost_cents INTEGER DEFAULT 0"),
    "research_sessions": ("A", "session_id! sessions C, started_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, status TEXT DEFAULT 'in_progress'"),
    "plans": ("T", "name TEXT NOT NULL, status TEXT DEFAULT 'draft', research_session_id research_sessions N"),
    "tasks": ("T", "name TEXT NOT NULL, plan_id plans N, session_id sessions N, parent_task_id TEXT, depends_on JSON, blocks JSON, status TEXT DEFAULT 'pending'"),
    "session_state": ("", "session_id! sessions C, key TEXT NOT NULL, value JSON NOT NULL, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (session_id, key)"),
    "events": ("A", "session_id! sessions C, timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, event_type TEXT NOT NULL, data JSON NOT NULL DEFAULT '{}', message TEXT"),
    "agent_runs": ("A", "session_id! sessions C, agent TEXT NOT NULL, model TEXT NOT NULL, duration_seconds INTEGER CHECK (duration_seconds >= 0), task_id tasks N, "
                        "files_changed JSON NOT NULL DEFAULT '[]'"),
    "gate_results": ("A", "session_id! sessions C, gate TEXT NOT NULL, iteration INTEGER NOT NULL, passed BOOLEAN NOT NULL, error_count INTEGER CHECK (error_count >= 0), coverage_percent REAL"),
    "interviews": ("A", "session_id! sessions C, interview_type TEXT NOT NULL, status TEXT DEFAULT 'in_progress'"),
    "interview_questions": ("A", "interview_id! interviews C, question_key TEXT NOT NULL, question_text TEXT NOT NULL, sequence INTEGER NOT NULL"),
    "research_findings": ("A", "research_session_id! research_sessions C, finding_type TEXT NOT NULL, title TEXT NOT NULL, evidence JSON"),
    "bugs": ("A", "session_id sessions C, description TEXT NOT NULL, status TEXT DEFAULT 'open'"),
    "task_attempts": ("A", "task_id! tasks C, session_id sessions N, attempt_number INTEGER NOT NULL"),
    "task_files": ("A", "task_id! tasks C, file_path TEXT NOT NULL, UNIQUE (task_id, file_path)"),
    "escalations": ("A", "session_id! sessions C, from_model TEXT NOT NULL, to_model TEXT NOT NULL, reason TEXT NOT NULL, task_id TEXT"),
    "acceptance_criteria": ("A", "task_id tasks C, plan_id plans C, criterion_id TEXT NOT NULL, description TEXT NOT NULL, passes BOOLEAN NOT NULL DEFAULT FALSE, UNIQUE (plan_id, criterion_id)"),
    "features": ("A", "plan_id plans C, feature_id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, description TEXT NOT NULL"),
    "context_snapshots": ("A", "session_id! sessions C, snapshot_type TEXT NOT NULL, summary_text TEXT"),
    "context_budgets": ("A", "session_id! sessions C, model TEXT NOT NULL, usage_percent REAL DEFAULT 0.0"),
    "progress_summaries": ("A", "session_id! sessions C, summary_text TEXT NOT NULL"),
    "session_phases": ("A", "session_id! sessions C, phase_type TEXT NOT NULL, resumed_from_session TEXT"),
    "baselines": ("A", "tag_name TEXT NOT NULL UNIQUE, commit_hash TEXT NOT NULL, milestone TEXT NOT NULL"),
    "checkpoints": ("A", "checkpoint_id TEXT NOT NULL UNIQUE, path TEXT NOT NULL, session_id sessions N, task_id tasks N"),
    "checkpoint_restores": ("A", "checkpoint_id TEXT NOT NULL REFERENCES checkpoints(checkpoint_id) ON DELETE CASCADE, restored_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"),
    "rollbacks": ("A", "rollback_type TEXT NOT NULL, target_commit TEXT NOT NULL"),
    "token_usage": ("A", "session_id TEXT, model TEXT NOT NULL, input_tokens INTEGER NOT NULL DEFAULT 0, recorded_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"),
    "error_log": ("A", "session_id TEXT, error_type TEXT NOT NULL, error_message TEXT NOT NULL, logged_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"),
    "dead_letter": ("A", "operation_type TEXT NOT NULL, session_id TEXT, status TEXT DEFAULT 'pending'"),
}
# Below a session: what goes with it (deep first), and what only loses its link.
CASCADED = ("session_state", "events", "agent_runs", "gate_results", "interviews", "interview_questions", "research_sessions", "research_findings", "bugs",
            "escalations", "context_snapshots", "context_budgets", "progress_summaries", "session_phases")
UNLINKED = ("tasks", "task_attempts", "checkpoints", "plans")


def column(text):
    """One column, a foreign key written out."""
    words = text.split()
    if words[-1] not in ("C", "N") or words[0] == "PRIMARY":
        return text
    name, parent, rule = words
    kind = "TEXT" if TABLES[parent][0] == "T" else "INTEGER"
    required = " NOT NULL" if name.endswith("!") else ""
    return f"{name.rstrip('!')} {kind}{required} REFERENCES {parent}(id) ON DELETE {'CASCADE' if rule == 'C' else 'SET NULL'}"


def split_columns(text):
    depth, start = 0, 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


def schema():
    keys = {"T": "id TEXT PRIMARY KEY, ", "A": "id INTEGER PRIMARY KEY AUTOINCREMENT, ", "": ""}
    yield "CREATE TABLE schema_version(version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    yield "INSERT INTO schema_version(version) VALUES (4)"
    for name, (key, columns) in TABLES.items():
        yield f"CREATE TABLE {name}({keys[key]}{', '.join(column(one) for one in split_columns(columns))})"
        if any(one.split()[0].rstrip("!") == "session_id" for one in split_columns(columns)):
            yield f"CREATE INDEX idx_{name}_session ON {name}(session_id)"
    yield "CREATE VIEW v_current_session AS SELECT * FROM sessions WHERE status = 'running'"
    yield "CREATE VIEW v_session_cost AS SELECT id, total_cost_cents / 100.0 AS cost FROM sessions"


class Filler:
    def __init__(self, db, seed):
        self.db, self.random = db, random.Random(seed)

    def insert(self, table, **values):
        marks = ", ".join("?" for _ in values)
        return self.db.execute(f"INSERT INTO {table}({', '.join(values)}) VALUES ({marks})", list(values.values())).lastrowid

    def session(self, number, days_ago, status):
        moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days_ago)
        session = f"session-{moment:%Y%m%d-%H%M%S}-{number:08x}"
        started, ended = f"{moment:%Y-%m-%d %H:%M:%S}", None if status == "running" else f"{moment:%Y-%m-%d %H:%M:%S}"
        self.insert("sessions", id=session, started_at=started, ended_at=ended, command="/devteam:implement", command_type="implement", status=status)
        some = self.random.randrange
        research = self.insert("research_sessions", session_id=session)
        for n in range(some(1, 4)):
            self.insert("research_findings", research_session_id=research, finding_type="note", title=f"finding {n}")
        self.insert("plans", id=f"plan-{number:03}", name="a plan", research_session_id=research)
        task = f"task-{number:03}"
        self.insert("tasks", id=task, name="a task", plan_id=f"plan-{number:03}", session_id=session, depends_on='["task-000"]')
        self.insert("task_attempts", task_id=task, session_id=session, attempt_number=1)
        self.insert("session_state", session_id=session, key="phase", value='"build"')
        for n in range(some(5, 30)):
            self.insert("events", session_id=session, event_type="tool_call", message="x" * some(50, 900), data='{"n": %d}' % n)
        for _ in range(some(1, 6)):
            self.insert("agent_runs", session_id=session, agent="coder", model="large", task_id=task, duration_seconds=some(100))
        interview = self.insert("interviews", session_id=session, interview_type="clarify")
        self.insert("interview_questions", interview_id=interview, question_key="q", question_text="which?", sequence=1)
        self.insert("gate_results", session_id=session, gate="tests", iteration=1, passed=True, coverage_percent=81.5)
        self.insert("bugs", session_id=session, description="a bug")
        self.insert("escalations", session_id=session, from_model="small", to_model="large", reason="stuck")
        self.insert("context_snapshots", session_id=session, snapshot_type="auto")
        self.insert("context_budgets", session_id=session, model="large")
        self.insert("progress_summaries", session_id=session, summary_text="so far")
        self.insert("session_phases", session_id=session, phase_type="build")
        checkpoint = f"chkpt-{number:08x}"
        self.insert("checkpoints", checkpoint_id=checkpoint, path=checkpoint, session_id=session, task_id=task)
        self.insert("checkpoint_restores", checkpoint_id=checkpoint)
        self.insert("token_usage", session_id=session, model="large", input_tokens=some(9000))
        return session


def create(path, sessions=40, seed=1, journal="delete"):
    """Every other session ended more than 30 days ago; every tenth still runs, though it is old."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = " + journal)
    db.execute("BEGIN")
    for statement in schema():
        db.execute(statement)
    filler = Filler(db, seed)
    names = []
    for number in range(sessions):
        running = number % 10 == 9
        names.append(filler.session(number, 40 + number if number % 2 or running else 1 + number % 20, "running" if running else "completed"))
    db.execute("COMMIT")
    db.close()
    return names


def counts(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
    finally:
        db.close()
