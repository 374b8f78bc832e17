"""Every entry of the troubleshooting page: its scene is set, its commands run as they stand there, and SQLite is the judge.

An entry without a scene, a scene without an entry, and commands without a marker fail."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import stories

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support" / "python"))
import devteam_database  # noqa: E402
from troubleshooting_scene import PAGE, Scene  # noqa: E402

class Troubleshooting(Scene):
    def test_corrupted(self):
        path = self.devteam()
        good = self.content(path)
        self.sh(f"holdfast backup {path}; holdfast verify")
        self.damage(path)
        broken = (self.work / path).read_bytes()
        played = self.play()
        self.assertIn("holdfast restore 1", played.out)
        self.is_whole(path)
        self.assertEqual(self.content(path), good)
        kept = self.root / "kept.db"
        self.sh(f"holdfast restore 2 --to '{kept}'", code=None)
        self.assertEqual(kept.read_bytes(), broken, "the damaged file is kept as it was")

    def test_salvage(self):
        path = self.devteam()
        before = self.rows(path, "SELECT count(*) FROM events")[0][0]
        self.damage(path, first=90)
        broken = (self.work / path).read_bytes()
        self.play()
        self.assertEqual(self.rows(path, "PRAGMA integrity_check"), [("ok",)])
        after = self.rows(path, "SELECT count(*) FROM events")[0][0]
        self.assertGreater(after, before * 3 // 4)
        self.assertLess(after, before)
        self.assertEqual((self.work / ".devteam/damaged.db").read_bytes(), broken)

    def test_one_table(self):
        path = self.devteam()
        self.execute(path, "INSERT INTO baselines(tag_name, commit_hash, milestone) VALUES ('v1', 'abc', 'one'), ('v2', 'def', 'two')")
        wanted = self.rows(path, "SELECT * FROM baselines")
        self.sh(f"holdfast backup {path}")
        self.execute(path, "UPDATE baselines SET commit_hash = 'garbled'; INSERT INTO error_log(error_type, error_message) VALUES ('later', 'stays')")
        self.play()
        self.assertEqual(self.rows(path, "SELECT * FROM baselines"), wanted)
        self.assertEqual(self.rows(path, "SELECT count(*) FROM error_log"), [(1,)])
        self.is_whole(path)

    def test_deleted_session(self):
        path = self.devteam(journal="wal")
        session, work_left = self.rows(path, "SELECT id FROM sessions ORDER BY id LIMIT 1")[0][0], devteam_database.CASCADED + devteam_database.UNLINKED
        before = {table: self.rows(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("sessions", *work_left)}
        self.sh(f"holdfast backup {path}")
        db = sqlite3.connect(self.work / path)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM sessions WHERE id = ?", (session,))
        db.execute("INSERT INTO sessions(id, command, command_type) VALUES ('session-later', 'c', 't')")
        db.execute("INSERT INTO events(session_id, event_type, message) VALUES ('session-later', 'e', 'written since')")
        db.commit()
        db.close()
        lost = {table for table in before if self.rows(path, f"SELECT * FROM {table} ORDER BY 1, 2") != before[table]}
        self.assertGreater(len(lost), 15, "the deletion took what hung on it")
        self.play()
        for table in before:
            kept = [row for row in self.rows(path, f"SELECT * FROM {table} ORDER BY 1, 2") if "session-later" not in row]
            self.assertEqual(kept, before[table], table)
        self.assertEqual(self.rows(path, "SELECT count(*) FROM events WHERE session_id = 'session-later'"), [(1,)])
        self.is_whole(path)

    def test_failed_migration(self):
        path = self.devteam()
        good = self.content(path)
        application = sqlite3.connect(self.work / path)
        application.execute("SELECT 1 FROM sessions").fetchone()
        (self.work / "migrate.sh").write_text(f"sqlite3 {path} \"DROP TABLE events; UPDATE schema_version SET version = 5\"; exit 1\n")
        self.sh(f"holdfast backup {path}; holdfast guard --database {path} --operation migrate -- sh ./migrate.sh", code=1)
        self.assertNotEqual(self.content(path), good)
        played = self.play()
        self.assertTrue(played.out.rstrip().endswith("4"), played.out)
        self.assertEqual(self.content(path), good)
        self.assertGreater(application.execute("SELECT count(*) FROM events").fetchone()[0], 0, "the application that stayed open sees it")
        application.close()

    def test_database_gone(self):
        good = self.content(self.agent())
        self.sh("holdfast backup agent.db")
        (self.work / "agent.db").unlink()
        self.play()
        self.assertEqual(self.content("agent.db"), good)

    def test_start_fresh(self):
        path = self.devteam()
        broken = os.urandom(8192)
        (self.work / path).write_bytes(broken)
        (self.work / "scripts").mkdir()
        script = self.work / "scripts/db-init.sh"
        script.write_text(f"#!/bin/sh\nsqlite3 {path} 'CREATE TABLE schema_version(version INTEGER PRIMARY KEY); INSERT INTO schema_version VALUES (4)'\n")
        script.chmod(0o755)
        self.play()
        self.assertEqual(self.rows(path, "SELECT version FROM schema_version"), [(4,)])
        self.assertEqual((self.work / ".devteam/lost.db").read_bytes(), broken)
        self.assertEqual(self.numbers_listed(), [1])

    def test_missing_tables(self):
        good = self.content(self.agent())
        self.sh("holdfast backup agent.db")
        (self.work / "agent.db").unlink()
        (self.work / "agent.db").touch()
        played = self.play()
        self.assertIn("has no byte", played.out)
        self.assertEqual(self.content("agent.db"), good)

    def test_locked(self):
        for journal in ("delete", "wal"):
            with self.subTest(journal=journal):
                for left in self.work.iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
                good = self.content(self.agent(journal))
                self.sh("holdfast backup agent.db")
                holder = subprocess.Popen([sys.executable, "-c", "import sqlite3, sys; db = sqlite3.connect('agent.db', isolation_level=None); db.execute('BEGIN IMMEDIATE');"
                                           "db.execute(\"UPDATE sessions SET status = 'held'\"); print('held', flush=True); sys.stdin.readline(); db.execute('COMMIT')"],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=self.work)
                self.assertEqual(holder.stdout.readline().strip(), "held")
                named = threading.Event()

                def end_it(line):
                    if f"process {holder.pid}" in line and "holds the write lock" in line:
                        named.set()
                        holder.stdin.write("end\n")
                        holder.stdin.flush()

                self.play(watch=end_it)
                holder.communicate(timeout=20)
                self.assertTrue(named.is_set(), "doctor names the process")
                self.assertEqual(self.content("agent.db"), good)

    def test_stale_wal(self):
        self.agent("delete")
        good = self.content("agent.db")
        self.sh("holdfast backup agent.db; holdfast restore latest --to copy.db")
        self.execute("agent.db", "PRAGMA journal_mode = wal")
        killed = "import os, sqlite3; db = sqlite3.connect('agent.db'); db.execute(\"UPDATE sessions SET status = 'of the old one'\"); db.commit(); os.kill(os.getpid(), 9)"
        subprocess.run([sys.executable, "-c", killed], cwd=self.work, check=False)
        shutil.copy(self.work / "copy.db", self.work / "agent.db")
        played = self.play()
        self.assertIn("is of another database", played.out)
        self.assertEqual(self.content("agent.db"), good)
        self.is_whole("agent.db")

    def test_wrong_rights(self):
        path = self.contacts()
        user = self.ordinary_user()
        (self.work / path).chmod(0o444)
        (self.work / "prt_data").chmod(0o555)
        refused = self.sh("sqlite3 prt_data/prt.db \"UPDATE contacts SET name = 'x'\"", code=None, user=user)
        self.assertNotEqual(refused.code, 0, "the rights matter to this user")
        self.assertEqual(self.rows(path, "SELECT count(*) FROM contacts WHERE name = 'x'"), [(0,)])
        played = self.play(user=user)
        self.assertIn("chmod u+rwx", played.out)
        self.assertIn("chmod u+rw ", played.out)

    def test_permission_denied(self):
        path = self.contacts()
        self.sh(f"holdfast init -r backups; holdfast backup {path} -r backups")
        self.execute(path, "INSERT INTO contacts(name) VALUES ('Mary')")
        user = self.ordinary_user()
        for folder, _, _ in os.walk(self.work / "backups"):
            os.chmod(folder, 0o555)
        refused = self.sh(f"holdfast backup {path} -r backups", code=9, user=user)
        self.assertIn("backups", refused.out)
        self.play(user=user)
        self.sh("holdfast restore latest -r backups --to new.db", user=user)
        self.assertEqual(self.rows("new.db", "SELECT count(*) FROM contacts"), [(3,)])
        self.assertEqual((self.work / "backups").stat().st_mode & 0o077, 0)

    def test_disk_full(self):
        path = self.devteam()
        small = self.small_disk(self.work / "small", 16)
        self.environment["HOLDFAST_REPOSITORY"] = str(small / "backups")
        (self.work / "migrate.sh").write_text("#!/bin/sh\necho migrated > done.txt\n")
        (self.work / "migrate.sh").chmod(0o755)
        self.sh("holdfast init")
        guard = f"holdfast guard --database {path} --operation 'step {{}}' -- true"
        for step in range(14):
            self.execute(path, "UPDATE events SET message = hex(randomblob(200)) WHERE id % 4 = 0")
            self.sh(guard.format(step))
        numbers = self.numbers_listed()
        self.execute(path, "UPDATE events SET message = hex(randomblob(length(message) / 2))")
        self.fill(small)
        state, kept = stories.sha256_of(self.work / path), self.numbers_listed()
        refused = self.sh(f"holdfast guard --database {path} --operation migrate -- ./migrate.sh", code=10)
        self.assertIn("NOT run", refused.out)
        self.assertFalse((self.work / "done.txt").exists())
        self.assertEqual(stories.sha256_of(self.work / path), state)
        self.assertEqual(self.numbers_listed(), kept)
        self.sh("holdfast verify --all --level hashed")
        self.play()
        self.assertEqual((self.work / "done.txt").read_text(), "migrated\n")
        self.assertGreater(self.numbers_listed()[0], numbers[0])
        self.sh("holdfast verify --all --level opened")
        self.sh("holdfast restore latest --to new.db")
        self.assertEqual(self.content("new.db"), self.content(path))

    def numbers_listed(self):
        return [backup["number"] for backup in self.call("list", use_repository=False).json["backups"]]

    def test_source_damaged(self):
        good = self.content(self.agent())
        self.sh("holdfast backup agent.db; holdfast verify")
        with open(self.work / "agent.db", "r+b") as file:
            file.seek(100)  # the page that lists the tables
            file.write(os.urandom(1000))
        played = self.play()
        self.assertIn("damaged", played.out)
        self.assertEqual(self.content("agent.db"), good)
        states = {backup["number"]: backup["state"] for backup in self.call("list", use_repository=False).json["backups"]}
        self.assertEqual((states[1], states[2]), ("ok", "damaged"))

    def test_too_many_backups(self):
        path = self.devteam()
        self.sh(f"holdfast backup {path} --comment 'by hand'")
        for step in range(9):
            self.execute(path, "UPDATE events SET message = hex(randomblob(200)) WHERE id % 4 = 0")
            self.sh(f"holdfast guard --database {path} --operation 'step {step}' -- true")
        size = self.bytes_in("backups")
        self.play()
        self.assertEqual(self.numbers_listed(), [10, 9, 8, 7, 6, 1])
        self.assertLess(self.bytes_in("backups"), size)

    def bytes_in(self, folder):
        return sum(file.stat().st_size for file in (self.work / folder).rglob("*") if file.is_file())

    def test_database_disk_full(self):
        small = self.small_disk(self.work / "small", 8)
        (self.work / "other").mkdir()
        devteam_database.create(small / "devteam.db", 100)
        self.sh("holdfast init -r other/backups")
        self.fill(small, leave=3 << 20)
        sessions, size = self.rows("small/devteam.db", "SELECT count(*) FROM sessions")[0][0], (small / "devteam.db").stat().st_size
        self.play()
        self.assertLess(self.rows("small/devteam.db", "SELECT count(*) FROM sessions")[0][0], sessions)
        self.assertLess((small / "devteam.db").stat().st_size, size)
        self.is_whole("small/devteam.db")

    def test_larger_disk(self):
        path = self.devteam()
        (self.work / "larger").mkdir()
        good = self.content(path)
        self.play()
        self.assertTrue((self.work / path).is_symlink())
        self.assertEqual(self.content(path), good)
        self.assertEqual(self.content("larger/devteam.db"), good)
        self.assertEqual(self.numbers_listed(), [3, 2, 1])

    def test_backups_stopped(self):
        self.agent()
        self.sh("holdfast init; holdfast status --rpo 1h || true")
        played = self.play()
        self.assertIn("'schedule' 'run' 'backup'", played.out)
        self.assertEqual(self.numbers_listed(), [1])

    def test_backup_forgotten(self):
        good = self.content(self.agent())
        self.sh("holdfast backup agent.db")
        self.execute("agent.db", "DELETE FROM sessions")
        self.sh("holdfast backup agent.db; holdfast forget 1")
        self.play()
        self.assertEqual(self.content("agent.db"), good)

    def test_repository_moved(self):
        path = self.contacts()
        self.sh(f"holdfast init -r backups; holdfast backup {path} -r backups")
        good = self.content(path)
        (self.work / "moved").mkdir()
        (self.work / "backups").rename(self.work / "moved/backups")
        self.execute(path, "INSERT INTO contacts(name) VALUES ('later')")
        shutil.copy(self.work / path, self.work / "moved/prt.db.backup_20250102_120000_auto.db")
        self.sh("holdfast list -r backups", code=5)
        self.play()
        self.assertEqual(self.content("look.db"), good)
        backups = self.call("list", "-r", "moved/backups").json["backups"]
        self.assertIn("2025-01-02", " ".join(backup["time"] for backup in backups))

    def test_restore_made_worse(self):
        path = self.agent()
        self.execute(path, "DELETE FROM sessions")
        self.sh("holdfast backup agent.db")
        self.execute(path, "INSERT INTO sessions SELECT 's' || id, id, 'done' FROM prompts")
        good = self.content(path)
        self.sh("holdfast restore 1 --yes")
        self.assertEqual(self.rows(path, "SELECT count(*) FROM sessions"), [(0,)])
        undone = self.sh(PAGE.commands[self.entry].splitlines()[0])
        self.assertEqual(self.content(path), good, undone.out)
        self.sh("holdfast backup agent.db; holdfast restore 1 --yes")
        self.play()
        self.assertEqual(self.content(path), good)
        self.is_whole(path)

    def test_backup_damaged(self):
        path = self.agent()
        self.sh("holdfast backup agent.db")
        for pack in (self.work / ".holdfast/packs").rglob("*"):
            if pack.is_file():
                bytes_there = bytearray(pack.read_bytes())
                bytes_there[len(bytes_there) // 2] ^= 0xFF
                pack.chmod(0o600)
                pack.write_bytes(bytes_there)
        self.sh("holdfast verify --all", code=4)
        self.play()
        self.sh("holdfast restore 1 --to old.db")
        self.assertEqual(self.content("old.db"), self.content(path))

    def test_empty_backup(self):
        for folder in ("data", "backups"):
            (self.work / folder).mkdir()
        self.execute("data/app.db", "CREATE TABLE tickets(id INTEGER PRIMARY KEY, summary TEXT)")
        shutil.copy(self.work / "data/app.db", self.work / "backups/app_latest.db")
        self.environment["HOLDFAST_REPOSITORY"] = str(self.work / "repository")
        self.sh("holdfast init; holdfast backup data/app.db")
        self.sh("holdfast drill --expect 'SELECT count(*) > 0 FROM tickets'", code=4)
        self.execute("data/app.db", "INSERT INTO tickets(summary) VALUES ('one')")
        self.play()

    def test_server_lost(self):
        good = self.content(self.agent("wal"))
        self.sh("mkdir -p mnt/backups; holdfast init -r mnt/backups/agent; holdfast backup agent.db -r mnt/backups/agent")
        for left in ("agent.db", "agent.db-wal", "agent.db-shm"):
            (self.work / left).unlink(missing_ok=True)
        shutil.rmtree(self.home)
        self.home.mkdir()
        self.play()
        self.assertEqual(self.content("agent.db"), good)
        self.is_whole("agent.db")

    def test_index_out_of_step(self):
        asked = []

        class Index(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = HTTPServer(("127.0.0.1", 0), Index)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (self.work / ".oak/ci").mkdir(parents=True)
        self.execute(".oak/ci/activities.db", "CREATE TABLE memory_observations(id TEXT PRIMARY KEY, observation TEXT); INSERT INTO memory_observations VALUES ('a', 'b')")
        good = self.content(".oak/ci/activities.db")
        self.environment["HOLDFAST_REPOSITORY"] = str(self.work / "backups")
        self.sh("holdfast init; holdfast backup .oak/ci/activities.db --source oak")
        self.execute(".oak/ci/activities.db", "DELETE FROM memory_observations")
        self.play(replace=[("44827", str(server.server_port))])
        self.assertEqual(asked, ["/api/devtools/rebuild-memories"] * 2, "once by the hook, once by hand")
        self.assertEqual(self.content(".oak/ci/activities.db"), good)

    def test_newer_schema(self):
        self.agent()
        self.newer("ALTER TABLE sessions ADD COLUMN mood TEXT; INSERT INTO sessions VALUES ('new', 1, 'done', 'well'); DELETE FROM sessions WHERE id <> 'new'")
        failing = self.sh("sqlite3 agent.db \"ATTACH 'newer/agent.db' AS newer; INSERT INTO sessions SELECT * FROM newer.sessions\"", code=1)
        self.assertIn("columns", failing.out)
        self.sh("holdfast backup agent.db")
        self.play()
        self.assertEqual(self.rows("agent.db", "SELECT * FROM sessions WHERE id = 'new'"), [("new", 1, "done")])
        self.assertEqual(self.rows("agent.db", "SELECT count(*) FROM sessions"), [(301,)])

    def test_foreign_keys(self):
        self.agent()
        self.newer("DELETE FROM sessions; DELETE FROM prompts; INSERT INTO prompts VALUES (1000, 'new'); INSERT INTO sessions VALUES ('new', 1000, 'done')")
        failing = self.sh("sqlite3 agent.db \"PRAGMA foreign_keys = ON; ATTACH 'newer/agent.db' AS newer; INSERT INTO sessions SELECT * FROM newer.sessions\"", code=19)
        self.assertIn("FOREIGN KEY constraint failed", failing.out)
        self.sh("holdfast backup agent.db")
        self.play()
        self.assertEqual(self.rows("agent.db", "SELECT count(*) FROM sessions"), [(301,)])
        self.is_whole("agent.db")

    def test_duplicates(self):
        self.agent()
        self.newer("UPDATE sessions SET status = 'changed there' WHERE id = 's7'; INSERT INTO sessions VALUES ('new', 1, 'done')")
        failing = self.sh("sqlite3 agent.db \"ATTACH 'newer/agent.db' AS newer; INSERT INTO sessions SELECT * FROM newer.sessions\"", code=19)
        self.assertIn("UNIQUE constraint failed", failing.out)
        self.sh("holdfast backup agent.db")
        played = self.play()
        self.assertIn("differs|s7\n", played.out)
        self.assertEqual(played.out.count("differs|"), 1)
        self.assertEqual(self.rows("agent.db", "SELECT count(*) FROM sessions"), [(301,)])
        self.assertEqual(self.rows("agent.db", "SELECT status FROM sessions WHERE id = 's7'"), [("done",)])


class OtherTurns(Scene):
    """What the page says besides of some of its cases."""

    def test_stale_wal_of_the_same_database(self):
        """Both in WAL mode: nothing in the files forbids SQLite to take the old rows in."""
        self.entry = "stale-wal"
        self.agent("wal")
        good = self.content("agent.db")
        self.sh("holdfast backup agent.db; sqlite3 agent.db '.backup copy.db'")
        killed = "import os, sqlite3; db = sqlite3.connect('agent.db'); db.execute(\"INSERT INTO sessions SELECT hex(randomblob(8)), %s FROM sessions\"); db.commit(); os._exit(0)"
        columns = ", ".join(row[0] for row in self.rows("agent.db", "SELECT name FROM pragma_table_info('sessions')")[1:])
        subprocess.run([sys.executable, "-c", killed % columns], cwd=self.work, check=True)
        left = self.sh("holdfast doctor agent.db", code=None).out
        self.assertIn("they are part of the database and nowhere else", left, "as it was left, they belong together")
        shutil.copy(self.work / "copy.db", self.work / "agent.db")
        told = self.sh("holdfast backup agent.db").out
        self.assertIn("is not the file on which the -wal beside it was written", told)
        played = self.play()
        self.assertIn("it is another file, put there later", played.out)
        self.assertIn("mkdir -p with without", played.out)
        self.assertNotEqual(self.content("agent.db"), good, "the newest backup is of both together")
        self.sh("holdfast restore 1 --yes")
        self.assertEqual(self.content("agent.db"), good)
        self.is_whole("agent.db")

    def test_larger_disk_where_nobody_named_a_repository(self):
        self.entry = "larger-disk"
        path = self.devteam()
        del self.environment["HOLDFAST_REPOSITORY"]
        (self.work / "larger").mkdir()
        self.play()
        self.assertEqual([made for made in (".devteam/.holdfast", "larger/.holdfast") if (self.work / made).exists()], [".devteam/.holdfast"])
        kept = json.loads(self.sh(f"holdfast list --json -r .devteam/.holdfast --source devteam.db").out)["backups"]
        self.assertEqual([backup["number"] for backup in kept], [3, 2, 1])
        self.sh(f"holdfast guard --database {path} --operation migrate -- true")
        self.assertFalse((self.work / "larger/.holdfast").exists())

    def test_larger_disk_without_a_word(self):
        """Whether the link leads to what was moved, or to another database, is not guessed."""
        path = self.devteam()
        del self.environment["HOLDFAST_REPOSITORY"]
        self.sh(f"holdfast backup {path}; mkdir larger; mv {path} larger/; ln -s \"$PWD/larger/devteam.db\" {path}")
        refused = self.sh(f"holdfast backup {path}", code=2).out
        self.assertIn("it is a link now", refused)
        self.assertFalse((self.work / "larger/.holdfast").exists())
        self.sh(refused.split("if that was moved: ")[1].split(";")[0])
        self.sh(f"holdfast backup {path}")
        self.assertFalse((self.work / "larger/.holdfast").exists())
        self.sh("holdfast init -r larger/.holdfast")
        self.assertIn("-r with the one that is meant", self.sh(f"holdfast backup {path}", code=2).out)


class ThePage(stories.unittest.TestCase):
    def test_every_entry_has_a_scene_and_every_scene_an_entry(self):
        scenes = sorted(name[len("test_"):].replace("_", "-") for name in dir(Troubleshooting) if name.startswith("test_"))
        self.assertEqual(sorted(PAGE.names), scenes)
        self.assertEqual(len(PAGE.names), len(PAGE.headings), "one entry, one scene")

    def test_no_commands_without_a_marker(self):
        self.assertEqual(PAGE.fences, PAGE.told)
        self.assertEqual(set(PAGE.files) - set(PAGE.names), set())


if __name__ == "__main__":
    stories.main()
