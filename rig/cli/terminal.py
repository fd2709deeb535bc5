"""The terminal as the guide needs it: lines that fold at words, a prompt, a meter in one place."""

import shutil
import sys
import textwrap
import time

from rig.cli.common import out
from rig.guide.hardware import Hardware

#: Where lines can only be printed, the meter is printed so often.
METER_S = 1.0


def width() -> int:
    """Return how many columns there are; rich takes a dumb terminal to have 80."""
    return max(shutil.get_terminal_size().columns, 20)


class Terminal:
    """Somebody at a terminal.

    Args:
        hardware: What is plugged in.
    """

    def __init__(self, hardware: Hardware) -> None:
        self.hardware = hardware
        self._metered, self._is_metering = 0.0, False

    def show(self, text: str) -> None:
        """Print a line, folded at words, what goes on below where it began."""
        indent = " " * (len(text) - len(text.lstrip()))
        folded = textwrap.wrap(text, width(), subsequent_indent=indent, break_on_hyphens=False)
        for line in folded or [""]:
            out.print(line, markup=False)

    def ask(self, prompt: str) -> str:
        """Return what is typed behind a prompt.

        Raises:
            EOFError: The terminal was closed.
        """
        while True:
            out.print(prompt, markup=False, end="")
            sys.stdout.flush()
            try:
                # By Python's own: the terminal's line editing works, and a pipe would too.
                return input()
            except UnicodeDecodeError:
                self.show("  that is not in this terminal's encoding: once more, please")

    def meter(self, text: str) -> None:
        """Draw a line over the last one; where nothing can be drawn, print one a second."""
        draws = out.is_terminal and not out.is_dumb_terminal
        if not text:
            if self._is_metering and draws:
                out.print()
            self._is_metering = False
            return
        self._is_metering = True
        now = time.monotonic()
        # A column is left free: a terminal goes to the next line behind its last one.
        if draws:
            room = width() - 1
            # Not by rich, which takes the carriage return away.
            sys.stdout.write(f"\r{text[:room]:<{room}}")
            sys.stdout.flush()
        elif now - self._metered >= METER_S:
            out.print(text, markup=False)
            self._metered = now
