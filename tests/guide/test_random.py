"""Any answers in any order, back and forth: a file that loads, never a crash."""

from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig import config as configuration
from rig.config import Config
from rig.devices import drivers
from rig.errors import RigError
from rig.guide import knob_line, reading
from tests.guide.person import NOTHING, PLUGGED, Bench, converse

LIKELY = (
    *("midi", "hand", "virtual", "driver", "deluxe", "code", "list", "none", "-", "1", "2", "7"),
    *("<", "back", "?", "yes", "no", "0", "16", "48000", "07:00", "25:00", "19", "off/on", "more"),
    *("learn", "move", "tone", "measure", "1.2 V", "gain", "gain, tone", "a, b, c", "cc 20, 0-10"),
    *("0-10, rest 3", "0-10, cc 7, limits 2-8", "hand", "program 4, a/b", "0-10, nrpn 300", "y"),
    *("random-7", "tweed", "{}", "{a: 1}", "say it", "'", "Scarlett", "auto", "write", "show"),
)
TYPED = st.lists(st.one_of(st.just(""), st.sampled_from(LIKELY), st.text(max_size=12)), max_size=70)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TYPED, st.booleans())
def test_whatever_is_typed_ends_in_a_file_that_loads(typed: list[str], plugged: bool) -> None:
    found = PLUGGED if plugged else NOTHING
    # Enter at last, and where nothing stands in brackets, what will do.
    text, _ = converse(
        *typed,
        found=found,
        bench=Bench(found),
        most=2_000,
        then={
            "Which driver": ["<"] * 9,
            "How are the amp": ["hand"] * 9,
            "What plays into": ["soundcard"] * 9,
            "come back?": ["Card"] * 9,
            "be called?": ["my-amp"] * 9,
            "its MIDI controller": [f"cc {number}" for number in range(40, 110)],
            "(y/n)": ["y"] * 50,
        },
    )
    configuration.parse(text, check=drivers.problems)


numbers = st.floats(-50, 50).map(lambda value: round(value, 2))


@st.composite
def knobs(draw: Any) -> dict[str, Any]:
    """A knob's section as somebody may have written it; not all of them make sense."""
    section: dict[str, Any] = {}
    if draw(st.booleans()):
        section["switch"] = draw(
            st.lists(st.text(max_size=5).filter(str.isprintable), min_size=2, max_size=4)
        )
    else:
        low = draw(numbers)
        high = low + abs(draw(numbers)) + 1
        section["range"] = [low, high]
        if draw(st.booleans()):
            section["limits"] = [low, high]
        if draw(st.booleans()):
            section["rest"] = low
    if draw(st.booleans()):
        section["avoid"] = [1.5]
    return section


@settings(max_examples=40, deadline=None)
@given(st.lists(knobs(), min_size=1, max_size=3))
def test_a_file_that_is_only_looked_through_stays_as_it_is(
    sections: list[dict[str, Any]],
) -> None:
    document = {"amp": {"driver": "hand"}, "knobs": {f"k{i}": s for i, s in enumerate(sections)}}
    document["interface"] = {"driver": "soundcard", "host_api": "x", "input": "a", "output": "a"}
    before = yaml.safe_dump(document, allow_unicode=True)
    try:
        config = configuration.parse(before, check=drivers.problems)
    except RigError:
        return
    assert isinstance(config, Config)
    text, _ = converse(before=before)
    after = configuration.parse(text, check=drivers.problems)
    assert {name: knob.knob(name) for name, knob in after.knobs.items()} == {
        name: knob.knob(name) for name, knob in config.knobs.items()
    }
    assert after.amp == config.amp


@given(st.text(max_size=40))
def test_a_line_is_read_or_refused_in_one_sentence(line: str) -> None:
    try:
        section = knob_line.parse(line)
    except ValueError as error:
        assert str(error)
        return
    if knob_line.show(section) != knob_line.KEPT:
        again = knob_line.parse(knob_line.show(section))
        assert {**again, **section} == again


def test_every_kept_line_says_what_the_section_says() -> None:
    section = {"switch": ["a, b", "c/d"], "cc": 3}
    assert knob_line.show(section) == knob_line.KEPT
    assert reading.answers_of(
        "knobs: {k: {switch: ['a, b', c], cc: 3}}", "rig.yaml"
    )["knobs.k"] == knob_line.KEPT  # fmt: skip
