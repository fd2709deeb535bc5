"""Room on the disk that is taken before it is needed, and given back just before each use."""

import contextlib
import os
from pathlib import Path

from rig.errors import StorageError

NAME = ".reserve"
#: Always kept back, so that a full disk can still be written about in the journal.
SLACK_BYTES = 4_000_000
CHUNK_BYTES = 1_000_000


class Reserve:
    """A file of a session's that holds nothing but its own size.

    Args:
        folder: The session folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def take(self, size: int) -> None:
        """Reserve ``size`` bytes and the slack, counting what is reserved already.

        Raises:
            StorageError: The disk has not that much left; what there was stays reserved.
        """
        wanted = size + SLACK_BYTES
        try:
            with self._path.open("ab") as file:
                missing = wanted - file.tell()
                if missing > 0:
                    self._grow(file.fileno(), file.tell(), missing)
        except OSError as error:
            raise StorageError(
                f"{self._path.parent}: the disk has no room for the next recordings "
                f"({wanted / 1e6:.0f} MB): {error.strerror}"
            ) from None

    @staticmethod
    def _grow(descriptor: int, size: int, missing: int) -> None:
        """Take blocks for real: a file with holes reserves nothing."""
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, size, missing)
            return
        for start in range(0, missing, CHUNK_BYTES):
            os.write(descriptor, bytes(min(CHUNK_BYTES, missing - start)))

    def give(self, size: int) -> None:
        """Give ``size`` bytes back, down to the slack: they are about to be written elsewhere."""
        with contextlib.suppress(OSError):
            left = max(self._path.stat().st_size - size, SLACK_BYTES)
            os.truncate(self._path, left)

    def drop(self) -> None:
        """Give everything back."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
