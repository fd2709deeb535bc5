"""What several commands need: finding a session, printing."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from rig.errors import SessionError, UsageError

#: Sessions lie here, below the folder that rig is called in.
SESSIONS = Path("sessions")

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

#: Lines are for programs too, so they are never wrapped; tables say otherwise.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


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
        SessionError: There is none.
    """
    from rig.session.folder import JOURNAL, is_session

    if folder is not None:
        if not is_session(folder):
            raise SessionError(f"{folder}: this is no session folder (it has no {JOURNAL})")
        about.session = folder
        return folder
    if is_session(Path.cwd()):
        about.session = Path.cwd()
        return about.session
    found = [path for path in SESSIONS.glob(f"*/{JOURNAL}") if path.is_file()]
    # By the journal's time, which every fact moves on; a folder's own only new files do.
    journals = sorted(found, key=lambda path: path.stat().st_mtime)
    if not journals:
        raise SessionError(f"there is no session in ./{SESSIONS}: 'rig capture' begins one")
    about.session = journals[-1].parent
    return about.session


def refuse_missing(path: Path, what: str) -> None:
    """Refuse a path at which there is no file.

    Raises:
        UsageError: It is not.
    """
    if not path.is_file():
        raise UsageError(f"{path}: there is no such {what}")
