"""Finding a MIDI port again that the system numbered anew."""

import re
from collections.abc import Sequence
from typing import Any

import rtmidi
from mido import Message

from rig.devices import names
from rig.errors import DeviceGone

# Nothing else is taken off a name: when any number at its end was, 'Bus 2' opened 'Bus 1'.
#: ALSA adds the numbers of client and port, 'Amp MIDI 1 20:0'; the bridge to JACK adds the client's
#: in brackets. Both change when the amp is plugged in again, and nobody calls a port like this.
_ALSA = re.compile(r" \d+:\d+$")
_BRIDGE = re.compile(r" \[\d+\](?= \()")
#: Windows' own interface has no distinct names, so RtMidi adds each port's place in the list.
WINDOWS = "WINDOWS_MM"
_PLACE = re.compile(r" \d+$")


def _plain(name: str) -> str:
    return _BRIDGE.sub("", _ALSA.sub("", name))


def find_port(wanted: str, listed: Sequence[str], api: str = "") -> int:
    """Return the place, in the list, of the only port that a name can mean.

    Args:
        wanted: As ``amp.port`` says: a listed name of now or earlier, or a part of one.
        listed: The system's names.
        api: The MIDI interface that they are from, as ``amp.api`` calls it.

    Raises:
        DeviceGone: There is none, or there are several.
    """

    def plain(name: str, place: int) -> str:
        """Take off what the system added."""
        # Only the place itself is Windows' addition: any other number is the name's own.
        return name.removesuffix(f" {place}") if api == WINDOWS else _plain(name)

    meanings = [_plain(wanted)]
    if api == WINDOWS:
        meanings.append(_PLACE.sub("", wanted))
    found = names.places(wanted, listed, meanings, plain)
    if len(found) == 1:
        return found[0]
    if not found:
        there = names.told(listed)
        raise DeviceGone(f"amp.port: the MIDI port '{wanted}' is not there; there are: {there}")
    could = ", ".join(f"'{listed[place]}'" for place in found)
    bare = {plain(listed[place], place) for place in found}
    how = f"write '{bare.pop()} #1' for the first of them" if len(bare) == 1 else "write all of one"
    raise DeviceGone(f"amp.port: '{wanted}' could be any of {could}: {how}")


#: What RtMidi raises; its own errors are of all these kinds.
_FAILED = (OSError, RuntimeError, ValueError)


class OutputPort:
    """The output port that a name means, and the only one that this process holds.

    One object both lists the ports and sends, since making one takes seconds on a busy JACK.

    Args:
        wanted: As ``amp.port`` says.
        api: As ``amp.api`` says.
    """

    def __init__(self, wanted: str, api: str) -> None:
        self._wanted, self._api = wanted, api
        self._out: Any = None
        self._name = ""
        self._namesakes = 0

    def open(self) -> None:
        """Find the port, which may have been numbered anew, and open it.

        Raises:
            DeviceGone: It is not there, or not certain, or does not open.
        """
        self.close()
        listed = self._listed()
        place = find_port(self._wanted, listed, self._current_api())
        name = listed[place]
        try:
            self._out.open_port(place)
        except _FAILED as error:
            raise DeviceGone(f"the MIDI port '{name}' cannot be opened: {error}") from None
        self._name, self._namesakes = name, listed.count(name)

    def refuse_absence(self) -> None:
        """Ask the list of ports, since sending to one whose receiver is gone succeeds.

        Raises:
            DeviceGone: It is not there any more, or one of several of its name is not.
        """
        # Of several of one name nobody can tell which are left: the one that is gone may be this.
        if not self._name or self._listed().count(self._name) < self._namesakes:
            raise DeviceGone(f"the MIDI port '{self._name or self._wanted}' went away")

    def send(self, message: Message) -> None:
        """Send one message.

        Raises:
            DeviceGone: The port takes nothing.
        """
        try:
            self._out.send_message(message.bytes())
        except _FAILED as error:
            raise DeviceGone(f"the MIDI port '{self._name}' takes nothing: {error}") from None

    def close(self) -> None:
        """Close it without a word to the amp; harmless when it is not open."""
        out, self._out, self._name = self._out, None, ""
        if out is not None:
            out.close_port()
            out.delete()

    def _listed(self) -> list[str]:
        try:
            if self._out is None:
                api = getattr(rtmidi, f"API_{self._api}", rtmidi.API_UNSPECIFIED)
                self._out = rtmidi.MidiOut(api)
            return list(self._out.get_ports())
        except _FAILED as error:
            raise DeviceGone(f"MIDI cannot be used on this machine: {error}") from None

    def _current_api(self) -> str:
        """Return the system's MIDI interface by the name that ``amp.api`` has for it."""
        number = self._out.get_current_api()
        windows: int = rtmidi.API_WINDOWS_MM
        return WINDOWS if number == windows else self._api
