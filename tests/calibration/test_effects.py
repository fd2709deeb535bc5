"""What was left on behind an amp, told from synthetic takes whose truth is known."""

import numpy as np
import pytest

from calibration import effects

RATE = 48_000
Audio = np.ndarray


def tone(seconds: float, hz: float = 440.0) -> Audio:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)


def hiss(seconds: float, rms: float, seed: int = 0) -> Audio:
    return rms * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


@pytest.mark.parametrize("depth_db", [1.0, 3.0, 9.0])
def test_a_tremolo_swings_by_its_depth(depth_db: float) -> None:
    steady = tone(2.0)
    lfo = np.sin(2 * np.pi * 4.0 * np.arange(len(steady)) / RATE)
    heard = steady * 10 ** (0.5 * depth_db * lfo / 20)
    assert effects.swing_db(heard, RATE) == pytest.approx(depth_db, rel=0.1)


def test_an_amp_that_sags_or_warms_up_does_not_swing() -> None:
    steady = tone(2.0)
    sagging = steady * np.linspace(1.0, 0.5, len(steady))
    settling = steady * (1.0 + np.exp(-np.arange(len(steady)) / (0.05 * RATE)))
    for heard in (steady, sagging, settling):
        assert effects.swing_db(heard, RATE) < effects.SWING_DB


def test_a_delay_rings_on_and_a_cabinet_does_not() -> None:
    silence, rest = hiss(0.3, 1e-5), hiss(0.5, 1e-5, 1)
    assert not effects.tail(tone(0.3), rest, silence, RATE).rings
    echoing = rest.copy()
    echoing[round(0.25 * RATE) : round(0.4 * RATE)] += 10 ** (-30 / 20) * tone(0.15)
    found = effects.tail(tone(0.3), echoing, silence, RATE)
    assert found.rings
    assert found.level_db == pytest.approx(-30.0, abs=1.0)
    cabinet = rest.copy()
    early = np.arange(round(0.1 * RATE))
    cabinet[: len(early)] += 0.5 * np.exp(-early / (0.01 * RATE))
    assert not effects.tail(tone(0.3), cabinet, silence, RATE).rings


def test_noise_that_was_there_before_is_no_tail() -> None:
    noisy = effects.tail(tone(0.3), hiss(0.5, 0.05, 1), hiss(0.3, 0.05), RATE)
    assert not noisy.rings


def rising(seconds: float = 1.0) -> Audio:
    frames = round(seconds * RATE)
    return tone(seconds) * 10 ** (-3.0 * (1.0 - np.arange(frames) / frames))


@pytest.mark.parametrize("threshold_dbfs", [-20.0, -35.0])
def test_a_gate_is_found_where_it_opens(threshold_dbfs: float) -> None:
    sent = rising()
    envelope = 10 ** (-3.0 * (1.0 - np.arange(len(sent)) / len(sent)))
    is_open = envelope / np.sqrt(2) > 10 ** (threshold_dbfs / 20)
    noise = hiss(1.0, 1e-5)
    found = effects.gate_dbfs([sent], [sent * is_open + noise], 1e-5, RATE)
    assert found == pytest.approx(threshold_dbfs, abs=3.0)


def test_an_amp_that_comes_slowly_out_of_its_noise_has_no_gate() -> None:
    sent = rising()
    for noise_rms in (1e-5, 1e-2):
        heard = np.tanh(3.0 * sent) + hiss(1.0, noise_rms)
        assert effects.gate_dbfs([sent], [heard], noise_rms, RATE) is None


def test_takes_that_wander_go_one_way_and_those_that_swing_do_not() -> None:
    base = tone(0.5)
    # An amp that warms up is louder with every take; a tremolo is anywhere.
    warming = [base * gain for gain in (1.0, 1.1, 1.18, 1.24, 1.28)]
    assert effects.to_and_fro(warming, 0.0) == pytest.approx(1.0, abs=1e-6)
    swinging = [base * gain for gain in (1.0, 1.2, 1.0, 1.2, 1.0)]
    assert effects.to_and_fro(swinging, 0.0) == pytest.approx(-1.0, abs=1e-6)
    # Pure noise is taken off: what is left points nowhere.
    noisy = [base + hiss(0.5, 0.1, seed) for seed in range(8)]
    assert abs(effects.to_and_fro(noisy, 0.01)) < 0.6
