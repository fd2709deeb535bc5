"""``rig init``: its questions, the knob maps that come with rig, and what a terminal sees."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rig import config as configuration
from rig import data
from rig.cli import questions
from rig.config import MidiAmpConfig, SoundCardConfig
from rig.devices.survey import AudioDevice, MidiPort, Survey

CARD = AudioDevice("CoreAudio", 'Scarlett "18i8"', 18, 8, 44_100)
SPEAKERS = AudioDevice("CoreAudio", "Speakers", 0, 2, 48_000)
PORTS = (MidiPort("MACOSX_CORE", "Amp MIDI 1"), MidiPort("MACOSX_CORE", "Other"))
FOUND = Survey((SPEAKERS, CARD), PORTS, ())


def answered(*typed: str, found: Survey = FOUND) -> str:
    """The configuration from some answers; an empty one takes the default."""
    left = list(typed)

    def ask(_question: str, default: str) -> str:
        return (left.pop(0) if left else "") or default

    text = questions.configuration(found, ask, lambda _line: None)
    assert not left
    return text


def test_without_hardware_it_is_the_default() -> None:
    assert answered("0") == data.default_config()


def test_a_sound_card_with_a_loopback_and_an_amp_by_controllers() -> None:
    text = answered("1", "1", "3", "4", "5", "6", "1", "0", "2", "gain, Master Volume", "20", "7")
    config = configuration.parse(text)
    interface, amp = config.interface, config.amp
    assert isinstance(interface, SoundCardConfig)
    assert isinstance(amp, MidiAmpConfig)
    assert (interface.input, interface.output) == ('Scarlett "18i8"', 'Scarlett "18i8"')
    assert (interface.send_channel, interface.return_channel) == (3, 4)
    assert (interface.loopback_channel, interface.loopback_send_channel) == (5, 6)
    assert interface.sample_rate == 44_100
    assert (amp.port, amp.channel) == ("Amp MIDI 1", 2)
    assert {name: knob.cc for name, knob in config.knobs.items()} == {
        "gain": 20,
        "master_volume": 7,
    }


def test_a_port_on_jack_is_named_with_its_interface() -> None:
    found = Survey((CARD,), (MidiPort("UNIX_JACK", "gx_head_amp:midi_in_1"),), ())
    typed = ("1", "", "1", "1", "0", "1", "0", "1", "gain", "20")
    config = configuration.parse(answered(*typed, found=found))
    assert isinstance(config.amp, MidiAmpConfig)
    assert (config.amp.port, config.amp.api) == ("gx_head_amp:midi_in_1", "UNIX_JACK")


def test_by_hand_without_a_loopback_and_nonsense_is_asked_for_again() -> None:
    text = answered("9", "1", "1", "x", "1", "1", "0", "0", "gain, gain", "gain, tone")
    config = configuration.parse(text)
    assert all(knob.by_hand for knob in config.panel.knobs)
    assert config.interface.loopback_channel is None  # type: ignore[union-attr]


@pytest.mark.parametrize("name", data.profiles())
def test_a_profile_is_a_rig_that_can_be_used_and_names_its_source(name: str) -> None:
    profile = data.profile(name)
    assert "# Source: " in profile
    place = 2 + data.profiles().index(name)
    config = configuration.parse(answered("1", "", "", "", "", "", str(place), "1"))
    assert isinstance(config.amp, MidiAmpConfig)
    assert config.amp.port == "Other"
    assert all(knob.cc is not None for knob in config.knobs.values())


def test_a_switch_by_controller_sends_what_the_chart_says() -> None:
    text = 'knobs: {soak: {switch: ["0", "1", "5", "18", "40"], cc: 30}, channel: %s}'
    channel = "{switch: [clean, crunch, lead, ultra], cc: 31, send: [0, 96]}"
    knobs = configuration.parse(text % channel).knobs
    assert [knobs["soak"].sent(value) for value in range(5)] == [0, 32, 64, 95, 127]
    assert [knobs["channel"].sent(value) for value in range(4)] == [0, 32, 64, 96]


def test_where_nobody_sits_nothing_is_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rig", "init"]
    done = subprocess.run(
        command, cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / "rig.yaml").read_text(encoding="utf-8") == data.default_config()
    assert (tmp_path / "rig.schema.json").is_file()


def test_devices_are_listed_or_their_absence_is(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rig", "devices"]
    environment = {**os.environ, "JACK_NO_START_SERVER": "1"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert done.stdout or done.stderr
