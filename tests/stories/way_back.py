"""The commands that holdfast prints are pasted into a shell, as they are: they must work, also where a repository is sealed."""

import json
import os
import pathlib
import re
import sqlite3
import subprocess

import stories


class WayBack(stories.Story):
    def setUp(self):
        super().setUp()
        (self.root / "it's a key").write_bytes(os.urandom(32))
        (self.root / "password").write_text("a password\n")
        programs = self.root / "bin"
        programs.mkdir()
        (programs / "holdfast").symlink_to(pathlib.Path(stories.PROGRAM).resolve())
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"

    def secrets(self):
        return {"key": ["--key-file", "../it's a key"], "password": ["--password-file", "../password"], "command": ["--password-command", "cat '" + str(self.root / "password") + "'"]}

    def sealed(self, name, flags):
        self.repository = self.root / f"sealed by {name}"
        self.database = self.work / f"{name}.db"
        stories.create_ledger(self.database, "delete").close()
        self.call("init", "--encrypt", *flags)

    def printed(self, *words, code=0):
        """What a person sees."""
        ran = subprocess.run(self.command(*words), capture_output=True, text=True, cwd=self.work, env=self.environment)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def paste(self, text, after):
        """The command behind these words, in another folder."""
        found = re.search(re.escape(after) + r"[^\n]*?\s*(holdfast .*)", text)
        self.assertIsNotNone(found, text)
        ran = subprocess.run(["bash", "-c", found[1]], capture_output=True, text=True, cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL)
        self.assertEqual(ran.returncode, 0, f"{found[1]}\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def delete_rows(self):
        db = sqlite3.connect(self.database)
        db.execute("DELETE FROM ledger")
        db.commit()
        db.close()

    def test_a_sealed_repository_is_opened_by_what_is_printed(self):
        for name, flags in self.secrets().items():
            with self.subTest(name):
                self.sealed(name, flags)
                state = stories.content_hash(self.database)
                out = self.printed("exec", self.database, "DELETE FROM ledger", *flags)
                undone = self.paste(out, "to go back:")
                self.assertEqual(stories.content_hash(self.database), state)
                self.paste(undone, "to go back:")  # the restore can be taken back as well
                self.assertEqual(sqlite3.connect(self.database).execute("SELECT count(*) FROM ledger").fetchone(), (0,))
                self.call("undo", *flags)
                self.assertEqual(stories.content_hash(self.database), state)
                broken = [str(self.database), "UPDATE ledger SET payload = 'x'"]
                script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute(sys.argv[2]); db.commit(); sys.exit(7)"
                out = self.printed("guard", "-r", self.repository, "--database", self.database, *flags, "--", "python3", "-c", script, *broken, code=7)
                self.paste(out, "to go back to backup")
                self.assertEqual(stories.content_hash(self.database), state)
                out = self.printed("guard", "-r", self.repository, "--restore-on-failure", "--database", self.database, *flags, "--", "python3", "-c", script, *broken, code=7)
                self.assertEqual(stories.content_hash(self.database), state)
                self.paste(out, "what it had left is backup")
                self.assertNotEqual(stories.content_hash(self.database), state)
                self.call("undo", *flags)

    def test_a_folder_in_place_of_a_file_is_taken_back(self):
        flags = self.secrets()["key"]
        self.sealed("key", flags)
        data = self.work / "data"
        (data / "sub").mkdir(parents=True)
        (data / "sub" / "notes").write_text("some notes")
        (self.work / "holdfast.toml").write_text('[source.key]\ndatabases = ["key.db"]\n[[source.key.companions]]\npath = "data"\n')
        self.call("backup", *flags)
        (data / "sub" / "notes").unlink()
        (data / "sub").rmdir()
        (data / "sub").write_text("a file")
        before = self.tree(data)
        out = self.printed("restore", 1, "--yes", *flags)
        self.assertTrue((data / "sub" / "notes").exists())
        undone = self.paste(out, "to go back:")
        self.assertEqual(self.tree(data), before)
        self.paste(undone, "to go back:")
        self.assertTrue((data / "sub" / "notes").exists())

    @staticmethod
    def tree(folder):
        return {path: path.read_text() if path.is_file() else None for path in folder.rglob("*")}

    def test_a_damaged_database_and_a_fresh_start(self):
        flags = self.secrets()["key"]
        self.sealed("key", flags)
        state = stories.content_hash(self.database)
        self.call("backup", self.database, *flags)
        with open(self.database, "r+b") as file:
            file.seek(4096 * 3)
            file.write(os.urandom(4096 * 4))
        self.paste(self.printed("maintain", "check", self.database, *flags, code=4), "is kept as a backup first\n")
        self.assertEqual(stories.content_hash(self.database), state)
        init = "python3 -c \"import sqlite3; sqlite3.connect('key.db').execute('CREATE TABLE a(b)')\""
        (self.work / "other settings.toml").write_text(f"[source.key]\ndatabases = [\"key.db\"]\ninit = {json.dumps(init)}\n")
        out = self.printed("fresh", "--yes", "--settings", "other settings.toml", *flags)
        self.assertNotEqual(stories.content_hash(self.database), state)
        self.paste(out, "to go back:")
        self.assertEqual(stories.content_hash(self.database), state)

    def test_a_backup_beside_the_database_is_in_no_sealed_repository(self):
        """Where the sealed one can take no safety backup, the one beside is opened without its key."""
        flags = self.secrets()["key"]
        self.sealed("key", flags)
        self.call("backup", self.database, *flags)
        self.delete_rows()
        empty = stories.content_hash(self.database)
        if os.geteuid() == 0:
            made = subprocess.run(["mount", "--bind", "-o", "ro", self.repository, self.repository], capture_output=True)
            if made.returncode != 0:
                self.skipTest("mounting is not allowed here")
            self.addCleanup(subprocess.run, ["umount", self.repository])
            subprocess.run(["mount", "-o", "remount,bind,ro", self.repository], check=True, capture_output=True)
        else:
            for folder in (self.repository, *filter(pathlib.Path.is_dir, self.repository.rglob("*"))):
                folder.chmod(0o500)
                self.addCleanup(folder.chmod, 0o700)
        out = self.printed("restore", 1, "--yes", *flags)
        self.assertIn(".holdfast-safety", out)
        self.paste(out, "to go back:")
        self.assertEqual(stories.content_hash(self.database), empty)


if __name__ == "__main__":
    stories.main()
