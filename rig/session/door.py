"""The one door to a session's files: all reading, writing, locking, listing and deleting is here.

A session may come from a stranger, and its folder may be renamed or unmounted while it is open. So
below the folder no link is followed, nothing but plain files and folders is opened, nothing waits
(a pipe would), and the folder itself is made once and never again: where it is gone, or another one
lies at its place, that is said. The folder's own path may lead through links: its user gave it.

A door looks before it opens. It does not defend against a program that changes the folder in that
very instant: such a program has its user's rights anyway. `docs/security.md` says what follows.
"""

import contextlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

import filelock

from rig.errors import SessionError, StorageError
from rig.ordinary import why_not_made
from rig.session.plain import (
    UNFINISHED,
    is_link,
    open_plain,
    refuse_others,
    seen,
    sync_folder,
    write_beside,
)

#: Of a folder, so many entries are looked at: a night makes a few thousand.
MOST_ENTRIES = 200_000
#: What a path could be led elsewhere with: Windows has drives and streams behind colons.
_STEERING = "\\:\0" if os.name == "nt" else "\\\0"


@dataclass(frozen=True)
class Door:
    """The way into one session's folder; names are relative to it, as in the journal.

    Attributes:
        path: The folder.
        identity: Its volume and its number there when the session was opened; None where nobody
            has opened it yet. It holds while a file in the folder is open, as the journal is.
    """

    path: Path
    identity: tuple[int, int] | None = None

    @classmethod
    def at(cls, place: "Path | Door") -> "Door":
        """The door itself, or one to a folder that nobody has opened yet."""
        return place if isinstance(place, Door) else cls(place)

    @classmethod
    def into(cls, folder: Path) -> Self:
        """A door that notices when another folder comes to lie at this place.

        Raises:
            StorageError: There is no folder.
        """
        return cls(folder, cls(folder).check())

    def check(self) -> tuple[int, int]:
        """Make sure that the folder is there, and is the one that was opened; its identity.

        Raises:
            StorageError: It is gone, or another one lies at its place.
            SessionError: It is no folder.
        """
        try:
            found = self.path.stat()
        except OSError:
            raise StorageError(
                f"{self.path}: is gone: was its disk pulled out, or the folder renamed?"
            ) from None
        if not stat.S_ISDIR(found.st_mode):
            raise SessionError(f"{self.path}: is no folder")
        # A path can be given to another folder; these two cannot while a file in this one is open.
        identity = found.st_dev, found.st_ino
        if self.identity not in (None, identity):
            raise StorageError(
                f"{self.path}: another folder lies here than the one that was opened: it was "
                "renamed or unmounted, and nothing is written into this one"
            )
        return identity

    # By path and not by `openat`, component by component: Windows has no such call, and SQLite and
    # safetensors open by name in any case (decision 25).
    def _place(self, name: str) -> tuple[Path, os.stat_result | None]:
        """Where a name leads, and what lies there; no folder on the way is a link."""
        parts = PurePosixPath(name).parts
        if not parts or {"..", "/"} & {*parts} or any(sign in name for sign in _STEERING):
            raise SessionError(f"{self.path}: {name!r} leads out of the session's folder")
        self.check()
        place = self.path
        for part in parts[:-1]:
            place /= part
            found = seen(place)
            if found is None:
                return self.path.joinpath(*parts), None
            refuse_others(place, found, folder=True)
        place /= parts[-1]
        return place, seen(place)

    def file(self, name: str) -> Path | None:
        """The path of a plain file; None where there is nothing by this name.

        Raises:
            SessionError: Something else lies there, or on the way.
            StorageError: The folder is gone, or another one.
        """
        place, found = self._place(name)
        if found is None:
            return None
        refuse_others(place, found, folder=False)
        return place

    def folder(self, name: str) -> Path | None:
        """The path of a folder; None where there is nothing by this name. Raises as `file`."""
        place, found = self._place(name)
        if found is None:
            return None
        refuse_others(place, found, folder=True)
        return place

    def own(self, name: str) -> Path:
        """The path of a file that may be changed where it lies, if it is there; raises as `file`.

        With a second name elsewhere (a hard link), what is written here would be written there.
        """
        place, found = self._place(name)
        if found is not None:
            refuse_others(place, found, folder=False)
            if found.st_nlink > 1:
                raise SessionError(
                    f"{place}: has another name elsewhere (a hard link), and would be changed "
                    "there too; copy the session's folder and use the copy"
                )
        return place

    def _made(self, name: str) -> Path:
        """The path of a file whose folders are there now; the session's own is never made."""
        place, _ = self._place(name)
        # From the outside inwards, so that each is made in a folder that was looked at.
        for parent in reversed(PurePosixPath(name).parents):
            if parent.parts and self.folder(parent.as_posix()) is None:
                (self.path / parent).mkdir(exist_ok=True)
        return place

    def reading(self, name: str, most_bytes: int) -> BufferedReader:
        """Open a file for reading.

        Raises:
            SessionError: It is missing, too large or no plain file, or cannot be read.
            StorageError: The folder is gone, or another one.
        """
        place = self.file(name)
        if place is None:
            raise SessionError(f"{self.path / name}: there is no such file")
        try:
            descriptor = open_plain(place, os.O_RDONLY)
        except OSError as error:
            raise SessionError(f"{place}: cannot be read: {error.strerror}") from None
        # Of what was opened, and not by its name, under which something else may lie by now.
        size = os.fstat(descriptor).st_size
        if size > most_bytes:
            os.close(descriptor)
            raise SessionError(f"{place}: {size} bytes are more than it can have; it is not opened")
        return os.fdopen(descriptor, "rb")

    def read(self, name: str, most_bytes: int) -> bytes:
        """All of a file; raises as `reading`."""
        with self.reading(name, most_bytes) as stream:
            try:
                return stream.read(most_bytes)
            except OSError as error:
                raise SessionError(f"{self.path / name}: cannot be read: {error}") from None

    def changing(self, name: str, flags: int = os.O_WRONLY | os.O_CREAT) -> int:
        """Open a file to change it where it lies; returns a descriptor.

        Raises:
            SessionError: It is no plain file, or has a second name elsewhere.
            StorageError: The folder is gone, or another one.
            OSError: The disk does not let it.
        """
        # Before anything is made: a second name elsewhere would be written to as well.
        self.own(name)
        return open_plain(self._made(name), flags)

    def appending(self, name: str) -> BinaryIO:
        """Open a log to write behind its end.

        Raises:
            SessionError: As `changing`.
            StorageError: It cannot be opened.
        """
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            return os.fdopen(self.changing(name, flags), "ab")
        except OSError as error:
            raise StorageError(f"{self.path / name}: cannot be written: {error.strerror}") from None

    def log(self, name: str) -> Callable[[], BinaryIO]:
        """Something that opens a log when it is called; see `appending`."""
        return lambda: self.appending(name)

    def put(self, name: str, content: bytes, *, durable: bool = True) -> None:
        """Write a file so that after this it is there, whole, whatever happens.

        On macOS ``fsync`` hands the data to the disk, which may still lose it with the power.

        Args:
            name: The file; its folders are made, but never the session's own.
            content: All of it.
            durable: Whether it has to survive the machine.

        Raises:
            SessionError: Something lies there that is no plain file.
            StorageError: The disk did not take it; nothing is left under the file's own name.
        """
        self.file(name)
        try:
            place = self._made(name)
            # Looked at once more just before the move: a long recording takes time to write.
            write_beside(place, content, durable=durable, look=self.check)
        except OSError as error:
            self.check()
            raise StorageError(f"{self.path / name}: cannot be written: {error.strerror}") from None

    def move(self, name: str, to: str) -> None:
        """Give a file another name in the folder, for good.

        Raises:
            SessionError: There is something else than plain files.
            StorageError: The disk does not let it.
        """
        self.file(name)
        self.displace(name, to)

    def displace(self, name: str, to: str) -> None:
        """Move whatever lies at a place, links and pipes themselves included; raises as `move`."""
        source, found = self._place(name)
        self.file(to)
        try:
            target = self._made(to)
            if found is not None:
                source.replace(target)
                sync_folder(target.parent)
        except OSError as error:
            raise StorageError(f"{self.path / to}: cannot be written: {error.strerror}") from None

    def is_there(self, name: str) -> bool:
        """Whether anything lies at a place, whatever it is.

        Raises:
            SessionError: Something on the way is no folder.
            StorageError: The session's folder is gone, or another one.
        """
        return self._place(name)[1] is not None

    def copy(self, name: str, to: str) -> None:
        """Copy a file under another name in the folder, for good; raises as `move`."""
        self.file(to)
        unfinished = f"{to}{UNFINISHED}"
        self.remove(unfinished)
        try:
            # As large as it may be: it is copied in pieces and never in memory as a whole.
            with self.reading(name, 2**62) as source:
                descriptor = self.changing(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
                with os.fdopen(descriptor, "wb") as target:
                    shutil.copyfileobj(source, target)
                    target.flush()
                    os.fsync(target.fileno())
        except OSError as error:
            raise StorageError(f"{self.path / to}: cannot be written: {error.strerror}") from None
        self.move(unfinished, to)

    def remove(self, name: str) -> bool:
        """Delete a plain file, and tell whether it is gone; whatever else lies there stays."""
        try:
            place = self.file(name)
            if place is None:
                return False
            place.unlink()
        except (OSError, SessionError):
            return False
        return True

    def entries(self, name: str = "") -> Iterator[tuple[str, bool]]:
        """What lies in a folder, in order: names, and whether each is a plain file.

        Raises:
            SessionError: It is no folder.
            StorageError: The session's folder is gone, or another one.
        """
        place = self.folder(name) if name else self.path
        self.check()
        if place is None:
            return
        found: list[tuple[str, bool]] = []
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False):
                seen = entry.stat(follow_symlinks=False)
                found.append((entry.name, stat.S_ISREG(seen.st_mode) and not is_link(seen)))
        # A system gives them in any order; the names of commands and takes sort by time.
        yield from sorted(found)

    def names(self, name: str = "", prefix: str = "") -> list[str]:
        """The plain files in a folder whose names begin so, in order; raises as `entries`."""
        return [each for each, plain in self.entries(name) if plain and each.startswith(prefix)]

    def lock(self, name: str) -> filelock.FileLock:
        """A lock in the folder, which dies with its process; raises as `own`."""
        # It is opened by its name, and not through here: what lies there is looked at first.
        return filelock.FileLock(self.own(name))


# Nobody else may make it: a folder that was renamed in the middle of a take used to be made again
# under its old name (decision 25).
def begin(folder: Path) -> Door:
    """Make a session's folder where it is not there yet: only whoever begins one may.

    Raises:
        StorageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = why_not_made(folder, error)
        raise StorageError(f"{folder}: cannot be written to: {reason}") from None
    return Door.into(folder)
