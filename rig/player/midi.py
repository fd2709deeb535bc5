"""Controllers that come in over MIDI."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import rtmidi

from rig import waits
from rig.devices import names
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
            self._port = rtmidi.MidiIn(getattr(rtmidi, f"API_{api}", rtmidi.API_UNSPECIFIED))
            listed = list(self._port.get_ports())
            places = names.places(wanted, listed)
            if len(places) != 1:
                what = "several MIDI inputs are called" if places else "there is no MIDI input"
                raise DeviceGone(f"--midi: {what} '{wanted}'; there are: {names.told(listed)}")
            self._port.open_port(places[0])
        except _FAILED as error:
            raise DeviceGone(f"--midi: MIDI cannot be used on this machine: {error}") from None
        self._closes = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    # Not by a callback: MIDI's own thread is on its way into one while another takes it away, and
    # what it was given is gone by then. A session's end was a crash now and then.
    def _listen(self) -> None:
        while not self._closes.wait(waits.CONTROLLER_SPEAKS.s):
            while (event := self._port.get_message()) is not None:
                self._receive(event[0])

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
        self._closes.set()
        self._listener.join()
        self._port.close_port()
        self._port.delete()
