"""What rig relies on of a file system, tried in a folder with a blank and an umlaut in its name."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import filelock

#: Tries to take a lock that somebody else has.
_GRAB = "import filelock, sys; filelock.FileLock(sys.argv[1]).acquire(timeout=0)"


def replaces(folder: Path) -> str:
    """Put a synced file in the place of another at once."""
    old, new = folder / "töne.bin", folder / "töne.bin.new"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    descriptor = os.open(new, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)
    new.replace(old)
    if old.read_bytes() != b"new" or new.exists():
        raise OSError("the new file did not take the old one's place")
    return "replaced at once, synced"


def locks(folder: Path) -> str:
    """Take a lock that another process then cannot have, and let it go."""
    path = folder / "lock"
    command = [sys.executable, "-c", _GRAB, str(path)]
    with filelock.FileLock(path):
        held = subprocess.run(command, capture_output=True, check=False)
    free = subprocess.run(command, capture_output=True, check=False)
    if held.returncode == 0 or free.returncode != 0:
        raise OSError("a lock keeps nobody out, or is not let go")
    return "one process at a time"


def journals(folder: Path) -> str:
    """Write a database with a log beside it, which somebody reads at the same time."""
    path = folder / "journal.db"
    writer = sqlite3.connect(path, isolation_level=None)
    try:
        mode = writer.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        writer.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY)")
        writer.execute("INSERT INTO facts VALUES (1)")
        # The URI is how a journal is opened to be read, and paths differ most in it.
        reader = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        count = reader.execute("SELECT count(*) FROM facts").fetchone()[0]
        reader.close()
    finally:
        writer.close()
    if count != 1:
        raise OSError("what was written was not read")
    return f"SQLite {sqlite3.sqlite_version}, {mode}"
