"""MIDI: the messages that set a knob, and finding a port that was numbered anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig import config as configuration
from rig.config import Config, KnobConfig
from rig.devices import drivers
from rig.devices.midi.amp import MidiAmp, find_port
from rig.devices.midi.messages import messages
from rig.errors import ConfigError, DeviceGone

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
    amp, gain = MidiAmp(config), config.panel.knobs[0]
    path = amp._approach(gain, gain.quantise(3.0))
    assert path == [gain.quantise(value) for value in expected]
    assert all(value in gain.values for value in path)


@pytest.mark.parametrize(("start", "wanted"), [(2.0, 9.0), (9.0, 2.0), (5.0, 5.0)])
def test_a_ramp_sweeps_through_allowed_values_in_its_time(start: float, wanted: float) -> None:
    text = WIRES.replace("gain: {cc: 20,", "gain: {cc: 20, ramp_s: 0.5, avoid: [[4, 6]],")
    config = configuration.parse(text % "direct")
    slept: list[float] = []
    amp, knob = MidiAmp(config, sleep=slept.append), config.panel.knobs[0]
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
    amp, knob = MidiAmp(config), config.panel.knobs[0]
    amp._put = lambda message: pytest.fail("nothing is to be swept")  # type: ignore[method-assign]
    amp._sweep(knob, 5.0)
    amp._stands["gain"] = 2.0
    amp._sweep(knob, 5.0)


@pytest.mark.parametrize(
    ("wanted", "present", "found"),
    [
        ("Amp 28:0", ["Through 14:0", "Amp 28:0"], "Amp 28:0"),
        ("Amp 28:0", ["Through 14:0", "Amp 32:0"], "Amp 32:0"),
        ("USB MIDI 1", ["USB MIDI 2"], "USB MIDI 2"),
        ("amp", ["Through 14:0", "Grand Amp MIDI 1"], "Grand Amp MIDI 1"),
        ("Amp", ["Amp", "Amp Two"], "Amp"),
    ],
)
def test_a_port_is_found_by_its_name(wanted: str, present: list[str], found: str) -> None:
    assert find_port(wanted, present) == found


@pytest.mark.parametrize("present", [[], ["Through 14:0"], ["Amp One 1:0", "Amp Two 2:0"]])
def test_a_port_that_is_not_certain_is_not_opened(present: list[str]) -> None:
    with pytest.raises(DeviceGone):
        find_port("amp", present)


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
    ],
)
def test_wires_that_cannot_be_are_mistakes(knobs: str, key: str) -> None:
    text = f"amp: {{driver: midi, port: x}}\ninterface: {INTERFACE}\nknobs: {{{knobs}}}"
    with pytest.raises(ConfigError) as caught:
        configuration.parse(text, check=drivers.problems)
    assert f"  {key}: " in str(caught.value)


INTERFACE = "{driver: soundcard, input: a, output: a, host_api: x}"
