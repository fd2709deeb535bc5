"""What listeners found: files that the page's listening tests have saved, and what follows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from scipy.stats import binomtest

from rig.errors import UsageError
from rig.ordinary import size_bytes
from rig.printable import Words, count_of

#: Below this probability chance does not explain it; fewer trials say nothing either way.
CHANCE, LEAST_TRIALS = 0.05, 10
#: What the page calls them; what is rated so high is the same; so many of a listener's ratings may
#: be mistaken (after ITU-R BS.1534-3).
REFERENCE, ANCHOR = "hidden reference", "low-pass anchor"
SAME, MISTAKEN = 90, 0.15
#: A file of a few settings has a kilobyte.
MOST_BYTES = 1_000_000


class _Part(BaseModel):
    # The file may be a stranger's: what it says beside this is not looked at.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Trials(_Part):
    """Blind comparisons (ABX) at one setting: how many, and how many of them were right."""

    setting: Words
    trials: Annotated[int, Field(ge=0, le=100_000, strict=True)]
    right: Annotated[int, Field(ge=0, le=100_000, strict=True)]

    @model_validator(mode="after")
    def _fits(self) -> "Trials":
        if self.right > self.trials:
            raise ValueError("more answers are right than were given")
        return self


class Ratings(_Part):
    """How good things sounded at one setting, from 0 to 100, who was who being hidden."""

    setting: Words
    ratings: dict[Words, Annotated[float, Field(ge=0, le=100)]]


class Listening(_Part):
    """A file of one listener's; ``listener`` tells it from others, and is empty in older ones."""

    format: Literal["rig-listening"]
    version: Literal[1]
    listener: Words = ""
    session: Words
    model: Words
    abx: tuple[Trials, ...] = ()
    ended_early: tuple[Trials, ...] = ()
    mushra: tuple[Ratings, ...] = ()


@dataclass(frozen=True)
class Listened:
    """What all listeners together found, as sentences, the sum first.

    Attributes:
        sentences: To be read.
        could_tell: Whether they could tell the model from the amp, by all trials together.
    """

    sentences: tuple[str, ...]
    could_tell: bool = False


def read(path: Path, model: str) -> Listening:
    """Read a file that a page has saved.

    Args:
        path: The file.
        model: Digest of the model that it must be about.

    Raises:
        UsageError: It is none, or about another model.
    """
    try:
        size_bytes(path)
        with path.open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise UsageError(f"{path}: is too long for the results of a listening test")
        found = Listening.model_validate(json.loads(text))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    # Brackets without end are no syntax error, but end the interpreter's patience.
    except (ValidationError, ValueError, RecursionError):
        raise UsageError(f"{path}: holds no results that the report's page has saved") from None
    if found.model != model:
        raise UsageError(f"{path}: is about another model than the session's present one")
    return found


def probability(right: int, trials: int) -> float:
    """The probability that somebody who hears nothing has so many right, or more."""
    return float(binomtest(right, trials, 0.5, alternative="greater").pvalue) if trials else 1.0


def sentence(right: int, trials: int) -> str:
    """Whether listeners could tell the model from the amp."""
    chance = probability(right, trials)
    found = f"{right} of {trials} right (p = {chance:.2g})"
    if chance < CHANCE:
        return f"listeners could tell the model from the amp: {found}"
    if trials < LEAST_TRIALS:
        return f"too few trials to say whether listeners could tell: {found}"
    return f"listeners could not be shown to tell the model from the amp: {found}"


def summed(files: Sequence[Listening]) -> Listened:
    """What all files say together, of each listener the longest, which holds the others."""
    files = _each_once(files)
    by_setting: dict[str, tuple[int, int]] = {}
    for trials in (part for file in files for part in file.abx):
        right, count = by_setting.get(trials.setting, (0, 0))
        by_setting[trials.setting] = right + trials.right, count + trials.trials
    told, could_tell = list[str](), False
    # The sum comes first: a single setting has too few trials to say much.
    if by_setting:
        pairs = [*by_setting.values()]
        right, count = sum(right for right, _ in pairs), sum(count for _, count in pairs)
        told.append(sentence(right, count))
        could_tell = probability(right, count) < CHANCE
        told += [f"{name}: {sentence(*found)}" for name, found in by_setting.items()]
    if early := sum(len(file.ended_early) for file in files):
        told.append(
            f"{count_of(early, 'blind test was', 'blind tests were')} ended early, uncounted"
        )
    told += _screened(files)
    return Listened(tuple(told) or ("the files hold no trials",), could_tell)


def _each_once(files: Sequence[Listening]) -> list[Listening]:
    found: dict[object, Listening] = {}
    for file in files:
        # Without a name a file is told by what it says: the same again is the same file.
        name = file.listener or file.model_dump_json()
        before = found.get(name)
        if before is None or _length(file) >= _length(before):
            found[name] = file
    return list(found.values())


def _length(file: Listening) -> int:
    return len(file.abx) + len(file.ended_early) + len(file.mushra)


# Who does not hear the reference again cannot tell how far the model is from the amp (after ITU-R
# BS.1534-3). Its rule on anchors is about the middle one of two: here it is kept with the only one.
def _screened(files: Sequence[Listening]) -> list[str]:
    """Sum up the ratings of those who can tell what is the same from what is not."""
    raters = [file for file in files if file.mushra]
    kept = [file for file in raters if _can_rate(file.mushra)]
    told = _rated([part for file in kept for part in file.mushra])
    if out := len(raters) - len(kept):
        who = count_of(out, "listener")
        told.append(
            f"ratings of {who} left out: the hidden reference was rated below {SAME}, or the "
            "anchor above it, too often (after ITU-R BS.1534-3)"
        )
    return told


def _can_rate(parts: Sequence[Ratings]) -> bool:
    allowed = MISTAKEN * len(parts)
    references = [part.ratings.get(REFERENCE, 100.0) for part in parts]
    anchors = [part.ratings.get(ANCHOR, 0.0) for part in parts]
    missed = sum(rating < SAME for rating in references)
    return missed <= allowed and sum(rating > SAME for rating in anchors) <= allowed


def _rated(parts: Sequence[Ratings]) -> list[str]:
    """The mean of what each thing was given, who was who told."""
    names = dict.fromkeys(name for part in parts for name in part.ratings)
    means = {}
    for name in names:
        given = [part.ratings[name] for part in parts if name in part.ratings]
        means[name] = sum(given) / len(given)
    if not means:
        return []
    told = ", ".join(f"{name} {mean:.0f}" for name, mean in means.items())
    return [f"rated from 0 to 100, over {count_of(len(parts), 'setting')}: {told}"]
