"""A database and the files beside it, and databases that belong together, are backed up while an application changes them:
what comes back is what there was at one moment, or the backup says that it is not.

The application numbers its generations. At any one moment its set is in a state that it wrote: what it writes second is as
old as what it writes first, or one generation older. No other state ever was."""

import itertools
import mmap
import os
import pathlib
import random
import select
import sqlite3
import subprocess
import sys
import threading
import time

import stories

PARTS = 8
PART_BYTES = 16 * 1024
BACKUPS = 32


def part(generation, number):
    return f"{generation:08} {number} ".encode().ljust(PART_BYTES, b"%d" % (generation % 10))


def index(generation):
    return b"".join(part(generation, number) for number in range(PARTS))


def replace_index(folder, generation):
    (folder / "index.new").write_bytes(index(generation))
    os.replace(folder / "index.new", folder / "main.index")


def rewrite_index(folder, generation):
    with open(folder / "main.index", "r+b", buffering=0) as file:
        for number in range(PARTS):
            file.write(part(generation, number))


class MappedIndex:
    """Written through memory: the system sees nothing of it while a page has still to be written out."""

    def __init__(self, folder):
        with open(folder / "main.index", "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)

    def __call__(self, _, generation):
        for number in range(PARTS):
            self.memory[number * PART_BYTES:number * PART_BYTES + 8] = b"%08d" % generation


def commit(db, generation):
    db.execute("UPDATE state SET generation = ?", (generation,))


def application(kind, folder, journals, seed):
    """Runs until its input ends. The pauses between generations come in all lengths."""
    dice = random.Random(seed)
    folder = pathlib.Path(folder)
    db = sqlite3.connect(folder / "app.db", isolation_level=None, timeout=30)
    db.execute("ATTACH ? AS twin", (str(folder / "twin.db"),))
    for schema, journal in zip(("main", "twin"), journals.split(",")):
        db.execute(f"PRAGMA {schema}.journal_mode = {journal}")
        db.execute(f"PRAGMA {schema}.synchronous = OFF")
    generation = db.execute("SELECT generation FROM state").fetchone()[0]
    write_index = MappedIndex(folder / "faiss") if kind == "mapped" else rewrite_index if kind == "in place" else replace_index
    print("ready", flush=True)
    large = folder / "faiss" / "large.bin"
    while not select.select([sys.stdin], [], [], dice.choice((0.08, 0.1, 0.12) if large.exists() else (0, 0, 0, 0.001, 0.04, 0.2)))[0]:
        generation += 1
        if large.exists():
            large.touch()  # it has to be read anew
        if kind == "twins":
            db.execute("BEGIN IMMEDIATE")
            db.execute("UPDATE main.state SET generation = ?", (generation,))
            db.execute("UPDATE twin.state SET generation = ?", (generation,))
            db.execute("COMMIT")
        elif kind == "index first":
            replace_index(folder / "faiss", generation)
            commit(db, generation)
        else:
            commit(db, generation)
            write_index(folder / "faiss", generation)
    db.close()


def generation_of(path):
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT generation FROM state").fetchone()[0]
    finally:
        db.close()


def generations_in(index_file, kind):
    content = index_file.read_bytes()
    assert len(content) == PARTS * PART_BYTES, f"{len(content)} bytes"
    parts = [content[at:at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
    found = [int(one[:8]) for one in parts]
    for number, (generation, one) in enumerate(zip(found, parts)):
        filled_in = 0 if kind == "mapped" else generation  # there only the number is written anew
        assert one[8:] == part(filled_in, number)[8:], f"part {number} is torn"
    return found


class Sets(stories.Story):
    def set_up(self, journals):
        self.init()
        (self.work / "faiss").mkdir(exist_ok=True)
        (self.work / "faiss" / "main.index").write_bytes(index(0))
        for name, journal in zip(("app.db", "twin.db"), journals):
            db = sqlite3.connect(self.work / name, isolation_level=None)
            db.execute("PRAGMA journal_mode = " + journal)
            db.execute("CREATE TABLE state(generation INTEGER)")
            db.execute("INSERT INTO state VALUES (0)")
            db.close()
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db", "twin.db"]\n[[source.app.companions]]\npath = "faiss"\nexclude = ["*.new"]\n')

    def run_application(self, kind, journals):
        process = subprocess.Popen([sys.executable, __file__, "--application", kind, str(self.work), ",".join(journals), f"{stories.SEED} {kind}"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "ready\n")

        def stop():
            process.stdin.close()
            self.assertEqual(process.wait(30), 0)
            process.stdout.close()

        self.addCleanup(stop)

    def restored_sets(self, kind, journals=("wal", "wal"), backups=BACKUPS):
        """(order in which the application writes, generations found in that order) of each backup that says it is of one moment."""
        self.set_up(journals)
        self.run_application(kind, journals)
        numbers, said_otherwise = [], 0
        for _ in range(backups):
            answer = self.call("backup", "--source", "app", code=None)
            self.assertIn(answer.code, (0, 3), answer.err)
            report = answer.json
            report = report["sources"][0]["backup"] if "sources" in report else report
            said_otherwise += answer.code == 3
            if answer.code == 0:
                numbers.append(report["number"])
            time.sleep(self.random.choice((0, 0.01, 0.03)))
        self.assertGreater(len(numbers), backups // 4, f"{kind}: {said_otherwise} of {backups} backups were not of one moment")
        seen = set()
        for number in numbers:
            target = self.root / f"set {number}"
            target.mkdir()
            self.call("restore", number, "--to", target)
            main, twin = generation_of(target / "app.db"), generation_of(target / "twin.db")
            seen.add(main)
            yield number, main, twin, generations_in(target / "faiss" / "main.index", kind)
        self.assertGreater(len(seen), 3, f"{kind}: the application stood still")

    def assert_was(self, kind, number, generations):
        """What is written first stands first."""
        falls = all(earlier >= later for earlier, later in zip(generations, generations[1:]))
        self.assertTrue(falls and generations[0] - generations[-1] <= 1, f"{kind}: #{number} holds {generations}, a state that never was")


class OneMoment(Sets):
    def test_the_database_first_and_then_the_index(self):
        for number, main, _, parts in self.restored_sets("database first"):
            self.assertEqual(len(set(parts)), 1, f"#{number}: {parts}")
            self.assert_was("database first", number, [main, *parts])

    def test_the_index_first_and_then_the_database(self):
        for number, main, _, parts in self.restored_sets("index first"):
            self.assertEqual(len(set(parts)), 1, f"#{number}: {parts}")
            self.assert_was("index first", number, [*parts, main])

    def test_an_index_that_is_rewritten_in_place(self):
        for number, main, _, parts in self.restored_sets("in place", journals=("delete", "wal")):
            self.assert_was("in place", number, [main, *parts])

    def test_an_index_that_is_written_through_memory(self):
        for number, main, _, parts in self.restored_sets("mapped"):
            self.assert_was("mapped", number, [main, *parts])

    def test_a_log_that_never_rests_is_kept_as_far_as_it_goes(self):
        self.set_up(("wal", "wal"))
        log, ended = self.work / "faiss" / "app.log", threading.Event()

        def write_log():
            with open(log, "w") as file:
                for number in itertools.count():
                    if ended.is_set():
                        return
                    print(f"line {number} of a log", file=file, flush=True)
                    (self.work / "faiss" / f"{number % 2}.lock").touch()
                    (self.work / "faiss" / f"{number % 2}.lock").unlink()
                    time.sleep(0.002)

        writer = threading.Thread(target=write_log)
        writer.start()
        self.addCleanup(writer.join)
        self.addCleanup(ended.set)
        while not log.exists():
            time.sleep(0.001)
        numbers, changing = [], 0
        for _ in range(12):
            answer = self.call("backup", "--source", "app", code=None)
            report = answer.json["sources"][0]["backup"]
            self.assertEqual((answer.code, report["partial"], report["companions"][0]["failed"]), (3 if report["skewed"] else 0, False, []), report)
            changing += report["skewed"]
            numbers.append(report["number"])
        self.assertGreater(changing, 0)
        ended.set()
        writer.join()
        whole = log.read_bytes()
        for number in numbers:
            kept = self.call("cat", f"{number}:faiss/app.log", code=None).out.encode()
            self.assertTrue(kept and whole.startswith(kept), f"#{number} has {len(kept)} bytes that the log never began with")
        self.backup(code=0)

    def test_a_transaction_over_two_databases(self):
        for journals in (("wal", "wal"), ("delete", "delete"), ("wal", "delete")):
            with self.subTest(journals=journals):
                for number, main, twin, _ in self.restored_sets("twins", journals):
                    self.assertEqual(main, twin, f"{journals}: #{number} has one half of a transaction")
                self.doCleanups()
                self.setUp()


class Cloned(Sets):
    """Where the file system clones files, an application that changes more often than it can be read is backed up at one moment."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("mounting needs root")
        image = self.root / "disk"
        with open(image, "wb") as file:
            file.truncate(1 << 30)
        subprocess.run(["mkfs.btrfs", "-q", image], check=True, stdout=subprocess.DEVNULL)
        if subprocess.run(["mount", "-o", "loop", image, self.work], capture_output=True).returncode != 0:
            self.skipTest("mounting is not allowed here")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.work])
        (self.work / "faiss").mkdir()
        (self.work / "faiss" / "large.bin").write_bytes(random.Random(1).randbytes(150_000_000))

    def test_an_index_that_is_replaced_and_hardly_rests(self):
        for number, main, _, parts in self.restored_sets("database first", backups=10):
            self.assert_was("database first", number, [main, *parts])

    def test_an_index_that_is_rewritten_and_hardly_rests(self):
        for number, main, _, parts in self.restored_sets("in place", backups=10):
            self.assert_was("in place", number, [main, *parts])
        self.assertEqual(sorted(path.name for path in (self.work / "faiss").iterdir()), ["large.bin", "main.index"], "clones have no names")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--application"]:
        application(*sys.argv[2:])
    else:
        stories.main()
