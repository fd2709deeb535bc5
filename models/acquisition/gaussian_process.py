"""What captures leave uncertain, by how far away they are: a Gaussian process over the knobs.

How far is a matter of the amp: a gain knob changes everything within a third of its travel, a bass
knob little in all of it. Each knob has a length of its own, fitted to what an ensemble says
(automatic relevance determination). Source: Rasmussen and Williams, "Gaussian Processes for Machine
Learning", 2006, chapters 2.2 and 5.1.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: Geometric mean of the lengths over the knobs, in knob travel: amps are smooth.
LENGTH = 1.0
#: A knob's length is at most so many times that, or so many times less.
UNLIKE = 3.0
#: How sure it is, before anything is heard, that all knobs matter alike: deviation of log lengths.
PRIOR_DEVIATION = 0.7
#: Variance that a capture leaves at its own setting.
NOISE = 1e-3
#: Of the fit: steps of Adam and their rate, on logarithms; the noise it starts from, and how sure
#: that is.
FIT_STEPS, FIT_RATE, FIT_NOISE, FIT_NOISE_DEVIATION = 120, 0.05, 1e-2, 2.0


def separation(a: Tensor, b: Tensor, positions: Sequence[int]) -> Tensor:
    """Distance along each knob, ``(a, b, knobs)``: travel, or 1 where a switch differs."""
    away = a[:, None] - b
    switches = torch.tensor([count > 0 for count in positions], device=a.device)
    return torch.where(switches, (away != 0.0).to(away.dtype), away)


def _near(distance: Tensor, lengths: Tensor) -> Tensor:
    """Correlation of settings this far apart, 1 at no distance."""
    return torch.exp(-0.5 * ((distance / lengths) ** 2).sum(-1))


def fitted_lengths(points: Tensor, sounds: Tensor, positions: Sequence[int]) -> Tensor:
    """Each knob's length, in travel, by its likelihood.

    Only the ratios are read off; the mean over the knobs is `LENGTH` and none is further from it
    than `UNLIKE`.

    Args:
        points: ``(settings, knobs)``.
        sounds: What these settings sound like, ``(settings, n)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.

    Returns:
        ``(knobs,)``.
    """
    at, heard = points.detach().cpu().double(), sounds.detach().cpu().double()
    heard = heard - heard.mean(0)
    gram = heard @ heard.T
    total = gram.diagonal().sum()
    if not total > 0.0:
        return torch.full_like(points[0], LENGTH)
    independent = float(total**2 / (gram**2).sum())
    gram *= independent / (total / len(at))
    distance, unit = separation(at, at, positions), torch.eye(len(at), dtype=torch.double)
    logs = at.new_zeros(at.shape[1] + 1)
    logs[-1] = math.log(FIT_NOISE)
    logs.requires_grad_()
    optimiser = torch.optim.Adam([logs], FIT_RATE)
    for _ in range(FIT_STEPS):
        lengths, noise = logs[:-1].exp(), logs[-1].exp() + 1e-6
        factor = torch.linalg.cholesky(_near(distance, lengths) + noise * unit)
        power = torch.cholesky_solve(gram, factor).diagonal().sum() / (len(at) * independent)
        unlikely = independent * (factor.diagonal().log().sum() + 0.5 * len(at) * power.log())
        odd = ((logs[:-1] / PRIOR_DEVIATION) ** 2).sum()
        odd = odd + ((logs[-1] - math.log(FIT_NOISE)) / FIT_NOISE_DEVIATION) ** 2
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(unlikely + 0.5 * odd)
        optimiser.step()
    found = logs.detach()[:-1]
    ratios = (found - found.mean()).exp().clamp(1.0 / UNLIKE, UNLIKE)
    return (LENGTH * ratios).to(points)


class GaussianProcess:
    """The covariance of what captures at some settings leave uncertain; 1 where nothing is known.

    Args:
        known: The captures' settings, ``(known, knobs)``.
        lengths: ``(knobs,)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
    """

    def __init__(self, known: Tensor, lengths: Tensor, positions: Sequence[int]) -> None:
        # Many captures lie close together: single precision loses what little they leave. MPS has
        # no other.
        exact = known.dtype if known.device.type == "mps" else torch.double
        self._known, self._lengths = known.to(exact), lengths.to(exact)
        self._positions = positions
        known, noise = self._known, NOISE * torch.eye(len(known), device=known.device, dtype=exact)
        self._factor = torch.linalg.cholesky(self._before(known, known) + noise)

    def _before(self, a: Tensor, b: Tensor) -> Tensor:
        return _near(separation(a, b, self._positions), self._lengths)

    def _explained(self, points: Tensor) -> Tensor:
        across = self._before(self._known, points)
        explained: Tensor = torch.linalg.solve_triangular(self._factor, across, upper=False)
        return explained

    def covariance(self, a: Tensor, b: Tensor) -> Tensor:
        """Between settings ``(a, knobs)`` and ``(b, knobs)``: ``(a, b)``."""
        one, other = a.to(self._known.dtype), b.to(self._known.dtype)
        explained = self._explained(one).T @ self._explained(other)
        return (self._before(one, other) - explained).to(a.dtype)
