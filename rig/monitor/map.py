"""The knob space as maps of two knobs each: what was recorded when, the worst, and what is next."""

from collections.abc import Iterator
from itertools import combinations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rig.knobs import Knob, Setting
from rig.monitor.places import GIVEN_UP, HELD_OUT, HERE, NEXT, WORST, Place, worst
from rig.monitor.view import View

#: Room for the values on the left, and the narrowest map in which places can be told apart.
LABEL, NARROWEST = 6, 28
#: A map has its name above it and its axis below.
FRAME_ROWS = 2
#: The order in which places are drawn: what matters covers what was there before.
_BACKGROUND = "dim"
STYLES = {NEXT: "bold yellow", HELD_OUT: "magenta", GIVEN_UP: "red", HERE: "reverse bold green",
          WORST: "bold red"}  # fmt: skip
#: Rounds from the first to the last: later ones are brighter.
ROUND_STYLES = ("blue", "cyan", "bright_cyan", "bright_white")


def pairs(view: View) -> list[tuple[int, int]]:
    """Every pair of knobs that has a map; a single knob is mapped over itself."""
    return list(combinations(range(len(view.panel)), 2)) or [(0, 0)]


def _style(view: View, place: Place) -> str:
    if place.sign in STYLES:
        return STYLES[place.sign]
    latest = max(view.status.round, 1)
    return ROUND_STYLES[min(place.round * len(ROUND_STYLES) // (latest + 1), 3)]


def _marks(view: View, chosen: int | None) -> Iterator[tuple[tuple[float, ...], str, str]]:
    """Units, sign and style of everything in a map, what matters last."""
    # Held-out settings last among those that are kept: there are few of them.
    for place in sorted(view.places, key=lambda p: (p.is_pending, p.sign == HELD_OUT, p.round)):
        yield place.units, place.sign, _style(view, place)
    if (bad := worst(view.places)) is not None:
        yield bad.units, WORST, STYLES[WORST]
    if view.live is not None and view.live.take is not None:
        units = view.panel.point(Setting(view.live.take.values))
        yield tuple(map(float, units)), HERE, STYLES[HERE]
    for place in view.places:
        if place.capture == chosen:
            # As what it is, and turned over: the cursor hides nothing.
            is_worst = bad is not None and bad.capture == chosen
            yield place.units, WORST if is_worst else place.sign, "reverse bold"


class _Grid:
    """Signs on columns and rows; the bottom row is the knob's lowest value."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[(" ", "")] * columns for _ in range(rows)]

    def _at(self, x: float, y: float) -> tuple[int, int]:
        return round((1 - y) * (self.rows - 1)), round(x * (self.columns - 1))

    def put(self, x: float, y: float, sign: str, style: str) -> None:
        """Put a sign at a point in [0, 1]^2."""
        row, column = self._at(x, y)
        self._cells[row][column] = (sign, style)

    def shade(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Dot the span where players set both knobs."""
        bottom, left = self._at(x[0], y[0])
        top, right = self._at(x[1], y[1])
        for row in range(top, bottom + 1):
            for column in range(left, right + 1, 2):
                self._cells[row][column] = (".", _BACKGROUND)

    def lines(self) -> Iterator[Text]:
        """The rows as text."""
        for row in self._cells:
            yield Text.assemble(*row, no_wrap=True)


def _played(knob: Knob) -> tuple[float, float]:
    """The span in which players set a knob, within what may be set of it."""
    if knob.is_switch:
        return 0.0, 1.0
    ends = [min(max(end, knob.values[0]), knob.values[-1]) for end in knob.play]
    return knob.to_unit(ends[0]), knob.to_unit(ends[1])


def _axis(knob: Knob, columns: int) -> Text:
    low, high = knob.describe(knob.values[0]), knob.describe(knob.values[-1])
    name = knob.name[: max(columns - len(low) - len(high) - 2, 0)]
    text = low + name.center(columns - len(low) - len(high)) + high
    return Text(" " * LABEL + text[:columns], style="dim", no_wrap=True)


def one(view: View, pair: tuple[int, int], width: int, height: int, chosen: int | None) -> Group:
    """Draw the map of two knobs."""
    across, up = (view.panel.knobs[index] for index in pair)
    grid = _Grid(max(width - LABEL, 4), max(height - FRAME_ROWS, 2))
    grid.shade(_played(across), _played(up))
    for units, sign, style in _marks(view, chosen):
        grid.put(units[pair[0]], units[pair[1]], sign, style)
    ends = {0: up.describe(up.values[-1]), grid.rows - 1: up.describe(up.values[0])}
    lines = [
        Text.assemble((ends.get(row, "")[: LABEL - 1].rjust(LABEL - 1) + " ", "dim"), line)
        for row, line in enumerate(grid.lines())
    ]
    title = f"{up.name} over {across.name}" if up != across else up.name
    name = Text(title.center(width)[:width], style="bold", no_wrap=True)
    return Group(name, *lines, _axis(across, grid.columns))


def legend(view: View, width: int) -> Text:
    """What the signs mean."""
    words = [("o", "seed"), ("1-9", "round"), (HELD_OUT, "held out"), (WORST, "worst"),
             (GIVEN_UP, "given up"), (NEXT, "next"), (HERE, "now")]  # fmt: skip
    signs = {place.sign for place in view.places}
    # Of a session that is over, only what there is; what is given up is rare in any.
    rare = {GIVEN_UP, NEXT, HERE} if view.is_over else {GIVEN_UP}
    words = [(sign, meaning) for sign, meaning in words if sign not in rare - signs]
    parts = [Text.assemble((s, STYLES.get(s, "cyan")), f" {meaning}") for s, meaning in words]
    line = Text("  ").join(parts)
    return line if len(line) <= width else Text(" ").join(parts)


def maps(view: View, width: int, height: int, first: int, chosen: int | None) -> RenderableType:
    """Draw as many maps as fit beside each other, from one pair of knobs on.

    Args:
        view: What is drawn.
        width: Columns.
        height: Rows, the legend included.
        first: The pair that comes first.
        chosen: The capture that is looked at.
    """
    every = pairs(view)
    count = max(min(len(every), (width + 2) // (NARROWEST + 2)), 1)
    each = (width - 2 * (count - 1)) // count
    shown = [every[(first + place) % len(every)] for place in range(count)]
    drawn = [one(view, pair, each, height - 1, chosen) for pair in shown]
    beside = Table.grid(padding=(0, 2, 0, 0))
    beside.add_row(*drawn)
    return Group(beside, legend(view, width))
