"""Reading a MIDI input that is open."""

import threading
from collections.abc import Callable
from typing import Any

from rig import waits


# Not by a callback: MIDI's own thread is on its way into one while another takes it away, and what
# it was given is gone by then. Beside a controller that sweeps, closing hung or crashed.
class Reading:
    """Reads an open RtMidi input in a thread of its own, until it is closed.

    Args:
        port: The input; it is closed with the reading.
        heard: Told each message, in that thread.
    """

    def __init__(self, port: Any, heard: Callable[[list[int]], None]) -> None:
        self._port, self._heard = port, heard
        self._closes = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._closes.wait(waits.MIDI_SPEAKS.s):
            while (event := self._port.get_message()) is not None:
                self._heard(event[0])

    def close(self) -> None:
        """Read no more, and close the port; whatever RtMidi raises is passed on."""
        self._closes.set()
        self._thread.join()
        self._port.close_port()
        self._port.delete()
