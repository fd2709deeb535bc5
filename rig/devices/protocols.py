"""The two protocols that carry all hardware."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from rig.capture import Frames, Levels, Recording
from rig.config import Config

#: Called a few times a second while a take plays. It may raise `TakeCancelled`, on which an
#: interface fades out and lets the exception pass.
Report = Callable[[Levels], None]


class TakeCancelled(Exception):
    """The take is not wanted any more."""


class Amp(Protocol):
    """Something whose knobs can be set.

    ``dial`` returns once the knobs are where they should be and have settled.
    """

    def open(self) -> None:
        """Take hold of the amp. Opening again after it was lost may bring it back.

        Raises:
            DeviceGone: It is not there.
        """

    def dial(self, values: Mapping[str, float]) -> None:
        """Set every knob, by name, to its faceplate value, in the order in which they are given.

        Raises:
            DeviceError: It cannot be done.
            DeviceGone: The amp is no longer there.
        """

    def close(self) -> None:
        """Let go of the amp; harmless when it is not held."""


@dataclass(frozen=True)
class DriverContext:
    """What every driver is made from.

    Attributes:
        config: The whole rig.yaml; a driver's own part is ``config.amp`` or ``config.interface``.
        takes: How many takes the session has behind it.
        played_s: For how many seconds the amp has been played in it.
        amp: For an interface: the amp on the other end of its cables. None for an amp.
    """

    config: Config
    takes: int = 0
    played_s: float = 0.0
    amp: Amp | None = None


class Interface(Protocol):
    """Something that plays a signal into the amp and records what comes back."""

    @property
    def sample_rate(self) -> int:
        """Frames per second of everything it plays and records."""

    @property
    def paced(self) -> bool:
        """Whether playing takes as long as the signal lasts."""

    def open(self) -> None:
        """Take hold of the interface. Opening again after it was lost may bring it back.

        Raises:
            DeviceGone: It is not there.
        """

    def reamp(self, send: Frames, report: Report) -> Recording:
        """Play ``(frames,)`` and record as many.

        Raises:
            DeviceGone: The interface is no longer there.
            TakeCancelled: ``report`` raised it.
        """

    def close(self) -> None:
        """Let go of the interface; harmless when it is not held."""
