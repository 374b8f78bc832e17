"""Several programs at once on one repository, and one that sleeps in the middle while others go on."""

import signal
import time

import stories


class Together(stories.Story):
    def test_two_backups_and_a_prune_at_once(self):
        self.init()
        other = self.work / "other.db"
        stories.create_ledger(self.database, rows=800).close()
        stories.create_ledger(other, rows=800).close()
        writer = self.writer(pause=0.0005)
        acknowledged = set()
        for turn in range(12):
            running = [self.start("backup", self.database), self.start("backup", other), self.start("prune", "--grace", "0")]
            reports = []
            for process in running:
                out, err = process.communicate(timeout=120)
                self.assertEqual(process.returncode, 0, err)
                reports.append(stories.json.loads(out))
            acknowledged |= {reports[0]["number"], reports[1]["number"]}
            if turn % 3 == 2:
                gone = self.random.choice(sorted(acknowledged))
                self.call("forget", gone)
                acknowledged.discard(gone)
        writer.stop()
        self.assertEqual(set(self.numbers()), acknowledged)
        self.verify_all(level="opened")
        for number in acknowledged:
            self.prove_backup(number)

    def test_a_backup_that_sleeps_anywhere_while_prune_runs(self):
        self.init()
        db = stories.create_ledger(self.database, rows=2000)
        longest = 0.12
        committed = slept = 0
        for turn in range(40):
            db.execute("BEGIN")
            stories.append(db, 40)
            db.execute("COMMIT")
            sleeper = self.start("backup", self.database)
            time.sleep(self.random.random() * longest)
            sleeper.send_signal(signal.SIGSTOP)
            slept += sleeper.poll() is None
            for number in self.numbers()[1:]:
                self.call("forget", number)
            self.call("prune", "--grace", "0", "--wait", "0")
            sleeper.send_signal(signal.SIGCONT)
            out, err = sleeper.communicate(timeout=120)
            if sleeper.returncode == 0:
                committed += 1
                self.prove_backup(stories.json.loads(out)["number"])
            else:
                self.assertEqual(stories.json.loads(err.strip().splitlines()[-1])["error"]["code"], "busy", err)
        db.close()
        self.verify_all(level="opened")
        self.assertGreater(slept, 0)
        self.assertGreater(committed, 0)
        print(f"{slept} slept, {committed} committed")

    def test_a_restore_that_sleeps_while_its_backup_is_pruned(self):
        self.init()
        db = stories.create_ledger(self.database, rows=4000)
        for _ in range(12):
            db.execute("BEGIN")
            stories.append(db, 400)
            db.execute("COMMIT")
            number = self.backup()["number"]
            target = self.root / f"copy {number}.db"
            sleeper = self.start("restore", number, "--to", target)
            time.sleep(self.random.random() * 0.05)
            sleeper.send_signal(signal.SIGSTOP)
            self.backup()
            self.call("forget", number)
            self.call("prune", "--grace", "0", "--wait", "0")
            sleeper.send_signal(signal.SIGCONT)
            _, err = sleeper.communicate(timeout=120)
            if sleeper.returncode == 0:
                stories.prove(target)
            else:
                self.assertEqual(stories.json.loads(err.strip().splitlines()[-1])["error"]["code"], "not_found", err)
                self.assertFalse(target.exists())
        db.close()


if __name__ == "__main__":
    stories.main()
