"""An application holds the database open, idle, while it is restored in place: it sees the restored state and goes on."""

import stories


class OpenApplication(stories.Story):
    def test_idle_through_a_restore_in_every_journal_mode(self):
        for journal in ("wal", "delete", "truncate", "persist", "memory", "off"):
            with self.subTest(journal=journal):
                self.init()
                db = stories.create_ledger(self.database, journal=journal, rows=300)
                self.backup()
                db.execute("BEGIN")
                stories.append(db, 200)
                db.execute("COMMIT")
                db.close()
                application = self.writer(journal=journal, extra=("idle",))
                self.assertEqual(application.count(), 500)
                report = self.call("restore", 1).json
                self.assertEqual(report["databases"][0]["route"], "transaction")
                self.assertGreater(report["databases"][0]["writers_blocked_ms"], 0)
                self.assertEqual(application.count(), 300, "the application does not see the restored state")
                self.assertEqual(application.ask("write")["count"], 301)
                application.stop()
                self.assertEqual(stories.prove(self.database), 301)
                self.assertEqual(self.prove_backup(report["safety_number"]), 500)
                self.doCleanups()
                self.setUp()

    def test_a_restore_while_the_application_writes_loses_no_commit(self):
        self.init()
        stories.create_ledger(self.database, rows=300).close()
        self.backup()
        writer = self.writer(pause=0.001)
        for _ in range(5):
            report = self.call("restore", 1, "--wait", "20").json
            held = self.prove_backup(report["safety_number"])
            self.assertGreaterEqual(held, 300)
            self.assertGreaterEqual(writer.count(), 300)
        writer.stop()
        stories.prove(self.database)


if __name__ == "__main__":
    stories.main()
