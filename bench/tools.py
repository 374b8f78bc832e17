"""The programs compared, each behind the same few verbs: start afresh, back up, restore, how much is stored."""

import os
import shutil

from measure import run, tree_size


class Tool:
    """A way to back up one database. `folder` is all its own: repository, caches, keys."""

    name = ""
    incremental = True   # keeps a repository and stores what changed; otherwise each backup is a whole copy

    def __init__(self, work, database):
        self.folder = os.path.join(work, self.name.replace(" ", "-").replace(".", ""))
        self.database = database
        self.environment = dict(os.environ)

    def reset(self):
        """Nothing is stored and no cache is left. Not measured."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.initialise()

    def initialise(self):
        pass

    def before_backup(self):
        """What a backup needs to be possible; not measured."""

    def backup(self):
        self.before_backup()
        return run(self.backup_command(), self.folder, self.environment)

    def restore(self, target):
        """Writes the newest backup below the folder `target`, which is new; returns what was measured and the file."""
        os.makedirs(target)
        measured = run(self.restore_command(target), target, self.environment)
        return measured, self.restored_file(target)

    def restored_file(self, target):
        """Programs that keep whole paths restore them below the target."""
        return os.path.join(target, self.database.lstrip("/"))

    def stored(self):
        return tree_size(self.folder)


class Copy(Tool):
    """cp, and sync for the restore: the plainest thing that can be done."""

    name = "cp"
    incremental = False

    def copy(self):
        return os.path.join(self.folder, "copy.db")

    def before_backup(self):
        if os.path.exists(self.copy()):
            os.unlink(self.copy())

    def backup_command(self):
        return ["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", self.database, self.copy()]

    def restore_command(self, target):
        return ["sh", "-c", 'cp "$1" "$2" && sync "$2"', "sh", self.copy(), os.path.join(target, "copy.db")]

    def restored_file(self, target):
        return os.path.join(target, "copy.db")


class ShellBackup(Copy):
    name = ".backup"

    def backup_command(self):
        return ["sqlite3", self.database, f".backup '{self.copy()}'"]


class VacuumInto(Copy):
    name = "VACUUM INTO"

    def backup_command(self):
        return ["sqlite3", self.database, f"VACUUM INTO '{self.copy()}'"]


class Restic(Tool):
    name = "restic"

    def initialise(self):
        self.environment.update(RESTIC_PASSWORD="benchmark", RESTIC_REPOSITORY=os.path.join(self.folder, "repository"),
                                RESTIC_CACHE_DIR=os.path.join(self.folder, "cache"))
        run(["restic", "-q", "init"], self.folder, self.environment)

    def backup_command(self):
        return ["restic", "-q", "backup", self.database]

    def restore_command(self, target):
        return ["restic", "-q", "restore", "latest", "--target", target]

    def stored(self):
        return tree_size(os.path.join(self.folder, "repository"))


class Borg(Tool):
    name = "borg"
    archive = 0

    def initialise(self):
        self.archive = 0
        self.environment.update(BORG_PASSPHRASE="benchmark", BORG_REPO=os.path.join(self.folder, "repository"),
                                BORG_BASE_DIR=os.path.join(self.folder, "base"))
        run(["borg", "init", "--encryption", "repokey"], self.folder, self.environment)

    def before_backup(self):
        self.archive += 1

    def backup_command(self):
        return ["borg", "create", "--compression", "zstd,3", f"::{self.archive}", self.database]

    def restore_command(self, target):
        return ["borg", "extract", f"::{self.archive}"]

    def stored(self):
        return tree_size(os.path.join(self.folder, "repository"))


class Holdfast(Tool):
    name = "holdfast"
    program = "holdfast"
    init_options = ()

    def repository(self):
        return os.path.join(self.folder, "repository")

    def initialise(self):
        for name in [name for name in self.environment if name.startswith("HOLDFAST_")]:
            del self.environment[name]
        self.environment["XDG_CACHE_HOME"] = os.path.join(self.folder, "cache")
        self.environment["XDG_STATE_HOME"] = os.path.join(self.folder, "state")
        run(self.command("init", *self.init_options), self.folder, self.environment)

    def command(self, verb, *words):
        return [self.program, verb, "-r", self.repository(), *self.keys(), *words]

    def keys(self):
        return ()

    def run(self, verb, *words):
        return run(self.command(verb, *words), self.folder, self.environment)

    def backup_command(self):
        return self.command("backup", self.database, "--json")

    def restore_command(self, target):
        return self.command("restore", "latest", "--to", os.path.join(target, "restored.db"), "--no-check", "--json")

    def restored_file(self, target):
        return os.path.join(target, "restored.db")

    def stored(self):
        return tree_size(self.repository())


class HoldfastSealed(Holdfast):
    name = "holdfast sealed"
    init_options = ("--encrypt",)

    def keys(self):
        return ("--key-file", os.path.join(self.folder, "key"))


ALL = (Copy, ShellBackup, VacuumInto, Restic, Borg, Holdfast, HoldfastSealed)
