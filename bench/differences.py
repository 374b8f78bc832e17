"""What differs between two states of a database, beside sqldiff on two plain files: the same numbers, or the scenario fails."""

import json
import os
import re
import shutil
import sqlite3
import time

from measure import Failed, median, median_ratio, run, settle, warm

MIB = 2 ** 20
COUNTED = re.compile(r"^(\S+): (\d+) changes, (\d+) inserts, (\d+) deletes, (\d+) unchanged$")


def numbers_of_sqldiff(output):
    """{table: (changed, added, removed)}, of tables that differ and that hold rows of their own."""
    found = {}
    for line in output.splitlines():
        matched = COUNTED.match(line)
        if matched and "_fts" not in matched[1] and not matched[1].startswith("sqlite_"):
            numbers = tuple(int(matched[i]) for i in (2, 3, 4))
            if any(numbers):
                found[matched[1]] = numbers
    return found


def numbers_of_holdfast(output):
    tables = json.loads(output)["databases"][0]["tables"]
    return {table["name"]: (table["changed"], table["added"], table["removed"]) for table in tables}


def by_holdfast(tool, *words):
    return tool.run("diff", *words, "--json", "--quiet")


def compared(place, tool, scenario, before, sides):
    """Ours, of two backups and of a backup with the live database, and sqldiff's, turn by turn."""
    kept, live, theirs = [], [], []
    settle()
    for turn in range(place.runs):
        warm(before)
        warm(place.database)
        theirs.append(run(["sqldiff", "--summary", before, place.database]))
        kept.append(by_holdfast(tool, *sides))
        live.append(by_holdfast(tool, sides[0], "live"))
        wanted = numbers_of_sqldiff(theirs[-1].output)
        for ours in (kept[-1], live[-1]):
            if not wanted or numbers_of_holdfast(ours.output) != wanted:
                raise Failed(f"{tool.name} finds {numbers_of_holdfast(ours.output)}, sqldiff {wanted}")
        for name, measured in (("sqldiff", theirs[-1]), (tool.name, kept[-1]), (tool.name + " live", live[-1])):
            place.report.keep_run(scenario, name, turn, measured)
    figures = {"sqldiff": theirs, tool.name: kept, tool.name + " live": live}
    for name, measured in figures.items():
        place.report.figure(scenario, name, [m.wall for m in measured], None, max(m.peak for m in measured))
    return figures


def claim(place, figures, what, tool, target):
    for name in (tool.name, tool.name + " live"):
        place.report.claim(f"{what}: {name} / sqldiff", median_ratio([m.wall for m in figures[name]], [m.wall for m in figures["sqldiff"]]), target)
        place.report.claim(f"{what}, peak memory: {name}", max(m.peak for m in figures[name]), 128 * MIB, "bytes")


def change_half(place):
    database = sqlite3.connect(place.database, isolation_level=None)
    database.execute("UPDATE activities SET success = 1 - success, tool_name = tool_name || '.' WHERE id % 2 = 0")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def diff(place):
    """What differs between two backups, and between one and the live database: nothing, 0.1 % of the pages, half of the rows."""
    for tool in place.holdfasts():
        place.fresh_database()
        place.prepare([tool])
        still = [by_holdfast(tool, "1") for _ in range(place.runs)]
        place.report.figure("diff, unchanged", tool.name, [m.wall for m in still], None, max(m.peak for m in still))
        place.report.claim(f"diff, nothing changed, whole process: {tool.name}", median([m.wall for m in still]), 0.030, "seconds")
        before = os.path.join(place.work, "before.db")
        shutil.copyfile(place.database, before)
        place.change_scattered(1)
        tool.backup()
        time.sleep(1.2)
        claim(place, compared(place, tool, "diff, 0.1 % of pages", before, ("1", "2")), "diff of 0.1 % of the pages", tool, 0.1)
        change_half(place)
        tool.backup()
        claim(place, compared(place, tool, "diff, half", before, ("1", "3")), "diff of half of the rows", tool, 1.0)
        os.unlink(before)
