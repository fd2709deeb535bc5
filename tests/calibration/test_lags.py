"""How much later a sweep came back a second time, beside noise, and how sure that is."""

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

from calibration.lags import LAG_ERRORS, lag
from calibration.signals import preamble

RATE, FRAMES = 48_000, 12_000
SWEEP = np.zeros(FRAMES)
SWEEP[: len(preamble(RATE))] = preamble(RATE)


def wide(audio: np.ndarray) -> np.ndarray:
    return audio


def dark(audio: np.ndarray) -> np.ndarray:
    return np.asarray(lfilter(*butter(4, 120.0 / (RATE / 2)), audio))


def narrow(audio: np.ndarray) -> np.ndarray:
    """Pass little more than a note."""
    return np.asarray(
        sosfilt(butter(2, [80.0 / 24_000, 90.0 / 24_000], "band", output="sos"), audio)
    )


def heard(amp: object, above_noise_db: float, late: int, seed: int) -> tuple[np.ndarray, ...]:
    """Return two recordings of a sweep, the second ``late`` frames later, and silence."""
    assert callable(amp)
    draw, played = np.random.default_rng(seed), amp(SWEEP)
    noise = np.sqrt(np.mean(played**2)) * 10 ** (-above_noise_db / 20)
    second = np.concatenate([np.zeros(late), played])[:FRAMES]
    hiss = [noise * draw.standard_normal(count) for count in (FRAMES, FRAMES, 14_000)]
    return played + hiss[0], second + hiss[1], hiss[2]


@pytest.mark.parametrize("amp", [wide, dark, narrow])
@pytest.mark.parametrize("above_noise_db", [11.0, 20.0, 40.0])
def test_how_far_off_it_may_be_is_what_it_is_off(amp: object, above_noise_db: float) -> None:
    found = [lag(*heard(amp, above_noise_db, 0, seed)) for seed in range(60)]
    off = np.sqrt(np.mean([each.frames**2 for each in found]))
    told = np.median([each.error_frames for each in found])
    assert 0.4 < off / told < 1.5
    assert all(each.clear_frames == 0.0 for each in found)


@pytest.mark.parametrize(("amp", "above_noise_db"), [(wide, 11.0), (dark, 20.0), (narrow, 30.0)])
def test_a_frame_or_two_are_found_beside_the_noise(amp: object, above_noise_db: float) -> None:
    for seed in range(8):
        found = lag(*heard(amp, above_noise_db, 2, seed))
        assert found.frames == pytest.approx(2.0, abs=LAG_ERRORS * found.error_frames)
        assert found.clear_frames > 0.5


def test_what_is_not_the_same_twice_has_no_lag() -> None:
    one, other, silence = heard(narrow, 40.0, 0, 1)
    # Louder than the sweep, another note still rings.
    ringing = 3.0 * np.abs(other).max() * np.sin(2 * np.pi * 83.0 / RATE * np.arange(FRAMES))
    assert lag(one, other + ringing, silence).error_frames == np.inf


def moved(late_frames: np.ndarray) -> np.ndarray:
    """Return the sweep with each of its frames so much later."""
    return np.asarray(np.interp(np.arange(FRAMES) - late_frames, np.arange(FRAMES), SWEEP))


def test_what_sways_is_no_delay_unless_that_is_most_of_it() -> None:
    """A vibrato is here early and there late; what is lost is lost of all."""
    draw = np.random.default_rng(4)
    hiss = [1e-4 * draw.standard_normal(count) for count in (FRAMES, FRAMES, 14_000)]
    for depth_frames in (0.4, 0.8):
        sway = depth_frames * np.sin(2 * np.pi * 5.0 * np.arange(FRAMES) / RATE + 0.3)
        plain = lag(SWEEP + hiss[0], moved(sway) + hiss[1], hiss[2])
        assert plain.clear_frames == 0.0
        lost = lag(SWEEP + hiss[0], moved(60.0 + sway) + hiss[1], hiss[2])
        assert lost.clear_frames > 55.0


@pytest.mark.parametrize("above_noise_db", [-6.0, -2.0, 2.0])
def test_of_a_narrow_band_one_peak_is_hardly_above_the_next(above_noise_db: float) -> None:
    """Noise whose deep half is louder than what was measured of it moves the place of a peak."""
    for seed in range(24):
        draw = np.random.default_rng(seed)
        played = narrow(SWEEP)
        red = lfilter([1.0], [1.0, -0.97], draw.standard_normal(2 * FRAMES + 14_000))
        red *= np.sqrt(np.mean(played**2) / np.mean(red**2)) * 10 ** (-above_noise_db / 20)
        one, other, silence = np.split(red, [FRAMES, 2 * FRAMES])
        assert lag(played + one, played + other, silence).clear_frames == 0.0


def test_noise_alone_has_no_lag() -> None:
    draw = np.random.default_rng(3)
    one, other, silence = (draw.standard_normal(count) for count in (FRAMES, FRAMES, 14_000))
    assert lag(one, other, silence).error_frames == np.inf


def test_a_recording_that_ends_too_soon_has_no_lag() -> None:
    nothing = np.zeros(0)
    assert lag(nothing, nothing, np.ones(100)).error_frames == np.inf


def test_of_a_silent_converter_the_lag_is_what_it_is() -> None:
    one, other, _ = heard(wide, 200.0, 3, 1)
    assert lag(one, other, np.zeros(0)).frames == pytest.approx(3.0, abs=1e-3)
    assert lag(one, other, np.zeros(14_000)).error_frames == 0.0
