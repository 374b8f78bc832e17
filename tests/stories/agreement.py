"""An application with vectors beside its database: do a backup's parts belong together, and does it say so when not?

The application keeps, of each dataset, a JSON file and either an index of FAISS or, where that is not there, an npz file
beside an empty placeholder. It writes its files one by one, and commits to its database at another moment."""

import json
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import threading
import time
import unittest
import zipfile

import stories

MAKE_INDEX = pathlib.Path(stories.PROGRAM).with_name("make_faiss_index")
DIMENSION = 4
SETTINGS = """
[source.app]
databases = ["data/app.db"]

[[source.app.companions]]
path = "data/faiss"
exclude = ["*.tmp"]

[[source.app.agreement]]
files = ["data/faiss/*.index", "data/faiss/*.npz"]
each = "SELECT DISTINCT dataset_id FROM embeddings"
ids = "SELECT ticket_id FROM embeddings WHERE dataset_id = :name"
dimension = "SELECT length(vector) / 4 FROM embeddings WHERE dataset_id = :name LIMIT 1"
model = "SELECT model_name FROM embeddings WHERE dataset_id = :name LIMIT 1"
meta = "data/faiss/*.meta.json"
meta_dimension = "/dim"
meta_model = "/model_name"
"""


def npy(descr, shape, content):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * ((64 - (11 + len(header)) % 64) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + content


def write_npz(path, ids):
    """As numpy.savez_compressed does, zip64 fields and all."""
    arrays = {"vectors": npy("<f4", (len(ids), DIMENSION), struct.pack(f"<{len(ids) * DIMENSION}f", *range(len(ids) * DIMENSION))),
              "ids": npy("<i8", f"({len(ids)},)", struct.pack(f"<{len(ids)}q", *ids))}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in arrays.items():
            with archive.open(name + ".npy", "w", force_zip64=True) as member:
                member.write(content)


def ids_in_npz(path):
    """Read by other means than ours."""
    with zipfile.ZipFile(path) as archive:
        content = archive.read("ids.npy")
    return sorted(number for (number,) in struct.iter_unpack("<q", content[10 + struct.unpack("<H", content[8:10])[0]:]))


def ids_in_database(path, dataset):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        ids = [ticket for (ticket,) in db.execute("SELECT ticket_id FROM embeddings WHERE dataset_id = ? ORDER BY 1", (dataset,))]
    db.close()
    return ids


class Agreement(stories.Story):
    def setUp(self):
        super().setUp()
        self.faiss = self.work / "data/faiss"
        self.faiss.mkdir(parents=True)
        self.database = self.work / "data/app.db"
        (self.work / "holdfast.toml").write_text(SETTINGS)
        self.db = sqlite3.connect(self.database, isolation_level=None, check_same_thread=False)
        self.addCleanup(self.db.close)
        self.db.executescript("CREATE TABLE embeddings(id INTEGER PRIMARY KEY, dataset_id INTEGER NOT NULL, ticket_id INTEGER NOT NULL,"
                              "model_name TEXT NOT NULL, vector BLOB NOT NULL, UNIQUE(dataset_id, ticket_id, model_name))")
        self.init()

    def commit(self, dataset, ids):
        self.db.execute("BEGIN")
        self.db.execute("DELETE FROM embeddings WHERE dataset_id = ?", (dataset,))
        self.db.executemany("INSERT INTO embeddings(dataset_id, ticket_id, model_name, vector) VALUES (?, ?, 'builtin-4', ?)", ((dataset, number, bytes(4 * DIMENSION)) for number in ids))
        self.db.execute("COMMIT")

    def write_files(self, dataset, ids):
        (self.faiss / f"{dataset}.meta.json").write_text(json.dumps({"dim": DIMENSION, "model_name": "builtin-4"}))
        (self.faiss / f"{dataset}.index").touch()
        fresh = self.faiss / f"{dataset}.npz.tmp"
        write_npz(fresh, ids)
        os.replace(fresh, self.faiss / f"{dataset}.npz")

    def only(self, *words, code=0):
        (source,) = self.call("agreement", *words, code=code).json["sources"]
        return source["agreement"]

    def test_a_set_that_drifts_apart_is_told_everywhere(self):
        self.commit(1, [1, 2, 3])
        self.write_files(1, [1, 2, 3])
        good = self.backup()
        self.assertEqual([one["verdict"] for one in good["agreement"]], ["agrees"])
        self.commit(1, [1, 2, 4, 5])  # and the index is not rebuilt
        (found,) = self.only(code=3)
        self.assertEqual((found["first_missing_in_index"], found["first_missing_in_database"]), ([4, 5], [3]))
        bad = self.backup(code=3)
        self.assertEqual(bad["agreement"][0]["verdict"], "disagrees")
        self.call("status", code=12)
        self.call("verify", bad["number"], code=3)
        self.call("drill", bad["number"], code=4)
        self.call("drill", good["number"])
        self.assertEqual(self.only(good["number"])[0]["verdict"], "agrees")
        self.write_files(1, [1, 2, 4, 5])
        self.backup()
        self.call("verify")

    # A kill behind the commit keeps the backup, and takes the look at it.
    def test_a_backup_that_is_killed_before_it_looks(self):
        self.commit(1, [1, 2, 3])
        self.write_files(1, [1, 2])
        looking = self.work / "looking"
        with open(self.work / "holdfast.toml", "a") as settings:
            settings.write('\n[[source.app.agreement]]\nkind = "command"\ncommand = "touch looking; sleep 0.1"\n')
        told = untold = 0
        for kill in range(12):
            looking.unlink(missing_ok=True)
            self.commit(2, [kill])  # something new
            self.write_files(2, [kill])
            process = self.start("backup", self.database, "--kind", "automatic")
            until = time.monotonic() + 60 if kill % 2 else 0
            while time.monotonic() < until and not looking.exists():
                time.sleep(0.001)
            time.sleep(self.random.random() * 0.06)
            process.kill()
            process.communicate(timeout=60)
            newest = self.call("list").json["backups"][:1]
            status = self.call("status", code=None)
            if newest and "not as expected" != newest[0]["state"]:
                untold += 1
                self.assertTrue(status.json["sources"][0]["is_to_be_looked_at"])
                self.assertIn("nobody has looked whether", status.out)
            report = self.backup(self.database, "--kind", "automatic", code=3)  # confirms the one that is there, or makes one
            self.assertTrue(report["unmet"])
            self.assertEqual(self.call("list").json["backups"][0]["state"], "not as expected")
            again = self.backup(self.database, "--kind", "automatic", code=3)
            self.assertEqual((again["number"], again["confirmed_only"], again["agreement"]), (report["number"], True, []))
            told += report["confirmed_only"]
        self.assertGreater(untold, 0)
        print(f"12 kills: {untold} backups stood there that nobody had looked at, {told} in all were confirmed")

    # An old database copied back beside the index of today: cp knows nothing of it.
    def test_a_restore_by_hand_from_two_moments_is_seen(self):
        self.commit(1, [1, 2])
        self.write_files(1, [1, 2])
        number = self.backup()["number"]
        self.commit(1, [1, 2, 3])
        self.write_files(1, [1, 2, 3])
        self.assertEqual(self.only()[0]["verdict"], "agrees")
        old = self.root / "back"
        self.call("restore", number, "--to", old)
        self.db.close()
        shutil.copy(next(old.rglob("app.db")), self.database)
        (found,) = self.only(code=3)
        self.assertEqual(found["first_missing_in_database"], [3])
        shutil.copy(next(old.rglob("1.npz")), self.faiss)
        self.only()

    def test_an_index_that_becomes_empty_is_a_loss(self):
        settings = (self.work / "holdfast.toml").read_text()
        kept = [line for line in settings.splitlines() if not line.startswith(("each", "ids", "dimension", "model", "meta"))]
        (self.work / "holdfast.toml").write_text("\n".join(kept))
        self.commit(1, [1])
        self.write_files(1, [1])
        number = self.backup()["number"]
        (self.faiss / "1.npz").write_bytes(b"")
        for _ in range(2):
            lost = self.backup(code=3)
            self.assertIn(f"#{number}", lost["agreement"][0]["emptied"])
        self.call("annotate", lost["number"], "--accept-loss")
        self.assertEqual(self.backup()["agreement"][0]["verdict"], "placeholder")

    # It commits and then replaces its file, or the other way round, without a pause for anybody: each backup says of itself
    # what is found when it is restored and compared by other means.
    def test_each_backup_of_a_busy_application_says_whether_it_agrees(self):
        stop = threading.Event()

        def work():
            turn = 0
            while not stop.is_set():
                turn += 1
                ids = list(range(turn, turn + 3))
                steps = [self.commit, self.write_files]
                for step in steps if turn % 2 else reversed(steps):
                    step(1, ids)
                    stop.wait(self.random.random() * 0.02)

        self.commit(1, [0])
        self.write_files(1, [0])
        application = threading.Thread(target=work)
        application.start()
        verdicts = {}
        try:
            for _ in range(25):
                report = self.call("backup", self.database, code=None).json
                verdicts[report["number"]] = report["agreement"][0]["verdict"] if report["agreement"] else None
        finally:
            stop.set()
            application.join()
        for number, verdict in verdicts.items():
            back = self.root / f"back {number}"
            self.call("restore", number, "--to", back)
            try:
                agrees = ids_in_npz(next(back.rglob("1.npz"))) == ids_in_database(next(back.rglob("app.db")), 1)
            except (zipfile.BadZipFile, StopIteration):
                agrees = False
            self.assertEqual(verdict == "agrees", agrees, number)
        self.assertGreater(len(verdicts), 0)
        print(sorted(verdicts.values()))

    @unittest.skipUnless(MAKE_INDEX.exists(), "the FAISS library was not there when this was built (libfaiss-dev)")
    def test_indexes_of_faiss(self):
        def make_index(ids, kind="idmap2"):
            subprocess.run([MAKE_INDEX, kind, self.faiss / "1.index", str(DIMENSION), *map(str, ids)], check=True, stderr=subprocess.DEVNULL)

        self.commit(1, [11, 12, 13])
        self.write_files(1, list(range(10)))  # left from a time without FAISS
        make_index([11, 12, 13])
        report = self.backup()
        (found,) = report["agreement"]
        self.assertEqual((found["verdict"], found["type"], found["count"]), ("agrees", "IndexIDMap2(IndexFlatIP)", 3))
        self.assertEqual(found["file"], str(self.faiss / "1.index"))
        whole = (self.faiss / "1.index").read_bytes()
        (self.faiss / "1.index").write_bytes(whole[:-9])
        self.assertIn("FAISS", " ".join(self.only(code=3)[0]["reasons"]))
        make_index([11, 12], kind="ivf_of")
        self.assertEqual(self.only(code=3)[0]["first_missing_in_index"], [13])
        self.assertEqual(self.only(report["number"])[0]["verdict"], "agrees")
        (self.faiss / "1.npz").unlink()
        make_index([11, 12, 13])
        alone = self.root / "bin"
        alone.mkdir()
        shutil.copy(stories.PROGRAM, alone)
        done = subprocess.run([alone / pathlib.Path(stories.PROGRAM).name, "agreement", "-r", self.repository, "--json"], cwd=self.work, env=self.environment, capture_output=True, text=True)
        self.assertEqual(done.returncode, 3, done.stderr)
        (found,) = json.loads(done.stdout)["sources"][0]["agreement"]
        self.assertEqual(found["verdict"], "could_not")
        self.assertIn("holdfast-faiss", " ".join(found["reasons"]))


if __name__ == "__main__":
    stories.main()
