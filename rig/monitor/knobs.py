"""Where the knobs stand: as dials, or as a list where there are many of them or no fine dots."""

from rich.align import Align
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rig.knobs import Knob, Panel, Setting
from rig.monitor.canvas import DIAL_COLUMNS, dial

#: A dial with its margin, and a cell of the list.
DIAL_CELL, LIST_CELL = DIAL_COLUMNS + 2, 19
NAME, VALUE = 10, 6
#: Rows that there are for knobs: a name, a face of three, a value.
ROWS = 5


def _knob(knob: Knob, value: float) -> RenderableType:
    name = Text(knob.name[:DIAL_COLUMNS].center(DIAL_COLUMNS), style="bold", no_wrap=True)
    shown = Text(knob.describe(value)[:DIAL_COLUMNS].center(DIAL_COLUMNS), no_wrap=True)
    face = [Text(line, style="yellow") for line in dial(knob.turned(value))]
    return Group(name, *face, shown)


def _dials(panel: Panel, setting: Setting) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    pairs = zip(panel.knobs, setting.values, strict=True)
    grid.add_row(*(_knob(*pair) for pair in pairs))
    return Align.center(grid)


def _list(panel: Panel, setting: Setting) -> RenderableType:
    """Names and values, column by column."""
    grid = Table.grid(padding=(0, 1))
    cells = [
        Text.assemble((knob.name[:NAME].ljust(NAME), "bold"), " ",
                      knob.describe(value)[:VALUE].rjust(VALUE), no_wrap=True)
        for knob, value in zip(panel.knobs, setting.values, strict=True)
    ]  # fmt: skip
    for row in range(min(ROWS, len(cells))):
        grid.add_row(*cells[row::ROWS])
    return grid


def knobs_width(panel: Panel, most: int, *, plain: bool) -> int:
    """Columns that the knobs need, out of so many."""
    dials = len(panel) * DIAL_CELL
    return dials if dials <= most and not plain else min(-(-len(panel) // ROWS) * LIST_CELL, most)


def knobs(panel: Panel, setting: Setting, width: int, *, plain: bool) -> RenderableType:
    """Draw the knobs within a number of columns.

    Args:
        panel: The knobs.
        setting: Where they stand.
        width: Columns.
        plain: Whether there is nothing but ASCII to draw with.
    """
    if len(panel) * DIAL_CELL <= width and not plain:
        return _dials(panel, setting)
    if -(-len(panel) // ROWS) * LIST_CELL <= width:
        return _list(panel, setting)
    return Text(panel.describe(setting))
