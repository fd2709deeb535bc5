"""The amp's family: what level a setting should have, and when an amp has come to rest."""

from collections.abc import Sequence

import numpy as np
import pytest

from calibration.outliers import LEAST_MEMBERS, expect, outliers
from calibration.warmup import warmup


def amp_level_db(points: np.ndarray) -> np.ndarray:
    """Louder with both knobs, and more so together."""
    return np.asarray(-40 + 18 * points[..., 0] + 12 * points[..., 1] ** 2)


def test_a_member_is_expected_and_a_dying_tube_is_not() -> None:
    random = np.random.default_rng(4)
    points = random.random((24, 2))
    levels_db = amp_level_db(points) + 0.1 * random.standard_normal(24)
    for asked in random.random((50, 2)):
        found = expect(points, levels_db, asked)
        assert found is not None
        off = abs(found.level_db - amp_level_db(asked))
        assert off < max(5 * found.sigma_db, 6.0)
        assert found.sigma_db < 6.0


@pytest.mark.parametrize("seed", range(10))
def test_a_stranger_is_found_among_many_and_nobody_else_is_one(seed: int) -> None:
    random = np.random.default_rng([7, seed])
    points = random.random((30, 2))
    levels_db = amp_level_db(points) + 0.1 * random.standard_normal(30)
    assert outliers(points, levels_db) == []
    odd = int(random.integers(30))
    levels_db[odd] -= 12.0
    assert outliers(points, levels_db) == [odd]


def test_few_members_make_no_family() -> None:
    points = np.random.default_rng(5).random((LEAST_MEMBERS - 1, 3))
    assert expect(points, np.zeros(len(points)), np.zeros(3)) is None


def test_an_amp_that_warms_up_is_not_steady_and_one_that_hisses_is() -> None:
    random = np.random.default_rng(6)
    guitar = random.standard_normal(48_000)
    drifting = [guitar * 10 ** (gain_db / 20) for gain_db in (-0.5, -0.3, -0.12)]
    assert not warmup(drifting[:2], drifting[2], 0.0).is_steady
    hissing = [guitar + 0.01 * random.standard_normal(48_000) for _ in range(3)]
    assert warmup(hissing[:2], hissing[2], 1e-4).is_steady
    assert warmup([guitar], guitar, 0.0).is_steady
    first = warmup([], guitar, 0.0)
    assert first.step_esr is None
    assert not first.is_steady
    (step_db,) = warmup([guitar], 1.01 * guitar, 0.0).steps_db
    assert step_db == pytest.approx(0.0864, abs=1e-3)


def test_an_amp_that_still_rises_under_its_hiss_is_not_steady() -> None:
    """At 40 dB of signal to noise, with a decibel still to come."""
    random = np.random.default_rng(9)
    guitar = random.standard_normal(48_000)
    rising = [
        10 ** (-gap_db / 20) * guitar + 0.01 * random.standard_normal(48_000)
        for gap_db in (1.0, 0.85, 0.72)
    ]
    assert not warmup(rising[:2], rising[2], 1e-4).is_steady


def gated(gaps_db: Sequence[float], seed: int) -> list[np.ndarray]:
    """Recordings whose hiss is there only while the guitar opens a gate: at rest there is none."""
    random = np.random.default_rng(seed)
    guitar = random.standard_normal(48_000)
    return [
        10 ** (-gap_db / 20) * (guitar + 0.01 * random.standard_normal(48_000))
        for gap_db in gaps_db
    ]


@pytest.mark.parametrize("seed", range(5))
def test_what_a_gate_hides_at_rest_does_not_keep_an_amp_from_being_steady(seed: int) -> None:
    """Twenty takes of one setting were all 1.3e-4 apart, and the amp warmed up for ever."""
    steady = gated((0.0, 0.0, 0.0), seed)
    assert warmup(steady[:2], steady[2], 1e-9).is_steady
    assert not warmup(steady[:1], steady[1], 1e-9).is_steady
    rising = gated((0.05, 0.03, 0.015), seed)
    assert not warmup(rising[:2], rising[2], 1e-9).is_steady


def test_an_amp_whose_sound_drifts_at_one_level_is_not_steady() -> None:
    random = np.random.default_rng(3)
    one, other = random.standard_normal((2, 48_000))
    turned = [np.cos(angle) * one + np.sin(angle) * other for angle in (0.0, 0.01, 0.02)]
    assert not warmup(turned[:2], turned[2], 1e-9).is_steady


def test_what_is_never_the_same_twice_is_not_steady() -> None:
    random = np.random.default_rng(4)
    guitar = random.standard_normal(48_000)
    chorus = [guitar + 0.3 * random.standard_normal(48_000) for _ in range(3)]
    assert not warmup(chorus[:2], chorus[2], 1e-9).is_steady
