"""The thread that computes: it waits for blocks, plays them, and says how much time that took."""

import queue
import threading
import time

import numpy as np

from calibration import levels
from rig.capture import Frames
from rig.player.bridge import Bridge
from rig.player.priority import hurry
from rig.player.recorder import Recorder
from rig.player.sources import Fader, Source

#: As much is computed at once where several blocks wait: a longer block costs less a frame.
MOST_FRAMES = 1_024
#: Without blocks it looks so often whether it is to end.
LOOK_S = 0.2


# A thread and no process: numpy lets go of Python's lock while it multiplies, and the callback
# needs it for some microseconds only.
class Engine:
    """Plays what comes in through a source, block by block, in a thread of its own.

    Args:
        bridge: Where blocks come from and go to.
        source: What plays them.
        sample_rate: Hz.
    """

    def __init__(self, bridge: Bridge, source: Source, sample_rate: int) -> None:
        self._bridge, self._source, self._rate = bridge, source, sample_rate
        self.level = Fader(1.0)
        self.recorder: Recorder | None = None
        self.loudest_dbfs = levels.SILENCE_DBFS
        self.error: Exception | None = None
        self._busy_s = self._played_s = self._highest = 0.0
        self._ends = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin, after having played some silence: what is slow the first time is slow before."""
        for frames in (self._source.every, 2 * self._source.every, MOST_FRAMES):
            self._source.play(np.zeros(frames, np.float32))
        self._thread.start()

    def stop(self) -> None:
        """End after the block that is being computed."""
        self._ends = True
        self._thread.join()

    def load(self) -> tuple[float, float]:
        """Return the share of time spent computing since the last call: on average, and at most."""
        busy_s, played_s, highest = self._busy_s, self._played_s, self._highest
        self._busy_s = self._played_s = self._highest = 0.0
        return (busy_s / played_s if played_s else 0.0), highest

    def _run(self) -> None:
        hurry()
        try:
            while not self._ends:
                try:
                    self._bridge.bell.get(timeout=LOOK_S)
                except queue.Empty:
                    continue
                self._catch_up()
        # Whatever it is, the process that shows it is another one: there it is told.
        except Exception as error:
            self.error = error

    # Blocks that wait are taken together: a longer one costs less a frame, so it does catch up.
    def _catch_up(self) -> None:
        """Play everything that is there."""
        every = self._source.every
        while frames := min(len(self._bridge.heard) // every * every, MOST_FRAMES):
            heard: Frames = np.empty(frames, np.float32)
            self._bridge.heard.read(heard)
            began = time.perf_counter()
            played = self._source.play(heard) * self.level(frames)
            spent_s = time.perf_counter() - began
            self._bridge.made.write(played)
            self._account(spent_s, played)
            if self.recorder is not None:
                self.recorder.write(played)

    def _account(self, spent_s: float, played: Frames) -> None:
        played_s = len(played) / self._rate
        self._busy_s += spent_s
        self._played_s += played_s
        self._highest = max(self._highest, spent_s / played_s)
        self.loudest_dbfs = max(levels.peak_dbfs(played), self.loudest_dbfs - 1.0)
