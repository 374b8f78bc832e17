"""kill -9 at random instants of backup, restore and prune, with a real writer: nothing acknowledged is ever lost."""

import sqlite3
import signal
import time

import stories


class KillNine(stories.Story):
    KILLS = 70

    def killed(self, *words, longest):
        """Starts the command and kills it somewhere; its report when it was faster."""
        process = self.start(*words)
        time.sleep(self.random.random() * longest)
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
        return stories.json.loads(out) if process.returncode == 0 and out else None

    def duration(self, *words):
        began = time.monotonic()
        self.call(*words)
        return time.monotonic() - began

    def check(self, acknowledged):
        listed = self.numbers()
        for number in acknowledged:
            self.assertIn(number, listed)
        for number in self.random.sample(sorted(acknowledged), min(2, len(acknowledged))):
            self.prove_backup(number)

    def test_backup(self):
        self.init()
        stories.create_ledger(self.database, rows=3000).close()
        longest = self.duration("backup", self.database) * 1.5
        writer = self.writer(pause=0.0005)
        acknowledged, finished = {1}, 0
        for kill in range(self.KILLS):
            report = self.killed("backup", self.database, longest=longest)
            if report:
                acknowledged.add(report["number"])
                finished += 1
            if kill % 14 == 13:
                self.check(acknowledged)
        writer.stop()
        self.verify_all()
        self.call("prune", "--grace", "0")
        self.check(acknowledged)
        self.verify_all(level="opened")
        print(f"backup: {self.KILLS} kills, {finished} had finished before")

    def test_restore_in_place(self):
        self.init()
        db = stories.create_ledger(self.database, rows=2000)
        self.backup()
        one = stories.content_hash(self.database)
        db.execute("BEGIN")
        stories.append(db, 500)
        db.execute("COMMIT")
        self.backup()
        two = stories.content_hash(self.database)
        db.close()
        longest = max(self.duration("restore", 1), self.duration("restore", 2)) * 1.3
        old = 0
        for kill in range(self.KILLS):
            self.killed("restore", 1 + kill % 2, longest=longest)
            self.call("restore", 1 + kill % 2, "--dry-run")
            state = self.state_after_recovery()
            self.assertIn(state, (one, two), "neither the old nor the new database")
            old += state == (two if kill % 2 == 0 else one)
        self.verify_all()
        print(f"restore: {self.KILLS} kills, {old} left the old database")

    def state_after_recovery(self):
        """As the application sees it when it opens the database again."""
        db = sqlite3.connect(self.database)
        self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        db.close()
        return stories.content_hash(self.database)

    def test_prune(self):
        self.init()
        db = stories.create_ledger(self.database, rows=500)
        keep = set()
        for kill in range(self.KILLS):
            db.execute("BEGIN")
            stories.append(db, 20)
            db.execute("COMMIT")
            number = self.backup()["number"]
            if kill % 3 == 0:
                keep.add(number)
            else:
                self.call("forget", number)
            self.killed("prune", "--grace", "0", longest=0.06)
            if kill % 14 == 13:
                self.check(keep)
        db.close()
        self.call("prune", "--grace", "0")
        self.assertEqual(set(self.numbers()), keep)
        self.verify_all(level="opened")
        for number in keep:
            self.prove_backup(number)
        print(f"prune: {self.KILLS} kills")


if __name__ == "__main__":
    stories.main()
