"""Spread settings over the knob space: designs by name, seeds, holdouts, space filling."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import scipy  # its parts load when they are first used: a session that goes on needs none
from numpy.typing import NDArray

from rig.knobs import Panel, Point, Setting

#: Streams of random numbers that must not meet, whatever the session's seed.
HOLDOUT_STREAM, FILL_STREAM, DESIGN_STREAM, TARGET_STREAM = 2, 3, 4, 5
#: Corners are at most this share of the seeds.
CORNER_SHARE = 0.5
#: Candidates from which space filling picks.
FILL_CANDIDATES = 1024
#: So many draws, and a small knob space counts as used up.
DRAWS = 4


def _generator(seed: int, stream: int, salt: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, stream, salt])


def corners(knobs: int) -> NDArray[np.int64]:
    """Return knob-range corners as a fractional factorial: main effects clear of each other.

    Base columns count in binary; each further column is a product of base columns, longest
    products first. Source: Box and Hunter, "The 2^(k-p) Fractional Factorial Designs", 1961.

    Returns:
        ``(runs, knobs)`` of 0 and 1, with the fewest runs (a power of two) above ``knobs``.
    """
    # So many columns and their products, 2^base - 1 in all, are a column for each knob at least.
    base = max(int(np.ceil(np.log2(knobs + 1))), 1)
    # Bits as signs: the product of two columns is then their interaction.
    signs = 1 - 2 * ((np.arange(2**base)[:, None] >> np.arange(base)) & 1)
    columns = [signs[:, i] for i in range(min(base, knobs))]
    for size in range(base, 1, -1):
        columns += [np.prod(signs[:, chosen], axis=1) for chosen in combinations(range(base), size)]
    return (1 - np.stack(columns[:knobs], axis=1)) // 2


def _hypercube(knobs: int, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    optimised: Literal["random-cd"] | None = "random-cd" if count > 1 else None
    return np.asarray(
        scipy.stats.qmc.LatinHypercube(knobs, optimization=optimised, rng=random).random(count)
    )


def _distinct(
    points: Iterable[Sequence[float] | Point], panel: Panel, taken: set[Setting]
) -> list[Setting]:
    """Return the points as settings without repeats or ``taken`` ones, to which they are added."""
    settings: list[Setting] = []
    for point in points:
        setting = panel.quantise(point)
        if setting not in taken:
            taken.add(setting)
            settings.append(setting)
    return settings


def _draw_distinct(
    panel: Panel, count: int, taken: set[Setting], draw: Callable[[int], NDArray[np.float64]]
) -> list[Setting]:
    """Draw ``count`` distinct settings, again and again; fewer where the space has no more."""
    settings: list[Setting] = []
    for _ in range(DRAWS):
        # Repeats are dropped: where knobs have few positions, a draw brings less than it should.
        missing = count - len(settings)
        if missing > 0:
            settings += _distinct(draw(missing), panel, taken)
    return settings


def _uniform(knobs: int, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    return random.random((count, knobs))


def _sobol(knobs: int, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    # The points are balanced in powers of two only, so the first ones of the next power are taken.
    exponent = max(count - 1, 1).bit_length()
    return np.asarray(scipy.stats.qmc.Sobol(knobs, rng=random).random_base2(exponent))[:count]


def _with_corners(knobs: int, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    ends = corners(knobs)[: int(count * CORNER_SHARE)].astype(float)
    return np.concatenate([ends, _hypercube(knobs, count - len(ends), random)])


#: Plans that need no ensemble: from knobs and a count to ``(count, knobs)`` points.
DESIGNS: Mapping[str, Callable[[int, int, np.random.Generator], NDArray[np.float64]]] = {
    "random": _uniform,
    "sobol": _sobol,
    "lhs": _hypercube,
    "lhs+corners": _with_corners,
}


def is_design(strategy: str) -> bool:
    """Return whether a strategy is a design, which asks no ensemble."""
    return strategy in DESIGNS


#: What a strategy that asks an ensemble begins with.
FIRST_DESIGN = "lhs"


def design_settings(panel: Panel, design: str, count: int, seed: int) -> list[Setting]:
    """Return all settings of a design that is laid out for so many captures."""
    random = _generator(seed, DESIGN_STREAM)
    taken: set[Setting] = set()
    settings = _distinct(DESIGNS[design](len(panel), count, random), panel, taken)

    def draw(missing: int) -> NDArray[np.float64]:
        """Draw random points, where the steps of the knobs made two of the design's the same."""
        return _uniform(len(panel), missing, random)

    return settings + _draw_distinct(panel, count - len(settings), taken, draw)


def seeds(panel: Panel, strategy: str, count: int, goal: int | None, seed: int) -> list[Setting]:
    """Return the first settings to learn from.

    A strategy that asks an ensemble begins with a Latin hypercube; a plan, with its own first.
    """
    if is_design(strategy):
        # A plan is laid out for the goal and only begun here: for the seeds alone it is another.
        return design_settings(panel, strategy, max(goal or 0, count), seed)[:count]
    return design_settings(panel, FIRST_DESIGN, count, seed)


def to_play_distribution(panel: Panel, uniform: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move uniform points ``(points, knobs)`` to where players set the knobs.

    Each turning knob follows a normal distribution cut off at its ends; switches stay uniform.
    """
    moved, ndtr, ndtri = uniform.copy(), scipy.special.ndtr, scipy.special.ndtri
    for column, knob in enumerate(panel.knobs):
        if not knob.is_switch:
            centre, deviation = knob.play_unit()
            # The inverse of the distribution function, over the part of it between the knob's ends.
            low, high = ndtr((0.0 - centre) / deviation), ndtr((1.0 - centre) / deviation)
            within = low + uniform[:, column] * (high - low)
            moved[:, column] = np.clip(centre + deviation * ndtri(within), 0.0, 1.0)
    return moved


def holdouts(panel: Panel, count: int, seed: int, taken: Iterable[Setting]) -> list[Setting]:
    """Draw settings that models are only ever tested on, where players set the knobs."""
    random = _generator(seed, HOLDOUT_STREAM)

    def draw(missing: int) -> NDArray[np.float64]:
        """Draw points where players set the knobs."""
        return to_play_distribution(panel, _hypercube(len(panel), missing, random))

    return _draw_distinct(panel, count, set(taken), draw)


def fill(panel: Panel, count: int, seed: int, taken: Iterable[Setting]) -> list[Setting]:
    """Return settings as far as possible from all others, one after the other (maximin)."""
    others = list(dict.fromkeys(taken))
    random = _generator(seed, FILL_STREAM, len(others))
    points_drawn = to_play_distribution(panel, random.random((FILL_CANDIDATES, len(panel))))
    candidates = _distinct(points_drawn, panel, set(others))
    if not candidates:
        return []
    points = np.array([panel.point(setting) for setting in candidates])
    nearest = np.full(len(points), np.inf)
    for setting in others:
        nearest = np.minimum(nearest, np.linalg.norm(points - panel.point(setting), axis=1))
    settings = []
    for _ in range(min(count, len(candidates))):
        best = int(np.argmax(nearest))
        settings.append(candidates[best])
        nearest = np.minimum(nearest, np.linalg.norm(points - points[best], axis=1))
        # No distance is negative, so it is never chosen again.
        nearest[best] = -1.0
    return settings


def reference(panel: Panel) -> Setting:
    """Return the canary's setting: every knob in the middle of where players set it."""
    return panel.reference
