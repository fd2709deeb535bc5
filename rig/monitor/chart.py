"""Chart the holdout ESR over captures, with the repeatability floor under it."""

import math
from collections.abc import Sequence
from itertools import pairwise

from rich.console import Group
from rich.text import Text

from rig.monitor.canvas import Canvas

#: A floor further below the lowest point than this is told in words only.
FLOOR_SPAN = 100.0
#: Columns of the labels on the left.
LABEL = 7


def _span(values: Sequence[float]) -> tuple[float, float]:
    """Return the whole decades around some values, as powers of ten."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return float(low), float(max(high, low + 1))


def _label(power: float) -> str:
    return f"{10**power:>{LABEL - 1}.0e} " if power < -3 else f"{10**power:>{LABEL - 1}g} "


def chart(
    points: Sequence[tuple[int, float]], floor: float | None, width: int, height: int
) -> Group | Text:
    """Draw ``(captures, ESR)`` points, logarithmic in ESR.

    Args:
        points: In order of captures.
        floor: The repeatability ESR, drawn as a dotted line.
        width: Columns, labels included.
        height: Rows, the axis included.
    """
    drawn = [(captures, esr) for captures, esr in points if esr > 0 and math.isfinite(esr)]
    if not drawn:
        return Text("no round is learnt yet", style="dim")
    rows, columns = max(height - 1, 1), max(width - LABEL, 4)
    least = min(esr for _, esr in drawn)
    # A floor far below everything would press the curve against the top.
    shown_floor = floor if floor and floor > least / FLOOR_SPAN else None
    bottom, top = _span([esr for _, esr in drawn] + ([shown_floor] if shown_floor else []))
    canvas = Canvas(columns, rows)
    first, last = drawn[0][0], max(drawn[-1][0], drawn[0][0] + 1)

    def place(captures: int, esr: float) -> tuple[float, float]:
        """Return where a point's dot lies on the canvas."""
        x = 1 + (captures - first) / (last - first) * (canvas.width - 3)
        return x, (top - math.log10(esr)) / (top - bottom) * (canvas.height - 1)

    places = [place(*point) for point in drawn]
    for (x0, y0), (x1, y1) in pairwise(places):
        canvas.line(x0, y0, x1, y1)
    for x, y in places:
        # As crosses: single dots would be lost in the line between them.
        for nudge in (-1, 0, 1):
            canvas.dot(x + nudge, y)
            canvas.dot(x, y + nudge)
    if shown_floor:
        for x in range(0, canvas.width, 3):
            canvas.dot(x, place(first, shown_floor)[1])
    labels = (
        [_label(top), *[" " * LABEL] * (rows - 2), _label(bottom)] if rows > 1 else [_label(top)]
    )
    lines = [
        Text.assemble((label, "dim"), (line, "cyan"))
        for label, line in zip(labels, canvas.lines(), strict=True)
    ]
    axis = f"{first:<{columns // 2}}{f'{last} captures':>{columns - columns // 2}}"
    return Group(*lines, Text(" " * LABEL + axis, style="dim"))
