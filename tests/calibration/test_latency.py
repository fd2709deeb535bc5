"""Round-trip latency against known truth."""

import numpy as np
import pytest
from scipy.signal import resample

from calibration import latency
from calibration.signals import Part, Signal, preamble
from calibration.takes import align, estimate_error_frames

START, LENGTH = 6_000, 20_000


def delayed(frames: float, gain: float) -> np.ndarray:
    """The preamble, delayed in the frequency domain: independent of how rig shifts."""
    sent = np.zeros(LENGTH)
    sent[START : START + len(preamble(48_000))] = preamble(48_000)
    size = 4 * LENGTH
    phase = np.exp(-2j * np.pi * np.fft.rfftfreq(size) * frames)
    return gain * np.fft.irfft(np.fft.rfft(sent, size) * phase, size)[:LENGTH]


def test_two_hundred_random_delays_within_a_fiftieth_of_a_frame() -> None:
    random = np.random.default_rng(7)
    worst = 0.0
    for _ in range(200):
        frames = random.uniform(0, 3_000)
        gain = random.uniform(0.05, 1.0) * random.choice([-1, 1])
        heard = delayed(frames, gain)
        noise_rms = abs(gain) * np.sqrt(np.mean(preamble(48_000) ** 2)) * 10 ** (-30 / 20)
        heard += noise_rms * random.standard_normal(LENGTH)
        found = latency.measure(heard, preamble(48_000), START)
        assert found.inverted == (gain < 0)
        assert found.sharpness > 8
        worst = max(worst, abs(found.frames - frames))
    assert worst < 0.02


def test_the_return_may_be_clipped_to_bits_where_a_loopback_tells_the_time(
    short_signal: Signal,
) -> None:
    random = np.random.default_rng(17)
    send = short_signal.send
    size = 2 * len(send)
    spectrum = np.fft.rfft(send, size)
    for _ in range(200):
        frames, gain = random.uniform(0, 3_000), random.choice([-1, 1]) * random.uniform(0.1, 1.0)
        phase = np.exp(-2j * np.pi * np.fft.rfftfreq(size) * frames)
        clean = np.fft.irfft(spectrum * phase, size)[: len(send)]
        loopback = gain * clean
        burst = preamble(48_000)
        # The signal's own preamble has a quarter of full scale.
        burst_rms = 0.25 * np.sqrt(np.mean(burst**2))
        noise_rms = abs(gain) * burst_rms * 10 ** (-random.uniform(30, 60) / 20)
        loopback = loopback + noise_rms * random.standard_normal(len(send))
        returned = np.clip(1000 * clean, -1, 1)
        found = align(returned, loopback, short_signal)
        assert abs(found.latency.frames - frames) < 0.02
        assert found.latency.inverted == (gain < 0)


def test_without_a_loopback_it_is_an_estimate_that_knows_how_good_it_is(
    short_signal: Signal,
) -> None:
    clean = latency.advance(short_signal.send, -700.25, len(short_signal.send))
    heard = align(np.clip(8 * clean, -0.5, 0.5), None, short_signal)
    assert heard.latency.frames == pytest.approx(700.25, abs=1.0)
    assert estimate_error_frames(heard, short_signal) < 2.0


@pytest.mark.parametrize("apart_frames", [0.3, -0.3, 0.7, 1.5, -40.25])
def test_a_new_opening_is_put_in_step_with_an_earlier_take(
    apart_frames: float, short_signal: Signal
) -> None:
    size = len(short_signal.send) + 8_192

    def recorded(frames: float) -> np.ndarray:
        """Return what an amp brings back, which is late by itself, too, and bends the send."""
        phase = np.exp(-2j * np.pi * np.fft.rfftfreq(size) * frames)
        return np.fft.irfft(np.fft.rfft(np.tanh(3.0 * short_signal.send), size) * phase, size)

    # Of the amp's own eight frames the preamble knows nothing: the earlier take has them left.
    earlier = align(recorded(808.0), None, short_signal, 0, 800.0)
    now = align(recorded(808.0 + apart_frames), None, short_signal, template=earlier.returned)
    assert now.shift_frames - earlier.shift_frames == pytest.approx(apart_frames, abs=0.02)


@pytest.mark.parametrize("ppm", [-40.0, -3.0, 3.0, 40.0])
def test_clocks_that_differ_are_measured(ppm: float, short_signal: Signal) -> None:
    length, finer = len(short_signal.send), 16
    fine = resample(short_signal.send, finer * length)
    at = finer * (np.arange(length) * (1 - 1e-6 * ppm) - 100)
    heard = np.interp(at, np.arange(finer * length), fine, 0, 0)
    found = align(heard, heard, short_signal)
    last = short_signal.all(Part.CLOSING)[-1]
    distance = last.start - short_signal.segment(Part.PREAMBLE).start
    assert found.drift_frames is not None
    assert 1e6 * found.drift_frames / distance == pytest.approx(ppm, abs=0.5)


def test_nothing_is_found_in_noise_or_silence() -> None:
    random = np.random.default_rng(8)
    assert latency.measure(np.zeros(LENGTH), preamble(48_000), START).sharpness == 0.0
    noise = random.standard_normal(LENGTH)
    assert latency.measure(noise, preamble(48_000), START).sharpness < 8
    assert latency.measure(np.zeros(100), preamble(48_000), START).sharpness == 0.0


@pytest.mark.parametrize("whole", [0, 12, 1_187, -3, -200, 900])
@pytest.mark.parametrize("nearly", [0.0, 3e-9, -3e-9])
def test_a_shift_by_whole_frames_changes_no_sample(whole: int, nearly: float) -> None:
    audio = np.random.default_rng(2).standard_normal(1_000)
    moved = latency.advance(audio, whole + nearly, 400)
    beyond = np.concatenate([np.zeros(400), audio, np.zeros(1_400)])
    assert np.array_equal(moved, beyond[400 + whole : 800 + whole])


@pytest.mark.parametrize("frames", [0.0, 0.5, 12.37, 1187.37, -3.25])
def test_advance_takes_a_delay_away(frames: float) -> None:
    time = np.arange(6_000)
    moved = latency.advance(np.sin(0.7 * time), frames, 4_000)
    error = moved - np.sin(0.7 * (time[:4_000] + frames))
    assert np.max(np.abs(error[200:-200])) < 1e-4
