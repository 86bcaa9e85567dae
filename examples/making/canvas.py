"""A drawing surface in logical pixels: shapes are drawn enlarged and reduced at the end, so that edges are smooth.

Fonts come from Debian's fonts-inter, fonts-roboto and fonts-jetbrains-mono.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

Point = tuple[float, float]
Box = tuple[float, float, float, float]
Colour = str
"""`#rrggbb`, or `#rrggbbaa` to let the ground show through."""

FONTS = {
    "sans": "/usr/share/fonts/opentype/inter/Inter-{}.otf",
    "roboto": "/usr/share/fonts/truetype/roboto/unhinted/RobotoTTF/Roboto-{}.ttf",
    "mono": "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-{}.ttf",
}


@cache
def font(family: str, size: float, weight: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS[family].format(weight), size, layout_engine=ImageFont.Layout.BASIC)


class Canvas:
    """Coordinates are logical pixels of the finished picture, origin at the top left."""

    def __init__(self, width: int, height: int, ground: Colour = "#ffffff", scale: int = 3) -> None:
        self.width, self.height, self.scale = width, height, scale
        self.image = Image.new("RGB", (width * scale, height * scale), ground)
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def _box(self, box: Box) -> Box:
        left, top, right, bottom = (side * self.scale for side in box)
        return left, top, right - 1, bottom - 1

    def rect(
        self, box: Box, fill: Colour | None = None, edge: Colour | None = None, radius: float = 0, width: float = 1
    ) -> None:
        line = max(1, round(width * self.scale)) if edge else 0
        self.pen.rounded_rectangle(self._box(box), radius * self.scale, fill, edge, line)

    def disc(
        self, centre: Point, radius: float, fill: Colour | None = None, edge: Colour | None = None, width: float = 1
    ) -> None:
        x, y = centre
        line = max(1, round(width * self.scale)) if edge else 0
        self.pen.ellipse(self._box((x - radius, y - radius, x + radius, y + radius)), fill, edge, line)

    def arc(self, centre: Point, radius: float, start: float, end: float, colour: Colour, width: float) -> None:
        """Degrees, clockwise from three o'clock; `width` grows inwards."""
        x, y = centre
        box = self._box((x - radius, y - radius, x + radius, y + radius))
        self.pen.arc(box, start, end, colour, round(width * self.scale))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        self.pen.polygon(self._at(points), fill)

    def line(self, points: Sequence[Point], colour: Colour, width: float = 1, dash: float = 0) -> None:
        """A polyline; with `dash`, strokes and gaps of that length, which a bend does not interrupt."""
        stroke = max(1, round(width * self.scale))
        if not dash:
            self.pen.line(self._at(points), colour, stroke, joint="curve")
            return
        walked = 0.0
        for (x0, y0), (x1, y1) in pairwise(points):
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            done = 0.0
            while done < length:
                step = min(dash - walked % dash, length - done)
                if int(walked // dash) % 2 == 0:
                    ends = [(x0 + (x1 - x0) * t / length, y0 + (y1 - y0) * t / length) for t in (done, done + step)]
                    self.pen.line(self._at(ends), colour, stroke)
                done, walked = done + step, walked + step + 1e-9

    def arrow(
        self, points: Sequence[Point], colour: Colour, width: float = 1.5, head: float = 7, dash: float = 0
    ) -> None:
        (x0, y0), (x1, y1) = points[-2:]
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        base = (x1 - ux * head, y1 - uy * head)
        self.line([*points[:-1], base], colour, width, dash)
        half = head * 0.5
        self.polygon(
            [(x1, y1), (base[0] - uy * half, base[1] + ux * half), (base[0] + uy * half, base[1] - ux * half)], colour
        )

    def text(
        self,
        at: Point,
        words: str,
        colour: Colour,
        size: float = 13,
        weight: str = "Regular",
        family: str = "sans",
        anchor: str = "lm",
    ) -> float:
        """Draw one line (or several, split at newlines) and return its width. `anchor` as Pillow defines it."""
        face = font(family, size * self.scale, weight)
        x, y = at
        for row, part in enumerate(words.split("\n")):
            self.pen.text((x * self.scale, (y + row * size * 1.5) * self.scale), part, colour, face, anchor)
        return max(face.getlength(part) for part in words.split("\n")) / self.scale

    def fade(self, points: Sequence[Point], colour: Colour, top: int, bottom: int) -> None:
        """Fill a polygon with a vertical fade from alpha `top` at its highest point to `bottom` at its lowest."""
        scaled = self._at(points)
        first = int(min(y for _, y in scaled))
        height = int(max(y for _, y in scaled)) - first + 1
        left = int(min(x for x, _ in scaled))
        width = int(max(x for x, _ in scaled)) - left + 1
        shape = Image.new("L", (width, height))
        ImageDraw.Draw(shape).polygon([(x - left, y - first) for x, y in scaled], 255)
        ramp = Image.new("L", (1, height))
        ramp.putdata([round(top + (bottom - top) * row / height) for row in range(height)])
        mask = Image.composite(ramp.resize((width, height)), Image.new("L", (width, height)), shape)
        self.image.paste(Image.new("RGB", (width, height), colour), (left, first), mask)

    def shadow(self, box: Box, blur: float = 12, strength: int = 70, radius: float = 8, drop: float = 6) -> None:
        mask = Image.new("L", self.image.size)
        left, top, right, bottom = self._box(box)
        lower = drop * self.scale
        ImageDraw.Draw(mask).rounded_rectangle(
            (left, top + lower, right, bottom + lower), radius * self.scale, strength
        )
        self.image.paste("#000000", (0, 0), mask.filter(ImageFilter.GaussianBlur(blur * self.scale)))
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def paste(self, picture: Image.Image, box: Box) -> None:
        left, top, right, bottom = (round(side * self.scale) for side in box)
        self.image.paste(picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))

    def finish(self) -> Image.Image:
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)


def save(picture: Image.Image, path: Path) -> None:
    """Write in the format that the name asks for. PNG ignores the quality, the other two have no `optimize`."""
    picture.save(path, quality=84, optimize=True, method=6)
