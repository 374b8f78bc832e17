"""The profiles of applications with indexes beside their databases: what is built again, archived, restored as a set, and asked whether it works."""

import http.server
import os
import pathlib
import re
import shutil
import socket
import threading
import time

import stories
from profiles import STAMP, Profiles, applications


class Oak(Profiles):
    def daemon(self):
        """Hears what is asked of it, where OAK's own daemon listens."""
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked.append(f"POST {self.path}")
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        try:
            server = http.server.HTTPServer(("localhost", 44827), Handler)
        except OSError:
            self.skipTest("somebody listens on port 44827")
        threading.Thread(target=server.serve_forever).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return asked

    def test_a_daemon_that_does_not_run_is_told_by_status(self):
        self.make(applications.Oak)
        backup = self.backup_all()
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", 44827)) == 0:
                self.skipTest("somebody listens on port 44827")
        self.call("restore", backup["number"], "--yes")
        until = time.monotonic() + 60
        while self.call("status", code=None).json["rebuilds"][0]["state"] != "failed":
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)
        self.call("status", code=12)

    def test_the_index_is_asked_for_and_not_kept(self):
        self.make(applications.Oak)
        backup = self.backup_all()
        asked = self.daemon()
        (rebuild,) = self.call("restore", backup["number"], "--yes").json["rebuilds"]
        self.assertEqual(rebuild["companion"], str(self.work / ".oak/ci/chroma"))
        until = time.monotonic() + 60
        while self.call("status", code=None).json["rebuilds"][0]["state"] != "done":
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)
        self.assertEqual(asked, ["POST /api/devtools/rebuild-memories"])
        held = self.script("holdfast", "files", "latest").stdout
        self.assertIn("/.oak/ci/machine_id\n", held)
        self.assertNotIn("chroma", held)


class Faiss(Profiles):
    def test_five_sets(self):
        self.make(applications.Faiss, "--scripts")
        for number in range(1, 8):
            self.app.write(number)
            self.script("scripts/backup_dev.sh")
        self.call("verify")
        self.call("forget", "--policy")
        self.assertEqual([one["number"] for one in self.call("list").json["backups"]], [7, 6, 5, 4, 3])
        self.assertEqual(len(self.copies("backups", rf"app_{STAMP}(_\d+)?\.db")), 5)
        self.assertEqual(stories.content_hash(self.work / "backups/app_latest.db"), stories.content_hash(self.work / "data/app.db"))

    def test_three_archives_of_the_index(self):
        self.make(applications.Faiss)
        wanted = []
        for number in range(1, 6):
            self.app.write(number)
            backup = self.backup_all()
            self.assertEqual([pathlib.Path(one["path"]).suffix for one in backup["plain_copies"]], [".db", ".gz"])
            wanted.append(self.files_of(*applications.Faiss.required))
        archives = sorted((one for one in os.listdir(self.work / "backups") if re.fullmatch(rf"faiss_{STAMP}(_\d+)?\.tar\.gz", one)), key=lambda one: (self.work / "backups" / one).stat().st_mtime_ns)
        self.assertEqual(len(archives), 3)
        for archive, files in zip(archives, wanted[-3:], strict=True):
            self.script("sha256sum", "-c", f"{archive}.sha256", folder=self.work / "backups")
            into = self.root / archive
            into.mkdir()
            self.script("tar", "-xzf", self.work / "backups" / archive, "-C", into)
            self.assertEqual({f"data/faiss/{path.name}": path.read_bytes() for path in (into / "faiss").iterdir()}, files)
        youngest = max((path for path in (self.work / "backups").iterdir() if not path.name.startswith(".")), key=lambda path: path.stat().st_mtime_ns)
        self.assertEqual(youngest.suffix, ".db")
        self.assertEqual(self.call("restore", f"backups/{archives[0]}", "--dry-run").json["number"], 3)

    def test_an_application_that_runs_has_to_answer(self):
        self.make(applications.Faiss)
        backup = self.backup_all()
        self.call("restore", backup["number"], "--yes")  # nobody listens: it is stopped
        answers = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                answers.append(self.path)
                self.send_response(200 if len(answers) > 1 else 500)
                self.end_headers()

            def log_message(self, *_):
                pass

        try:
            server = http.server.HTTPServer(("127.0.0.1", 8000), Handler)
        except OSError:
            self.skipTest("somebody listens on port 8000")
        threading.Thread(target=server.serve_forever).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.call("restore", backup["number"], "--yes")
        self.assertEqual(answers, ["/health", "/health"])  # not well at first: it takes time to start

    def backed_up(self):
        out = self.script("scripts/backup_dev.sh").stdout
        self.assertRegex(out, rf"^Backup completed: SQLite -> backups/app_{STAMP}(_\d+)?\.db; FAISS -> backups/faiss/\n$")
        return re.search("backups/app_[^;]*", out)[0]

    def test_the_scripts_take_a_set(self):
        self.make(applications.Faiss, "--scripts")
        copy = self.backed_up()
        index = "data/faiss/1.npz"
        before, state = self.files_of(*applications.Faiss.required), stories.content_hash(self.work / "data/app.db")
        self.assertEqual((self.work / "backups/faiss/1.npz").read_bytes(), before[index])
        self.app.write(1)
        newer = self.backed_up()
        self.assertNotEqual(copy, newer)
        later = self.files_of(*applications.Faiss.required)
        self.assertNotEqual(before[index], later[index])
        for file, files in ((f"./{copy}", before), ("backups/app_latest.db", later), (copy, before)):
            out = self.script("scripts/restore_dev.sh", file).stdout
            self.assertEqual(out, f"Restore completed: SQLite <- {file}; FAISS <- backups/faiss/\n")
            self.assertEqual(self.files_of(*applications.Faiss.required), files, file)  # not those of backups/faiss, which are the newest
            self.call("agreement")
        self.assertEqual(stories.content_hash(self.work / "data/app.db"), state)

    def test_a_file_of_another_origin(self):
        self.make(applications.Faiss, "--scripts")
        old = self.root / "old.db"
        self.backed_up()
        shutil.copy(self.work / "data/app.db", old)
        self.app.write(1)
        mine = self.files_of(*applications.Faiss.required)
        self.script("scripts/restore_dev.sh", old)
        self.assertEqual(self.app.db.execute("SELECT count(*) FROM tickets").fetchone(), (10,))
        (aside,) = (self.work / "data").glob("faiss.before-restore.*")
        self.assertEqual({f"data/faiss/{path.name}": path.read_bytes() for path in aside.iterdir()}, mine)
        self.app.write(1)
        self.backed_up()
        err = self.script("scripts/restore_dev.sh", old, code=1).stderr  # backups/faiss is newer than it
        self.assertIn("The indexes of backups/faiss are not those of this database", err)

    def test_the_scripts_in_trouble(self):
        self.make(applications.Faiss, "--scripts")
        copy = self.backed_up()
        usage = self.script("./scripts/restore_dev.sh", code=1).stdout
        self.assertEqual(usage, "Usage: ./scripts/restore_dev.sh <sqlite_backup_file>\nExample: ./scripts/restore_dev.sh ./backups/app_20250101_120000.db\n")
        self.assertIn("Backup file not found: none.db", self.script("scripts/restore_dev.sh", "none.db", code=1).stderr)
        with open(self.work / copy, "r+b") as file:
            file.seek(5000)
            file.write(b"x")
        before = stories.content_hash(self.work / "data/app.db")
        self.assertIn("somebody has changed it", self.script("scripts/restore_dev.sh", copy, code=1).stderr)
        self.assertEqual(stories.content_hash(self.work / "data/app.db"), before)
        (self.work / "data/faiss/1.npz").write_bytes(b"")
        self.assertIn("not whole (exit code 3)", self.script("scripts/backup_dev.sh", code=1).stderr)

    def test_a_copy_names_its_backup(self):
        self.make(applications.Faiss)
        first = self.backup_all()
        self.app.write(1)
        self.backup_all()
        copy = first["plain_copies"][0]["path"]
        self.assertEqual(self.call("show", copy).json["backup"]["number"], first["number"])
        self.assertEqual(self.call("restore", copy, "--dry-run").json["number"], first["number"])
        shutil.copy(copy, self.root / "other.db")
        self.assertEqual(self.call("show", self.root / "other.db", code=5).error["code"], "not_found")


if __name__ == "__main__":
    stories.main()
