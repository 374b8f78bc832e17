"""An application that commits one entry after another until it is told to stop. Talks over its standard streams.

writer.py DATABASE JOURNAL PAUSE [idle] [exclusive] [checkpoint]: `idle` opens, reads once and then only answers questions."""

import json
import select
import sqlite3
import sys
import time

import stories


def answer(db, question, state):
    if question == "count":
        state["count"] = db.execute("SELECT count(*) FROM ledger").fetchone()[0]
    elif question == "write":
        db.execute("BEGIN IMMEDIATE")
        state["count"] = stories.append(db, 1)
        db.execute("COMMIT")
    print(json.dumps(state), flush=True)


def main():
    path, journal, pause, *extra = sys.argv[1:]
    db = sqlite3.connect(path, isolation_level=None, timeout=0)
    if "exclusive" in extra:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = " + journal)
    db.execute("PRAGMA synchronous = NORMAL")
    state = {"busy": 0, "commits": 0, "count": db.execute("SELECT count(*) FROM ledger").fetchone()[0], "longest_wait_ms": 0.0}
    if "exclusive" in extra:
        db.execute("BEGIN IMMEDIATE")
        stories.append(db, 1)
        db.execute("COMMIT")
    print("ready", flush=True)
    while True:
        wait = None if "idle" in extra or "exclusive" in extra else float(pause)
        if select.select([sys.stdin], [], [], wait)[0]:
            question = sys.stdin.readline().strip()
            if question in ("stop", ""):
                break
            answer(db, question, state)
            continue
        began = time.monotonic()
        while True:
            try:
                db.execute("BEGIN IMMEDIATE")
                stories.append(db, 1)
                db.execute("COMMIT")
                state["commits"] += 1
                break
            except sqlite3.OperationalError:
                state["busy"] += 1
                if db.in_transaction:
                    db.execute("ROLLBACK")
                time.sleep(0.001)
        state["longest_wait_ms"] = max(state["longest_wait_ms"], (time.monotonic() - began) * 1000)
        if "checkpoint" in extra and state["commits"] % 50 == 0:
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
    state["count"] = db.execute("SELECT count(*) FROM ledger").fetchone()[0]
    db.close()
    print(json.dumps(state), flush=True)


main()
