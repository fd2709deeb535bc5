"""What ``rig export --as`` makes beside files for players: data sets."""

from pathlib import Path

from rig.cli.asking import view
from rig.cli.common import out
from rig.cli.writing import progress, put, refuse_full_folder
from rig.errors import SessionError, UsageError

DATA = ("data", "parametric", "panama")
KINDS = ("nam", *DATA)


def export_other(kind: str, session: Path, target: Path, *, flac: bool, force: bool) -> None:
    """Export what is no ``.nam`` file.

    Raises:
        UsageError: There is no such kind, or its files would be written over.
    """
    if kind not in KINDS:
        raise UsageError(f"--as {kind}: there are {', '.join(KINDS)}")
    refuse_full_folder(target, force)
    _export_data(kind, session, target, ".flac" if flac else ".wav")


def _export_data(kind: str, session: Path, target: Path, suffix: str) -> None:
    from rig.exchange.audio import refuse_format
    from rig.exchange.dataset import DESCRIPTIONS, files

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
    out.print(f"wrote {target}: {count} files, described by {DESCRIPTIONS[kind]}", markup=False)
