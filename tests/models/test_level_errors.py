"""Levels that an ensemble is off by where nothing was recorded, as far as captures tell."""

import math

import pytest
import torch
from torch import Tensor

from models.acquisition.disagreement import Predictions
from models.acquisition.level_errors import FURTHEST, LevelErrors, MeasuredLevels, level_errors

#: A gain that counts in decibels along its travel, and a volume that closes; 40 dB each.
POSITIONS = (0, 0)
EXCITATION = torch.sin(torch.arange(512) * 0.7) * math.sqrt(2.0)


def power(points: Tensor) -> Tensor:
    gain, volume = points.double().unbind(-1)
    return 10.0 ** (4.0 * gain - 4.0) * (volume + 1e-4) ** 2


def ensemble(off_db: float, members_apart_db: float = 0.0) -> Predictions:
    """Members that play a sine at the amp's level, and so much louder."""

    def plain(points: Tensor) -> list[Tensor]:
        apart = torch.tensor([-0.5, 0.5])[:, None] * members_apart_db
        gain = power(points).sqrt() * 10.0 ** ((off_db + apart) / 20.0)
        return [gain[..., None] * EXCITATION]

    return plain


def drawn(count: int, seed: int) -> Tensor:
    return torch.rand(count, 2, generator=torch.Generator().manual_seed(seed))


def told_of(plain: Predictions, floor_power: float = 1e-9, captures: int = 24) -> LevelErrors:
    points = drawn(captures, 1)
    told = level_errors(plain, MeasuredLevels(points, power(points), POSITIONS), floor_power)
    assert told is not None
    return told


@pytest.mark.parametrize("off_db", [6.0, -6.0, 12.0])
def test_members_that_agree_and_are_off_in_level_are_expected_to_err_by_that(off_db: float) -> None:
    """By the power of what is too much or too little, over the amp's own."""
    inside = 0.2 + 0.6 * drawn(40, 2)
    found = told_of(ensemble(off_db))(inside).median()
    assert float(found) == pytest.approx((10.0 ** (off_db / 20.0) - 1.0) ** 2, rel=0.15)


def test_where_levels_are_right_only_what_is_not_sure_is_left() -> None:
    told = told_of(ensemble(0.0))
    near, far = drawn(24, 1), torch.tensor([[1.5, 0.0003]])
    assert float(told(near).max()) < 0.01
    assert float(told(far)) > 5.0 * float(told(near).median())


def test_what_cannot_be_heard_is_no_error() -> None:
    """At a closed volume an ensemble may be many times too loud, while nobody hears it."""
    closed = torch.tensor([[0.5, 0.0]])
    assert float(told_of(ensemble(12.0), floor_power=1e-9)(closed)) > 0.1
    assert float(told_of(ensemble(12.0), floor_power=1e-3)(closed)) < 0.01


def test_one_level_is_not_off_without_end() -> None:
    most = (math.exp(0.5 * FURTHEST) - 1.0) ** 2 + 1.0
    assert float(told_of(ensemble(200.0))(drawn(8, 3)).max()) <= most


def test_of_few_captures_and_of_none_that_are_numbers_nothing_is_told() -> None:
    few = drawn(3, 1)
    assert level_errors(ensemble(0.0), MeasuredLevels(few, power(few), POSITIONS), 1e-9) is None
    points = drawn(12, 1)
    broken = power(points)
    broken[3] = math.nan
    told = level_errors(ensemble(0.0), MeasuredLevels(points, broken, POSITIONS), 1e-9)
    assert told is None or torch.isfinite(told(points)).all()


def test_no_settings_have_no_errors() -> None:
    assert told_of(ensemble(0.0))(torch.zeros(0, 2)).shape == (0,)
