"""Switch positions in which nothing can be recorded: found, made sure of, and asked for no more."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from calibration.verdict import Check
from rig.capture import Capture, Role
from rig.knobs import Knob, Panel, Setting
from rig.session import facts, shut
from rig.session.captures import CaptureState
from rig.session.facts import TakeEnded
from rig.session.lives import RunState
from rig.session.state import State

MODE = Knob("mode", 0.0, 2.0, 3, labels=("off", "chorus", "vibrato"), limits=(0.0, 2.0))
CHANNEL = Knob("channel", 0.0, 1.0, 2, labels=("clean", "lead"), limits=(0.0, 1.0))
PANEL = Panel((Knob("gain"), MODE, CHANNEL))
CHORUS, VIBRATO, LEAD = (1, 1.0), (1, 2.0), (2, 1.0)

#: Values, and whether they were kept, given up after takes (False), or wait (None).
Order = tuple[tuple[float, ...], bool | None]


def state_of(orders: Sequence[Order]) -> State:
    """Fold orders that were recorded, given up after three takes each, or wait."""
    state = State()
    for number, (values, is_kept) in enumerate(orders, 1):
        about = CaptureState(Capture(number, Setting(values), Role.SEED, 0))
        state.captures[number] = about
        if is_kept:
            about.kept = TakeEnded(take=number, capture=number, outcome="kept")
        elif is_kept is not None:
            about.rejected = 3
            fact = facts.CaptureAbandoned(capture=number, why="never twice the same")
            state._take_in(fact, 0.0)
    return state


KEPT: list[Order] = [((gain, 0.0, gain % 2), True) for gain in (1.0, 2.0, 3.0, 4.0)]
IN_CHORUS: list[Order] = [((gain, 1.0, gain % 2), False) for gain in (5.0, 6.0, 7.0)]
TELLS: Order = (shut.moved(PANEL, CHORUS).values, False)


def test_three_settings_have_the_reference_tried_there_and_it_decides() -> None:
    assert shut.to_be_tried(state_of([*KEPT, *IN_CHORUS[:2]]), PANEL) == []
    state = state_of([*KEPT, *IN_CHORUS])
    assert shut.to_be_tried(state, PANEL) == [Setting((5.0, 1.0, 0.0))]
    assert shut.shut_positions(state, PANEL) == []
    assert shut.shut_positions(state_of([*KEPT, *IN_CHORUS, TELLS]), PANEL) == [CHORUS]
    recorded = (TELLS[0], True)
    assert shut.shut_positions(state_of([*KEPT, *IN_CHORUS, recorded]), PANEL) == []


def test_a_channel_that_only_met_the_chorus_is_not_shut() -> None:
    on_lead: list[Order] = [((gain, 1.0, 1.0), False) for gain in (5.0, 6.0, 7.0)]
    asked = shut.to_be_tried(state_of([((1.0, 0.0, 0.0), True), *on_lead]), PANEL)
    assert asked == [shut.moved(PANEL, CHORUS), shut.moved(PANEL, LEAD)]
    lead = (shut.moved(PANEL, LEAD).values, True)
    state = state_of([((1.0, 0.0, 0.0), True), *on_lead, TELLS, lead])
    assert shut.shut_positions(state, PANEL) == [CHORUS]


def test_settings_that_were_kept_by_chance_need_more_against_them() -> None:
    kept_in_chorus: Order = ((9.0, 1.0, 0.0), True)
    few = state_of([*KEPT, kept_in_chorus, *IN_CHORUS, TELLS])
    assert shut.shut_positions(few, PANEL) == []
    more: list[Order] = [((gain, 1.0, 0.0), False) for gain in (8.0, 8.5)]
    assert shut.shut_positions(
        state_of([*KEPT, kept_in_chorus, *IN_CHORUS, TELLS, *more]), PANEL
    ) == [CHORUS]


def test_what_waits_there_is_not_tried_and_is_no_sign_of_a_broken_rig() -> None:
    waits: list[Order] = [((8.0, 1.0, 0.0), None), ((8.0, 0.0, 0.0), None)]
    state = state_of([*KEPT, *IN_CHORUS, TELLS, *waits])
    ((about, why),) = shut.waiting_in_vain(state, PANEL)
    assert about.capture.setting.values == (8.0, 1.0, 0.0)
    assert why == "nothing could be recorded with mode chorus"
    in_a_row = state.run.abandoned_in_a_row
    state._take_in(facts.CaptureAbandoned(capture=about.capture.number, why=why), 0.0)
    assert state.run.abandoned_in_a_row == in_a_row
    assert about.capture.number not in state.run.given_up


def test_two_given_up_in_a_row_or_three_odd_takes_ask_for_the_reference() -> None:
    """Whether it is the rig, or only these settings."""
    assert not state_of(IN_CHORUS[:1]).run.in_doubt
    assert state_of(IN_CHORUS[:2]).run.in_doubt
    reason = facts.ReasonFact(check=Check.DISAGREEMENT, figure=1.0, limit=0.0, sentence="unlike")
    odd = TakeEnded(take=1, capture=1, outcome="rejected", reasons=(reason,))
    run = RunState(is_proven=True)
    for _ in range(2):
        run.count(odd, 0.0)
    assert not run.in_doubt
    run.count(odd, 0.0)
    assert run.in_doubt


def test_it_is_told_with_what_keeps_a_new_session_away() -> None:
    vibrato: list[Order] = [((gain, 2.0, gain % 2), False) for gain in (5.0, 6.0, 7.0)]
    also = (shut.moved(PANEL, VIBRATO).values, False)
    assert shut.told(state_of([*KEPT, *IN_CHORUS]), PANEL) is None
    said = str(shut.told(state_of([*KEPT, *IN_CHORUS, TELLS, *vibrato, also]), PANEL))
    assert said.startswith("nothing could be recorded with mode chorus or mode vibrato, so ")
    assert "'avoid: [1, 2]' of mode in rig.yaml" in said


def test_nothing_is_drawn_there_and_what_stands_there_can_still_be_set() -> None:
    left = shut.still_asked(state_of([*KEPT, *IN_CHORUS, TELLS]), PANEL)
    random = np.random.default_rng(1)
    drawn = [left.quantise(point) for point in random.random((300, 3))]
    modes = [setting.values[1] for setting in drawn]
    assert {*modes} == {0.0, 2.0}
    assert 100 < modes.count(2.0) < 200
    chorus = shut.moved(PANEL, CHORUS)
    assert left.allows(chorus)
    assert left.point(chorus).tolist() == PANEL.point(chorus).tolist()
    for setting in drawn:
        assert left.quantise(left.point(setting)) == setting


def begun(asked_at: float) -> facts.DaemonStarted:
    return facts.DaemonStarted(
        pid=1, captures=9, until=None, lockstep=False, paced=True, asked_at=asked_at
    )


def test_a_new_run_tries_again_and_one_that_died_does_not_forget() -> None:
    state = state_of([*KEPT, *IN_CHORUS, TELLS])
    state.run.started = begun(1.0)
    state._take_in(begun(1.0), 0.0)
    assert shut.shut_positions(state, PANEL) == [CHORUS]
    state._take_in(begun(2.0), 0.0)
    assert shut.shut_positions(state, PANEL) == []


SETTINGS = st.tuples(
    st.sampled_from([1.0, 5.0, 9.0]), st.sampled_from([0.0, 1.0, 2.0]), st.sampled_from([0.0, 1.0])
)


@given(st.lists(st.tuples(SETTINGS, st.sampled_from([True, False, None])), max_size=40))
def test_whatever_was_recorded_the_reference_stays_and_a_shut_position_was_tried(
    orders: list[Order],
) -> None:
    state = state_of(orders)
    found = shut.shut_positions(state, PANEL)
    given_up = [values for values, is_kept in orders if is_kept is False]
    assert not {(1, 0.0), (2, 0.0)} & {*found}
    for place, value in found:
        assert shut.moved(PANEL, (place, value)).values in given_up
        assert sum(values[place] == value for values in given_up) >= shut.SUSPECTED_AFTER
    assert PANEL.reference == shut.still_asked(state, PANEL).reference
