"""A set handed to somebody as one archive: on another machine it is verified, restored and adopted, or opened with tar alone."""

import hashlib
import json
import os
import subprocess
import tarfile

import stories

SETTINGS = """
[source.app]
databases = ["app.db"]

[[source.app.companions]]
path = "faiss"
"""


class ASetInOneArchive(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        stories.create_ledger(self.database, rows=500).close()
        self.folder = self.work / "faiss"
        (self.folder / "empty").mkdir(parents=True)
        (self.folder / "1.index").write_bytes(self.random.randbytes(200_000))
        (self.folder / "2.index").touch()
        with open(self.folder / "holes.npz", "wb") as file:
            file.truncate(50_000_000)
            file.seek(40_000_000)
            file.write(b"data")
        os.symlink("1.index", self.folder / "newest")
        (self.folder / "1.index").chmod(0o640)
        os.utime(self.folder / "1.index", ns=(10**18, 10**18 + 123_456_789))
        (self.work / "holdfast.toml").write_text(SETTINGS)
        self.backup(self.database)
        self.archive = self.root / "set.tar.zst"

    def tree(self, folder):
        found = {}
        for path in sorted(folder.rglob("*")):
            status = path.lstat()
            content = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
            found[str(path.relative_to(folder))] = (content, 0 if path.is_symlink() else status.st_mode, status.st_mtime_ns)
        return found

    def test_it_is_verified_restored_and_adopted_elsewhere(self):
        told = self.call("bundle", 1, "--to", self.archive).json
        self.assertEqual([(one["path"], one["files"]) for one in told["companions"]], [(str(self.folder), 3)])
        before = self.tree(self.folder)
        self.assertEqual(len(self.call("verify", self.archive, use_repository=False).json["companions"]), 1)
        back = self.root / "back"
        self.call("restore", "--from", self.archive, "--to", back, use_repository=False)
        self.assertEqual(self.tree(back / "faiss"), before)
        self.assertLess((back / "faiss" / "holes.npz").stat().st_blocks * 512, 10_000_000)
        in_place = self.call("restore", "--from", self.archive, "--yes", code=2)
        self.assertIn("holdfast adopt", in_place.error["advice"])
        other = self.root / "other"
        self.call("init", "-r", other)
        adopted = self.call("adopt", self.archive, "--for", self.database, "-r", other).json
        self.assertEqual(adopted["backups"][0]["companions"], [str(self.folder)])
        self.assertEqual(self.call("adopt", self.archive, "--for", self.database, "-r", other).json["already_there"], 1)
        again = self.root / "again"
        self.call("restore", 1, "--to", again, "-r", other)
        self.assertEqual(self.tree(again / "faiss"), before)

    def test_a_machine_without_holdfast_opens_it(self):
        archive = self.root / "set.tar.gz"
        self.call("bundle", 1, "--to", archive)
        plain = self.root / "plain"
        plain.mkdir()
        subprocess.run(["tar", "-xzf", archive, "-C", plain], check=True)
        there, before = self.tree(plain / "companions" / "faiss"), self.tree(self.folder)
        self.assertEqual({name: one[:2] for name, one in there.items()}, {name: one[:2] for name, one in before.items()})
        with tarfile.open(archive) as tar:
            self.assertEqual(tar.next().name, "metadata.json")
        metadata = json.loads((plain / "metadata.json").read_text())
        for thing in metadata["companions"][0]["things"]:
            if thing["kind"] == "file":
                self.assertEqual(hashlib.sha256((plain / "companions" / "faiss" / thing["name"]).read_bytes()).hexdigest(), thing["sha256"])

    def test_memory_does_not_grow_with_the_files(self):
        self.skip_if_sanitized()
        archive, small = self.root / "set.tar.gz", self.root / "small.tar.gz"
        peak_of_small = self.peak_of("bundle", 1, "--to", small)
        (self.folder / "large.npy").write_bytes(self.random.randbytes(150_000_000))
        self.backup(self.database)
        self.assertLess(self.peak_of("bundle", 2, "--to", archive), peak_of_small + 60_000_000)
        self.assertLess(self.peak_of("verify", archive), peak_of_small + 60_000_000)


if __name__ == "__main__":
    stories.main()
