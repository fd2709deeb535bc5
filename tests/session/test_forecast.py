"""Time left is told from the first take on, and is no wild guess when the final model begins."""

import time
from pathlib import Path

import pytest

from rig.capture import Capture, Role
from rig.config import Config
from rig.learner.rounds import StageProgress
from rig.session import facts, forecast, live
from rig.session.folder import Session
from rig.session.live import LiveLearner
from rig.session.state import State
from rig.session.status import FINAL_STAGE, left_s, status

STARTED = facts.DaemonStarted(pid=1, captures=8, until=None, lockstep=False, paced=True)


@pytest.fixture
def begun(copied: Path, tmp_path: Path) -> Session:
    """A session whose first take is being played."""
    source = Session.view(copied)
    session = Session.create(tmp_path / "begun", source.config, source.signal())
    source.close()
    session.record(STARTED)
    session.order(Capture(1, session.config.panel.reference, Role.CANARY, 0))
    return session


def test_it_is_told_from_the_first_take_on(begun: Session) -> None:
    assert status(begun).eta is None
    begun.begin(begun.state.captures[1].capture)
    left = left_s(begun, "running", None, time.time())
    begun.close()
    assert left is not None
    # Nine takes and as many looks of two seconds, rounds and a final model of two steps each.
    played_s = begun.signal().duration_s
    takes_s = 9 * (1.2 + forecast.LOOK_SHARE) * played_s
    rounds_s = 4.8 * (forecast.PROPOSING_S + 2 * forecast.step_s("nano"))
    assert left == pytest.approx(takes_s + rounds_s + 2 * forecast.step_s("nano"), rel=0.02)


def test_a_deadline_is_known_before_anything_is_played(tiny: Config) -> None:
    state = State()
    state.run.until = 1_000.0
    assert forecast.eta_s(state, tiny, None, now=400.0) == 600.0


def test_the_final_model_s_first_step_is_no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is slow: every capture is measured before it."""
    told: list[LiveLearner] = []
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = StageProgress(told.append, FINAL_STAGE, 3, 1_000)
    for done, at in ((0, 0.0), (0, 60.0), (1, 61.0), (2, 61.5), (100, 100.0)):
        now[0] = at
        progress(done)
    assert [each.eta_s for each in told[:3]] == [None, None, None]
    assert told[3].eta_s == pytest.approx(0.5 * 998)
    assert told[4].eta_s == pytest.approx(39 / 99 * 900)


def test_until_it_says_more_the_rounds_tell_how_long_the_final_model_takes(finished: Path) -> None:
    session = Session.view(finished)
    learner = LiveLearner(stage=FINAL_STAGE, round=2, done=0, total=100)
    snapshot = live.Live(at=time.time(), pid=1, doing="training the final model", learner=learner)
    found = left_s(session, "running", snapshot, time.time())
    session.close()
    assert found == pytest.approx(forecast.final_s(session.state, session.config))


def test_pots_that_are_still_to_be_heard_take_a_look_each(finished: Path) -> None:
    session = Session.view(finished)
    state, asked = session.state, {*session.state.settings()}
    session.close()
    assert forecast.looks_s(state, session.config) == 0.0
    state.captures = {
        number: about
        for number, about in state.captures.items()
        if about.capture.role is not Role.LOOK or about.capture.setting in asked
    }
    each_s = forecast.LOOK_SHARE * (forecast.take_s(state) or 0.0)
    assert forecast.looks_s(state, session.config) == pytest.approx(3 * each_s)
