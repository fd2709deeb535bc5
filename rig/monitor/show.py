"""Show a session until it ends or the viewer has seen enough."""

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live

from rig import waits
from rig.errors import SessionError
from rig.monitor.keys import Keys, keyboard
from rig.monitor.screen import screen
from rig.monitor.view import View, look
from rig.session import control
from rig.session.folder import Session, is_session

REFRESH_S = 0.25
APPEAR_S = waits.SESSION_APPEARS.s
LEAVE = "q"


def wait_for(
    folder: Path, alive: Callable[[], bool], clock: Callable[[], float] = time.monotonic
) -> bool:
    """Wait for a session; return whether it came before its maker ended or took too long."""
    deadline = clock() + APPEAR_S
    while not is_session(folder):
        if not alive() or clock() > deadline:
            return False
        time.sleep(REFRESH_S)
    return True


def command_for(key: str | None, view: View) -> control.Command | None:
    """Return the command that a key means at this moment; the screen names the same keys."""
    if key is None:
        return None
    if key == "p":
        return "resume" if view.status.state == "paused" else "pause"
    if key in ("s", "S"):
        return "stop" if key == "s" else "stop-now"
    if view.live is not None and view.live.prompt:
        answers: dict[str, control.Command] = {"\r": "done", "\n": "done", "k": "skip", "b": "redo"}
        return answers.get(key)
    return None


class _Viewer:
    """Draws a session and passes keys on."""

    def __init__(self, session: Session, console: Console, live: Live, keys: Keys) -> None:
        self._session, self._console, self._live, self._keys = session, console, live, keys
        self._view: View | None = None

    def step(self) -> bool:
        """Draw one picture and wait for a key; return whether the viewer leaves.

        Raises:
            SessionError: The session is not there any more.
        """
        try:
            self._view = look(self._session)
            self._live.update(screen(self._view, *self._console.size), refresh=True)
        except SessionError:
            if not is_session(self._session.folder):
                raise
        # To wait for a key is the pause between two pictures.
        key = self._keys(REFRESH_S)
        command = command_for(key, self._view) if self._view is not None else None
        if command is not None:
            control.drop(self._session.door, command)
        return key == LEAVE


def monitor(
    folder: Path,
    console: Console,
    until: Callable[[], bool],
    interrupted: Callable[[], bool],
) -> bool:
    """Show a session, and pass the viewer's keys on to it.

    Args:
        folder: The session.
        console: Where to draw.
        until: Asked after each picture whether to stop.
        interrupted: Called on Ctrl-C; True leaves.

    Returns:
        Whether the viewer left while there was still something to see.

    Raises:
        SessionError: The session cannot be read.
    """
    session = Session.view(folder)
    try:
        with (
            keyboard() as keys,
            Live(console=console, screen=console.is_terminal, auto_refresh=False) as live,
        ):
            viewer = _Viewer(session, console, live, keys)
            while True:
                # Asked before the picture is drawn, so that the last one shows how it ended.
                ending = until()
                try:
                    leaves = viewer.step()
                except KeyboardInterrupt:
                    leaves = interrupted()
                if leaves or ending:
                    return not ending
    finally:
        session.close()
