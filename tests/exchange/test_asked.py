"""A setting as it was asked for, and what is said of it where it could not be had."""

import pytest

from rig.exchange.asked import asked
from rig.knobs import Knob, Panel
from rig.proposals.designs import design_settings
from rig.session.pots import ClosedPot

SWITCH = Knob("bright", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0))
PANEL = Panel(
    (Knob("gain", positions=101, limits=(1.0, 9.0), avoid=((4.0, 5.0),)), Knob("tone"), SWITCH)
)
SOMEWHERE = PANEL.setting({"gain": 6.0, "tone": 5.0, "bright": 1.0})


@pytest.mark.parametrize(
    ("values", "said", "value"),
    [
        ({"gain": 10.0}, "gain 10 lies outside its limits, 1 to 9: 9 is taken", 9.0),
        ({"gain": 4.9}, "gain 4.9 is never set ('avoid'): 5.1 is taken", 5.1),
        ({"gain": 6.04}, "gain has no position 6.04: 6 is taken, the nearest", 6.0),
    ],
)
def test_what_a_knob_cannot_do_is_said(values: dict[str, float], said: str, value: float) -> None:
    found = asked(PANEL, values, [PANEL.setting({**values, "bright": 0.0})])
    assert found.remarks == (said,)
    assert found.setting.values[0] == value


def test_what_can_be_had_is_had_without_a_word() -> None:
    found = asked(PANEL, {"gain": 6.0, "bright": 1.0}, [SOMEWHERE])
    assert found.setting == SOMEWHERE
    assert not found.remarks


@pytest.mark.parametrize(
    ("values", "guessing"),
    [
        ({"tone": 8.0, "bright": 1.0}, False),
        ({"tone": 8.5, "bright": 1.0}, True),
        ({"tone": 5.0, "bright": 0.0}, True),
    ],
)
def test_what_is_far_from_every_recording_is_said(values: dict[str, float], guessing: bool) -> None:
    (*said,) = asked(PANEL, {"gain": 6.0, **values}, [SOMEWHERE]).remarks
    assert bool(said) == guessing
    if guessing:
        assert "nearest is gain 6  tone 5  bright on" in said[0]


def test_with_many_knobs_far_is_what_lies_outside_and_not_everything() -> None:
    """Of nineteen settings of seven knobs none lies within a third of another one's every knob."""
    panel = Panel(tuple(Knob(f"k{number}") for number in range(7)))
    learnt = design_settings(panel, "lhs", 19, 1)
    assert not asked(panel, {}, learnt).remarks
    corner = asked(panel, {knob.name: 10.0 for knob in panel.knobs}, learnt)
    assert "the model is guessing there" in corner.remarks[0]


@pytest.mark.parametrize(
    ("gain", "bright", "closed", "is_silent"),
    [
        (1.0, 0.0, ClosedPot(0), True),
        (1.0, 0.0, ClosedPot(0, open_at=((2, 1),)), True),
        (1.0, 1.0, ClosedPot(0, open_at=((2, 1),)), False),
        (1.1, 0.0, ClosedPot(0), False),
        (1.0, 0.0, ClosedPot(1), False),
    ],
)
def test_a_setting_that_is_silent_is_told(
    gain: float, bright: float, closed: ClosedPot, is_silent: bool
) -> None:
    values = {"gain": gain, "bright": bright}
    found = asked(PANEL, values, [PANEL.setting({**values, "tone": 5.0})], [closed])
    said = ("with gain 1 the amp is silent, and so is its model",)
    assert found.remarks == (said if is_silent else ())
