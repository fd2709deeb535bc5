"""Two recordings of the same thing, where one or both of them are nothing."""

import numpy as np
import pytest

from calibration.replicates import compare

HEARD = np.random.default_rng(0).standard_normal(4_800) * 0.1
NOTHING = np.zeros(4_800)


def test_zeros_to_the_bit_are_not_what_was_heard_before() -> None:
    """A driver that delivers zeros once passed for the very same take."""
    found = compare(HEARD, NOTHING, 0.0)
    assert found.esr == 1.0
    assert not found.is_same(0.5)


def test_something_is_not_what_was_nothing_before() -> None:
    assert not compare(NOTHING, HEARD, 1e-9).is_same(0.5)


def test_nothing_twice_is_the_same() -> None:
    assert compare(NOTHING, NOTHING, 0.0).is_same(0.0)


def test_a_take_is_the_same_as_itself() -> None:
    assert compare(HEARD, HEARD, 0.0).is_same(1e-9)


@pytest.mark.parametrize("gain", [0.5, 1.2, -1.0])
def test_a_gain_alone_is_told_from_another_sound(gain: float) -> None:
    found = compare(HEARD, gain * HEARD, 0.0)
    assert not found.is_same(0.01)
    assert found.is_same_but_for_gain(1e-9)
    assert found.gain == pytest.approx(gain)
    assert not compare(HEARD, np.tanh(20 * HEARD), 0.0).is_same_but_for_gain(0.01)
