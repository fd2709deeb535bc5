"""The daemon's side of the devices: the amp and the interface in a process of their own."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from rig import config as configuration
from rig import waits
from rig.capture import Frames, Levels, Recording
from rig.child import Child, ChildGone, ChildSilent, Log
from rig.config import Config
from rig.devices.messages import (
    ANSWER,
    Answer,
    Cancel,
    Cancelled,
    Dial,
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
from rig.devices.protocols import Report, TakeCancelled
from rig.devices.worker import ERRORS
from rig.errors import AudioDied, DeviceError, DeviceGone, DeviceHung, StorageError
from rig.knobs import Setting

#: The module that the audio child runs.
WORKER = "rig.devices.worker"
#: A device that says nothing for this long hangs.
STALL_S = waits.AUDIO_ANSWERS.s
#: Starting the process and opening drivers may take longer than any take's silence.
OPENING_S = waits.DEVICES_OPEN.s


def _ignore(_levels: Levels) -> None:
    return None


class DevicesClient:
    """The rig on the bench: dial a setting, reamp a signal.

    Args:
        config: The session's configuration.
        log: Where the audio child's complaints go.
        counters: How many takes the session has behind it, and seconds played in it.
        stall_s: After how many silent seconds the child is killed.
        owner: Whose the devices are meanwhile, for others who want them; the configuration's name.
    """

    def __init__(
        self,
        config: Config,
        log: Log,
        counters: Callable[[], tuple[int, float]] = lambda: (0, 0.0),
        stall_s: float = STALL_S,
        owner: str | None = None,
    ) -> None:
        self._config = config
        self._log = log
        self._counters = counters
        self._stall_s = stall_s
        self._child: Child | None = None
        self._owner = owner or config.name
        self.sample_rate = 0
        self.paced = False

    def open(self) -> None:
        """Open the devices, in a new process if there is none; also brings lost ones back.

        Raises:
            DeviceError: Somebody else drives one of them.
            DeviceGone: They are not there.
            ConfigError: Their drivers refuse the configuration.
        """
        if self._child is None:
            self._child = self._started()
        takes, played_s = self._counters()
        answer = self._opened(self._order(takes=takes, played_s=played_s))
        self.sample_rate, self.paced = answer.sample_rate, answer.paced

    def _order(self, **more: Any) -> Open:
        return Open(config=configuration.dump(self._config), owner=self._owner, **more)

    def _opened(self, order: Open) -> Opened:
        try:
            answer, _ = self._ask(order, _ignore)
        except DeviceGone:
            raise
        except DeviceError:
            # Somebody else drives them: there is nothing that the child could wait for.
            self.close()
            raise
        assert isinstance(answer, Opened)
        return answer

    def _started(self) -> Child:
        try:
            return Child(WORKER, self._log, owner=self._owner)
        except OSError as error:
            raise StorageError(
                f"the audio process cannot be started: {error.strerror or error}"
            ) from None

    @property
    def pid(self) -> int | None:
        """The audio process's number, while there is one."""
        return None if self._child is None else self._child.pid

    def dial(self, setting: Setting, last: str | None = None) -> None:
        """Set every knob; returns once they have settled.

        Args:
            setting: Where to.
            last: A knob that is to be set after all others.

        Raises:
            DeviceError: It could not be done.
        """
        self._ask(Dial(values=setting.values, last=last), _ignore)

    def rest(self) -> None:
        """Put the knobs to rest."""
        self._ask(Rest(), _ignore)

    def rest_amp(self) -> None:
        """Put the knobs to rest in a process of their own, whether there is an interface or not.

        Raises:
            DeviceError: The amp is not there.
        """
        if self._child is None:
            self._child = self._started()
        self._opened(self._order(amp_only=True))
        self.rest()

    def reamp(self, send: Frames, report: Report = _ignore) -> Recording:
        """Play ``(frames,)`` and record as many.

        Raises:
            DeviceError: It could not be done, or the device hung.
            TakeCancelled: ``report`` raised it.
        """
        # Two copies over a pipe cost some milliseconds; in the daemon itself, a driver that hangs
        # would cost the night.
        block = send.astype("<f4").tobytes()
        answer, audio = self._ask(Reamp(), report, block)
        assert isinstance(answer, Recorded)
        channels = np.frombuffer(audio, dtype="<f4").reshape(answer.channels, -1)
        loopback = channels[1] if len(channels) > 1 else None
        return Recording(channels[0], loopback, answer.dropouts)

    def close(self) -> None:
        """Let go of the devices; their process puts the knobs to rest as it ends."""
        child, self._child = self._child, None
        if child is not None:
            child.close()

    def _ask(self, order: Order, report: Report, block: bytes = b"") -> tuple[Answer, bytes]:
        if self._child is None:
            raise DeviceGone("the devices are not open")
        silence_s = OPENING_S if isinstance(order, Open) else self._stall_s
        try:
            self._child.send(plain(order), block, min(waits.AUDIO_LISTENS.s, self._stall_s))
            return self._answer(self._child, report, silence_s)
        except ChildGone:
            self._discard()
            raise AudioDied("the audio process ended unexpectedly; its log says more") from None
        # The process holds a driver that hangs: only another one can open it again.
        except DeviceHung:
            self._discard()
            raise
        except ChildSilent:
            self._discard()
            raise AudioDied(f"the device hung for {silence_s:g} s and was let go") from None

    def _answer(self, child: Child, report: Report, silence_s: float) -> tuple[Answer, bytes]:
        while True:
            message, block = child.receive(silence_s)
            match ANSWER.validate_python(message):
                case Playing(played_s=played_s, send_dbfs=send_dbfs, return_dbfs=return_dbfs):
                    self._report(child, report, Levels(played_s, send_dbfs, return_dbfs))
                case Cancelled():
                    raise TakeCancelled
                case Failed(error=error, why=why):
                    raise ERRORS.get(error, DeviceError)(why)
                # Of the take before: it was over by the time its cancellation was read.
                case TooLate():
                    continue
                case answer:
                    return answer, block

    def _report(self, child: Child, report: Report, levels: Levels) -> None:
        try:
            report(levels)
        except TakeCancelled:
            child.send(plain(Cancel()), b"", waits.AUDIO_LISTENS.s)

    def _discard(self) -> None:
        if self._child is not None:
            with contextlib.suppress(OSError):
                self._child.kill()
        self._child = None
