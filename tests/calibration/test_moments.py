"""What the others say of an instant, without one's own say in it."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from calibration.moments import (
    FAINT_QUANTILE,
    LEAST_OTHERS,
    ODDITY_LIMIT,
    _quantile_of_others,
    blamed_for_oddest_moment,
    oddest_moments,
    oddest_residuals,
)

RATE = 48_000
NOISE = [1e-9] * (LEAST_OTHERS + 4)


def family() -> np.ndarray:
    """Two seconds of one playing through amps of many gains and tones, ``(takes, frames)``."""
    random = np.random.default_rng(3)
    played = scipy.signal.lfilter([1.0], [1.0, -0.95], random.normal(0, 0.05, 2 * RATE))
    bright = np.diff(played, prepend=0.0)
    amps = random.uniform(0.3, 1.5, (len(NOISE), 2))
    takes = [np.tanh(gain * played + tone * bright) for gain, tone in amps]
    # Three have something that the others have not, and two of them are close to each other.
    for row in (2, 7):
        takes[row] = takes[row] + 0.5 * np.abs(played)
    takes[4] = takes[7] + 0.05 * (takes[4] - takes[7])
    hiss = random.normal(0, NOISE[0] ** 0.5, (len(NOISE), 2 * RATE))
    return np.stack(takes) + hiss


@given(st.integers(3, 40), st.sampled_from([0.25, 0.5, FAINT_QUANTILE]), st.integers(0, 2**32 - 1))
def test_a_quantile_of_the_others_is_that_of_a_table_without_the_row(
    takes: int, share: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    # Of few values, so that many are equal.
    table = random.integers(0, 6, (takes, 5)) / 4
    order = np.argsort(table, axis=0)
    ordered, ranks = np.take_along_axis(table, order, axis=0), np.argsort(order, axis=0)
    for row in range(takes):
        others = np.delete(table, row, axis=0)
        said = _quantile_of_others(ordered, ranks[row], share)
        np.testing.assert_allclose(said, np.quantile(others, share, axis=0), rtol=1e-12)


def test_one_click_is_odd_and_the_same_in_two_takes_is_not_twice_excused() -> None:
    random = np.random.default_rng(0)
    powers = random.uniform(0.5, 1.0, (LEAST_OTHERS + 6, 200))
    left = powers * random.uniform(0.9e-3, 1.1e-3, powers.shape)
    left[4, 120] = 5.0
    rows = range(len(powers))

    def oddities() -> list[float]:
        moments = oddest_residuals(powers, left, [1e-9] * len(powers), rows)
        assert moments is not None
        assert moments[4].at_s == pytest.approx(1.2, abs=0.05)
        return [moment.oddity for moment in moments]

    alone = oddities()
    assert alone[4] == max(alone)
    assert alone[4] > 10 * max(alone[:4] + alone[5:])
    # A single other broken take at that instant excuses nothing, two of them do.
    left[7, 120] = 5.0
    assert oddities()[4] == pytest.approx(alone[4], rel=0.1)
    left[9, 120] = 5.0
    assert oddities()[4] < 0.2 * alone[4]


@pytest.mark.parametrize("frames", [64, 256])
def test_the_take_with_the_click_is_blamed_for_what_others_seem_to_have(frames: int) -> None:
    takes = family()
    # Explained by a take with a click, a clean one looks odd.
    takes[4, 60_960 : 60_960 + frames] += 1.0
    moments = oddest_moments(takes, NOISE, RATE, [7])
    assert moments is not None
    assert moments[0].oddity > ODDITY_LIMIT
    assert moments[0].at_s == pytest.approx(60_960 / RATE, abs=0.02)
    assert blamed_for_oddest_moment(takes, NOISE, RATE, 7) == 4


def test_the_healthy_blame_nobody() -> None:
    takes = family()
    assert [blamed_for_oddest_moment(takes, NOISE, RATE, row) for row in (0, 4, 7)] == [None] * 3


def test_too_few_takes_blame_nobody() -> None:
    takes = family()[: LEAST_OTHERS + 1]
    takes[4, 60_960:61_216] += 1.0
    assert blamed_for_oddest_moment(takes, NOISE, RATE, 7) is None
