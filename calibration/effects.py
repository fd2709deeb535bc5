"""What was left on behind an amp: something that swings by itself, that rings on, or that shuts."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy  # its parts load when they are first used: 'rig status' needs none
from numpy.typing import ArrayLike, NDArray

from calibration import levels

Audio = NDArray[np.float64]

#: Below this, a coupling capacitor lets go of what it held long after the send has stopped.
RUMBLE_HZ = 60.0
#: What still sounds so long after the send is no cabinet.
RINGS_AFTER_S = 0.12
#: And is an echo or a room where it is this loud beside the tone, and this far above the noise.
TAIL_DB, TAIL_ABOVE_NOISE_DB = -60.0, 8.0
#: A supply or a compressor has come to rest so long after a tone began.
SETTLED_S = 0.4
#: Windows in which an envelope is told: two cycles of a low tone.
WINDOW_S = 0.02
#: A steady tone that swings by more than this, up and down again, is modulated.
SWING_DB = 0.5
#: A gate: from no more than this above the noise to so much more, within so many windows.
SHUT_DB, OPEN_DB, OPENING_WINDOWS = 6.0, 26.0, 3


def without_rumble(audio: ArrayLike, sample_rate: int) -> Audio:
    """A recording without what couples slowly, ``(frames,)``."""
    sections = scipy.signal.butter(2, RUMBLE_HZ, "highpass", fs=sample_rate, output="sos")
    return np.asarray(scipy.signal.sosfilt(sections, np.asarray(audio, dtype=np.float64)))


def swing_db(tone: ArrayLike, sample_rate: int) -> float:
    """How far the level of a steady tone goes up and down, once it has settled.

    What only rises or only falls (a supply that sags, an amp that warms up) is no swing: of the
    way up and the way down the smaller one counts.

    Args:
        tone: What came back of a tone of constant level, ``(frames,)``, from its beginning.
        sample_rate: Hz.
    """
    settled = np.asarray(tone, dtype=np.float64)[round(SETTLED_S * sample_rate) :]
    blocks = levels.block_rms(settled, round(WINDOW_S * sample_rate))
    if not len(blocks):
        return 0.0
    # -200 dB stand for digital silence, whose logarithm would be infinite.
    envelope = 20 * np.log10(np.maximum(blocks, 1e-10))
    # From the lowest level so far, and not from one that comes only later.
    risen = float(np.max(envelope - np.minimum.accumulate(envelope)))
    fallen = float(np.max(np.maximum.accumulate(envelope) - envelope))
    return min(risen, fallen)


@dataclass(frozen=True)
class Tail:
    """What still sounds after the send has stopped, in dB: beside the tone, and above the noise."""

    level_db: float
    above_noise_db: float

    @property
    def rings(self) -> bool:
        """Whether a delay or a reverb is on."""
        return self.level_db > TAIL_DB and self.above_noise_db > TAIL_ABOVE_NOISE_DB


def tail(tone: ArrayLike, rest: ArrayLike, silence: ArrayLike, sample_rate: int) -> Tail:
    """Listen into the silence behind a tone.

    Args:
        tone: What came back of the tone, ``(frames,)``.
        rest: What came back behind it while nothing was played, ``(frames,)``.
        silence: What came back before anything was played.
        sample_rate: Hz.
    """
    late = np.asarray(rest)[round(RINGS_AFTER_S * sample_rate) :]
    # In pieces, since an echo may be short and the rest of the silence long.
    piece = round(0.05 * sample_rate)
    loudest = float(np.max(levels.block_rms(late, piece), initial=0.0))
    # Its loudest piece as well: the loudest of many lies above the mean.
    noise = float(np.max(levels.block_rms(silence, piece), initial=0.0))
    heard, played = levels.dbfs(loudest), levels.rms_dbfs(tone)
    return Tail(heard - played, heard - levels.dbfs(noise))


def gate_dbfs(
    sent: Sequence[Audio], heard: Sequence[Audio], noise_rms: float, sample_rate: int
) -> float | None:
    """The level of a send at which a gate opens; None where there is none.

    Args:
        sent: Tones that rise from silence, ``(frames,)`` each.
        heard: What came back of each.
        noise_rms: RMS of what comes back while nothing is played.
        sample_rate: Hz.
    """
    frames = round(WINDOW_S * sample_rate)
    noise_dbfs = levels.dbfs(noise_rms)
    for played, returned in zip(sent, heard, strict=True):
        above = 20 * np.log10(np.maximum(levels.block_rms(returned, frames), 1e-10)) - noise_dbfs
        shut = np.flatnonzero(above[:-OPENING_WINDOWS] < SHUT_DB)
        if not len(shut):
            continue
        # The tone only rises, so behind the last quiet window it has opened for good.
        last = int(shut[-1])
        # A tone comes out of the noise slowly; only a gate lets go of it at once.
        if above[last + OPENING_WINDOWS] > OPEN_DB:
            return levels.dbfs(float(levels.block_rms(played, frames)[last + 1]))
    return None


def to_and_fro(takes: Sequence[Audio], noise_power: float) -> float:
    """Whether takes of one setting wander or swing: the mean cosine between steps in a row.

    An amp that warms up goes one way, and has 1; one that swings by itself, or whose plug is loose,
    goes to and fro, and has about -0.5, as noise has. What noise is in the steps is taken off.

    Args:
        takes: Three or more, in order, in step, ``(frames,)`` each.
        noise_power: Mean square of the noise of one of them.
    """
    steps = [np.asarray(b) - np.asarray(a) for a, b in pairwise(takes)]
    cosines = []
    for first, second in pairwise(steps):
        # Two steps share a take, whose noise is in one with the other sign.
        shared = float(np.mean(first * second)) + noise_power
        # A step is the difference of two takes, and has the noise of both.
        own = [max(float(np.mean(s * s)) - 2 * noise_power, 1e-30) for s in (first, second)]
        cosines.append(float(np.clip(shared / np.sqrt(own[0] * own[1]), -1.0, 1.0)))
    return float(np.mean(cosines)) if cosines else 1.0
