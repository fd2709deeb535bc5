"""Chart errors, logarithmic, over captures or over the night, with the floor under them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.console import Group
from rich.text import Text

from rig.monitor.canvas import Canvas

#: A floor further below the lowest point than this is told in words only.
FLOOR_SPAN = 100.0
#: Columns of the labels on the left.
LABEL = 7
Point = tuple[float, float]


@dataclass(frozen=True)
class _Axes:
    """What the edges of a canvas stand for: along, and as powers of ten upwards."""

    first: float
    last: float
    bottom: float
    top: float

    def place(self, canvas: Canvas, point: Point) -> Point:
        """Return where a point's dot lies on a canvas."""
        x = 1 + (point[0] - self.first) / (self.last - self.first) * (canvas.width - 3)
        y = (self.top - math.log10(point[1])) / (self.top - self.bottom) * (canvas.height - 1)
        return x, y


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return the whole decades around some values, as powers of ten."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return float(low), float(max(high, low + 1))


def _label(power: float) -> str:
    return f"{10**power:>{LABEL - 1}.0e} " if power < -3 else f"{10**power:>{LABEL - 1}g} "


def _draw(canvas: Canvas, places: Sequence[Point]) -> None:
    for (x0, y0), (x1, y1) in pairwise(places):
        canvas.line(x0, y0, x1, y1)
    for x, y in places:
        # As crosses: single dots would be lost in the line between them.
        for nudge in (-1, 0, 1):
            canvas.dot(x + nudge, y)
            canvas.dot(x, y + nudge)


def _labelled(canvas: Canvas, axes: _Axes, rows: int) -> list[Text]:
    labels = [_label(axes.top), *[" " * LABEL] * (rows - 2), _label(axes.bottom)][:rows]
    lines = zip(labels, canvas.lines(), strict=True)
    return [Text.assemble((label, "dim"), (line, "cyan"), no_wrap=True) for label, line in lines]


def chart(
    points: Sequence[Point],
    floor: float | None,
    width: int,
    height: int,
    ends: tuple[str, str] | None = None,
) -> Group | Text:
    """Draw points whose second number is an ESR.

    Args:
        points: In order; captures or seconds, and the ESR.
        floor: The repeatability ESR, drawn as a dotted line.
        width: Columns, labels included.
        height: Rows, the axis included.
        ends: What stands at both ends of the axis; captures where left out.
    """
    drawn = [(x, esr) for x, esr in points if esr > 0 and math.isfinite(esr)]
    if not drawn:
        return Text("no round is learnt yet", style="dim")
    rows, columns = max(height - 1, 1), max(width - LABEL, 4)
    least = min(esr for _, esr in drawn)
    # A floor far below everything would press the curve against the top.
    shown_floor = floor if floor and floor > least / FLOOR_SPAN else None
    # A clock that was set back is no reason to draw a line out of the picture, for hours.
    first = min(x for x, _ in drawn)
    last = max(*(x for x, _ in drawn), first + 1)
    heights = [e for _, e in drawn] + ([shown_floor] if shown_floor else [])
    axes = _Axes(first, last, *_span(heights))
    canvas = Canvas(columns, rows)
    _draw(canvas, [axes.place(canvas, point) for point in drawn])
    if shown_floor:
        for x in range(0, canvas.width, 3):
            canvas.dot(x, axes.place(canvas, (first, shown_floor))[1])
    left, right = ends or (f"{first:g}", f"{last:g} captures")
    axis = Text(" " * LABEL + left + right.rjust(columns - len(left)), style="dim", no_wrap=True)
    return Group(*_labelled(canvas, axes, rows), axis)
