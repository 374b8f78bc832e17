"""What lies in a backup: files lists it as find does, cat and restore --path give it back, and diff tells what has changed."""

import os
import pathlib
import shutil
import stat
import subprocess

import stories

NAMES = [b"plain.txt", b"with space", b"new\nline", b"tab\there", b"\xff\xfe raw", "Gr\u00fc\u00dfe".encode(), b"-rf", b"quote'\"", b"*", b"$HOME"]


def tree_of(folder):
    """{path below: what find and cat say of it}, as bytes."""
    found = {}
    top = os.fsencode(folder)
    for path, folders, files in os.walk(top):
        for name in folders + files:
            whole = os.path.join(path, name)
            status = os.lstat(whole)
            kind = "link" if stat.S_ISLNK(status.st_mode) else "folder" if stat.S_ISDIR(status.st_mode) else "file"
            content = os.readlink(whole) if kind == "link" else pathlib.Path(os.fsdecode(whole)).read_bytes() if kind == "file" else b""
            found[whole[len(top) + 1:]] = (kind, stat.S_IMODE(status.st_mode), status.st_mtime_ns, content)
    return found


class TheFilesOfASet(stories.Story):
    def setUp(self):
        super().setUp()
        stories.create_ledger(self.database).close()
        self.folder = self.work / "memory"
        (self.folder / "empty" / "in it").mkdir(parents=True)
        for i, name in enumerate(NAMES):
            self.write(name, os.urandom(10 + 7 * i))
        self.write(b"large.index", self.random.randbytes(900_000))
        self.write(b"none", b"")
        os.symlink("../app.db", self.folder / "link")
        os.symlink("nowhere", os.fsencode(self.folder) + b"/link \xfe")
        many = self.folder / "many"
        many.mkdir()
        for i in range(10_000):
            (many / f"{i:05}.md").write_text(f"note {i}\n")
        (self.work / "holdfast.toml").write_text('[source.app]\ndatabases = ["app.db"]\n[[source.app.companions]]\npath = "memory"\n')
        self.call("init")
        self.number = self.backed_up()

    def write(self, name, content):
        pathlib.Path(os.fsdecode(os.fsencode(self.folder) + b"/" + name)).write_bytes(content)

    def backed_up(self):
        self.call("backup", "app.db")
        return self.call("list").json["backups"][0]["number"]

    def raw(self, *words, code=0):
        done = subprocess.run(self.command(*words), capture_output=True, cwd=self.work, env=self.environment, timeout=120)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_files_lists_what_find_finds(self):
        answer = self.call("files", self.number).json
        top = os.fsencode(self.folder)
        listed = {}
        for entry in answer["entries"]:
            path = bytes.fromhex(entry["path_hex"]) if "path_hex" in entry else os.fsencode(entry["path"])
            target = bytes.fromhex(entry["link_target_hex"]) if "link_target_hex" in entry else os.fsencode(entry["link_target"])
            if path.startswith(top + b"/"):
                listed[path[len(top) + 1:]] = (entry["kind"], entry["mode"], entry["size"], target)
        expected = {path: (kind, mode, len(content) if kind == "file" else 0, content if kind == "link" else b"") for path, (kind, mode, _, content) in tree_of(self.folder).items()}
        self.assertEqual(listed, expected)
        database = next(entry for entry in answer["entries"] if entry["kind"] == "database")
        self.assertEqual(database["pages"] * 4096, self.database.stat().st_size)
        lines = self.raw("files", self.number).stdout.splitlines()
        self.assertEqual(len(lines), len(expected) + 2, "a line each, whatever is in a name")
        self.assertIn(os.fsencode(self.folder) + rb"/new\x0aline", lines)
        longs = self.raw("files", self.number, "memory", "--depth", "1", "--long").stdout.decode()
        self.assertRegex(longs, r"lrwxrwxrwx .*/memory/link -> \.\./app\.db\n")
        self.assertRegex(longs, r"-rw.* 900000  .*/memory/large\.index\n")

    def test_listing_is_quick_and_takes_little_memory(self):
        self.skip_if_sanitized()
        self.assertLess(self.peak_of("files", self.number, "--json"), 64 * 1024 * 1024)
        found = self.call("files", self.number, "--find", "0999?.md").json
        self.assertEqual(sorted(pathlib.Path(entry["path"]).name for entry in found["entries"]), [f"0999{i}.md" for i in range(10)])

    def test_cat_gives_every_file_to_the_byte_and_nothing_else(self):
        for path, (kind, _, _, content) in tree_of(self.folder).items():
            if kind != "file" or path.startswith(b"many/") and path != b"many/04711.md":
                continue
            done = self.raw("cat", self.number, os.fsdecode(os.fsencode(self.folder) + b"/" + path))
            self.assertEqual(done.stdout, content, path)
            self.assertEqual(done.stderr, b"")
        self.assertEqual(self.raw("cat", f"{self.number}:memory/large.index", "--json").stdout, (self.folder / "large.index").read_bytes())
        (self.work / "copy.db").write_bytes(self.raw("cat", f"{self.number}:app.db").stdout)
        self.assertEqual(stories.prove(self.work / "copy.db"), 200)
        self.assertEqual(stories.sha256_of(self.work / "copy.db"), self.call("show", self.number).json["members"][0]["sha256"])
        link = self.raw("cat", f"{self.number}:memory/link", code=2)
        self.assertEqual(link.stdout, b"")
        self.assertIn(b"../app.db", link.stderr)

    def test_a_reader_that_has_enough_ends_it_quietly(self):
        for words in (("cat", f"{self.number}:memory/large.index"), ("files", str(self.number))):
            program = subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.work, env=self.environment)
            self.assertEqual(len(program.stdout.read(10)), 10)
            program.stdout.close()
            self.assertEqual(program.stderr.read(), b"")
            program.stderr.close()
            self.assertLess(program.wait(60), 1, "ended by the pipe, or done before")

    def test_a_terminal_is_spared_what_is_no_text(self):
        self.write(b"binary", b"\0\1\2")
        number = self.backed_up()
        leader, follower = os.openpty()
        done = subprocess.run(self.command("cat", f"{number}:memory/binary"), stdout=follower, stderr=subprocess.PIPE, cwd=self.work, env=self.environment)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"it is a terminal", done.stderr)
        text = subprocess.run(self.command("cat", f"{number}:memory/many/00001.md"), stdout=follower, stderr=subprocess.PIPE, cwd=self.work, env=self.environment)
        self.assertEqual(text.returncode, 0, text.stderr)
        os.close(follower)
        self.assertIn(b"note 1", os.read(leader, 100))
        os.close(leader)

    def test_paths_come_back_as_a_whole_restore_would_lay_them_out(self):
        whole, some = self.work / "whole", self.work / "some"
        self.call("restore", self.number, "--to", whole)
        for name in ("many", "large.index", "empty", "link"):
            self.call("restore", self.number, "--path", f"memory/{name}", "--to", some)
        expected = {path: told for path, told in tree_of(whole / "memory").items() if path.split(b"/")[0] in (b"many", b"large.index", b"empty", b"link")}
        self.assertEqual(tree_of(some / "memory"), expected)
        self.assertEqual(expected, {path: told for path, told in tree_of(self.folder).items() if path in expected})
        self.call("restore", self.number, "--path", self.folder / "large.index", "--to", self.work / "one file")
        self.assertEqual(stories.sha256_of(self.work / "one file"), stories.sha256_of(self.folder / "large.index"))
        refused = self.call("restore", self.number, "--path", "memory/larg.index", "--to", self.work / "x", code=5)
        self.assertIn("large.index", refused.error["advice"])

    def test_diff_tells_what_has_changed(self):
        before = tree_of(self.folder)
        for i in range(0, 10_000, 500):
            (self.folder / "many" / f"{i:05}.md").write_text("another")
        shutil.move(self.folder / "large.index", self.folder / "empty" / "moved.index")
        self.write(b"fresh \xfe", b"f")
        os.remove(self.folder / "none")
        os.chmod(self.folder / "plain.txt", 0o600)
        after = tree_of(self.folder)
        expected = {("added", b"fresh \xfe"), ("removed", b"none"), ("renamed", b"empty/moved.index"), ("changed", b"plain.txt")}
        expected |= {("changed", path) for path in before.keys() & after.keys() if before[path][3] != after[path][3]}
        top = os.fsencode(self.folder) + b"/"

        def told(*words):
            text = self.raw("diff", *words).stdout
            signs = {b"+": "added", b"-": "removed", b"~": "changed", b">": "renamed"}
            found = set()
            for line in text.split(b"    ")[1:]:
                sign, rest = line.split(b"\n")[0].split(b" ", 1)
                path = rest.split("\u2192 ".encode())[-1] if sign == b">" else rest
                path = path.split(b"  ")[0].replace(top, b"").replace(rb"\xfe", b"\xfe")
                found.add((signs[sign], path))
            return found

        self.assertEqual(told(str(self.number)), expected)
        second = self.backed_up()
        self.assertEqual(told(str(self.number), str(second)), expected)
        self.assertTrue(self.call("diff", second).json["equal"])
        self.call("diff", self.number, second, "--exit-code", code=15)
        self.assertEqual(self.call("diff", self.number, second, "--stat").json["companions"]["files"], [])


if __name__ == "__main__":
    stories.main()
