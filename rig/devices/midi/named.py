"""MIDI ports by their names, whatever the system adds to these."""

import re
from collections.abc import Sequence

from rig.devices import names

# Nothing else is taken off a name: when any number at its end was, 'Bus 2' opened 'Bus 1'.
#: ALSA adds the numbers of client and port, 'Amp MIDI 1 20:0'; the bridge to JACK adds the client's
#: in brackets. Both change when the amp is plugged in again, and nobody calls a port like this.
_ALSA = re.compile(r" \d+:\d+$")
_BRIDGE = re.compile(r" \[\d+\](?= \()")
#: Windows' own interface has no distinct names, so RtMidi adds each port's place in the list.
WINDOWS = "WINDOWS_MM"
_PLACE = re.compile(r" \d+$")
#: ALSA's own port, from programs to programs: it is always there, and no device is behind it.
_THROUGH = "Midi Through"


def is_device(name: str) -> bool:
    """Whether a port of this name may lead to something that is plugged in."""
    return _THROUGH not in name


def plain(name: str, place: int, api: str = "") -> str:
    """Take off a listed name what the system added."""
    # Only the place itself is Windows' addition: any other number is the name's own.
    return name.removesuffix(f" {place}") if api == WINDOWS else _plain(name)


def _plain(name: str) -> str:
    return _BRIDGE.sub("", _ALSA.sub("", name))


def places_of(wanted: str, listed: Sequence[str], api: str = "") -> list[int]:
    """List the places of the ports that a name may mean.

    Args:
        wanted: A listed name of now or earlier, or a part of one.
        listed: The system's names.
        api: The MIDI interface that they are from, as ``amp.api`` calls it.
    """
    meanings = [_plain(wanted)]
    if api == WINDOWS:
        meanings.append(_PLACE.sub("", wanted))
    return names.places(wanted, listed, meanings, lambda name, place: plain(name, place, api))
