"""Find instants of kept takes that the ensemble cannot explain, though it explains the others'."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from calibration.moments import ODDITY_LIMIT, block_powers, oddest_residuals
from models.training.dataset import Dataset, Model, play_captures
from rig.session.captures import CaptureState
from rig.session.state import State
from rig.session.surprises import seen_by_the_wise

Floats = NDArray[np.float64]

#: Takes that were looked at before and stand beside the new ones: they tell what is hard for all.
COMPANY = 12


def odd_instants(
    state: State,
    model: Model,
    dataset: Dataset,
    captures: Sequence[CaptureState],
    sample_rate: int,
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[tuple[int, float], ...]:
    """Return captures with an instant that did not come from the amp, and when, in seconds.

    Every capture is looked at once: in the first round whose ensemble knows the amp. A single take
    has no weight to teach the ensemble a click at one setting, so it stays unexplained.

    Args:
        state: What the rounds before this one have looked at.
        model: This round's ensemble, which knows the amp.
        dataset: The captures.
        captures: The same, in the same order.
        sample_rate: Hz.
        progress: Told how many were played.
    """
    seen = seen_by_the_wise(state)
    fresh = [i for i, about in enumerate(captures) if about.capture.number not in seen]
    known = [i for i, about in enumerate(captures) if about.capture.number in seen]
    if not fresh:
        return ()
    # A batch of few captures alone could not tell what is hard to explain for all.
    chosen = [*known[-COMPANY:], *fresh]
    powers, left, noise = [], [], []
    for index, (predicted, target) in enumerate(play_captures(model, dataset.subset(chosen))):
        # Powers only: the audio of a whole session would not fit.
        powers.append(both_powers(target, sample_rate))
        left.append(both_powers(target - predicted.mean(0), sample_rate))
        kept = captures[chosen[index]].kept
        assert kept is not None
        noise.append(10 ** (kept.figures["noise_dbfs"] / 10))
        progress(index + 1)
    rows = range(len(chosen) - len(fresh), len(chosen))
    odd: dict[int, float] = {}
    for plain_or_slope in range(2):
        told = [each[plain_or_slope] for each in powers], [each[plain_or_slope] for each in left]
        # A slope has twice the noise at most.
        moments = oddest_residuals(*told, [(1 + plain_or_slope) * each for each in noise], rows)
        for row, moment in zip(rows, moments or (), strict=False):
            if moment.oddity > ODDITY_LIMIT:
                at_s = dataset.start / sample_rate + moment.at_s
                odd.setdefault(captures[chosen[row]].capture.number, at_s)
    return tuple(sorted(odd.items()))


def both_powers(audio: Tensor, sample_rate: int) -> tuple[Floats, Floats]:
    """Return the powers of a recording, and of its slope, in which a click stands out."""
    recording = audio.cpu().numpy()
    slope = np.diff(recording, prepend=recording[:1])
    return block_powers(recording, sample_rate), block_powers(slope, sample_rate)
