"""What looks are held to, by what the amp itself repeats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.daemon.baseline import look_limit

#: What two whole takes may differ by.
SAME = 1e-2


@pytest.mark.parametrize(
    ("repeatability_esr", "limit"),
    [(None, 3e-4), (3e-9, 1e-4), (2e-7, 2e-4), (3e-6, 3e-4), (1e-4, 5e-4), (1e-2, SAME)],
)
def test_the_better_an_amp_repeats_the_less_a_look_forgives(
    repeatability_esr: float | None, limit: float
) -> None:
    assert look_limit(repeatability_esr, SAME) == pytest.approx(limit)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(1e-3, 1.0))
def test_a_limit_rises_with_what_the_amp_repeats_and_ends_where_takes_do(
    one: float, other: float, same: float
) -> None:
    better, worse = sorted((one, other))
    assert look_limit(better, same) <= look_limit(worse, same) <= same
