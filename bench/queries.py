"""Reading the past without restoring it, beside sqlite3 on the plain file: the same rows, or the scenario fails."""

import os
import shutil
import sqlite3

from measure import Failed, median, median_ratio, run, settle, warm

MIB = 2 ** 20
SCAN = "SELECT count(*), sum(length(tool_output_summary)) FROM activities"


def middle_key(database):
    connection = sqlite3.connect(database)
    key, = connection.execute("SELECT min(id) FROM activities WHERE id >= (SELECT (min(id) + max(id)) / 2 FROM activities)").fetchone()
    connection.close()
    return key


def by_sqlite(place, sql):
    return run(["sqlite3", "-csv", "-header", place.database, sql])


def by_holdfast(tool, sql):
    return tool.run("query", "latest", sql, "--csv", "--quiet")


def forget_caches(tool):
    shutil.rmtree(os.path.join(tool.folder, "cache"), ignore_errors=True)


def in_turn(place, scenario, tools, sql, runs, before=lambda tool: None):
    """({tool name: [measured]}, [sqlite3's]), turn by turn."""
    ours, theirs = {tool.name: [] for tool in tools}, []
    settle()
    warm(place.database)
    for turn in range(runs):
        theirs.append(by_sqlite(place, sql))
        place.report.keep_run(scenario, "sqlite3", turn, theirs[-1])
        for tool in tools:
            before(tool)
            measured = by_holdfast(tool, sql)
            if measured.output.split() != theirs[-1].output.split():
                raise Failed(f"{tool.name} answers {measured.output[:200]!r}, sqlite3 {theirs[-1].output[:200]!r}")
            ours[tool.name].append(measured)
            place.report.keep_run(scenario, tool.name, turn, measured)
    return ours, theirs


def query(place):
    """Asking a backup, without restoring it, for one row by its key and for a scan of a table; sqlite3 asks the plain file."""
    place.fresh_database()
    tools = place.holdfasts()
    place.prepare(tools)
    search = f"SELECT tool_name, timestamp FROM activities WHERE id = {middle_key(place.database)}"
    cold, _ = in_turn(place, "query by key, cold", tools, search, place.runs, before=forget_caches)
    warm_ours, warm_theirs = in_turn(place, "query by key", tools, search, 3 * place.runs)
    scans, plain_scans = in_turn(place, "query scan", tools, SCAN, place.runs)
    place.report.figure("query by key", "sqlite3", [m.wall for m in warm_theirs], None, max(m.peak for m in warm_theirs))
    place.report.figure("query scan", "sqlite3", [m.wall for m in plain_scans], None, max(m.peak for m in plain_scans))
    for tool in tools:
        name = tool.name
        place.report.figure("query by key", name, [m.wall for m in warm_ours[name]], None, max(m.peak for m in warm_ours[name]))
        place.report.figure("query scan", name, [m.wall for m in scans[name]], None, max(m.peak for m in scans[name]))
        place.report.claim(f"query by key, cold caches, whole process: {name}", median([m.wall for m in cold[name]]), 0.040, "seconds")
        place.report.claim(f"query by key: {name} / sqlite3", median_ratio([m.wall for m in warm_ours[name]], [m.wall for m in warm_theirs]), 3.0)
        place.report.claim(f"scan, speed of sqlite3 reached: {name}", median_ratio([m.wall for m in plain_scans], [m.wall for m in scans[name]]), 0.5, at_least=True)
        place.report.claim(f"peak memory of a scan: {name}", max(m.peak for m in scans[name]), 128 * MIB, "bytes")
