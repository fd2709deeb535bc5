"""Stop rules: when the session is done, and the sentence for it."""

import pytest

from rig import config as configuration
from rig import facts
from rig.capture import Capture, Outcome, Role
from rig.clock import next_time_of_day
from rig.knobs import Setting
from rig.session.state import CaptureState, State
from rig.stopping import Goals, finish
from tests.conftest import TINY

PLAN = configuration.parse(TINY).plan
FOREVER = Goals(captures=None, until=None)


def learnt(number: int, esr: float | None) -> facts.RoundLearned:
    stored = facts.StoredFile(path="a", sha256="0" * 64, size=0)
    return facts.RoundLearned(
        round=number,
        strategy="x",
        values=(),
        disagreement=(),
        learnt_from=(),
        ensemble_esr=0.1,
        holdout_esr=esr,
        seconds=1.0,
        ensemble=stored,
    )


def rounds(*found: float | None) -> State:
    return State(rounds=[learnt(i, esr) for i, esr in enumerate(found)])


def reason(state: State, now: float = 0.0, goals: Goals = FOREVER, **plan: object) -> str | None:
    ending = finish(state, PLAN.model_copy(update=plan), goals, now)
    return ending.reason if ending else None


def test_it_goes_on_while_there_is_something_to_do() -> None:
    assert reason(rounds(0.5, None)) is None


@pytest.mark.parametrize(
    ("found", "over"),
    [
        ((0.5, 0.3, 0.2), False),
        ((0.5, 0.3, 0.2, 0.199, 0.198), False),
        ((0.5, 0.2, 0.2, 0.199, 0.198), True),
        ((0.2, 0.2, 0.2), False),
        ((0.2, 0.3, 0.3, 0.3), True),
        ((0.2, None, None, None), False),
    ],
)
def test_a_plateau_is_rounds_without_progress(found: tuple[float | None, ...], over: bool) -> None:
    said = reason(rounds(*found), plateau_rounds=3)
    assert (said is not None and "no more progress" in said) == over


def test_the_target_is_reached_by_the_last_round_only() -> None:
    assert reason(rounds(0.01, 0.05), target_esr=0.02) is None
    assert "0.0100" in str(reason(rounds(0.05, 0.01), target_esr=0.02))


def test_time_is_up() -> None:
    goals = Goals(captures=None, until=100.0)
    assert reason(State(), 99.0, goals) is None
    assert "time was up" in str(reason(State(), 100.0, goals))


def test_a_stop_by_hand_trains_nothing() -> None:
    ending = finish(State(stopping=True), PLAN, FOREVER, 0.0)
    assert ending is not None
    assert not ending.trains
    assert not ending.failed


def test_enough_captures_and_none_pending() -> None:
    def about(number: int, role: Role, abandoned: str | None) -> CaptureState:
        order = Capture(number, Setting((float(number),)), role, 0)
        return CaptureState(order, abandoned=abandoned)

    given_up = {1: about(1, Role.SEED, "bad"), 2: about(2, Role.SEED, None)}
    goals = Goals(captures=1, until=None)
    assert reason(State(captures=given_up), 0.0, goals) is None
    given_up[2].kept = facts.TakeEnded(take=1, capture=2, outcome=Outcome.KEPT)
    assert "all 1 captures" in str(reason(State(captures=given_up), 0.0, goals))


@pytest.mark.parametrize("text", ["00:00", "07:00", "23:59"])
def test_the_next_time_of_day_lies_within_a_day(text: str) -> None:
    now = 1_795_000_000.0
    then = next_time_of_day(text, now)
    assert 0 < then - now <= 25 * 3600
