"""The interface of a studio is what its data sheet says."""

import numpy as np
import pytest

from rig.devices.virtual.studio.converters import (
    Channel,
    Converter,
    Opening,
    arrived,
    digitised,
    late,
    quantised,
    round_trip_frames,
)
from rig.devices.virtual.studio.filters import (
    anti_alias_taps,
    coupled,
    group_delay_frames,
    level_db,
)
from rig.devices.virtual.studio.noise import NoiseFloor, floor_noise, hum, pink
from rig.devices.virtual.studio.timing import fractionally_delayed, on_clock, read_at, without

RATE = 48000


def tone(hz: float, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2.0 * np.pi * hz * np.arange(int(RATE * seconds)) / RATE)


def gain_db(x: np.ndarray, y: np.ndarray) -> float:
    half = len(x) // 2
    return level_db(y[half:]) - level_db(x[half:])


@pytest.mark.parametrize("corner_hz", [1.0, 2.0, 3.4, 10.0])
def test_coupling_is_down_by_3_db_at_its_corner_and_6_db_an_octave_below(corner_hz: float) -> None:
    x = tone(corner_hz, 40.0 / corner_hz)
    assert gain_db(x, coupled(x, corner_hz, RATE)) == pytest.approx(-3.01, abs=0.05)
    x = tone(corner_hz / 8.0, 160.0 / corner_hz)
    assert gain_db(x, coupled(x, corner_hz, RATE)) == pytest.approx(-18.1, abs=0.2)


def test_coupling_at_0_hz_is_a_wire() -> None:
    x = np.ones(100)
    assert np.array_equal(coupled(x, 0.0, RATE), x)


@pytest.mark.parametrize("minimum_phase", [False, True])
@pytest.mark.parametrize("corner_hz", [18000.0, 20500.0, 22000.0])
def test_low_pass_is_down_by_3_db_at_its_corner(corner_hz: float, minimum_phase: bool) -> None:
    converter = Converter(low_pass_hz=corner_hz, minimum_phase=minimum_phase)
    for hz, expected in ((1000.0, 0.0), (10000.0, 0.0), (corner_hz, -3.01)):
        x = tone(hz)
        assert gain_db(x, late(x, converter, 700.3)) == pytest.approx(expected, abs=0.03)


def test_linear_phase_delays_all_alike_and_minimum_phase_the_top_more() -> None:
    linear, lead = anti_alias_taps(20000.0, False, RATE, 0.25)
    least, early = anti_alias_taps(20000.0, True, RATE, 0.25)
    for hz in (100.0, 5000.0, 15000.0):
        assert group_delay_frames(linear, hz, RATE) == pytest.approx(lead + 0.25, abs=0.002)
    low, high = (group_delay_frames(least, hz, RATE) - early for hz in (1000.0, 17500.0))
    assert 0.25 < low < 3.0
    assert high > low + 1.0


@pytest.mark.parametrize("minimum_phase", [False, True])
@pytest.mark.parametrize("delay", [400.0, 400.37, 911.5, 911.999])
def test_round_trip_is_the_delay_of_a_band_at_1_khz(delay: float, minimum_phase: bool) -> None:
    converter = Converter(minimum_phase=minimum_phase)
    x = tone(1000.0) * np.hanning(RATE)
    y = late(x, converter, delay)
    back = fractionally_delayed(y, -round_trip_frames(converter, Opening(delay)))
    assert level_db(back - x) - level_db(x) < -60.0


def test_stream_shorter_than_its_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        late(tone(100.0), Converter(), 100.0)


def test_inverted_cable_turns_the_signal_over() -> None:
    x = tone(440.0)
    straight, turned = (arrived(x, Channel(inverted=way), RATE) for way in (False, True))
    assert np.array_equal(straight, -turned)


def test_quantiser_makes_noise_of_half_a_step_and_clips_at_full_scale() -> None:
    rng = np.random.default_rng(0)
    x = 0.3 * tone(441.0)
    error = quantised(x, 16, rng) - x
    assert np.std(error) * 2**15 == pytest.approx(0.5, rel=0.02)
    assert abs(np.corrcoef(error, x)[0, 1]) < 0.02
    assert np.max(quantised(3.0 * x / 0.3, 24, rng)) == 1.0 - 2.0**-23


def test_input_adds_its_offset_and_noise_at_their_levels() -> None:
    channel = Channel(offset=-0.01, noise=NoiseFloor(white_dbfs=-60.0))
    y = digitised(np.zeros(RATE), channel, Converter(), np.random.default_rng(1))
    assert np.mean(y) == pytest.approx(-0.01, abs=2e-5)
    assert level_db(y) == pytest.approx(-60.0, abs=0.1)


def test_each_kind_of_noise_has_its_level_and_colour() -> None:
    for floor in (NoiseFloor(pink_dbfs=-50.0), NoiseFloor(hum_dbfs=-50.0, mains_hz=60.0)):
        y = floor_noise(floor, RATE, RATE, np.random.default_rng(2))
        assert level_db(y) == pytest.approx(-50.0, abs=0.5)
    power = np.abs(np.fft.rfft(pink(RATE * 4, np.random.default_rng(3)))) ** 2
    octaves = [10 * np.log10(np.mean(power[4 * hz : 8 * hz])) for hz in (100, 800, 6400)]
    assert np.diff(octaves) == pytest.approx([-9.0, -9.0], abs=2.0)


def test_hum_stands_on_the_mains_and_its_harmonics() -> None:
    y = hum(RATE * 4, 60.0, RATE, np.random.default_rng(4))
    power = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2
    near = sum(np.sum(power[240 * k - 6 : 240 * k + 7]) for k in range(1, 8))
    assert near > 0.999 * np.sum(power)


def test_reading_between_frames_is_right() -> None:
    n = np.arange(RATE, dtype=np.float64)
    x = np.sin(2.0 * np.pi * 5000.0 * n / RATE)
    wanted = np.sin(2.0 * np.pi * 5000.0 * (n + 0.3) / RATE)
    assert np.max(np.abs(read_at(x, n + 0.3) - wanted)[300:-300]) < 2e-4


def test_clock_that_is_100_ppm_fast_is_4_frames_late_after_40000() -> None:
    x = tone(1000.0) * np.hanning(RATE)
    click = np.zeros(RATE)
    click[40000] = 1.0
    assert int(np.argmax(on_clock(click, 100.0))) == 40004
    assert level_db(on_clock(x, 0.0) - x) < -90.0


def test_lost_frames_bring_what_follows_forward() -> None:
    x = np.arange(1000.0)
    y = without(x, 300, 7)
    assert np.array_equal(y[:300], x[:300])
    assert np.array_equal(y[300:993], x[307:])
    assert len(y) == len(x)
