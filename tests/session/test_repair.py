"""A repair that is killed at any step: the journal is the old one, or the repaired one."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from rig.errors import SessionError
from rig.session.door import Door
from rig.session.folder import Session
from rig.session.journal import Journal
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
