"""Ask a person to turn knobs: each one as a dial, from and to."""

from collections.abc import Sequence

from rich.align import Align
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from rig.faceplate import to_turn, where
from rig.knobs import Knob, Move, Panel
from rig.monitor.canvas import DIAL_COLUMNS, dial

#: Room for one movement, its words included.
MOVEMENT_COLUMNS = 38


def _face(knob: Knob, value: float, style: str) -> list[Text]:
    if knob.is_switch:
        return [Text(), Text(knob.describe(value).center(DIAL_COLUMNS), style=style), Text()]
    return [Text(line, style=style) for line in dial(knob.turned(value))]


def movement(knob: Knob, move: Move) -> RenderableType:
    """Draw one knob's move: its dial as it stands, an arrow, its dial as it should."""
    grid = Table.grid(padding=(0, 1))
    start = [Text(), Text("?".center(DIAL_COLUMNS), style="dim"), Text()]
    if move.start is not None:
        start = _face(knob, move.start, "dim")
    arrow = Group(Text(), Text("→"), Text())
    grid.add_row(Group(*start), arrow, Group(*_face(knob, move.stop, "bold yellow")))
    came = "somewhere" if move.start is None else where(knob, move.start)
    words = Text.assemble((knob.name, "bold"), f": {came} → ", (where(knob, move.stop), "bold"))
    return Group(Align.center(grid), words)


def line(panel: Panel, moves: Sequence[Move]) -> Text:
    """Describe all moves in one line, where there is no room for dials."""
    return Text(to_turn(panel, moves), style="bold yellow")


def prompt(panel: Panel, moves: Sequence[Move]) -> RenderableType:
    """Draw everything that has to move."""
    knobs = {knob.name: knob for knob in panel.knobs}
    return Columns([movement(knobs[move.knob], move) for move in moves], padding=(0, 3))


def ask_in_terminal(console: Console, panel: Panel, moves: Sequence[Move]) -> None:
    """Show what to turn, and wait for Enter."""
    console.print(prompt(panel, moves))
    console.input("turn these, then press Enter ")
