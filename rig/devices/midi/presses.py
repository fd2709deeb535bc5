"""From MIDI messages to answers: one press is one answer, however the switch bounces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: From here on a controller that is a switch is on (MIDI 1.0: 0-63 off, 64-127 on).
ON_VALUE = 64
#: What comes again within this is the same foot, or the same pedal by another of the system's ways.
BOUNCE_S = 0.2


@dataclass(frozen=True)
class Heard:
    """A message: when it came, from which port, and its bytes."""

    at_s: float
    port: str
    data: tuple[int, ...]


@dataclass(frozen=True)
class Sent:
    """What a pedal sent: ``cc``, ``note`` or ``program``, which number, and whether it is down."""

    kind: str
    number: int
    is_down: bool


def sent(data: Sequence[int]) -> Sent | None:
    """Read the bytes of a message; None where it is nothing that pedals send."""
    status, *rest = data or (0,)
    # Status bytes by the MIDI 1.0 Detailed Specification; the lower half is the channel.
    match status >> 4, rest:
        case 0xB, [number, value]:
            return Sent("cc", number, value >= ON_VALUE)
        # A note of velocity 0 is its end (MIDI 1.0).
        case 0x9, [number, velocity]:
            return Sent("note", number, velocity > 0)
        case 0x8, [number, _]:
            return Sent("note", number, is_down=False)
        case 0xC, [number]:
            return Sent("program", number, is_down=True)
    return None


class Presses:
    """Tells what is answered by what comes in.

    Args:
        answers: What each pedal answers, by the kind and the number of what it sends.
    """

    def __init__(self, answers: Mapping[tuple[str, int], str]) -> None:
        self._answers = answers
        self._down: dict[tuple[str, int, str, int], bool] = {}
        self._last_s: dict[str, float] = {}

    def answer(self, heard: Heard) -> str | None:
        """Return what a message answers, None where it is no new press."""
        pedal = sent(heard.data)
        if pedal is None or (pedal.kind, pedal.number) not in self._answers:
            return None
        key = (heard.port, heard.data[0] & 0xF, pedal.kind, pedal.number)
        was_down, self._down[key] = self._down.get(key, False), pedal.is_down
        # A controller may be sent again and again while it is held; the others begin anew.
        if not pedal.is_down or (was_down and pedal.kind == "cc"):
            return None
        return self._once(self._answers[pedal.kind, pedal.number], heard.at_s)

    def _once(self, answer: str, at_s: float) -> str | None:
        """Return the answer, unless it is what the last press said once more."""
        last_s = self._last_s.get(answer)
        # By the last that was heard, not the last that counted: a worn contact chatters for long.
        self._last_s[answer] = at_s
        return answer if last_s is None or at_s - last_s >= BOUNCE_S else None
