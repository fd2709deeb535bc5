"""What happens in the audio callback: play one buffer, fill another, count what was lost."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.capture import Frames

#: A take that is broken off fades over this many frames.
FADE_FRAMES = 1024


class Transport:
    """Plays a send while it records the return and the loopback; silence otherwise.

    All buffers are made before a take begins: the callback only copies.

    Args:
        outputs: Channels of the output stream that carry the send, counted from 0.
        inputs: Channels of the input stream to record, counted from 0.
    """

    def __init__(self, outputs: tuple[int, ...], inputs: tuple[int, ...]) -> None:
        self._outputs, self._inputs = outputs, inputs
        self._send: Frames = np.zeros(0, np.float32)
        self.recorded: NDArray[np.float32] = np.zeros((0, len(inputs)), np.float32)
        self.position = 0
        self.dropouts = 0
        self.blocks = 0
        self.done = threading.Event()
        self.done.set()

    def begin(self, send: Frames) -> None:
        """Start a take with the next block."""
        self._send = send
        self.recorded = np.zeros((len(send), len(self._inputs)), np.float32)
        self.position = self.dropouts = 0
        # Last of all: the callback plays from here on, so everything has to be in place.
        self.done.clear()

    def break_off(self) -> None:
        """Fade out from here and end the take."""
        position = self.position
        # A copy that is swapped in whole: the callback may read the send at any moment.
        faded = self._send.copy()
        ramp = np.linspace(1.0, 0.0, FADE_FRAMES, dtype=np.float32)[: len(faded) - position]
        faded[position : position + FADE_FRAMES] *= ramp
        faded[position + FADE_FRAMES :] = 0
        self._send = faded

    def __call__(
        self,
        indata: NDArray[np.float32],
        outdata: NDArray[np.float32],
        frames: int,
        _time: Any,
        status: Any,
    ) -> None:
        """PortAudio's callback."""
        self.blocks += 1
        # What is not written to the driver's buffer would be played as whatever was in it.
        outdata.fill(0)
        if self.done.is_set():
            return
        if status:
            self.dropouts += 1
        start = self.position
        count = min(frames, len(self._send) - start)
        for channel in self._outputs:
            outdata[:count, channel] = self._send[start : start + count]
        for column, channel in enumerate(self._inputs):
            self.recorded[start : start + count, column] = indata[:count, channel]
        self.position = start + count
        if self.position >= len(self._send):
            self.done.set()
