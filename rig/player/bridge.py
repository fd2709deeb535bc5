"""Between the driver's callback, which may not wait, and the engine, which computes."""

import queue
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.capture import Frames
from rig.player.ring import Ring

#: Of either ring: a third of a second, far more than anybody would want to hear late.
RING_FRAMES = 16_384
#: Peaks fall by this factor from block to block.
FALL = 0.97


# It computes nothing: whatever it waited for, the driver would wait for (decision 29).
class Bridge:
    """PortAudio's callback copies into one ring and out of another, and counts what was not there.

    What comes out is `slack_blocks` blocks late: so long the engine may be late now and then. A
    block that is not ready is silence and counts as a dropout of ours; its audio is left out when
    it comes, so that nothing gets later and later.

    Args:
        slack_blocks: Blocks of room.
        every: The engine computes whole numbers of so many frames.
        inputs: How many inputs are looked at.
        outputs: How many outputs carry what is heard.
    """

    def __init__(self, slack_blocks: int, every: int, inputs: int, outputs: int) -> None:
        self._slack, self._every, self._outputs = slack_blocks, every, outputs
        self.heard, self.made = Ring(RING_FRAMES), Ring(RING_FRAMES)
        #: A number for each block that came: whoever computes waits for the next one.
        self.bell: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.channel = 0
        self.blocks = self.frames = 0
        self.dropouts = self.driver_dropouts = 0
        self.slack_frames = 0
        self.longest_s = 0.0
        self.peaks: NDArray[np.float32] = np.zeros(inputs, np.float32)
        self._owed = 0
        self._block: Frames = np.zeros(0, np.float32)

    def __call__(
        self,
        indata: NDArray[np.float32],
        outdata: NDArray[np.float32],
        frames: int,
        _time: Any,
        status: Any,
    ) -> None:
        """Hand a block over and fetch one, as PortAudio's callback."""
        began = time.perf_counter()
        if self.blocks == 0:
            self._begin(frames)
        self.blocks, self.frames = self.blocks + 1, self.frames + frames
        self.driver_dropouts += bool(status)
        self._meter(indata)
        self.heard.write(indata[:, min(self.channel, indata.shape[1] - 1)])
        # It never waits, and whoever does at the other end wakes up.
        self.bell.put(self.blocks)
        self._fetch(outdata, frames)
        self.longest_s = max(self.longest_s, time.perf_counter() - began)

    def _meter(self, indata: NDArray[np.float32]) -> None:
        count = min(len(self.peaks), indata.shape[1])
        loudest = np.abs(indata[:, :count]).max(0)
        np.maximum(self.peaks[:count] * np.float32(FALL), loudest, out=self.peaks[:count])

    def _begin(self, frames: int) -> None:
        """Put the slack into the way out; only here the size of a block is known for certain."""
        # Blocks that are no whole number of ramps leave a rest that waits for the next one.
        rest = 0 if frames % self._every == 0 else self._every
        self.slack_frames = self._slack * frames + rest
        self.made.write(np.zeros(self.slack_frames, np.float32))

    # A block that is half there is played as far as it goes: a shorter gap is a softer click.
    def _fetch(self, outdata: NDArray[np.float32], frames: int) -> None:
        outdata.fill(0)
        if len(self._block) != frames:
            self._block = np.zeros(frames, np.float32)
        self._owed -= self.made.skip(self._owed)
        got = 0 if self._owed else self.made.read(self._block)
        if got < frames:
            self.dropouts += 1
            self._owed += frames - got
        for channel in range(min(self._outputs, outdata.shape[1])):
            outdata[:got, channel] = self._block[:got]
