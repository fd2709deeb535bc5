"""Finding a MIDI port again that the system numbered anew."""

from collections.abc import Sequence
from typing import Any

import rtmidi
from mido import Message

from rig.devices import names
from rig.devices.midi.named import WINDOWS, places_of, plain
from rig.errors import DeviceGone


def find_port(wanted: str, listed: Sequence[str], api: str = "") -> int:
    """Return the place, in the list, of the only port that a name can mean; see `places_of`.

    Raises:
        DeviceGone: There is none, or there are several.
    """
    found = places_of(wanted, listed, api)
    if len(found) == 1:
        return found[0]
    if not found:
        there = names.told(listed)
        raise DeviceGone(f"amp.port: the MIDI port '{wanted}' is not there; there are: {there}")
    could = ", ".join(f"'{listed[place]}'" for place in found)
    bare = {plain(listed[place], place, api) for place in found}
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
