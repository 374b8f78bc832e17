"""The generator makes what it says, the writer's ledger can be proven, and prove.py finds every fault planted here."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import application_database  # noqa: E402
import prove  # noqa: E402
from writer import Writer  # noqa: E402


def run_sql(path, *statements):
    database = sqlite3.connect(path)
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


class SupportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.application = os.path.join(cls.folder, "application.db")
        application_database.create(cls.application, 4 << 20, journal="delete")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def written(self, name, activities=False):
        """A closed copy of the application's database after 60 transactions of the writer."""
        path = self.path(name)
        shutil.copy(self.application, path)
        writer = Writer(path, journal="delete", activities=activities)
        writer.run(commits=60)
        writer.database.close()
        return path

    def faults(self, path, live=None):
        return [sentence for ok, sentence in prove.verdicts(path, live) if not ok]

    def test_equal_seeds_give_equal_rows_and_others_do_not(self):
        hashes = []
        for name, seed in (("a.db", 7), ("b.db", 7), ("c.db", 8)):
            application_database.create(self.path(name), 1 << 20, seed)
            hashes.append(prove.content_hash(prove.open_unused(self.path(name))))
        self.assertEqual(hashes[0], hashes[1])
        self.assertNotEqual(hashes[0], hashes[2])

    def test_it_compresses_like_real_text(self):
        with open(self.application, "rb") as file:
            content = file.read()
        packed = sum(len(zlib.compress(content[at:at + 65536], 6)) for at in range(0, len(content), 65536))
        self.assertTrue(2.2 < len(content) / packed < 3.6, len(content) / packed)

    def test_rows_can_be_added_again_and_again(self):
        path = self.path("grown.db")
        shutil.copy(self.application, path)
        for _ in range(2):
            self.assertGreaterEqual(application_database.append(path, 200), 200)
        self.assertEqual(self.faults(path), [])

    def test_a_written_database_is_proven(self):
        path = self.written("good.db", activities=True)
        self.assertEqual(self.faults(path, live=path), [])
        self.assertEqual(len(list(prove.verdicts(path, path))), 5)

    def test_a_writer_killed_leaves_a_provable_prefix(self):
        live, copy = self.path("killed.db"), self.path("copy.db")
        shutil.copy(self.application, live)
        process = subprocess.Popen([sys.executable, os.path.join(HERE, "writer.py"), live, "--activities"], stdout=subprocess.PIPE)
        self.assertEqual(process.stdout.readline(), b"writing\n")
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        source, target = sqlite3.connect(live), sqlite3.connect(copy)
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
        target.close()
        source.close()
        self.assertEqual(self.faults(copy, live), [])
        self.assertGreater(prove.chain(prove.open_unused(copy))[0], 0)

    def test_planted_faults_are_found(self):
        planted = {
            "does not follow": "UPDATE ledger SET payload = payload || ' ' WHERE n = 30",
            "row 30 is missing": "DELETE FROM ledger WHERE n = 30",
            "row 1 is missing": "DELETE FROM ledger WHERE n = 1",
            "59 of 59 rows belong to 60": "DELETE FROM activities WHERE id = (SELECT max(id) FROM activities)",
            "they differ": "INSERT INTO ledger SELECT n + 1, 'more', '' FROM ledger ORDER BY n DESC LIMIT 1",
            "dangling": "DELETE FROM sessions WHERE rowid = 1",
        }
        good = self.written("original.db", activities=True)
        for expected, statement in planted.items():
            with self.subTest(expected):
                path = self.path("planted.db")
                shutil.copy(good, path)
                run_sql(path, statement)
                found = self.faults(path, live=good)
                self.assertTrue(any(expected in fault for fault in found), found)

    def test_damaged_pages_are_found(self):
        path = self.written("damaged.db")
        with open(path, "r+b") as file:
            file.seek(40 * 4096)
            file.write(b"\xff" * 8192)
        self.assertNotEqual(self.faults(path), [])

    def test_other_histories_are_no_prefix(self):
        path, other = self.path("here.db"), self.path("there.db")
        for name, seed in ((path, 1), (other, 2)):
            writer = Writer(name, journal="delete", seed=seed)
            writer.run(commits=10)
            writer.database.close()
        self.assertEqual(self.faults(path, live=path), [])
        self.assertTrue(any("they differ" in fault for fault in self.faults(path, live=other)))


if __name__ == "__main__":
    unittest.main()
