"""Levels between captures: what two processes predict of them."""

import math

import torch
from torch import Tensor

from models.training.level_process import PAIRS, LevelProcess, LevelsBetween, random_settings


def invented(knobs: Tensor) -> Tensor:
    """Return an amp's power: its second gain does the more the further its first is up."""
    first, second, *rest = knobs.unbind(-1)
    effects = 4.0 * first * second + sum((1.0 + i) * knob for i, knob in enumerate(rest))
    return torch.exp(torch.as_tensor(effects))


def drawn(seed: int) -> tuple[Tensor, Tensor]:
    """Draw settings of captures, and new ones."""
    draw = torch.Generator().manual_seed(seed)
    return torch.rand(40, 6, generator=draw).double(), torch.rand(100, 6, generator=draw).double()


def test_what_two_knobs_do_to_each_other_is_told_from_what_each_does() -> None:
    def away_db(pairs: float) -> float:
        """Return how far off it is at new settings, as a geometric mean over four draws."""
        logs = []
        for captures, asked in map(drawn, range(2, 6)):
            process = LevelProcess(captures, invented(captures)[:, None].log(), (0,) * 6, pairs)
            found, _ = process(asked)
            logs.append((found[:, 0] - invented(asked).log()).abs().median().log())
        return math.exp(sum(map(float, logs)) / len(logs)) * 10.0 / math.log(10.0)

    assert away_db(1.0) < 0.8 * away_db(0.0)


def test_where_processes_differ_a_level_is_less_sure() -> None:
    captures, asked = drawn(2)
    levels, positions = invented(captures)[:, None].log(), (0,) * 6
    said = [LevelProcess(captures, levels, positions, pairs)(asked) for pairs in PAIRS]
    mean, deviation = LevelsBetween(captures, levels, positions)(asked)
    means, deviations = (torch.stack(each) for each in zip(*said, strict=True))
    assert torch.allclose(mean, means.mean(0))
    assert bool((deviation >= deviations.min(0).values).all())
    assert bool((deviation >= means.std(0, correction=0)).all())


def test_settings_are_drawn_with_switches_where_they_can_stand() -> None:
    points = random_settings(60, (0, 3, 2), seed=1)
    assert points.dtype == torch.double
    assert bool(((points >= 0.0) & (points <= 1.0)).all())
    assert set(points[:, 1].tolist()) == {0.0, 0.5, 1.0}
    assert set(points[:, 2].tolist()) == {0.0, 1.0}
    assert len(set(points[:, 0].tolist())) == 60
