"""Whole conversations for the four kinds of amp: each ends in a file that 'rig check' accepts."""

import re
from importlib import metadata
from typing import Any

import pytest

from rig import config as configuration
from rig import data
from rig.config import (
    ExternalConfig,
    HandAmpConfig,
    MidiAmpConfig,
    SoundCardConfig,
    VirtualAmpConfig,
)
from rig.devices import drivers
from rig.devices.midi.listening import Learnt
from tests.guide.person import CARD, NOTHING, PLUGGED, Bench, converse


def test_the_virtual_amp_is_the_default_configuration() -> None:
    text, person = converse("virtual")
    assert text == data.default_config()
    assert "Nothing has to be plugged in" not in person.transcript
    text, person = converse("3", "british", "my-brit", at={"Which knobs": ["gain, fuzz"]})
    assert "this amp has no fuzz, only gain, bass, middle, treble, volume" in person.transcript
    config = configuration.parse(text, check=drivers.problems)
    assert isinstance(config.amp, VirtualAmpConfig)
    assert (config.amp.preset, config.name) == ("british", "my-brit")
    assert list(config.knobs) == ["gain", "bass", "middle", "treble", "volume"]


def test_hands_with_nothing_plugged_in_mistakes_and_going_back() -> None:
    text, person = converse(
        "by hand",
        "hand",
        "Fendr",
        "<",
        "Fender",
        "Deluxe 5E3",
        "",  # what is captured
        "",  # the name
        "",  # a sound card
        "?",
        "coreaudio",
        "",
        "Scarlett",
        "",
        "500000",
        "96000",
        "",
        "",
        "0",
        "gain, gain",
        "gain, tone, bright",
        "0-12, rest 20",
        "1-12, limits 1-9, rest 2",
        "back",
        "",
    )
    config = configuration.parse(text, check=drivers.problems)
    assert isinstance(config.amp, HandAmpConfig)
    assert isinstance(config.interface, SoundCardConfig)
    assert config.name == "fender-deluxe-5e3"
    assert (config.gear.make, config.gear.model) == ("Fender", "Deluxe 5E3")
    assert (config.interface.input, config.interface.output) == ("Scarlett", "Scarlett")
    assert config.interface.sample_rate == 96_000
    assert config.interface.loopback_channel is None
    assert config.knobs["gain"].limits == (1, 9)
    assert config.knobs["bright"].switch == ("off", "on")
    assert all(knob.by_hand for knob in config.panel.knobs)
    assert "one of these, please: midi, hand" in person.transcript
    assert "The same device is often listed under several" in person.transcript
    assert "rest: must be a position within 0 to 12" in person.transcript
    assert "[Fendr] > Fender" in person.transcript


def test_midi_with_a_knob_map_and_nothing_plugged_in() -> None:
    text, person = converse("midi", "hughes", "list", "deluxe", *[""] * 9, "Scarlett")
    config = configuration.parse(text, check=drivers.problems)
    assert isinstance(config.amp, MidiAmpConfig)
    assert config.amp.port == "MIDI"
    assert config.name == "hughes-kettner-grandmeister-deluxe-40"
    assert config.gear.make == "Hughes & Kettner"
    assert (config.knobs["gain"].cc, config.knobs["gain"].play) == (20, (2, 8))
    assert config.knobs["boost"].switch == ("off", "on")
    assert "# Source: Hughes & Kettner" in text
    assert "'hughes' could be any of these" in person.transcript
    assert "marshall-code: Marshall CODE" in person.transcript


def test_midi_learnt_and_tried_on_what_is_plugged_in() -> None:
    bench = Bench(PLUGGED)
    bench.learnt = Learnt("Amp MIDI 1", 2, "cc", 70, 0, 100)
    text, person = converse(
        *("", "", "Marshall", "DSL", "", "1", "2", "", "", "", "", "", "", "", "3", "4", "5", "6"),
        *("gain, master", "cc", "learn", "move", "y", "n", "0-10, cc 70, send 0-100", "70", "cc 7"),
        found=PLUGGED,
        bench=bench,
    )
    config = configuration.parse(text, check=drivers.problems)
    assert isinstance(config.amp, MidiAmpConfig)
    assert isinstance(config.interface, SoundCardConfig)
    assert (config.amp.port, config.amp.channel) == ("Amp MIDI 1", 2)
    assert (config.interface.input, config.interface.output) == (CARD.name, CARD.name)
    assert config.interface.sample_rate == 44_100
    assert (config.interface.send_channel, config.interface.return_channel) == (3, 4)
    assert (config.interface.loopback_channel, config.interface.loopback_send_channel) == (5, 6)
    assert (config.knobs["gain"].cc, config.knobs["gain"].send) == (70, (0, 100))
    assert config.knobs["master"].cc == 7
    assert bench.dial.stood == [0.0, 10.0]
    for said in (
        "Heard cc 70, values 0 to 100, on channel 2 of Amp MIDI 1.",
        "If that was from end to end, add 'send 0-100'",
        "Does gain stand at 10 now?",
        "Then look at the controller, the channel, the port",
        "CC 70 already moves the knob gain",
    ):
        assert said in person.transcript, said


class Entry:
    """An entry point of somebody's own driver."""

    name = "serial-amp"

    def load(self) -> Any:
        class Driver:
            @staticmethod
            def problems(config: Any) -> list[str]:
                options = config.amp.options
                return [] if "port" in options else ["amp.options.port: which serial port?"]

        return Driver


@pytest.fixture
def own_driver(monkeypatch: pytest.MonkeyPatch) -> str:
    """A driver of another package, for an amp."""
    real = metadata.entry_points

    def entries(**wanted: str) -> Any:
        if wanted == {"group": "rig.amps", "name": Entry.name}:
            return [Entry()]
        return real(**wanted)

    monkeypatch.setattr(metadata, "entry_points", entries)
    return Entry.name


def test_another_driver_and_a_mistake_that_only_it_finds(own_driver: str) -> None:
    text, person = converse(
        "driver",
        at={
            "Which driver": ["soundcard", own_driver],
            # The last once more, since that is what the mistake turns out to be about.
            "Which options": ["{", "{}", "{port: 3}"],
            "Who made": ["Own"],
            "come back?": ["Card"],
        },
        amps=(own_driver,),
    )
    config = configuration.parse(text, check=drivers.problems)
    assert isinstance(config.amp, ExternalConfig)
    assert config.amp.options == {"port": 3}
    assert isinstance(config.interface, SoundCardConfig)
    assert config.interface.input == "Card"
    assert "no such driver is installed for an amp (there are: serial-amp)" in person.transcript
    assert "What was answered does not go together:" in person.transcript
    assert "amp.options.port: which serial port?" in person.transcript


def test_a_driver_that_is_not_installed_is_said_and_one_can_go_back() -> None:
    text, person = converse("driver", "mine", "<", "virtual")
    assert text == data.default_config()
    assert "docs/drivers.md tells how one is made" in person.transcript


def test_no_line_of_a_conversation_has_words_of_a_programmer() -> None:
    for kind in (("hand", *[""] * 3, "x", *[""] * 2, "Card"), ("virtual",)):
        _, person = converse(*kind, found=NOTHING)
        for word in (r"\bNone\b(?! is plugged)", "Traceback", "<class", "pydantic", r"\{'"):
            assert not re.search(word, person.transcript), word
