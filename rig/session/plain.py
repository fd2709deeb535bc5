"""Plain files: told apart from links, pipes and devices, opened without waiting, written whole."""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

from rig.errors import NotPlain, SessionError

#: What a file is called until it is whole.
UNFINISHED = ".part"
#: Windows marks what stands for something elsewhere with this bit: links and junctions, but not
#: the files that a cloud drive keeps compressed or fetches when they are opened.
_STANDS_FOR_ANOTHER = 0x2000_0000
#: A link is not followed, a pipe not waited for, a terminal not taken over, nothing inherited.
_SAFELY = sum(
    getattr(os, name, 0)
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY", "O_NOINHERIT")
)


def sync_folder(folder: Path) -> None:
    """Make a rename durable where the system can sync folders (Windows cannot and need not).

    Raises:
        OSError: The disk did not take it.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_link(found: os.stat_result) -> bool:
    """Whether something stands for what lies elsewhere."""
    tag = getattr(found, "st_reparse_tag", 0)
    return stat.S_ISLNK(found.st_mode) or bool(tag & _STANDS_FOR_ANOTHER)


def seen(place: Path) -> os.stat_result | None:
    """What lies at a place, itself and not what it leads to; None where there is nothing.

    Raises:
        SessionError: Nobody may look.
    """
    try:
        return place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SessionError(f"{place}: cannot be looked at: {error.strerror}") from None


def refuse_others(place: Path, found: os.stat_result, *, folder: bool) -> None:
    """Refuse what is not the plain file, or the folder, that belongs at a place.

    Raises:
        NotPlain: It is something else.
    """
    if is_link(found):
        raise NotPlain(f"{place}: is a link, and no link is followed inside a session")
    if folder and not stat.S_ISDIR(found.st_mode):
        raise NotPlain(f"{place}: a folder belongs here, and this is none")
    if not folder and stat.S_ISDIR(found.st_mode):
        raise NotPlain(f"{place}: is a folder, and a file belongs here")
    if not folder and not stat.S_ISREG(found.st_mode):
        raise NotPlain(f"{place}: is a pipe, a socket or a device; it is not opened")


def open_plain(place: Path, flags: int) -> int:
    """Open a plain file without waiting, and see that it is one once it is open.

    Raises:
        SessionError: It is something else.
        OSError: It cannot be opened.
    """
    descriptor = os.open(place, flags | _SAFELY, 0o666)
    try:
        refuse_others(place, os.fstat(descriptor), folder=False)
    except SessionError:
        os.close(descriptor)
        raise
    return descriptor


def write_beside(
    target: Path,
    content: bytes,
    *,
    durable: bool = True,
    look: Callable[[], object] = lambda: None,
) -> None:
    """Write a file beside its place and move it there; what lay there is replaced, never followed.

    Args:
        target: The file, in a folder that is there.
        content: All of it.
        durable: Whether it has to survive the machine.
        look: Called before the move.

    Raises:
        OSError: It could not be done, and nothing is left of it.
    """
    unfinished = target.with_name(target.name + UNFINISHED)
    try:
        # What a killed process left, or a stranger: a link there must not lead anywhere.
        unfinished.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY
        with os.fdopen(os.open(unfinished, flags, 0o666), "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        # As late as can be: the folder may have been renamed while the file was written.
        look()
        unfinished.replace(target)
        if durable:
            sync_folder(target.parent)
    # Ctrl-C included: whatever interrupts the writing, nothing half-written stays.
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
