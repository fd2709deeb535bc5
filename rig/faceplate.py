"""How a person reads a faceplate: values, where a knob points on the clock, what to turn."""

from collections.abc import Sequence

from rig.knobs import Knob, Move, Panel, Setting

#: A knob's travel on the clock: from seven over noon to five.
FIRST_HOUR, HOURS = 7.0, 10.0
QUARTERS = 4


def clock(turned: float) -> str:
    """Return a share of a knob's travel as the hour it points to, to a quarter: ``9:30``."""
    quarters = round((FIRST_HOUR + HOURS * min(max(turned, 0.0), 1.0)) * QUARTERS)
    hour, quarter = divmod(quarters, QUARTERS)
    return f"{(hour - 1) % 12 + 1}:{60 // QUARTERS * quarter:02d}"


def where(knob: Knob, value: float) -> str:
    """Describe a value as its faceplate shows it, and on the clock where it turns."""
    shown = knob.describe(value)
    return shown if knob.is_switch else f"{shown} ({clock(knob.turned(value))})"


def by_hand(panel: Panel, setting: Setting) -> tuple[float, ...]:
    """Return the values of the knobs that a person turns, in the panel's order."""
    pairs = zip(panel.knobs, setting.values, strict=True)
    return tuple(value for knob, value in pairs if knob.by_hand)


def moves_to(panel: Panel, hands: Sequence[float] | None, setting: Setting) -> tuple[Move, ...]:
    """List what a person has to turn to get to a setting."""
    knobs = [knob for knob in panel.knobs if knob.by_hand]
    wanted = by_hand(panel, setting)
    unknown: list[float | None] = [None] * len(knobs)
    stands = zip(knobs, unknown if hands is None else hands, wanted, strict=True)
    return tuple(
        Move(knob=knob.name, start=start, stop=stop)
        for knob, start, stop in stands
        if start != stop
    )


def to_turn(panel: Panel, moves: Sequence[Move]) -> str:
    """Say in one sentence what has to be turned, and where to."""
    knobs = {knob.name: knob for knob in panel.knobs}
    parts = [f"{move.knob} to {where(knobs[move.knob], move.stop)}" for move in moves]
    return f"turn {', '.join(parts)}"
