#!/usr/bin/env python3
"""A database and the index beside it come back as one, while their application runs, and whenever the restore is killed.

The application commits a generation to the database and then replaces its index with that of the same generation. After a
restore, or after the command that mends one that was killed, both are of one generation that was backed up, or both are as
they were.
"""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROGRAM = os.environ.get("HOLDFAST") or sys.exit("HOLDFAST names the program to test")


def environment(root):
    return {**os.environ, "HOLDFAST_REPOSITORY": f"{root}/.holdfast", "XDG_CACHE_HOME": f"{root}/.cache", "XDG_STATE_HOME": f"{root}/.state"}


def holdfast(*arguments, cwd, check=True):
    done = subprocess.run([PROGRAM, *arguments], cwd=cwd, env=environment(cwd), capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Project:
    """data/app.db with a table of vectors, and data/faiss/*.index that says of which generation it is."""

    def __init__(self, root):
        self.root = Path(root)
        self.index = self.root / "data/faiss/main.index"
        self.meta = self.root / "data/faiss/main.meta.json"
        self.index.parent.mkdir(parents=True)
        self.database = self.root / "data/app.db"
        with sqlite3.connect(self.database) as connection:
            connection.execute("PRAGMA journal_mode = wal")
            connection.execute("CREATE TABLE vectors(id INTEGER PRIMARY KEY, generation INTEGER, embedding BLOB)")
        (self.root / "holdfast.toml").write_text('[source.app]\ndatabases = ["data/app.db"]\n[[source.app.companions]]\npath = "data/faiss"\n')
        holdfast("init", cwd=self.root)
        self.make(1)

    def make(self, generation):
        with sqlite3.connect(self.database, timeout=30) as connection:
            connection.executemany("INSERT INTO vectors(generation, embedding) VALUES (?, ?)", [(generation, os.urandom(256)) for _ in range(20)])
        body = f"generation {generation}\n".encode() + random.Random(generation).randbytes(40_000)
        for path, text in ((self.index, body), (self.meta, f'{{"generation": {generation}}}'.encode())):
            aside = path.with_suffix(".tmp")
            aside.write_bytes(text)
            aside.rename(path)

    def state(self):
        with sqlite3.connect(self.database, timeout=30) as connection:
            in_database = connection.execute("SELECT max(generation) FROM vectors").fetchone()[0]
            if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
                raise AssertionError("the database is damaged")
        first = self.index.read_bytes().split(b"\n", 1)
        in_index = int(first[0].split()[1])
        if first[1] != random.Random(in_index).randbytes(40_000):
            raise AssertionError("the index is torn")
        in_meta = int(self.meta.read_text().split(":")[1].rstrip("}"))
        return in_database, in_index, in_meta

    def litter(self):
        return [str(path) for path in self.root.rglob(".holdfast-restore*")]


class RestoreOfASet(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="holdfast-set-")
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.project = Project(self.root)

    def backup(self):
        holdfast("backup", "data/app.db", cwd=self.root)

    def test_it_comes_back_as_one_and_undo_takes_it_back(self):
        project = self.project
        self.backup()
        for generation in (2, 3):
            project.make(generation)
        (project.index.parent / "other.index").write_text("made since")
        told = holdfast("restore", "latest", "--dry-run", cwd=self.root).stdout
        self.assertIn("main.index", told)
        self.assertEqual(project.state(), (3, 3, 3))
        done = holdfast("restore", "latest", "--yes", cwd=self.root).stdout
        self.assertIn("other.index", done)
        self.assertEqual(project.state(), (1, 1, 1))
        self.assertTrue((project.index.parent / "other.index").exists())
        holdfast("undo", "--yes", cwd=self.root)
        self.assertEqual(project.state(), (3, 3, 3))
        self.assertEqual(project.litter(), [])

    def test_whenever_it_is_killed_the_next_command_leaves_the_old_or_the_new_set(self):
        project = self.project
        self.backup()
        project.make(2)
        began = time.monotonic()
        holdfast("restore", "1", "--yes", cwd=self.root)
        length = time.monotonic() - began
        self.assertEqual(project.state(), (1, 1, 1))
        dice = random.Random(7)
        seen = {"as before": 0, "restored": 0, "mended": 0}
        for generation in range(3, 63):
            project.make(generation)
            restore = subprocess.Popen([PROGRAM, "restore", "1", "--yes"], cwd=self.root, env=environment(self.root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(dice.random() * length * 1.1)
            restore.send_signal(signal.SIGKILL)
            restore.wait()
            seen["mended"] += bool(project.litter())
            holdfast("backup", "data/app.db", cwd=self.root)
            state = project.state()
            self.assertIn(state, [(1, 1, 1), (generation,) * 3])
            seen["restored" if state == (1, 1, 1) else "as before"] += 1
            self.assertEqual(project.litter(), [])
        print(seen)
        self.assertGreater(seen["as before"], 5)
        self.assertGreater(seen["mended"], 3)
        holdfast("verify", "--all", cwd=self.root)

    def test_one_that_was_killed_is_told_and_undo_ends_it_and_nothing_else(self):
        project = self.project
        self.backup()
        project.make(2)
        began = time.monotonic()
        holdfast("restore", "1", "--yes", cwd=self.root)
        length = time.monotonic() - began
        dice = random.Random(11)
        seen = {"replaced nothing": 0, "in between": 0, "nobody knows": 0, "over": 0}
        # The files are exchanged in a moment, late in a restore: each kill is aimed later than one that came too early, and
        # earlier than one that came too late.
        aim = length / 2
        for generation in range(3, 403):
            if seen["replaced nothing"] > 3 and seen["in between"] > 2:
                break
            project.make(generation)
            restore = subprocess.Popen([PROGRAM, "restore", "1", "--yes"], cwd=self.root, env=environment(self.root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(max(0, aim + (dice.random() - 0.5) * length / 10))
            was_running = restore.poll() is None
            restore.send_signal(signal.SIGKILL)
            restore.wait()
            if not project.litter():
                aim += length / 30 if was_running and project.state() == (generation,) * 3 else -length / 30
                continue
            left = project.litter()
            status = holdfast("status", cwd=self.root, check=False)
            doctor = holdfast("doctor", "data/app.db", cwd=self.root, check=False)
            self.assertEqual(project.litter(), left, "they only look")
            undone = holdfast("undo", "--yes", cwd=self.root, check=False)
            self.assertEqual(project.litter(), [])
            state = project.state()
            if "at its very beginning, or at its very end" in undone.stderr:
                seen["nobody knows"] += 1
                self.assertEqual(undone.returncode, 7)
                self.assertIn(state, [(1, 1, 1), (generation,) * 3])
            elif undone.returncode == 5:
                seen["replaced nothing"] += 1
                aim += length / 30
                self.assertEqual(state, (generation,) * 3)
                self.assertIn("was interrupted before it had replaced anything", status.stdout)
            elif undone.returncode == 7:
                seen["in between"] += 1
                self.assertIn("was interrupted", status.stdout)
                self.assertEqual(status.returncode, 12)
                self.assertIn("was interrupted", doctor.stdout)
                self.assertEqual(doctor.returncode, 14)
                self.assertIn(state, [(1, 1, 1), (generation,) * 3])
            else:  # it was over, but for what it leaves: whether it took place is not noted
                seen["over"] += 1
                aim -= length / 30
                self.assertEqual(undone.returncode, 2, undone.stderr)
                self.assertEqual(state, (1, 1, 1))
        print(seen)
        self.assertGreater(seen["replaced nothing"], 3)
        self.assertGreater(seen["in between"], 0)
        holdfast("verify", "--all", cwd=self.root)

    def test_beside_an_application_that_goes_on_writing_it_is_whole_or_refused(self):
        project = self.project
        self.backup()
        began = time.monotonic()
        holdfast("restore", "1", "--yes", cwd=self.root)
        between = max(0.15, 2 * (time.monotonic() - began))  # a restore has its moment, on a slow machine too
        application = subprocess.Popen([sys.executable, "-c", f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
import restore_set
project = restore_set.Project.__new__(restore_set.Project)
project.root = restore_set.Path({self.root!r})
project.database = project.root / "data/app.db"
project.index = project.root / "data/faiss/main.index"
project.meta = project.root / "data/faiss/main.meta.json"
generation = 10
while not (project.root / "stop").exists():
    generation += 1
    project.make(generation)
    time.sleep({between})
"""], env=os.environ)
        try:
            ended = {0: 0, "refused": 0}
            for _ in range(12):
                time.sleep(0.2)
                done = holdfast("restore", "1", "--yes", cwd=self.root, check=False)
                ended[0 if done.returncode == 0 else "refused"] += 1
                self.assertIn(done.returncode, (0, 5, 6), done.stderr)
                self.assertEqual(project.litter(), [])
        finally:
            (project.root / "stop").touch()
            application.wait(timeout=60)
        print(ended)
        self.assertEqual(application.returncode, 0, "the application never failed")
        self.assertGreater(ended[0], 0)
        holdfast("restore", "1", "--yes", cwd=self.root)
        self.assertEqual(project.state(), (1, 1, 1))


if __name__ == "__main__":
    unittest.main()
