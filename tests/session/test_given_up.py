"""What settings that were given up have in common, and that nothing is made up where nothing is."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rig.capture import Capture, Role
from rig.knobs import Knob, Panel, Setting
from rig.session.captures import CaptureState
from rig.session.facts import TakeEnded
from rig.session.given_up import in_common
from rig.session.state import State

TREMOLO = Knob("trem", 0.0, 1.0, 2, labels=("off", "on"), limits=(0.0, 1.0))
PANEL = Panel((Knob("gain"), Knob("bass"), TREMOLO))


def state(given_up: Sequence[tuple[float, ...]], kept: Sequence[tuple[float, ...]]) -> State:
    orders = {}
    for number, values in enumerate([*given_up, *kept], 1):
        about = CaptureState(Capture(number, Setting(values), Role.SEED, 0))
        if number <= len(given_up):
            about.abandoned = "the takes of this setting disagree"
        else:
            about.kept = TakeEnded(take=number, capture=number, outcome="kept")
        orders[number] = about
    return State(captures=orders)


#: Gains and basses all over the faceplate.
SPREAD = [(1.0, 7.0), (4.0, 2.0), (8.0, 5.0), (6.0, 9.0), (2.0, 4.0), (9.0, 1.0), (5.0, 6.0)]


def test_a_switch_that_all_of_them_have_is_named() -> None:
    on = [(*pair, 1.0) for pair in SPREAD[:5]]
    said = in_common(state(on, [(*pair, 0.0) for pair in SPREAD]), PANEL)
    assert said is not None
    assert said.startswith(
        "all 5 settings that were given up have trem on, as 0 of 7 that were kept: "
    )
    assert "leave trem out of rig.yaml" in said


def test_one_that_was_kept_all_the_same_is_told_and_changes_nothing() -> None:
    on = [(*pair, 1.0) for pair in SPREAD[:6]]
    said = in_common(state(on, [(3.0, 3.0, 1.0), *((*pair, 0.0) for pair in SPREAD)]), PANEL)
    assert "have trem on, as 1 of 8 that were kept" in str(said)


def test_a_knob_beyond_a_place_is_named() -> None:
    howls = [(8.4, 3.0, 0.0), (9.0, 8.0, 1.0), (9.9, 5.0, 0.0), (8.8, 1.0, 1.0)]
    fine = [(gain * 0.8, bass, number % 2) for number, (gain, bass) in enumerate(SPREAD)]
    said = in_common(state(howls, fine), PANEL)
    assert "have gain at 8.4 or more, as 0 of 7 that were kept: 'limits' of gain" in str(said)
    low = [(gain, 10.0 - bass, switch) for gain, bass, switch in howls]
    turned = [(gain, 10.0 - bass, switch) for gain, bass, switch in fine]
    assert "gain at 8.4 or more" in str(in_common(state(low, turned), PANEL))


def test_too_few_of_either_say_nothing() -> None:
    on = [(*pair, 1.0) for pair in SPREAD]
    off = [(*pair, 0.0) for pair in SPREAD]
    assert in_common(state(on[:2], off), PANEL) is None
    assert in_common(state(on, off[:1]), PANEL) is None
    assert in_common(state(on, []), PANEL) is None
    assert in_common(state([], off), PANEL) is None


def test_by_chance_hardly_anything_is_said() -> None:
    """Of settings that were given up at random, at most one night in twenty says a word."""
    said = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        drawn = [(*(10.0 * random.random(2)), float(random.integers(2))) for _ in range(20)]
        said += in_common(state(drawn[:5], drawn[5:]), PANEL) is not None
    assert said <= 0.05 * 200


@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.floats(0, 10), st.sampled_from([0.0, 1.0])), max_size=30
    ),
    st.integers(0, 30),
)
def test_whatever_was_given_up_it_is_a_sentence_or_nothing(
    drawn: list[tuple[float, ...]], cut: int
) -> None:
    said = in_common(state(drawn[:cut], drawn[cut:]), PANEL)
    assert said is None or said.startswith(f"all {len(drawn[:cut])} settings")
