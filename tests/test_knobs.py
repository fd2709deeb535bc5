"""Knobs and settings: quantisation, units, words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.knobs import Knob, Panel

RANGES = st.tuples(st.floats(-100, 99), st.floats(0.5, 200)).map(lambda r: (r[0], r[0] + r[1]))


@st.composite
def knobs(draw: st.DrawFn) -> Knob:
    low, high = draw(RANGES)
    if draw(st.booleans()):
        count = draw(st.integers(2, 5))
        labels = tuple(f"p{i}" for i in range(count))
        return Knob("switch", 0.0, count - 1.0, count, labels, (0.0, count - 1.0))
    span = high - low
    limits = (low + draw(st.floats(0, 0.4)) * span, high - draw(st.floats(0, 0.4)) * span)
    return Knob("knob", low, high, draw(st.sampled_from([11, 128, 1001])), (), limits)


@given(knobs(), st.floats(-500, 500))
def test_quantised_value_is_allowed_and_nearest(knob: Knob, value: float) -> None:
    chosen = knob.quantise(value)
    assert chosen in knob.values
    assert abs(chosen - value) <= min(abs(v - value) for v in knob.values)
    assert knob.quantise(chosen) == chosen


@given(knobs())
def test_every_position_survives_the_way_to_a_point_and_back(knob: Knob) -> None:
    panel = Panel((knob,))
    for value in knob.values[:: max(len(knob.values) // 20, 1)]:
        setting = panel.setting({knob.name: value})
        assert panel.quantise(panel.point(setting)) == setting
        assert panel.allows(setting)


@given(knobs(), st.floats(0, 1))
def test_points_stay_in_the_unit_cube(knob: Knob, unit: float) -> None:
    panel = Panel((knob,))
    point = panel.point(panel.quantise([unit]))
    assert 0.0 <= point[0] <= 1.0
    if not knob.is_switch and len(knob.values) > 1:
        step = 1 / (len(knob.values) - 1)
        assert abs(point[0] - unit) <= step


def test_seven_bit_controller_has_128_positions() -> None:
    knob = Knob("gain", 0.0, 10.0, positions=128)
    assert len(knob.values) == 128
    assert knob.quantise(5.0) == pytest.approx(63 * 10 / 127)


def test_avoided_spans_and_limits_are_never_set() -> None:
    knob = Knob("gain", 0.0, 10.0, 101, (), (1.0, 9.0), ((4.0, 5.0),))
    reached = {knob.from_unit(u) for u in np.linspace(0, 1, 500)}
    assert min(reached) == 1.0
    assert max(reached) == 9.0
    assert not [value for value in reached if 4.0 <= value <= 5.0]


def test_a_setting_out_of_bounds_is_not_allowed() -> None:
    panel = Panel((Knob("gain", 0.0, 10.0, 101, (), (1.0, 9.0)),))
    inside = panel.setting({"gain": 5})
    assert panel.allows(inside)
    assert not panel.allows(type(inside)((9.5,)))
    assert not panel.allows(type(inside)((5.0, 5.0)))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("gan=3", "no knob 'gan'"),
        ("gain=11", "0 to 10"),
        ("gain=", "0 to 10"),
        ("gain=nan", "0 to 10"),
        ("bright=x", "off"),
        ("bright=0.5", "off"),
        ("gain=3,gain=4", "gain is set twice"),
        ("", "names no knob"),
        (" , ", "names no knob"),
    ],
)
def test_bad_settings_are_explained(text: str, complaint: str) -> None:
    switch = Knob("bright", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0))
    panel = Panel((Knob("gain"), switch))
    with pytest.raises(ValueError, match=complaint):
        panel.parse(text)


def test_settings_read_and_print_as_people_write_them() -> None:
    switch = Knob("bright", 0.0, 1.0, 2, ("off", "on"), (0.0, 1.0))
    panel = Panel((Knob("gain", positions=101), switch))
    setting = panel.parse("gain=4.5, bright=On")
    assert panel.describe(setting) == "gain 4.5  bright on"
    assert panel.named(setting) == {"gain": 4.5, "bright": 1.0}


def test_settings_merge_and_the_rest_stand_in_the_middle_of_where_players_set_them() -> None:
    board = (Knob("gain", positions=101, play=(4.0, 6.0)), Knob("tone"), Knob("volume", rest=0.0))
    panel = Panel(board)
    assert panel.parse("gain=6", " tone=3 ") == panel.parse("gain=6,tone=3")
    assert panel.named(panel.parse("tone=3")) == {"gain": 5.0, "tone": 3.0, "volume": 5.0}
    assert panel.parse() == panel.reference
