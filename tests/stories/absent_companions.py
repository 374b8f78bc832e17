#!/usr/bin/env python3
"""Companions that are missing, emptied, named by a pattern, or reached by a link that leads elsewhere by now."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ.get("HOLDFAST") or sys.exit("HOLDFAST names the program to test")
PARTIAL, MISSED = 3, 12


class AbsentCompanions(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="holdfast-absent-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        (self.root / "data").mkdir()
        with sqlite3.connect(self.root / "data/app.db") as connection:
            connection.execute("CREATE TABLE vectors(id INTEGER PRIMARY KEY)")
        self.settings('path = "data/faiss/*.index"')
        self.holdfast("init")

    def settings(self, companion):
        (self.root / "holdfast.toml").write_text(f'[source.app]\ndatabases = ["data/app.db"]\n[[source.app.companions]]\n{companion}\n')

    def holdfast(self, *arguments, code=0):
        environment = {**os.environ, "HOLDFAST_REPOSITORY": f"{self.root}/.holdfast", "XDG_CACHE_HOME": f"{self.root}/.cache", "XDG_STATE_HOME": f"{self.root}/.state"}
        done = subprocess.run([PROGRAM, *arguments], cwd=self.root, env=environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def make_index(self, text="vectors"):
        (self.root / "data/faiss").mkdir(exist_ok=True)
        (self.root / "data/faiss/1.index").write_text(text)

    def test_what_was_missing_goes_with_exact_and_comes_back_with_undo(self):
        self.settings('path = "data/faiss/*.index"\noptional = true')
        self.holdfast("backup")
        self.assertIn("faiss: was not there", self.holdfast("show", "latest"))
        self.make_index()
        told = self.holdfast("restore", "1", "--dry-run")
        self.assertIn("would leave", told)
        self.assertIn("which was not there then; --exact removes it", told)
        self.assertIn("which was not there then; --exact removes it", self.holdfast("restore", "1", "--yes"))
        self.assertTrue((self.root / "data/faiss/1.index").exists())
        report = json.loads(self.holdfast("restore", "1", "--yes", "--exact", "--json").splitlines()[0])
        self.assertEqual([(one["was_missing"], one["removed"]) for one in report["companions"]], [(True, 2)])
        self.assertFalse((self.root / "data/faiss").exists())
        self.holdfast("undo", "--yes")
        self.assertEqual((self.root / "data/faiss/1.index").read_text(), "vectors")

    def test_one_that_has_lost_its_files_is_told_until_they_are_back(self):
        self.make_index()
        self.holdfast("backup")
        self.make_index("")
        for _ in range(2):
            self.assertIn("all of it has 0 bytes, and in backup #1 there is more", self.holdfast("backup", code=PARTIAL))
            self.assertIn("is partial", self.holdfast("status", code=MISSED))
        (self.root / "data/faiss/1.index").unlink()
        self.assertIn("nothing in it is what the settings include", self.holdfast("backup", code=PARTIAL))
        self.holdfast("restore", "latest", "--yes")
        self.assertEqual((self.root / "data/faiss/1.index").read_text(), "vectors")
        self.holdfast("backup")

    def test_a_link_that_leads_elsewhere_now_is_not_followed_unsaid(self):
        for release in "12":
            (self.root / "releases" / release).mkdir(parents=True)
            (self.root / "releases" / release / "main.index").write_text(f"of release {release}")
        (self.root / "current").symlink_to("releases/1")
        self.settings('path = "current"')
        self.holdfast("backup")
        (self.root / "releases/1/main.index").write_text("changed since")
        (self.root / "current").unlink()
        (self.root / "current").symlink_to("releases/2")
        told = self.holdfast("restore", "1", "--yes", code=2)
        self.assertIn("which leads to", told)
        self.assertEqual((self.root / "releases/2/main.index").read_text(), "of release 2")
        self.holdfast("restore", "1", "--yes", "--path", f"{self.root}/releases/1")
        self.assertEqual((self.root / "releases/1/main.index").read_text(), "of release 1")
        self.assertEqual((self.root / "releases/2/main.index").read_text(), "of release 2")

    def test_a_link_that_has_come_in_place_of_a_folder_is_not_followed(self):
        self.make_index()
        self.settings('path = "data/faiss"')
        self.holdfast("backup")
        (self.root / "outside").mkdir()
        (self.root / "outside/s").write_text("of another")
        (self.root / "data/faiss").rename(self.root / "data/faissreal")
        (self.root / "data/faiss").symlink_to("../outside")
        for flags in (["--dry-run"], ["--yes"], ["--exact", "--dry-run"], ["--exact", "--yes"]):
            told = self.holdfast("restore", "1", *flags, code=2)
            self.assertIn("data/faiss is a link now, and was none when the backup was made", told)
            self.assertIn("--to FOLDER", told)
            self.assertEqual([path.name for path in (self.root / "outside").iterdir()], ["s"])
        self.holdfast("restore", "1", "--to", f"{self.root}/look")
        self.assertEqual((self.root / "look/faiss/1.index").read_text(), "vectors")
        self.assertIn("by a link that was none in backup #1", self.holdfast("backup"))
        (self.root / "data/faiss").unlink()
        (self.root / "data/faissreal").rename(self.root / "data/faiss")
        (self.root / "data/faiss/1.index").write_text("changed")
        self.holdfast("restore", "1", "--yes")
        self.assertEqual((self.root / "data/faiss/1.index").read_text(), "vectors")

    def test_settings_check_tells_what_backup_refuses(self):
        self.settings('path = "data/faiss"\n[[source.app.companions]]\npath = "data/faiss/sub"')
        checked = self.holdfast("settings", "check", code=2)
        self.assertIn("which is one itself", checked)
        self.assertIn('exclude = ["/sub"]', checked)


if __name__ == "__main__":
    unittest.main()
