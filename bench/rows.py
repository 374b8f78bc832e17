"""Rows that come back: one session of many, with all that hung on it, into the live database."""

import os
import sqlite3
import sys

from measure import Failed, median, seconds
from workplace import SUPPORT

sys.path.insert(0, SUPPORT)
import devteam_database  # noqa: E402

BYTES_OF_A_SESSION = 14_400
UNITS = {"K": 2 ** 10, "M": 2 ** 20, "G": 2 ** 30}


def made(place):
    """A database of sessions of the size asked for; kept. Its path, and their names."""
    size = place.options.size
    count = int(float(size[:-1]) * UNITS[size[-1]] / BYTES_OF_A_SESSION)
    path = os.path.join(place.folder, f"sessions-{size}.db")
    if not os.path.exists(path):
        print(f"making {path}", flush=True)
        if os.path.exists(path + ".partial"):
            os.unlink(path + ".partial")
        devteam_database.create(path + ".partial", sessions=count)
        index_references(path + ".partial")
        os.rename(path + ".partial", path)
    database = sqlite3.connect(path)
    names = [name for name, in database.execute("SELECT id FROM sessions ORDER BY rowid")]
    database.close()
    return path, names


def index_references(path):
    """As the application has them: without, each of its own deletes reads a whole table."""
    database = sqlite3.connect(path, isolation_level=None)
    for table in devteam_database.TABLES:
        indexes = [name for name, in database.execute("SELECT name FROM pragma_index_list(?)", (table,)).fetchall()]
        first = {database.execute("SELECT name FROM pragma_index_info(?) WHERE seqno = 0", (name,)).fetchone()[0] for name in indexes}
        columns = {column for column, in database.execute("SELECT \"from\" FROM pragma_foreign_key_list(?)", (table,)).fetchall()}
        for column in sorted(columns - first):
            database.execute(f"CREATE INDEX idx_{table}_{column} ON {table}({column})")
    database.close()


def lose(path, session):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("DELETE FROM sessions WHERE id = ?", (session,))
    database.close()


def events_of(path, session):
    database = sqlite3.connect(path)
    count, = database.execute("SELECT count(*) FROM events WHERE session_id = ?", (session,)).fetchone()
    database.close()
    return count


def rows_back(place):
    """One session with all that depends on it, back into the live database, the automatic backup included."""
    pristine, names = made(place)
    for tool in place.holdfasts():
        tool.reset()
        place.use(pristine)
        tool.backup()
        measured = []
        for turn in range(place.runs):
            session = names[len(names) * (turn + 1) // (place.runs + 1)]
            before = events_of(place.database, session)
            lose(place.database, session)
            place.rest()
            done = tool.run("restore", "1", "--table", "sessions", "--row", session, "--with-related", "--yes")
            if before == 0 or events_of(place.database, session) != before:
                raise Failed(f"{tool.name}: not all of {session} came back")
            measured.append(done)
            place.report.keep_run("rows_back", tool.name, turn, done)
        place.report.figure("rows_back", tool.name, [m.wall for m in measured], None, max(m.peak for m in measured))
        place.report.note(f"{tool.name}: a session of {len(names)} comes back in {seconds(median([m.wall for m in measured]))}")
        place.report.claim(f"one session with all that depends on it, into the live database: {tool.name}", median([m.wall for m in measured]), 0.5, "seconds")
