"""Say what a model is worth in words that a musician can check by ear."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.training.dataset import Dataset, Model, Told, nobody, play_captures
from models.training.mel import BANDS, log_mel
from rig.knobs import Panel, Setting
from rig.printable import count_of
from rig.session.verdict import EXCEPT

Floats = NDArray[np.float64]

#: Below this, relative to the loudest band, nobody hears a difference beside the rest.
AUDIBLE_DB = -40.0
#: An exception is at most this share of what players set, and so many times worse than the rest.
LARGEST_EXCEPTION, WORSE = 0.25, 2.5
#: A knob's lowest is one where it is so many decibels worse, too, and always where it is so many
#: more: a poor model hides no end behind how poor it is elsewhere. So many are told at most.
LEAST_WORSE_DB, MOST_WORSE_DB, MOST_ENDS = 2.0, 6.0, 3
#: Ends of the knobs' ranges at which exceptions are looked for, in shares of what players set.
SHARES = (0.05, 0.1, 0.15, 0.2, 0.25)


def difference_db(a: Tensor, b: Tensor, sample_rate: float, floor_power: float = 0.0) -> float:
    """Return the RMS level difference over bands and instants of two ``(frames,)``, in dB.

    Nothing quieter than ``floor_power`` counts, a mean square that all bands share: as much in each
    of them would hide what a setting 20 dB louder sounds like.
    """
    both = torch.stack([a, b])
    levels = log_mel(both, sample_rate, floor_db=AUDIBLE_DB, floor_power=floor_power / BANDS)
    return float(((levels[0] - levels[1]) ** 2).mean().sqrt())


def differences_db(
    model: Model, data: Dataset, sample_rate: float, told: Told = nobody
) -> list[float]:
    """Return `difference_db` between the members' mean and each capture, start to stop."""
    return [
        difference_db(predicted.mean(0).cpu(), target.cpu(), sample_rate, data.floor(row))
        for row, (predicted, target) in enumerate(play_captures(model, data, told))
    ]


@dataclass(frozen=True)
class Weakness:
    """An end of one knob's range where the model is worse: below or above a faceplate value."""

    knob: int
    above: bool
    value: float

    def contains(self, setting: Setting) -> bool:
        """Return whether a setting lies at this end."""
        at = setting.values[self.knob]
        return at > self.value if self.above else at < self.value

    def words(self, panel: Panel) -> str:
        """Name the end in words, such as ``below gain 1.5``."""
        knob = panel.knobs[self.knob]
        return f"{'above' if self.above else 'below'} {knob.name} {knob.describe(self.value)}"


def worst_end(panel: Panel, settings: Sequence[Setting], errors: Floats) -> Weakness | None:
    """Find the end of one knob's range where errors are far larger than elsewhere, if any.

    Args:
        panel: The knobs.
        settings: Drawn where players set them, some hundreds.
        errors: Expected at each.
    """
    best, found = WORSE, None
    for index, knob in enumerate(panel.knobs):
        if knob.is_switch:
            continue
        values = np.array([setting.values[index] for setting in settings])
        for above, share in product((False, True), SHARES):
            edge = float(np.quantile(values, 1.0 - share if above else share))
            # At a position that the knob has: a person is told of it.
            rule = Weakness(index, above, knob.quantise(edge))
            inside = np.array([rule.contains(setting) for setting in settings])
            # Many settings may share a stepped knob's position: the end can hold more than wanted.
            if not 0 < inside.mean() <= LARGEST_EXCEPTION:
                continue
            worse = float(errors[inside].mean() / errors[~inside].mean())
            if worse > best:
                best, found = worse, rule
    return found


@dataclass(frozen=True)
class TriedEnd:
    """A knob at its lowest, where a look has heard the amp: how far the model is from it, in dB."""

    knob: int
    words: str
    off_db: float


def end_words(panel: Panel, place: int, setting: Setting) -> str:
    """Name a knob that stands at its lowest, such as ``tone 0``, and where the switches stand."""
    pairs = list(zip(panel.knobs, setting.values, strict=True))
    shown = [pairs[place], *(pair for pair in pairs if pair[0].is_switch)]
    return ", ".join(f"{knob.name} {knob.describe(value)}" for knob, value in shown)


@dataclass(frozen=True)
class Closeness:
    """How close the model comes to the amp, as a figure and as a sentence with exceptions."""

    within_db: float
    sentence: str


def _is_as_good(
    exception: Weakness, pairs: Sequence[tuple[Setting, float]], ends: Sequence[TriedEnd]
) -> bool:
    """Whether what was expected to be worse was tried and is no further off than all else."""
    there = [off for setting, off in pairs if exception.contains(setting)]
    there += [end.off_db for end in ends if end.knob == exception.knob and not exception.above]
    elsewhere = [off for setting, off in pairs if not exception.contains(setting)]
    return bool(there and elsewhere) and max(there) <= max(elsewhere)


def _far_ends(ends: Sequence[TriedEnd], within_db: float, floor_db: float) -> list[str]:
    """Name the knobs at whose lowest the model is far worse than elsewhere, the worst first."""
    far_db = within_db + min(max((WORSE - 1.0) * within_db, LEAST_WORSE_DB), MOST_WORSE_DB)
    worst = sorted(ends, key=lambda end: -end.off_db)[:MOST_ENDS]
    return [
        f"with {end.words} (there {end.off_db - floor_db:.1f} dB)"
        for end in worst
        if end.off_db - floor_db > far_db
    ]


def closeness(
    panel: Panel,
    holdouts: Sequence[Setting],
    differences: Sequence[float],
    floor_db: float | None,
    exception: Weakness | None,
    ends: Sequence[TriedEnd] = (),
) -> Closeness | None:
    """Sum up differences in one plain sentence; None where there was no setting to test on.

    Args:
        panel: The knobs.
        holdouts: Settings that were never trained on.
        differences: Between model and amp at each, in dB.
        floor_db: Between two recordings of the amp itself, where there were two.
        exception: Where the model is expected to be worse.
        ends: Where the amp was heard for a moment, with a knob at its lowest.
    """
    pairs = list(zip(holdouts, differences, strict=True))
    if exception is not None and _is_as_good(exception, pairs, ends):
        exception = None
    usual = [d for setting, d in pairs if exception is None or not exception.contains(setting)]
    unusual = [d for setting, d in pairs if exception is not None and exception.contains(setting)]
    if not usual:
        return None
    floor = floor_db or 0.0
    # Two recordings of the amp itself differ too: no model can be nearer to it than that.
    within = max(max(usual) - floor, 0.0)
    near = f"within {within:.1f} dB of the amp"
    if floor_db is not None:
        near = f"at most {within:.1f} dB further from the amp than a second recording of it,"
    sentence = f"{near} at {count_of(len(usual), 'setting')} it never heard"
    exceptions = []
    if exception is not None:
        there = (
            f"there {max(max(unusual) - floor, 0.0):.1f} dB"
            if unusual
            else "expected, no holdout there"
        )
        exceptions.append(f"{exception.words(panel)} ({there})")
    exceptions += _far_ends(ends, within, floor)
    if exceptions:
        sentence += EXCEPT + " and ".join(exceptions)
    return Closeness(within, sentence)
