"""The MIDI amp behind the amp protocol: paced messages, programs before controllers."""

import time
from collections.abc import Callable, Mapping

from mido import Message

from rig.config import Config, KnobConfig, MidiAmpConfig
from rig.devices.midi.messages import messages
from rig.devices.midi.ports import OutputPort
from rig.devices.protocols import DriverContext
from rig.knobs import Knob


class MidiAmp:
    """An amp, or a knob-turner, that listens to MIDI.

    Args:
        context: The session's configuration; nothing else of it makes a difference.
        sleep: Waits; tests count instead.
    """

    def __init__(self, context: DriverContext, sleep: Callable[[float], None] = time.sleep) -> None:
        config = context.config
        assert isinstance(config.amp, MidiAmpConfig)
        self._options = config.amp
        self._wires = config.knobs
        self._panel = config.panel
        self._sleep = sleep
        self._port = OutputPort(self._options.port, self._options.api)
        self._stands: dict[str, float] = {}

    @staticmethod
    def problems(config: Config) -> list[str]:
        """Mistakes in a configuration that only this driver knows of."""
        return [
            f"knobs.{name}: a MIDI amp needs cc, cc14, nrpn or program to set it, or hand: true"
            for name, knob in config.knobs.items()
            if not knob.wires and not knob.hand
        ]

    def open(self) -> None:
        """Open the port; its name may have been numbered anew since."""
        # Whatever happened to the amp while it was away: every knob counts as moved.
        self._stands = {}
        self._port.open()

    def dial(self, values: Mapping[str, float]) -> None:
        """Send every knob, paced, and wait until the slowest that moved has settled.

        Programs come first, and settle: a preset that is recalled moves what controllers had set.
        """
        self._port.refuse_absence()
        knobs = [knob for knob in self._panel.knobs if not knob.by_hand and knob.name in values]
        programs = [knob for knob in knobs if self._wires[knob.name].program is not None]
        self._sleep(self._recall(programs, values))
        turned = {knob.name: knob for knob in knobs if knob not in programs}
        settle_s = [self._turn(turned[name], values[name]) for name in values if name in turned]
        # Once more: to send to a port that went away in between succeeds as well.
        self._port.refuse_absence()
        self._sleep(max(settle_s, default=0.0))

    def close(self) -> None:
        """Close the port without a word to the amp."""
        self._port.close()

    def _recall(self, switches: list[Knob], values: Mapping[str, float]) -> float:
        """Send each program that changes, once, in the panel's order; return how long to settle."""
        changed = [knob for knob in switches if self._stands.get(knob.name) != values[knob.name]]
        if changed:
            # Where the preset has put the other knobs nobody knows.
            names = {knob.name for knob in switches}
            self._stands = {n: value for n, value in self._stands.items() if n in names}
        for knob in changed:
            self._send(self._wires[knob.name], values[knob.name])
            self._stands[knob.name] = values[knob.name]
        return max((self._settle_s(knob) for knob in changed), default=0.0)

    def _turn(self, knob: Knob, wanted: float) -> float:
        """Send a controller to its value; return how long it takes to settle there."""
        self._sweep(knob, wanted)
        way = self._approach(knob, wanted)
        for value in way:
            self._send(self._wires[knob.name], value)
        is_still = {self._stands.get(knob.name), *way} == {wanted}
        self._stands[knob.name] = wanted
        return 0.0 if is_still else self._settle_s(knob)

    def _settle_s(self, knob: Knob) -> float:
        own_s = self._wires[knob.name].settle_s
        return self._options.settle_s if own_s is None else own_s

    def _sweep(self, knob: Knob, wanted: float) -> None:
        """Where a ramp is asked for, every allowed value on the way, over its time."""
        start, ramp_s = self._stands.get(knob.name), self._wires[knob.name].ramp_s
        if not ramp_s or start is None:
            return
        low, high = sorted((start, wanted))
        way = [value for value in knob.values if low < value < high]
        if wanted < start:
            way.reverse()
        # No more of them than fit into the time, each with its gap.
        steps = min(len(way), int(ramp_s / self._options.message_gap_s))
        for step in range(steps):
            self._send(self._wires[knob.name], way[(step + 1) * len(way) // (steps + 1)])
            self._sleep(max(ramp_s / steps - self._options.message_gap_s, 0.0))

    def _approach(self, knob: Knob, value: float) -> list[float]:
        """The values to send, the last ones final; never outside the knob's limits."""
        final = [value] * self._options.sends
        lowest, highest = knob.values[0], knob.values[-1]
        if self._options.approach == "direct" or knob.is_switch:
            return final
        if self._options.approach == "below":
            return [lowest, *final]
        return [lowest if value - lowest > highest - value else highest, *final]

    def _send(self, knob: KnobConfig, value: float) -> None:
        for message in messages(knob, value, self._options.channel - 1):
            self._put(message)
            self._sleep(self._options.message_gap_s)

    def _put(self, message: Message) -> None:
        self._port.send(message)
