"""What people do with backups, one function a scenario; each prints its figures and adds claims to the report."""

import hashlib
import json
import os
import shutil
import time

from measure import Failed, median, median_ratio, readable, run, seconds, time_to_read, time_to_write

GIB = 2 ** 30
MIB = 2 ** 20


def walls(results, name):
    return [measured.wall for measured in results[name]]


def show(place, scenario, results, stored=None):
    for name, measured in results.items():
        place.report.figure(scenario, name, [m.wall for m in measured], (stored or {}).get(name), max(m.peak for m in measured))


def claim_ratio(place, results, what, ours, theirs, target):
    if theirs in results and ours in results:
        place.report.claim(f"{what}: {ours} / {theirs}", median_ratio(walls(results, ours), walls(results, theirs)), target)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(MIB):
            digest.update(block)
    return digest.hexdigest()


def limit(place):
    """The physical limit: reading the file once, writing it once."""
    place.fresh_database()
    reading = median([time_to_read(place.database) for _ in range(place.runs)])
    writing = median([time_to_write(place.database, os.path.join(place.work, "written")) for _ in range(place.runs)])
    place.report.note(f"reading {readable(place.size)} from the page cache takes {seconds(reading)}, writing and syncing it {seconds(writing)}")
    return reading, writing


def first(place):
    """First backup, into a new repository."""
    place.fresh_database()
    results = place.in_turn("first", place.tools, lambda tool: tool.backup(), before_act=lambda tool: tool.reset())
    stored = {tool.name: tool.stored() for tool in place.tools}
    show(place, "first", results, stored)
    reading = median([time_to_read(place.database) for _ in range(3)])
    for ours in place.holdfasts():
        claim_ratio(place, results, "first backup", ours.name, "restic", 0.5)
        claim_ratio(place, results, "first backup", ours.name, "borg", 0.7)
        if "restic" in stored:
            place.report.claim(f"first backup, stored: {ours.name}, restic as target", stored[ours.name], stored["restic"], "bytes")
        place.report.note(f"{ours.name}: {median(walls(results, ours.name)) / reading:.1f} × reading the file once, "
                          f"stored 1 : {place.size / stored[ours.name]:.2f}")


def unchanged(place):
    """A backup although nothing changed."""
    place.fresh_database()
    tools = place.incremental()
    place.prepare(tools)
    results = place.in_turn("unchanged", tools, lambda tool: tool.backup())
    show(place, "unchanged", results)
    for ours in place.holdfasts():
        place.report.claim(f"nothing changed: {ours.name}, whole process", median(walls(results, ours.name)), 0.020, "seconds")
        confirmed = [ours.run("backup", place.database, "--skip-unchanged", "--json").wall for _ in range(place.runs)]
        place.report.figure("unchanged", ours.name + " --skip", confirmed)


def grown_in_turn(place, scenario, tools, before_turn, turns=None):
    """in_turn of backups, and {tool name: [bytes by which its repository grew, a turn each]}."""
    growth = {tool.name: [] for tool in tools}

    def back_up(tool):
        before = tool.stored() if tool.incremental else 0
        measured = tool.backup()
        growth[tool.name].append(tool.stored() - before)
        return measured

    return place.in_turn(scenario, tools, back_up, before_turn=before_turn, turns=turns), growth


def scattered(place):
    """A backup after 0.1 % of the pages changed at random."""
    place.fresh_database()
    place.prepare(place.tools)
    results, growth = grown_in_turn(place, "scattered", place.tools, place.change_scattered)
    show(place, "scattered", results, {name: median(values) for name, values in growth.items()})
    for ours in place.holdfasts():
        claim_ratio(place, results, "0.1 % of pages changed", ours.name, "restic", 0.1)
        claim_ratio(place, results, "0.1 % of pages changed", ours.name, ".backup", 0.1)
        place.report.claim(f"0.1 % of pages changed, growth: {ours.name}", median(growth[ours.name]), 10 ** 6, "bytes")


def appended(place):
    """A backup after 5,000 rows were added. Growth is judged over 20 backups in a row."""
    place.fresh_database(search=False)
    append(place, "appended", "5,000 rows appended")


def searched(place):
    """The same with full-text indexes, which FTS5 merges as rows come in: it writes thirty times what the rows take."""
    place.fresh_database()
    append(place, "searched", "5,000 rows appended, FTS5")


def append(place, scenario, label):
    place.prepare(place.tools)
    packed = []
    results, growth = grown_in_turn(place, scenario, place.tools, lambda turn: packed.append(place.append_rows(5000, turn)))
    ours = place.holdfasts()
    if ours:
        more, more_growth = grown_in_turn(place, scenario, ours, lambda turn: packed.append(place.append_rows(5000, 1000 + turn)),
                                          turns=max(1, 20 - place.runs))
        for tool in ours:
            growth[tool.name] += more_growth[tool.name]
    show(place, scenario, results, {name: sum(values) / len(values) for name, values in growth.items()})
    mean_packed = sum(packed) / len(packed)
    place.report.note(f"the new rows of one turn, with their index entries, are {readable(mean_packed)} after zstd -3")
    for tool in ours:
        claim_ratio(place, results, label, tool.name, "restic", 0.1)
        claim_ratio(place, results, label, tool.name, ".backup", 0.1)
        mean = sum(growth[tool.name]) / len(growth[tool.name])
        place.report.claim(f"{label}, growth / compressed rows: {tool.name}", mean / mean_packed, 2.0)


def vacuum(place):
    """VACUUM, which moves every page, and a backup; then a restore of it."""
    tools = place.incremental()
    first_stored, growth, restores, plain_restores = {}, {t.name: [] for t in tools}, {}, {}

    def before_turn(_):
        place.fresh_database()
        place.prepare(tools)
        for tool in tools:
            first_stored[tool.name] = tool.stored()
            if tool in place.holdfasts():
                plain_restores.setdefault(tool.name, []).append(restore_once(place, tool)[0].wall)
        place.execute(("VACUUM",), ("PRAGMA wal_checkpoint(TRUNCATE)",))

    def back_up(tool):
        measured = tool.backup()
        growth[tool.name].append(tool.stored() - first_stored[tool.name])
        if tool in place.holdfasts():
            restores.setdefault(tool.name, []).append(restore_once(place, tool)[0].wall)
        return measured

    results = place.in_turn("vacuum", tools, back_up, before_turn=before_turn)
    show(place, "vacuum", results, {name: median(values) for name, values in growth.items()})
    for ours in place.holdfasts():
        place.report.claim(f"VACUUM, then a backup: growth / first backup: {ours.name}",
                           median(growth[ours.name]) / first_stored[ours.name], 0.15)
        place.report.claim(f"restore after VACUUM / restore before: {ours.name}",
                           median_ratio(restores[ours.name], plain_restores[ours.name]), 2.0)


def restore_once(place, tool):
    """(measured, SHA-256 of what came out); the file is gone afterwards."""
    target = os.path.join(place.work, "restored")
    shutil.rmtree(target, ignore_errors=True)
    measured, path = tool.restore(target)
    digest = sha256(path)
    shutil.rmtree(target)
    return measured, digest


def restore(place):
    """Restoring to a new file; each result is compared with the original."""
    place.fresh_database()
    tools = [tool for tool in place.tools if tool.name in ("cp", "restic", "borg") or tool in place.holdfasts()]
    place.prepare(tools)
    original = sha256(place.database)

    def bring_back(tool):
        measured, digest = restore_once(place, tool)
        if digest != original:
            raise Failed(f"{tool.name} restored something else: {digest}, not {original}")
        return measured

    results = place.in_turn("restore", tools, bring_back)
    show(place, "restore", results)
    writing = median([time_to_write(place.database, os.path.join(place.work, "written")) for _ in range(3)])
    for ours in place.holdfasts():
        claim_ratio(place, results, "restore to a new file, proven and synced", ours.name, "cp", 1.5)
        claim_ratio(place, results, "restore to a new file, proven and synced", ours.name, "restic", 0.5)
        place.report.note(f"{ours.name}: {median(walls(results, ours.name)) / writing:.1f} × writing and syncing the file once")


def memory(place):
    """Peak memory of everything that reads the whole database."""
    place.fresh_database()
    place.report.note(f"what is below {readable(run(['true']).peak)} cannot be seen: so much a command takes before it begins")
    target = 96 * MIB if place.size <= 1.5 * GIB else 160 * MIB
    for tool in [t for t in place.tools if t.incremental]:
        tool.reset()
        peaks = {"first backup": tool.backup().peak}
        place.change_scattered(1)
        peaks["changed backup"] = tool.backup().peak
        peaks["restore"] = restore_once(place, tool)[0].peak
        if tool in place.holdfasts():
            peaks["verify"] = tool.run("verify", "--level", "opened").peak
            place.execute(("VACUUM",), ("PRAGMA wal_checkpoint(TRUNCATE)",))
            peaks["backup after VACUUM"] = tool.backup().peak
            for what, peak in peaks.items():
                place.report.claim(f"peak memory at {place.size / GIB:.1f} GiB, {what}: {tool.name}", peak, target, "bytes")
        place.report.note(f"{tool.name:<18} " + ", ".join(f"{what} {readable(peak)}" for what, peak in peaks.items()))


POLICY = """[retention]
time_zone = "UTC"
[retention.manual]
keep_last = 1000
keep_hourly = 48
keep_daily = 7
keep_weekly = 4
keep_monthly = 12
"""


def forget_by_policy(place, tool, count):
    """The policy over all backups of a repository: what it would do, and doing it; then they are recalled. The longer time."""
    settings = os.path.join(place.work, "policy.toml")
    with open(settings, "w", encoding="utf-8") as file:
        file.write(POLICY)
    rehearsed = [tool.run("forget", "--policy", "--dry-run", "--settings", settings, "--json").wall for _ in range(place.runs)]
    done = tool.run("forget", "--policy", "--settings", settings, "--json")
    left = {backup["number"] for backup in json.loads(tool.run("list", "--json").output)["backups"]}
    tool.run("recall", *[str(number) for number in range(1, count + 1) if number not in left])
    place.report.note(f"{tool.name}: a policy that keeps 1000 of them takes {seconds(median(rehearsed))} to rehearse, {seconds(done.wall)} to carry out")
    return max(median(rehearsed), done.wall)


def many(place):
    """Ten thousand snapshots in one repository."""
    count = place.options.snapshots
    for tool in place.holdfasts():
        place.fresh_database("20M")
        tool.reset()
        for number in range(count):
            place.execute(("UPDATE activities SET success = 1 - success WHERE id = (SELECT min(id) FROM activities WHERE id >= ?)",
                           (number * 37 % 14000,)))
            tool.backup()
            if (number + 1) % 1000 == 0:
                place.report.note(f"{tool.name}: {number + 1} snapshots, {readable(tool.stored())}")
        listing = [tool.run("list", "--json") for _ in range(place.runs)]
        listed = len(json.loads(listing[-1].output)["backups"])
        if listed != count:
            raise Failed(f"{tool.name} lists {listed} of {count} backups")
        time.sleep(1.5)  # the last change is old enough for the file's times to be believed
        tool.backup()
        same = [tool.backup().wall for _ in range(place.runs)]
        changed = []
        for turn in range(place.runs):
            place.change_scattered(turn)
            changed.append(tool.backup().wall)
        by_policy = forget_by_policy(place, tool, count)
        before = tool.stored()
        forgetting = tool.run("forget", *[str(number) for number in range(1, count, 2)])
        pruning = tool.run("prune", "--grace", "0", "--json")
        place.report.note(f"{tool.name}: forgetting half took {seconds(forgetting.wall)}; prune freed {readable(before - tool.stored())}")
        label = f"{count} snapshots: {tool.name}"
        place.report.claim(f"{label}, list", median([m.wall for m in listing]), 1.0, "seconds")
        place.report.claim(f"{label}, backup of an unchanged database", median(same), 0.05, "seconds")
        place.report.claim(f"{label}, backup of a changed database", median(changed), 0.3, "seconds")
        place.report.claim(f"{label}, forget --policy", by_policy, 1.0, "seconds")
        place.report.claim(f"{label}, prune of half", pruning.wall, 10.0, "seconds")
        tool.run("verify", "latest", "--level", "opened")

