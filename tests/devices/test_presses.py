"""A foot on a switch: one press is one answer, whatever the pedal sends and however it bounces."""

import pytest

from rig import config as configuration
from rig.config import FootSwitchConfig
from rig.devices.midi.presses import Heard, Presses
from rig.errors import ConfigError

SWITCH = FootSwitchConfig(done="cc 64", redo="note 60", skip="program 5")
DOWN, UP = (0xB2, 64, 127), (0xB2, 64, 0)


def answers(*heard: tuple[float, tuple[int, ...]], port: str = "a") -> list[str]:
    presses = Presses(SWITCH.answers())
    said = [presses.answer(Heard(at_s, port, data)) for at_s, data in heard]
    return [each for each in said if each is not None]


def test_each_kind_answers_when_it_goes_down_and_only_then() -> None:
    assert answers((0.0, DOWN), (0.3, UP)) == ["done"]
    assert answers((0.0, (0x90, 60, 100)), (0.3, (0x80, 60, 0))) == ["redo"]
    assert answers((0.0, (0x90, 60, 100)), (0.3, (0x90, 60, 0))) == ["redo"]
    assert answers((0.0, (0xC9, 5))) == ["skip"]
    assert answers((0.0, (0xB0, 64, 63)), (1.0, (0xB0, 64, 64))) == ["done"]


@pytest.mark.parametrize(
    "data", [(0xB0, 65, 127), (0x90, 61, 9), (0xC0, 6), (0xF8,), (), (0xE0, 64, 127), (0xB0, 64)]
)
def test_what_is_no_pedal_of_ours_answers_nothing(data: tuple[int, ...]) -> None:
    assert answers((0.0, data)) == []


def test_bounce_counts_once_and_the_next_press_counts() -> None:
    bounces = [(0.05 * n, DOWN if n % 2 == 0 else UP) for n in range(9)]
    # It chatters for longer than the window, never with a pause of that length.
    assert answers(*bounces) == ["done"]
    assert answers(*bounces, (0.45, UP), (0.7, DOWN)) == ["done", "done"]
    assert answers((0.0, (0xC0, 5)), (0.199, (0xC0, 5))) == ["skip"]
    assert answers((0.0, (0xC0, 5)), (0.2, (0xC0, 5))) == ["skip", "skip"]


def test_two_pedals_at_once_are_two_answers() -> None:
    assert answers((0.0, DOWN), (0.05, (0x90, 60, 1))) == ["done", "redo"]


def test_a_controller_that_is_held_and_sent_again_is_one_press() -> None:
    assert answers(*((float(n), DOWN) for n in range(5))) == ["done"]


def test_one_pedal_by_two_of_the_systems_ways_is_one_press() -> None:
    presses = Presses(SWITCH.answers())
    heard = [Heard(0.001 * n, port, DOWN) for n, port in enumerate(("ALSA fs", "JACK fs"))]
    heard += [Heard(0.5 + 0.001 * n, port, UP) for n, port in enumerate(("ALSA fs", "JACK fs"))]
    heard += [Heard(1.0 + 0.001 * n, port, DOWN) for n, port in enumerate(("ALSA fs", "JACK fs"))]
    assert [found for each in heard if (found := presses.answer(each))] == ["done", "done"]


KNOBS = "knobs: {gain: {}}\n"


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("{port: FS-1}", "foot_switch.done: "),
        ("{done: cc 128}", "what the pedal sends, such as cc 64"),
        ("{done: 64}", "foot_switch.done: "),
        ("{done: cc 64, skip: 'CC: 64'}", "skip: cc 64 already says done"),
        ("{done: cc 64, redo: note 1, skip: note 1}", "skip: note 1 already says redo"),
        ("{done: cc 64, undo: cc 65}", "unknown key"),
    ],
)
def test_a_section_that_means_nothing_is_a_mistake(section: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configuration.parse(f"{KNOBS}foot_switch: {section}")
    assert says in str(caught.value)


def test_it_is_read_as_people_write_it_and_stays_with_the_user() -> None:
    config = configuration.parse(f"{KNOBS}foot_switch: {{done: CC64, redo: note=60}}")
    assert config.foot_switch is not None
    assert config.foot_switch.answers() == {("cc", 64): "done", ("note", 60): "redo"}
    # A session's own file goes to other rooms, and to older rigs.
    assert "foot_switch" not in configuration.dump(config)
