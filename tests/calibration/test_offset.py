"""DC is the converter's; the mean that hiss has by chance is not."""

import numpy as np
import pytest

from calibration.signals import Part, Signal
from calibration.takes import align, offset_of


def returned(signal: Signal, noise: float, offset: float, seed: int = 0) -> np.ndarray:
    hiss = np.random.default_rng(seed).standard_normal(len(signal.send)) * noise
    return 0.3 * signal.send + hiss + offset


@pytest.mark.parametrize("noise", [1e-6, 1.6e-5, 1e-3])
def test_the_mean_of_hiss_is_no_dc(noise: float, short_signal: Signal) -> None:
    found = [offset_of(returned(short_signal, noise, 0.0, seed), short_signal) for seed in range(8)]
    assert not any(found)


def test_dc_is_found_beneath_hiss(short_signal: Signal) -> None:
    found = offset_of(returned(short_signal, 1e-4, 1e-3), short_signal)
    assert found == pytest.approx(1e-3, rel=0.05)


def test_what_was_brought_in_step_stays_as_it_is_when_it_is_played_back(
    short_signal: Signal,
) -> None:
    once = align(returned(short_signal, 1.6e-5, 1e-3), None, short_signal, 0, 0.0)
    first = once.returned.astype(np.float32).astype(np.float64)
    tail = short_signal.segment(Part.TAIL)
    again = np.concatenate([first, np.zeros(tail.stop - len(first))])
    twice = align(again, None, short_signal, 0, 0.0)
    assert np.array_equal(twice.returned[: len(first)], first)
