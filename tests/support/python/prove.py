#!/usr/bin/env python3
"""Judges a restored database with nothing but SQLite: sound in itself, and exactly what the writer had committed.

usage: prove.py DATABASE [--prefix-of LIVE] [--content]
Checks SQLite's integrity_check and foreign_key_check; where writer.py's ledger is, its chain of hashes and the rows that
belong to it; with --prefix-of, that LIVE has the same first n transactions; with --content, prints a hash of all rows.
One line a check; ends with 1 when any fails. The database must not be in use, LIVE may be.
"""

import argparse
import hashlib
import os
import sqlite3
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from writer import MACHINE, next_hash  # noqa: E402


def open_unused(path):
    """Nobody else has it open: read as it stands, leaving nothing beside it."""
    if any(os.path.exists(path + suffix) for suffix in ("-wal", "-journal")):
        raise sqlite3.OperationalError(f"{path} has a journal beside it: it is in use, or was not closed")
    return sqlite3.connect(f"file:{urllib.parse.quote(os.path.abspath(path))}?immutable=1", uri=True)


def open_live(path):
    return sqlite3.connect(f"file:{urllib.parse.quote(os.path.abspath(path))}?mode=ro", uri=True, timeout=60)


def tables(database):
    return {name for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def soundness(database):
    """(ok, sentence) of SQLite's own checks."""
    found = [row[0] for row in database.execute("PRAGMA integrity_check(10)")]
    yield found == ["ok"], "integrity_check: " + "; ".join(found)
    dangling = database.execute("PRAGMA foreign_key_check").fetchall()
    yield not dangling, f"foreign_key_check: {len(dangling)} dangling rows" if dangling else "foreign_key_check: ok"


def chain(database):
    """(number of transactions, last hash, fault or None) of the ledger."""
    expected, previous = 0, ""
    for n, payload, hash_of_n in database.execute("SELECT n, payload, hash FROM ledger ORDER BY n"):
        expected += 1
        if n != expected:
            return expected, previous, f"row {expected} is missing"
        previous = next_hash(previous, payload)
        if previous != hash_of_n:
            return expected, previous, f"row {n} does not follow from the rows before it"
    return expected, previous, None


def ledger(database):
    count, _, fault = chain(database)
    yield fault is None, f"ledger: {fault}" if fault else f"ledger: {count} transactions, each follows from the one before"
    if "activities" not in tables(database):
        return
    recorded = database.execute("SELECT count(*) FROM ledger WHERE payload GLOB '[0-9]* activity *'").fetchone()[0]
    matched, = database.execute("SELECT count(*) FROM activities a JOIN ledger l ON l.n = json_extract(a.tool_input, '$.n') "
                                "AND l.hash = a.content_hash WHERE a.source_machine_id = ?", (MACHINE,)).fetchone()
    written, = database.execute("SELECT count(*) FROM activities WHERE source_machine_id = ?", (MACHINE,)).fetchone()
    if recorded or written:
        yield recorded == matched == written, f"transactions are whole: {matched} of {written} rows belong to {recorded} of the ledger"


def prefix(database, live):
    count, last, _ = chain(database)
    now = live.execute("SELECT max(n) FROM ledger").fetchone()[0] or 0
    there = live.execute("SELECT hash FROM ledger WHERE n = ?", (count,)).fetchone()
    same = count == 0 or (there is not None and there[0] == last)
    yield same, f"the first {count} of {now} transactions of the live database" + ("" if same else ": they differ")


def content_hash(database):
    """SHA-256 over every row of every table, in order of tables and keys, and the schema: what the database says."""
    digest = hashlib.sha256()
    for row in database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"):
        digest.update(repr(row).encode())
    for table in sorted(tables(database)):
        try:
            rows = database.execute(f'SELECT rowid, * FROM "{table}" ORDER BY rowid')
        except sqlite3.OperationalError:  # WITHOUT ROWID: its own key is the order
            rows = database.execute(f'SELECT * FROM "{table}"')
        for row in rows:
            digest.update(repr(row).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def verdicts(path, live_path=None):
    """(ok, sentence) for each check."""
    database = open_unused(path)
    try:
        yield from soundness(database)
        if "ledger" in tables(database):
            yield from ledger(database)
            if live_path:
                live = open_live(live_path)
                yield from prefix(database, live)
                live.close()
        elif live_path:
            yield False, "there is no ledger to compare"
    except sqlite3.DatabaseError as error:
        yield False, f"SQLite refuses to read it: {error}"
    finally:
        database.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--prefix-of", metavar="LIVE")
    parser.add_argument("--content", action="store_true")
    arguments = parser.parse_args()
    good = True
    for ok, sentence in verdicts(arguments.database, arguments.prefix_of):
        good = good and ok
        print(f"  {'ok  ' if ok else 'BAD '} {sentence}")
    if arguments.content:
        print(f"  content {content_hash(open_unused(arguments.database))}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
