"""Draw with braille dots: each character cell is 2 dots wide and 4 high."""

import math

import numpy as np

#: Unicode's order of the eight dots of a braille cell, as ``[row][column]``.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_BLANK = 0x2800
CELL_WIDTH, CELL_HEIGHT = 2, 4


class Canvas:
    """A canvas of dots, ``columns`` x ``rows`` character cells; (0, 0) is top left."""

    def __init__(self, columns: int, rows: int) -> None:
        self.width, self.height = columns * CELL_WIDTH, rows * CELL_HEIGHT
        self._dots = np.zeros((self.height, self.width), dtype=bool)

    def dot(self, x: float, y: float) -> None:
        """Set the dot nearest to a point; outside the canvas nothing happens."""
        column, row = round(x), round(y)
        if 0 <= column < self.width and 0 <= row < self.height:
            self._dots[row, column] = True

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a straight line."""
        # Twice the dots of the longer side: rounding leaves no gap.
        steps = max(int(abs(x1 - x0)), int(abs(y1 - y0)), 1) * 2
        for step in range(steps + 1):
            share = step / steps
            self.dot(x0 + share * (x1 - x0), y0 + share * (y1 - y0))

    def lines(self) -> list[str]:
        """Return the canvas as text, a string per row of cells."""
        rows = []
        for top in range(0, self.height, CELL_HEIGHT):
            cells = []
            for left in range(0, self.width, CELL_WIDTH):
                block = self._dots[top : top + CELL_HEIGHT, left : left + CELL_WIDTH]
                bits = sum(_BITS[y][x] for y, x in zip(*np.nonzero(block), strict=True))
                cells.append(chr(_BLANK + bits))
            rows.append("".join(cells))
        return rows


#: A knob turns from seven o'clock over noon to five o'clock.
SWEEP_DEG, START_DEG = 300.0, 240.0
DIAL_COLUMNS, DIAL_ROWS = 7, 3


def dial(turned: float) -> list[str]:
    """Draw a knob's face, `DIAL_COLUMNS` x `DIAL_ROWS` cells, turned by a share of its travel."""
    canvas = Canvas(DIAL_COLUMNS, DIAL_ROWS)
    x0, y0 = (canvas.width - 1) / 2, (canvas.height - 1) / 2
    radius = canvas.height / 2 - 0.5
    for step in range(64):
        angle = math.radians(START_DEG - SWEEP_DEG * step / 63)
        canvas.dot(x0 + radius * math.cos(angle), y0 - radius * math.sin(angle))
    angle = math.radians(START_DEG - SWEEP_DEG * min(max(turned, 0.0), 1.0))
    reach = radius - 1.5
    canvas.line(x0, y0, x0 + reach * math.cos(angle), y0 - reach * math.sin(angle))
    return canvas.lines()
