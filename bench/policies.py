"""Backups that manage themselves: before an operation, by a policy, and old copies taken in."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import time

from measure import Failed, median, readable, run, seconds
from scenarios import show, walls


def guarded(place):
    """A guard, and an automatic backup, of an unchanged database and of one with a few changed pages."""
    place.fresh_database()
    for tool in place.holdfasts():
        place.prepare([tool])
        commands = {"guard": ("guard", "--operation", "migrate", "--database", place.database, "--json", "--", "true"),
                    "automatic backup": ("backup", place.database, "--kind", "automatic", "--operation", "migrate", "--json")}
        results = {}
        for what, words in commands.items():
            time.sleep(1.5)  # the last change is old enough for the file's times to be believed
            tool.run(*words)
            results[f"{what}, unchanged"] = [tool.run(*words) for _ in range(place.runs)]
            changed = []
            for turn in range(place.runs):
                change_few(place, turn)
                changed.append(tool.run(*words))
            results[f"{what}, a few pages changed"] = changed
        show(place, f"guarded: {tool.name}", results)
        for what in results:
            target = 0.030 if what.endswith("unchanged") else 0.3
            place.report.claim(f"{place.size / 2**30:.1f} GiB, {what}: {tool.name}", median(walls(results, what)), target, "seconds")


def change_few(place, turn):
    """Ten rows somewhere, as an application leaves them."""
    chosen = random.Random(turn)
    database = sqlite3.connect(place.database, isolation_level=None)
    last, = database.execute("SELECT max(id) FROM activities").fetchone()
    for _ in range(10):
        database.execute("UPDATE activities SET success = 1 - success WHERE id = (SELECT min(id) FROM activities WHERE id >= ?)",
                         (chosen.randrange(last) + 1,))
    database.close()


DAYS, ROWS_A_DAY = 20, 500


def live_a_day(place, day, rows):
    """What an application does to its database in a day: rows added, a third as many changed, a tenth as many deleted."""
    place.append_rows(rows, 10_000 + day)
    chosen = random.Random(day)
    database = sqlite3.connect(place.database, isolation_level=None)
    last, = database.execute("SELECT max(id) FROM activities").fetchone()
    database.execute("BEGIN")
    for change, count in (("UPDATE activities SET success = 1 - success", rows // 3), ("DELETE FROM activities", rows // 10)):
        for _ in range(count):
            database.execute(f"{change} WHERE id = (SELECT min(id) FROM activities WHERE id >= ?)", (chosen.randrange(last) + 1,))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def adopted(place):
    """Twenty daily copies of a slowly changing 500 MB database are adopted: with full-text indexes, and without."""
    for label, search in (("with full-text search", True), ("without", False)):
        copies = daily_copies(place, search)
        newest = os.path.join(copies, sorted(os.listdir(copies))[-1])
        packed = len(subprocess.run(["zstd", "-3", "-q", "-c", newest], stdout=subprocess.PIPE, check=True).stdout)
        place.report.note(f"{label}: {ROWS_A_DAY} rows added a day, {ROWS_A_DAY // 3} changed, {ROWS_A_DAY // 10} deleted; the last copy has "
                          f"{readable(os.path.getsize(newest))}, {readable(packed)} after zstd -3")
        adopt_all(place, copies, packed, label)
        shutil.rmtree(copies)


def daily_copies(place, search):
    copies = os.path.join(place.work, "copies")
    shutil.rmtree(copies, ignore_errors=True)
    os.makedirs(copies)
    place.fresh_database("500M", search)
    for day in range(DAYS):
        if day:
            live_a_day(place, day, ROWS_A_DAY)
        run(["sqlite3", place.database, f".backup '{copies}/app_202601{day + 1:02}_023000.db'"])
    return copies


def adopt_all(place, copies, packed, label):
    results, stored = {}, {}
    for tool in place.find("restic", "holdfast", "holdfast sealed"):
        tool.reset()
        if tool.name == "restic":
            results[tool.name] = [run(["restic", "-q", "backup", copies], tool.folder, tool.environment)]
        else:
            results[tool.name] = [tool.run("adopt", copies, "--for", place.database, "--json")]
            taken = len(json.loads(tool.run("list", "--json").output)["backups"])
            if taken != DAYS:
                raise Failed(f"{tool.name} adopted {taken} of {DAYS} copies")
        stored[tool.name] = tool.stored()
    show(place, f"adopted, {label}", results, stored)
    for tool in place.holdfasts():
        place.report.claim(f"{DAYS} daily copies adopted {label} / one compressed: {tool.name}", stored[tool.name] / packed, 1.5)
