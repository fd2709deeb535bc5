"""Where the knobs stand: as dials, or as a list where there are many of them or no fine dots."""

from rich.align import Align
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rig.knobs import Knob, Panel, Setting
from rig.monitor.canvas import DIAL_COLUMNS, dial

#: A dial with its margin.
DIAL_CELL = DIAL_COLUMNS + 2
#: Rows that there are for knobs: a name, a face of three, a value.
ROWS = 5
#: Between a name and its value, and between two columns of a list.
GAP = 2


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


def _columns(panel: Panel, setting: Setting) -> list[list[Text]]:
    """Names and values, column by column, each as wide as what is in it."""
    columns = []
    for first in range(0, len(panel), ROWS):
        knobs = panel.knobs[first : first + ROWS]
        values = [k.describe(v) for k, v in zip(knobs, setting.values[first:], strict=False)]
        wide = max(len(knob.name) for knob in knobs) + GAP
        high = max(map(len, values))
        columns.append(
            [
                Text.assemble((knob.name.ljust(wide), "bold"), value.rjust(high), no_wrap=True)
                for knob, value in zip(knobs, values, strict=True)
            ]
        )
    return columns


def _list_width(panel: Panel, setting: Setting) -> int:
    return sum(len(column[0]) + GAP for column in _columns(panel, setting)) - GAP


def _list(panel: Panel, setting: Setting) -> RenderableType:
    grid = Table.grid(padding=(0, GAP, 0, 0))
    columns = _columns(panel, setting)
    for row in range(len(columns[0])):
        grid.add_row(*(column[row] for column in columns if row < len(column)))
    return grid


def _fits_as_dials(panel: Panel, width: int, *, plain: bool) -> bool:
    # Out of the handful of signs that ASCII has, no pointer can be drawn.
    return len(panel) * DIAL_CELL <= width and not plain


def knobs_width(panel: Panel, setting: Setting, most: int, *, plain: bool) -> int:
    """Columns that the knobs need, out of so many."""
    if _fits_as_dials(panel, most, plain=plain):
        return len(panel) * DIAL_CELL
    return min(_list_width(panel, setting), most)


def knobs(panel: Panel, setting: Setting, width: int, *, plain: bool) -> RenderableType:
    """Draw the knobs within a number of columns.

    Args:
        panel: The knobs.
        setting: Where they stand.
        width: Columns.
        plain: Whether there is nothing but ASCII to draw with.
    """
    if _fits_as_dials(panel, width, plain=plain):
        return _dials(panel, setting)
    if _list_width(panel, setting) <= width:
        return _list(panel, setting)
    return Text(panel.describe(setting))
