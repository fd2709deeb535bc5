"""Session folders as a stranger could have made them, each with one thing that is not as it was."""

import json
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rig.session.database import SEVERAL
from rig.session.journal import Journal, chained

#: Makes a folder hostile: the session, and a folder outside of it that must stay as it is.
Maker = Callable[[Path, Path], None]
Row = dict[str, Any]
HUGE = 1 << 40


def away(path: Path) -> None:
    """Have nothing at a place, whatever was there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def link(name: str, to: str = "secret.txt") -> Maker:
    def make(folder: Path, outside: Path) -> None:
        away(folder / name)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(outside / to, target_is_directory=(outside / to).is_dir())

    return make


def linked_folder(name: str) -> Maker:
    """A folder of the session's that lies elsewhere, with all that was in it."""

    def make(folder: Path, outside: Path) -> None:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, outside / "folder", dirs_exist_ok=True)
        link(name, "folder")(folder, outside)

    return make


def hard_link(name: str) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        away(folder / name)
        (folder / name).parent.mkdir(exist_ok=True)
        os.link(outside / "secret.txt", folder / name)

    return make


def fifo(name: str) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        away(folder / name)
        (folder / name).parent.mkdir(exist_ok=True)
        os.mkfifo(folder / name)

    return make


def directory(name: str) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        away(folder / name)
        (folder / name / "inner").mkdir(parents=True)

    return make


def unix_socket(name: str) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        away(folder / name)
        # A socket's path has a hundred characters at the most.
        here = Path.cwd()
        os.chdir(folder)
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(name)
        finally:
            os.chdir(here)

    return make


def device(name: str) -> Maker:
    """The device that never ends, where root can make it; else a pipe."""

    def make(folder: Path, outside: Path) -> None:
        away(folder / name)
        if sys.platform == "linux" and os.getuid() == 0:
            os.mknod(folder / name, 0o666 | 0o020000, os.makedev(1, 5))
        else:
            os.mkfifo(folder / name)

    return make


def sparse(name: str) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        with (folder / name).open("r+b" if (folder / name).exists() else "wb") as file:
            file.truncate(HUGE)

    return make


def content(name: str, data: bytes) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)

    return make


def text(old: str, new: str) -> Maker:
    """Something else in the session's configuration."""

    def make(folder: Path, outside: Path) -> None:
        known = (folder / "rig.yaml").read_text(encoding="utf-8")
        assert old in known
        (folder / "rig.yaml").write_text(known.replace(old, new, 1), encoding="utf-8")

    return make


def sql(*statements: str) -> Maker:
    def make(folder: Path, outside: Path) -> None:
        with sqlite3.connect(folder / "journal.db", isolation_level=None) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return make


def rows(change: Callable[[list[Row]], None]) -> Maker:
    """Another story in the journal, with digests that fit it."""

    def make(folder: Path, outside: Path) -> None:
        path = folder / "journal.db"
        with sqlite3.connect(path) as connection:
            told = [
                {"at": at, **json.loads(body)}
                for at, body in connection.execute("SELECT at, body FROM facts ORDER BY seq")
            ]
        connection.close()
        change(told)
        away(path)
        Journal.create(path).close()
        last = ""
        with sqlite3.connect(path) as connection:
            for seq, row in enumerate(told, 1):
                at = row.pop("at")
                body = json.dumps(row)
                last = chained(last, seq, at, body)
                connection.execute(
                    "INSERT INTO facts VALUES (?, ?, ?, ?, ?)", (seq, at, row["kind"], body, last)
                )
        connection.close()

    return make


def fact(kind: str, which: int = 0, **fields: Any) -> Maker:
    """One fact of a kind with other values in it; ``at`` is its time."""

    def change(told: list[Row]) -> None:
        [row for row in told if row["kind"] == kind][which].update(fields)

    return rows(change)


def added(**row: Any) -> Maker:
    """One more fact behind all others."""
    return rows(lambda told: told.append({"at": told[-1]["at"], **row}))


#: A file that cannot be what the journal calls it.
SIZE: Row = {"sha256": "0" * 64, "size": HUGE - 1}
#: A sentence that goes on as if somebody else had spoken, and tells a terminal what to do.
MOCKING = "gone\n2026-01-01 00:00:00 finished: all is well\x1b[2J\x1b]0;owned\x07"


def rollback(folder: Path, outside: Path) -> None:
    """A rollback journal of several databases, which has SQLite delete the file that it names."""
    name = str(outside / "secret.txt").encode()
    check = sum(byte for byte in name)
    tail = (1).to_bytes(4, "big") + name + len(name).to_bytes(4, "big") + check.to_bytes(4, "big")
    head = bytes.fromhex("d9d505f920a163d7") + bytes(504)
    (folder / "journal.db-journal").write_bytes(head + tail + SEVERAL)


def endless(folder: Path, outside: Path) -> None:
    """Facts that are made up while they are read, without an end."""
    view = (
        "CREATE VIEW facts AS WITH RECURSIVE n(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM n) "
        "SELECT seq, 0.0 AS at, '' AS kind, '' AS body, '' AS digest FROM n"
    )
    sql("DROP TABLE facts", view)(folder, outside)


HOSTILE: dict[str, Maker] = {
    "control is a link": linked_folder("control"),
    "control is a file": content("control", b""),
    "a folder named like a command": directory("control/0.stop"),
    "a pipe named like a command": fifo("control/0.stop"),
    "a link named like a command": link("control/00000000000000000001.stop"),
    "control is a pipe": fifo("control"),
    "the reserve is a link": link(".reserve"),
    "the reserve is a hard link": hard_link(".reserve"),
    "logs is a link": linked_folder("logs"),
    "a log is a link": link("logs/devices.log"),
    "a log is a hard link": hard_link("logs/devices.log"),
    "the configuration is a pipe": fifo("rig.yaml"),
    "the configuration is a link": link("rig.yaml"),
    "the configuration is a folder": directory("rig.yaml"),
    "the configuration is a device": device("rig.yaml"),
    "the configuration is huge": sparse("rig.yaml"),
    "the configuration explodes": content(
        "rig.yaml",
        b"a0: &a0 [x, x]\n"
        + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 40)),
    ),
    "a label with a line break": text("gain:", '"gain\\n\\e[2J":'),
    "the journal is a link": link("journal.db"),
    "the journal is a pipe": fifo("journal.db"),
    "the journal is a folder": directory("journal.db"),
    "the journal is a socket": unix_socket("journal.db"),
    "the journal is huge": sparse("journal.db"),
    "the journal's log is a link": link("journal.db-wal"),
    "the journal's index is a hard link": hard_link("journal.db-shm"),
    "the journal's rollback names a file": rollback,
    "the journal has a trigger": sql(
        "CREATE TRIGGER more AFTER INSERT ON facts BEGIN UPDATE facts SET at = 0; END"
    ),
    "the journal has no end": endless,
    "a repaired journal is a link": link("journal.db.repaired"),
    "an unfinished journal is a link": link("journal.db.part"),
    "the lock is a link": link(".lock"),
    "the lock is a pipe": fifo(".lock"),
    "the snapshot is a link": link("live.json"),
    "the snapshot is a pipe": fifo("live.json"),
    "takes is a link": linked_folder("takes"),
    "captures is a link": linked_folder("captures"),
    "captures is a pipe": fifo("captures"),
    "model is a link": linked_folder("model"),
    "the model is a pipe": fifo("model/model.safetensors"),
    "the model is huge": sparse("model/model.safetensors"),
    "the export is a link": link("model/reference.nam"),
    "the next model's folder is a link": linked_folder("model/next"),
    "the next model is a pipe": fifo("model/next/model.safetensors"),
    "the next model's figures are a link": link("model/next/metrics.json"),
    "rounds is a link": linked_folder("rounds"),
    "the rate is a link": link("rounds/rate.txt"),
    "a checkpoint is a link": link("rounds/unfinished-0123456789abcdef.pt"),
    "damaged is a link": linked_folder("damaged"),
    "the signal is a pipe": fifo("signal/send.wav"),
    "the signal is huge": sparse("signal/send.wav"),
    "a time without an end": fact("take-ended", at=1e300),
    "a time that is no number": fact("take-begun", at="soon"),
    "a time before all times": fact("daemon-started", at=-1e9),
    "an end in another age": fact("daemon-started", until=1e300),
    "captures that jump": fact("capture-ordered", 3, capture=2**31 - 1),
    "takes that jump": fact("take-begun", 3, take=2**31 - 1),
    "rounds that jump": added(kind="learner-failed", round=2**31 - 1, why=""),
    "a setting that is too short": fact("capture-ordered", values=[1.0]),
    "a setting off the scale": fact("capture-ordered", values=[1e5, 1e5, 1e5]),
    "hands that stand nowhere": added(kind="hands-set", values=[1.0]),
    "a round with too few figures": fact("round-learned", disagreement=[]),
    "a round that found the unknown": fact(
        "round-learned", found=[{"capture": 99, "disagreement": 1, "found": 1}]
    ),
    "a round that finds the unknown odd": fact("round-learned", odd=[[99, 1.0]]),
    "a recording that is nowhere": fact("take-ended", aligned=None, raw=None),
    "a recording of any size": fact("take-ended", raw={"path": "takes/00001.wav", **SIZE}),
    "a recording with another's name": fact(
        "take-ended", aligned={"path": "journal.db", "sha256": "0" * 64, "size": 1}
    ),
    "figures without an end": fact("take-ended", figures={"latency_frames": float("inf")}),
    "figures that are no numbers": fact(
        "take-ended", figures=dict.fromkeys(("noise_dbfs", "latency_frames"), float("nan"))
    ),
    "seconds without an end": fact("round-learned", seconds=1e300),
    "a session begun twice": rows(lambda told: told.append(dict(told[0]))),
    "no beginning": rows(lambda told: told.__delitem__(0)),
    "a signal of other parts": fact(
        "session-created", segments=[{"part": "x\n", "start": 0, "frames": 2**31 - 1}]
    ),
    "words that mock": fact("daemon-ended", reason=MOCKING),
    "a kind that nobody knows": added(kind="moon-landed", why="x\x1b[2J"),
}
