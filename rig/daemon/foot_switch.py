"""The daemon's side of the foot switch: its process, and what the log says of it."""

import logging
from collections.abc import Callable
from pathlib import Path

from rig import waits
from rig.child import Child, ChildGone, ChildSilent, Message
from rig.config import FootSwitchConfig
from rig.errors import RigError
from rig.session.door import Door

log = logging.getLogger("rig")

#: The module that listens.
WORKER = "rig.daemon.pedal"
LOG = "logs/foot-switch.log"


class FootSwitch:
    """Somebody's foot at the amp; whatever becomes of it, the capture goes on.

    Args:
        folder: The session's.
        config: Which pedal, None where there is none.
        clock: Monotonic seconds.

    Attributes:
        is_there: Whether it is listened to just now.
    """

    def __init__(
        self, folder: Path, config: FootSwitchConfig | None, clock: Callable[[], float]
    ) -> None:
        self._folder, self._config, self._clock = folder, config, clock
        self._child: Child | None = None
        self._starts = 0
        self._next_s, self._heard_s = clock(), clock()
        self._missed = False
        self.is_there = False

    def hear(self) -> None:
        """Take in what its process says, and start one where there is none."""
        if self._config is None:
            return
        try:
            self._listen(self._config)
        except (ChildGone, OSError, RigError):
            self._gone("its process ended, and logs/foot-switch.log may say why")
        except ChildSilent:
            pass
        if self._child is not None and self._clock() - self._heard_s > waits.PEDAL_SPEAKS.s:
            self._gone("MIDI does not answer on this machine")

    def stop(self) -> None:
        """End its process."""
        child, self._child, self.is_there = self._child, None, False
        if child is not None:
            child.close(waits.PEDAL_ENDS.s)

    def _listen(self, config: FootSwitchConfig) -> None:
        """Hear everything that waits.

        Raises:
            ChildGone: Its process ended.
            ChildSilent: There is no more.
            OSError: It cannot be started.
            RigError: Its log cannot be written.
        """
        if self._child is None:
            if self._clock() < self._next_s:
                return
            self._child = self._started(config)
        while True:
            message, _ = self._child.receive(0.0)
            self._heard_s = self._clock()
            self._told(message)

    def _started(self, config: FootSwitchConfig) -> Child:
        child = Child(WORKER, Door(self._folder).log(LOG), owner=str(self._folder.absolute()))
        self._heard_s = self._clock()
        told = {"session": str(self._folder.absolute()), "foot_switch": config.model_dump()}
        child.send(told, b"", waits.PEDAL_SPEAKS.s)
        return child

    def _told(self, message: Message) -> None:
        names = [str(name) for name in message["there"]]
        if not names:
            self._misses(str(message["why"]))
            return
        # A process that listens is well, however many there were before it.
        self._starts = 0
        if not self.is_there:
            log.info("the foot switch is there: %s", ", ".join(dict.fromkeys(names)))
        self.is_there, self._missed = True, False

    def _gone(self, why: str) -> None:
        """Start another process, at longer and longer intervals."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
        pauses_s = waits.PEDAL_RESTARTS.pauses_s
        self._next_s = self._clock() + pauses_s[min(self._starts, len(pauses_s) - 1)]
        self._starts += 1
        self._misses(why)

    def _misses(self, why: str) -> None:
        """Say once that it is not there, until it has been."""
        self.is_there = False
        if not self._missed:
            log.warning(
                "the foot switch is not there: %s. It is listened to when it is back; until then "
                "Enter in the monitor answers, or 'rig done'",
                why,
            )
        self._missed = True
