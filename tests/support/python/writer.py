#!/usr/bin/env python3
"""An application that writes: commits small transactions as fast as it can, or at a rate, until it is told to stop.

Everything it commits it also records in the table `ledger`: row n holds a payload and
    hash(n) = SHA-256(hash(n-1) || payload(n)), in hex, with hash(0) = "".
So a copy of the database can be proven to hold exactly the first n transactions, whole: see prove.py.

usage: writer.py DATABASE [--seconds S] [--commits N] [--rate PER_SECOND] [--activities] [--timeout-ms MS] [--journal MODE]
Prints "writing" after the first commit, and at the end (time, count, SIGTERM or SIGINT) one line of JSON:
commits, busy (refused attempts, each tried again), seconds, commits_per_second, longest_wait_ms, wal_bytes_max, hash.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from prose import Prose  # noqa: E402

LEDGER = "CREATE TABLE IF NOT EXISTS ledger (n INTEGER PRIMARY KEY, payload TEXT NOT NULL, hash TEXT NOT NULL)"
MACHINE = "writer"  # marks the rows that belong to the ledger


def next_hash(previous, payload):
    return hashlib.sha256((previous + payload).encode()).hexdigest()


class Writer:
    def __init__(self, path, timeout_ms=60000, journal="wal", activities=False, seed=None):
        self.path, self.activities = path, activities
        self.stopped = False
        self.commits = self.busy = self.wal_bytes_max = 0
        self.longest_wait = 0.0
        self.database = sqlite3.connect(path, timeout=timeout_ms / 1000, isolation_level=None)
        self.try_until_free(lambda: self.database.execute(f"PRAGMA journal_mode={journal}").fetchone())
        self.database.execute("PRAGMA synchronous=NORMAL")
        self.try_until_free(lambda: self.database.execute(LEDGER))
        last = self.database.execute("SELECT n, hash FROM ledger ORDER BY n DESC LIMIT 1").fetchone()
        self.n, self.hash = last or (0, "")
        if activities:
            self.session = self.database.execute("SELECT id FROM sessions LIMIT 1").fetchone()[0]
        prose = Prose(random.Random(seed if seed is not None else self.n))
        self.texts = [prose.text(200) for _ in range(2000)]

    def try_until_free(self, step):
        """Another connection may hold the lock: with a timeout of 0 each refusal is counted, and tried again."""
        began = time.monotonic()
        while True:
            try:
                result = step()
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) and "busy" not in str(error):
                    raise
                self.busy += 1
                time.sleep(0.0005)
        self.longest_wait = max(self.longest_wait, time.monotonic() - began)
        return result

    def commit_one(self):
        text = self.texts[self.n % len(self.texts)]
        n = self.n + 1
        payload = f"{n} {'activity' if self.activities else 'note'} {text}"
        hash_of_n = next_hash(self.hash, payload)
        if self.activities:
            self.try_until_free(lambda: self.database.execute("BEGIN IMMEDIATE"))
            self.database.execute(
                "INSERT INTO activities (session_id, tool_name, tool_input, tool_output_summary, timestamp, timestamp_epoch, "
                "content_hash, source_machine_id) VALUES (?, 'Read', ?, ?, datetime('now'), unixepoch(), ?, ?)",
                (self.session, json.dumps({"n": n}), text, hash_of_n, MACHINE))
            self.database.execute("INSERT INTO ledger VALUES (?, ?, ?)", (n, payload, hash_of_n))
            self.try_until_free(lambda: self.database.execute("COMMIT"))
        else:
            self.try_until_free(lambda: self.database.execute("INSERT INTO ledger VALUES (?, ?, ?)", (n, payload, hash_of_n)))
        self.n, self.hash = n, hash_of_n
        self.commits += 1
        if self.commits % 64 == 0:
            self.look_at_wal()

    def look_at_wal(self):
        try:
            self.wal_bytes_max = max(self.wal_bytes_max, os.stat(self.path + "-wal").st_size)
        except FileNotFoundError:
            pass

    def run(self, seconds=None, commits=None, rate=None, ready=None):
        """Until stop(), the time or the count. `ready` is called after the first commit. Returns the report."""
        self.busy, self.longest_wait = 0, 0.0
        began = time.monotonic()
        while not self.stopped:
            elapsed = time.monotonic() - began
            if (seconds and elapsed >= seconds) or (commits and self.commits >= commits):
                break
            if rate and self.commits > elapsed * rate:
                time.sleep(1 / rate)
                continue
            self.commit_one()
            if self.commits == 1 and ready:
                ready()
        elapsed = time.monotonic() - began
        self.look_at_wal()
        return {"commits": self.commits, "busy": self.busy, "seconds": round(elapsed, 3),
                "commits_per_second": round(self.commits / elapsed, 1) if elapsed else 0,
                "longest_wait_ms": round(self.longest_wait * 1000, 2), "wal_bytes_max": self.wal_bytes_max,
                "n": self.n, "hash": self.hash}

    def stop(self, *_):
        self.stopped = True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--commits", type=int)
    parser.add_argument("--rate", type=float, metavar="PER_SECOND")
    parser.add_argument("--activities", action="store_true", help="each transaction also adds a row to the application's activities")
    parser.add_argument("--timeout-ms", type=int, default=60000, help="SQLite's busy timeout; 0 counts every refusal (default 60000)")
    parser.add_argument("--journal", default="wal", help="journal mode (default wal)")
    arguments = parser.parse_args()
    writer = Writer(arguments.database, arguments.timeout_ms, arguments.journal, arguments.activities)
    signal.signal(signal.SIGTERM, writer.stop)
    signal.signal(signal.SIGINT, writer.stop)
    report = writer.run(arguments.seconds, arguments.commits, arguments.rate, lambda: print("writing", flush=True))
    print(json.dumps(report), flush=True)
    writer.database.close()


if __name__ == "__main__":
    main()
