"""Round-trip latency against known truth."""

import numpy as np
import pytest

from calibration import latency
from calibration.signals import preamble

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


def test_nothing_is_found_in_noise_or_silence() -> None:
    random = np.random.default_rng(8)
    assert latency.measure(np.zeros(LENGTH), preamble(48_000), START).sharpness == 0.0
    noise = random.standard_normal(LENGTH)
    assert latency.measure(noise, preamble(48_000), START).sharpness < 8
    assert latency.measure(np.zeros(100), preamble(48_000), START).sharpness == 0.0


@pytest.mark.parametrize("frames", [0.0, 0.5, 12.37, 1187.37, -3.25])
def test_advance_takes_a_delay_away(frames: float) -> None:
    time = np.arange(6_000)
    moved = latency.advance(np.sin(0.7 * time), frames, 4_000)
    error = moved - np.sin(0.7 * (time[:4_000] + frames))
    assert np.max(np.abs(error[200:-200])) < 1e-4
