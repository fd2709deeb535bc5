"""The audio child: the process that holds the amp and the interface.

A dead audio server can hang or crash whoever talks to it, so the daemon does not: it talks to
this process (`rig.devices.client`), and kills it when it is silent for too long. When the daemon
dies, the knobs are put to rest before this process ends.
"""

import time

import numpy as np

from rig import config as configuration
from rig.capture import Levels
from rig.child import Message, Parent
from rig.devices import drivers
from rig.devices.protocols import Amp, Interface, TakeCancelled
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
        self._reported = 0.0

    def serve(self) -> None:
        """Answer the daemon until it ends."""
        while True:
            message, block = self._parent.receive()
            try:
                answer, audio = self._answer(message, block)
            except TakeCancelled:
                answer, audio = {"cancelled": True}, b""
            except RigError as error:
                answer, audio = {"error": type(error).__name__, "why": str(error)}, b""
            self._parent.send(answer, audio)

    def _answer(self, message: Message, block: bytes) -> tuple[Message, bytes]:
        match message["do"]:
            case "open":
                return self._open(message), b""
            case "dial":
                self._dial(tuple(message["values"]), message.get("last"))
            case "rest":
                self.rest()
            case "reamp":
                return self._reamp(block)
            case "cancel":
                return {"late": True}, b""
        return {"done": True}, b""

    def _open(self, message: Message) -> Message:
        if self._amp is None or self._interface is None:
            config = configuration.parse(message["config"], "the session's rig.yaml")
            self._panel = config.panel
            self._amp, self._interface = drivers.make(config, message["takes"], message["played_s"])
        self._interface.close()
        self._amp.close()
        self._amp.open()
        if message.get("amp_only"):
            return {}
        self._interface.open()
        return {"sample_rate": self._interface.sample_rate, "paced": self._interface.paced}

    def _dial(self, values: tuple[float, ...], last: str | None) -> None:
        """The last step before the wire: nothing outside the configured limits gets past it."""
        if self._amp is None or self._panel is None:
            raise DeviceError("the amp is not open")
        setting = Setting(values)
        if not self._panel.allows(setting):
            raise DeviceError(f"a setting outside the configured limits was refused: {values}")
        named = self._panel.named(setting)
        if last in named:
            named[last] = named.pop(last)
        self._amp.dial(named)

    def rest(self) -> None:
        """Put the knobs to rest, if there are any."""
        if self._amp is not None and self._panel is not None:
            self._amp.dial(self._panel.named(self._panel.rest))

    def _report(self, levels: Levels) -> None:
        waiting = self._parent.peek()
        if waiting is not None and waiting[0].get("do") == "cancel":
            raise TakeCancelled
        now = time.monotonic()
        if now - self._reported >= 1 / REPORTS_PER_S:
            self._reported = now
            self._parent.send({"levels": [levels.played_s, levels.send_dbfs, levels.return_dbfs]})

    def _reamp(self, block: bytes) -> tuple[Message, bytes]:
        if self._interface is None:
            raise DeviceGone("the interface is not open")
        send = np.frombuffer(block, dtype="<f4").astype(np.float32)
        recording = self._interface.reamp(send, self._report)
        parts = [recording.returned]
        if recording.loopback is not None:
            parts.append(recording.loopback)
        audio = b"".join(part.astype("<f4").tobytes() for part in parts)
        return {"dropouts": recording.dropouts, "channels": len(parts)}, audio


#: Errors that cross the process boundary by name.
ERRORS: dict[str, type[RigError]] = {
    kind.__name__: kind for kind in (ConfigError, DeviceError, DeviceGone, DeviceHung)
}

if __name__ == "__main__":
    DevicesWorker().serve()
