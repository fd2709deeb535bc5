"""What ``rig export --as data`` and its kin write: what was recorded, for other trainers."""

from pathlib import Path

from rig.cli.asking import view
from rig.cli.common import out
from rig.cli.writing import progress, put, refuse_full_folder
from rig.errors import SessionError


# The description is written last: a folder without it is no data set, whenever it is broken off.
def export_data(kind: str, session: Path, target: Path, *, flac: bool, force: bool) -> None:
    """Write a data set, a recording at a time."""
    from rig.exchange.audio import refuse_format
    from rig.exchange.dataset import DESCRIPTIONS, files

    suffix = ".flac" if flac else ".wav"
    refuse_full_folder(target, force)
    refuse_format(Path(f"input{suffix}"))
    opened, count = view(session), 0
    try:
        if not opened.state.kept():
            raise SessionError(f"{session}: has no recordings yet")
        with progress("exporting") as tell:
            # One by one: together they may be larger than memory.
            for name, content in files(opened, kind, suffix, target, tell):
                put(opened, target / name, content)
                count += 1
    finally:
        opened.close()
    out.print(f"wrote {target}: {count} files, {DESCRIPTIONS[kind]} among them")
