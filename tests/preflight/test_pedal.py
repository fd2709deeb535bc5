"""The row of the check about a foot switch: there, elsewhere, absent, or of no use."""

import pytest

from rig import config as configuration
from rig.devices.survey import MidiPort, Survey
from rig.errors import DeviceError
from rig.preflight import Finding, Grade
from rig.preflight.pedal import foot_switch

ALSA = "LINUX_ALSA"
INPUTS = (
    MidiPort(ALSA, "Midi Through:Midi Through Port-0 14:0"),
    MidiPort(ALSA, "FS-1:FS-1 MIDI 1 24:0"),
)
HANDS = """
amp: {driver: hand}
interface: {driver: soundcard, input: a, output: a, host_api: x}
knobs: {gain: {}}
"""


def row(section: str, inputs: tuple[MidiPort, ...] = INPUTS, trouble: str = "") -> Finding:
    config = configuration.parse(f"{HANDS}foot_switch: {section}")
    (found,) = foot_switch(config, lambda: Survey((), (), (trouble,) if trouble else (), inputs))
    return found


@pytest.mark.parametrize("port", ["fs-1", "FS-1:FS-1 MIDI 1 20:0"])
def test_it_is_found_by_a_part_of_its_name_and_by_its_number_of_yesterday(port: str) -> None:
    found = row(f"{{port: '{port}', done: cc 64, skip: note 60}}")
    assert found.verdict is Grade.GOOD
    assert "done cc 64, skip note 60" in found.figure


def test_every_input_is_listened_to_where_none_is_named() -> None:
    assert row("{done: cc 64}").verdict is Grade.GOOD
    # ALSA's own port is always there, and no foot.
    assert row("{done: cc 64}", INPUTS[:1]).figure == "no MIDI input is there"


def test_where_it_is_not_there_the_row_has_a_line_to_paste() -> None:
    found = row("{port: FS-2, done: cc 64}")
    assert (found.verdict, found.passed) == (Grade.NOTE, True)
    assert found.figure == "'FS-2' is not there; there are: 'FS-1:FS-1 MIDI 1 24:0'"
    pasted = found.advice.partition("rig.yaml: ")[2]
    again = configuration.parse(HANDS + pasted)
    assert again.foot_switch is not None
    assert row(pasted.partition(": ")[2]).verdict is Grade.GOOD


def test_midi_that_does_not_work_is_a_note() -> None:
    assert row("{done: cc 1}", (), "MIDI needs python-rtmidi").figure == "MIDI needs python-rtmidi"

    def hangs() -> Survey:
        raise DeviceError("the audio drivers did not answer")

    config = configuration.parse(f"{HANDS}foot_switch: {{done: cc 1}}")
    (found,) = foot_switch(config, hangs)
    assert found.verdict is Grade.NOTE


def test_without_hands_it_has_nothing_to_answer_and_without_one_there_is_no_row() -> None:
    config = configuration.parse("knobs: {gain: {}}\nfoot_switch: {done: cc 64}")
    (found,) = foot_switch(config)
    assert found.figure == "not needed"
    assert not list(foot_switch(configuration.parse(HANDS)))
