"""What nobody hears beside an amp's loudest setting counts for no more than what is just heard."""

from dataclasses import replace
from math import inf

import pytest
import torch
from torch import Tensor

from models.acquisition import predictions
from models.acquisition.disagreement import expected_errors
from models.training.audibility import audible_floor
from models.training.dataset import Dataset, evaluate
from models.training.initial_levels import log_levels, polarity
from models.training.mel import log_mel
from tests.models.test_acquisition import ensemble, excerpts
from tests.models.test_training import TOYS, toy

RATE = 48_000


def closed_pot() -> Dataset:
    """The toy amp, of whose captures two have a volume pot that is all but closed."""
    data = toy()
    volumes = torch.tensor([1.0, 1.0, 1.0, 1.0, 1e-4, 1e-5])
    loudest = (data.targets**2).mean(-1).max()
    return replace(data, targets=data.targets * volumes[:, None], floors=(1e-5 * loudest).repeat(6))


def test_a_floor_is_the_end_of_hearing_or_over_the_noise() -> None:
    assert audible_floor(-20.0, 50.0, -inf) == pytest.approx(1e-7)
    assert audible_floor(-20.0, 50.0, -90.0) == pytest.approx(1e-7)
    assert audible_floor(-20.0, 50.0, -65.0) == pytest.approx(10**-5.5)
    assert audible_floor(-inf, 50.0, -inf) == 0.0


def test_captures_that_are_heard_are_measured_by_their_own_level() -> None:
    data = closed_pot()
    plain, floored = replace(data, floors=None).powers(0.9), data.powers(0.9)
    assert torch.equal(plain[:4], floored[:4])
    assert data.floors is not None
    assert torch.allclose(floored[4:, 0], data.floors[4:])
    # Neither form of the power gets another colour.
    assert torch.allclose(floored[:, 1] / floored[:, 0], plain[:, 1] / plain[:, 0], rtol=1e-3)


def test_an_error_that_nobody_hears_is_small() -> None:
    data, model = closed_pot(), TOYS[0].build().eval()
    plain, heard = evaluate(model, replace(data, floors=None)), evaluate(model, data)
    assert torch.allclose(plain.mean[:4], heard.mean[:4])
    assert bool((heard.mean[4:] < 0.01 * plain.mean[4:]).all())
    assert bool((heard.members[:, 4:] < 0.01 * plain.members[:, 4:]).all())


def test_parts_of_a_dataset_keep_their_floors() -> None:
    data = replace(closed_pot(), floors=torch.arange(6.0))
    some = data.subset([5, 2]).to(torch.device("cpu"))
    assert some.floors is not None
    assert some.floors.tolist() == [5.0, 2.0]
    assert (some.floor(0), replace(some, floors=None).floor(0)) == (5.0, 1e-12)
    # Where no capture was ever heard there is no level to be relative to, and no division by it.
    assert replace(some, floors=torch.zeros(2)).floor(1) == 1e-12


def test_levels_to_begin_with_go_no_lower_than_hearing() -> None:
    data = closed_pot()
    assert data.floors is not None
    levels = log_levels(data.targets, data.floors)
    assert torch.allclose(levels[4:], log_levels(data.floors.sqrt()[4:, None]), atol=1e-3)
    assert torch.equal(levels[:4], log_levels(data.targets)[:4])


def test_noise_of_a_closed_pot_has_no_say_in_the_polarity() -> None:
    data = toy()
    # What leaks into a closed amp's recording is turned over.
    targets = data.targets.clone()
    targets[1:] = -1e-6 * data.audio
    floors = torch.full((6,), 1e-6)
    assert polarity(data.audio, targets) == -1.0
    assert polarity(data.audio, targets, floors=floors) == 1.0


def tone(amplitude: float) -> Tensor:
    return amplitude * torch.sin(2 * torch.pi * 1_000.0 * torch.arange(RATE) / RATE)


def test_bands_below_a_sine_of_the_floor_are_silent() -> None:
    quiet, quieter = (log_mel(tone(a), RATE, floor_power=0.5 * 1e-4) for a in (1e-4, 1e-6))
    assert float((quiet - quieter).abs().max()) < 0.01
    # A sine of the floor's own power stands 3 dB over it, the two being as strong.
    equal = log_mel(tone(1e-2), RATE, floor_power=0.5 * 1e-4)
    assert float(equal.max() - quieter.max()) == pytest.approx(3.0, abs=0.6)


def test_members_at_odds_about_what_nobody_hears_expect_no_error() -> None:
    model = ensemble((0, 0))
    knobs = torch.rand(3, 2, generator=torch.Generator().manual_seed(2))
    heard = excerpts(model)
    loud = expected_errors(predictions.relative(model, heard, RATE), knobs)
    tiny = expected_errors(predictions.relative(model, heard, RATE, floor_power=1e-12), knobs)
    assert torch.allclose(loud, tiny)
    everyone = heard.expand(3, -1, -1), knobs[:1].expand(3, 2, -1)
    power = float(model(*everyone).detach().var())
    silent = expected_errors(predictions.relative(model, heard, RATE, 1e4 * power), knobs)
    assert bool((silent < 1e-2 * loud).all())
