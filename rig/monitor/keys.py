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
        # An arrow key sends several characters; none of them but the first is looked at.
        return typed[:1] or None

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
