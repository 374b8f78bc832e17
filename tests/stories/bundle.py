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


class Bundles(stories.Story):
    def setUp(self):
        super().setUp()
        self.init()
        db = stories.create_ledger(self.database, rows=1000)
        db.executescript("CREATE INDEX links ON ledger(link); CREATE VIEW firsts AS SELECT n FROM ledger WHERE n < 10; CREATE VIRTUAL TABLE words USING fts5(body);"
                         "CREATE TRIGGER told AFTER INSERT ON ledger BEGIN INSERT INTO words VALUES (new.payload); END; PRAGMA user_version = 7; PRAGMA application_id = 99;")
        db.close()
        self.backup(self.database, "--comment", "for you", "--tag", "release=1")
        self.good = stories.content_hash(self.restore_copy(1, "plain.db"))
        self.sha256 = stories.sha256_of(self.root / "plain.db")

    def unpack(self, archive, *flags):
        folder = self.root / f"unpacked {archive.name}"
        folder.mkdir()
        subprocess.run(["tar", "-C", folder, *flags, "-xf", archive], check=True)
        return folder

    def test_any_machine_opens_it_and_it_is_the_same_every_time(self):
        for name, flag in (("app.tar.zst", "--zstd"), ("app.tar.gz", "-z")):
            archive = self.root / name
            report = self.call("bundle", 1, "--to", archive).json
            self.assertEqual((report["proof"], archive.stat().st_mode & 0o777), ("content", 0o600))
            again = self.root / f"again-{name}"
            self.call("bundle", 1, "--to", again)
            self.assertEqual(again.read_bytes(), archive.read_bytes())
            folder = self.unpack(archive, flag)
            self.assertEqual(sorted(path.name for path in folder.iterdir()), ["app.db", "metadata.json", "schema.sql"])
            self.assertEqual(stories.sha256_of(folder / "app.db"), self.sha256)
            metadata = json.loads((folder / "metadata.json").read_text())
            for member in metadata["members"]:
                self.assertEqual(stories.sha256_of(folder / member["name"]), member["sha256"])
                self.assertEqual((folder / member["name"]).stat().st_size, member["size"])
            self.assertEqual((metadata["number"], metadata["comment"], metadata["tags"], metadata["databases"][0]["path"]),
                             (1, "for you", ["release=1"], str(self.database)))
            self.call("bundle", 1, "--to", archive, code=6)
            self.call("bundle", 1, "--to", archive, "--force")

    def test_its_schema_makes_an_empty_database_of_the_same_shape(self):
        archive = self.root / "app.tar.gz"
        self.call("bundle", 1, "--to", archive)
        folder = self.unpack(archive, "-z")
        fresh = self.root / "fresh.db"
        subprocess.run(["sqlite3", "-bail", fresh, f".read '{folder / 'schema.sql'}'"], check=True, cwd=folder)
        shape = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        found = []
        for path in (fresh, folder / "app.db"):
            db = sqlite3.connect(path)
            found.append((db.execute(shape).fetchall(), db.execute("PRAGMA user_version").fetchone(), db.execute("PRAGMA application_id").fetchone()))
            db.close()
        self.assertEqual(found[0], found[1])

    def test_several_databases_are_one_bundle_and_come_back_together(self):
        other = self.work / "sub" / "app.db"
        other.parent.mkdir()
        stories.create_ledger(other, rows=50, journal="delete").close()
        self.backup(self.database, other)
        archive = self.root / "both.tar.zst"
        self.call("bundle", 2, "--to", archive)
        target = self.root / "target"
        self.call("restore", "--from", archive, "--only", other, "--to", target / "one.db", use_repository=False)
        self.assertEqual(stories.sha256_of(target / "one.db"), stories.sha256_of(other))
        kept = stories.content_hash(self.database), stories.content_hash(other)
        for path in (self.database, other):
            with sqlite3.connect(path) as db:
                db.execute("DELETE FROM ledger")
            db.close()
        report = self.call("restore", "--from", archive).json
        self.assertEqual((stories.content_hash(self.database), stories.content_hash(other)), kept)
        self.assertEqual(len(report["databases"]), 2)
        self.assertEqual(report["proven_by"], ["metadata", "metadata"])

    def test_restores_verifies_and_adopts(self):
        archive = self.root / "app.tar.zst"
        self.call("bundle", 1, "--to", archive)
        self.assertTrue(self.call("verify", archive, use_repository=False).json["good"])
        with sqlite3.connect(self.database) as db:
            db.execute("DELETE FROM ledger")
        db.close()
        self.call("restore", "--from", archive)
        self.assertEqual(stories.content_hash(self.database), self.good)
        elsewhere = self.root / "elsewhere"
        self.call("init", "-r", elsewhere, use_repository=False)
        adopted = self.call("adopt", archive, "--for", self.database, "-r", elsewhere, use_repository=False).json["backups"][0]
        shown = self.call("show", 1).json["backup"]
        self.assertEqual((adopted["time"], adopted["comment"], adopted["kind"], adopted["time_from"]), (shown["time"], "for you", "manual", "metadata"))

    def test_gpg_and_age_open_what_is_encrypted(self):
        home = self.root / "g"
        home.mkdir(mode=0o700)
        self.environment["GNUPGHOME"] = str(home)
        self.addCleanup(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)
        secret, key = self.root / "secret", self.root / "key"
        secret.write_text("correct horse\n")
        subprocess.run(["age-keygen", "-o", key], check=True, capture_output=True)
        recipient = subprocess.run(["age-keygen", "-y", key], check=True, capture_output=True, text=True).stdout.strip()
        plain = self.root / "plain.tar.zst"
        self.call("bundle", 1, "--to", plain)
        by_gpg, by_age = self.root / "app.tar.zst.gpg", self.root / "app.tar.zst.age"
        self.assertEqual(self.call("bundle", 1, "--to", by_gpg, "--passphrase-file", secret).json["encrypted"], "gpg")
        self.assertEqual(self.call("bundle", 1, "--to", by_age, "--encrypt-for", recipient).json["encrypted"], "age")
        opened = subprocess.run(["gpg", "--batch", "-q", "--pinentry-mode", "loopback", "--passphrase-file", secret, "-d", by_gpg], check=True, capture_output=True, env=self.environment).stdout
        self.assertEqual(opened, plain.read_bytes())
        self.assertEqual(subprocess.run(["age", "-d", "-i", key, by_age], check=True, capture_output=True).stdout, plain.read_bytes())
        self.assertEqual(by_gpg.stat().st_mode & 0o777, 0o600)
        self.call("restore", "--from", by_age, "--age-identity", key, "--to", self.root / "back.db")
        self.assertEqual(stories.sha256_of(self.root / "back.db"), self.sha256)
        self.call("bundle", 1, "--to", self.root / "x.tar.zst.gpg", "--encrypt-for", "nobody@nowhere.example", code=2)
        self.call("bundle", 1, "--to", self.root / "x.zip", code=2)
        self.assertFalse(list(self.root.glob("*x.*")) + list(self.root.glob(".*.new")))


if __name__ == "__main__":
    stories.main()
