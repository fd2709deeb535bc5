"""The MIDI amp behind the amp protocol: paced messages to a port that is found by its name."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mido
import rtmidi
from mido import Message

from rig.config import Config, KnobConfig, MidiAmpConfig
from rig.devices.midi.messages import messages
from rig.errors import DeviceGone
from rig.knobs import Knob

BACKEND = "mido.backends.rtmidi"
#: What systems add to a port's name, and change when it is plugged in again.
_NUMBERING = re.compile(r"[\s:]+\d+(:\d+)?$")


def find_port(wanted: str, present: Sequence[str]) -> str:
    """The port that a name means: itself, but for its numbering, or the only one that contains it.

    Raises:
        DeviceGone: There is none, or there are several.
    """
    plain = _NUMBERING.sub("", wanted).lower()
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: _NUMBERING.sub("", name).lower() == plain,
        lambda name: plain in name.lower(),
    )
    for test in tests:
        found = [name for name in present if test(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise DeviceGone(f"amp.port: '{wanted}' could be any of {', '.join(found)}")
    there = ", ".join(present) or "none at all"
    raise DeviceGone(f"the MIDI port '{wanted}' is not there; there are: {there}")


class MidiAmp:
    """An amp, or a knob-turner, that listens to MIDI.

    Args:
        config: The session's configuration.
        played_s: For how long the amp has been played already (it makes no difference).
        sleep: Waits; tests count instead.
    """

    def __init__(
        self, config: Config, played_s: float = 0.0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        assert isinstance(config.amp, MidiAmpConfig)
        del played_s
        self._options = config.amp
        self._wires = config.knobs
        self._panel = config.panel
        self._sleep = sleep
        self._port: Any = None
        self._lister: Any = None
        self._name = ""
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
        self.close()
        self._stands = {}
        self._name = find_port(self._options.port, self._present())
        try:
            self._port = self._backend().open_output(self._name, autoreset=False)
        except (OSError, RuntimeError, ValueError) as error:
            raise DeviceGone(f"the MIDI port '{self._name}' cannot be opened: {error}") from None

    def dial(self, values: Mapping[str, float]) -> None:
        """Send every knob, paced, and wait until the slowest that moved has settled."""
        self._refuse_silence()
        knobs = {knob.name: knob for knob in self._panel.knobs if not knob.by_hand}
        settle_s = 0.0
        for name, wanted in values.items():
            if name not in knobs:
                continue
            self._sweep(knobs[name], wanted)
            way = self._approach(knobs[name], wanted)
            for value in way:
                self._send(self._wires[name], value)
            own_s = self._wires[name].settle_s
            if {self._stands.get(name), *way} != {wanted}:
                settle_s = max(settle_s, self._options.settle_s if own_s is None else own_s)
            self._stands[name] = wanted
        self._refuse_silence()
        self._sleep(settle_s)

    def close(self) -> None:
        """Close the port without a word to the amp."""
        port, self._port, self._lister = self._port, None, None
        if port is not None:
            port.close()

    def _backend(self) -> Any:
        api = self._options.api
        return mido.Backend(BACKEND if api == "auto" else f"{BACKEND}/{api}")

    def _present(self) -> list[str]:
        """The names of all ports. One lister is kept: making one takes seconds on a busy JACK."""
        try:
            if self._lister is None:
                api = getattr(rtmidi, f"API_{self._options.api}", rtmidi.API_UNSPECIFIED)
                self._lister = rtmidi.MidiOut(api)
            return list(dict.fromkeys(self._lister.get_ports()))
        except (OSError, RuntimeError, ValueError) as error:
            raise DeviceGone(f"MIDI cannot be used on this machine: {error}") from None

    def _refuse_silence(self) -> None:
        """Sending to a port whose receiver is gone succeeds, so the list of ports is asked."""
        if self._port is None or self._name not in self._present():
            raise DeviceGone(f"the MIDI port '{self._name or self._options.port}' went away")

    def _sweep(self, knob: Knob, wanted: float) -> None:
        """Where a ramp is asked for, every allowed value on the way, over its time."""
        start, ramp_s = self._stands.get(knob.name), self._wires[knob.name].ramp_s
        if not ramp_s or start is None:
            return
        low, high = sorted((start, wanted))
        way = [value for value in knob.values if low < value < high]
        if wanted < start:
            way.reverse()
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
        try:
            self._port.send(message)
        except (OSError, RuntimeError, ValueError) as error:
            raise DeviceGone(f"the MIDI port '{self._name}' takes nothing: {error}") from None
