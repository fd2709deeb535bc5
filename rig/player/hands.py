"""Where the knobs of a performance stand, and what keys and controllers do to them."""

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rig.knobs import Panel, Setting

CONTROLLER_STEPS = 127
#: By keys: a hundredth of a knob's travel, or a tenth.
STEP, STRIDE = 0.01, 0.1

Point = NDArray[np.float64]


# Points and no settings: between two steps of a knob a model is as good as on them.
class Hands:
    """The knobs as somebody turns them, by keys or by controllers, from any thread.

    Args:
        panel: The knobs.
        start: Where they stand at first.
        wires: Which controller turns which knob; see `controllers`.
        turned: Told each time that they moved.
    """

    def __init__(
        self,
        panel: Panel,
        start: Setting,
        wires: Mapping[int, int],
        turned: Callable[[Point], None],
    ) -> None:
        self.panel, self.wires = panel, dict(wires)
        self.chosen = 0
        self.learns = False
        self._turned = turned
        self._lock = threading.Lock()
        self.point = panel.point(start)

    def choose(self, steps: int) -> None:
        """Go on to another knob."""
        self.chosen = (self.chosen + steps) % len(self.panel)

    def turn(self, travel: float) -> None:
        """Turn the chosen knob by a share of its travel, or a switch by a position."""
        knob, unit = self.panel.knobs[self.chosen], float(self.point[self.chosen])
        if knob.is_switch:
            travel = np.sign(travel) / max(len(knob.values) - 1, 1)
        self._move(self.chosen, unit + travel)

    def controller(self, number: int, value: int) -> None:
        """Follow a controller; where somebody asked to, it turns the chosen knob from now on."""
        if self.learns:
            self.learns = False
            self.wires = {n: place for n, place in self.wires.items() if place != self.chosen}
            self.wires[number] = self.chosen
        place = self.wires.get(number)
        if place is not None:
            self._move(place, value / CONTROLLER_STEPS)

    def put(self, setting: Setting) -> None:
        """Put all knobs to a setting."""
        with self._lock:
            self.point = self.panel.point(setting)
            self._turned(self.point)

    # Told while the lock is held: two threads must not pass each other on the way to the player.
    def _move(self, place: int, unit: float) -> None:
        knob, unit = self.panel.knobs[place], min(max(unit, 0.0), 1.0)
        if knob.is_switch:
            unit = knob.to_unit(knob.from_unit(unit))
        with self._lock:
            # A new one each time: whoever draws has the old one, whole.
            moved = self.point.copy()
            moved[place] = unit
            self.point = moved
            self._turned(moved)

    def values(self) -> Sequence[str]:
        """Return what each faceplate shows."""
        shown = []
        for knob, unit in zip(self.panel.knobs, self.point, strict=True):
            low, high = knob.values[0], knob.values[-1]
            value = knob.from_unit(unit) if knob.is_switch else low + unit * (high - low)
            shown.append(knob.describe(value))
        return shown
