"""How loud an amp should be at a setting, judged by all the settings heard before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Settings this far apart, in travel of a knob, say little about each other.
LENGTH = 0.5
#: Fewer takes than this make no family.
LEAST_MEMBERS = 8
#: And fewer than this cannot tell a stranger from a corner.
LEAST_NEIGHBOURS = 16
#: Takes of one setting may differ by this much and mean nothing.
NOISE_DB = 0.3
#: More members than this make an answer slower and no better: the nearest, or the last, count.
MOST_MEMBERS = 100
#: A level this far from what the family says is out of it, and so is one of this many sigmas.
OUTLIER_DB, OUTLIER_SIGMAS = 6.0, 5.0
#: Of a normal distribution: median of the magnitudes over the standard deviation.
MEDIAN_TO_SIGMA = 0.6745


@dataclass(frozen=True)
class Expected:
    """A level in dB, and how far from it a take of the same amp may well be (one sigma)."""

    level_db: float
    sigma_db: float


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = np.sum((a[:, None] - b[None]) ** 2, -1)
    return np.asarray(np.exp(-0.5 * distance / LENGTH**2))


def _gram(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of the levels at some points: a plane over the knobs, and a smooth rest."""
    # Over the knobs, so that the plane's share does not grow with their number.
    slope = 1.0 / max(points.shape[1], 1)
    centred = points - 0.5
    return np.asarray(_kernel(points, points) + slope * centred @ centred.T)


def _furthest_out(known: NDArray[np.float64], heard: NDArray[np.float64]) -> int | None:
    """The member that the others explain worst, where that is worse than it may be.

    Leave-one-out errors against their own variance, scaled by the median error, which a stranger
    does not move.
    """
    spread = max(float(np.std(heard)), NOISE_DB)
    inverse = np.linalg.inv(_gram(known) + (NOISE_DB / spread) ** 2 * np.eye(len(known)))
    precision = np.diag(inverse)
    # All leave-one-out errors come from one inverse, instead of one for each member left out.
    off = np.abs(inverse @ (heard - np.median(heard)) / precision)
    sigma = 1.0 / np.sqrt(precision)
    usual = float(np.median(off / sigma)) / MEDIAN_TO_SIGMA
    # Both limits: in a dense part of the knob space sigma is so small that anything would be odd.
    excess = off / np.maximum(OUTLIER_DB, OUTLIER_SIGMAS * usual * sigma)
    worst = int(np.argmax(excess))
    return worst if excess[worst] > 1.0 else None


def outliers(points: ArrayLike, levels_db: ArrayLike) -> list[int]:
    """Members whose level the rest of the family does not explain, the strangest first.

    Each one found is left out before the next is looked for: a stranger makes its neighbours odd.

    Args:
        points: Where the knobs stood, ``(takes, knobs)`` in [0, 1].
        levels_db: How loud the takes were, ``(takes,)``.

    Source: as of `expect`.
    """
    known = np.asarray(points, dtype=np.float64)
    heard = np.asarray(levels_db, dtype=np.float64)
    left, found = np.arange(len(heard))[-MOST_MEMBERS:], list[int]()
    while len(left) > LEAST_NEIGHBOURS:
        worst = _furthest_out(known[left], heard[left])
        if worst is None:
            break
        found.append(int(left[worst]))
        left = np.delete(left, worst)
    return found


def expect(points: ArrayLike, levels_db: ArrayLike, point: ArrayLike) -> Expected | None:
    """What the family says of one more member; None while it is too small to say anything.

    A Gaussian process over the knob space on top of a straight plane, its variance scaled by its
    own leave-one-out errors, so that an amp full of surprises is given more room.

    Args:
        points: Where the knobs stood, ``(takes, knobs)`` in [0, 1].
        levels_db: How loud the takes were, ``(takes,)``.
        point: The setting in question, ``(knobs,)``.

    Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, 2.2 and 5.4.2.
    """
    known = np.asarray(points, dtype=np.float64)
    heard = np.asarray(levels_db, dtype=np.float64)
    if len(heard) < LEAST_MEMBERS:
        return None
    asked = np.asarray(point, dtype=np.float64)[None]
    nearest = np.argsort(np.sum((known - asked) ** 2, axis=1), kind="stable")[:MOST_MEMBERS]
    known, heard = known[nearest], heard[nearest]
    spread = max(float(np.std(heard)), NOISE_DB)
    slope = 1.0 / max(known.shape[1], 1)
    covariance = _gram(known)
    cross = _kernel(asked, known)[0] + slope * (asked - 0.5)[0] @ (known - 0.5).T
    # What nobody has told anything of yet: the smooth rest's variance, and the plane's so far out.
    own = 1.0 + slope * float(np.sum((asked - 0.5) ** 2))
    # The noise relative to the spread: levels enter in units in which their variance is about 1.
    inverse = np.linalg.inv(covariance + (NOISE_DB / spread) ** 2 * np.eye(len(known)))
    centre = float(np.mean(heard))
    weights = inverse @ (heard - centre)
    # Leave-one-out errors from the one inverse (5.4.2): nothing is solved again for each member.
    left_out = weights / np.diag(inverse)
    # Each error over its variance (one over the diagonal): about 1 where the kernel is right.
    surprise = float(np.sqrt(np.mean(left_out**2 * np.diag(inverse))))
    variance = max(own - float(cross @ inverse @ cross), 0.0) + (NOISE_DB / spread) ** 2
    return Expected(centre + float(cross @ weights), float(max(surprise, 1e-9) * np.sqrt(variance)))
