"""A journal that is cut, flipped or torn: opened as it was, or refused and repaired."""

import random
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.errors import RigError, SessionError
from rig.session import facts
from rig.session.folder import Session
from rig.session.journal import Entry, Journal
from rig.session.repair import repair
from rig.session.schema import SCHEMA_VERSION
from rig.session.status import status
from rig.session.verify import verify

STORED = Path(__file__).parents[1] / "data" / "session-schema-1.tar.gz"


@pytest.fixture(scope="module")
def story(finished: Path) -> list[Entry]:
    """Every fact of a finished session."""
    journal = Journal.open(finished / "journal.db")
    try:
        return list(journal.entries())
    finally:
        journal.close()


def rewritten(folder: Path, finished: Path, story: list[Entry]) -> Path:
    """A folder with nothing but the journal and the configuration."""
    folder.mkdir()
    shutil.copy(finished / "rig.yaml", folder)
    journal = Journal.create(folder / "journal.db")
    for entry in story:
        journal.append(entry.fact, entry.at)
    journal.close()
    return folder


def read(folder: Path) -> list[Entry] | str:
    """What a journal says, or the sentence with which it is refused."""
    try:
        session = Session.view(folder)
    except RigError as error:
        assert not isinstance(error, TypeError)
        return str(error)
    try:
        return list(session.journal.entries())
    except SessionError as error:
        return str(error)
    finally:
        session.close()


def check_repair(folder: Path, story: list[Entry]) -> None:
    """After a repair the journal is a beginning of what was written, or nothing can be saved."""
    try:
        kept = repair(folder).facts_kept
    except SessionError as error:
        assert "begin anew" in str(error) or "mean nothing" in str(error)
        return
    found = read(folder)
    assert isinstance(found, list)
    damaged = [e for e in found if not isinstance(e.fact, facts.FilesSetAside)]
    assert [(e.at, e.fact) for e in damaged] == [(e.at, e.fact) for e in story[: len(damaged)]]
    assert kept is None or kept == len(damaged)


def test_cut_at_any_byte_of_its_last_page(
    tmp_path: Path, finished: Path, story: list[Entry]
) -> None:
    folder = rewritten(tmp_path / "cut", finished, story)
    whole = (folder / "journal.db").read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    refused = 0
    # Every byte would take half a minute, and tells nothing that a step without a factor of the
    # page's does not.
    for length in range(len(whole) - page, len(whole), 7):
        for leftover in folder.glob("journal.db*"):
            leftover.unlink()
        (folder / "journal.db").write_bytes(whole[:length])
        found = read(folder)
        if isinstance(found, list):
            assert found == story[: len(found)]
        else:
            refused += 1
            assert "rig verify --repair" in found
            if refused % 20 == 0:
                check_repair(folder, story)
                shutil.rmtree(folder / "damaged", ignore_errors=True)
    assert refused > page // 14


@pytest.mark.parametrize("part", [0.9, 0.7, 0.5])
def test_of_a_journal_that_was_cut_what_comes_before_is_kept(
    part: float, tmp_path: Path, finished: Path, story: list[Entry]
) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(finished, folder)
    whole = (folder / "journal.db").read_bytes()
    (folder / "journal.db").write_bytes(whole[: int(len(whole) * part)])
    assert "rig verify --repair" in str(read(folder))
    kept = repair(folder).facts_kept
    assert kept is not None
    assert kept > len(story) * (part - 0.3)
    found = read(folder)
    assert isinstance(found, list)
    assert found[:kept] == story[:kept]


@pytest.mark.parametrize("seed", range(4))
def test_bytes_flipped_anywhere_in_the_journal(
    seed: int, tmp_path: Path, finished: Path, story: list[Entry]
) -> None:
    draw = random.Random(seed)
    folder = rewritten(tmp_path / "flipped", finished, story)
    whole = (folder / "journal.db").read_bytes()
    for number in range(100):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 3)):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        for leftover in folder.glob("journal.db*"):
            leftover.unlink()
        (folder / "journal.db").write_bytes(damaged)
        found = read(folder)
        if isinstance(found, list):
            assert found == story[: len(found)]
        if number % 5 == 0:
            check_repair(folder, story)
            shutil.rmtree(folder / "damaged", ignore_errors=True)


@pytest.mark.parametrize("seed", range(2))
def test_a_write_ahead_log_that_is_damaged_or_cut(
    seed: int, tmp_path: Path, finished: Path, story: list[Entry]
) -> None:
    draw = random.Random(seed)
    folder = rewritten(tmp_path / "source", finished, story[:10])
    journal = Journal.open(folder / "journal.db", writing=True)
    for entry in story[10:]:
        journal.append(entry.fact, entry.at)
    files = {path.name: path.read_bytes() for path in folder.glob("journal.db*")}
    journal.close()
    assert len(files["journal.db-wal"]) > 10_000
    target = tmp_path / "target"
    for number in range(100):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        shutil.copy(finished / "rig.yaml", target)
        log = bytearray(files["journal.db-wal"])
        log[draw.randrange(len(log))] ^= 1 << draw.randrange(8)
        if draw.random() < 0.5:
            log = log[: draw.randrange(len(log))]
        (target / "journal.db").write_bytes(files["journal.db"])
        (target / "journal.db-wal").write_bytes(log)
        found = read(target)
        assert isinstance(found, list), found
        assert len(found) >= 10
        assert found == story[: len(found)]
        if number % 10 == 0:
            check_repair(target, story)


def test_a_number_changed_behind_sqlites_back_is_noticed(copied: Path) -> None:
    connection = sqlite3.connect(copied / "journal.db")
    connection.execute("DROP TRIGGER facts_stay")
    connection.execute("UPDATE facts SET body = replace(body, '\"take\":11', '\"take\":12')")
    connection.commit()
    connection.close()
    with pytest.raises(SessionError, match=r"not what was written.*--repair"):
        Session.view(copied)
    report = repair(copied)
    assert report.facts_kept
    session = Session.view(copied)
    assert verify(session).sound
    session.close()
    from rig import config as configuration

    ending = capture(Request(copied), configuration.load(copied / "rig.yaml"))
    assert ending.reason == "all 8 captures are recorded"


def test_damaged_recordings_are_set_aside_and_recorded_anew(copied: Path) -> None:
    from rig import config as configuration

    session = Session.view(copied)
    kept = [about.kept for about in session.state.kept() if about.kept][2:4]
    session.close()
    for take, content in zip(kept, (b"", None), strict=True):
        assert take is not None
        assert take.aligned is not None
        path = copied / take.aligned.path
        path.unlink() if content is None else path.write_bytes(content)
    (copied / "model" / "reference.nam").write_bytes(b"{}")
    done = repair(copied)
    assert len(done.set_aside) == 3
    assert (copied / "damaged" / "model" / "reference.nam").is_file()
    session = Session.view(copied)
    assert verify(session).sound
    assert session.state.learning.model is None
    assert len(session.state.pending) == 2
    session.close()
    ending = capture(Request(copied), configuration.load(copied / "rig.yaml"))
    assert ending.reason == "all 8 captures are recorded"
    session = Session.view(copied)
    assert verify(session).sound
    assert session.state.learning.model is not None
    assert repair(copied).set_aside == ()


def test_a_session_of_the_first_schema_opens_and_goes_on(tmp_path: Path) -> None:
    from rig import config as configuration

    with tarfile.open(STORED) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / "stored"
    session = Session.view(folder)
    assert status(session).state == "finished"
    before = [(e.seq, e.at, e.fact) for e in session.journal.entries()]
    assert verify(session).sound
    session.close()
    request = Request(folder, captures=4)
    ending = capture(request, configuration.load(folder / "rig.yaml"))
    assert ending.reason == "all 4 captures are recorded"
    session = Session.view(folder)
    after = [(e.seq, e.at, e.fact) for e in session.journal.entries()]
    assert after[: len(before)] == before
    assert verify(session).sound
    with sqlite3.connect(folder / "journal.db") as connection:
        needed = connection.execute("PRAGMA user_version").fetchone()[0]
    assert 2 <= needed <= SCHEMA_VERSION
