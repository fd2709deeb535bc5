"""How far a pot is open at a position of its knob, as pots are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

#: Of an audio pot's resistance, this much lies below its middle (the makers' "A" curve).
MIDDLE_SHARE = 0.15

Turned = Mapping[str, float]


class Taper(StrEnum):
    """The shape of a pot's track; all of them close completely at 0 and open completely at 1.

    Attributes:
        LINEAR: The share is the position.
        AUDIO: An exponential through `MIDDLE_SHARE`.
        CARBON: Two straight tracks that meet in the middle, as cheap audio pots are printed.
        REVERSE: An audio pot turned the other way round, as gain pots in feedback loops are.
    """

    LINEAR = "linear"
    AUDIO = "audio"
    CARBON = "carbon"
    REVERSE = "reverse"


def opening(taper: Taper, position: float) -> float:
    """Return the share of a pot's resistance below its wiper, at a position in [0, 1]."""
    match taper:
        case Taper.AUDIO:
            # This base puts the middle where the makers have it, and both ends where they belong.
            base = (1.0 / MIDDLE_SHARE - 1.0) ** 2
            return float((base**position - 1.0) / (base - 1.0))
        case Taper.CARBON:
            below = 2.0 * MIDDLE_SHARE * position
            return max(below, 1.0 - 2.0 * (1.0 - MIDDLE_SHARE) * (1.0 - position))
        case Taper.REVERSE:
            return 1.0 - opening(Taper.AUDIO, 1.0 - position)
        case Taper.LINEAR:
            return position


@dataclass(frozen=True)
class Dial:
    """A control of a circuit: its name, and the pot behind it; a switch is 0 or 1."""

    name: str
    taper: Taper = Taper.LINEAR

    def at(self, turned: Turned) -> float:
        """Return how far its pot is open."""
        return opening(self.taper, min(max(turned[self.name], 0.0), 1.0))
