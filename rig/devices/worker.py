"""The audio child: the process that holds the amp and the interface.

A dead audio server can hang or crash whoever talks to it, so the daemon does not: it talks to
this process (`rig.devices.client`), and kills it when it is silent for too long. When the daemon
dies, the knobs are put to rest before this process ends.
"""

import time

import numpy as np

from rig import config as configuration
from rig.capture import Levels
from rig.child import Parent
from rig.devices import drivers
from rig.devices.lock import DeviceLocks
from rig.devices.messages import (
    ORDER,
    Answer,
    Cancel,
    Cancelled,
    Dial,
    Done,
    Failed,
    Open,
    Opened,
    Order,
    Playing,
    Reamp,
    Recorded,
    Rest,
    TooLate,
    plain,
)
from rig.devices.protocols import Amp, DriverContext, Interface, TakeCancelled
from rig.errors import ConfigError, DeviceError, DeviceGone, DeviceHung, RigError
from rig.knobs import Panel, Setting

REPORTS_PER_S = 20


class DevicesWorker:
    """Holds the devices and does what the daemon says."""

    def __init__(self) -> None:
        self._parent = Parent(self.rest)
        self._amp: Amp | None = None
        self._interface: Interface | None = None
        self._panel: Panel | None = None
        self._locks: DeviceLocks | None = None
        self._reported = 0.0

    def serve(self) -> None:
        """Answer the daemon until it ends."""
        while True:
            message, block = self._parent.receive()
            answer: Answer
            try:
                answer, audio = self._answer(ORDER.validate_python(message), block)
            except TakeCancelled:
                answer, audio = Cancelled(), b""
            # What is none of ours ends the process, and the daemon starts another with new drivers.
            except RigError as error:
                answer, audio = Failed(error=type(error).__name__, why=str(error)), b""
            self._parent.send(plain(answer), audio)

    def _answer(self, order: Order, block: bytes) -> tuple[Answer, bytes]:
        match order:
            case Open():
                return self._open(order), b""
            case Dial(values=values, last=last):
                self._dial(values, last)
            case Rest():
                self.rest()
            case Reamp():
                return self._reamp(block)
            case Cancel():
                # The take was over before the order to break it off was read.
                return TooLate(), b""
        return Done(), b""

    def _open(self, order: Open) -> Opened:
        if self._amp is None or self._interface is None:
            config = configuration.parse(order.config, "the session's rig.yaml")
            # Before anything opens: two programs on one amp would record each other's settings.
            self._lock(DeviceLocks(config, order.owner))
            self._panel = config.panel
            context = DriverContext(config, order.takes, order.played_s)
            self._amp, self._interface = drivers.make(context)
        self._interface.close()
        self._amp.close()
        self._amp.open()
        if order.amp_only:
            return Opened()
        self._interface.open()
        return Opened(sample_rate=self._interface.sample_rate, paced=self._interface.paced)

    def _lock(self, locks: DeviceLocks) -> None:
        """Hold the devices' locks for as long as this process lives, and not its parent.

        A child that was stopped outlives its parent, and has the devices open.
        """
        if self._locks is None:
            locks.take()
            self._locks = locks

    def _dial(self, values: tuple[float, ...], last: str | None) -> None:
        """The last step before the wire: nothing outside the configured limits gets past it."""
        if self._amp is None or self._panel is None:
            raise DeviceError("the amp is not open")
        setting = Setting(values)
        if not self._panel.allows(setting):
            raise DeviceError(f"a setting outside the configured limits was refused: {values}")
        named = self._panel.named(setting)
        if last in named:
            # Put in anew it comes last, and drivers set knobs in the order in which they are given.
            named[last] = named.pop(last)
        self._amp.dial(named)

    def rest(self) -> None:
        """Put the knobs to rest, if there are any."""
        if self._amp is not None and self._panel is not None:
            self._amp.dial(self._panel.named(self._panel.rest))

    def _report(self, levels: Levels) -> None:
        # Nobody else reads orders while a take plays: it is broken off from in here or not at all.
        waiting = self._parent.peek()
        if waiting is not None and isinstance(ORDER.validate_python(waiting[0]), Cancel):
            raise TakeCancelled
        now = time.monotonic()
        if now - self._reported >= 1 / REPORTS_PER_S:
            self._reported = now
            self._parent.send(plain(Playing(**vars(levels))))

    def _reamp(self, block: bytes) -> tuple[Recorded, bytes]:
        if self._interface is None:
            raise DeviceGone("the interface is not open")
        send = np.frombuffer(block, dtype="<f4").astype(np.float32)
        recording = self._interface.reamp(send, self._report)
        parts = [recording.returned]
        if recording.loopback is not None:
            parts.append(recording.loopback)
        audio = b"".join(part.astype("<f4").tobytes() for part in parts)
        return Recorded(channels=len(parts), dropouts=recording.dropouts), audio


#: Errors that cross the process boundary by name.
ERRORS: dict[str, type[RigError]] = {
    kind.__name__: kind for kind in (ConfigError, DeviceError, DeviceGone, DeviceHung)
}

if __name__ == "__main__":
    DevicesWorker().serve()
