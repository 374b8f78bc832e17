#!/usr/bin/env python3
"""Checks that ARCHITECTURE.md tells the truth about CMakeLists.txt: the same rooms, the same uses, drawn downwards.

usage: check_architecture.py [--root FOLDER]
What is compared: the table of rooms with the room() calls; the drawing's rooms and their order from top to bottom with
who uses whom; every file and folder that the page names with the tree. Ends with 1 when anything differs.
"""

import argparse
import os
import re
import sys


def rooms_of_build(cmake):
    """{room: set of rooms it USES}, from the room() calls."""
    rooms = {}
    code = re.sub(r"#[^\n]*", "", cmake)
    for body in re.findall(r"(?m)^room\(([^)]*)\)", code):
        words = body.split()
        uses = words[words.index("USES") + 1:] if "USES" in words else []
        rooms[words[0]] = set(uses[:uses.index("OWNS")] if "OWNS" in uses else uses)
    return rooms


def rooms_of_table(page):
    """{room: set of rooms it uses}, from the rows `| **room** | secret | uses |` of the table."""
    rooms = {}
    for name, uses in re.findall(r"(?m)^\| \*\*(\w+)\*\* \|[^\n|]*\| ([^\n|]*) \|", page):
        rooms[name] = set(re.findall(r"\w+", uses))
    return rooms


def rooms_of_drawing(page):
    """{room: line of the drawing}, from the code block after the heading "The rooms"."""
    block = re.search(r"## The rooms\n.*?```\n(.*?)```", page, re.S)
    lines = block.group(1).split("\n") if block else []
    return {name: number for number, line in enumerate(lines) for name in re.findall(r"[a-z_]+", line)}


def named_paths(page):
    """Paths in backquotes that must exist: those below one of the tree's own folders, and top-level documents."""
    for path in re.findall(r"`([\w./*-]+)`", page):
        if re.match(r"(src|tests|tools|scripts|cmake|docs|bench|changes)/|[A-Z]+\.md$|\w+\.txt$", path):
            yield path


def check(root):
    with open(os.path.join(root, "CMakeLists.txt"), encoding="utf-8") as file:
        build = rooms_of_build(file.read())
    with open(os.path.join(root, "ARCHITECTURE.md"), encoding="utf-8") as file:
        page = file.read()
    table, drawing = rooms_of_table(page), rooms_of_drawing(page)
    faults = [] if build else ["CMakeLists.txt has no room() calls"]
    for place, rooms in (("table", table), ("drawing", drawing)):
        faults += [f"room {name} is missing in the {place}" for name in build if name not in rooms]
        faults += [f"the {place} has {name}, which is no room()" for name in rooms if name not in build]
    for name in build.keys() & table.keys():
        if build[name] != table[name]:
            faults.append(f"{name} uses {sorted(build[name])} in CMakeLists.txt and {sorted(table[name])} in the table")
    for name in build.keys() & drawing.keys():
        faults += [f"{name} uses {used}, which is not drawn below it"
                   for used in sorted(build[name] & drawing.keys()) if drawing[used] <= drawing[name]]
    faults += [f"{path} does not exist" for path in named_paths(page) if not os.path.exists(os.path.join(root, path))]
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    faults = check(parser.parse_args().root)
    for fault in faults:
        print(f"ARCHITECTURE.md: {fault}")
    print("architecture: as drawn" if not faults else f"{len(faults)} differences")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
