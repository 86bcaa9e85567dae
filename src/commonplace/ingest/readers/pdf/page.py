"""One page of a PDF through pdfium: its words, its drawing operations, and crops of what it looks like.

Every coordinate that leaves this module is in points from the top left of the page as it is shown: rotation, crop box
and the matrices of nested form objects are behind us.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from commonplace.types import Locator

Rect = tuple[float, float, float, float]
"""Left, top, right, bottom in points."""

MAX_MARKS = 50_000
"""Drawing operations looked at on one page: a map may have millions, and the first show where it lies."""
MAX_EDGES = 400
"""Segments of one path whose points are read; a longer path is a drawing whatever they say."""
THIN = 2.5
"""Points: a line or filled rectangle of at most this breadth is a rule."""
MAX_SIDE = 3000
"""Pixels of the longest side of a rendered crop."""

_MONO = re.compile(r"mono|courier|consol|menlo|code|typewriter|cmtt", re.IGNORECASE)
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    box: Rect
    size: float
    """Font size in points, as it is shown."""
    bold: bool
    mono: bool
    upright: bool
    line: int
    """Number of the line that pdfium sees it in."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal or vertical line: at y (or x) `at`, from x (or y) `start` to `end`."""

    horizontal: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawing operation that is not text.

    weight  0 for a rule, 1 for a shape of horizontal and vertical edges, else its curves and slanted lines
    rules   its horizontal and vertical edges
    object  pdfium's, of an image
    """

    kind: Literal["path", "image", "shading"]
    box: Rect
    weight: int = 1
    rules: tuple[Rule, ...] = ()
    object: Any = None
    upright: bool = True


def overlap(a: Rect, b: Rect) -> Rect | None:
    box = max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
    return box if box[0] < box[2] and box[1] < box[3] else None


def union(boxes: Iterator[Rect] | list[Rect]) -> Rect:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def area(box: Rect) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def holds(box: Rect, inner: Rect) -> bool:
    """Whether the centre of `inner` lies in `box`."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def grown(box: Rect, by: float) -> Rect:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


class PageView:
    """number         of the page in the document, from 1
    width, height  of the page as it is shown, in points
    """

    def __init__(self, page: pdfium.PdfPage, number: int) -> None:
        self._page, self.number = page, number
        self.width, self.height = page.get_size()
        self.box: Rect = (0.0, 0.0, self.width, self.height)
        self._to_view = self._view_matrix()

    def locator(self, box: Rect) -> Locator:
        left, top, right, bottom = overlap(box, self.box) or box
        across = round(left / self.width, 4), round(right / self.width, 4)
        down = round(top / self.height, 4), round(bottom / self.height, 4)
        return Locator(page=self.number, bbox=(across[0], down[0], across[1], down[1]))

    def words(self) -> list[Word]:
        """The words in the order of the content stream."""
        with closing(self._page.get_textpage()) as textpage:
            return [word for word in _words(textpage, self._to_view) if holds(self.box, word.box)]

    def marks(self) -> list[Mark]:
        """The visible drawing operations in painting order, at most MAX_MARKS."""
        found: list[Mark] = []
        for item, matrix in _objects(self._page, self._to_view):
            mark = _mark(item, matrix)
            shown = mark and overlap(grown(mark.box, 0.5), grown(self.box, 0.5))
            if mark and shown and (area(shown) < 0.9 * area(self.box) or mark.kind == "image"):
                found.append(mark)
            if len(found) == MAX_MARKS:
                break
        return found

    def crop(self, box: Rect, dpi: float) -> Image.Image:
        """What the page shows in the box, as RGB; less dense where the longest side would pass MAX_SIDE pixels."""
        left, top, right, bottom = overlap(box, self.box) or self.box
        scale = min(dpi / 72, MAX_SIDE / max(right - left, bottom - top))
        margins = (left, self.height - bottom, self.width - right, top)
        with closing(self._page.render(scale=scale, crop=margins, may_draw_forms=False, rev_byteorder=True)) as bitmap:
            image: Image.Image = bitmap.to_pil().convert("RGB")  # a copy: the bitmap's own memory ends with it
            return image

    def _view_matrix(self) -> pdfium.PdfMatrix:
        """From the page's own coordinates to points from the top left of what is shown."""
        size = 1 << 24
        x, y = ctypes.c_int(), ctypes.c_int()

        def shown(page_x: float, page_y: float) -> tuple[float, float]:
            raw.FPDF_PageToDevice(self._page, 0, 0, size, size, 0, page_x, page_y, x, y)
            return x.value / size * self.width, y.value / size * self.height

        (e, f), (ax, ay), (cx, cy) = shown(0, 0), shown(100, 0), shown(0, 100)
        return pdfium.PdfMatrix((ax - e) / 100, (ay - f) / 100, (cx - e) / 100, (cy - f) / 100, e, f)


def _words(textpage: Any, to_view: pdfium.PdfMatrix) -> Iterator[Word]:
    styles: dict[int | None, _Style] = {}
    letters: list[str] = []
    first = line = 0

    def word(last: int) -> Word:
        # The boxes of the first and the last letter: asking for every letter takes ten times as long.
        box = union([textpage.get_charbox(index, loose=True) for index in (first, last)])
        run = ctypes.cast(raw.FPDFText_GetTextObject(textpage, first), ctypes.c_void_p).value
        if run not in styles:
            styles[run] = _style(textpage, first, to_view)
        size, bold, mono, upright = styles[run]
        return Word("".join(letters), to_view.on_rect(*box), size or box[3] - box[1], bold, mono, upright, line)

    index = -1
    for index, letter in enumerate(_letters(textpage)):
        broken = letter in "\x02\ufffe"  # how pdfium marks a hyphen at a line's end, whose line break it leaves out
        if broken or (letter.isprintable() and letter != " "):
            if not letters:
                first = index
            letters.append("-" if broken else letter)
        if letters and (broken or letter.isspace() or letter == "\0"):
            yield word(index if broken else index - 1)
            letters = []
        line += broken or letter == "\n"
    if letters:
        yield word(index)


def _letters(textpage: Any) -> Iterator[str]:
    """The character at each index of pdfium's: in one call where none is lost or doubled on the way."""
    count = raw.FPDFText_CountChars(textpage)
    units = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(textpage, 0, count, units) == count + 1:
        text = bytes(units)[:-2].decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return iter(text)
    return (chr(raw.FPDFText_GetUnicode(textpage, index)) for index in range(count))


_Style = tuple[float, bool, bool, bool]
"""Size in points, bold, monospaced, upright as the page is shown."""


def _style(textpage: Any, index: int, to_view: pdfium.PdfMatrix) -> _Style:
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(textpage, index, matrix)
    seen = pdfium.PdfMatrix.from_raw(matrix).multiply(to_view)
    size = raw.FPDFText_GetFontSize(textpage, index) * math.hypot(matrix.c, matrix.d)
    name, flags = ctypes.create_string_buffer(96), ctypes.c_int()
    raw.FPDFText_GetFontInfo(textpage, index, name, 96, flags)
    family = name.value.decode("utf-8", "replace")
    bold = raw.FPDFText_GetFontWeight(textpage, index) >= 600 or _BOLD.search(family) is not None
    mono = bool(flags.value & 1) or _MONO.search(family) is not None
    return size, bold, mono, seen.a > abs(seen.b)


def _objects(
    page: pdfium.PdfPage, matrix: pdfium.PdfMatrix, form: pdfium.PdfObject | None = None, level: int = 0
) -> Iterator[tuple[pdfium.PdfObject, pdfium.PdfMatrix]]:
    """Objects of the page, or of a form on it, that are not text, with the matrix from their container to the view."""
    for item in page.get_objects(max_depth=1, form=form):
        if item.type == raw.FPDF_PAGEOBJ_FORM:
            if level < 8:
                yield from _objects(page, item.get_matrix().multiply(matrix), item, level + 1)
        elif item.type != raw.FPDF_PAGEOBJ_TEXT:
            yield item, matrix


def _mark(item: pdfium.PdfObject, matrix: pdfium.PdfMatrix) -> Mark | None:
    """The object as a mark; None where it paints nothing."""
    box = matrix.on_rect(*item.get_bounds())
    if not all(map(math.isfinite, box)):
        return None
    if item.type == raw.FPDF_PAGEOBJ_IMAGE:
        own = item.get_matrix().multiply(matrix)
        upright = own.a > 0 and own.d < 0 and abs(own.b) + abs(own.c) < 0.01 * (own.a - own.d)
        return Mark("image", box, object=item, upright=upright)
    if item.type != raw.FPDF_PAGEOBJ_PATH:
        return Mark("shading", box)
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(item, fill, stroke)
    if not stroke.value and (not fill.value or _is_white(item)):
        return None
    count = raw.FPDFPath_CountSegments(item)
    if count > MAX_EDGES:
        return Mark("path", box, weight=MAX_EDGES)
    slanted, rules = _edges(item, count, item.get_matrix().multiply(matrix))
    thin = min(box[2] - box[0], box[3] - box[1]) <= THIN
    if thin and not stroke.value:  # a rule that is drawn as a filled rectangle has two long edges
        rules = [_middle(box)]
    return Mark("path", box, weight=slanted or int(not thin), rules=tuple(rules))


def _edges(item: Any, count: int, matrix: pdfium.PdfMatrix) -> tuple[int, list[Rule]]:
    """How many curves and slanted lines a path has, and its horizontal and vertical edges."""
    x, y = ctypes.c_float(), ctypes.c_float()
    slanted, rules = 0, []
    start = last = (0.0, 0.0)
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(item, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = matrix.on_point(x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        ends = [point]
        if raw.FPDFPathSegment_GetClose(segment):
            ends.append(start)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = last = point
            continue
        slanted += kind == raw.FPDF_SEGMENT_BEZIERTO
        for end in ends if kind == raw.FPDF_SEGMENT_LINETO else ends[1:]:
            breadth, height = abs(end[0] - last[0]), abs(end[1] - last[1])
            if height <= 0.5 < breadth:
                rules.append(Rule(True, end[1], min(end[0], last[0]), max(end[0], last[0])))
            elif breadth <= 0.5 < height:
                rules.append(Rule(False, end[0], min(end[1], last[1]), max(end[1], last[1])))
            elif breadth > 0.5:
                slanted += 1
            last = end
        last = ends[-1]
    return slanted, rules


def _middle(box: Rect) -> Rule:
    left, top, right, bottom = box
    if right - left >= bottom - top:
        return Rule(True, (top + bottom) / 2, left, right)
    return Rule(False, (left + right) / 2, top, bottom)


def _is_white(item: Any) -> bool:
    colour = [ctypes.c_uint() for _ in range(4)]
    raw.FPDFPageObj_GetFillColor(item, *colour)
    return min(part.value for part in colour[:3]) >= 250 or colour[3].value == 0
