"""What a layer has read: a window that slides over a longer buffer."""

import numpy as np

from models.live.section import Floats


# Not a ring: what a tap reads would lie in two pieces, and be two products.
class Past:
    """The last frames of some channels, always in one piece.

    Args:
        channels: Rows.
        frames: How far back is read.
        room: How many columns it slides before it is moved back to the front.
    """

    def __init__(self, channels: int, frames: int, room: int) -> None:
        self._frames, self._room = frames, room
        self._buffer = np.zeros((channels, frames + room), np.float32)
        self._at = frames

    def ahead(self, count: int) -> Floats:
        """Return the next columns ``(channels, count)``, to be written to."""
        if self._at + count > self._buffer.shape[1]:
            kept = self._buffer[:, self._at - self._frames : self._at].copy()
            # A block that is larger than what was thought of; it happens once.
            if self._frames + count > self._buffer.shape[1]:
                wider = self._frames + count + self._room
                self._buffer = np.zeros((len(kept), wider), np.float32)
            self._buffer[:, : self._frames] = kept
            self._at = self._frames
        return self._buffer[:, self._at : self._at + count]

    def late(self, frames: int, count: int) -> Floats:
        """Return the next columns as they were so many frames before, ``(channels, count)``."""
        return self._buffer[:, self._at - frames : self._at - frames + count]

    def advance(self, count: int) -> None:
        """Make the next columns the past."""
        self._at += count
