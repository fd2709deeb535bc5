"""Showing a session until it ends or the viewer has seen enough."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live

from rig.errors import SessionError
from rig.monitor.screen import screen
from rig.monitor.view import look
from rig.session.folder import Session, is_session

REFRESH_S = 0.25
APPEAR_S = 60.0


def wait_for(
    folder: Path, alive: Callable[[], bool], clock: Callable[[], float] = time.monotonic
) -> bool:
    """Wait until a session is there; False where whoever was to make it ended or took too long."""
    deadline = clock() + APPEAR_S
    while not is_session(folder):
        if not alive() or clock() > deadline:
            return False
        time.sleep(REFRESH_S)
    return True


def _interrupted_by(interrupted: Callable[[], bool], work: Callable[[], None]) -> bool:
    """Do something; True where Ctrl-C came meanwhile and means that the viewer leaves."""
    try:
        work()
    except KeyboardInterrupt:
        return interrupted()
    return False


def monitor(
    folder: Path,
    console: Console,
    until: Callable[[], bool],
    interrupted: Callable[[], bool],
) -> None:
    """Show a session.

    Args:
        folder: The session.
        console: Where to draw.
        until: Asked after each picture whether to stop.
        interrupted: Called on Ctrl-C; True leaves.

    Raises:
        SessionError: The session cannot be read.
    """
    session = Session.view(folder)
    try:
        with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:

            def draw() -> None:
                """One picture, and a pause."""
                try:
                    live.update(screen(look(session), *console.size), refresh=True)
                except SessionError:
                    if not is_session(folder):
                        raise
                time.sleep(REFRESH_S)

            while True:
                leaving = until()
                if _interrupted_by(interrupted, draw) or leaving:
                    return
    finally:
        session.close()
