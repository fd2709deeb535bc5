"""Stop rules: when the session is done, and the sentence for it."""

import pytest

from rig import config as configuration
from rig.capture import Capture, Outcome, Role
from rig.clock import next_time_of_day
from rig.daemon.stopping import Goals, Now, finish
from rig.knobs import Setting
from rig.session import facts, forecast, given_up
from rig.session.captures import CaptureState
from rig.session.journal import Entry
from rig.session.lives import Learning, RunState, Takes
from rig.session.state import State
from tests.conftest import TINY

CONFIG = configuration.parse(TINY)
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
    return State(learning=Learning(rounds=[learnt(i, esr) for i, esr in enumerate(found)]))


def reason(
    state: State,
    now: float = 0.0,
    goals: Goals = FOREVER,
    free_bytes: int | None = None,
    **plan: object,
) -> str | None:
    config = CONFIG.model_copy(update={"plan": CONFIG.plan.model_copy(update=plan)})
    ending = finish(state, config, goals, Now(now, free_bytes))
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


def test_the_time_leaves_room_for_the_final_model_and_the_take_that_would_come() -> None:
    state = rounds(0.5, 0.4)
    state.run.first_at, state.run.last_at = 0.0, 40.0
    state.takes.counts[Outcome.KEPT] = 4
    learner = CONFIG.learner
    needed_s = 10.0 + forecast.FINAL_STEP * learner.final_steps / learner.steps
    goals = Goals(captures=None, until=1000.0)
    assert reason(state, 1000.0 - needed_s - 0.1, goals) is None
    assert "time was up" in str(reason(state, 1000.0 - needed_s + 0.1, goals))


def test_the_first_round_is_not_the_measure_of_the_next() -> None:
    assert forecast.round_s(State()) is None
    assert forecast.round_s(rounds(0.5)) == pytest.approx(1.0 / 1.8)
    assert forecast.round_s(rounds(0.5, 0.4)) == 1.0


def test_a_full_disk_ends_it_in_good_time() -> None:
    assert reason(State(), free_bytes=600_000_000) is None
    said = reason(State(), free_bytes=400_000_000)
    assert "the disk has 0.4 GB free, and 0.5 GB are to stay so" in str(said)


def test_a_multiple_of_the_repeatability_may_be_the_target() -> None:
    state = rounds(0.05)
    state.amp.canaries = [
        facts.TakeEnded(take=i, capture=1, outcome=Outcome.KEPT, figures={"replicate_esr": 1e-3})
        for i in (1, 2)
    ]
    assert reason(state, target_floors=40) is None
    assert "50.0 times what the amp repeats itself" in str(reason(state, target_floors=60))


def test_a_dying_amp_stops_the_night() -> None:
    odd = facts.ReasonFact(check="level", figure=12.0, limit=6.0, sentence="it is 12 dB quieter")
    take = facts.TakeEnded(take=1, capture=1, outcome=Outcome.REJECTED, reasons=(odd,))
    state = State(run=RunState(odd_in_a_row=5), takes=Takes(recent=[take]))
    assert reason(state, odd_takes=6) is None
    state.run.odd_in_a_row = 6
    # Nothing was ever heard of it: it may be silent in the middle of its knobs.
    assert "6 takes in a row did not sound like this amp" in str(reason(state, odd_takes=6))
    assert "'play' of a knob in rig.yaml moves it): it is 12 dB" in str(reason(state, odd_takes=6))
    state.takes.counts[Outcome.KEPT] = 1
    assert "6 takes in a row did not sound like this amp: it is 12 dB" in str(
        reason(state, odd_takes=6)
    )


def test_canaries_that_are_right_only_when_repeated_end_a_night_that_would_go_round() -> None:
    state = State()
    odd = facts.ReasonFact(check="replicate", figure=0.4, limit=0.01, sentence="it differs")
    right = {"is_steady": True, "replicate_esr": 1e-6}

    def take(outcome: Outcome, *reasons: facts.ReasonFact) -> None:
        """Have a take of the last canary end."""
        tell(facts.TakeEnded(
            take=state.seq, capture=canary, outcome=outcome, reasons=reasons, figures=right
        ))  # fmt: skip

    def tell(fact: facts.Fact) -> None:
        """Have the state take a fact in."""
        state.apply(Entry(seq=state.seq + 1, at=float(state.seq), fact=fact))

    for canary in range(1, 7):
        assert reason(state) is None
        tell(facts.CaptureOrdered(capture=canary, role=Role.CANARY, values=(0.5,), round=0))
        # The second of them passes at once: what came before it is no row any more.
        if canary not in (1, 2):
            take(Outcome.REJECTED, odd)
        take(Outcome.KEPT)
    assert "4 canaries in a row were right only when repeated" in str(reason(state))


def test_a_night_in_which_hardly_anything_can_be_kept_is_broken() -> None:
    outcomes = [Outcome.KEPT] * 5 + [Outcome.REJECTED] * 19
    assert "only 5 of the last 24" in str(reason(State(run=RunState(outcomes=outcomes))))
    assert (
        reason(State(run=RunState(outcomes=[Outcome.KEPT] * 6 + [Outcome.REJECTED] * 18))) is None
    )
    assert reason(State(run=RunState(outcomes=outcomes[1:]))) is None


def test_what_was_given_up_and_has_a_knob_in_common_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = State(run=RunState(abandoned_in_a_row=3))
    order = Capture(1, Setting((1.0,)), Role.SEED, 0)
    state.captures[1] = CaptureState(order, abandoned="the takes disagree")
    assert "given up: the takes disagree; once that is mended" in str(reason(state))
    monkeypatch.setattr(given_up, "in_common", lambda *_: "all 3 have trem on")
    assert "the takes disagree; all 3 have trem on; once that is mended" in str(reason(state))


def test_a_stop_by_hand_trains_nothing() -> None:
    ending = finish(State(run=RunState(stopping=True)), CONFIG, FOREVER, Now(0.0))
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
