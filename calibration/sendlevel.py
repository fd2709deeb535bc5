"""The send level at which the loudest setting uses the converter and does not clip it."""

from collections.abc import Callable
from dataclasses import dataclass

#: The loudest setting may come this close to full scale.
HEADROOM_DBFS = -1.0
#: Below this a return is said to waste the converter.
WASTED_DBFS = -18.0
#: The search ends when it knows the level this well.
RESOLUTION_DB = 0.5
MOST_TRIALS = 12
#: However little a return follows the send, it is taken to follow by so many dB per dB.
LEAST_SLOPE = 0.05


@dataclass(frozen=True)
class SendLevel:
    """A send level: its peak, the loudest return's peak at it, and how many takes it took."""

    send_dbfs: float
    return_dbfs: float
    trials: int

    @property
    def clips(self) -> bool:
        """Whether even the lowest level clips: only the interface's own knob helps."""
        return self.return_dbfs > HEADROOM_DBFS

    @property
    def wastes(self) -> bool:
        """Whether even the highest level leaves the converter idle."""
        return self.return_dbfs < WASTED_DBFS


def find(peak_at: Callable[[float], float], lowest_dbfs: float, highest_dbfs: float) -> SendLevel:
    """The highest send level whose loudest return stays under `HEADROOM_DBFS`.

    Starts low and comes up, so that a chain that is far too hot is met gently. An amp compresses,
    it does not expand: its return follows the send less and less, so a step by the room that is
    left over the slope so far never overshoots by more than the amp's own unsteadiness. What does
    overshoot is bisected.

    Args:
        peak_at: Plays at a send level in dBFS and gives the return's peak in dBFS, for the
            loudest setting.
        lowest_dbfs: The lowest send level to try, first.
        highest_dbfs: The highest one that may be used.
    """
    good, good_peak = lowest_dbfs, peak_at(lowest_dbfs)
    trials, bad, slope = 1, highest_dbfs + RESOLUTION_DB, 1.0
    if good_peak > HEADROOM_DBFS:
        return SendLevel(good, good_peak, trials)
    while trials < MOST_TRIALS and bad - good > RESOLUTION_DB and good < highest_dbfs:
        step = max((HEADROOM_DBFS - good_peak) / slope, RESOLUTION_DB)
        overshot = bad <= highest_dbfs
        level = (good + bad) / 2 if overshot else min(good + step, highest_dbfs)
        peak, trials = peak_at(level), trials + 1
        if peak > HEADROOM_DBFS:
            bad = level
        else:
            slope = min(max((peak - good_peak) / (level - good), LEAST_SLOPE), 1.0)
            good, good_peak = level, peak
    return SendLevel(good, good_peak, trials)
