"""Plain copies out: compressed files, standard output, bundles; and restores from files that hold them."""

import gzip
import hashlib
import json
import pathlib
import sqlite3
import subprocess
import stories


class CompressedCopies(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        stories.create_ledger(self.database, rows=2000).close()
        self.backup(self.database, "--full")
        self.sha256 = self.call("show", 1).json["members"][0]["sha256"]

    def test_what_comes_out_of_a_compressed_copy_has_the_recorded_hash(self):
        packed = {"gzip": "gzip -dc", "zstd": "zstd -dcq"}
        for name, unpack in packed.items():
            target = self.root / f"app.{name}"
            report = self.call("restore", 1, "--to", target, "--compress", name).json["databases"][0]
            plain = subprocess.run([*unpack.split(), target], capture_output=True, check=True).stdout
            self.assertEqual(hashlib.sha256(plain).hexdigest(), self.sha256)
            self.assertEqual((report["sha256"], report["proof"]), (self.sha256, "content"))
            self.assertEqual(report["bytes_written"], target.stat().st_size)
            self.assertEqual(target.stat().st_mode & 0o777, 0o600)
            again = self.root / f"again.{name}"
            self.call("restore", 1, "--to", again, "--compress", name)
            self.assertEqual(again.read_bytes(), target.read_bytes())
            self.call("restore", 1, "--to", again, "--compress", name, code=6)
            self.call("restore", 1, "--to", again, "--compress", name, "--force")
            fresh = self.root / f"dry.{name}"
            self.call("restore", 1, "--to", fresh, "--compress", name, "--dry-run")
            self.assertFalse(fresh.exists())

    def test_standard_output_gets_the_database_and_nothing_else(self):
        for words, unpack in (((), bytes), (("--compress", "gzip"), gzip.decompress)):
            for tell in ((), ("--json",), ("--progress",), ("--quiet",)):
                completed = subprocess.run(self.command("restore", 1, "--to", "-", *words, *tell), capture_output=True, env=self.environment, cwd=self.work)
                self.assertEqual(completed.returncode, 0, completed.stderr)
                self.assertEqual(hashlib.sha256(unpack(completed.stdout)).hexdigest(), self.sha256)
        self.assertFalse((self.work / "-").exists())

    def test_of_a_damaged_backup_not_a_byte_is_given_out(self):
        pack = next(path for path in (self.repository / "packs").rglob("*") if path.is_file())
        damaged = bytearray(pack.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(damaged)
        completed = subprocess.run(self.command("restore", 1, "--to", "-"), capture_output=True, env=self.environment, cwd=self.work)
        self.assertEqual((completed.returncode, completed.stdout), (4, b""))

    def test_words_that_do_not_go_together_are_refused(self):
        self.call("restore", 1, "--compress", "zstd", code=2)
        self.call("restore", 1, "--compress", "rar", "--to", self.root / "x", code=2)
        with sqlite3.connect(self.work / "two.db") as db:
            db.execute("CREATE TABLE t(x)")
        self.backup(self.database, self.work / "two.db")
        self.call("restore", 2, "--to", "-", code=2)
        target = self.root / "two.db.gz"
        self.call("restore", 2, "--only", "two.db", "--to", target, "--compress", "gzip")
        self.assertEqual(gzip.decompress(target.read_bytes()), (self.work / "two.db").read_bytes())


if __name__ == "__main__":
    stories.main()
