"""A take against the same instants of other takes: what happened to it alone.

All takes of a session play the same signal. What an amp makes of ten milliseconds of it at one
setting is nearly a mixture of what it makes of them at others, and of their slopes, which stand for
knobs that change the tone: what is no such mixture did not come out of the amp. A click, a block
that was lost or came twice, a gap, a burst: whatever is local shows, without a model of the amp.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # its parts load when they are first used
from numpy.typing import ArrayLike, NDArray

from calibration import levels

Audio = NDArray[np.float64]
Single = NDArray[np.float32]

BLOCK_S = 0.01
#: The mixture may change as slowly as this, in blocks: gates and compressors move.
WINDOW_BLOCKS = 20
#: Fewer other takes than this cannot span what an amp does.
LEAST_OTHERS = 9
#: Of a take's mean power: what is weaker than the first of these hurts nobody in a single instant
#: that half of the others explain well; than the second, in one that four of five explain well.
LEAST_SHARE, FAINT_SHARE, FAINT_QUANTILE = 1e-2, 1e-3, 0.8
#: The second, stricter on what is hard and freer on what is faint, comes to more in healthy takes.
FAINT_WEIGHT = 0.6
#: Noise of a take, times this, may lie beside any mixture.
NOISE_TIMES = 4.0
#: Blocks are worked through in pieces of this many: more only take memory.
PIECE_BLOCKS = 256


@dataclass(frozen=True)
class Moment:
    """A take's oddest instant: how odd (1 is usual, see `ODDITY_LIMIT`), and when, in seconds."""

    oddity: float
    at_s: float


#: An instant this many times as odd as usual did not come out of the amp. Of healthy takes one in
#: twenty is odder; it is recorded once more, says the same, and is believed.
ODDITY_LIMIT = 12.0
#: Without the take that is to blame, an instant is less than this share as odd.
BLAMED_SHARE = 0.5


def _with_slopes(takes: Single) -> Single:
    """Takes and, after them, their slopes: a mixture of both may tilt the spectrum."""
    return np.concatenate([takes, np.diff(takes, axis=1, prepend=takes[:, :1])])


def _blocks(takes: Single, block: int) -> tuple[Audio, int]:
    """Products of all rows with all others in every block, ``(blocks, rows, rows)``."""
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
    pieces = range(0, len(gram), PIECE_BLOCKS)
    parts = [slice(first, first + PIECE_BLOCKS) for first in pieces]
    left = [_left(gram[part], around[part], row, others) for part in parts]
    return np.concatenate(left) if left else np.zeros(0)


def _left(gram: Audio, around: Audio, row: int, others: NDArray[np.int64]) -> Audio:
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
    gram, _ = _blocks(_with_slopes(audio), round(BLOCK_S * sample_rate))
    return list(map(_moment, _beside_each_other(gram, noise_powers, rows)))


def blamed_for_oddest_moment(
    takes: ArrayLike, noise_powers: Sequence[float], sample_rate: int, row: int
) -> int | None:
    """The other take without which the oddest instant of a take is odd no more: the fault is there.

    A mixture that holds a take with a gap or a click is wrong at that instant for every take that
    is explained by it, and two takes of one setting then agree on what neither of them has. Of two
    takes that explain each other it cannot say whose the fault is: ask only about one whose setting
    was recorded twice and said the same.

    Args:
        takes: Returns of many settings, in step, ``(takes, frames)``.
        noise_powers: Mean square of each one's noise.
        sample_rate: Hz.
        row: Which of the takes is odd.

    Returns:
        A row of ``takes``; None where the instant is the take's own, or too few can tell.
    """
    audio = np.asarray(takes, dtype=np.float32)
    if len(audio) - 1 <= LEAST_OTHERS:
        return None
    gram, _ = _blocks(_with_slopes(audio), round(BLOCK_S * sample_rate))
    odd = _beside_each_other(gram, noise_powers, [row])[0]
    block = int(np.argmax(odd))
    if odd[block] <= ODDITY_LIMIT:
        return None
    others = [index for index in range(len(audio)) if index != row]
    without = [_without(gram, noise_powers, row, other)[block] for other in others]
    least = int(np.argmin(without))
    is_blamed = without[least] < min(ODDITY_LIMIT, BLAMED_SHARE * odd[block])
    return others[least] if is_blamed else None


def _without(gram: Audio, noise_powers: Sequence[float], row: int, other: int) -> Audio:
    """How odd each block of a take is where another one is left out."""
    count = gram.shape[1] // 2
    rest = [index for index in range(count) if index != other]
    both = np.array([*rest, *(count + index for index in rest)])
    powers = [noise_powers[index] for index in rest]
    left = gram[:, both[:, None], both]
    return np.asarray(_beside_each_other(left, powers, [rest.index(row)])[0])


def _beside_each_other(gram: Audio, noise_powers: Sequence[float], rows: Sequence[int]) -> Audio:
    """How odd each block of some takes is, by products of all takes and their slopes."""
    around, everyone = _around(gram), np.arange(gram.shape[1] // 2)
    local = gram[:, everyone, everyone].T
    power = np.maximum(around[:, everyone, everyone].T, 0.0) / WINDOW_BLOCKS
    total = np.maximum(local.mean(axis=1), 1e-20)
    owners = np.concatenate([everyone, everyone])
    left = np.stack(
        [_unexplained(gram, around, int(i), np.flatnonzero(owners != i)) for i in everyone]
    )
    return _oddities(left, power, total, noise_powers, rows)


def block_powers(audio: ArrayLike, sample_rate: int) -> Audio:
    """Mean square of every 10 ms of a recording, ``(blocks,)``."""
    return levels.block_rms(np.asarray(audio, dtype=np.float64), round(BLOCK_S * sample_rate)) ** 2


def oddest_residuals(
    powers: ArrayLike, residuals: ArrayLike, noise_powers: Sequence[float], rows: Sequence[int]
) -> list[Moment] | None:
    """The oddest instant of some takes, by what a model of the amp leaves of them.

    Args:
        powers: `block_powers` of takes of one signal at many settings, ``(takes, blocks)``.
        residuals: The same of what the model does not explain of each.
        noise_powers: Mean square of each one's noise.
        rows: Which of the takes are asked about.

    Returns:
        One for each row; None where there are too few takes to tell.
    """
    local, left = (np.asarray(each, dtype=np.float64) for each in (powers, residuals))
    if len(local) <= LEAST_OTHERS or local.shape[1] == 0:
        return None
    # The block itself counts here: no mixture was fitted to what stands around it.
    power = scipy.ndimage.uniform_filter1d(local, WINDOW_BLOCKS, axis=1)
    total = np.maximum(local.mean(axis=1), 1e-20)
    found = _oddities(left, power, total, noise_powers, range(len(left)))
    # What is odd in others too is hard for distorted settings, and the median of all does not tell:
    # the second oddest of the others does, and a single other broken one is not it.
    near = scipy.ndimage.maximum_filter1d(found, 3, axis=1)
    third, second = np.sort(near, axis=0)[-3:-1]
    # Whose own is one of the two oddest has the third as the second of the others.
    company = [np.where(near[row] >= second, third, second) for row in rows]
    pairs = zip(rows, company, strict=True)
    return [_moment(found[row] / np.maximum(others, 1.0)) for row, others in pairs]


def _moment(oddity: Audio) -> Moment:
    return Moment(float(np.max(oddity)), int(np.argmax(oddity)) * BLOCK_S)


def _oddities(
    left: Audio, power: Audio, total: Audio, noise_powers: Sequence[float], rows: Sequence[int]
) -> Audio:
    """Hold what is left of takes in each block against what is left of the others there.

    Returns:
        How odd each block of the rows is, ``(rows, blocks)``.
    """
    # How hard an instant is to explain is told by the others: an attack is hard for all.
    # The share of the whole take keeps silence, which has nothing to explain, from being hard.
    usual = left / (power + 1e-3 * total[:, None])
    # Where one tone follows another, takes are hard to explain a block sooner or later.
    usual = scipy.ndimage.maximum_filter1d(usual, 3, axis=1)
    order = np.argsort(usual, axis=0)
    ordered, ranks = np.take_along_axis(usual, order, axis=0), np.argsort(order, axis=0)
    found = []
    for row in rows:
        noise = NOISE_TIMES * noise_powers[row]
        # The median, so that a single other broken take does not make an instant hard.
        usually = _quantile_of_others(ordered, ranks[row], 0.5)
        loud = usually * power[row] + LEAST_SHARE * total[row] + noise
        most = _quantile_of_others(ordered, ranks[row], FAINT_QUANTILE)
        faint = (most * power[row] + FAINT_SHARE * total[row] + noise) / FAINT_WEIGHT
        # Whichever is stricter: each sees faults that the other misses.
        found.append(left[row] / np.minimum(loud, faint))
    return np.stack(found)


# Sorted once for all: to sort the others anew for each of a thousand takes took a minute.
def _quantile_of_others(ordered: Audio, ranks: NDArray[np.intp], share: float) -> Audio:
    """Return a quantile of each sorted column without one's own entry, which has these ranks."""
    place = share * (len(ordered) - 2)
    below = int(place)
    above = min(below + 1, len(ordered) - 2)
    low, high = (np.where(i < ranks, ordered[i], ordered[i + 1]) for i in (below, above))
    return np.asarray(low + (place - below) * (high - low))
