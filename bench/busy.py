"""Backups beside a program that writes: what it costs the writer."""

import json
import os
import sqlite3
import subprocess
import time

from measure import Failed, median, readable
from workplace import support

AUTOCHECKPOINT_PAGES = 1000
FRAME_BYTES = 4096 + 24


def start_writer(place, *words):
    """A writer process, which has committed for the first time when this returns."""
    process = subprocess.Popen(support("writer.py", place.database, *words), stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "writing\n":
        raise Failed("the writer did not start")
    return process


def report_of(process):
    output = process.stdout.read()
    process.stdout.close()
    if process.wait() != 0:
        raise Failed("the writer failed")
    return json.loads(output.splitlines()[-1])


def frames_per_commit(place):
    """How many WAL frames one commit of the writer takes, measured on a small database of its own."""
    path = os.path.join(place.work, "frames.db")
    process = subprocess.run(support("writer.py", path, "--commits", "400", "--timeout-ms", "0"), stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(process.stdout.splitlines()[-1])
    for suffix in ("", "-wal", "-shm"):
        if os.path.exists(path + suffix):
            os.unlink(path + suffix)
    return report["wal_bytes_max"] / FRAME_BYTES / report["commits"]


def checkpointed(place):
    database = sqlite3.connect(place.database)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    database.close()


def writer(place):
    """Throughput of a busy WAL writer, with backups back to back and without."""
    length = str(place.options.writer_seconds)
    for tool in place.holdfasts():
        rates, largest_wal, longest, backups = {"without": [], "with": []}, 0, 0.0, 0
        for turn in range(place.runs):
            for kind in ("without", "with") if turn % 2 == 0 else ("with", "without"):
                place.fresh_database()  # the writer adds as much again in a minute
                place.prepare([tool])
                checkpointed(place)
                process = start_writer(place, "--seconds", length)
                while kind == "with" and process.poll() is None:
                    longest = max(longest, tool.backup().wall)
                    backups += 1
                report = report_of(process)
                rates[kind].append(report["commits_per_second"])
                if kind == "with":
                    largest_wal = max(largest_wal, report["wal_bytes_max"])
        one_backup = frames_per_commit(place) * max(rates["with"]) * longest * FRAME_BYTES
        allowed = 2 * AUTOCHECKPOINT_PAGES * FRAME_BYTES + one_backup
        place.report.note(f"{tool.name}: {median(rates['without']):.0f} commits a second without, {median(rates['with']):.0f} beside "
                          f"{backups} backups; the longest backup took {longest:.2f} s, the WAL reached {readable(largest_wal)}")
        place.report.claim(f"busy WAL writer, with backups / without: {tool.name}",
                           median([a / b for a, b in zip(rates["with"], rates["without"])]), 0.9, at_least=True)
        place.report.claim(f"largest WAL (2 × autocheckpoint + one backup's writes): {tool.name}", largest_wal, allowed, "bytes")
        tool.run("verify", "latest", "--level", "opened")


def blocked(place):
    """How long a rollback-mode writer is kept waiting, as reported, and as a writer that never waits feels it."""
    for tool in place.holdfasts():
        place.fresh_database()
        place.execute(("PRAGMA journal_mode=DELETE",))
        place.prepare([tool])
        waits = []
        process = start_writer(place, "--journal", "delete", "--timeout-ms", "0", "--rate", "100", "--seconds", "3600")
        for _ in range(place.runs):
            time.sleep(1)
            answer = json.loads(tool.backup().output.splitlines()[-1])
            waits.append(answer["writers_blocked_ms"] / 1000)
        process.terminate()
        report = report_of(process)
        place.report.note(f"{tool.name}: {len(waits)} backups beside {report['commits']} commits with a timeout of 0: {report['busy']} refused, "
                          f"the longest wait {report['longest_wait_ms']} ms; reported {', '.join(f'{w * 1000:.1f}' for w in waits)} ms")
        per_gib = median(waits) / (place.size / 2 ** 30)
        place.report.claim(f"rollback mode, writers blocked per GiB: {tool.name}", per_gib, 0.3, "seconds")
