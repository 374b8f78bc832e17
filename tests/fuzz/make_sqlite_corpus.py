#!/usr/bin/env python3
"""Makes the seeds of the fuzz targets that read SQLite's files: small real ones, in tests/fuzz/corpus/."""
import os
import shutil
import sqlite3
import struct
import tempfile

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def keep(target, name, content):
    folder = os.path.join(CORPUS, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def connect(path, *settings):
    connection = sqlite3.connect(path, isolation_level=None)
    for setting in ("page_size=512", *settings):
        connection.execute(f"PRAGMA {setting}")
    return connection


def database(folder, name, settings, script):
    path = os.path.join(folder, name)
    connection = connect(path, *settings)
    connection.executescript(script)
    connection.close()
    return read(path)


def databases(folder):
    rows = "INSERT INTO t(s) VALUES " + ", ".join(f"('row {i}')" for i in range(60)) + ";"
    yield "plain", database(folder, "plain", [], "CREATE TABLE t(id INTEGER PRIMARY KEY, s UNIQUE);" + rows)
    yield "overflow", database(folder, "overflow", [], "CREATE TABLE t(s, b);" + rows + "INSERT INTO t(b) VALUES (zeroblob(1800));")
    yield "vacuumed", database(
        folder, "vacuumed", ["auto_vacuum=2", "secure_delete=1"],
        "CREATE TABLE t(s);" + rows + "CREATE TABLE gone(b); INSERT INTO gone VALUES (zeroblob(2500)); DROP TABLE gone;")
    yield "utf16", database(folder, "utf16", ["encoding='UTF-16be'"], "CREATE TABLE \"größe\"(k PRIMARY KEY) WITHOUT ROWID;")


def wide_database(folder):
    """More pages than are read at once, in two tables that grew in turn."""
    path = os.path.join(folder, "wide")
    connection = connect(path)
    connection.executescript("CREATE TABLE a(id INTEGER PRIMARY KEY, b); CREATE TABLE c(id INTEGER PRIMARY KEY, d);")
    connection.execute("BEGIN")
    for _ in range(150):
        connection.execute("INSERT INTO a(b) VALUES (zeroblob(230))")
        connection.execute("INSERT INTO c(d) VALUES (zeroblob(190))")
    connection.execute("COMMIT")
    connection.close()
    return read(path)


def wal_files(folder):
    path = os.path.join(folder, "wal")
    connection = connect(path, "journal_mode=WAL")
    connection.execute("CREATE TABLE t(s)")
    connection.execute("INSERT INTO t VALUES ('first')")
    connection.execute("INSERT INTO t VALUES ('second')")
    wal, index = read(path + "-wal"), read(path + "-shm")[:136]
    connection.close()
    return wal, index


def hot_journal(folder, setting):
    path = os.path.join(folder, "hot" + setting)
    connection = connect(path, "cache_size=2", f"synchronous={setting}")
    connection.executescript("CREATE TABLE t(id INTEGER PRIMARY KEY, b);" + "INSERT INTO t(b) VALUES (zeroblob(400));" * 12)
    connection.execute("BEGIN")
    connection.execute("UPDATE t SET b = randomblob(400)")
    journal = read(path + "-journal")
    connection.execute("ROLLBACK")
    connection.close()
    return journal


def main():
    folder = tempfile.mkdtemp()
    try:
        for name, content in databases(folder):
            keep("page_owners", name, content)
            keep("serve_image", name, content)
            keep("damaged_image", name, b"\x01\x03" + content)
            keep("database_header", name, content[:100])
        keep("database_header", "not_one", b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + b"-" * 80)
        for name, lost in (("whole", b"\x00"), ("lost_leaf", b"\x01\x21"), ("lost_much", b"\x04\x05\x40\x84\x90")):
            keep("damaged_image", name, lost + wide_database(tempfile.mkdtemp(dir=folder)))
        wal, index = wal_files(folder)
        keep("wal", "commits", struct.pack("<I", 2) + wal)
        keep("wal", "header_only", struct.pack("<I", 0) + wal[:32])
        keep("wal_index", "as_it_is", b"\0" + index)
        keep("wal_index", "summed", b"\1" + index)
        keep("rollback_journal", "segments", hot_journal(folder, "FULL"))
        keep("rollback_journal", "unsynced", hot_journal(folder, "OFF"))
        name = b"/tmp/a.db-mj012345678"
        tail = struct.pack(">I", 2097153) + name + struct.pack(">II", len(name), sum(name)) + bytes.fromhex("d9d505f920a163d7")
        keep("rollback_journal", "super", hot_journal(folder, "NORMAL")[:1600] + tail)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
