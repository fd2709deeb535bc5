"""The guide asks about a foot switch where somebody turns knobs, and keeps what a file says."""

from dataclasses import replace

import pytest

from rig import config as configuration
from rig.config import FootSwitchConfig
from rig.devices.midi.listening import Pressed
from rig.devices.survey import MidiPort
from tests.guide.person import NOTHING, PLUGGED, Bench, converse

INPUT = MidiPort("MACOSX_CORE", "FS-1")
WITH_PEDAL = replace(PLUGGED, midi_inputs=(INPUT,))
DONE, REDO, SKIP = "for 'done'", "recorded again", "leave a setting out"
FILE = """\
name: mine
amp: {driver: hand}
interface: {driver: soundcard, host_api: x, input: a, output: a}
knobs: {gain: {rest: 1}}
foot_switch: {port: FS, done: CC64, skip: "note 60"}   # on the left
"""
WITHOUT = FILE.partition("foot_switch")[0]


def foot_switch(text: str) -> FootSwitchConfig | None:
    return configuration.parse(text).foot_switch


def test_none_is_what_enter_says() -> None:
    text, person = converse(before=WITHOUT)
    assert DONE in person.transcript
    assert SKIP not in person.transcript
    assert "foot_switch" not in text


def test_over_midi_nobody_is_asked_about_it() -> None:
    before = WITHOUT.replace("{driver: hand}", "{driver: midi, port: x}")
    _, person = converse(before=before.replace("rest: 1", "rest: 1, cc: 20"))
    assert DONE not in person.transcript


def test_a_press_is_learnt_and_mistakes_are_told() -> None:
    bench = Bench(WITH_PEDAL)
    bench.pressed = Pressed("FS-1", "cc 64")
    at = {DONE: ["the left one", "learn", ""], REDO: ["cc 64", "note 7"], "MIDI input?": ["1"]}
    text, person = converse(before=WITHOUT, at=at, found=WITH_PEDAL, bench=bench)
    found = foot_switch(text)
    assert found == FootSwitchConfig(port="FS-1", done="cc 64", redo="note 7")
    assert "Heard cc 64 on FS-1; Enter takes it." in person.transcript
    assert "cc 64 already says 'done'" in person.transcript
    assert "such as cc 64, note 60 or program 5" in person.transcript


def test_where_nothing_is_plugged_in_learning_says_so_and_the_question_stays() -> None:
    at = {DONE: ["learn", "program 3"]}
    text, person = converse(before=WITHOUT, at=at, found=NOTHING)
    assert "there is no MIDI input to listen to" in person.transcript
    assert foot_switch(text) == FootSwitchConfig(done="program 3")


def test_a_file_keeps_its_own_changes_it_and_lets_go_of_it_whole() -> None:
    assert converse(before=FILE)[0] == FILE
    text, _ = converse(before=FILE, at={REDO: ["cc 65"]})
    assert foot_switch(text) == FootSwitchConfig(
        port="FS", done="cc 64", redo="cc 65", skip="note 60"
    )
    assert "# on the left" in text
    assert foot_switch(converse(before=FILE, at={DONE: ["none"]})[0]) is None


@pytest.mark.parametrize("amp", ["{driver: virtual}", "{driver: midi, port: x}"])
def test_where_it_is_not_asked_about_it_stays(amp: str) -> None:
    before = FILE.replace("{driver: hand}", amp).replace("{rest: 1}", "{rest: 1, cc: 20}")
    before = before.replace("{rest: 1, cc: 20}", "{rest: 1}") if "virtual" in amp else before
    if "virtual" in amp:
        before = before.replace("{driver: soundcard, host_api: x, input: a, output: a}",
                                "{driver: virtual}")  # fmt: skip
    assert converse(before=before)[0] == before
