"""The command's side of the player: start it, turn its knobs, hear how it is going."""

import contextlib
import json
import threading
import time
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rig import config as configuration
from rig import waits
from rig.child import Child, ChildGone, ChildSilent, Log
from rig.config import Config
from rig.errors import AudioDied, DeviceError, RigError
from rig.player.messages import (
    ANSWER,
    Answer,
    Exchange,
    Failed,
    Order,
    Play,
    Playing,
    Set,
    Stop,
    Stopped,
    Turn,
    plain,
)
from rig.player.worker import ERRORS

WORKER = "rig.player.worker"
#: Between two readings of the knobs that are passed on: a controller may send every millisecond.
TURN_S = 0.005
#: Read as numpy is imported: threads that wait for each other are never ready in time.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


# Killed at the end whatever happened: a driver that hangs would keep the terminal waiting.
class Player:
    """A performance in a process of its own; use it in a ``with``.

    Args:
        config: Its interface is a sound card.
        log: Where the process's complaints go.
    """

    def __init__(self, config: Config, log: Log) -> None:
        self._config = config
        self._child = Child(WORKER, log, ENVIRONMENT)
        self.last: Playing | None = None
        self.recorded_s: float | None = None
        self._point: NDArray[np.float64] | None = None
        self._moved = threading.Event()

    def __enter__(self) -> Self:
        """Nothing plays yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process, whatever happened."""
        self._child.kill()

    def play_model(self, section: dict[str, Any], point: NDArray[np.float64], **told: Any) -> None:
        """Begin to play a model with its knobs at a point.

        Args:
            section: The model, as a ``.nam`` file has it beneath.
            point: Where its knobs stand, in [0, 1].
            told: Other fields of `Play`.

        Raises:
            DeviceError: The interface cannot be opened.
        """
        self._begin(json.dumps(section).encode(), point=tuple(point.tolist()), **told)

    def play_tracks(self, tracks: NDArray[np.float32], **told: Any) -> None:
        """Begin to play tracks ``(tracks, frames)`` in a loop; see `play_model`."""
        self._begin(tracks.astype("<f4").tobytes(), tracks=len(tracks), **told)

    def _begin(self, block: bytes, **told: Any) -> None:
        order = Play(config=configuration.dump(self._config), owner="rig play", **told)
        self._send(order, block)
        self._take(self._next(waits.PLAYER_OPENS.s))
        threading.Thread(target=self._follow, daemon=True).start()

    def turn(self, point: NDArray[np.float64]) -> None:
        """Have the knobs go to a point in [0, 1]; any thread may say so, as often as it likes."""
        self._point = point
        self._moved.set()

    def _follow(self) -> None:
        """Pass on where the knobs are now, no more often than anybody would hear."""
        # A process that is gone is told by whoever waits for its reports.
        with contextlib.suppress(ChildGone, ChildSilent):
            while self.recorded_s is None:
                self._moved.wait()
                self._moved.clear()
                if self._point is not None:
                    order = Turn(point=tuple(self._point.tolist()))
                    self._child.send(plain(order), b"", waits.PLAYER_ANSWERS.s)
                time.sleep(TURN_S)

    def set(self, **changes: Any) -> None:
        """Change fields of `Set`."""
        self._send(Set(**changes))

    def exchange(self, tracks: NDArray[np.float32]) -> None:
        """Play other tracks."""
        self._send(Exchange(tracks=len(tracks)), tracks.astype("<f4").tobytes())

    def hear(self, wait_s: float = waits.PLAYER_ANSWERS.s) -> Playing:
        """Return the next report.

        Raises:
            DeviceError: It plays no more.
        """
        self._take(self._next(wait_s))
        assert self.last is not None
        return self.last

    def stop(self) -> float | None:
        """Close everything in order; return how many seconds were recorded.

        Raises:
            StorageError: Not all of them could be.
        """
        self._send(Stop())
        while self.recorded_s is None:
            self._take(self._next(waits.PLAYER_ANSWERS.s))
        return self.recorded_s

    def _take(self, answer: Answer) -> None:
        match answer:
            case Playing():
                self.last = answer
            case Stopped(recorded_s=seconds):
                self.recorded_s = seconds
            case Failed(error=error, why=why):
                raise ERRORS.get(error, DeviceError)(why)

    def _send(self, order: Order, block: bytes = b"") -> None:
        try:
            self._child.send(plain(order), block, waits.PLAYER_ANSWERS.s)
        except (ChildGone, ChildSilent):
            raise self._why() from None

    def _next(self, wait_s: float) -> Answer:
        try:
            return ANSWER.validate_python(self._child.receive(wait_s)[0])
        except ChildGone:
            raise AudioDied("the player's process ended unexpectedly; its log says more") from None
        except ChildSilent:
            raise AudioDied(f"the interface hung for {wait_s:g} s and was let go") from None

    # A process that refuses says so, and ends: the pipe may be closed before anybody reads it.
    def _why(self) -> RigError:
        """Return what the process has said last: a pipe that is closed says nothing itself."""
        try:
            while True:
                self._take(self._next(0.1))
        except RigError as error:
            return error
