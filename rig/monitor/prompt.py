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
from rig.monitor.view import View

#: Room for one movement, its words included.
MOVEMENT_COLUMNS = 38
#: Between two dials that stand close together.
GAP = 2


class Bell:
    """Says when to ring for hands: once for each time that somebody is asked."""

    def __init__(self) -> None:
        self._asked: Sequence[Move] = ()

    def rings(self, view: View) -> bool:
        """Return whether this picture asks for what the one before it did not."""
        before = self._asked
        self._asked = view.live.prompt if view.live is not None else ()
        return bool(self._asked) and self._asked != before


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


def _goal(knob: Knob, move: Move) -> tuple[str, str]:
    """A knob's name, and where it has to go."""
    return knob.name, where(knob, move.stop)


def goals_width(panel: Panel, moves: Sequence[Move]) -> int:
    """Columns that `goals` needs."""
    knobs = {knob.name: knob for knob in panel.knobs}
    words = (max(map(len, _goal(knobs[move.knob], move))) for move in moves)
    return sum(max(each, DIAL_COLUMNS) + GAP for each in words)


def goals(panel: Panel, moves: Sequence[Move]) -> RenderableType:
    """Draw only where each knob has to go, side by side, for more of them than `prompt` can."""
    knobs = {knob.name: knob for knob in panel.knobs}
    grid = Table.grid(padding=(0, GAP // 2))
    cells = []
    for move in moves:
        name, stop = _goal(knobs[move.knob], move)
        face = _face(knobs[move.knob], move.stop, "bold yellow")
        lines = [Text(name, style="bold"), *face, Text(stop, style="bold", no_wrap=True)]
        cells.append(Group(*(Align.center(each) for each in lines)))
    grid.add_row(*cells)
    return grid


def keys(view: View, width: int) -> Text:
    """Say what answers, in the words that fit."""
    has_pedal = view.live is not None and view.live.foot_switch
    done = "Press the foot switch (or Enter): done" if has_pedal else "Enter: done"
    long = f"{done}   k: skip this setting   b: record the last one again"
    short = f"{done}   k: skip   b: last again"
    return Text(long if len(long) <= width else short, style="dim")


def ask_in_terminal(console: Console, panel: Panel, moves: Sequence[Move]) -> None:
    """Show what to turn, and wait for Enter."""
    console.print(prompt(panel, moves))
    console.input("turn these, then press Enter ")
