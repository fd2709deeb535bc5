"""Single keys from the terminal, without Enter and without an echo."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Waits up to so many seconds for a key; None where none was pressed.
Keys = Callable[[float], str | None]
POLL_S = 0.02


def no_keys(wait_s: float) -> str | None:
    """Where nobody can press any."""
    time.sleep(wait_s)
    return None


if sys.platform == "win32":
    import msvcrt

    def _pressed(wait_s: float) -> str | None:
        deadline = time.monotonic() + wait_s
        while not msvcrt.kbhit():
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_S)
        key = msvcrt.getwch()
        if key == "\x03":
            raise KeyboardInterrupt
        return key

    @contextmanager
    def _raw() -> Iterator[None]:
        yield

else:
    import select
    import termios
    import tty

    def _pressed(wait_s: float) -> str | None:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], wait_s)
        if not ready:
            return None
        typed = os.read(sys.stdin.fileno(), 64).decode(errors="replace")
        return typed[:1] or None

    @contextmanager
    def _raw() -> Iterator[None]:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        tty.setcbreak(descriptor, termios.TCSANOW)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def keyboard() -> Iterator[Keys]:
    """The keyboard of this terminal; `no_keys` where there is none. Ctrl-C stays what it is."""
    if not sys.stdin or not sys.stdin.isatty():
        yield no_keys
        return
    with _raw():
        yield _pressed
