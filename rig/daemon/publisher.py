"""The daemon's line to its viewers: what happens now goes out, commands come in."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rig.capture import Command, Levels, Take
from rig.knobs import Move
from rig.session import control, live
from rig.session.door import Door

#: A snapshot is published at most this often.
PUBLISH_S = 0.2


class Publisher:
    """Publishes snapshots into the session folder and collects commands from it.

    Args:
        folder: The session folder.
        processes: Names and numbers of the daemon's own processes, as far as they run.
        has_pedal: Tells whether a foot switch is listened to.
    """

    def __init__(
        self,
        folder: Path,
        processes: Callable[[], dict[str, int | None]] = dict,
        has_pedal: Callable[[], bool] = lambda: False,
    ) -> None:
        self._has_pedal = has_pedal
        self._door = Door.into(folder)
        self._processes = processes
        self._take: live.LiveTake | None = None
        self._prompt: tuple[Move, ...] = ()
        self._doing = "starting"
        self._published = 0.0
        self._signals: list[Command] = []
        live.remove(self._door)

    def interrupt(self, command: Command) -> None:
        """A command that came by signal, not by file."""
        self._signals.append(command)

    def commands(self) -> Iterator[Command]:
        """What was asked for since the last time; each is to be written down before the next."""
        while self._signals:
            yield self._signals.pop(0)
        yield from control.collect(self._door)

    def take_begins(self, take: Take, duration_s: float) -> None:
        """Show a new take."""
        self._doing, self._prompt = "recording", ()
        self._take = live.LiveTake(
            number=take.number,
            capture=take.capture.number,
            role=take.capture.role,
            values=take.capture.setting.values,
            duration_s=duration_s,
        )
        self._publish(None, at_once=True)

    def take_plays(self, levels: Levels, learner: live.LiveLearner | None) -> None:
        """Show how far the take is and how loud."""
        if self._take is not None:
            self._take = self._take.model_copy(update=vars(levels))
        self._publish(learner)

    def take_ends(self) -> None:
        """Nothing is playing."""
        self._take = None

    def asks(self, moves: Sequence[Move], learner: live.LiveLearner | None) -> None:
        """Ask whoever watches to turn some knobs."""
        prompt = tuple(moves)
        changed = prompt != self._prompt
        self._doing, self._take, self._prompt = "waiting for your hands", None, prompt
        self._publish(learner, at_once=changed)

    def says(self, doing: str, learner: live.LiveLearner | None) -> None:
        """Show what is done between takes."""
        changed, self._doing, self._take = doing != self._doing, doing, None
        self._prompt = ()
        self._publish(learner, at_once=changed)

    def _publish(self, learner: live.LiveLearner | None, *, at_once: bool = False) -> None:
        now = time.time()
        # Below zero the clock was set back: waiting until it has caught up might take hours.
        if not at_once and 0 <= now - self._published < PUBLISH_S:
            return
        self._published = now
        snapshot = live.Live(
            at=now,
            pid=os.getpid(),
            doing=self._doing,
            take=self._take,
            prompt=self._prompt,
            learner=learner,
            foot_switch=self._has_pedal(),
            processes={name: pid for name, pid in self._processes().items() if pid is not None},
        )
        live.publish(self._door, snapshot)

    def close(self) -> None:
        """Take the snapshot away."""
        live.remove(self._door)
