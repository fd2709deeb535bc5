"""A Gaussian process over the knobs: lengths that fit, and what captures leave uncertain."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.acquisition.gaussian_process import (
    LARGEST_RATIO,
    LENGTH_SCALE,
    GaussianProcess,
    fit_length_scales,
    separation,
)


def drawn(settings: int, knobs: int, seed: int = 0) -> Tensor:
    return torch.rand(settings, knobs, generator=torch.Generator().manual_seed(seed))


def responses(points: Tensor, rates: Tensor) -> Tensor:
    """Waves that turn the faster along a knob, the higher its rate."""
    phases = torch.arange(12) * 0.5
    return torch.sin((points * rates).sum(-1, keepdim=True) + phases) + torch.cos(
        2 * points @ torch.diag(rates) @ torch.ones(points.shape[1], 12) - phases
    )


def test_knobs_that_change_more_are_shorter() -> None:
    points = drawn(60, 3)
    length_scales = fit_length_scales(
        points, responses(points, torch.tensor([4.0, 1.5, 0.3])), (0, 0, 0)
    )
    assert length_scales[0] < 0.7 * length_scales[1] < 0.7 * length_scales[2]
    assert length_scales.log().mean().exp() == pytest.approx(LENGTH_SCALE, rel=0.05)
    assert bool(
        (
            (length_scales >= LENGTH_SCALE / LARGEST_RATIO - 1e-6)
            & (length_scales <= LENGTH_SCALE * LARGEST_RATIO + 1e-6)
        ).all()
    )


def test_a_few_captures_do_not_settle_it() -> None:
    rates = torch.tensor([4.0, 0.1])
    few, many = drawn(3, 2), drawn(60, 2)
    a, b = (fit_length_scales(points, responses(points, rates), (0, 0)) for points in (few, many))
    assert a[1] / a[0] < b[1] / b[0]


def test_a_switch_is_near_or_away() -> None:
    a = torch.tensor([[0.2, 0.0], [0.2, 0.5]])
    distance = separation(a, torch.tensor([[0.5, 0.0], [0.2, 1.0]]), (0, 3))
    assert distance[0, 0].tolist() == pytest.approx([-0.3, 0.0])
    assert distance[0, 1].tolist() == [0.0, 1.0]
    assert distance[1, :, 1].tolist() == [1.0, 1.0]


def test_silence_says_nothing_of_any_knob() -> None:
    assert fit_length_scales(drawn(9, 2), torch.zeros(9, 5), (0, 0)).tolist() == [
        LENGTH_SCALE,
        LENGTH_SCALE,
    ]


def test_nothing_known_is_all_uncertain() -> None:
    process = GaussianProcess(torch.zeros(0, 2), torch.ones(2), (0, 0))
    points = drawn(5, 2)
    assert process.covariance(points, points).diagonal().tolist() == pytest.approx([1.0] * 5)


@settings(max_examples=50, deadline=None)
@given(known=st.integers(1, 12), knobs=st.integers(1, 5), seed=st.integers(0, 99))
def test_captures_only_ever_take_uncertainty_away(known: int, knobs: int, seed: int) -> None:
    at, points = drawn(known, knobs, seed), drawn(8, knobs, seed + 1)
    length_scales, positions = 0.3 + drawn(1, knobs, seed + 2)[0], (0,) * knobs
    left = GaussianProcess(at, length_scales, positions).covariance(points, points)
    before = GaussianProcess(at[:-1], length_scales, positions).covariance(points, points)
    assert bool((left.diagonal() <= before.diagonal() + 1e-3).all())
    assert bool((torch.linalg.eigvalsh(left) > -1e-3).all())
    there = GaussianProcess(at, length_scales, positions).covariance(at, at).diagonal()
    assert bool((there.abs() < 0.02).all())


def test_what_little_hundreds_of_captures_leave_is_not_lost_to_rounding() -> None:
    at, points, length_scales = drawn(400, 2), drawn(20, 2, 1), torch.tensor([3.0, 3.0])
    left = GaussianProcess(at, length_scales, (0, 0)).covariance(points, points).diagonal()
    exact = GaussianProcess(at.double(), length_scales.double(), (0, 0)).covariance(
        points.double(), points.double()
    )
    assert left.tolist() == pytest.approx(exact.diagonal().tolist(), rel=1e-3)
    assert bool((left > 0.0).all())
