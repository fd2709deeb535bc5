"""Files that somebody names: ordinary ones are read, and nothing that never ends.

Unlike what a session keeps (`rig.session.plain`), they may be links: whoever named them meant so.
"""

import errno
import os
import stat
from pathlib import Path


def size_bytes(path: Path) -> int:
    """Return the size of an ordinary file, links followed; to be asked before it is opened.

    Raises:
        OSError: There is none, or it is a folder, or a pipe or a device, which could keep whoever
            reads it waiting for ever, or fill the memory.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "a pipe or a device is not read", str(path))
    return found.st_size


def why_not_made(folder: Path, error: OSError) -> str:
    """Say why a folder cannot be made: most often a file has the name of one on the way to it."""
    for place in (folder, *folder.parents):
        # A link to nowhere is in the way, too.
        if (place.exists() or place.is_symlink()) and not place.is_dir():
            return f"{place} is no folder, so none can be there: choose another name"
    return error.strerror or str(error)
