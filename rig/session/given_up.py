"""What settings that were given up have in common: often it is one knob that says why."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rig.capture import Role
from rig.knobs import Knob, Panel
from rig.session.state import State

#: Of fewer settings nothing is said.
LEAST = 3
#: What they have in common is told if it would be less likely by chance.
CHANCE = 0.05
_OF_THE_AMP = (Role.SEED, Role.ACTIVE, Role.HOLDOUT)


@dataclass(frozen=True)
class _Group:
    """Settings of which all that were given up are part.

    Attributes:
        told: What they have.
        advice: What to do about it.
        kept: How many of them were kept.
    """

    told: str
    advice: str
    kept: int


def in_common(state: State, panel: Panel) -> str | None:
    """Say what all settings that were given up have, and few that were kept; None if nothing.

    Args:
        state: What became of all orders.
        panel: The knobs.
    """
    orders = [c for c in state.captures.values() if c.capture.role in _OF_THE_AMP]
    given_up = [c.capture.setting.values for c in orders if c.abandoned is not None]
    kept = [c.capture.setting.values for c in orders if c.kept is not None]
    if len(given_up) < LEAST:
        return None
    groups = [
        group
        for place, knob in enumerate(panel.knobs)
        for group in _groups(knob, [s[place] for s in given_up], [s[place] for s in kept])
    ]
    rarest = min(groups, key=lambda group: group.kept)
    bad, both = len(given_up), len(given_up) + len(kept)
    # How often so many drawn from all of them would be of this group alone, for each that there is.
    chance = len(groups) * math.comb(bad + rarest.kept, bad) / math.comb(both, bad)
    if chance >= CHANCE:
        return None
    return (
        f"all {bad} settings that were given up have {rarest.told}, as {rarest.kept} of "
        f"{len(kept)} that were kept: {rarest.advice}"
    )


def _groups(knob: Knob, given_up: list[float], kept: list[float]) -> Iterator[_Group]:
    """Yield what all that was given up has of a knob: a position, or a stretch to one end."""
    if knob.is_switch:
        if len(set(given_up)) == 1:
            yield _Group(
                f"{knob.name} {knob.describe(given_up[0])}",
                f"if something moves by itself there (a tremolo, a chorus), leave {knob.name} out "
                "of rig.yaml and begin a new session",
                kept.count(given_up[0]),
            )
        return
    advice = f"'limits' of {knob.name} in rig.yaml keep a new session away from there"
    lowest, highest = min(given_up), max(given_up)
    above = sum(value >= lowest for value in kept)
    yield _Group(f"{knob.name} at {knob.describe(lowest)} or more", advice, above)
    below = sum(value <= highest for value in kept)
    yield _Group(f"{knob.name} at {knob.describe(highest)} or less", advice, below)
