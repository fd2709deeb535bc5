"""A repair that is killed at any step: the journal is the old one, or the repaired one."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from rig import config as configuration
from rig.capture import Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.errors import NotPlain, SessionError, StorageError
from rig.session.door import Door
from rig.session.facts import CapturesSuspected
from rig.session.folder import Session
from rig.session.journal import Journal, _damaged
from rig.session.repair import repair
from rig.session.verify import verify


class Killed(BaseException):
    """The process ends here."""


#: Everything that a repair does to the disk goes through one of these.
STEPS = [(Path, "replace"), (Path, "unlink"), (Path, "mkdir"), (os, "fsync"), (os, "open")]


def killed_at(number: int, patch: pytest.MonkeyPatch) -> list[int]:
    """Have the n-th step on the disk never return; counts the steps."""
    counted = [0]

    def stepping(real: object) -> object:
        def step(*arguments: object, **named: object) -> object:
            counted[0] += 1
            if counted[0] == number:
                raise Killed
            assert callable(real)
            return real(*arguments, **named)

        return step

    for owner, name in STEPS:
        patch.setattr(owner, name, stepping(getattr(owner, name)))
    return counted


def spoil(folder: Path) -> None:
    with sqlite3.connect(folder / "journal.db") as connection:
        connection.execute("DROP TRIGGER facts_stay")
        connection.execute("UPDATE facts SET at = at + 1 WHERE seq = 9")
    connection.close()


def facts_in(folder: Path) -> int | None:
    """How many facts can be read; None where the journal is refused."""
    try:
        session = Session.view(folder)
    except SessionError as error:
        assert "--repair" in str(error)
        return None
    try:
        return session.state.seq
    finally:
        session.close()


def test_killed_between_any_two_steps_it_loses_no_journal(copied: Path, tmp_path: Path) -> None:
    spoil(copied)
    step, ended = 0, False
    while not ended:
        step += 1
        folder = tmp_path / f"killed-{step}"
        shutil.copytree(copied, folder)
        with pytest.MonkeyPatch.context() as patch:
            killed_at(step, patch)
            try:
                repair(folder)
                ended = True
            except Killed:
                pass
        found = facts_in(folder)
        assert found in (None, 8, 9), (step, found)
        if found is None:
            assert repair(folder).facts_kept == 8, step
        opened = Session.open(folder)
        assert opened.state.seq >= 8, step
        opened.close()
        assert not Door(folder).names(prefix="journal.db.repaired"), step
        old = next(Door(folder / "damaged").entries())[0]
        assert old.startswith("journal.db"), step
        shutil.rmtree(folder)
    assert step > 20


def test_the_log_of_a_damaged_journal_never_meets_the_repaired_one(
    copied: Path, tmp_path: Path
) -> None:
    """Killed before the damaged journal's log is gone, that must not be put over the new one."""
    journal = Journal.open(copied / "journal.db", writing=True)
    last = [entry.fact for entry in journal.entries()][-1]
    for at in range(3):
        journal.append(last, 2e9 + at)
    folder = tmp_path / "killed"
    shutil.copytree(copied, folder)
    journal.close()
    door = Door(folder)
    rescued = Journal.create(folder / "journal.db.part")
    view = Journal.open(copied / "journal.db")
    for entry in list(view.entries())[:8]:
        rescued.append(entry.fact, entry.at)
    view.close()
    rescued.close()
    door.move("journal.db.part", "journal.db.repaired")
    assert (folder / "journal.db-wal").stat().st_size > 1_000
    assert facts_in(folder) == 8
    session = Session.open(folder)
    assert session.state.seq == 8
    assert not verify(session).problems
    session.close()
    assert facts_in(folder) == 8


def test_a_capture_all_of_whose_takes_were_set_aside_is_recorded_anew(copied: Path) -> None:
    session = Session.open(copied)
    about = next(iter(session.state.kept(Role.SEED)))
    assert about.kept is not None
    assert about.kept.aligned is not None
    number, first = about.capture.number, about.kept.aligned
    # Doubted and recorded again: of one setting there are two recordings.
    session.record(CapturesSuspected(captures=(number,), why="to be sure", alone=True))
    session.close()
    config = configuration.load(copied / "rig.yaml")
    assert not capture(Request(copied, None), config).failed
    again = Session.view(copied).state.captures[number].kept
    assert again is not None
    assert again.aligned is not None
    for path in (first.path, again.aligned.path):
        (copied / path).unlink()
    repair(copied)
    ending = capture(Request(copied, None), config)
    assert not ending.failed, ending.reason
    assert verify(Session.view(copied)).sound


def test_recordings_without_a_journal_are_written_over_by_nobody(copied: Path) -> None:
    for path in copied.glob("journal.db*"):
        path.unlink()
    before = {path: path.read_bytes() for path in copied.glob("*/*.wav")}
    with pytest.raises(SessionError, match=r"holds recordings, but no journal\.db"):
        capture(Request(copied, copied / "rig.yaml"), configuration.load(copied / "rig.yaml"))
    assert {path: path.read_bytes() for path in copied.glob("*/*.wav")} == before
    assert not (copied / "journal.db").exists()


def test_a_disk_that_fails_is_no_damage(tmp_path: Path) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    told = _damaged(tmp_path / "journal.db", error)
    assert isinstance(told, StorageError)
    assert "--repair" not in str(told)
    malformed = sqlite3.DatabaseError("malformed")
    malformed.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    assert "--repair" in str(_damaged(tmp_path / "journal.db", malformed))


def test_what_lies_in_place_of_the_journals_log_is_no_damage_of_the_journal(copied: Path) -> None:
    whole = facts_in(copied)
    (copied / "journal.db-journal").mkdir()
    with pytest.raises(NotPlain, match=r"journal\.db-journal: is a folder"):
        repair(copied)
    (copied / "journal.db-journal").rmdir()
    assert facts_in(copied) == whole
    assert not (copied / "damaged").exists()
    assert verify_view(copied)


def verify_view(folder: Path) -> bool:
    session = Session.view(folder)
    try:
        return verify(session).sound
    finally:
        session.close()


def test_a_trigger_of_somebody_elses_is_told_by_verify_and_left_behind_by_repair(
    copied: Path,
) -> None:
    with sqlite3.connect(copied / "journal.db") as connection:
        connection.execute("CREATE TRIGGER more AFTER INSERT ON facts BEGIN SELECT 1; END")
    connection.close()
    assert not verify_view(copied)
    assert repair(copied).facts_kept is not None
    assert verify_view(copied)
