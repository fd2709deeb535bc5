"""Show a session until it ends or the viewer has seen enough."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.live import Live

from rig import waits
from rig.capture import Command
from rig.errors import SessionError
from rig.monitor.body import Looked
from rig.monitor.keys import DOWN, LEFT, RIGHT, UP, Keys, keyboard
from rig.monitor.lines import Lines
from rig.monitor.map import pairs
from rig.monitor.places import ordered
from rig.monitor.prompt import Bell
from rig.monitor.screen import screen
from rig.monitor.view import View, look
from rig.session import control
from rig.session.folder import Session, is_session

REFRESH_S = 0.25
APPEAR_S = waits.SESSION_APPEARS.s
LEAVE = "q"
#: Back from the settings to the takes.
TAKES = "t"


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


def command_for(key: str | None, view: View) -> Command | None:
    """Return the command that a key means at this moment; the screen names the same keys."""
    if key is None:
        return None
    # Nobody is there to hear it, and the next run is not to find it.
    if view.is_over:
        return None
    if key == "p":
        return "resume" if view.status.state == "paused" else "pause"
    if key in ("s", "S"):
        return "stop" if key == "s" else "stop-now"
    if view.live is not None and view.live.prompt:
        answers: dict[str, Command] = {"\r": "done", "\n": "done", "k": "skip", "b": "redo"}
        return answers.get(key)
    return None


def turned(looked: Looked, key: str | None, view: View) -> Looked:
    """What is looked at once a key is pressed: the next setting, or the next pair of knobs."""
    if key in (LEFT, RIGHT):
        count = len(pairs(view))
        return replace(looked, pair=(looked.pair + (1 if key == RIGHT else -1)) % count)
    numbers: list[int | None] = [place.capture for place in ordered(view.places)]
    if key == TAKES or not numbers:
        return replace(looked, capture=None)
    if key not in (UP, DOWN):
        return looked
    if looked.capture not in numbers:
        # The worst comes first: that is what whoever looks wants to know.
        return replace(looked, capture=numbers[0])
    at = numbers.index(looked.capture) + (1 if key == DOWN else -1)
    return replace(looked, capture=numbers[min(max(at, 0), len(numbers) - 1)])


def is_drawn_on(console: Console) -> bool:
    """Whether pictures can be drawn over each other there; lines are printed where they cannot."""
    return console.is_terminal and not console.is_dumb_terminal


class _Viewer:
    """Draws a session, or tells it line by line, and passes keys on."""

    def __init__(self, session: Session, console: Console, live: Live | None, keys: Keys) -> None:
        self._session, self._console, self._live, self._keys = session, console, live, keys
        self._view: View | None = None
        self._looked, self._lines = Looked(), Lines()
        self._bell = Bell()

    def step(self) -> bool:
        """Draw one picture and wait for a key; return whether the viewer leaves.

        Raises:
            SessionError: The session is not there any more.
        """
        try:
            self._view = look(self._session)
            # Whoever sits here may be reading.
            if self._bell.rings(self._view) and self._console.is_terminal:
                self._console.bell()
            self._show(self._view)
        except SessionError:
            if not is_session(self._session.folder):
                raise
        # To wait for a key is the pause between two pictures.
        key = self._keys(REFRESH_S)
        if self._view is not None:
            self._looked = turned(self._looked, key, self._view)
            command = command_for(key, self._view)
            if command is not None:
                control.drop(self._session.door, command)
        return key == LEAVE

    def _show(self, view: View) -> None:
        if self._live is None:
            for text in self._lines.news(view):
                self._console.print(text, markup=False, soft_wrap=True)
            return
        width, height = self._console.size
        plain = not self._console.encoding.lower().startswith("utf")
        self._live.update(screen(view, width, height, self._looked, plain=plain), refresh=True)


@contextmanager
def _canvas(console: Console) -> Iterator[Live | None]:
    """A screen of its own to draw on, where there is one."""
    if not is_drawn_on(console):
        yield None
        return
    # Lines are never wrapped, so that programs can read them; what is drawn has to be.
    before, console.soft_wrap = console.soft_wrap, False
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            yield live
    finally:
        console.soft_wrap = before


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
        with keyboard() as keys, _canvas(console) as live:
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
