"""MIDI learn: which controller an amp, or its editor, sends when somebody turns a knob."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import asdict, dataclass
from typing import Any

import rtmidi

from rig import waits
from rig.devices.midi.listening import Learnt
from rig.devices.midi.messages import DATA_COARSE, DATA_FINE, FINE_OFFSET, NRPN_COARSE, NRPN_FINE
from rig.devices.midi.reading import Reading
from rig.devices.survey import MIDI_APIS
from rig.errors import DeviceGone

#: A controller's status byte is 0xB and the channel (MIDI 1.0 Detailed Specification).
CONTROL_CHANGE = 0xB
#: So many messages, and then silence for so long: somebody has turned one knob and let go.
ENOUGH, QUIET_S = 6, 1.0
#: How often what came in is looked at.
LOOK_S = 0.05
#: What RtMidi raises; its own errors are of all these kinds.
_FAILED = (OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Event:
    """A controller's message: on which port and channel (from 1), which controller, its value."""

    port: str
    channel: int
    controller: int
    value: int


#: Opens every input, to be told of each message; raises `DeviceGone` where there is none.
Ears = Callable[[Callable[[Event], None]], AbstractContextManager[Any]]


def inputs() -> Ears:
    """Every MIDI input of the system, at once: nobody knows which of them an editor speaks on."""

    def opened(tell: Callable[[Event], None]) -> ExitStack:
        """Open every port of every interface that works."""
        compiled = set(rtmidi.get_compiled_api())
        numbers = [getattr(rtmidi, f"API_{api}") for api in MIDI_APIS]
        with ExitStack() as stack:
            count = 0
            for number in [number for number in numbers if number in compiled]:
                # One interface without a server is no reason not to listen on another.
                with suppress(*_FAILED):
                    count += _listen_to_all(stack, number, tell)
            if not count:
                raise DeviceGone("there is no MIDI input to listen to")
            return stack.pop_all()

    return opened


def _listen_to_all(stack: ExitStack, api: int, tell: Callable[[Event], None]) -> int:
    """Open every input of one of the system's interfaces; how many there are."""
    listed = list(rtmidi.MidiIn(api).get_ports())
    for place, name in enumerate(listed):
        _listen(stack, rtmidi.MidiIn(api), place, name, tell)
    return len(listed)


def _listen(
    stack: ExitStack, port: Any, place: int, name: str, tell: Callable[[Event], None]
) -> None:
    def receive(message: list[int]) -> None:
        """Pass controllers on, in a thread of the port's own."""
        if len(message) == 3 and message[0] >> 4 == CONTROL_CHANGE:
            tell(Event(name, (message[0] & 0xF) + 1, message[1], message[2]))

    port.open_port(place)
    stack.callback(Reading(port, receive).close)


def learn(
    ears: Ears,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Learnt | None:
    """Listen until somebody has turned one knob; None where nothing was heard for too long.

    Raises:
        DeviceGone: There is nothing to listen to.
    """
    events: list[Event] = []
    # Filled by threads of the ports' own, read here: a list's end only ever grows.
    begun = clock()
    seen, changed = 0, begun
    with ears(events.append):
        while clock() - begun < waits.KNOB_IS_TURNED.s:
            sleep(LOOK_S)
            if len(events) > seen:
                seen, changed = len(events), clock()
            elif seen >= ENOUGH and clock() - changed >= QUIET_S:
                break
    return learnt(events)


def learnt(events: Sequence[Event]) -> Learnt | None:
    """Return the controller that moved most, a pair or a parameter number as one.

    What only repeats a value moved nothing: some amps send their pedals' values all the time.
    """
    nrpn = _parameter(events)
    if nrpn is not None:
        return nrpn
    distinct = {(e.port, e.channel, e.controller, e.value) for e in events}
    moved = Counter((port, channel, controller) for port, channel, controller, _ in distinct)
    if not moved:
        return None
    port, channel, controller = moved.most_common(1)[0][0]
    # Of a pair the fine half moves most; the coarse one is what charts name.
    coarse = controller - FINE_OFFSET
    if (port, channel, coarse) in moved:
        controller = coarse
    is_pair = (port, channel, controller + FINE_OFFSET) in moved and controller < FINE_OFFSET
    return _seen(events, port, channel, controller, "cc14" if is_pair else "cc", controller)


def _seen(
    events: Sequence[Event], port: str, channel: int, controller: int, wire: str, number: int
) -> Learnt:
    own = (port, channel, controller)
    values = [e.value for e in events if (e.port, e.channel, e.controller) == own]
    return Learnt(port, channel, wire, number, min(values), max(values))


def _parameter(events: Sequence[Event]) -> Learnt | None:
    """Return the NRPN that was sent, if that is what it was."""
    last: dict[int, Event] = {event.controller: event for event in events}
    # By the last number that was chosen: what came before was another knob.
    if not {NRPN_COARSE, NRPN_FINE, DATA_COARSE} <= last.keys():
        return None
    coarse, fine, data = last[NRPN_COARSE], last[NRPN_FINE], last[DATA_COARSE]
    number = coarse.value * 128 + fine.value
    found = _seen(events, data.port, data.channel, DATA_COARSE, "nrpn", number)
    scale = 128 if DATA_FINE in last else 1
    return Learnt(
        found.port, found.channel, "nrpn", number, found.lowest * scale, found.highest * scale
    )


if __name__ == "__main__":
    try:
        said: dict[str, object] = {"learnt": asdict(found) if (found := learn(inputs())) else None}
    except DeviceGone as error:
        said = {"trouble": str(error)}
    # Of a child whose parent has gone nobody reads the answer.
    with suppress(KeyboardInterrupt, BrokenPipeError):
        sys.stdout.write(json.dumps(said) + "\n")
