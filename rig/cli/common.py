"""What several commands need: finding a session, printing."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rig.errors import SessionError, UsageError

#: Sessions lie here, below the folder that rig is called in.
SESSIONS = Path("sessions")

SessionArgument = Annotated[
    Path | None, typer.Argument(help="The session's folder; the latest in ./sessions if left out.")
]

#: Lines are for programs too, so they are never wrapped; tables say otherwise.
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def find_session(folder: Path | None) -> Path:
    """Return the named session's folder, or that of the one written to last.

    Raises:
        SessionError: There is none.
    """
    from rig.session.folder import JOURNAL, is_session

    if folder is not None:
        if not is_session(folder):
            raise SessionError(f"{folder}: this is no session folder (it has no {JOURNAL})")
        return folder
    found = [path for path in SESSIONS.glob(f"*/{JOURNAL}") if path.is_file()]
    # By the journal's time, which every fact moves on; a folder's own only new files do.
    journals = sorted(found, key=lambda path: path.stat().st_mtime)
    if not journals:
        raise SessionError(f"there is no session in ./{SESSIONS}: 'rig capture' begins one")
    return journals[-1].parent


def refuse_missing(path: Path, what: str) -> None:
    """Refuse a path at which there is no file.

    Raises:
        UsageError: It is not.
    """
    if not path.is_file():
        raise UsageError(f"{path}: there is no such {what}")
