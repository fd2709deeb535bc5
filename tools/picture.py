"""Draw the monitor's picture for README.md from a session, running or finished.

python tools/picture.py SESSION docs/monitor.svg
"""

import re
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console

from rig.monitor.screen import screen
from rig.monitor.view import look
from rig.session.folder import Session

WIDTH, HEIGHT = 110, 34


def main() -> None:
    """Write the SVG."""
    session, target = Path(sys.argv[1]), Path(sys.argv[2])
    console = Console(width=WIDTH, height=HEIGHT, record=True, file=StringIO(), force_terminal=True)
    console.print(screen(look(Session.view(session)), WIDTH, HEIGHT), height=HEIGHT)
    drawn = console.export_svg(title="rig capture")
    target.write_text(re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
