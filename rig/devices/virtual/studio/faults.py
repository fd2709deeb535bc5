"""Everything that spoils a take, by kind, each drawn from a seed."""

from dataclasses import dataclass

import numpy as np

from rig.devices.virtual.studio import (
    faults_knobs,
    faults_level,
    faults_noise,
    faults_timing,
    faults_wiring,
)
from rig.devices.virtual.studio.fault_kinds import (
    FAULT_KINDS,
    Draw,
    FaultContext,
    FaultKind,
    Pair,
    Point,
    Take,
    Told,
)
from rig.devices.virtual.studio.filters import Signal
from rig.devices.virtual.studio.timing import filled

__all__ = ["FAULT_KINDS", "Fault", "FaultContext", "FaultKind", "draw_fault", "fault_names"]

# Importing a module registers its kinds.
_MODULES = (faults_knobs, faults_level, faults_noise, faults_timing, faults_wiring)


@dataclass(frozen=True)
class Fault:
    """One fault: a kind and the seed from which its parameters are drawn.

    Attributes:
        kind: What happens.
        seed: Where, when and how much.
    """

    kind: FaultKind
    seed: int

    def spoil(
        self,
        send: Signal,
        returned: Signal,
        loopback: Signal | None,
        context: FaultContext,
    ) -> tuple[Signal, Signal | None, dict[str, float]]:
        """Spoil what was recorded; inputs are left as they are.

        Returns:
            The return and the loopback, spoilt, and the drawn parameters by name.
        """
        draw = Draw(np.random.default_rng(self.seed))
        if self.kind.spoils is None:
            return returned, loopback, draw.parameters
        take = Take(filled(send, len(returned)), returned, loopback, context)
        pair: Pair = self.kind.spoils(take, draw)
        return pair[0], pair[1], draw.parameters

    def told(self, asked: Point, before: Point) -> tuple[Told, dict[str, float]]:
        """What the amp does when asked for a point, and the drawn parameters by name."""
        draw = Draw(np.random.default_rng(self.seed))
        if self.kind.tells is None:
            return Told(dict(asked)), draw.parameters
        return self.kind.tells(asked, before, draw), draw.parameters


def draw_fault(kind: str, seed: int) -> Fault:
    """The fault of a kind whose parameters come from a seed."""
    return Fault(FAULT_KINDS[kind], seed)


def fault_names(*, must_never_pass: bool | None = None, loopback: bool = True) -> list[str]:
    """The names of all kinds, or of those that may (or may not) ever pass.

    Args:
        must_never_pass: Which of the two sorts, or None for both.
        loopback: Whether there is a loopback; without, its own faults are left out.
    """
    return [
        name
        for name, kind in FAULT_KINDS.items()
        if must_never_pass in (None, kind.must_never_pass) and (loopback or not kind.needs_loopback)
    ]
