"""A take against the same instants of other takes: what happened to it alone.

All takes of a session play the same signal. What an amp makes of ten milliseconds of it at one
setting is nearly a mixture of what it makes of them at others: what is no mixture of them did not
come out of the amp. A click, a block that was lost or came twice, a gap, a burst: whatever is local
shows, without a model of the amp.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Audio = NDArray[np.float64]
Single = NDArray[np.float32]

BLOCK_S = 0.01
#: The mixture may change as slowly as this, in blocks: gates and compressors move.
WINDOW_BLOCKS = 20
#: Fewer other takes than this cannot span what an amp does.
LEAST_OTHERS = 9
#: Of a take's mean power: what is weaker than this hurts nobody, wherever it comes from.
LEAST_SHARE = 1e-2
#: Noise of a take, times this, may lie beside any mixture.
NOISE_TIMES = 4.0
#: Blocks are worked through in pieces of this many: more only take memory.
PIECE_BLOCKS = 256


@dataclass(frozen=True)
class Moment:
    """The oddest instant of a take: how odd (1 is usual, see `limit`), and when, in seconds."""

    oddity: float
    at_s: float


# In drawn studios every local fault of an ESR over 1e-3 came to this or more, and 2 % of healthy
# takes to half of it (decision 24).
#: An instant this many times as odd as usual did not come out of the amp.
ODDITY_LIMIT = 16.0


def _blocks(takes: Single, block: int) -> tuple[Audio, int]:
    """Products of all takes with all others in every block, ``(blocks, takes, takes)``."""
    count, frames = takes.shape
    whole = frames // block
    gram = np.empty((whole, count, count))
    for first in range(0, whole, PIECE_BLOCKS):
        last = min(first + PIECE_BLOCKS, whole)
        piece = takes[:, first * block : last * block].reshape(count, last - first, block)
        # Takes are held in float32 to save memory, but their products need more digits.
        stacked = piece.transpose(1, 0, 2).astype(np.float64)
        gram[first:last] = stacked @ stacked.transpose(0, 2, 1) / block
    return gram, whole


def _around(gram: Audio) -> Audio:
    """The sum over the window around each block, the block itself left out."""
    count = len(gram)
    width = min(WINDOW_BLOCKS, count)
    # Differences of a running sum: the sum of every window in one pass.
    total = np.concatenate([np.zeros((1, *gram.shape[1:])), np.cumsum(gram, axis=0)])
    # At both ends the window moves inwards, so that it is as long as everywhere else.
    first = np.clip(np.arange(count) - width // 2, 0, count - width)
    return np.asarray(total[first + width] - total[first] - gram)


def _unexplained(gram: Audio, around: Audio, row: int, others: NDArray[np.int64]) -> Audio:
    """Mean square of what a mixture of the others leaves of a take in each block."""
    inner = around[:, others[:, None], others]
    cross = around[:, others, row]
    scale = np.trace(inner, axis1=1, axis2=2) / len(others)
    # The ridge keeps nearly equal takes from cancelling each other with huge weights.
    inner = inner + (1e-6 * scale[:, None, None] + 1e-14) * np.eye(len(others))
    # Fitted around the block and held against it: a fault in the block cannot explain itself.
    weights = np.linalg.solve(inner, cross[..., None])[..., 0]
    own = gram[:, row, row]
    # The square of the difference, multiplied out: it takes the products only, and no audio.
    explained = 2 * np.einsum("bi,bi->b", weights, gram[:, others, row])
    among = gram[:, others[:, None], others]
    mixed = np.einsum("bi,bij,bj->b", weights, among, weights)
    # Of nearly equal numbers rounding can leave a difference a little below zero.
    return np.asarray(np.maximum(own - explained + mixed, 0.0))


def oddest_moments(
    takes: ArrayLike, noise_powers: Sequence[float], sample_rate: int, rows: Sequence[int]
) -> list[Moment] | None:
    """The oddest instant of some takes, each against all others.

    Args:
        takes: Returns of many settings, in step, ``(takes, frames)``.
        noise_powers: Mean square of each one's noise.
        sample_rate: Hz.
        rows: Which of the takes are asked about.

    Returns:
        One for each row; None where there are too few takes to tell.
    """
    audio = np.asarray(takes, dtype=np.float32)
    if len(audio) <= LEAST_OTHERS:
        return None
    block = round(BLOCK_S * sample_rate)
    gram, count = _blocks(audio, block)
    around = _around(gram)
    local = np.stack([np.diag(g) for g in gram], axis=1) if count else np.zeros((len(audio), 0))
    power = np.maximum(np.stack([around[:, i, i] for i in range(len(audio))]), 0.0) / WINDOW_BLOCKS
    total = np.maximum(local.mean(axis=1), 1e-20)
    everyone = np.arange(len(audio))
    left = np.stack([_unexplained(gram, around, int(i), np.delete(everyone, i)) for i in everyone])
    # How hard an instant is to explain is told by the others: an attack is hard for all.
    # The share of the whole take keeps silence, which has nothing to explain, from being hard.
    usual = left / (power + 1e-3 * total[:, None])
    found = []
    for row in rows:
        # The median, so that a single other broken take does not make an instant hard.
        hard = np.median(np.delete(usual, row, axis=0), axis=0)
        floor = LEAST_SHARE * total[row] + NOISE_TIMES * noise_powers[row]
        oddity = left[row] / (hard * power[row] + floor)
        place = int(np.argmax(oddity))
        found.append(Moment(float(oddity[place]), place * BLOCK_S))
    return found
