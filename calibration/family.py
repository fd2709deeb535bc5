"""How loud an amp should be at a setting, judged by all the settings heard before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Settings this far apart, in travel of a knob, say little about each other.
LENGTH = 0.5
#: Fewer takes than this make no family.
LEAST_MEMBERS = 8
#: Takes of one setting may differ by this much and mean nothing.
NOISE_DB = 0.3


@dataclass(frozen=True)
class Expected:
    """A level in dB, and how far from it a take of the same amp may well be (one sigma)."""

    level_db: float
    sigma_db: float


def _kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = np.sum((a[:, None] - b[None]) ** 2, -1)
    return np.asarray(np.exp(-0.5 * distance / LENGTH**2))


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
    spread = max(float(np.std(heard)), NOISE_DB)
    slope = 1.0 / max(known.shape[1], 1)
    covariance = _kernel(known, known) + slope * (known - 0.5) @ (known - 0.5).T
    cross = _kernel(asked, known)[0] + slope * (asked - 0.5)[0] @ (known - 0.5).T
    own = 1.0 + slope * float(np.sum((asked - 0.5) ** 2))
    inverse = np.linalg.inv(covariance + (NOISE_DB / spread) ** 2 * np.eye(len(known)))
    centre = float(np.mean(heard))
    weights = inverse @ (heard - centre)
    left_out = weights / np.diag(inverse)
    surprise = float(np.sqrt(np.mean(left_out**2 * np.diag(inverse))))
    variance = max(own - float(cross @ inverse @ cross), 0.0) + (NOISE_DB / spread) ** 2
    return Expected(centre + float(cross @ weights), float(max(surprise, 1e-9) * np.sqrt(variance)))
