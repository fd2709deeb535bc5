"""A knob in one line: what is told where somebody has left out a comma."""

import pytest

from rig import config as configuration
from rig.guide import knob_line
from rig.guide.found import Found
from rig.guide.knobs import questions
from rig.guide.readers import names
from tests.guide.person import converse


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0-10 rest 11", "0-10, rest 11"),
        ("rest 2 play 3-7", "rest 2, play 3-7"),
        ("0-10 cc 20 hand", "0-10, cc 20, hand"),
        ("0-10 by hand", "0-10, by hand"),
        ("clean/lead Rest clean", "clean/lead, Rest clean"),
    ],
)
def test_a_missing_comma_is_put_back(typed: str, meant: str) -> None:
    with pytest.raises(ValueError, match="has no commas") as caught:
        knob_line.parse(typed)
    assert f"did you mean '{meant}'?" in str(caught.value)
    assert knob_line.parse(meant)


@pytest.mark.parametrize(
    "line",
    ["by hand", "0 10", "control my gain", "off/by hand", "play 3 7", "a/b rest", "rest off"],
)
def test_blanks_that_are_meant_are_let_be(line: str) -> None:
    assert len(knob_line.parse(line)) == 1


@pytest.mark.parametrize("typed", ["1-12, rest 2,5, play 3-9", "0-10, step 0,5", "0-10,20"])
def test_a_decimal_comma_is_no_second_part(typed: str) -> None:
    with pytest.raises(ValueError, match=r"a number has a point, \d+\.\d+; or a blank behind"):
        knob_line.parse(typed)


def test_what_a_typed_line_leaves_out_of_a_chart_s_is_said() -> None:
    """The range alone was typed over a map's line, and its 'send' and 'rest' were gone silently."""
    _, line = questions({"amp.kind": "hand", "knobs": "gain"}, Found())
    typed = "0-10, cc 71, rest 4"
    said = line.remark("0-10, cc 71, send 0-100, rest 2, play 3-7", typed)
    assert said.startswith("left out, since the new line has no word of it: send 0-100, play 3-7;")
    assert line.remark("0-10, rest 2", "0-10, rest 3") == ""
    assert line.remark(None, typed) == line.remark(knob_line.KEPT, typed) == ""


def test_it_is_said_in_the_conversation() -> None:
    before = (
        "name: mine\namp: {driver: hand}\nknobs: {gain: {range: [0, 10], rest: 2}}\n"
        "interface: {driver: soundcard, input: Card, output: Card, host_api: ALSA}\n"
    )
    text, person = converse(before=before, at={"gain: its range": ["0-10"]})
    assert "left out" in person.transcript
    assert configuration.parse(text).knobs["gain"].rest is None


@pytest.mark.parametrize("typed", ["0-10, cc 71", "gain, cc 20", "off/on"])
def test_a_line_is_no_list_of_names(typed: str) -> None:
    with pytest.raises(ValueError, match="names alone, please"):
        names(())(typed)
