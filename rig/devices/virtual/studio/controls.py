"""How a knob's position becomes the strength of what it controls."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Law(StrEnum):
    """The shape between a knob's position and its effect, both in [0, 1].

    Attributes:
        LINEAR: The effect is the position.
        CLOSING: An audio pot that shuts completely at 0.
        COARSE: The control moves in steps.
        FOLDED: The effect rises to a peak and falls again on the way.
        ALIKE_ENDS: Both ends do the same, and only the middle differs.
        SWITCH: Off below the middle and on above.
    """

    LINEAR = "linear"
    CLOSING = "closing"
    COARSE = "coarse"
    FOLDED = "folded"
    ALIKE_ENDS = "alike_ends"
    SWITCH = "switch"


@dataclass(frozen=True)
class Control:
    """One knob of an amp.

    Attributes:
        name: What is written at the knob, and what it controls.
        law: The shape of its effect.
        steps: How many positions a coarse control has.
    """

    name: str
    law: Law = Law.LINEAR
    steps: int = 11

    def effect(self, position: float) -> float:
        """The strength in [0, 1] at a position in [0, 1]."""
        x = float(np.clip(position, 0.0, 1.0))
        effects = {
            Law.LINEAR: x,
            # 40 dB of an audio taper, moved down so that it ends in nothing.
            Law.CLOSING: (10.0 ** (2.0 * x) - 1.0) / 99.0,
            Law.COARSE: round(x * (self.steps - 1)) / (self.steps - 1),
            Law.FOLDED: 0.5 * x + 0.5 * np.sin(1.5 * np.pi * x) ** 2,
            Law.ALIKE_ENDS: np.sin(np.pi * x),
            Law.SWITCH: float(x >= 0.5),
        }
        return float(effects[self.law])
