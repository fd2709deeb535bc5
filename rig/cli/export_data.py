"""What ``rig export --as data`` and its kin write: what was recorded, for other trainers."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rig.cli.asking import view
from rig.cli.common import out
from rig.cli.writing import new_folder, progress, put, refuse_full_folder
from rig.errors import SessionError
from rig.printable import count_of

if TYPE_CHECKING:
    from rig.session.folder import Session


# The description is written last: a folder without it is no data set, whenever it is broken off.
def export_data(kind: str, session: Path, target: Path, *, flac: bool, force: bool) -> None:
    """Write a data set, a recording at a time; broken off, take back what was written."""
    from rig.exchange.audio import refuse_format
    from rig.exchange.dataset import DESCRIPTIONS

    suffix = ".flac" if flac else ".wav"
    refuse_full_folder(target, force)
    refuse_format(Path(f"input{suffix}"))
    made = new_folder(target)
    opened, written = view(session), list[Path]()
    try:
        for path in _files(opened, kind, suffix, target):
            written.append(path)
    except BaseException:
        # With --force it may have written over files that cannot be had back.
        if not force:
            _take_back(target, written)
        raise
    finally:
        opened.close()
    out.print(
        f"wrote {target}{made}: {count_of(len(written), 'file')}, {DESCRIPTIONS[kind]} among them"
    )


def _files(opened: "Session", kind: str, suffix: str, target: Path) -> Iterator[Path]:
    """Write file after file, each after it was told which it will be."""
    from rig.exchange.dataset import files

    if not opened.state.kept():
        raise SessionError(f"{opened.folder}: has no recordings yet")
    with progress("exporting") as tell:
        # One by one: together they may be larger than memory.
        for name, content in files(opened, kind, suffix, tell):
            yield target / name
            put(opened, target / name, content)


def _take_back(target: Path, written: list[Path]) -> None:
    """Remove what was written, and the folders that are empty then."""
    with contextlib.suppress(OSError):
        for path in written:
            path.unlink(missing_ok=True)
        # Only what is empty goes: somebody may have put something there meanwhile.
        for folder in {path.parent for path in written} - {target}:
            folder.rmdir()
        target.rmdir()
