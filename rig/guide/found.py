"""What the guide knows before it asks: what is plugged in, what is installed, what a file says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rig.config.devices import BUILT_IN
from rig.devices import drivers
from rig.devices.survey import AudioDevice, Survey

#: Where a device is listed under several of them: those with the fewest hands in between first.
BEST_APIS = ("ASIO", "Core Audio", "CoreAudio", "JACK", "ALSA", "WASAPI", "DirectSound", "MME")


@dataclass(frozen=True)
class Found:
    """What there is.

    Attributes:
        survey: Audio devices and MIDI ports.
        amps: Drivers of other packages for amps.
        interfaces: Drivers of other packages for interfaces.
        knobs: The knobs' sections of the file that is changed, if there is one.
    """

    survey: Survey = field(default_factory=lambda: Survey((), (), ()))
    amps: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    knobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def apis(self) -> list[str]:
        """Every host API that lists a device, the best first."""
        names = dict.fromkeys(device.host_api for device in self.survey.audio)
        return sorted(names, key=_rank)

    def devices(self, api: str, way: str) -> list[AudioDevice]:
        """List the devices of a host API that have an ``input``, or an ``output``."""
        return [
            device
            for device in self.survey.audio
            if api.casefold() in device.host_api.casefold()
            and (device.inputs if way == "input" else device.outputs)
        ]

    def device(self, api: str, way: str, name: str) -> AudioDevice | None:
        """Return the device of a name; None where none is there, or several are."""
        listed = self.devices(api, way)
        # A name that is all of another's beginning is still that device's own.
        exact = [device for device in listed if device.name == name]
        part = [device for device in listed if name.casefold() in device.name.casefold()]
        found = exact or part
        return found[0] if len(found) == 1 else None


def others(group: str) -> tuple[str, ...]:
    """List the drivers of other packages."""
    return tuple(name for name in drivers.names(group) if name not in BUILT_IN)


def _rank(api: str) -> int:
    found = [rank for rank, best in enumerate(BEST_APIS) if best.casefold() in api.casefold()]
    return min(found, default=len(BEST_APIS))
