"""What several commands need: finding a session, printing."""

import io
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

from rig.errors import RigError, UsageError
from rig.printable import printable_lines

SessionArgument = Annotated[
    Path | None,
    typer.Argument(
        help="The session's folder; if left out, the folder rig is called in where that is one, "
        "else the latest in ./sessions."
    ),
]


@dataclass
class About:
    """What the command of this process is about: named in what it advises."""

    session: Path | None = None


about = About()


class _Printable(Console):
    """A console on which no name of a folder or a file can pretend to be something else."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Print, with what a terminal would obey in place of showing it spelled out."""
        super().print(
            *(printable_lines(o) if isinstance(o, str) else o for o in objects), **options
        )


#: How the folders of a rehearsal begin and end: of what is thrown away, and of its session.
PREFIX, REHEARSED = "rig-", "rehearsed"

#: Lines are for programs too, so they are never wrapped; tables say otherwise.
out = _Printable(highlight=False, soft_wrap=True)
err = _Printable(stderr=True, highlight=False, soft_wrap=True)


#: The exit code of what Ctrl-C has ended, as shells have it.
BROKEN_OFF = 130
#: As wide as any table needs that nobody looks at on a screen.
WIDE = 1_000


def show(what: RenderableType, style: str | None = None) -> None:
    """Print what lays itself out in columns; for a pipe each row is one line, without padding."""
    if out.is_terminal:
        out.print(what, soft_wrap=False, style=style)
        return
    with io.StringIO() as text:
        Console(file=text, width=WIDE, highlight=False).print(what)
        for line in text.getvalue().rstrip().splitlines():
            out.print(line.rstrip(), markup=False)


def find_session(folder: Path | None) -> Path:
    """Return the named session's folder, else this folder, else the one written to last.

    Raises:
        UsageError: There is none.
    """
    from rig.session.layout import JOURNAL, SESSIONS, is_session, no_session

    if folder is not None:
        if not is_session(folder):
            raise UsageError(no_session(folder))
        # '.' has no name to be told by.
        about.session = folder.resolve() if folder.name in ("", "..") else folder
        return about.session
    if is_session(Path.cwd()):
        about.session = Path.cwd()
        return about.session
    found = [path for path in SESSIONS.glob(f"*/{JOURNAL}") if path.is_file()]
    found += _running_rehearsals()
    # By the journal's time, which every fact moves on; a folder's own only new files do.
    journals = sorted(found, key=lambda path: path.stat().st_mtime)
    if not journals:
        raise UsageError(f"there is no session in ./{SESSIONS}: 'rig capture' begins one")
    about.session = journals[-1].parent
    return about.session


def _running_rehearsals() -> list[Path]:
    """Return the journals of rehearsals of one's own: who answers them types no path to do so."""
    from rig.session.layout import JOURNAL, is_running, is_supervised

    # Others may write into that folder, too, and lay a session there for whoever looks.
    ours = os.getuid() if hasattr(os, "getuid") else 0
    found = []
    for journal in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/* {REHEARSED}/{JOURNAL}"):
        # One that ends while it is looked at is none any more.
        with suppress(OSError, RigError):
            is_own = journal.parent.parent.lstat().st_uid == ours
            if is_own and (is_running(journal.parent) or is_supervised(journal.parent)):
                found.append(journal)
    return found


def find_begun(folder: Path | None) -> Path:
    """Return a session as `find_session`, or one whose capture is only opening its devices.

    Raises:
        UsageError: There is none.
    """
    from rig.session.layout import SESSIONS, is_session, is_supervised

    if folder is None and is_session(Path.cwd()):
        return find_session(None)
    # Its supervisor hears a stop before there is a journal.
    beginning = list(SESSIONS.glob("*")) if folder is None else [folder]
    found = [path for path in beginning if not is_session(path) and is_supervised(path)]
    if len(found) != 1:
        return find_session(folder)
    about.session = found[0]
    return found[0]


def refuse_missing(path: Path, what: str) -> None:
    """Refuse a path at which there is no file.

    Raises:
        UsageError: It is not.
    """
    if not path.is_file():
        raise UsageError(f"{path}: there is no such {what}")
