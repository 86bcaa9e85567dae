"""A drawing surface that knows its style: the same call gives a clean box, a pale card or a wobbly hatched one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import ceil, cos, hypot, pi, sin

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from commonplace.training.scenes import fonts
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import COLOURS, Rgb, ink_on, mix
from commonplace.training.scenes.geometry import Box, Point, Sides
from commonplace.training.scenes.styles import STYLES, Face

SIZES = ((560, 420), (600, 400), (640, 360), (480, 480), (512, 448), (448, 560), (640, 400), (600, 480))
SMALL_PRINT, SMALL = 16, 13
"""Different lines of it: few, so that they stay in the cache of drawn text; and their size."""
HEAD = 14
"""Length of an arrow's head."""
FRAMES = ("nothing",) * 5 + ("a window frame", "a browser bar", "a coloured border", "a dark bar at the top")


@lru_cache(16)
def grain(width: int, height: int, strength: int, seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.normal(128, strength, (height, width)).clip(0, 255).astype(np.uint8)).convert("RGB")


@cache
def small_print() -> list[str]:
    return [Choices(n).text("small print", "{sentence} {sentence} {sentence}") for n in range(SMALL_PRINT)]


class Canvas:
    """Coordinates are pixels of the drawing, origin at the top left; the finished picture has half as many a side.

    `area` is what frame and title leave free, `words` what has been written so far, in order.
    """

    def __init__(self, choices: Choices, style: str) -> None:
        self.choices, self.style = choices, STYLES[style]
        self.width, self.height = choices.one("size", SIZES)
        name = choices.pick("ground", self.style.grounds)
        self.ground = choices.varied("ground", COLOURS[name].rgb)
        self.ink = ink_on(self.ground)
        self.grey = mix(self.ink, self.ground, 0.45)
        self.faint = mix(self.ink, self.ground, 0.82)
        self.words: list[str] = []
        self._fonts: dict[tuple[Face, bool], str] = {}
        self.image = Image.new("RGB", (self.width, self.height), self.ground)
        self.pen = ImageDraw.Draw(self.image)
        self.tremor = choices.rng("tremor")
        self.area = Box(18, 16, self.width - 18, self.height - 16)
        self.face: Face = choices.one("face", (self.style.face, self.style.face, "sans"))
        self._texture()

    def _texture(self) -> None:
        step = self.choices.integer("texture step", 18, 40)
        faint = mix(self.ground, self.ink, 0.12)
        if self.style.texture == "squares" and self.choices.chance("squares", 0.6):
            for x in range(step, self.width, step):
                self.pen.line((x, 0, x, self.height), faint)
            for y in range(step, self.height, step):
                self.pen.line((0, y, self.width, y), faint)
        elif self.style.texture == "dots" and self.choices.chance("dots", 0.4):
            for x in range(step, self.width, step):
                self.pen.point([(x + dx, y) for y in range(step, self.height, step) for dx in (0, 1)], faint)
        elif self.style.texture == "fade":
            ramp = Image.linear_gradient("L").resize((self.width, self.height), Image.Resampling.NEAREST)
            lower = Image.new("RGB", ramp.size, mix(self.ground, (60, 90, 140), 0.16))
            self.image.paste(lower, (0, 0), ramp)

    def frame(self) -> None:
        """What surrounds the drawing; takes its room from `area`."""
        kind = self.choices.pick("frame", FRAMES)
        if kind == "a coloured border":
            accent = self.choices.colour("frame colour", [self.ground])
            self.pen.rectangle((0, 0, self.width - 1, self.height - 1), None, accent, 12)
            self.area = self.area.inset(8)
        elif kind != "nothing":
            bar = (32, 35, 42) if kind == "a dark bar at the top" else self.faint
            self.pen.rectangle((0, 0, self.width, 30), bar)
            self.area = self.area._replace(top=self.area.top + 30)
            if kind == "a dark bar at the top":
                self.text((14, 15), self.choices.text("brand", "{brand}"), (240, 240, 240), 16, bold=True)
                for n in range(3):
                    self.pen.rectangle((self.width - 50 * n - 46, 12, self.width - 50 * n - 14, 18), (150, 155, 165))
            else:
                for n, rgb in enumerate(((237, 94, 84), (244, 190, 62), (90, 190, 80))):
                    self.dot((18 + 20 * n, 15), 6, rgb)
            if kind == "a browser bar":
                self.pen.rounded_rectangle((84, 5, self.width - 20, 25), 10, self.ground)
                address = self.choices.text("address", "https://{short}.[example|intra|corp].[com|net|org]/{short}")
                self.text((98, 15), address, self.ink, 13)

    def heading(self, topic: str, often: float = 1.0) -> str:
        """The frame, and mostly the topic written above the drawing; returns the topic, chosen from a template."""
        self.frame()
        words = self.choices.text("topic", topic)
        if self.choices.chance("title", often):
            self.title(words)
        return words

    def title(self, words: str) -> None:
        """A heading above the drawing, in one of several places and sizes."""
        area, size = self.area, self.choices.integer("title size", 20, 30)
        middle = self.choices.chance("title in the middle", 0.5)
        at = (area.middle[0] if middle else area.left, area.top + size * 0.6)
        self.text(at, words, self.ink, size, "mm" if middle else "lm", True, room=area.wide)
        self.area = area._replace(top=area.top + size * 1.5)

    def text(
        self,
        at: Point,
        words: str,
        colour: Rgb | None = None,
        size: int = 17,
        anchor: str = "lm",
        bold: bool = False,
        face: Face | None = None,
        room: float = 0,
        aloud: bool = True,
    ) -> float:
        """Write one line, shortened to `room`, and return its width.

        anchor  l, m or r: what of the line lies at `at`; vertically always the middle of its capitals
        aloud   False for numbers on axes and the like, which are no caption
        """
        path = self._font(face or self.face, bold)
        if room and len(words) * size * 0.8 > room and (width := fonts.font(path, size).getlength(words)) > room:
            kept = words[: int(len(words) * room / width)].rstrip()
            words = kept.rsplit(" ", 1)[0] if " " in kept else kept
        coverage, width = fonts.mask(path, size, words)
        x = at[0] - {"l": 0.0, "m": width / 2, "r": width}[anchor[0]]
        self.image.paste(colour or self.ink, (round(x), round(at[1] - size * 0.64)), coverage)
        if aloud and words:
            self.words.append(words)
        return width

    def small_print(self, at: Point, line: int, room: float) -> None:
        """Running text that is there to look like text: one of a few lines, cut where the column ends."""
        coverage, width = fonts.mask(self._font(self.face, False), SMALL, small_print()[line % SMALL_PRINT])
        part = coverage.crop((0, 0, int(min(room, width)), coverage.height))
        self.image.paste(self.ink, (round(at[0]), round(at[1] - SMALL * 0.64)), part)

    def width_of(self, words: str, size: int, face: Face = "mono", bold: bool = False) -> float:
        return fonts.font(self._font(face, bold), size).getlength(words)

    def _font(self, face: Face, bold: bool) -> str:
        if (face, bold) not in self._fonts:
            found = fonts.faces(face, bold) or ("",)
            self._fonts[face, bold] = self.choices.one(f"font {face} {bold}", found)
        return self._fonts[face, bold]

    def line(self, points: Sequence[Point], colour: Rgb | None = None, width: float = 0, dash: float = 0) -> None:
        """A polyline; with `dash`, strokes and gaps of that length, which a bend does not interrupt."""
        stroke = max(1, round(width or self.style.stroke))
        if self.style.wobble:
            points = self._by_hand(points)
        if not dash:
            self.pen.line(points, colour or self.ink, stroke, joint="curve")
            return
        walked = 0.0
        for (x0, y0), (x1, y1) in pairwise(points):
            length = hypot(x1 - x0, y1 - y0)
            done = 0.0
            while done < length:
                step = min(dash - walked % dash, length - done)
                if int(walked // dash) % 2 == 0:
                    a, b = done / length, (done + step) / length
                    ends = [(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for share in (a, b)]
                    self.pen.line(ends, colour or self.ink, stroke)
                done, walked = done + step, walked + step + 1e-6

    def _by_hand(self, points: Sequence[Point]) -> list[Point]:
        path: list[Point] = []
        for (x0, y0), (x1, y1) in pairwise(points):
            steps = max(1, ceil(hypot(x1 - x0, y1 - y0) / 28))
            path += [(x0 + (x1 - x0) * n / steps, y0 + (y1 - y0) * n / steps) for n in range(steps)]
        stray = self.tremor.normal(0, self.style.wobble * 0.6, (len(path) + 1, 2)).tolist()
        return [(x + dx, y + dy) for (x, y), (dx, dy) in zip([*path, points[-1]], stray, strict=True)]

    def arrow(self, points: Sequence[Point], colour: Rgb, dash: float = 0) -> None:
        (x0, y0), (x1, y1) = points[-2:]
        length = hypot(x1 - x0, y1 - y0) or 1.0
        ux, uy = (x1 - x0) / length * HEAD, (y1 - y0) / length * HEAD
        base = (x1 - ux, y1 - uy)
        self.line([*points[:-1], base], colour, 3, dash)
        tips = [(x1, y1), (base[0] - uy / 2, base[1] + ux / 2), (base[0] + uy / 2, base[1] - ux / 2)]
        self.pen.polygon(tips, colour)

    def shape(self, points: Sequence[Point], colour: Rgb) -> Rgb:
        """A closed shape in the manner of the style; returns the ink that reads on it."""
        fill = self.style.fill
        paler = 0.55 if max(colour) - min(colour) > 40 else 0.1  # a pale black is a grey
        inside = {"flat": colour, "fade": colour, "pale": mix(colour, self.ground, paler)}.get(fill, self.ground)
        self.pen.polygon(points, inside)
        if fill == "fade":
            self._shade(points, colour)
        if fill == "hatch":
            self._hatch(points, colour)
        if fill in ("outline", "hatch", "pale"):
            self.line([*points, points[0]], colour)
        return ink_on(inside)

    def _shade(self, points: Sequence[Point], colour: Rgb) -> None:
        """Darker towards the lower edge."""
        ys = [y for _, y in points]
        xs = [x for x, _ in points]
        left, top, right, bottom = int(min(xs)), int(min(ys)), int(max(xs)) + 1, int(max(ys)) + 1
        stencil = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(stencil).polygon([(x - left, y - top) for x, y in points], 110)
        ramp = Image.linear_gradient("L").resize(stencil.size, Image.Resampling.NEAREST)
        self.image.paste(mix(colour, (0, 0, 0), 0.45), (left, top), ImageChops.multiply(ramp, stencil))

    def _hatch(self, points: Sequence[Point], colour: Rgb) -> None:
        """Slanting strokes, cut at the shape's edge; for a convex shape one stroke a level."""
        corners = np.array([*points, points[0]], float)
        across = corners[:, 0] + corners[:, 1]
        for level in np.arange(across.min() + 7, across.max(), 11):
            hits: list[Point] = []
            for i in np.flatnonzero((across[:-1] < level) != (across[1:] < level)):
                share = (level - across[i]) / (across[i + 1] - across[i])
                x, y = corners[i] + share * (corners[i + 1] - corners[i])
                hits.append((float(x), float(y)))
            for a, b in zip(hits[::2], hits[1::2], strict=False):
                self.pen.line([a, b], colour, 3)

    def box(self, box: Sides, colour: Rgb, radius: float | None = None) -> Rgb:
        """A rectangle in the manner of the style; returns the ink that reads on it."""
        left, top, right, bottom = box
        radius = min(self.style.radius if radius is None else radius, (right - left) / 2, (bottom - top) / 2)
        if radius < 2:
            return self.shape([(left, top), (right, top), (right, bottom), (left, bottom)], colour)
        corners = ((right - radius, bottom - radius, 0), (left + radius, bottom - radius, 1),
                   (left + radius, top + radius, 2), (right - radius, top + radius, 3))  # fmt: skip
        turns = [pi / 8 * step for step in range(5)]
        outline = [
            (x + radius * cos(quarter * pi / 2 + turn), y + radius * sin(quarter * pi / 2 + turn))
            for x, y, quarter in corners
            for turn in turns
        ]
        return self.shape(outline, colour)

    def dot(self, centre: Point, radius: float, fill: Rgb | None, edge: Rgb | None = None, width: int = 1) -> None:
        """A plain disc or circle, whatever the style."""
        x, y = centre
        self.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill, edge, width)

    def plate(
        self, box: Sides, fill: Rgb, edge: Rgb | None = None, radius: float | None = None, width: float = 2
    ) -> None:
        """A plain filled rectangle, whatever the style's manner of filling."""
        left, top, right, bottom = box
        radius = self.style.radius if radius is None else radius
        self.pen.rounded_rectangle(
            (left, top, max(left, right), max(top, bottom)), radius, fill, edge, round(width) if edge else 0
        )

    def finish(self) -> Image.Image:
        picture = self.image.reduce(2)
        strength = {"paper": 7, "chalk": 12}.get(self.style.texture, 0)
        if strength:
            noise = grain(*picture.size, strength, self.choices.integer("grain", 0, 1))
            picture = ImageChops.add(picture, noise, offset=-128)
        return picture
