"""Audio from one thread to another without waiting for each other."""

import numpy as np
from numpy.typing import NDArray

from rig.capture import Frames


# A queue of Python's would do, too, but for its blocks: they come in sizes that nobody asked for.
class Ring:
    """A queue of frames with one writer and one reader, and no lock.

    Each side only ever moves its own count, and writes audio before it moves it; a count is one
    object of Python's, so that the other side reads the old one or the new one.

    Args:
        frames: How many it holds.
    """

    def __init__(self, frames: int) -> None:
        self._audio: NDArray[np.float32] = np.zeros(frames, np.float32)
        self._written = self._read = 0

    def __len__(self) -> int:
        return self._written - self._read

    def write(self, audio: Frames) -> int:
        """Write what there is room for, and return how many frames that was."""
        size = len(self._audio)
        count = min(len(audio), size - len(self))
        at = self._written % size
        first = min(count, size - at)
        self._audio[at : at + first] = audio[:first]
        self._audio[: count - first] = audio[first:count]
        self._written += count
        return count

    def read(self, into: Frames) -> int:
        """Read as much as there is, no more than fits, and return how many frames that was."""
        size = len(self._audio)
        count = min(len(into), len(self))
        at = self._read % size
        first = min(count, size - at)
        into[:first] = self._audio[at : at + first]
        into[first:count] = self._audio[: count - first]
        self._read += count
        return count

    # Counts only grow: at 48 kHz Python's integers would last for ever, and they do not wrap.
    def skip(self, count: int) -> int:
        """Forget frames, no more than there are, and return how many that was."""
        skipped = min(count, len(self))
        self._read += skipped
        return skipped
