"""The journal: append-only, ordered, refused where it is not ours."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.capture import Outcome, Role
from rig.errors import SessionError, StorageError
from rig.session import facts
from rig.session.journal import Journal
from rig.session.state import State, fold

NAMES = st.text(max_size=20)
NUMBERS = st.integers(1, 5)
FACTS = st.one_of(
    st.builds(facts.CommandGiven, command=st.sampled_from(["pause", "resume", "stop", "stop-now"])),
    st.builds(facts.DeviceTrouble, back=st.booleans(), why=NAMES),
    st.builds(facts.LearnerFailed, round=NUMBERS, why=NAMES),
    st.builds(facts.TakeBegun, take=NUMBERS, capture=NUMBERS),
    st.builds(facts.CaptureAbandoned, capture=NUMBERS, why=NAMES),
    st.builds(
        facts.TakeEnded,
        take=NUMBERS,
        capture=NUMBERS,
        outcome=st.sampled_from(list(Outcome)),
        figures=st.dictionaries(st.just("noise_dbfs"), st.floats(-200, 0)),
        played_s=st.floats(0, 60),
    ),
)


def ordered(count: int = 5) -> list[facts.Fact]:
    roles = list(Role)
    return [
        facts.CaptureOrdered(capture=i, role=roles[i % 4], values=(float(i),), round=0)
        for i in range(1, count + 1)
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(FACTS, max_size=30), st.integers(0, 30))
def test_replay_gives_the_same_state_at_once_and_in_pieces(
    tmp_path_factory: pytest.TempPathFactory, some: list[facts.Fact], cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    journal = Journal.create(path)
    written = [journal.append(fact, float(i)) for i, fact in enumerate([*ordered(), *some])]
    journal.close()
    reader = Journal.open(path)
    read = list(reader.entries())
    reader.close()
    assert read == written
    whole = fold(read)
    pieces = fold(read[cut:], onto=fold(read[:cut]))
    assert whole == pieces
    assert sum(whole.takes.counts.values()) == sum(isinstance(f, facts.TakeEnded) for f in some)
    kept = {f.capture for f in some if isinstance(f, facts.TakeEnded) and f.outcome == Outcome.KEPT}
    assert {about.capture.number for about in whole.kept()} == kept


def test_facts_can_be_neither_changed_nor_removed(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal.db")
    journal.append(facts.CommandGiven(command="pause"), 1.0)
    journal.close()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        for statement in ("UPDATE facts SET at = 2", "DELETE FROM facts"):
            with pytest.raises(sqlite3.IntegrityError, match="a fact is never"):
                connection.execute(statement)


def test_readers_see_what_the_writer_wrote_while_it_writes(tmp_path: Path) -> None:
    writer = Journal.create(tmp_path / "journal.db")
    reader = Journal.open(tmp_path / "journal.db")
    for number in range(1, 4):
        writer.append(facts.CommandGiven(command="pause"), 1.0)
        assert len(list(reader.entries())) == number
    with pytest.raises(StorageError):
        reader.append(facts.CommandGiven(command="pause"), 1.0)
    assert [entry.seq for entry in reader.entries(after=2)] == [3]


def test_infinities_survive(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal.db")
    figures = {"a": float("inf"), "b": float("-inf")}
    ended = facts.TakeEnded(take=1, capture=1, outcome=Outcome.KEPT, figures=figures)
    journal.append(ended, 1.0)
    assert next(iter(journal.entries())).fact == ended


def spoil_nothing(path: Path) -> None:
    path.unlink()


def spoil_bytes(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 100)


def spoil_owner(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 7")


def spoil_version(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_nothing, "no session"),
        (spoil_bytes, "cannot be read"),
        (spoil_owner, "not a journal"),
        (spoil_version, "newer rig"),
    ],
)
def test_what_is_no_journal_is_refused_in_a_sentence(
    tmp_path: Path, spoil: object, says: str
) -> None:
    path = tmp_path / "journal.db"
    Journal.create(path).close()
    assert callable(spoil)
    spoil(path)
    with pytest.raises(SessionError, match=says):
        list(Journal.open(path).entries())


@pytest.mark.parametrize(
    "body", ["", "{}", '{"kind": "no-such"}', '{"kind": "take-begun"}', "\x00"]
)
def test_a_row_that_is_no_fact_is_refused(tmp_path: Path, body: str) -> None:
    path = tmp_path / "journal.db"
    Journal.create(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO facts (at, kind, body) VALUES (1, 'x', ?)", (body,))
    with pytest.raises(SessionError, match="row 1"):
        list(Journal.open(path).entries())


@pytest.mark.parametrize(
    "path", ["../up", "/etc/passwd", "a/../../b", "", "a//b", ".hidden", "c:\\x"]
)
def test_no_fact_names_a_file_outside_the_session(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        facts.StoredFile(path=path, sha256="0" * 64, size=1)


def test_a_fact_about_nothing_is_refused_in_a_sentence(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "journal.db")
    journal.append(facts.CaptureAbandoned(capture=9, why=""), 1.0)
    with pytest.raises(SessionError, match="number 9"):
        fold(journal.entries(), State())
