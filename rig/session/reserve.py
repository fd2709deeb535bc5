"""Room on the disk that is taken before it is needed, and given back just before each use."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from rig.errors import RigError, StorageError
from rig.session.door import Door

NAME = ".reserve"
#: Always kept back, so that a full disk can still be written about in the journal.
SLACK_BYTES = 4_000_000
CHUNK_BYTES = 1_000_000


# Without it a disk that another program fills would be noticed in the middle of a take, and the end
# of the session could not even be written down (decision 11).
class Reserve:
    """A file of a session's that holds nothing but its own size.

    Args:
        place: The session folder.
    """

    def __init__(self, place: Path | Door) -> None:
        self._door = Door.at(place)

    def take(self, size: int) -> None:
        """Reserve ``size`` bytes and the slack, counting what is reserved already.

        Raises:
            SessionError: Something lies in its place that is no file of its own.
            StorageError: The disk has not that much left; what there was stays reserved.
        """
        wanted = size + SLACK_BYTES
        try:
            with self._file(os.O_WRONLY | os.O_CREAT) as descriptor:
                there = os.fstat(descriptor).st_size
                # Only ever grown: what was let go of for a moment another program may take.
                if wanted > there:
                    self._grow(descriptor, there, wanted - there)
        except OSError as error:
            raise StorageError(
                f"{self._door.path}: the disk has no room for the next recordings "
                f"({wanted / 1e6:.0f} MB): {error.strerror}"
            ) from None

    @contextlib.contextmanager
    def _file(self, flags: int = os.O_WRONLY) -> Iterator[int]:
        descriptor = self._door.changing(NAME, flags)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @staticmethod
    def _grow(descriptor: int, size: int, missing: int) -> None:
        """Take blocks for real: a file with holes reserves nothing."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, size, missing)
            return
        os.lseek(descriptor, size, os.SEEK_SET)
        for start in range(0, missing, CHUNK_BYTES):
            os.write(descriptor, bytes(min(CHUNK_BYTES, missing - start)))

    def give(self, size: int) -> None:
        """Give ``size`` bytes back, down to the slack: they are about to be written elsewhere."""
        # Whatever is wrong with the folder is told by what is written next.
        with contextlib.suppress(OSError, RigError), self._file() as descriptor:
            left = max(os.fstat(descriptor).st_size - size, SLACK_BYTES)
            if left < os.fstat(descriptor).st_size:
                os.ftruncate(descriptor, left)

    def drop(self) -> None:
        """Give everything back."""
        with contextlib.suppress(RigError):
            self._door.remove(NAME)
