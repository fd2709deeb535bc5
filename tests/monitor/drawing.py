"""Screens drawn as text."""

import io
from pathlib import Path

from rich.console import Console

from rig.monitor.body import Looked
from rig.monitor.screen import screen
from rig.monitor.view import View, look
from rig.session.folder import Session


class Nowhere(io.StringIO):
    """Takes whatever is written."""

    def write(self, text: str) -> int:
        return len(text)


def shown(
    view: View, width: int, height: int, *, looked: Looked | None = None, plain: bool = False
) -> str:
    """What a terminal of a size shows of a view."""
    console = Console(width=width, height=height, record=True, force_terminal=True, file=Nowhere())
    console.print(screen(view, width, height, looked, plain=plain), height=height)
    return console.export_text()


def drawn(folder: Path, width: int, height: int) -> str:
    """What it shows of a session."""
    session = Session.view(folder)
    try:
        return shown(look(session), width, height)
    finally:
        session.close()
