"""Noise, hum and crosstalk against known truth."""

import numpy as np
import pytest

from calibration import noise

RATE = 48_000
#: The tenth harmonic of 60 Hz lies far below half of it, and a fit costs a sixth.
HUM_RATE = 8_000


def hiss(seconds: float, rms_dbfs: float, rate: int = RATE) -> np.ndarray:
    random = np.random.default_rng(0)
    return 10 ** (rms_dbfs / 20) * random.standard_normal(round(seconds * rate))


def hum(seconds: float, mains_hz: float, rms_dbfs: float) -> np.ndarray:
    time = np.arange(round(seconds * HUM_RATE)) / HUM_RATE
    wave = np.sin(2 * np.pi * mains_hz * time + 0.3) + 0.6 * np.sin(6 * np.pi * mains_hz * time)
    return np.asarray(10 ** (rms_dbfs / 20) * wave / np.sqrt(np.mean(wave**2)))


@pytest.mark.parametrize("mains_hz", [49.9, 50.0, 60.0, 60.1])
def test_hum_is_told_from_hiss_and_50_from_60_hz(mains_hz: float) -> None:
    found = noise.noise(hiss(1.5, -80, HUM_RATE) + hum(1.5, mains_hz, -70), HUM_RATE)
    assert found.mains_hz == round(mains_hz, -1)
    assert found.hum_dbfs == pytest.approx(-70, abs=0.5)
    assert found.hiss_dbfs == pytest.approx(-80, abs=0.5)
    assert found.total_dbfs == pytest.approx(-69.6, abs=0.5)


def test_hiss_alone_and_silence_are_no_hum() -> None:
    assert noise.noise(hiss(1.5, -80, HUM_RATE), HUM_RATE).mains_hz is None
    silent = noise.noise(np.zeros(RATE), RATE)
    assert silent.mains_hz is None
    assert silent.total_dbfs == -200.0


@pytest.mark.parametrize("gain_db", [-40.0, -60.0, -75.0])
def test_crosstalk_is_measured_under_the_noise(gain_db: float) -> None:
    guitar = np.convolve(np.random.default_rng(1).standard_normal(RATE), np.hanning(20), "same")
    send = 0.2 * guitar / np.max(np.abs(guitar))
    found = noise.bleed(send, 10 ** (gain_db / 20) * send + hiss(1.0, -100))
    assert found.is_flat
    assert found.gain_db == pytest.approx(gain_db, abs=1.0)


def test_a_quiet_amp_is_no_plain_copy() -> None:
    send = 0.1 * np.random.default_rng(2).standard_normal(RATE)
    dull = np.convolve(send, np.ones(12) / 40, "same")
    assert not noise.bleed(send, dull).is_flat
    assert not noise.bleed(np.zeros(RATE), dull).is_flat
