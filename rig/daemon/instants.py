"""Instants that one take has and no other: whose they are, now that there are others to ask."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.moments import ODDITY_LIMIT, blamed_for_oddest_moment, oddest_moments
from rig.capture import Role
from rig.daemon.baseline import KeptAudio, beside, kept_takes, noise_power
from rig.session.captures import CaptureState
from rig.session.facts import TakeEnded
from rig.session.folder import Session

Single = NDArray[np.float32]


def unlike_any_other(session: Session, audio: KeptAudio, asked: set[int]) -> tuple[int, ...]:
    """Captures kept before there were others to hold them against, with an instant of their own.

    Args:
        session: Where takes are kept.
        audio: Their recordings.
        asked: Captures that were found once, and are not again; what is found is added.
    """
    found = []
    for about, take in kept_takes(session):
        if "oddest_moment" in take.figures or not _may_be_doubted(about):
            continue
        together = None if about.capture.number in asked else _beside(session, audio, about, take)
        if together is None:
            continue
        last = len(together.takes) - 1
        moments = oddest_moments(together.audio, together.noise, together.rate, [last])
        if moments is not None and moments[0].oddity > ODDITY_LIMIT:
            found.append(about.capture.number)
    asked |= set(found)
    return tuple(found)


def blamed_by_others(session: Session, audio: KeptAudio, asked: set[int]) -> tuple[int, ...]:
    """Captures whose fault makes takes of other settings look odd, which said the same twice.

    Args:
        session: Where takes are kept.
        audio: Their recordings.
        asked: Takes that were asked already whom they blame; those that are asked now are added.
    """
    of_take = {take.take: about for about, take in kept_takes(session)}
    found: dict[int, None] = {}
    for number, about in of_take.items():
        if about.kept is None or not _was_odd_twice(about.kept) or number in asked:
            continue
        asked.add(number)
        together = _beside(session, audio, about, about.kept)
        if together is None:
            continue
        last = len(together.takes) - 1
        row = blamed_for_oddest_moment(together.audio, together.noise, together.rate, last)
        blamed = None if row is None else of_take[together.takes[row].take]
        if blamed is not None and _may_be_doubted(blamed):
            found[blamed.capture.number] = None
    return tuple(found)


def _was_odd_twice(take: TakeEnded) -> bool:
    """Whether a take has an odd instant and was kept since another take of its setting has it."""
    was_odd = take.figures.get("oddest_moment", 0.0) > ODDITY_LIMIT
    return was_odd and bool(take.figures.get("is_believed"))


def _may_be_doubted(about: CaptureState) -> bool:
    """Whether nothing has vouched for a capture yet but the checks of one take."""
    # Canaries have a check of their own: each is held against the reference.
    return about.capture.role is not Role.CANARY and not about.was_repeated


@dataclass(frozen=True)
class _Together:
    """A take with those of the nearest settings in front of it: audio ``(takes, frames)``."""

    takes: Sequence[TakeEnded]
    audio: Single
    noise: Sequence[float]
    rate: int


def _beside(
    session: Session, audio: KeptAudio, about: CaptureState, take: TakeEnded
) -> _Together | None:
    """Return a take with its neighbours; None where none is as long."""
    others, nearest = beside(session, audio, about.capture.setting)
    own = audio.of(take).astype(np.float32)
    if others is None or others.shape[1] != len(own):
        return None
    takes = [*nearest, take]
    noise = list(map(noise_power, takes))
    return _Together(takes, np.concatenate([others, own[None]]), noise, audio.signal.sample_rate)
