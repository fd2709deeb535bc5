"""Read single keys from the terminal, without Enter and without an echo."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Waits up to so many seconds for a key; None where none was pressed.
Keys = Callable[[float], str | None]
POLL_S = 0.02
UP, DOWN, RIGHT, LEFT = "↑", "↓", "→", "←"
#: What terminals send for arrow keys (ECMA-48's cursor sequences), and what Windows does.
ARROWS = dict(zip("ABCD", (UP, DOWN, RIGHT, LEFT), strict=True))
WINDOWS_ARROWS = dict(zip("HPMK", (UP, DOWN, RIGHT, LEFT), strict=True))
ESCAPES, WINDOWS_PREFIXES = ("\x1b[", "\x1bO"), ("\x00", "\xe0")


def meaning(typed: str) -> str | None:
    """Return the key that a terminal means by what it sent at once."""
    if typed[:2] in ESCAPES:
        return ARROWS.get(typed[2:3])
    # Whoever types faster than anybody looks: the first counts.
    return typed[:1] or None


def no_keys(wait_s: float) -> str | None:
    """Wait, and return None, where nobody can press a key."""
    time.sleep(wait_s)
    return None


if sys.platform == "win32":
    import msvcrt

    def _read_key(wait_s: float) -> str | None:
        deadline = time.monotonic() + wait_s
        while not msvcrt.kbhit():
            if time.monotonic() > deadline:
                return None
            time.sleep(POLL_S)
        key = msvcrt.getwch()
        # Read in this way Ctrl-C is a key like any other, and interrupts nothing.
        if key == "\x03":
            raise KeyboardInterrupt
        if key in WINDOWS_PREFIXES:
            return WINDOWS_ARROWS.get(msvcrt.getwch())
        return key

    @contextmanager
    def _raw() -> Iterator[None]:
        yield

else:
    import select
    import termios
    import tty

    def _read_key(wait_s: float) -> str | None:
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], wait_s)
        if not ready:
            return None
        # Not from the text stream: what waits in its buffer, select does not see.
        typed = os.read(sys.stdin.fileno(), 64).decode(errors="replace")
        return meaning(typed)

    @contextmanager
    def _raw() -> Iterator[None]:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        # Not raw: Ctrl-C has to stay an interrupt.
        tty.setcbreak(descriptor, termios.TCSANOW)
        try:
            yield
        finally:
            # The terminal may be gone, which is one way to leave the monitor.
            with contextlib.suppress(termios.error):
                termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Open this terminal's keyboard, `no_keys` where there is none; Ctrl-C still interrupts."""
    if not sys.stdin or not sys.stdin.isatty():
        yield no_keys
        return
    with _raw():
        yield _read_key
