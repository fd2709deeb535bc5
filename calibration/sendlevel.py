"""The send level at which the loudest setting uses the converter and does not clip it."""

from collections.abc import Callable
from dataclasses import dataclass

#: The loudest setting may come this close to full scale.
HEADROOM_DBFS = -1.0
#: Below this a return is said to waste the converter.
WASTED_DBFS = -18.0
#: Nothing that is played comes closer to full scale: converters overshoot between samples.
HIGHEST_SEND_DBFS = -1.0
# A search with larger steps met an amp that opens with 24 dB more than it had heard.
#: An amp that opens suddenly (a gate, an expander) meets at most so much more than was heard.
MOST_STEP_DB = 6.0
#: The search ends when it knows the level this well, or the return is this close to its headroom.
RESOLUTION_DB = 0.5
MOST_TRIALS = 24


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


def step_db(room_db: float, slope: float = 1.0) -> float:
    """How far a send may be raised: half of what the return has left, and never far.

    Args:
        room_db: How far the return may still rise.
        slope: By how many dB it rose, last, for each dB of the send. An amp that expands rises by
            more than one; one that compresses may open again, so less than one is taken as one.
    """
    return max(min(room_db / (2 * max(slope, 1.0)), MOST_STEP_DB), RESOLUTION_DB)


def find(
    peak_at: Callable[[float], float],
    lowest_dbfs: float,
    highest_dbfs: float = HIGHEST_SEND_DBFS,
) -> SendLevel:
    """The highest send level whose loudest return stays under `HEADROOM_DBFS`.

    Starts low and comes up, so that a chain that is far too hot is met gently. What an amp did so
    far does not say what it does next: each step is small, and is listened to before the next. What
    overshoots all the same is bisected.

    Args:
        peak_at: Plays at a send level in dBFS and gives the return's peak in dBFS, for the
            loudest setting.
        lowest_dbfs: The lowest send level to try, first.
        highest_dbfs: The highest one that may be used; never above `HIGHEST_SEND_DBFS`.
    """
    highest_dbfs = min(highest_dbfs, HIGHEST_SEND_DBFS)
    good = min(lowest_dbfs, highest_dbfs)
    good_peak, trials, bad, slope = peak_at(good), 1, float("inf"), 1.0
    while trials < MOST_TRIALS and good_peak <= HEADROOM_DBFS - RESOLUTION_DB:
        risen = min(good + step_db(HEADROOM_DBFS - good_peak, slope), highest_dbfs)
        # Nothing has clipped yet while `bad` is infinite: there is only the way up.
        level = (good + bad) / 2 if bad <= highest_dbfs else risen
        if level <= good or bad - good <= RESOLUTION_DB:
            break
        peak, trials = peak_at(level), trials + 1
        if peak > HEADROOM_DBFS:
            bad = level
        else:
            slope, good, good_peak = (peak - good_peak) / (level - good), level, peak
    return SendLevel(good, good_peak, trials)
