"""Controllers that come in over MIDI."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import rtmidi

from rig.devices import names
from rig.devices.midi.reading import Reading
from rig.errors import DeviceGone

#: A controller's status byte is 0xB and the channel (MIDI 1.0 Detailed Specification).
CONTROL_CHANGE = 0xB
#: What RtMidi raises; its own errors are of all these kinds.
_FAILED = (OSError, RuntimeError, ValueError)


# By rtmidi itself, as for output: mido would list the ports anew, which takes seconds on JACK.
class ControllerInput:
    """A MIDI input port, of which controllers alone are listened to; use it in a ``with``.

    Args:
        wanted: The port's name, or a part of it that only one has.
        api: As ``amp.api`` in rig.yaml.
        heard: Told a controller's number and value, in a thread of its own.

    Raises:
        DeviceGone: There is no such port, or MIDI cannot be used.
    """

    def __init__(self, wanted: str, api: str, heard: Callable[[int, int], None]) -> None:
        self._heard = heard
        try:
            port = rtmidi.MidiIn(getattr(rtmidi, f"API_{api}", rtmidi.API_UNSPECIFIED))
            listed = list(port.get_ports())
            places = names.places(wanted, listed)
            if len(places) != 1:
                what = "several MIDI inputs are called" if places else "there is no MIDI input"
                raise DeviceGone(f"--midi: {what} '{wanted}'; there are: {names.told(listed)}")
            port.open_port(places[0])
        except _FAILED as error:
            raise DeviceGone(f"--midi: MIDI cannot be used on this machine: {error}") from None
        self._reading = Reading(port, self._receive)

    def _receive(self, message: list[int]) -> None:
        if len(message) == 3 and message[0] >> 4 == CONTROL_CHANGE:
            self._heard(message[1], message[2])

    def __enter__(self) -> Self:
        """It listens already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port."""
        self._reading.close()
