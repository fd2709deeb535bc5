"""What level an amp has between its captures: a Gaussian process that knows what pots are.

A network meets few settings, and between them its level is a guess: on amps of five to eight knobs
that was most of its error. A level is a single number, known of every capture, and mostly a sum of
what each knob does by itself, along its travel or along the logarithm of it (a pot that closes).
A process of such sums, and of what all knobs do together, predicts it about twice as well, or
better. Another takes what two knobs do to each other for likely, too (a gain, and one behind a
stage that saturates); a few captures do not tell which is right, so both are asked, and where they
differ the level is less sure.
Source of the kernel: Duvenaud, Nickisch and Rasmussen, "Additive Gaussian Processes", 2011.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.hyper.minimise import minimise
from models.training.dataset import Dataset

#: Fewer captures tell a level's deviation from a knob's effect badly.
FEWEST_CAPTURES = 12
#: Settings between captures that levels are predicted for.
BANK = 512
#: Frames over which a level is taken.
STRETCH_FRAMES = 4_096
#: Where the logarithm of a travel begins, and about how long it is from there to the end.
CLOSED, DECADES = 0.03, 3.5
#: Steps of the fit, and how far logarithms of its parameters are from where they begin.
FIT_STEPS, DEVIATION = 80, 1.0
#: They stay this near, however far a search would go: beyond it covariances are singular.
REACH = 4.0
#: Deviations and lengths that the fit starts from: of the constant, of a knob alone (nepers of
#: power), along its travel and its logarithm, of all knobs together, and of what no knob explains.
START = {"constant": 3.0, "alone": 0.25, "length": 0.5, "log_length": 1.0, "together": 0.25}
#: What two knobs do to each other, in products of what each does alone: in 1 / nepers, of each
#: process that is asked.
PAIRS = (0.0, 1.0)
UNEXPLAINED, LEAST_UNEXPLAINED = 0.07, 0.03
#: So far below the loudest capture nobody hears what a level is.
INAUDIBLE_NEPERS = 15.0
#: Deviation of a predicted level, in nepers of power, at which it counts half.
TRUSTED_NEPERS = 0.2
#: Nearer than so many deviations a prediction has nothing to teach: there captures know better.
LEFT_DEVIATIONS = 0.5
#: How much narrower than the process says deviations are taken to be, at most, as variances.
LEAST_WIDENING = 0.25


class _Kernel:
    """The covariance of levels at two settings; its parameters move logarithms from their start.

    Args:
        positions: Per knob, 0 if it turns, else how many positions it switches.
        pairs: What two knobs do to each other, where the fit starts; 0 for nothing.
    """

    def __init__(self, positions: Sequence[int], pairs: float) -> None:
        self._pairs_start = pairs
        self._turns = torch.tensor([count == 0 for count in positions])
        knobs, real = len(positions), torch.double
        self.along, self.lengths = (torch.zeros(2, knobs, dtype=real) for _ in range(2))
        self.ranges = torch.zeros(knobs, dtype=real)
        self.pairs, self.together, self.unexplained = (
            torch.zeros((), dtype=real) for _ in range(3)
        )
        starts = torch.tensor([START["length"], START["log_length"]], dtype=real)
        self._length_starts = starts[:, None]

    @property
    def parameters(self) -> list[Tensor]:
        """All that is fitted."""
        return [
            self.along,
            self.lengths,
            self.pairs,
            self.together,
            self.ranges,
            self.unexplained,
        ]

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the covariance ``(a, b)`` of settings ``(a, knobs)`` and ``(b, knobs)``."""
        travel = a[:, None] - b
        closing = ((a + CLOSED).log()[:, None] - (b + CLOSED).log()) / DECADES
        lengths = self._length_starts * _moved(self.lengths)
        alone = torch.exp(-0.5 * (torch.stack([travel, closing]) / lengths[:, None, None]) ** 2)
        alone = alone * (START["alone"] * _moved(self.along))[:, None, None] ** 2
        # A switch has no logarithm of its travel.
        each = alone[0] + alone[1] * self._turns
        summed = each.sum(-1)
        # The sum over all pairs, by Newton's identity for the second elementary polynomial.
        paired = 0.5 * (summed**2 - (each**2).sum(-1))
        joint = torch.exp(-0.5 * ((travel / _moved(self.ranges)) ** 2).sum(-1))
        pairs = (self._pairs_start * _moved(self.pairs)) ** 2
        together = (START["together"] * _moved(self.together)) ** 2
        return START["constant"] ** 2 + summed + pairs * paired + together * joint

    @property
    def noise(self) -> Tensor:
        """The variance of what no knob explains."""
        return (UNEXPLAINED * _moved(self.unexplained)) ** 2 + LEAST_UNEXPLAINED**2

    def gram(self, points: Tensor) -> Tensor:
        """Return the covariance of levels that are measured."""
        return self(points, points) + self.noise * torch.eye(len(points), dtype=torch.double)


def _moved(parameter: Tensor) -> Tensor:
    """Return what a parameter makes of its start: a factor, within reach."""
    return (REACH * torch.tanh(parameter / REACH)).exp()


def _fitted(points: Tensor, levels: Tensor, positions: Sequence[int], pairs: float) -> _Kernel:
    """Return the kernel under which levels ``(captures,)`` of mean 0 are likeliest."""
    kernel = _Kernel(positions, pairs)

    def loss() -> Tensor:
        """Return the negative logarithm of the posterior."""
        factor = torch.linalg.cholesky(kernel.gram(points))
        explained = torch.cholesky_solve(levels[:, None], factor)[:, 0]
        # Normal priors on the logarithms: what nothing is known of stays where it begins.
        moved = sum(((part / DEVIATION) ** 2).sum() for part in kernel.parameters)
        found: Tensor = 0.5 * (levels @ explained + moved) + factor.diagonal().log().sum()
        return found

    minimise(kernel.parameters, loss, FIT_STEPS)
    return kernel


@dataclass(frozen=True)
class LevelPrior:
    """Levels between captures.

    Attributes:
        starts: First frame of each stretch, ``(stretches,)``.
        frames: How long a stretch is.
        knobs: ``(settings, knobs)`` in [0, 1].
        levels: Logarithm of the mean square at a setting in a stretch, ``(settings, stretches)``.
        deviations: How far off each may be, as a standard deviation, ``(settings, stretches)``.
        floor: Mean square below which nothing is heard.
    """

    starts: Tensor
    frames: int
    knobs: Tensor
    levels: Tensor
    deviations: Tensor
    floor: float

    def loss(self, played: Tensor, settings: Tensor, stretches: Tensor) -> Tensor:
        """Return how far off levels are, as the ESR that they come to, ``(members,)``.

        Args:
            played: ``(members, batch, frames)``.
            settings: Which settings, ``(members, batch)``.
            stretches: Which stretches, ``(members, batch)``.
        """
        heard = ((played**2).mean(-1) + self.floor).log()
        deviation = self.deviations[settings, stretches]
        off = (heard - self.levels[settings, stretches]).abs()
        beyond = (off - LEFT_DEVIATIONS * deviation).clamp(min=0.0)
        # Half of a power's neper is one of the amplitude, and its square an ESR where it is small.
        away = (0.5 * beyond) ** 2
        trust = TRUSTED_NEPERS**2 / (TRUSTED_NEPERS**2 + deviation**2)
        # What is far off pulls no harder than an ESR of 1 would.
        return (trust * away / (1.0 + away)).mean(-1)


def level_prior(data: Dataset, positions: Sequence[int], seed: int) -> LevelPrior | None:
    """Predict levels at settings between the captures; None where there is nothing to go by.

    Args:
        data: The captures.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        seed: Of the settings.
    """
    frames = min(STRETCH_FRAMES, data.stop - data.start)
    if len(data.targets) < FEWEST_CAPTURES or frames < 1:
        return None
    starts = torch.arange(data.start, data.stop - frames + 1, frames)
    stretches = [data.targets[:, s : s + frames].square().mean(-1) for s in starts.tolist()]
    powers = torch.stack(stretches, 1).cpu().double()
    floor = float(powers.mean(1).max()) * math.exp(-INAUDIBLE_NEPERS) + 1e-12
    draw = torch.rand(BANK, len(positions), generator=torch.Generator().manual_seed(seed))
    bank = _on_positions(draw.double(), positions)
    try:
        predicted, spread = _predicted(data.knobs.cpu().double(), powers + floor, bank, positions)
    except RuntimeError:  # which torch's error of a singular matrix is
        return None
    # Captures that are no numbers lead to none.
    if not bool(torch.isfinite(predicted).all() and torch.isfinite(spread).all()):
        return None
    device = data.audio.device
    settings, levels, spread = (part.float().to(device) for part in (bank, predicted, spread))
    return LevelPrior(starts.to(device), frames, settings, levels, spread, floor)


def _predicted(
    points: Tensor, powers: Tensor, bank: Tensor, positions: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Return levels at ``bank`` by stretch, and their standard deviations.

    Raises:
        RuntimeError: The captures' covariance is singular.
    """
    said = [_predicted_with(points, powers, bank, positions, pairs) for pairs in PAIRS]
    means, deviations = (torch.stack(each) for each in zip(*said, strict=True))
    # The variance of a mixture: what each is unsure of, and what they differ by.
    spread = (deviations**2).mean(0) + means.var(0, correction=0)
    return means.mean(0), spread.sqrt()


def _predicted_with(
    points: Tensor, powers: Tensor, bank: Tensor, positions: Sequence[int], pairs: float
) -> tuple[Tensor, Tensor]:
    """Return what one process says; see `_predicted`."""
    levels = powers.mean(1).log()
    kernel = _fitted(points, levels - levels.mean(), positions, pairs)
    across, inverse = kernel(bank, points), torch.linalg.inv(kernel.gram(points))
    # What an amp does with one stretch of guitar differs from setting to setting: each by itself.
    each = powers.log()
    centred = each - each.mean(0)
    shares = across @ inverse
    spread = kernel(bank, bank).diagonal() - (shares * across).sum(1) + kernel.noise
    # Each capture by all the others (Rasmussen and Williams, 2006, 5.12): what a stretch is off by
    # there, beside what it should be: attacks and gates follow knobs less well than a mean does.
    own = inverse.diagonal()[:, None]
    wider = ((inverse @ centred) ** 2 / own).mean(0).clamp(min=LEAST_WIDENING)
    deviations = (spread.clamp(min=0.0)[:, None] * wider).sqrt()
    return each.mean(0) + shares @ centred, deviations


def _on_positions(points: Tensor, positions: Sequence[int]) -> Tensor:
    """Move every switch of points in [0, 1]^k to one of its positions, each as likely."""
    for index, count in enumerate(positions):
        if count:
            points[:, index] = (points[:, index] * count).floor() / max(count - 1, 1)
    return points
