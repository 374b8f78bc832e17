"""Sets that people copied by hand, database and indexes at their own times: they become sets again, and what does not belong together is told."""

import io
import json
import os
import pathlib
import shutil
import sys
import tarfile

import stories

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support/python"))
import applications  # noqa: E402

HOUR = 3600
DAY = 24 * HOUR
NOON = 1735732800  # 2025-01-01 12:00 UTC


class OldSets(stories.Story):
    def setUp(self):
        super().setUp()
        self.environment["TZ"] = "UTC"
        self.app = applications.Faiss(self.work)
        self.addCleanup(self.app.close)
        self.call("init", "--profile", "faiss", use_repository=False)
        self.live = self.work / "data/faiss"
        self.backups = self.root / "backups"
        self.backups.mkdir()

    def call_here(self, *words, code=0):
        return self.call(*words, code=code, use_repository=False)

    def copy_database(self, name, when):
        path = self.backups / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.work / "data/app.db", path)
        os.utime(path, (when, when))
        return path

    def copy_index(self, name, when):
        path = self.backups / name
        shutil.copytree(self.live, path)
        for one in [*path.iterdir(), path]:
            os.utime(one, (when, when))
        return path

    def pack_index(self, name, when, prefix="faiss/", mode="w:gz"):
        path = self.backups / name
        with tarfile.open(path, mode) as tar:
            for one in sorted(self.live.iterdir()):
                entry = tar.gettarinfo(one, prefix + one.name)
                entry.mtime = when
                with open(one, "rb") as file:
                    tar.addfile(entry, file)
        os.utime(path, (when, when))
        return path

    def adopt(self, *words, code=0):
        return self.call_here("adopt", self.backups, "--for", "data/app.db", *words, code=code).json

    def listing(self, folder=None):
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    def restored(self, number):
        """The set, as it comes back: its rows, and its files."""
        to = self.root / f"restored-{number}"
        self.call_here("restore", number, "--to", to)
        folder = to / "faiss"
        return stories.content_hash(to / "app.db" if to.is_dir() else to), self.listing(folder) if folder.exists() else None

    def present(self):
        return stories.content_hash(self.work / "data/app.db"), self.listing(self.live)

    def test_folders_and_tars_go_with_the_database_that_is_nearest_in_time(self):
        wanted = []
        for number, index in enumerate((None, "folder", "tar", "day")):
            stamp = f"2025010{number + 1}"
            when = NOON + number * DAY
            self.copy_database(f"app_{stamp}_120000.db", when)
            if index == "folder":
                self.copy_index(f"faiss_{stamp}_120100", when + 60)
            elif index == "tar":
                self.pack_index(f"faiss_{stamp}_120030.tar.gz", when + 30)
            elif index == "day":
                self.copy_index(f"faiss_{stamp}", when + 20)
            rows, files = self.present()
            wanted.append((rows, files if index else None))
            self.app.write(number + 1)
        before = self.listing(self.backups)
        dry = self.adopt("--dry-run")
        self.assertEqual([len(one["copies"]) for one in dry["backups"]], [0, 1, 1, 1])
        self.assertRegex("\n".join(dry["warnings"]), r"\Aa dry run does not look whether files and databases agree[^\n]*\Z")
        report = self.adopt()
        self.assertEqual(self.listing(self.backups), before)
        self.assertEqual((report["adopted"], report["left_out"], report["disagreeing"], report["warnings"]), (4, [], 0, []))
        for one, rehearsed in zip(report["backups"], dry["backups"], strict=True):
            self.assertEqual(one["copies"], rehearsed["copies"])
            self.assertEqual(one["skew"], "")
        self.assertEqual([one["apart_ms"] for backup in report["backups"] for one in backup["copies"]], [60000, 30000, 20000])
        self.assertEqual({one["path"] for backup in report["backups"] for one in backup["copies"]}, {str(self.live)})
        self.assertEqual([result["verdict"] for result in report["backups"][1]["agreement"]], ["agrees"])
        self.assertEqual([self.restored(one["number"]) for one in report["backups"]], wanted)
        verified = self.call_here("verify", "--all", code=3).json  # the first has no index
        self.assertTrue(verified["good"])
        self.assertEqual([[result["verdict"] for result in one["agreement"]] for one in verified["expected"]], [["disagrees"], ["agrees"], ["agrees"], ["agrees"]])
        again = self.adopt()
        self.assertEqual((again["adopted"], again["already_there"], again["bytes_stored"]), (0, 4, 0))

    def test_the_script_of_the_document_keeps_one_index_for_all_databases(self):
        """backups/faiss/ holds the newest only: with an older database it would be wrong, and stays with the newest."""
        for number in range(3):
            self.copy_database(f"app_2025010{number + 1}_120000.db", NOON + number * DAY)
            self.app.write(number + 1)
        self.copy_database("app_20250104_120000.db", NOON + 3 * DAY)
        self.copy_index("faiss", NOON + 3 * DAY + 5)
        newest = self.present()
        report = self.adopt()
        self.assertEqual([len(one["copies"]) for one in report["backups"]], [0, 0, 0, 1])
        self.assertEqual(self.restored(4), newest)

    def test_what_is_of_another_time_is_told_and_what_disagrees_too(self):
        self.copy_database("app_20250101_120000.db", NOON)
        for number in range(1, 4):
            self.app.write(number)
        self.copy_index("faiss_20250103", NOON + 2 * DAY)
        report = self.adopt(code=3)
        (backup,) = report["backups"]
        self.assertRegex(backup["skew"], r"faiss_20250103 is 48 h.* away from .*app_20250101_120000\.db")
        self.assertEqual(backup["copies"][0]["apart_ms"], 2 * DAY * 1000)
        (result,) = backup["agreement"]
        self.assertEqual((result["verdict"], result["missing_in_database"], result["first_missing_in_database"]), ("disagrees", 3, [11, 12, 13]))
        shown = self.call_here("show", 1).json["backup"]
        self.assertEqual((shown["state"], shown["skew"], shown["skew_ms"]), ("not of one moment", backup["skew"], 2 * DAY * 1000))
        self.assertEqual(shown["skewed"], [str(self.work / "data/app.db"), str(self.live)])
        told = self.call_here("restore", 1, "--to", self.root / "there").json
        self.assertTrue(any("not of one moment" in warning for warning in told["warnings"]), told["warnings"])
        self.assertEqual(self.adopt()["already_there"], 1)

    # As when the adoption was killed behind its commit.
    def test_what_is_there_and_nobody_has_looked_at_is_looked_at(self):
        self.copy_database("app_20250101_120000.db", NOON)
        self.app.write(1)
        self.copy_index("faiss_20250101", NOON + 60)
        settings = (self.work / "holdfast.toml").read_text()
        asking = settings[settings.index("[[source.app.agreement]]"):]
        asking = asking[:asking.index("\n\n") + 1]
        (self.work / "holdfast.toml").write_text(settings.replace(asking, ""))
        self.assertEqual(self.adopt()["backups"][0]["agreement"], [])
        (self.work / "holdfast.toml").write_text(settings)
        self.assertTrue(any("a dry run does not look" in one for one in self.adopt("--dry-run")["warnings"]))
        report = self.adopt(code=3)
        self.assertEqual((report["already_there"], report["disagreeing"]), (1, 1))
        self.assertEqual(report["backups"][0]["agreement"][0]["first_missing_in_database"], [11])
        self.assertTrue(self.call_here("show", 1).json["backup"]["unmet"])
        self.assertEqual(self.adopt()["disagreeing"], 0)

    def test_a_span_of_its_own(self):
        self.copy_database("app_20250101_120000.db", NOON)
        self.copy_index("faiss_20250101_130000", NOON + HOUR)
        self.assertIn("1 h", self.adopt("--dry-run")["backups"][0]["skew"])
        self.assertEqual(self.adopt("--dry-run", "--within", "2h")["backups"][0]["skew"], "")

    def test_two_databases_as_near_are_a_doubt_that_is_told(self):
        self.copy_database("app_20250101_120000.db", NOON)
        self.copy_database("app_20250101_120200.db", NOON + 120)
        self.copy_index("faiss_20250101_120100", NOON + 60)
        first, second = self.adopt("--dry-run")["backups"]
        self.assertRegex(first["skew"], "app_20250101_120000.db or as well with .*app_20250101_120200.db")
        self.assertEqual(second["copies"], [])

    def test_the_further_of_two_indexes_is_left_out(self):
        self.copy_database("app_20250101_120000.db", NOON)
        self.copy_index("faiss_20250101_120100", NOON + 60)
        self.copy_index("faiss_20250101_140000", NOON + 2 * HOUR)
        report = self.adopt("--dry-run")
        self.assertEqual(report["backups"][0]["copies"][0]["from"], str(self.backups / "faiss_20250101_120100"))
        (left,) = report["left_out"]
        self.assertEqual((left["from"], left["why"]), (str(self.backups / "faiss_20250101_140000"), f"{self.backups / 'faiss_20250101_120100'} is nearer to the same database copy"))

    def test_a_checkpoint_holds_its_own_database(self):
        wanted = []
        for number in range(2):
            name = f"checkpoints/chkpt-2025010{number + 1}-120000-abcd"
            self.copy_database(f"{name}/state.db", NOON + number * DAY)
            for one in self.live.iterdir():
                shutil.copy2(one, self.backups / name)  # with its time, which is today's
            (self.backups / name / "manifest.json").write_text(json.dumps({"checkpoint_id": "x", "created_at": f"2025-01-0{number + 1}T12:00:00Z", "description": "a step", "files": []}))
            wanted.append(self.present())
            self.app.write(number + 1)
        report = self.adopt()
        self.assertEqual([(one["skew"], [copy["files"] for copy in one["copies"]]) for one in report["backups"]], [("", [3])] * 2)
        self.assertEqual([self.restored(one["number"]) for one in report["backups"]], wanted)

    def test_a_folder_in_a_checkpoint_comes_along_and_one_that_nobody_knows_is_told(self):
        (self.live / "shards").mkdir()
        (self.live / "shards/notes.txt").write_text("of the shards")
        name = "chkpt-20250101-120000-abcd"
        for number, form in enumerate(("folder", "tar"), 1):
            with self.subTest(form):
                self.copy_database(f"{name}/state.db", NOON)
                shutil.copytree(self.live, self.backups / name, dirs_exist_ok=True)
                wanted = self.present()
                shutil.copytree(self.live, self.backups / name / "older", ignore=shutil.ignore_patterns("shards"))
                if form == "tar":
                    with tarfile.open(self.backups / f"{name}.tar", "w") as tar:
                        tar.add(self.backups / name, name)
                    shutil.rmtree(self.backups / name)
                report = self.adopt(code=3)
                self.assertEqual(self.restored(number), wanted)
                (told,) = report["left_out"]
                self.assertIn("older", told["from"] if form == "folder" else told["member"])
                self.assertTrue(any("older" in warning and "left out" in warning for warning in report["warnings"]), report["warnings"])
                shutil.rmtree(self.backups)
                self.backups.mkdir()
                self.app.write(number)

    def test_a_tar_of_all_of_it(self):
        path = self.backups / "data-20250101.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            tar.add(self.work / "data", "./data")
        wanted = self.present()
        self.app.write(1)
        report = self.adopt()
        (backup,) = report["backups"]
        self.assertEqual((backup["copies"][0]["member"], backup["copies"][0]["apart_ms"], backup["skew"]), ("data/faiss", 0, ""))
        self.assertEqual(self.restored(1), wanted)

    def test_a_person_names_what_no_name_tells(self):
        self.copy_database("app_20250101_120000.db", NOON)
        old = self.copy_index("vectors", NOON)
        self.assertEqual(self.adopt("--dry-run")["backups"][0]["copies"], [])
        wanted = self.present()
        report = self.adopt("--companion", f"data/faiss={old}")
        self.assertEqual(report["backups"][0]["copies"][0]["from"], str(old))
        self.assertEqual(self.restored(1), wanted)
        wrong = self.call_here("adopt", self.backups, "--for", "data/app.db", "--companion", f"data/fais={old}", code=2)
        self.assertIn("is no companion of the source", wrong.error["message"])

    def test_hostile_tars_bring_nothing_from_outside(self):
        self.copy_database("app_20250101_120000.db", NOON)
        path = self.backups / "faiss_20250101_120000.tar"
        with tarfile.open(path, "w") as tar:
            def add(name, **fields):
                entry = tarfile.TarInfo(name)
                content = fields.pop("content", b"")
                entry.size, entry.mtime = len(content), NOON
                for field, value in fields.items():
                    setattr(entry, field, value)
                tar.addfile(entry, io.BytesIO(content))

            add("faiss/2.npz", content=b"index")
            add("../faiss/up.npz", content=b"up")
            add("/faiss/absolute.npz", content=b"absolute")
            add("faiss/../../sideways.npz", content=b"sideways")
            add("faiss/out", type=tarfile.SYMTYPE, linkname="../../etc/passwd")
            add("faiss/absolute", type=tarfile.SYMTYPE, linkname="/etc/passwd")
            add("faiss/in", type=tarfile.SYMTYPE, linkname="2.npz")
            add("faiss/hard", type=tarfile.LNKTYPE, linkname="faiss/2.npz")
            add("faiss/device", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
            add("faiss/pipe", type=tarfile.FIFOTYPE)
            add("faiss/in/below", content=b"through a link")
        report = self.adopt(code=3)  # the index says nothing that the database has
        (copy,) = report["backups"][0]["copies"]
        self.assertEqual((copy["files"], copy["member"]), (1, "faiss"))
        told = " ".join(report["warnings"])
        for word in ("../faiss/up.npz has a name that leads elsewhere", "/faiss/absolute.npz has an absolute name", "faiss/../../sideways.npz has a name that leads elsewhere", "faiss/out is a link that leads out",
                     "faiss/absolute is a link that leads out", "faiss/hard is a hard link or a device", "faiss/device is a hard link", "faiss/pipe is a hard link", "faiss/in/below lies in something that is no folder"):
            self.assertIn(word, told)
        to = self.root / "out"
        self.call_here("restore", 1, "--to", to)
        self.assertEqual(sorted(path.name for path in (to / "faiss").iterdir()), ["2.npz", "in"])

    def test_damaged_and_oversized_tars_are_refused_and_the_database_is_taken(self):
        self.copy_database("app_20250101_120000.db", NOON)
        (self.live / "1.npz").write_bytes(self.random.randbytes(200_000))
        path = self.pack_index("faiss_20250101_120000.tar.gz", NOON)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        report = self.adopt("--dry-run", code=3)
        states = {os.path.basename(one["file"]): (one["state"], one["copies"]) for one in report["backups"]}
        self.assertEqual(states, {"app_20250101_120000.db": ("adopted", []), path.name: ("refused", [])})
        path.write_bytes(whole)
        self.assertEqual(len(self.adopt("--dry-run")["backups"][0]["copies"]), 1)
        small = self.adopt("--dry-run", "--unpack-max", "100kB")
        self.assertEqual(small["backups"][0]["copies"], [])
        self.assertIn("more than", " ".join(small["warnings"]))

    def test_secrets_and_what_is_built_again_are_left_out(self):
        settings = self.work / "holdfast.toml"
        settings.write_text(settings.read_text().replace('path = "data/faiss"\n', 'path = "data/faiss"\nkeep = "redacted"\n'))
        self.copy_database("app_20250101_120000.db", NOON)
        self.copy_index("faiss_20250101_120000", NOON)
        report = self.adopt("--dry-run")
        self.assertEqual(report["backups"][0]["copies"], [])
        self.assertIn("kept without its secrets", report["left_out"][0]["why"])

    def test_plain_copies_of_holdfast_are_the_backups_that_they_are_of(self):
        self.call_here("backup")
        shutil.copytree(self.live, self.work / "backups/faiss")
        report = self.call_here("adopt", "backups", "--for", "data/app.db").json
        self.assertEqual((report["adopted"], report["already_there"] > 0), (0, True))
        self.assertRegex(report["left_out"][0]["why"], "one of backup #1, which has what belongs to it")


if __name__ == "__main__":
    stories.main()
