"""The tone with its meter, the voltmeter, and MIDI learn: what they say and what they find."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from rig import config as configuration
from rig.capture import Levels
from rig.devices.midi.learn import ENOUGH, Event, learn, learnt
from rig.devices.midi.listening import Learnt
from rig.guide import calibrate, level
from tests.guide.person import PLUGGED, Bench, converse

CARD = ("hand", "Own", "Amp", "", "", "", "", "", "", "", "3", "4")


@pytest.mark.parametrize(
    ("gain_db", "says", "meter"),
    [
        (-6.0, "The loudest was -12.0 dBFS: that is good.", "good"),
        (-30.0, "turn the interface's input up, or the amp.", "up"),
        (5.5, "turn the interface's input down.", "down"),
        (6.0, "turn the interface's input down.", "CLIPS"),
        (-90.0, "Nothing came back: look at the cables", "up"),
    ],
)
def test_the_tone_says_which_way_to_turn(gain_db: float, says: str, meter: str) -> None:
    bench = Bench(PLUGGED, gain_db)
    _, person = converse(*CARD, found=PLUGGED, bench=bench, at={"Set the levels": ["tone"]})
    assert says in person.transcript
    assert any(line.endswith(meter) and "dBFS" in line for line in person.seen)
    config, send = bench.played[0]
    # The amp's knobs are left alone, and the channels are those that were answered.
    assert config.amp.driver == "hand"
    assert config.interface.send_channel == 3  # type: ignore[union-attr]
    assert np.max(np.abs(send)) == pytest.approx(10 ** (-6 / 20), rel=1e-3)
    # It begins at a hundredth of that.
    assert np.max(np.abs(send[:4_410])) < 0.011


def test_where_no_interface_is_plugged_in_no_tone_is_offered() -> None:
    at = {"as it leaves": ["measure", "12.5"]}
    text, person = converse("hand", "Own", "Amp", "", "", "", "", "Card", at=at)
    assert "tone" not in person.transcript
    assert "a number from -60 to 40, please" in person.transcript
    assert configuration.parse(text).interface.send_full_scale_dbu == 12.5


def test_an_interface_that_went_away_is_said_and_the_guide_goes_on() -> None:
    bench = Bench(PLUGGED)
    bench.is_there = False
    at = {
        "Set the levels": ["tone"],
        "as it leaves": ["measure"],
        "comes back, in": ["measure"],
    }
    text, person = converse(*CARD, found=PLUGGED, bench=bench, at=at)
    assert person.transcript.count("the input device is not there") == 2
    assert "What leaves has to be known first" in person.transcript
    assert configuration.parse(text).interface.send_full_scale_dbu is None


def test_the_meter_fits_forty_columns_whatever_comes() -> None:
    for peak in (-np.inf, -200.0, -60.0, -18.0, -3.0, 0.0, 6.0):
        assert len(level.meter(Levels(1.0, -6.0, peak))) <= 39


@pytest.mark.parametrize(
    ("typed", "dbu"),
    [("0.7746 V", 0.0), ("1,2277", 4.0), ("775 mV", 0.0), ("4 dBu", 4.0), ("-10 dBV", -7.78)],
)
def test_readings_of_a_voltmeter(typed: str, dbu: float) -> None:
    assert calibrate.dbu(typed) == pytest.approx(dbu, abs=0.01)


@pytest.mark.parametrize("typed", ["", "loud", "0 V", "-1 V", "1 A"])
def test_what_is_no_reading_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="please"):
        calibrate.dbu(typed)


def test_full_scale_is_found_with_a_voltmeter_and_a_cable() -> None:
    bench = Bench(PLUGGED, gain_db=-3.0)
    text, person = converse(
        *CARD,
        found=PLUGGED,
        bench=bench,
        at={"as it leaves": ["measure"], "comes back, in": ["measure"], "reading": ["x", "1 V"]},
    )
    interface = configuration.parse(text).interface
    # A sine 12 dB below full scale had 1 V, which is 2.2 dBu; the cable lost 3 dB.
    assert interface.send_full_scale_dbu == pytest.approx(2.2 + 12, abs=0.05)
    assert interface.return_full_scale_dbu == pytest.approx(2.2 + 12 + 3, abs=0.1)
    assert "a reading, please, such as 1.23 V" in person.transcript
    lost = Bench(PLUGGED, gain_db=-80.0)
    at = {"as it leaves": ["14"], "comes back, in": ["measure"]}
    _, person = converse(*CARD, found=PLUGGED, bench=lost, at=at)
    assert "The sine did not come back" in person.transcript


def test_the_sine_has_the_level_that_is_reckoned_with() -> None:
    wave = calibrate.sine(48_000)
    assert level.peak_of(wave) == pytest.approx(calibrate.SINE_DBFS, abs=0.01)
    assert math.isclose(calibrate.ZERO_DBU_V, 0.7746, abs_tol=1e-4)


def sweep(controller: int, values: range, channel: int = 1, port: str = "amp") -> list[Event]:
    return [Event(port, channel, controller, value) for value in values]


def test_the_controller_that_moves_is_the_one() -> None:
    pedal = [Event("amp", 1, 11, 64)] * 99
    assert learnt([*pedal, *sweep(20, range(101))]) == Learnt("amp", 1, "cc", 20, 0, 100)
    assert learnt(sweep(7, range(127, -1, -1), 3)) == Learnt("amp", 3, "cc", 7, 0, 127)
    assert learnt([]) is None


def test_pairs_and_parameter_numbers_are_told_by_their_own_keys() -> None:
    pair = [e for v in range(128) for e in (Event("a", 1, 3, v), Event("a", 1, 35, v))]
    assert learnt(pair) == Learnt("a", 1, "cc14", 3, 0, 127)
    nrpn = [
        Event("a", 1, number, value)
        for step in range(128)
        for number, value in ((99, 2), (98, 44), (6, step), (38, 0))
    ]
    assert learnt(nrpn) == Learnt("a", 1, "nrpn", 300, 0, 127 * 128)


class Clock:
    """A clock that waits as long as it is told, while somebody turns a knob."""

    def __init__(self, turned: Callable[[float], list[Event]]) -> None:
        self.now, self._turned = 0.0, turned

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for event in self._turned(self.now):
            self.tell(event)

    @contextmanager
    def ears(self, tell: Callable[[Event], None]) -> Iterator[None]:
        self.tell = tell
        yield


def test_listening_ends_a_second_after_the_knob_and_not_before() -> None:
    def turned(now: float) -> list[Event]:
        return [Event("amp", 1, 20, min(int(now * 20), 127))] if 2 < now < 5 else []

    clock = Clock(turned)
    heard = learn(clock.ears, lambda: clock.now, clock.sleep)
    assert heard is not None
    assert (heard.number, heard.lowest, heard.highest) == (20, 40, 99)
    assert 5.9 < clock.now < 6.3


def test_listening_ends_where_nobody_turns_anything() -> None:
    clock = Clock(lambda now: [Event("amp", 1, 20, 3)] if 1 < now < 1.2 else [])
    assert learn(clock.ears, lambda: clock.now, clock.sleep) is not None
    assert 19 < clock.now < 21
    silent = Clock(lambda _now: [])
    assert learn(silent.ears, lambda: silent.now, silent.sleep) is None
    assert ENOUGH > 1
