"""Damage in the repository: found, told with its extent, never handed out; and what is not lost with the index and caches."""

import shutil

import stories


class Damage(stories.Story):
    def make(self, *init_flags):
        self.init(*init_flags)
        db = stories.create_ledger(self.database, rows=150)
        states = {}
        for _ in range(3):
            db.execute("BEGIN")
            stories.append(db, 30)
            db.execute("COMMIT")
            states[self.backup()["number"]] = stories.content_hash(self.database)
        db.close()
        return states

    def objects(self):
        found = [path for path in sorted(self.repository.rglob("*"))
                 if path.is_file() and path.name not in ("reserve", ".gitignore") and path.relative_to(self.repository).parts[0] != "tmp"]
        self.assertGreater(len(found), 5)
        return found

    def restores_are_right_or_refused(self, states, flags=()):
        wrong = 0
        for number, state in states.items():
            target = self.root / "out.db"
            answer = self.call("restore", number, "--to", target, *flags, code=None)
            if answer.code == 0:
                self.assertEqual(stories.content_hash(target), state, "wrong bytes were handed out")
                target.unlink()
            else:
                self.assertFalse(target.exists(), "a failed restore left a file")
                wrong += 1
        return wrong

    def damage_each(self, states, change, flags=()):
        unseen = []
        for path in self.objects():
            good = path.read_bytes()
            change(path, good)
            shutil.rmtree(self.home / ".cache", ignore_errors=True)
            answer = self.call("verify", "--all", "--level", "hashed", *flags, code=None)
            if answer.code == 0:
                unseen.append(str(path.relative_to(self.repository)))
            self.restores_are_right_or_refused(states, flags)
            path.unlink(missing_ok=True)
            path.write_bytes(good)
        return unseen

    def test_a_flipped_bit_in_every_object_is_found(self):
        states = self.make()

        def flip(path, good):
            at = self.random.randrange(len(good))
            path.write_bytes(good[:at] + bytes([good[at] ^ (1 << self.random.randrange(8))]) + good[at + 1:])

        self.assertEqual(self.damage_each(states, flip), [])
        self.verify_all()

    def test_truncated_and_empty_objects_are_found(self):
        states = self.make()
        self.assertEqual(self.damage_each(states, lambda path, good: path.write_bytes(good[:self.random.randrange(len(good))])), [])
        self.assertEqual(self.damage_each(states, lambda path, good: path.write_bytes(b"")), [])

    def test_removed_objects_are_found(self):
        """All but what only a local memory can miss: the newest snapshot, a note."""
        states = self.make()
        newest = max(states)
        unseen = self.damage_each(states, lambda path, good: path.unlink())
        allowed = {f"snapshots/{newest}", f"snapshots/{newest}.copy"}
        self.assertEqual([name for name in unseen if not name.startswith("notes/") and name not in allowed], [])

    def test_sealed_repositories_too(self):
        key = self.root / "key"
        self.init("--encrypt", "--key-file", key)
        self.environment["HOLDFAST_KEY_FILE"] = str(key)
        db = stories.create_ledger(self.database, rows=150)
        states = {self.backup()["number"]: stories.content_hash(self.database)}
        db.close()

        def flip(path, good):
            at = self.random.randrange(len(good))
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])

        self.assertEqual(self.damage_each(states, flip), [])

    def test_damage_is_told_with_its_extent_and_tables(self):
        states = self.make()
        pack = max((path for path in self.objects() if "packs" in path.parts), key=lambda path: path.stat().st_size)
        good = bytearray(pack.read_bytes())
        good[len(good) // 2] ^= 0xFF
        pack.write_bytes(bytes(good))
        report = self.verify_all(code=4)
        self.assertFalse(report["good"])
        self.assertTrue(report["damage"])
        first = report["damage"][0]
        self.assertGreater(first["size"], 0)
        self.assertIn(pack.name, first["object"] + first["why"])
        self.assertTrue(set(states) & {damage["number"] for damage in report["damage"]})

    def test_without_index_and_caches_everything_restores(self):
        states = self.make()
        shutil.rmtree(self.repository / "index")
        shutil.rmtree(self.home / ".cache", ignore_errors=True)
        self.assertEqual(self.restores_are_right_or_refused(states), 0)
        self.assertGreater(self.backup()["number"], max(states))
        self.assertEqual(self.restores_are_right_or_refused(states), 0)


if __name__ == "__main__":
    stories.main()
