"""Sets: a database and the files that belong with it, backed up and restored as one."""

import os
import random
import shutil
import sqlite3

from measure import Failed, median, median_ratio, readable, run, settle, tree_size, warm
from scenarios import MIB, sha256, walls

INDEX_BYTES = 300 * MIB
SMALL_FILES = 100_000


class Project:
    """A folder with data/app.db, data/faiss/, and settings that hold them together."""

    def __init__(self, place, name):
        self.root = os.path.join(place.work, name)
        shutil.rmtree(self.root, ignore_errors=True)
        self.companion = os.path.join(self.root, "data", "faiss")
        os.makedirs(self.companion)
        self.database = os.path.join(self.root, "data", "app.db")
        self.settings = os.path.join(place.work, name + ".toml")
        with open(self.settings, "w") as file:
            file.write(f'[source.app]\ndatabases = ["{self.database}"]\n[[source.app.companions]]\npath = "{self.companion}"\n')

    def files(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.root) for name in names]

    def warm(self):
        for path in self.files():
            warm(path)

    def hashes(self, root=None):
        root = root or self.root
        return {os.path.relpath(os.path.join(folder, name), root): sha256(os.path.join(folder, name))
                for folder, _, names in os.walk(root) for name in names}


def back_up(tool, project):
    """The whole set, by the tool's own means."""
    if tool.name == "cp":
        target = os.path.join(tool.folder, "copy")
        shutil.rmtree(target, ignore_errors=True)
        return run(["sh", "-c", 'cp -a "$1" "$2" && sync -f "$2"', "sh", project.root, target], tool.folder)
    if tool.name.startswith("holdfast"):
        return run(tool.command("backup", "--settings", project.settings, "--json"), tool.folder, tool.environment)
    tool.before_backup()
    return run([project.root if word == tool.database else word for word in tool.backup_command()], tool.folder, tool.environment)


def restore(tool, project, target):
    """What was measured, and the folder that is like the project's data folder."""
    os.makedirs(target)
    if tool.name == "cp":
        return run(["sh", "-c", 'cp -a "$1" "$2" && sync -f "$2"', "sh", os.path.join(tool.folder, "copy"), os.path.join(target, "copy")], target), os.path.join(target, "copy", "data")
    if tool.name.startswith("holdfast"):
        command = tool.command("restore", "latest", "--settings", "none", "--to", os.path.join(target, "back") + "/", "--no-check", "--json")
        return run(command, target, tool.environment), os.path.join(target, "back")
    return run(tool.restore_command(target), target, tool.environment), os.path.join(target, project.root.lstrip("/"), "data")


def expect_equal(tool, found, meant):
    # SQLite counts a restored database's header as its own: holdfast writes new files byte for byte.
    if found != meant:
        raise Failed(f"{tool.name}: what it restored is not what was backed up: {sorted(set(found.items()) ^ set(meant.items()))[:3]}")


def in_turn(place, scenario, tools, project, act, before_turn=None):
    results = {tool.name: [] for tool in tools}
    for turn in range(place.runs):
        if before_turn:
            before_turn(turn)
        for tool in random.Random(f"{scenario} {turn}").sample(list(tools), len(tools)):
            settle()
            project.warm()
            measured = act(tool, turn)
            results[tool.name].append(measured)
            place.report.keep_run(scenario, tool.name, turn, measured)
    return results


def show(place, scenario, results, stored=None):
    for name, measured in results.items():
        place.report.figure(scenario, name, [m.wall for m in measured], (stored or {}).get(name), max(m.peak for m in measured))


def chosen(place):
    return [tool for tool in place.tools if tool.name in ("cp", "restic", "borg") or tool.name.startswith("holdfast")]


def change_a_thousandth(place, project, turn):
    dice = random.Random(turn)
    with open(os.path.join(project.companion, "main.index"), "r+b") as file:
        for _ in range(INDEX_BYTES // 4096 // 1000):
            file.seek(dice.randrange(INDEX_BYTES // 4096) * 4096)
            file.write(dice.randbytes(400))
    place.change_scattered(turn)


def sets(place):
    """A 200 MB database and a 300 MB index beside it: after 0.1 % of both changed, and the restore."""
    project = Project(place, "set")
    shutil.copyfile(place.made("200M"), project.database)
    dice = random.Random(1)
    with open(os.path.join(project.companion, "main.index"), "wb") as file:
        for _ in range(INDEX_BYTES // MIB):
            file.write(dice.randbytes(MIB))
    with open(os.path.join(project.companion, "main.meta.json"), "w") as file:
        file.write('{"model": "all-MiniLM-L6-v2", "dimension": 384}')
    kept, place.database = place.database, project.database
    tools = chosen(place)
    for tool in tools:
        tool.reset()
    settle()
    first = {tool.name: [back_up(tool, project)] for tool in tools}
    show(place, "sets: first", first, {tool.name: tool.stored() for tool in tools})
    growth = {tool.name: [] for tool in tools}

    def second(tool, _):
        before = tool.stored()
        measured = back_up(tool, project)
        growth[tool.name].append(tool.stored() - before)
        return measured

    results = in_turn(place, "sets: 0.1 % changed", tools, project, second, lambda turn: change_a_thousandth(place, project, turn))
    show(place, "sets: 0.1 % changed", results, {name: median(values) for name, values in growth.items()})
    meant = project.hashes(os.path.join(project.root, "data"))

    def bring_back(tool, turn):
        target = os.path.join(place.work, f"{tool.name}-back-{turn}".replace(" ", "-"))
        measured, folder = restore(tool, project, target)
        expect_equal(tool, project.hashes(folder), meant)
        shutil.rmtree(target)
        return measured

    back = in_turn(place, "sets: restore", tools, project, bring_back)
    show(place, "sets: restore", back)
    for ours in place.holdfasts():
        place.report.claim(f"set of 500 MB, 0.1 % changed: {ours.name}", median(walls(results, ours.name)), 0.3, "seconds")
        place.report.claim(f"set of 500 MB, 0.1 % changed, growth: {ours.name}", median(growth[ours.name]), 10 ** 6, "bytes")
        if "cp" in back:
            place.report.claim(f"set of 500 MB, restore: {ours.name} / cp -a", median_ratio(walls(back, ours.name), walls(back, "cp")), 1.2)
    place.database = kept


def appended(place):
    """1 MiB more at the end of a log and of an index of 1 GiB each."""
    project = Project(place, "appended")
    sqlite3.connect(project.database).executescript("CREATE TABLE t(x)")
    dice = random.Random(3)
    paths = [os.path.join(project.companion, name) for name in ("app.log", "main.index")]
    for path in paths:
        with open(path, "wb") as file:
            for _ in range(1024):
                file.write(dice.randbytes(MIB // 2).hex().encode() if path.endswith(".log") else dice.randbytes(MIB))
    tools = [tool for tool in chosen(place) if tool.name != "cp"]
    for tool in tools:
        tool.reset()
        back_up(tool, project)
    growth = {tool.name: [] for tool in tools}

    def append(turn):
        for path in paths:
            with open(path, "ab") as file:
                file.write(random.Random(turn).randbytes(MIB))

    def second(tool, _):
        before = tool.stored()
        measured = back_up(tool, project)
        growth[tool.name].append(tool.stored() - before)
        return measured

    results = in_turn(place, "sets: appended to", tools, project, second, append)
    show(place, "sets: appended to", results, {name: median(values) for name, values in growth.items()})
    for ours in place.holdfasts():
        place.report.claim(f"1 MiB appended to each of two files of 1 GiB, growth / appended: {ours.name}", median(growth[ours.name]) / (2 * MIB), 1.1)


def small_files(place):
    """100,000 small files beside a database: first backup, and one although nothing changed."""
    project = Project(place, "files")
    database = sqlite3.connect(project.database)
    database.execute("CREATE TABLE t(x)")
    database.close()
    dice = random.Random(2)
    words = [bytes(dice.choices(b"etaoinshrdlu", k=dice.randrange(3, 9))) for _ in range(4000)]
    for i in range(SMALL_FILES):
        folder = os.path.join(project.companion, f"{i // 100:04}")
        if i % 100 == 0:
            os.mkdir(folder)
        with open(os.path.join(folder, f"{i}.md"), "wb") as file:
            file.write(b" ".join(dice.choices(words, k=dice.randrange(100, 900))))
    print(f"{SMALL_FILES} files, {readable(tree_size(project.companion))}", flush=True)
    tools = [tool for tool in chosen(place) if tool.name != "cp"]

    def first(tool, _):
        tool.reset()
        return back_up(tool, project)

    results = in_turn(place, "small files: first", tools, project, first)
    show(place, "small files: first", results, {tool.name: tool.stored() for tool in tools})
    again = in_turn(place, "small files: unchanged", tools, project, lambda tool, _: back_up(tool, project))
    show(place, "small files: unchanged", again)
    for ours in place.holdfasts():
        if "restic" in results:
            place.report.claim(f"100,000 small files, first: {ours.name} / restic", median_ratio(walls(results, ours.name), walls(results, "restic")), 1.0)
        place.report.claim(f"100,000 small files, nothing changed: {ours.name}", median(walls(again, ours.name)), 1.0, "seconds")
