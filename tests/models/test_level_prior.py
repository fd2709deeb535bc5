"""Levels between captures: predicted from what each knob does, and taught to a model."""

import math

import pytest
import torch
from torch import Tensor

from models.networks.spec import ModelSpec
from models.training.dataset import Dataset
from models.training.level_prior import LevelPrior, level_prior
from models.training.trainer import Recipe, Training

FRAMES = 16_384
#: Gain, a volume that closes, a tone knob, a bright switch.
POSITIONS = (0, 0, 0, 2)


def gain(knobs: Tensor) -> Tensor:
    """Return an amp's gain: a pot in decibels, one that closes, a shelf, and a switch."""
    drive, volume, tone, bright = knobs.unbind(-1)
    closing = (volume + 0.002) ** 2
    return 10.0 ** (drive * 1.2 - 0.6) * closing * (0.6 + 0.8 * tone) * (1.0 + 0.5 * bright)


def settings(count: int, seed: int) -> Tensor:
    knobs = torch.rand(count, 4, generator=torch.Generator().manual_seed(seed))
    knobs[:, 3] = knobs[:, 3].round()
    return knobs


def captured(count: int) -> Dataset:
    """Capture guitar that is loud at first and quiet then."""
    draw = torch.Generator().manual_seed(5)
    audio = 0.1 * torch.randn(FRAMES, generator=draw) * torch.linspace(1.0, 0.2, FRAMES)
    knobs = settings(count, 1)
    return Dataset(audio, gain(knobs)[:, None] * audio, knobs, 0, FRAMES)


def test_levels_between_captures_are_what_the_amp_would_have() -> None:
    data = captured(40)
    prior = level_prior(data, POSITIONS, 0)
    assert prior is not None
    stretches = data.audio.view(-1, prior.frames).square().mean(-1)
    true = (gain(prior.knobs)[:, None] ** 2 * stretches + prior.floor).log()
    away_db = (prior.levels - true).abs() * 10.0 / math.log(10.0)
    assert float(away_db.median()) < 0.3
    trusted = prior.deviations < 0.2
    assert float(trusted.float().mean()) > 0.5
    assert float(away_db[trusted].quantile(0.95)) < 1.5
    # Of what can be heard, two of three lie within a deviation, and hardly any beyond three.
    heard = true > true.max() - 7.0
    off = ((prior.levels - true).abs() / prior.deviations)[heard]
    assert float((off < 1.0).float().mean()) > 0.6
    assert float((off < 3.0).float().mean()) > 0.97


def test_switches_stand_where_they_can() -> None:
    prior = level_prior(captured(14), POSITIONS, 0)
    assert prior is not None
    assert set(prior.knobs[:, 3].tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("spoilt", [float("nan"), float("inf")])
def test_where_there_is_nothing_to_go_by_there_is_no_prior(spoilt: float) -> None:
    assert level_prior(captured(11), POSITIONS, 0) is None
    data = captured(14)
    data.targets[3, 50] = spoilt
    assert level_prior(data, POSITIONS, 0) is None


def test_captures_that_are_all_alike_or_silent_do_no_harm() -> None:
    data = captured(14)
    data.targets[:] = 0.0
    prior = level_prior(data, POSITIONS, 0)
    assert prior is None or bool(torch.isfinite(prior.levels).all())
    alike = Dataset(data.audio, data.audio.expand(14, -1), data.knobs[:1].expand(14, -1), 0, FRAMES)
    again = level_prior(alike, POSITIONS, 0)
    assert again is None or bool(torch.isfinite(again.levels).all())


def trained(level_every: int) -> float:
    """Train a little; return the mean square of log gains' errors between captures."""
    torch.manual_seed(0)
    model = ModelSpec("wavenet", "nano", POSITIONS, 1).build()
    recipe = Recipe(300, windows=(1024,), frames_per_step=4096, level_every=level_every)
    training = Training(model, captured(16), recipe)
    while not training.is_over:
        assert training.advance()
    training.finish()
    data = captured(16)
    knobs = settings(60, 7)
    history = model.history_frames
    audio = torch.cat([data.audio.new_zeros(history), data.audio[:4096]]).expand(1, 60, -1)
    with torch.no_grad():
        played = model(audio, knobs[None])[0]
    true = gain(knobs)[:, None] * data.audio[:4096]
    floor = 1e-6
    away = ((played**2).mean(-1) + floor).log() - ((true**2).mean(-1) + floor).log()
    return float((away**2).mean())


def test_a_level_within_what_is_known_of_it_is_left_to_the_captures() -> None:
    levels, deviations = torch.zeros(1, 1), torch.full((1, 1), 0.1)
    prior = LevelPrior(
        torch.zeros(1, dtype=torch.long), 4, torch.zeros(1, 1), levels, deviations, 0.0
    )
    first = torch.zeros(1, 1, dtype=torch.long)

    def loss(nepers: float) -> float:
        return float(prior.loss(torch.full((1, 1, 4), math.exp(nepers / 2)), first, first))

    assert loss(0.04) == loss(-0.04) == 0.0
    assert 0.0 < loss(0.2) < loss(0.5)


def test_a_model_learns_levels_where_nothing_was_recorded() -> None:
    assert trained(2) < 0.5 * trained(0)


def test_a_step_that_holds_levels_draws_a_window_less() -> None:
    model = ModelSpec("wavenet", "nano", POSITIONS, 1).build()
    recipe = Recipe(4, windows=(1024,), frames_per_step=8192, level_every=2)
    training = Training(model, captured(14), recipe)
    drawn_windows = []
    while not training.is_over:
        drawn_windows.append(training._windows()[0].shape[1])
        training.advance()
    assert drawn_windows == [7, 8, 7, 8]


def test_training_goes_on_to_the_bit_with_them() -> None:
    def begun() -> Training:
        torch.manual_seed(0)
        model = ModelSpec("wavenet", "nano", POSITIONS, 1).build()
        recipe = Recipe(12, windows=(1024,), frames_per_step=2048, level_every=2)
        return Training(model, captured(14), recipe)

    whole, first = begun(), begun()
    for _ in range(6):
        first.advance()
    second = begun()
    second.restore(first.state())
    for _ in range(12):
        whole.advance()
    for _ in range(6):
        second.advance()
    pairs = zip(whole.model.parameters(), second.model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
