"""An application with a search index that it can build again, a file of secrets, and a mode in which it pauses: what do a
backup and a restore make of them?"""

import http.server
import os
import pathlib
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import stories

SETTINGS = """
[source.app]
databases = ["app.db"]

[[source.app.companions]]
path = ".env"
keep = "redacted"

[[source.app.companions]]
path = "search-index"
keep = "rebuild"
rebuild = {{ command = "{rebuild}", background = {background} }}

{more}
"""
SECRET = "pHq7vK2mXw9Rt4Lz8sNd3Bf6"


class AfterRestore(stories.Story):
    def setUp(self):
        super().setUp()
        stories.create_ledger(self.database).close()
        (self.work / ".env").write_text(f"PORT=8080\nAPI_KEY={SECRET}\n")
        (self.work / "search-index").write_text("of the application\n")
        self.init()

    def settings(self, rebuild="echo built > search-index", background="false", more=""):
        (self.work / "holdfast.toml").write_text(SETTINGS.format(rebuild=rebuild, background=background, more=more))

    def rebuilds(self, code=None):
        return self.call("status", code=code).json["rebuilds"]

    def wait_until(self, holds):
        for _ in range(600):
            if holds():
                return
            time.sleep(0.05)
        self.fail("it never came to that")

    def change(self):
        db = sqlite3.connect(self.database, isolation_level=None)
        stories.append(db, 3)
        db.close()

    def test_a_rebuild_in_the_background_outlives_the_restore(self):
        go_on = self.root / "go on"
        self.settings(rebuild=f"echo working; while ! test -e '{go_on}'; do sleep 0.05; done; echo built > search-index; echo ready", background="true")
        self.backup()
        self.change()
        done = self.call("restore", 1).json
        self.assertEqual([one["state"] for one in done["rebuilds"]], ["running"])
        self.assertFalse(done["unmet"])
        self.assertEqual((self.work / "search-index").read_text(), "of the application\n")
        self.assertEqual(self.rebuilds()[0]["state"], "running")
        go_on.touch()
        self.wait_until(lambda: self.rebuilds()[0]["state"] != "running")
        (one,) = self.rebuilds()
        self.assertEqual((one["state"], one["output"]), ("done", "working\nready\n"))
        self.assertEqual((self.work / "search-index").read_text(), "built\n")

    def test_one_that_fails_in_the_background_is_missed_until_it_is_done(self):
        self.settings(rebuild="echo out of memory; exit 5", background="true")
        self.backup()
        self.change()
        self.call("restore", 1)
        self.wait_until(lambda: self.rebuilds()[0]["state"] == "failed")
        status = self.call("status", code=12).json
        self.assertEqual(status["rebuilds"][0]["output"], "out of memory\n")
        (missed,) = [one for one in status["missed"] if "rebuild" in one]
        told = subprocess.run(self.command("status"), capture_output=True, text=True, cwd=self.work, env=self.environment).stdout
        self.assertIn("| out of memory", told)
        self.settings(background="true")
        # The command as it is told, pasted into a shell.
        command = missed[missed.index("holdfast rebuild "):].replace("holdfast", f"'{stories.PROGRAM}'", 1)
        subprocess.run(command, shell=True, check=True, capture_output=True, cwd="/", env=self.environment)
        self.assertEqual(self.rebuilds()[0]["state"], "done")

    def test_one_that_is_killed_is_known_to_have_died(self):
        begun = self.root / "begun"
        self.settings(rebuild=f"touch '{begun}'; exec sleep 60")
        self.backup()
        process = subprocess.Popen([stories.PROGRAM, "rebuild", "search-index"], cwd=self.work, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until(begun.exists)
        process.kill()
        process.wait()
        self.assertEqual(self.rebuilds(code=12)[0]["state"], "died")

    def test_secrets_are_nowhere_and_those_of_today_stay(self):
        self.settings()
        self.backup()
        for path in [*self.repository.rglob("*"), *self.home.rglob("*")]:
            if path.is_file():
                self.assertNotIn(SECRET.encode(), path.read_bytes(), path)
        out = self.call("cat", "1:.env", code=None)
        self.assertNotIn(SECRET, out.out + out.err)
        (self.work / ".env").write_text("PORT=9090\nAPI_KEY=of-today-and-real\n")
        self.change()
        done = self.call("restore", 1).json
        self.assertEqual((self.work / ".env").read_text(), "PORT=9090\nAPI_KEY=of-today-and-real\n")
        self.assertEqual([one["kept"] for one in done["companions"]], [[""]])
        (self.work / ".env").unlink()
        done = self.call("restore", 1).json
        self.assertEqual((self.work / ".env").read_text(), "PORT=8080\nAPI_KEY=[removed]\n")
        self.assertEqual([one["secrets_removed"] for one in done["companions"]], [[".env: API_KEY"]])

    def test_an_application_that_pauses_is_let_go_when_the_backup_is_interrupted(self):
        log = self.root / "log"
        self.settings(more=f"[source.app.quiesce]\npause = {{ command = \"echo pause >> '{log}'; sleep 60\" }}\nresume = {{ command = \"echo resume >> '{log}'\" }}\n")
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            log.unlink(missing_ok=True)
            process = self.start("backup", self.database)
            self.wait_until(log.exists)
            process.send_signal(which)
            process.communicate(timeout=60)
            self.assertNotEqual(process.returncode, 0)
            self.assertEqual(log.read_text(), "pause\nresume\n", which)
        self.assertEqual(self.numbers(), [])

    # The application starts a while after the restore, as applications do.
    def test_an_application_that_answers_passes_and_one_that_does_not_is_told_with_the_way_back(self):
        class Health(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = b'{"hits": 3}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health, bind_and_activate=False)
        server.server_bind()
        self.addCleanup(server.server_close)
        test = f'[[source.app.smoke_tests]]\nget = "http://127.0.0.1:{server.server_address[1]}/search"\ncontains = "hits"\ntime_limit = "%s"\n'
        self.settings(more=test % "1s")
        self.backup()
        before = stories.content_hash(self.database)
        self.change()
        changed = stories.content_hash(self.database)
        done = self.call("restore", 1, code=3).json
        self.assertEqual([one["passed"] for one in done["smoke_tests"]], [False])
        self.assertEqual(stories.content_hash(self.database), before)
        self.assertTrue(any(done["go_back"] in one for one in done["warnings"]), done["warnings"])
        self.settings()
        subprocess.run(done["go_back"].replace("holdfast", f"'{stories.PROGRAM}'", 1) + " --yes", shell=True, check=True, capture_output=True, cwd=self.work, env=self.environment)
        self.assertEqual(stories.content_hash(self.database), changed)

        self.settings(more=test % "60s")
        threading.Timer(1.5, lambda: (server.server_activate(), threading.Thread(target=server.serve_forever, daemon=True).start())).start()
        self.addCleanup(server.shutdown)
        done = self.call("restore", 1).json
        self.assertEqual([one["passed"] for one in done["smoke_tests"]], [True])
        self.assertGreater(done["smoke_tests"][0]["attempts"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
