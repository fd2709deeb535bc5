"""MIDI: the messages that set a knob, in which order, and the wires that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mido import Message

from rig import config as configuration
from rig.config import Config, KnobConfig
from rig.devices import drivers
from rig.devices.midi.amp import MidiAmp
from rig.devices.midi.messages import messages
from rig.devices.protocols import DriverContext
from rig.errors import ConfigError

WIRES = """
amp: {driver: midi, port: the amp, approach: %s}
interface: {driver: soundcard, input: a, output: a, host_api: x}
knobs:
  gain: {cc: 20, limits: [2, 9]}
  bass: {cc14: 3}
  master: {nrpn: 300, send: [100, 4100]}
  boost: {switch: [off, on], program: 7}
"""


def configured(approach: str = "direct") -> Config:
    return configuration.parse(WIRES % approach, check=drivers.problems)


def sent(knob: KnobConfig, value: float) -> list[tuple[int, ...]]:
    found = messages(knob, value, 2)
    assert all(message.channel == 2 for message in found)
    return [tuple(message.bytes()[1:]) for message in found]


def test_each_way_speaks_its_own_messages() -> None:
    knobs = configured().knobs
    assert sent(knobs["gain"], 10.0) == [(20, 127)]
    assert sent(knobs["bass"], 10.0) == [(3, 127), (35, 127)]
    assert sent(knobs["bass"], 5.0) == [(3, 64), (35, 0)]
    assert sent(knobs["master"], 0.0) == [(99, 2), (98, 44), (6, 0), (38, 100)]
    assert sent(knobs["boost"], 1.0) == [(8,)]


@given(st.integers(0, 127))
def test_a_quantised_value_is_what_the_controller_carries(position: int) -> None:
    config = configuration.parse("knobs: {gain: {cc: 20, range: [1, 12]}}")
    knob = config.panel.knobs[0]
    assert len(knob.values) == 128
    assert config.knobs["gain"].sent(knob.values[position]) == position


def test_a_reversed_control_counts_down() -> None:
    knob = configuration.parse("knobs: {gain: {cc: 20, send: [100, 0]}}").knobs["gain"]
    assert [knob.sent(value) for value in (0.0, 5.0, 10.0)] == [100, 50, 0]


@pytest.mark.parametrize(
    ("approach", "expected"),
    [("direct", [3.0, 3.0]), ("below", [2.0, 3.0, 3.0]), ("afar", [9.0, 3.0, 3.0])],
)
def test_approaches_stay_within_the_limits(approach: str, expected: list[float]) -> None:
    config = configured(approach)
    amp, gain = MidiAmp(DriverContext(config)), config.panel.knobs[0]
    path = amp._approach(gain, gain.quantise(3.0))
    assert path == [gain.quantise(value) for value in expected]
    assert all(value in gain.values for value in path)


@pytest.mark.parametrize(("start", "wanted"), [(2.0, 9.0), (9.0, 2.0), (5.0, 5.0)])
def test_a_ramp_sweeps_through_allowed_values_in_its_time(start: float, wanted: float) -> None:
    text = WIRES.replace("gain: {cc: 20,", "gain: {cc: 20, ramp_s: 0.5, avoid: [[4, 6]],")
    config = configuration.parse(text % "direct")
    slept: list[float] = []
    amp, knob = MidiAmp(DriverContext(config), sleep=slept.append), config.panel.knobs[0]
    heard: list[int] = []
    amp._put = lambda message: heard.append(message.value)  # type: ignore[method-assign]
    amp._stands["gain"] = knob.quantise(start)
    amp._sweep(knob, knob.quantise(wanted))
    wire = config.knobs["gain"]
    allowed = {wire.sent(value) for value in knob.values}
    assert set(heard) <= allowed
    assert heard == sorted(heard, reverse=wanted < start)
    if start != wanted:
        assert len(heard) > 20
        assert sum(slept) == pytest.approx(0.5, abs=0.05)


def test_without_a_ramp_or_at_first_it_jumps() -> None:
    config = configured()
    amp, knob = MidiAmp(DriverContext(config)), config.panel.knobs[0]
    amp._put = lambda message: pytest.fail("nothing is to be swept")  # type: ignore[method-assign]
    amp._sweep(knob, 5.0)
    amp._stands["gain"] = 2.0
    amp._sweep(knob, 5.0)


@pytest.mark.parametrize(
    ("knobs", "key"),
    [
        ("gain: {}", "knobs.gain"),
        ("gain: {cc: 1, nrpn: 2}", "knobs.gain.nrpn"),
        ("gain: {cc14: 1}, bass: {cc: 33}", "knobs.bass"),
        ("gain: {program: 1}", "knobs.gain.program"),
        ("gain: {cc: 1, send: [0, 200]}", "knobs.gain.send"),
        ("gain: {send: [0, 20]}", "knobs.gain.send"),
        ("gain: {cc: 1, step: 0.01}", "knobs.gain.step"),
        ("gain: {hand: true, ramp_s: 1}", "knobs.gain.ramp_s"),
        ("gain: {cc: 120}", "knobs.gain.cc"),
        ("gain: {cc: 127}", "knobs.gain.cc"),
        ("gain: {cc: 0}, x: {switch: [a, b], program: 1}", "knobs.gain.cc"),
        ("x: {switch: [a, b], program: 1}, gain: {cc: 32}", "knobs.gain.cc"),
        ("gain: {cc14: 0}, x: {switch: [a, b], program: 1}", "knobs.gain.cc14"),
        *((f"x: {{nrpn: 5}}, gain: {{cc: {n}}}", "knobs.gain.cc") for n in (6, 38, 96, 99, 101)),
        ("gain: {cc14: 6}, x: {nrpn: 5}", "knobs.gain.cc14"),
        ("x: {switch: [a, b], program: 127}", "knobs.x.program"),
        ("x: {switch: [a, b, c], program: 126}", "knobs.x.program"),
    ],
)
def test_wires_that_cannot_be_are_mistakes(knobs: str, key: str) -> None:
    text = f"amp: {{driver: midi, port: x}}\ninterface: {INTERFACE}\nknobs: {{{knobs}}}"
    with pytest.raises(ConfigError) as caught:
        configuration.parse(text, check=drivers.problems)
    assert f"  {key}: " in str(caught.value)


@pytest.mark.parametrize(
    "knobs",
    [
        "gain: {cc: 119}",
        "gain: {cc: 0}, bass: {cc: 32}",
        "gain: {cc14: 0}",
        "gain: {cc: 6}, bass: {cc14: 5}, x: {cc: 99}",
        "gain: {cc: 95}, bass: {cc: 102}, x: {nrpn: 0}",
        "gain: {cc: 33}, x: {switch: [a, b], program: 126}",
    ],
)
def test_a_controller_is_refused_only_where_it_is_needed_otherwise(knobs: str) -> None:
    text = f"amp: {{driver: midi, port: x}}\ninterface: {INTERFACE}\nknobs: {{{knobs}}}"
    configuration.parse(text, check=drivers.problems)


PRESETS = """
amp: {driver: midi, port: the amp, settle_s: 0.5, sends: 2}
interface: {driver: soundcard, input: a, output: a, host_api: x}
knobs:
  gain: {cc: 20}
  reverb: {switch: [off, on], program: 40, settle_s: 2}
  bass: {cc: 21, settle_s: 0.7}
  channel: {switch: [clean, lead], program: 10, settle_s: 1}
"""


class Heard:
    """A MIDI amp whose messages and pauses are written down, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.amp = MidiAmp(DriverContext(configuration.parse(PRESETS)), sleep=self.pause)
        self.amp._put = self.note  # type: ignore[method-assign]
        self.amp._port.refuse_absence = lambda: None  # type: ignore[method-assign]

    def pause(self, seconds: float) -> None:
        if seconds > 0.1:
            self.log.append(f"{seconds:g} s")

    def note(self, message: Message) -> None:
        number = message.program if message.type == "program_change" else message.control
        self.log.append(f"{'PC' if message.type == 'program_change' else 'CC'} {number}")

    def dial(self, **values: float) -> list[str]:
        self.log.clear()
        self.amp.dial(values)
        return list(self.log)


EVERYTHING = {"bass": 10.0, "channel": 1.0, "gain": 10.0, "reverb": 0.0}


def test_programs_come_first_once_in_the_panels_order_and_settle() -> None:
    heard = Heard().dial(**EVERYTHING)
    assert heard == ["PC 40", "PC 11", "2 s", "CC 21", "CC 21", "CC 20", "CC 20", "0.7 s"]


def test_a_program_that_stands_is_not_sent_and_nothing_waits_for_it() -> None:
    rig = Heard()
    rig.dial(**EVERYTHING)
    assert rig.dial(**EVERYTHING) == ["CC 21", "CC 21", "CC 20", "CC 20"]
    assert rig.dial(**{**EVERYTHING, "gain": 0.0})[-1] == "0.5 s"


def test_after_a_recalled_preset_every_controller_is_sent_and_has_to_settle() -> None:
    rig = Heard()
    rig.dial(**EVERYTHING)
    heard = rig.dial(**{**EVERYTHING, "channel": 0.0})
    assert heard == ["PC 10", "1 s", "CC 21", "CC 21", "CC 20", "CC 20", "0.7 s"]


def test_an_amp_that_was_opened_again_hears_every_program_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Heard()
    monkeypatch.setattr(rig.amp._port, "open", lambda: None)
    rig.dial(**EVERYTHING)
    rig.amp.open()
    assert rig.dial(**EVERYTHING)[:2] == ["PC 40", "PC 11"]


INTERFACE = "{driver: soundcard, input: a, output: a, host_api: x}"
