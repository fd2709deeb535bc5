"""Draw the monitor's picture for README.md: what it shows of a night that was recorded once.

python -m tools.picture    # writes docs/monitor.svg; 'make docs' does it, too
"""

import gzip
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from rig.monitor.screen import screen
from rig.monitor.view import View, look
from rig.session import live
from rig.session.facts import FACT
from rig.session.folder import CONFIG, JOURNAL, Session
from rig.session.journal import Journal

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "monitor.svg"
#: The configuration and what was happening, then the journal up to there, a fact a line.
NIGHT = ROOT / "tools" / "night.jsonl.gz"
WIDTH, HEIGHT = 120, 40
#: Not this machine's disk: the picture is to be the same everywhere.
DISK_FREE_BYTES = 182_000_000_000


@contextmanager
def night() -> Iterator[View]:
    """The recorded night at the moment at which it is drawn, as a monitor sees it."""
    with gzip.open(NIGHT, "rt", encoding="utf-8") as file:
        head, *rows = map(json.loads, file)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "tweed-deluxe"
        folder.mkdir()
        (folder / CONFIG).write_text(head["config"], encoding="utf-8")
        journal = Journal.create(folder / JOURNAL)
        for row in rows:
            journal.append(FACT.validate_python(row["fact"]), row["at"])
        journal.close()
        now = live.Live.model_validate(head["live"])
        # Open for writing, as the daemon's is: so it runs.
        session = Session.open(folder, clock=lambda: now.at)
        try:
            live.publish(folder, now)
            view = look(session)
            yield replace(view, status=replace(view.status, disk_free_bytes=DISK_FREE_BYTES))
        finally:
            session.close()


def picture() -> str:
    """Return what the monitor draws of the recorded night, as SVG."""
    console = Console(
        width=WIDTH,
        height=HEIGHT,
        record=True,
        file=StringIO(),
        force_terminal=True,
        # The same everywhere, NO_COLOR and old consoles notwithstanding.
        no_color=False,
        color_system="truecolor",
        legacy_windows=False,
    )
    with night() as view:
        console.print(screen(view, WIDTH, HEIGHT), height=HEIGHT)
    drawn = console.export_svg(title="rig capture", unique_id="monitor")
    # No fonts from elsewhere: who looks at it asks nobody for anything.
    return re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
