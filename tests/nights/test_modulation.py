"""Nights on an amp with a chorus that runs by itself in some positions of a switch."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from rig import config as configuration
from rig.capture import Outcome, Role
from rig.daemon.request import Request
from rig.daemon.service import capture
from rig.session.folder import Session
from rig.session.status import status
from tests.nights import simulation

SWITCH = '  mode: {switch: ["off", chorus, phaser, vibrato]}\n'
CAPTURES = 20


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A night in which three positions of four are never twice the same."""
    world = simulation.World(Random(1), {})
    still = simulation.amp

    def moving(send: np.ndarray, values: dict[str, float], lasting: str | None) -> np.ndarray:
        """Two voices, one of them later by what an oscillator says that nobody starts."""
        played = still(send, values, lasting)
        if not values["mode"]:
            return played
        at = np.arange(len(send)) / simulation.RATE + world.takes * 17.1
        delays = 40 + 30 * np.sin(2 * np.pi * values["mode"] * 0.7 * at)
        frames = np.arange(len(send))
        return np.asarray(0.5 * played + 0.5 * np.interp(frames - delays, frames, played))

    monkeypatch.setattr(simulation, "amp", moving)
    path = tmp_path / "rig.yaml"
    text = simulation.RIG.format(seed=1, captures=CAPTURES, looks="true")
    path.write_text(text.replace("signal:", f"{SWITCH}signal:", 1), encoding="utf-8")
    request = Request(tmp_path / "session", path)
    with simulation.simulated(world):
        capture(request, configuration.load(path), world.clock)
    return Session.view(request.session)


@pytest.mark.timeout(300)
def test_the_night_ends_with_a_model_and_says_where_nothing_could_be_recorded(
    session: Session,
) -> None:
    state, now = session.state, status(session)
    assert now.state == "finished", now.finish_reason
    assert "nothing could be recorded with mode chorus or mode phaser or mode vibrato" in str(
        now.finish_reason
    )
    assert "'avoid: [1, 2, 3]' of mode" in str(now.finish_reason)
    kept = state.kept(Role.SEED, Role.ACTIVE)
    assert len(kept) == CAPTURES
    assert {about.capture.setting.values[-1] for about in kept} == {0.0}
    assert state.learning.model is not None
    # Four settings for each position, and some that were kept by chance and did not repeat.
    tried = [about for about in state.captures.values() if about.abandoned and about.was_tried]
    assert len(tried) <= 3 * 8
    assert state.takes.counts[Outcome.REJECTED] <= 3 * 8 * 4
