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

    def test_no_file_gets_a_name_that_lies(self):
        for words, advice in (((self.root / "x.db.gz",), "x.db"), ((self.root / "x.db.zst", "--compress", "gzip"), "x.db.gz"),
                              ((self.root / "x.db", "--compress", "zstd"), "x.db.zst"), ((self.root / "x.db.age",), "x.db"), ((self.root / "x.zip", "--schema-only"), "x"),
                              ((self.root / "x.tar.gz", "--compress", "gzip"), "x.gz")):
            error = self.call("restore", 1, "--to", *words, code=2).error
            self.assertTrue(error["advice"].strip("'").endswith("/" + advice), error)
        self.assertIn("--compress gzip; or", self.call("restore", 1, "--to", self.root / "x.db.gz", code=2).error["advice"])
        self.call("restore", "--from", self.database, "--to", self.root / "x.db.gz", code=2)
        self.assertEqual([path.name for path in self.root.glob("x*")], [])
        folder = self.root / "folder.gz"
        folder.mkdir()
        self.call("restore", 1, "--to", folder)
        self.assertEqual(stories.sha256_of(folder / self.database.name), self.sha256)


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
        self.assertEqual(report["proven_by"], ["metadata"])

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
        for name, words, advice in (("x.tar.zst.age", (), "--encrypt-for RECIPIENT, or --passphrase-file FILE; or"), ("x.tar.gz.gpg", (), "--encrypt-for"),
                                    ("x.tar.zst", ("--encrypt-for", recipient), "x.tar.zst.age"), ("x.tar.gz", ("--passphrase-file", secret), "x.tar.gz.gpg"),
                                    ("x.tar.zst.gpg", ("--encrypt-for", recipient), "x.tar.zst.age"), ("x.tgz.age", ("--passphrase-file", secret), "x.tar.gz.gpg")):
            error = self.call("bundle", 1, "--to", self.root / name, *words, code=2).error
            self.assertIn(advice, error["advice"])
        self.call("bundle", 1, "--to", self.root / "x.tar.zst.gpg", "--encrypt-for", "nobody@nowhere.example", code=2)
        self.call("bundle", 1, "--to", self.root / "x.zip", code=2)
        self.assertFalse(list(self.root.glob("*x.*")) + list(self.root.glob(".*.new")))


class WhatGoesAlong(stories.Story):
    """Settings files, logs, figures, and columns that are not for everybody."""

    def setUp(self):
        super().setUp()
        db = sqlite3.connect(self.database)
        db.executescript("CREATE TABLE contacts(id INTEGER PRIMARY KEY, email TEXT UNIQUE, phone TEXT);"
                         "CREATE VIRTUAL TABLE words USING fts5(email, content='contacts', content_rowid='id');"
                         "CREATE TRIGGER told AFTER INSERT ON contacts BEGIN INSERT INTO words(rowid, email) VALUES (new.id, new.email); END;")
        db.executemany("INSERT INTO contacts(email, phone) VALUES(?, ?)", [(f"zebra{n}@example.org", f"555-{n:04}") for n in range(2000)])
        db.commit()
        db.close()
        (self.work / ".env").write_text("PORT=3000\nDB_PASSWORD=hunter2\nURL=postgres://me:hunter3@db/app\n")
        (self.work / "logs").mkdir()
        self.settings = self.work / "holdfast.toml"
        self.init()
        self.settings.write_text(f'[repository]\npath = "{self.repository}"\n[bundle]\nfiles = [".env"]\nlogs = ["logs/*.log"]\n'
                                 'metrics = "echo requests 17"\n[bundle.scrub]\n"contacts.email" = "hash"\n"contacts.phone" = "mask"\n"later.on" = "null"\n')
        self.backup(self.database)
        first = self.call("list").json["backups"][0]["time"]
        with sqlite3.connect(self.database) as db:
            db.execute("INSERT INTO contacts(email) VALUES('quagga@example.org')")
        db.close()
        (self.work / "logs" / "app.log").write_text(f"2001-01-01T00:00:00Z long ago\n{first[:-1]}999Z token=hunter4 just after\n  and more of it\n2199-01-01T00:00:00Z later\n")
        self.backup(self.database)

    def unpacked(self, *words):
        archive = self.root / "b.tar.gz"
        report = self.call("bundle", 2, "--to", archive, "--force", *words).json
        folder = self.root / "unpacked"
        subprocess.run(["rm", "-rf", folder], check=True)
        folder.mkdir()
        subprocess.run(["tar", "-C", folder, "-xzf", archive], check=True)
        return report, folder, archive

    def test_secrets_stay_here(self):
        report, folder, _ = self.unpacked("--with", "all")
        self.assertEqual((folder / "files" / ".env").read_text(), "PORT=3000\nDB_PASSWORD=[removed]\nURL=postgres://me:[removed]@db/app\n")
        log = (folder / "logs" / "logs" / "app.log").read_text()
        self.assertIn("token=[removed]", log)
        self.assertIn("and more of it", log)
        self.assertNotIn("long ago", log)
        self.assertNotIn("later", log)
        everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        for secret in (b"hunter", b"zebra", b"quagga", b"555-"):
            self.assertNotIn(secret, everything)
        removed = json.loads((folder / "removed.json").read_text())
        self.assertEqual([(one["member"], one["line"], one["key"]) for one in removed],
                         [("files/.env", 2, "DB_PASSWORD"), ("files/.env", 3, ""), ("logs/logs/app.log", 1, "token")])
        self.assertEqual(len(report["removed"]), 3)
        self.assertEqual((folder / "metrics.txt").read_text(), "requests 17\n")
        self.assertEqual(json.loads((folder / "metrics.json").read_text())["databases"][0]["rows"], {"contacts": 2001})
        listed = {member["name"] for member in json.loads((folder / "metadata.json").read_text())["members"]}
        self.assertEqual(listed, {"app.db", "schema.sql", "files/.env", "logs/logs/app.log", "metrics.json", "metrics.txt", "removed.json"})

    def test_a_scrubbed_database_is_whole_the_same_every_time_and_can_be_restored(self):
        report, folder, archive = self.unpacked()
        self.assertEqual(sorted(report["scrubbed"]), ["app.db: contacts.email: hash, 2001 rows", "app.db: contacts.phone: mask, 2000 rows"])
        self.assertTrue(any("later.on" in warning for warning in report["warnings"]), report["warnings"])
        first = archive.read_bytes()
        self.assertEqual(self.unpacked()[2].read_bytes(), first)
        db = sqlite3.connect(folder / "app.db")
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        self.assertEqual(db.execute("SELECT count(DISTINCT email), count(DISTINCT phone) FROM contacts").fetchone(), (2001, 1))
        db.close()
        target = self.root / "restored.db"
        self.call("restore", "--from", archive, "--to", target)
        self.assertEqual(stories.sha256_of(target), stories.sha256_of(folder / "app.db"))
        before = stories.content_hash(self.database)
        self.assertIn("scrubbed", self.call("restore", "--from", archive, "--for", self.database, "--yes", code=2).err)
        self.assertEqual(stories.content_hash(self.database), before)
        self.assertIn("scrubbed", self.call("adopt", archive, "--for", self.database, code=2).err)

    def test_what_was_typed_is_not_in_a_scrubbed_bundle(self):
        self.call("exec", self.database, "UPDATE contacts SET phone = 'SECRETVALUE1'")
        self.call("bundle", "latest", "--to", self.root / "c.tar.gz")
        with gzip.open(self.root / "c.tar.gz") as archive:
            self.assertNotIn(b"SECRETVALUE1", archive.read())

    def test_only_who_asks_gets_the_columns_as_they_are(self):
        _, folder, _ = self.unpacked("--unscrubbed")
        self.assertEqual(stories.content_hash(folder / "app.db"), stories.content_hash(self.database))

    def test_what_would_be_given_away_by_a_slip_is_refused(self):
        text = self.settings.read_text()
        self.settings.write_text(text.replace("contacts.email", "contacts.mail"))
        self.assertIn("no such column", self.call("bundle", 2, "--to", self.root / "x.tar.gz", code=2).err)
        self.settings.write_text(text.replace('"hash"', '"mask"'))
        self.assertIn("choose hash", self.call("bundle", 2, "--to", self.root / "x.tar.gz", code=2).err)
        self.settings.write_text(text)
        (self.work / ".env").write_bytes(b"\x00\x01")
        self.assertIn("not a text", self.call("bundle", 2, "--to", self.root / "x.tar.gz", "--with", "files", code=2).err)
        self.assertIn("files, logs, metrics or all", self.call("bundle", 2, "--to", self.root / "x.tar.gz", "--with", "everything", code=2).err)
        self.assertFalse((self.root / "x.tar.gz").exists())


if __name__ == "__main__":
    stories.main()
