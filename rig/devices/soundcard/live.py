"""A sound card that somebody plays through: the stream of `SoundCard`, with blocks as they come."""

import time
from collections.abc import Callable
from typing import Any

from rig.config import Config, SoundCardConfig
from rig.devices.protocols import DriverContext
from rig.devices.soundcard.interface import STALL_S, SoundCard
from rig.errors import DeviceHung

#: PortAudio's callback: input, output, frames, times, status.
Callback = Callable[[Any, Any, int, Any, Any], None]


# The same way to find a device and to refuse a rate as for takes: only the callback differs.
class LiveCard(SoundCard):
    """An audio interface that hands every block to a callback, as late as the device must be.

    Args:
        config: Its interface is a sound card.
        callback: Called by the driver; it must not wait for anything.
        outputs: The highest output that is used, counted from 1.
    """

    def __init__(self, config: Config, callback: Callback, outputs: int = 1) -> None:
        assert isinstance(config.interface, SoundCardConfig)
        super().__init__(DriverContext(config))
        self._outputs = tuple(range(outputs))
        self._callback = callback
        self._blocks, self._seen_at = 0, time.monotonic()

    def _stream_options(self) -> dict[str, Any]:
        return {"callback": self._callback, "latency": "low"}

    @property
    def latency_s(self) -> float:
        """What the driver says of its own way in and out, together; nothing while it is closed."""
        return 0.0 if self._stream is None else float(sum(self._stream.latency))

    def refuse_standstill(self, blocks: int) -> None:
        """Notice a device that is gone: only blocks that do not come any more tell.

        Args:
            blocks: How many the callback has been given.

        Raises:
            DeviceHung: It plays nothing any more.
        """
        now = time.monotonic()
        if blocks != self._blocks:
            self._blocks, self._seen_at = blocks, now
        elif self._stream is None or not self._stream.active or now - self._seen_at > STALL_S:
            self._stream, self._hangs = None, True
            raise DeviceHung("the audio interface went away")
