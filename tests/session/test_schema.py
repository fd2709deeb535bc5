"""Schemas: who can read what, and that a newer rig's session is never called damaged."""

import sqlite3
from pathlib import Path
from typing import get_args

import pytest

from rig import config as configuration
from rig.capture import Outcome, Role
from rig.errors import NewerSession
from rig.session import facts, schema
from rig.session.folder import Session
from rig.session.journal import Journal
from rig.session.repair import repair
from tests.conftest import TINY
from tests.faults.strangers import added, fact, text

#: What a rig of schema 2 knew. Whatever is not here says since when it is known.
KNOWN = {
    "session-created": "rig_version sample_rate signal segments config",
    "daemon-started": "pid captures until lockstep paced",
    "daemon-ended": "state reason",
    "command-given": "command",
    "hands-set": "values",
    "capture-ordered": "capture role values round",
    "capture-abandoned": "capture why",
    "take-begun": "take capture",
    "take-ended": "take capture outcome figures reasons raw aligned played_s",
    "captures-suspected": "captures why alone",
    "process-died": "process why",
    "clock-jumped": "seconds",
    "files-set-aside": "paths takes",
    "notified": "event exit_code",
    "device-trouble": "back why",
    "round-learned": "round strategy values disagreement learnt_from ensemble_esr holdout_esr "
    "seconds ensemble found calibration expected_esr",
    "learner-failed": "round why",
    "settings-filled": "round why",
    "model-trained": "learnt_from holdout_esr by_setting seconds model export export_error "
    "within_db verdict",
}


@pytest.mark.parametrize("kind", get_args(facts.Fact))
def test_what_came_after_schema_2_says_so(kind: type[facts.TakeBegun]) -> None:
    name = kind.model_fields["kind"].default
    if name not in KNOWN:
        assert 2 < kind.since <= schema.SCHEMA_VERSION, f"{name}: needs 'since'"
        return
    later = set(kind.model_fields) - {"kind", *KNOWN[name].split()}
    for field in later:
        since = schema.since(kind, field)
        assert 2 < since <= schema.SCHEMA_VERSION, f"{name}.{field}: needs 'Since(...)'"
        assert not kind.model_fields[field].is_required(), f"{name}.{field}: needs a default"


def version(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_journal_needs_no_newer_rig_than_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.create(path)
    ended = facts.TakeEnded(take=1, capture=1, outcome=Outcome.FAILED)
    journal.append(ended, 1.0)
    assert version(path) == 2
    assert "died" not in schema.body(ended)
    order = {"capture": 1, "values": (1.0,), "round": 0}
    assert schema.needed(facts.CaptureOrdered(role=Role.SEED, **order)) == 1
    assert schema.needed(facts.CaptureOrdered(role=Role.LOOK, **order)) == 3
    journal.append(ended.model_copy(update={"died": True}), 2.0)
    assert version(path) == 3
    journal.append(facts.DevicesOpened(why=""), 3.0)
    read = Journal.open(path)
    assert [entry.seq for entry in read.entries()] == [1, 2, 3]
    read.close()
    journal.close()


@pytest.mark.parametrize(
    ("newer", "named"),
    [
        (added(kind="moon-landed", why=""), "kind moon-landed"),
        (fact("take-begun", moon=1), r"take-begun\.moon"),
        (fact("capture-ordered", role="moon"), r"capture-ordered\.role"),
    ],
)
def test_a_newer_session_is_neither_damaged_nor_cut(
    newer: object, named: str, copied: Path, tmp_path: Path
) -> None:
    assert callable(newer)
    newer(copied, tmp_path)
    before = (copied / "journal.db").read_bytes()
    for call in (Session.view, Session.open, repair):
        with pytest.raises(
            NewerSession, match=f"written by a newer rig.*{named}.*update rig"
        ) as it:
            call(copied)
        assert "repair" not in str(it.value)
    assert (copied / "journal.db").read_bytes() == before


def test_a_newer_schema_is_not_cut_either(copied: Path) -> None:
    with sqlite3.connect(copied / "journal.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerSession, match="schema 99"):
        repair(copied)


def test_a_configuration_of_a_newer_rigs_is_no_mistake_of_the_users(
    copied: Path, tmp_path: Path
) -> None:
    fact("session-created", rig_version="99.0")(copied, tmp_path)
    text("name: tiny", "name: tiny\nmoon: 1")(copied, tmp_path)
    with pytest.raises(NewerSession, match=r"begun by rig 99\.0.*update rig"):
        Session.view(copied)
    assert configuration.parse(TINY)
