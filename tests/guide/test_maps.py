"""The knob maps that come with rig: from a published chart, legal, and found by part of a name."""

import pytest

from rig import config as configuration
from rig import data
from rig.config import MidiAmpConfig
from rig.guide import knob_line, maps
from tests.guide.person import converse

#: Controllers that mean the same on every device, and turn no knob (MIDI 1.0): bank, data, NRPN.
NO_KNOBS = {0, 6, 32, 38, *range(96, 102), *range(120, 128)}
INTERFACE = "interface: {driver: soundcard, host_api: x, input: a, output: a}\n"


@pytest.mark.parametrize("name", data.profiles())
def test_a_map_is_a_rig_with_legal_controllers_of_its_own_and_a_source(name: str) -> None:
    text = data.profile(name)
    for line in ("# Source: ", "# Version: ", "# Verified: "):
        assert line in text, f"{name} has no {line}"
    config = configuration.parse(text + INTERFACE)
    assert isinstance(config.amp, MidiAmpConfig)
    assert config.gear.make
    assert config.gear.model
    numbers = [knob.cc for knob in config.knobs.values()]
    assert None not in numbers
    assert len(set(numbers)) == len(numbers)
    assert not NO_KNOBS & set(numbers)
    # What makes it loud is put to rest quietly.
    loud = [k for k in ("volume", "level", "master") if k in config.knobs]
    assert loud
    assert all((config.knobs[knob].knob(knob).rest or 0) <= 1 for knob in loud)
    known = maps.knob_map(name)
    assert all(
        knob_line.show(section) != knob_line.KEPT for section in known.sections["knobs"].values()
    )
    assert known.source.startswith("# ")


@pytest.mark.parametrize("name", data.profiles())
def test_each_map_is_taken_by_its_name_and_makes_a_rig(name: str) -> None:
    text, _ = converse("midi", name, then={"come back?": ["Card"]})
    made, told = configuration.parse(text), configuration.parse(data.profile(name) + INTERFACE)
    assert made.knobs.keys() == told.knobs.keys()
    assert {n: (k.cc, k.send_span, k.rest) for n, k in made.knobs.items()} == {
        n: (k.cc, k.send_span, k.rest) for n, k in told.knobs.items()
    }


def test_a_part_of_a_name_finds_it_in_any_case_and_order() -> None:
    assert maps.find("deluxe HUGHES").name == "hughes-kettner-grandmeister-deluxe-40"
    assert maps.find("tonex").make == "IK Multimedia"
    assert [found.make for found in maps.search("line 6")] == ["Line 6"] * 3
    with pytest.raises(ValueError, match="could be any of these, type more of one: line6"):
        maps.find("pod")
    with pytest.raises(ValueError, match="no knob map is called like 'mesa'"):
        maps.find("mesa")
