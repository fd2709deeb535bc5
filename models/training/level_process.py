"""What level an amp has between its captures: a Gaussian process that knows what pots are.

A level is a single number, known of every capture, and mostly a sum of what each knob does by
itself, along its travel or along the logarithm of it (a pot that closes). A process of such sums,
and of what all knobs do together, predicts it about twice as well as a network, or better. Another
takes what two knobs do to each other for likely, too (a gain, and one behind a stage that
saturates), and a third for certain; a few captures do not tell which is right, so all are asked,
and where they differ the level is less sure.
Source of the kernel: Duvenaud, Nickisch and Rasmussen, "Additive Gaussian Processes", 2011.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from models.hyper.minimise import minimise

#: Where the logarithm of a travel begins, and how long it is from there to the end, in nepers.
CLOSED, TRAVEL_NEPERS = 0.003, 5.8
#: Steps of the fit, and how far logarithms of its parameters are from where they begin.
FIT_STEPS, DEVIATION = 80, 1.5
#: They stay this near, however far a search would go: beyond it covariances are singular.
REACH = 4.0
#: Deviations and lengths that the fit starts from: of the constant, of a knob alone (nepers of
#: power), along its travel and its logarithm, of all knobs together, and of what no knob explains.
START = {"constant": 3.0, "alone": 0.25, "length": 0.5, "log_length": 1.0, "together": 0.25}
#: What two knobs do to each other, in products of what each does alone: in 1 / nepers, of each
#: process that is asked.
PAIRS = (0.0, 1.0, 3.0)
UNEXPLAINED, LEAST_UNEXPLAINED = 0.07, 0.03
#: Variances are what the process says at least: of a few captures it is rather too sure.
LEAST_WIDENING = 1.0


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
        closing = ((a + CLOSED).log()[:, None] - (b + CLOSED).log()) / TRAVEL_NEPERS
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


class LevelProcess:
    """A Gaussian process of levels, fitted to those of captures.

    Args:
        points: The captures' knobs, ``(captures, knobs)`` in [0, 1], in double precision.
        levels: Logarithms of their mean squares, ``(captures, stretches)``.
        positions: Per knob, 0 if it turns, else how many positions it switches.
        pairs: What two knobs do to each other, where the fit starts; 0 for nothing.

    Raises:
        RuntimeError: The captures' covariance is singular.
    """

    def __init__(
        self, points: Tensor, levels: Tensor, positions: Sequence[int], pairs: float
    ) -> None:
        self._points, self._means = points, levels.mean(0)
        mean = levels.exp().mean(1).log()
        self._kernel = _fitted(points, mean - mean.mean(), positions, pairs)
        self._inverse = torch.linalg.inv(self._kernel.gram(points))
        # What an amp does with one stretch of guitar differs from setting to setting: each by
        # itself.
        self._centred = levels - self._means
        # Each capture by all the others (Rasmussen and Williams, 2006, 5.12): what a stretch is
        # off by there, beside what it should be: attacks and gates follow knobs less well than a
        # mean does.
        own = self._inverse.diagonal()[:, None]
        wider = ((self._inverse @ self._centred) ** 2 / own).mean(0)
        self._wider = wider.clamp(min=LEAST_WIDENING)

    def __call__(self, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Return levels at settings ``(asked, knobs)``, and their standard deviations.

        Both are ``(asked, stretches)``, in nepers of power.
        """
        across = self._kernel(asked, self._points)
        shares = across @ self._inverse
        alone = self._kernel(asked, asked).diagonal()
        spread = alone - (shares * across).sum(1) + self._kernel.noise
        deviations = (spread.clamp(min=0.0)[:, None] * self._wider).sqrt()
        return self._means + shares @ self._centred, deviations


class LevelsBetween:
    """The levels that all processes predict between captures; see `LevelProcess`.

    Raises:
        RuntimeError: The captures' covariance is singular.
    """

    def __init__(self, points: Tensor, levels: Tensor, positions: Sequence[int]) -> None:
        self._processes = [LevelProcess(points, levels, positions, pairs) for pairs in PAIRS]

    def __call__(self, asked: Tensor) -> tuple[Tensor, Tensor]:
        """Return levels at settings and their standard deviations, as a process does."""
        said = [process(asked) for process in self._processes]
        means, deviations = (torch.stack(each) for each in zip(*said, strict=True))
        # The variance of a mixture: what each is unsure of, and what they differ by.
        spread = (deviations**2).mean(0) + means.var(0, correction=0)
        return means.mean(0), spread.sqrt()


def random_settings(count: int, positions: Sequence[int], seed: int) -> Tensor:
    """Draw settings ``(count, knobs)``, every switch at one of its positions, each as likely."""
    draw = torch.rand(count, len(positions), generator=torch.Generator().manual_seed(seed))
    points = draw.double()
    for index, switched in enumerate(positions):
        if switched:
            points[:, index] = (points[:, index] * switched).floor() / max(switched - 1, 1)
    return points
