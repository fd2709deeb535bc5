"""MIDI inputs that come and go: opened when they are there, closed when they are gone."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import rtmidi

from rig.devices.midi.named import is_device, places_of
from rig.devices.midi.presses import Heard
from rig.devices.midi.reading import Reading
from rig.devices.survey import MIDI_APIS

#: What RtMidi raises; its own errors are of all these kinds.
FAILED = (OSError, RuntimeError, ValueError)
#: A MIDI server that was not there, or has gone since, is asked for again so often.
RENEW_S = 20.0
#: One of the system's interfaces, and the name of a port in its list.
_Place = tuple[str, str]


def compiled() -> list[str]:
    """Name the system's MIDI interfaces that this RtMidi knows, as ``amp.api`` does."""
    known = set(rtmidi.get_compiled_api())
    return [api for api in MIDI_APIS if getattr(rtmidi, f"API_{api}") in known]


def _made(api: str) -> Any:
    return rtmidi.MidiIn(getattr(rtmidi, f"API_{api}"))


class Inputs:
    """Every input that a name means, on every interface of the system's; use it from one thread.

    Args:
        wanted: A port's name, or a part of it; None for every input.
        tell: Told what comes in, in threads of the ports' own.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        wanted: str | None,
        tell: Callable[[Heard], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wanted, self._tell, self._clock = wanted, tell, clock
        # To make one takes seconds on a busy JACK, to ask one for its list takes none.
        self._listers: dict[str, Any] = {}
        self._made_s: float | None = None
        self._open: dict[_Place, Reading] = {}
        #: Every input that was there at the last look, wanted or not.
        self.listed: list[str] = []

    def look(self) -> list[str]:
        """Open what came, close what is gone; return the names of what is listened to."""
        self._renew()
        there = {(api, name): place for api, name, place in self._there()}
        for key in [key for key in self._open if key not in there]:
            _close(self._open.pop(key))
        for key, place in there.items():
            if key not in self._open:
                # What is just being unplugged is gone at the next look.
                with suppress(*FAILED):
                    self._open[key] = self._opened(*key, place)
        return [name for _, name in self._open]

    def _renew(self) -> None:
        """Make anew what lists the ports, now and then, as long as nothing is listened to."""
        now = self._clock()
        if self._open or (self._made_s is not None and now - self._made_s < RENEW_S):
            return
        self._made_s = now
        for lister in self._listers.values():
            with suppress(*FAILED):
                lister.delete()
        self._listers = {}
        for api in compiled():
            # One interface without a server is no reason not to listen on another.
            with suppress(*FAILED):
                self._listers[api] = _made(api)

    def _there(self) -> Iterator[tuple[str, str, int]]:
        """Yield what is wanted and there: its interface, its name, its place in the list."""
        self.listed = []
        for api, lister in self._listers.items():
            names: list[str] = []
            with suppress(*FAILED):
                names = list(lister.get_ports())
            self.listed += [name for name in names if is_device(name)]
            if self._wanted is None:
                places = [place for place, name in enumerate(names) if is_device(name)]
            else:
                places = places_of(self._wanted, names, api)
            yield from ((api, names[place], place) for place in places)

    def _opened(self, api: str, name: str, place: int) -> Reading:
        def receive(message: list[int]) -> None:
            """Pass a message on with the time at which it came."""
            self._tell(Heard(self._clock(), f"{api} {name}", tuple(message)))

        port = _made(api)
        try:
            port.open_port(place)
        except FAILED:
            port.delete()
            raise
        return Reading(port, receive)


def _close(reading: Reading) -> None:
    # Its device is gone, and whoever drives it may complain.
    with suppress(*FAILED):
        reading.close()
