"""A Gaussian process over the knobs: what captures leave uncertain, by their distance.

How far is a matter of the amp: a gain knob changes everything within a third of its travel, a bass
knob little in all of it. Each knob has a length of its own, fitted to what an ensemble says
(automatic relevance determination). Source: Rasmussen and Williams, "Gaussian Processes for Machine
Learning", 2006, chapters 2.2 and 5.1.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: Geometric mean of the length scales over the knobs, in knob travel: amps are smooth.
LENGTH_SCALE = 1.0
#: A knob's length scale is at most so many times that, or so many times less.
LARGEST_RATIO = 3.0
#: Deviation of log length scales under the prior that all knobs matter alike.
PRIOR_DEVIATION = 0.7
#: Variance that a capture leaves at its own setting.
#: It also keeps captures at nearly the same place from making the matrix singular.
NOISE = 1e-3
#: Of the fit: steps of Adam and their rate, on logarithms; the noise it starts from, and how sure
#: that is.
FIT_STEPS, FIT_RATE, FIT_NOISE, FIT_NOISE_DEVIATION = 120, 0.05, 1e-2, 2.0


def separation(a: Tensor, b: Tensor, positions: Sequence[int]) -> Tensor:
    """Return distances along each knob, ``(a, b, knobs)``: travel, or 1 where a switch differs."""
    offset = a[:, None] - b
    switches = torch.tensor([count > 0 for count in positions], device=a.device)
    return torch.where(switches, (offset != 0.0).to(offset.dtype), offset)


def _correlation(distance: Tensor, length_scales: Tensor) -> Tensor:
    """Return the squared-exponential correlation of settings this far apart, 1 at no distance."""
    return torch.exp(-0.5 * ((distance / length_scales) ** 2).sum(-1))


def _loss(logs: Tensor, distance: Tensor, gram: Tensor, rank: float) -> Tensor:
    """Return the negative logarithm of the posterior of log length scales and log noise."""
    count = len(gram)
    # The noise has a floor, below which the fit could make the matrix singular.
    length_scales, noise = logs[:-1].exp(), logs[-1].exp() + 1e-6
    correlation = _correlation(distance, length_scales)
    factor = torch.linalg.cholesky(correlation + noise * torch.eye(count, dtype=torch.double))
    # The likeliest signal power has a closed form, so it is no parameter of the fit.
    power = torch.cholesky_solve(gram, factor).diagonal().sum() / (count * rank)
    # Half the logarithm of the determinant, which is the square of the factor's.
    log_root = factor.diagonal().log().sum()
    negative_log_likelihood = rank * (log_root + 0.5 * count * power.log())
    # Normal priors on the logarithms: a knob that nothing is known of stays at the usual length.
    penalty = ((logs[:-1] / PRIOR_DEVIATION) ** 2).sum()
    penalty = penalty + ((logs[-1] - math.log(FIT_NOISE)) / FIT_NOISE_DEVIATION) ** 2
    loss: Tensor = negative_log_likelihood + 0.5 * penalty
    return loss


def fit_length_scales(points: Tensor, responses: Tensor, positions: Sequence[int]) -> Tensor:
    """Fit each knob's length scale, in travel, by its penalised likelihood.

    Only the ratios are read off: smooth predictions would have length scales without end. Their
    geometric mean is `LENGTH_SCALE`, and none is more than `LARGEST_RATIO` from it.

    Args:
        points: ``(settings, knobs)``.
        responses: What is predicted at these settings, ``(settings, n)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.

    Returns:
        ``(knobs,)``.
    """
    # In double precision: long length scales make the correlations almost singular. On the CPU,
    # since not every device has double precision, and the matrices are small.
    at, observed = points.detach().cpu().double(), responses.detach().cpu().double()
    # The process has no mean of its own: what all settings have in common is no difference.
    observed = observed - observed.mean(0)
    gram = observed @ observed.T
    total = gram.diagonal().sum()
    # Written so that what is no number ends here, too: there is nothing to fit.
    if not total > 0.0:
        return torch.full_like(points[0], LENGTH_SCALE)
    # Neighbouring frames and bands move together: the likelihood may count only as many outputs as
    # are independent, here the participation ratio of the Gram matrix's eigenvalues.
    rank = float(total**2 / (gram**2).sum())
    gram *= rank / (total / len(at))
    distance = separation(at, at, positions)
    logs = at.new_zeros(at.shape[1] + 1)
    logs[-1] = math.log(FIT_NOISE)
    logs.requires_grad_()
    optimiser = torch.optim.Adam([logs], FIT_RATE)
    for _ in range(FIT_STEPS):
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(_loss(logs, distance, gram, rank))
        optimiser.step()
    fitted = logs.detach()[:-1]
    ratios = (fitted - fitted.mean()).exp().clamp(1.0 / LARGEST_RATIO, LARGEST_RATIO)
    return (LENGTH_SCALE * ratios).to(points)


class GaussianProcess:
    """The posterior covariance given captures at some settings; its prior variance is 1.

    Args:
        known: The captures' settings, ``(known, knobs)``.
        lengths: ``(knobs,)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
    """

    def __init__(self, known: Tensor, length_scales: Tensor, positions: Sequence[int]) -> None:
        # Many captures lie close together: single precision loses what little they leave. MPS has
        # no other.
        exact = known.dtype if known.device.type == "mps" else torch.double
        self._known, self._length_scales = known.to(exact), length_scales.to(exact)
        self._positions = positions
        known, noise = self._known, NOISE * torch.eye(len(known), device=known.device, dtype=exact)
        self._factor = torch.linalg.cholesky(self._prior(known, known) + noise)

    def _prior(self, a: Tensor, b: Tensor) -> Tensor:
        return _correlation(separation(a, b, self._positions), self._length_scales)

    def _whiten(self, points: Tensor) -> Tensor:
        across = self._prior(self._known, points)
        explained: Tensor = torch.linalg.solve_triangular(self._factor, across, upper=False)
        return explained

    def covariance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the covariance ``(a, b)`` between settings ``(a, knobs)`` and ``(b, knobs)``."""
        one, other = a.to(self._known.dtype), b.to(self._known.dtype)
        # Posterior covariance: the prior's, less K^T (K + noise)^-1 K by way of L^-1 K.
        explained = self._whiten(one).T @ self._whiten(other)
        return (self._prior(one, other) - explained).to(a.dtype)
