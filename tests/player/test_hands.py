"""Knobs by keys and by controllers."""

import numpy as np
import pytest

from rig.knobs import Knob, Panel
from rig.player.hands import Hands
from rig.player.wires import controllers

PANEL = Panel(
    (
        Knob("gain", 1, 11, limits=(1, 11), play=(3, 9)),
        Knob("bright", 0, 2, 3, ("off", "on", "more"), (0, 2)),
        Knob("bass"),
    )
)


def hands(wires: dict[int, int] | None = None) -> tuple[Hands, list[list[float]]]:
    told: list[list[float]] = []
    made = Hands(PANEL, PANEL.reference, wires or {}, lambda point: told.append(point.tolist()))
    return made, told


def test_knobs_have_their_own_controllers_those_typed_and_else_free_ones() -> None:
    own = {"gain": 7, "bright": None, "bass": 9}
    assert controllers(PANEL, own, {}) == {7: 0, 9: 2, 20: 1}
    assert controllers(PANEL, own, {"bass": 7}) == {7: 2, 20: 0, 21: 1}
    everything = Panel(tuple(Knob(f"k{n}") for n in range(32)))
    assert len(controllers(everything, {}, {})) == 32


def test_a_controller_turns_its_knob_over_the_whole_allowed_travel() -> None:
    made, told = hands({20: 0, 21: 1})
    made.controller(20, 127)
    made.controller(20, 0)
    made.controller(99, 64)
    assert [point[0] for point in told] == [1.0, 0.0]
    made.controller(21, 127)
    assert made.values() == ["1", "more", "5"]


def test_a_controller_is_learnt_by_moving_it_and_forgotten_by_the_knob_before() -> None:
    made, _ = hands({20: 0})
    made.choose(2)
    made.learns = True
    made.controller(20, 127)
    assert not made.learns
    assert made.wires == {20: 2}
    assert made.values() == ["6", "off", "10"]


def test_keys_turn_the_chosen_knob_and_stop_at_its_ends() -> None:
    made, told = hands()
    made.turn(0.1)
    assert told[-1][0] == pytest.approx(0.6)
    for _ in range(20):
        made.turn(0.1)
    assert told[-1][0] == 1.0
    made.choose(1)
    for expected in ("on", "more", "more"):
        made.turn(0.01)
        assert made.values()[1] == expected
    for expected in ("on", "off", "off"):
        made.turn(-0.01)
        assert made.values()[1] == expected
    made.choose(-1)
    assert made.chosen == 0


def test_a_setting_is_put_as_a_whole() -> None:
    made, told = hands()
    made.put(PANEL.setting({"gain": 11, "bass": 0}))
    assert told == [[1.0, 0.0, 0.0]]
    assert np.array_equal(made.point, [1.0, 0.0, 0.0])
