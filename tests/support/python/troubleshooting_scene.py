"""The entries of docs/guide/troubleshooting.md, and a working folder in which their commands are run. For stories."""

import os
import pathlib
import re
import shutil
import sqlite3
import subprocess

import devteam_database
import stories

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "guide" / "troubleshooting.md"


class Page:
    def __init__(self, text=None):
        text = PAGE.read_text() if text is None else text
        blocks = re.findall(r"<!-- scene: ([a-z-]+) -->\n```sh\n(.*?)```\n", text, re.S)
        files = re.findall(r"<!-- file: ([a-z-]+) (\S+) -->\n```[a-z]+\n(.*?)```\n", text, re.S)
        self.commands = dict(blocks)
        self.names = [name for name, _ in blocks]
        self.files = {}
        for name, path, content in files:
            self.files.setdefault(name, {})[path] = content
        self.fences = len(re.findall(r"^```[a-z]+$", text, re.M))
        self.told = len(blocks) + len(files)
        self.headings = re.findall(r"^### (.+)$", text, re.M)


PAGE = Page()
NOBODY = 65534


class Played:
    def __init__(self, code, out):
        self.code, self.out = code, out


class Scene(stories.Story):
    """A working folder in which `holdfast` is a command, as on the page."""

    def setUp(self):
        super().setUp()
        programs = self.root / "bin"
        programs.mkdir()
        shutil.copy(stories.PROGRAM, programs / "holdfast")
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"
        self.entry = self.id().rsplit(".test_", 1)[1].replace("_", "-")

    def sh(self, script, code=0, user=None, watch=None):
        """The script as somebody pastes it into a shell, ending at the first command that fails."""
        process = subprocess.Popen(["sh", "-e", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, cwd=self.work,
                                   env=self.environment, user=user, group=user, extra_groups=[] if user else None)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if watch:
                watch(line)
        process.stdout.close()
        played = Played(process.wait(120), "".join(lines))
        if code is not None:
            self.assertEqual(played.code, code, played.out)
        return played

    def play(self, replace=(), **how):
        commands = PAGE.commands[self.entry]
        for path, content in PAGE.files.get(self.entry, {}).items():
            for old, new in replace:
                content = content.replace(old, new)
            (self.work / path).write_text(content)
        for old, new in replace:
            commands = commands.replace(old, new)
        return self.sh(commands, **how)

    def ordinary_user(self):
        """One for whom rights count: ourselves, or for root nobody, to whom the scene then belongs."""
        if os.geteuid() != 0:
            return None
        for folder, _, files in os.walk(self.root):
            for path in [folder, *(os.path.join(folder, name) for name in files)]:
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return NOBODY

    def rows(self, path, sql):
        db = sqlite3.connect(f"file:{self.work / path}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def execute(self, path, sql):
        db = sqlite3.connect(self.work / path)
        db.executescript(sql)
        db.close()

    def is_whole(self, path):
        self.assertEqual(self.rows(path, "PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(self.rows(path, "PRAGMA foreign_key_check"), [])

    def content(self, path):
        return stories.content_hash(self.work / path)

    # --- databases like the applications' ---

    def devteam(self, journal="delete", sessions=40):
        (self.work / ".devteam").mkdir()
        devteam_database.create(self.work / ".devteam/devteam.db", sessions, journal=journal)
        self.environment["HOLDFAST_REPOSITORY"] = str(self.work / "backups")
        self.sh("holdfast init")
        return ".devteam/devteam.db"

    def agent(self, journal="delete"):
        self.execute("agent.db", f"PRAGMA journal_mode = {journal}; CREATE TABLE prompts(id INTEGER PRIMARY KEY, text TEXT);"
                                 "CREATE TABLE sessions(id TEXT PRIMARY KEY, prompt_id INTEGER REFERENCES prompts(id), status TEXT);"
                                 "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 300) INSERT INTO prompts SELECT i, hex(randomblob(200)) FROM c;"
                                 "INSERT INTO sessions SELECT 's' || id, id, 'done' FROM prompts")
        return "agent.db"

    def contacts(self, path="prt_data/prt.db"):
        (self.work / path).parent.mkdir(exist_ok=True)
        self.execute(path, "CREATE TABLE contacts(id INTEGER PRIMARY KEY, name TEXT); INSERT INTO contacts(name) VALUES ('Ada'), ('Grace')")
        return path

    def newer(self, sql):
        """Another machine's database, with its own repository."""
        folder = self.work / "newer"
        folder.mkdir()
        shutil.copy(self.work / "agent.db", folder / "agent.db")
        self.execute("newer/agent.db", sql)
        self.sh("holdfast init -r newer/backups; holdfast backup newer/agent.db -r newer/backups")

    def damage(self, path, pages=6, first=20):
        with open(self.work / path, "r+b") as file:
            file.seek(4096 * first)
            file.write(os.urandom(4096 * pages))
