"""A simulated night with everything in it that goes wrong at night."""

from pathlib import Path

import pytest

from rig.capture import Role
from rig.daemon.run import Run
from rig.session.facts import CapturesSuspected
from rig.session.status import status
from rig.session.surprises import surprises
from rig.session.verify import verify
from tests.nights import simulation


@pytest.mark.timeout(600)
def test_a_night_with_everything_that_goes_wrong_ends_finished(tmp_path: Path) -> None:
    night = simulation.night(tmp_path, seed=1, captures=60, times=1)
    now = status(night.session)
    assert now.state == "finished", night.reasons
    assert len(night.session.state.kept(Role.SEED, Role.ACTIVE)) == 60
    assert verify(night.session).sound
    assert min(night.world.happened.values()) >= 1, night.world.happened
    assert simulation.worst_kept_esr(night.session) < 1e-3
    assert night.runs > 2
    assert night.session.state.learning.model is not None


@pytest.mark.parametrize("killed", [False, True])
def test_a_knob_that_was_off_for_one_take_surprises_the_ensemble(
    killed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(work: Run) -> None:
        """Between writing the round down and doubting."""
        if surprises(work.session.state):
            raise simulation.Killed

    if killed:
        monkeypatch.setattr("rig.daemon.rounds.look_again_at_surprises", die)
    night = simulation.night(
        tmp_path, 4, captures=30, times=0, extra={32: simulation.UNHEARD}, looks=False
    )
    assert night.world.happened[simulation.UNHEARD] == 1
    assert night.runs == 1 + killed
    entries = [entry.fact for entry in night.session.journal.entries()]
    suspected = [fact for fact in entries if isinstance(fact, CapturesSuspected)]
    doubted = [fact for fact in suspected if "expected it otherwise" in fact.why]
    assert len(doubted) == 1
    (number,) = doubted[0].captures
    about = night.session.state.captures[number]
    assert about.suspects[0].take == 32
    assert about.kept is not None
    assert simulation.worst_kept_esr(night.session) < 1e-3
