"""Goals that change from run to run: never more than asked for, and one design throughout."""

from pathlib import Path

import pytest

from rig import config as configuration
from rig.capture import Role
from rig.cli.capture import _in_front
from rig.daemon.request import CommandLine, Request, decide
from rig.daemon.service import capture
from rig.errors import SessionError, UsageError
from rig.proposals import designs
from rig.session.folder import Session
from rig.session.status import status
from rig.session.verify import verify
from tests.conftest import TINY

#: A plan that needs no ensemble, so that no learner is needed before the end.
PLANNED = TINY.replace(
    "plan: {captures: 8, seeds: 4", "plan: {strategy: lhs, captures: 8, seeds: 8"
)


def captured(tmp_path: Path, text: str, *goals: int) -> Session:
    path = tmp_path / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    for goal in goals:
        ending = capture(Request(tmp_path / "s", path, captures=goal), configuration.load(path))
        assert not ending.failed, ending.reason
    return Session.view(tmp_path / "s")


def test_more_captures_than_at_first_are_no_more_than_asked_for(tmp_path: Path) -> None:
    session = captured(tmp_path, TINY.replace("seeds: 4", "seeds: 6"), 3, 7)
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 7
    assert status(session).finish_reason == "all 7 captures are recorded"


def test_fewer_than_there_are_record_nothing(tmp_path: Path) -> None:
    session = captured(tmp_path, PLANNED, 5, 2)
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 5
    assert session.state.ordered_to_learn() == 5


def test_a_plan_stays_the_one_it_was_laid_out_as(tmp_path: Path) -> None:
    session = captured(tmp_path, PLANNED, 4, 7)
    panel, seed = session.config.panel, session.config.seed
    kept = [about.capture.setting for about in session.state.kept(Role.SEED, Role.ACTIVE)]
    assert kept[:4] == designs.design_settings(panel, "lhs", 4, seed)
    assert len(kept) == 7
    assert session.state.laid_out_for == 4


def test_one_setting_is_refused_before_anything_is_played(tmp_path: Path, copied: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(TINY, encoding="utf-8")
    typed = CommandLine(config=path, session=tmp_path / "s", captures=1)
    with pytest.raises(UsageError, match="too few to learn from: --captures 2"):
        decide(typed, lambda _: [])
    assert not (tmp_path / "s").exists()
    # Where there is something to learn from, it is another matter.
    request, _ = decide(CommandLine(session=copied, captures=1), lambda _: [])
    assert request.captures == 1


def test_a_session_whose_own_configuration_was_edited_is_refused(copied: Path) -> None:
    path = copied / "rig.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("step: 0.1", "step: 0.2"), encoding="utf-8")
    with pytest.raises(SessionError, match=r"rig\.yaml: was changed since the session began"):
        decide(CommandLine(session=copied), lambda _: [])
    with pytest.raises(SessionError, match="was changed since"):
        capture(Request(copied), configuration.load(path))
    path.write_text(text, encoding="utf-8")
    request, config = decide(CommandLine(session=copied), lambda _: [])
    assert _in_front(request, config) == 0


def test_a_final_model_takes_the_place_of_another_in_one_step(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (copied / "model" / "model.safetensors").read_bytes()
    # Killed once the learner has written its files, before there is a fact.
    monkeypatch.setattr("rig.daemon.rounds.facts.ModelTrained", int)
    with monkeypatch.context() as patch:
        patch.setattr("rig.daemon.service._last_words", lambda *_: None)
        capture(Request(copied, captures=9), configuration.load(copied / "rig.yaml"))
    monkeypatch.undo()
    assert (copied / "model" / "model.safetensors").read_bytes() == before
    assert (copied / "model" / "next" / "model.safetensors").exists()
    assert verify(Session.view(copied)).sound
    capture(Request(copied, captures=9), configuration.load(copied / "rig.yaml"))
    session = Session.view(copied)
    assert (copied / "model" / "model.safetensors").read_bytes() != before
    assert not list((copied / "model" / "next").iterdir())
    assert verify(session).sound
    assert len(session.state.kept(Role.SEED, Role.ACTIVE)) == 9
