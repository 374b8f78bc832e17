#!/usr/bin/env python3
"""Checks the tree against the style in CONTRIBUTING.md. Each rule states why it exists; `--rules` prints them.

usage: check_style.py [--root FOLDER] [--rules]
Prints one line a finding, "path:line: rule: what", and ends with 1 when there is any.
tools/style_exceptions.txt lists what is over a limit for a known reason; it may only shrink.
"""

import argparse
import os
import re
import sys

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
EXCEPTIONS = "tools/style_exceptions.txt"

RULES = {
    "header-owner": "a library's headers are included in one room, so that a change of the library touches one room",
    "file-length": f"a file of more than {FILE_LINES_MAX} lines holds more than one thing",
    "function-length": f"a function of more than {FUNCTION_LINES_MAX} lines cannot be seen at once",
    "banned-word": "a name that fits everything (util, manager, data) says nothing and gathers everything",
    "effect": "a word with an effect (clock, environment, threads, output) stays in its room, so that tests can replace it",
    "no-throw": "errors are values: much of this code is called by C, which cannot be thrown through",
    "no-new": "what is made has an owner from the first instant: make_unique, or unique_ptr<T>(new T) where T alone can make it",
    "dangling-range": "what a call's result holds is gone before the loop's first turn: give the result a name",
    "first-sentence": "a reader learns from the first line of a header what the file is for",
    "pragma-once": "one form of include guard, which cannot clash",
    "machine-path": "a path of one machine works on one machine",
    "unfinished": "what is left to do is an issue, not a remark in the code",
    "exception": "the list of exceptions may only shrink",
}

OWNERS = [  # (included header, rooms that may)
    (r"fmt/|openssl/|sodium|zstd\.h|zdict\.h|zstd_errors\.h|zlib\.h|xxh|nlohmann/", {"base"}),
    (r"spdlog/|unistd\.h|fcntl\.h|sys/|dirent\.h|poll\.h|pwd\.h|grp\.h|spawn\.h|termios\.h|signal\.h|csignal|pthread\.h|linux/|date/|dlfcn\.h|curl/",
     {"host"}),
    (r"sqlite3(ext)?\.h", {"sqlite", "extension"}),
    (r"archive(_entry)?\.h", {"bundle"}),
    (r"faiss/", {"agree"}),
    (r"CLI/|CLI11", {"cli"}),
    (r"toml\+\+|toml\.hpp", {"operations"}),
]
# Tests look at files and databases with the system's and SQLite's own eyes: these are their oracles.
OPEN_TO_TESTS = re.compile(r"unistd\.h|fcntl\.h|sys/|dirent\.h|poll\.h|spawn\.h|signal\.h|csignal|sqlite3\.h|termios\.h|linux/")

BANNED = {"util", "utils", "helper", "helpers", "common", "misc", "core", "manager", "handler", "processor", "data", "info", "impl"}

EFFECTS = [  # (word, where it may stand, what to use)
    (r"std::(cout|cerr|clog)\b|\b(std::)?(f|v|vf)?printf\s*\(|\bfmt::print\b", ("src/cli/", "src/base/error.cpp"), "return text; cli prints it"),
    (r"\b(system_clock|steady_clock)::now\b|(?<![\w.>])(clock_gettime|gettimeofday)\s*\(|std::time\(", ("src/host/",), "host::Clock"),
    (r"\b(secure_)?getenv\s*\(", ("src/host/",), "host's environment"),
    (r"std::(jthread|thread|async)\b", ("src/host/",), "host::WorkerPool"),
]

TEXT_ENDINGS = (".h", ".cpp", ".py", ".sh", ".cmake", ".md", ".txt", ".json", ".in", ".yml", "run", "compare")
SKIPPED = ("LICENSE", "tests/golden/", "tests/fuzz/corpus/", "tools/check_style.py", "tests/tools/")


def tree(root):
    """Paths of the tree's files, relative to root, without build folders and hidden ones (but .ci)."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in ("build", "__pycache__") and not f.startswith("build-")
                            and (not f.startswith(".") or f == ".ci"))
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), root)


def blank(code):
    """The code with comments and literals as spaces: what is left are tokens, at their old places."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), code)


def functions(code):
    """(first line, last line) of each function with a body. Lambdas and local classes count to the one around them."""
    text = re.sub(r"(?m)^[ \t]*#.*(?:\\\n.*)*$", lambda m: re.sub(r"[^\n]", " ", m.group()), blank(code))
    open_braces, start, begin = [], 0, 0  # each brace is a "scope", a "body", or "other": an initialiser, or inside a body
    for at in (m.start() for m in re.finditer(r"[{};]", text)):
        at_scope = not open_braces or open_braces[-1] == "scope"
        if text[at] == "{":
            kind = kind_of_brace(text[start:at]) if at_scope else "other"
            open_braces.append(kind)
            if kind == "body":
                head = re.sub(r"^.*\b(public|private|protected)\s*:(?!:)", lambda m: " " * len(m.group()), text[start:at], flags=re.S)
                begin = start + len(head) - len(head.lstrip())
            elif kind == "scope":
                start = at + 1
        elif text[at] == "}" and open_braces:
            kind = open_braces.pop()
            if kind == "body":
                yield text.count("\n", 0, begin) + 1, text.count("\n", 0, at) + 1
            if kind != "other":
                start = at + 1
        elif text[at] == ";" and at_scope:
            start = at + 1


def kind_of_brace(head):
    """What a brace opens that stands in a namespace or class after `head`."""
    if re.search(r"\b(namespace|class|struct|union|enum)\b[^()=]*$", head) or re.search(r"\bextern\s*$", head):
        return "scope"
    member_initialiser = re.search(r"\)[\w\s()]*:(?!:).*[:,]\s*[\w:<>]+\s*$|\)[\w\s()]*:\s*[\w<>]+\s*$", head, re.S)
    if re.search(r"=\s*$", head) or member_initialiser or not re.search(r"[\w\])>]\s*\(", head):
        return "other"
    return "body"


def names_of_types(code):
    for match in re.finditer(r"\b(?:class|struct|union|enum(?:\s+class)?|concept|using)\s+(?:\[\[\w+\]\]\s*)?([A-Z]\w*)\s*[:{=;]", code):
        yield match.start(), match.group(1)


def words_of(name):
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


class Checker:
    def __init__(self, root):
        self.root = root
        self.findings = []
        self.over = {}  # (rule, path) -> worst figure

    def find(self, path, line, rule, what):
        self.findings.append(f"{path}:{line}: {rule}: {what} ({RULES[rule]})")

    def run(self):
        for path in tree(self.root):
            if path.startswith(SKIPPED):
                continue
            if not path.endswith(TEXT_ENDINGS):
                continue
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                text = file.read()
            self.check_text(path, text)
            if path.endswith((".h", ".cpp")):
                self.check_code(path, text)
        self.check_exceptions()
        return self.findings

    def each(self, pattern, text):
        for match in re.finditer(pattern, text):
            yield text.count("\n", 0, match.start()) + 1, match

    def check_text(self, path, text):
        folders = "work|root|farm" if path.startswith("tests/") else "work|root|farm|home|Users"  # a test may pretend a home
        for line, match in self.each(rf"(?<![\w.~$}}])/({folders})/[\w.]", text):
            self.find(path, line, "machine-path", match.group())
        for line, match in self.each(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot (yet )?implemented\b", text):
            self.find(path, line, "unfinished", match.group())
        lines = text.count("\n")
        if path.endswith((".h", ".cpp", ".py", ".sh", ".cmake")) and lines > FILE_LINES_MAX:
            self.exceed("file-length", path, 1, lines)

    def check_code(self, path, text):
        room = path.split("/")[1] if path.count("/") > 1 else ""
        test = not path.startswith("src/")
        for line, match in self.each(r'(?m)^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', text):
            for pattern, rooms in OWNERS:
                if re.match(pattern, match.group(1)) and room not in rooms and not (test and OPEN_TO_TESTS.match(match.group(1))):
                    self.find(path, line, "header-owner", f"{match.group(1)} belongs to {', '.join(sorted(rooms))}")
        code = blank(text)
        for word in words_of(os.path.splitext(os.path.basename(path))[0]) & BANNED:
            self.find(path, 1, "banned-word", f"'{word}' in the file's name")
        for at, name in names_of_types(code):
            for word in words_of(name) & BANNED:
                self.find(path, code.count("\n", 0, at) + 1, "banned-word", f"'{word}' in {name}")
        for line, match in self.each(r"\bthrow\b", code):
            self.find(path, line, "no-throw", "throw")
        for line, match in self.each(r"(_ptr<[^<>;]*>\s*\w*[({]\s*)?(?<!operator )\bnew\b\s*(\w|\(\s*std::nothrow)", code):
            if not match.group(1):  # owned at once; `new (place) T` makes no memory
                self.find(path, line, "no-new", match.group())
        for line, match in self.each(r"\bfor \([^;(){}]*:\s*\*[\w.>-]+\([^();]*\)(\.|->)\w[^;{}]*\)", code):
            self.find(path, line, "dangling-range", match.group())
        if not test:
            for pattern, places, instead in EFFECTS:
                if not path.startswith(places):
                    for line, match in self.each(pattern, code):
                        self.find(path, line, "effect", f"{match.group().strip('( ')}: use {instead}")
        if path.endswith(".h"):
            self.check_header(path, text)
        for first, last in functions(text):
            if last - first + 1 > FUNCTION_LINES_MAX:
                self.exceed("function-length", path, first, last - first + 1)

    def check_header(self, path, text):
        opening = re.match(r"(?:// [^\n]*\n)+", text)
        if not opening or not re.match(r"// \S.*[.:;](\s|$)", opening.group().replace("\n// ", " ")):
            self.find(path, 1, "first-sentence", "the header does not begin with // and a sentence")
        if len(re.findall(r"(?m)^#pragma once$", text)) != 1:
            self.find(path, 1, "pragma-once", "#pragma once is missing")

    def exceed(self, rule, path, line, figure):
        self.over.setdefault((rule, path), []).append((figure, line))

    def check_exceptions(self):
        listed = {}
        file = os.path.join(self.root, EXCEPTIONS)
        if os.path.exists(file):
            with open(file, encoding="utf-8") as lines:
                lines = lines.readlines()
            for number, line in enumerate(lines, 1):
                fields = line.split("#")[0].split()
                if len(fields) == 3:
                    listed[(fields[0], fields[1])] = (int(fields[2]), number)
                elif fields:
                    self.find(EXCEPTIONS, number, "exception", "not of the form: rule path figure")
        for key, found in self.over.items():
            allowed = listed.get(key, (0, 0))[0]
            for figure, line in found:
                if figure > allowed:
                    self.find(key[1], line, key[0], f"{figure} lines")
        for key, (allowed, number) in listed.items():
            worst = max((figure for figure, _ in self.over.get(key, [])), default=0)
            if worst < allowed:
                self.find(EXCEPTIONS, number, "exception", f"{key[1]} is at {worst} now: " + ("lower it" if worst else "remove it"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--rules", action="store_true", help="print the rules and why each exists")
    arguments = parser.parse_args()
    if arguments.rules:
        for rule, why in RULES.items():
            print(f"{rule}: {why}")
        return 0
    findings = Checker(arguments.root).run()
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings" if findings else "style: nothing to find fault with")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
