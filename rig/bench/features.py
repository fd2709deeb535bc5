"""The cheap comparison: the sound of settings as features, learnt by regression.

No audio model is trained. Each recording becomes log-mel levels; an ensemble of small networks
learns them from the setting, disagrees, and is asked what to record. The error is in decibels, and
a kernel regressor is fitted to the same recordings beside it: what both say does not hang on one
model's habits.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial.distance import cdist
from torch import Tensor

from calibration.signals import Part
from models.acquisition.disagreement import Predictions
from models.acquisition.predictions import BAND_RANGE_DB
from models.training.mel import log_mel
from rig.bench.subjects import Subject
from rig.knobs import Setting

Table = NDArray[np.float64]

#: Guitar whose features are learnt, in seconds.
LISTENED_S = 1.5
#: Directions of the features' variation that the networks learn; the rest is lost to both.
DIRECTIONS = 24
MEMBERS, HIDDEN, STEPS, RATE, DECAY = 4, 48, 400, 0.01, 1e-3
#: Length scales and noise that the kernel regressor chooses from, by leaving one out.
LENGTHS, NOISES = (0.2, 0.35, 0.6, 1.0, 1.7), (1e-4, 1e-3, 1e-2)


class Listener:
    """Records a subject's settings as log-mel levels, each once.

    Args:
        subject: Whose settings.
        floor_power: The mean square of what is just heard beside the loudest setting.
    """

    def __init__(self, subject: Subject, floor_power: float) -> None:
        self._subject = subject
        self._silent = floor_power * 10.0 ** (BAND_RANGE_DB / 10.0)
        start = subject.signal.segment(Part.TRAIN).start
        self._span = slice(start, start + round(LISTENED_S * subject.signal.sample_rate))
        # Rounds ask for the same settings again and again: each is measured once.
        self._levels = lru_cache(maxsize=None)(self._measure)

    def _measure(self, setting: Setting) -> Table:
        audio = torch.from_numpy(self._subject.record(setting)[self._span].copy())
        rate = self._subject.signal.sample_rate
        levels = log_mel(audio, rate, floor_power=self._silent)
        return levels.flatten().numpy().astype(float)

    def __call__(self, settings: Sequence[Setting]) -> Table:
        """Return the levels of settings, ``(settings, features)`` in dB."""
        return np.stack([self._levels(setting) for setting in settings])

    def points(self, settings: Sequence[Setting]) -> Table:
        """Return settings as points, ``(settings, knobs)``."""
        return np.stack([self._subject.panel.point(setting) for setting in settings])


class Network:
    """An ensemble of small networks from a setting to levels, trained from nothing."""

    def __init__(self, points: Table, levels: Table, seed: int) -> None:
        self._centre = torch.from_numpy(levels.mean(0)).float()
        _, scale, basis = np.linalg.svd(levels - levels.mean(0), full_matrices=False)
        self._basis = torch.from_numpy(basis[:DIRECTIONS]).float()
        # The first direction varies most: over its deviation, no target is far beyond 1.
        self._spread = float(scale[0] / len(levels) ** 0.5) + 1e-9
        inputs = torch.from_numpy(points).float()
        targets = (torch.from_numpy(levels).float() - self._centre) @ self._basis.T / self._spread
        draw = torch.Generator().manual_seed(seed)
        sizes = [points.shape[1], HIDDEN, HIDDEN, len(self._basis)]
        self._weights = []
        for fan_in, fan_out in pairwise(sizes):
            weight = torch.randn(MEMBERS, fan_in, fan_out, generator=draw) * fan_in**-0.5
            bias = torch.randn(MEMBERS, 1, fan_out, generator=draw) * 0.3
            self._weights += [weight.requires_grad_(), bias.requires_grad_()]
        optimiser = torch.optim.AdamW(self._weights, RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
        for _ in range(STEPS):
            loss = ((self._coordinates(inputs) - targets) ** 2).sum(-1).mean()
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        # Acquisition differentiates by the settings only.
        for weight in self._weights:
            weight.requires_grad_(False)

    def _coordinates(self, points: Tensor) -> Tensor:
        first, first_bias, second, second_bias, third, third_bias = self._weights
        inputs = (2.0 * points - 1.0).expand(MEMBERS, -1, -1)
        hidden = torch.tanh(inputs @ first + first_bias)
        hidden = torch.tanh(hidden @ second + second_bias)
        coordinates: Tensor = hidden @ third + third_bias
        return coordinates

    def members(self, points: Tensor) -> Tensor:
        """Predict every member's levels, ``(members, settings, features)`` in dB."""
        return self._centre + self._coordinates(points) * self._spread @ self._basis

    def predictions(self) -> Predictions:
        """Predict levels for acquisition; the basis keeps lengths, so its coordinates do."""
        return lambda points: [self._coordinates(points) * self._spread]

    def plain(self) -> Predictions:
        """Predict amplitudes for acquisition, in which loud settings count most."""
        return lambda points: [10.0 ** (self.members(points) / 20.0)]

    def __call__(self, points: Table) -> Table:
        """Predict the members' mean, ``(settings, features)``."""
        return self.members(torch.from_numpy(points).float()).mean(0).numpy().astype(float)


def kernel_regression(points: Table, levels: Table, queries: Table) -> Table:
    """Predict levels by a Gaussian process on a linear trend, tuned by leaving one out.

    Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, 5.4.2.
    """

    def trend(at: Table) -> Table:
        """Return the trend's inputs: a constant and every knob."""
        return np.concatenate([np.ones((len(at), 1)), at], 1)

    # Far from all points a Gaussian process falls back to its mean, so that had better follow them.
    weights, *_ = np.linalg.lstsq(trend(points), levels, rcond=None)
    left = levels - trend(points) @ weights
    best: tuple[float, Table] | None = None
    for length in LENGTHS:
        near = np.exp(-0.5 * cdist(points, points, "sqeuclidean") / length**2)
        for noise in NOISES:
            factor = cho_factor(near + noise * np.eye(len(points)))
            inverse = cho_solve(factor, np.eye(len(points)))
            # The error at a point left out of the fit, in closed form, without fitting again.
            error = float((((inverse @ left) / np.diag(inverse)[:, None]) ** 2).mean())
            if best is None or error < best[0]:
                across = np.exp(-0.5 * cdist(queries, points, "sqeuclidean") / length**2)
                best = (error, across @ inverse @ left)
    assert best is not None
    return np.asarray(trend(queries) @ weights + best[1])


def error_db(predicted: Table, true: Table) -> Table:
    """Return the RMS difference of each setting, ``(settings,)``."""
    return np.asarray(np.sqrt(((predicted - true) ** 2).mean(-1)))
