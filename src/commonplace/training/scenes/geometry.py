"""Where things lie in a drawing: points and boxes, in pixels from the top left."""

from __future__ import annotations

from math import cos, hypot, pi, sin
from typing import NamedTuple

Point = tuple[float, float]
Sides = tuple[float, float, float, float]
"""Left, top, right, bottom: a Box, or numbers that are used only once."""

CORNERS = ("top left", "top right", "bottom left", "bottom right")
"""Names of the cells of a grid of two by two, in its order."""


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, centre: Point, wide: float, tall: float) -> Box:
        x, y = centre
        return cls(x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)

    @property
    def wide(self) -> float:
        return self.right - self.left

    @property
    def tall(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def inset(self, x: float, y: float | None = None) -> Box:
        y = x if y is None else y
        return Box(self.left + x, self.top + y, self.right - x, self.bottom - y)

    def grid(self, columns: int, rows: int, gap: float = 10) -> list[Box]:
        """Equal cells, row by row from the top left."""
        wide, tall = (self.wide + gap) / columns, (self.tall + gap) / rows
        return [
            Box(
                self.left + wide * c,
                self.top + tall * r,
                self.left + wide * (c + 1) - gap,
                self.top + tall * (r + 1) - gap,
            )
            for r in range(rows)
            for c in range(columns)
        ]

    def line_up(self, count: int, gap: float, *, down: bool) -> list[Box]:
        """Equal cells in one column or one row."""
        return self.grid(1, count, gap) if down else self.grid(count, 1, gap)


def spread(low: float, high: float, count: int) -> list[float]:
    """The middles of so many equal parts of a stretch."""
    return [low + (high - low) * (n + 0.5) / count for n in range(count)]


def ring(centre: Point, rx: float, ry: float, count: int, turn: float = -pi / 2) -> list[Point]:
    """So many points evenly round an ellipse, clockwise, the first one at the top."""
    x, y = centre
    turns = [turn + 2 * pi * n / count for n in range(count)]
    return [(x + rx * cos(t), y + ry * sin(t)) for t in turns]


def towards(a: Point, b: Point, start: float, end: float) -> list[Point]:
    """The straight way between two points, `start` and `end` pixels cut off."""
    length = hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    return [(a[0] + ux * start, a[1] + uy * start), (b[0] - ux * end, b[1] - uy * end)]
