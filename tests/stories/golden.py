"""Repositories that released versions wrote (tests/golden/) are read by this one: every backup gives what SQLite and SHA-256 told
of it when it was made. And they are written on: what was there stays."""

import importlib.util
import json
import pathlib
import shutil

import stories

GOLDEN = pathlib.Path(__file__).parent.parent / "golden"
spec = importlib.util.spec_from_file_location("make", GOLDEN / "make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


class Golden(stories.Story):
    def versions(self):
        """Each of them in a copy: (flags, what is expected of its backups)."""
        folders = sorted(folder for folder in GOLDEN.iterdir() if folder.is_dir() and folder.name.startswith("v"))
        self.assertGreaterEqual(len(folders), 2, "nothing to read")
        password = self.root / "password"
        password.write_text(make.PASSWORD)
        for folder in folders:
            self.repository = self.root / folder.name
            shutil.copytree(folder / "repository", self.repository)
            expected = json.loads((folder / "expected.json").read_text())
            self.assertGreaterEqual(len(expected), 3)
            yield ["--password-file", password] if folder.name.endswith("-sealed") else [], expected

    def assert_restores(self, flags, expected):
        for number, there in expected.items():
            target = self.root / f"{self.repository.name} {number} {self.random.randrange(10**9)}"
            self.call("restore", number, "--to", target, *flags)
            found = make.look(target)
            redacted = (target / ".env").read_text()
            self.assertIn("PORT=8080", redacted)
            self.assertNotIn("golden-secret", redacted)
            found.pop(".env")
            self.assertEqual(found, there, f"{self.repository.name} #{number}")

    def test_every_backup_of_every_version_comes_back(self):
        for flags, expected in self.versions():
            listed = self.call("list", *flags).json["backups"]
            self.assertEqual([str(backup["number"]) for backup in listed], sorted(expected, key=int, reverse=True))
            by_number = {backup["number"]: backup for backup in listed}
            self.assertEqual(by_number[1]["comment"], "the first")
            self.assertEqual(by_number[3]["comment"], "annotated")
            self.assertIn("golden=1", json.dumps(by_number[1]["tags"]))
            self.assertEqual(self.call("verify", "--all", "--level", "opened", *flags).json["damage"], [])
            self.assert_restores(flags, expected)

    def test_a_byte_that_is_another_is_found(self):
        for flags, _ in self.versions():
            pack = max(self.repository.glob("packs/*/*"), key=lambda path: path.stat().st_size)
            content = bytearray(pack.read_bytes())
            content[len(content) // 2] ^= 1
            pack.chmod(0o600)
            pack.write_bytes(content)
            self.call("verify", "--all", "--level", "hashed", *flags, code=4)

    def test_this_version_goes_on_with_them(self):
        stories.create_ledger(self.database).close()
        for flags, expected in self.versions():
            number = self.call("backup", self.database, *flags).json["number"]
            self.assertEqual(number, 5)
            self.call("forget", 4, *flags)
            self.call("prune", "--grace", "0", *flags)
            self.assertEqual(self.call("verify", "--all", "--level", "hashed", *flags).json["damage"], [])
            self.assert_restores(flags, {number: there for number, there in expected.items() if number != "4"})
            target = self.root / f"restored {self.repository.name}.db"
            self.call("restore", number, "--to", target, *flags)
            self.assertEqual(stories.prove(target), 200)


if __name__ == "__main__":
    stories.main()
