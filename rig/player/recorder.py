"""What is played, into a file, while it is played."""

import queue
import struct
import threading
from pathlib import Path

import numpy as np

from rig.capture import Frames
from rig.errors import StorageError
from rig.ordinary import why_not_made

#: The size of a WAV is 32 bits: 6 hours at 48 kHz. What is longer is left out.
MOST_FRAMES = 2**30 - 2**10
FLOAT_FORMAT, FRAME_BYTES = 3, 4


def wav_header(sample_rate: int, frames: int) -> bytes:
    """Return the header of a mono float32 WAV.

    Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF, fmt, fact, data).
    """
    size = frames * FRAME_BYTES
    form = struct.pack(
        "<HHIIHHH", FLOAT_FORMAT, 1, sample_rate, sample_rate * FRAME_BYTES, FRAME_BYTES, 32, 0
    )
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"fact" + struct.pack("<II", 4, frames)
    chunks += b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks) + size) + b"WAVE" + chunks


# Through a queue: a disk may need a second to think, and nobody should hear that.
class Recorder:
    """Writes blocks into a file in a thread of its own, under another name until it is whole.

    Args:
        target: The file.
        sample_rate: Hz.

    Raises:
        StorageError: It cannot be made.
    """

    def __init__(self, target: Path, sample_rate: int) -> None:
        self._target, self._rate = target, sample_rate
        self._unfinished = target.with_name(f"{target.name}.unfinished")
        self._blocks: queue.SimpleQueue[Frames | None] = queue.SimpleQueue()
        self.frames = 0
        self._failed: OSError | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._unfinished.open("wb")
            self._file.write(wav_header(sample_rate, 0))
        except OSError as error:
            reason = why_not_made(target.parent, error)
            raise StorageError(f"{target}: cannot be written: {reason}") from None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def write(self, block: Frames) -> None:
        """Take a block; it never waits for the disk."""
        self._blocks.put(block)

    def _run(self) -> None:
        while (block := self._blocks.get()) is not None:
            if self._failed is not None or self.frames + len(block) > MOST_FRAMES:
                continue
            try:
                self._file.write(np.asarray(block, "<f4").tobytes())
                self.frames += len(block)
            except OSError as error:
                # It plays on: who plays should not be stopped by a full disk, only told.
                self._failed = error

    def discard(self) -> None:
        """Leave nothing behind: nothing was played after all."""
        self._blocks.put(None)
        self._thread.join()
        self._file.close()
        self._unfinished.unlink(missing_ok=True)

    def close(self) -> float:
        """Finish the file, and return how many seconds are in it.

        Raises:
            StorageError: The disk did not take all of it.
        """
        self._blocks.put(None)
        self._thread.join()
        try:
            self._file.seek(0)
            self._file.write(wav_header(self._rate, self.frames))
            self._file.close()
            self._unfinished.replace(self._target)
        except OSError as error:
            self._failed = self._failed or error
        if self._failed is not None:
            raise StorageError(f"{self._target}: not all was recorded: {self._failed.strerror}")
        return self.frames / self._rate
