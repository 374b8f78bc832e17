"""A real writer commits all the time: every backup is a committed state, the writer keeps its locks and its speed."""

import time

import stories

MODES = ("wal", "delete", "truncate", "persist", "memory", "off")


class BusyWriter(stories.Story):
    def backups_while_writing(self, journal, extra=(), pause=0.0005):
        self.init()
        stories.create_ledger(self.database, journal=journal).close()
        writer = self.writer(journal=journal, extra=extra, pause=pause)
        counts = []
        for _ in range(8):
            before = writer.count()
            report = self.backup()
            after = writer.count()
            counts.append((report["number"], before, after))
        writer.stop()
        for number, before, after in counts:
            held = self.prove_backup(number)
            self.assertTrue(before <= held <= after, f"{journal}: #{number} holds {held}, committed were {before} to {after}")
        self.assertGreater(counts[-1][2], counts[0][1], "the writer did not write")
        self.assertGreaterEqual(stories.prove(self.database), counts[-1][2])

    def test_every_backup_is_a_committed_state(self):
        for journal in MODES:
            with self.subTest(journal=journal):
                self.backups_while_writing(journal)
                self.doCleanups()
                self.setUp()

    def test_while_the_writer_checkpoints(self):
        self.backups_while_writing("wal", extra=("checkpoint",))

    def test_the_writer_keeps_its_locks(self):
        self.init()
        stories.create_ledger(self.database).close()
        writer = self.writer(extra=("idle",))
        before = writer.locks()
        self.assertTrue(before, "an open WAL database holds locks")
        for _ in range(3):
            self.backup()
            self.assertEqual(writer.locks(), before)

    def test_nothing_is_left_beside_or_inside_the_database(self):
        for journal in ("wal", "delete"):
            with self.subTest(journal=journal):
                self.init()
                stories.create_ledger(self.database, journal=journal).close()
                before = self.listing()
                for _ in range(2):
                    self.backup()
                self.call("backup", self.database, "--full")
                self.assertEqual(self.listing(), before)
                self.doCleanups()
                self.setUp()

    def test_an_exclusive_application_gets_a_clear_answer(self):
        self.init()
        stories.create_ledger(self.database).close()
        self.writer(extra=("exclusive",))
        began = time.monotonic()
        answer = self.call("backup", self.database, code=None)
        self.assertEqual(answer.error["code"], "busy")
        self.assertLess(time.monotonic() - began, 60)
        self.assertIn("app.db", answer.error["message"])


if __name__ == "__main__":
    stories.main()
