"""Figures of a PDF page: pictures that it embeds, and clusters of drawing operations that make up a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pypdfium2.raw as raw

from commonplace.errors import UnreadableFile
from commonplace.ingest.pictures import MAX_PIXELS, encode_png, picture_size
from commonplace.ingest.readers.captions import caption_of
from commonplace.ingest.readers.pdf.page import Mark, PageView, Rect, Rule, area, grown, holds, overlap, union
from commonplace.ingest.readers.pdf.text import Line, blocks_of

CELL = 4.0
"""Points of the grid on which neighbouring drawing operations meet."""
REACH = 10.0
"""Points within which operations, and the labels beside them, belong to one drawing."""
LEAST_SIDES = (60.0, 40.0)
"""Points of the longer and the shorter side of a drawing; below are icons and bullets."""
LEAST_WEIGHT = 4
LEAST_PIXELS = 32
LEAST_TICKS = 8
"""Operations that make a picture with lines around it a plot."""
DRAWING_DPI = 180


@dataclass(frozen=True, slots=True)
class FoundFigure:
    box: Rect
    image: Mark | None = None
    """The embedded picture, where the figure is nothing else."""


def find_figures(marks: Sequence[Mark], lines: Sequence[Line], view: PageView) -> list[FoundFigure]:
    """Embedded pictures and drawings, the box of a drawing grown around its labels."""
    marks = [mark for mark in marks if not _is_furniture(mark, marks, lines, view)]
    found: list[FoundFigure] = []
    for cluster in _clusters(marks, view):
        images = [mark for mark in cluster if mark.kind == "image"]
        weight = sum(min(mark.weight, 50) for mark in cluster if mark.kind != "image")
        if len(images) == 1 and weight < LEAST_WEIGHT and len(cluster) < LEAST_TICKS:
            found.append(FoundFigure(images[0].box, images[0]))
        elif images or weight >= LEAST_WEIGHT:
            box = union([mark.box for mark in cluster])
            shorter, longer = sorted((box[2] - box[0], box[3] - box[1]))
            if longer >= LEAST_SIDES[0] and shorter >= LEAST_SIDES[1] and not _is_text_box(box, cluster, lines):
                found.append(FoundFigure(_with_labels(box, lines)))
    return found


def encode_figure(figure: FoundFigure, view: PageView) -> bytes | None:
    """PNG, or the JPEG as it is embedded; None where it is too small to say anything.

    Raises UnreadableFile where the embedded picture declares more pixels than are ever decoded.
    """
    if figure.image is None:
        return encode_png(view.crop(grown(figure.box, 2), DRAWING_DPI))
    width, height = figure.image.object.get_px_size()
    if min(width, height) < LEAST_PIXELS:
        return None
    if width * height > MAX_PIXELS:
        raise UnreadableFile(f"picture of {width:,} x {height:,} pixels skipped")
    if figure.image.upright and (data := _embedded_jpeg(figure.image.object)):
        return data
    box = overlap(figure.box, view.box) or figure.box
    dense = 72 * width / max(1.0, figure.box[2] - figure.box[0])
    return encode_png(view.crop(box, min(max(dense, 100.0), 300.0)))


def _embedded_jpeg(image: Any) -> bytes | None:
    """The JPEG file inside an image object, unless the page masks it."""
    if image.get_filters()[-1:] != ["DCTDecode"] or raw.FPDFPageObj_HasTransparency(image):
        return None
    data = bytes(image.get_data(decode_simple=True))
    try:
        return data if picture_size(data) == image.get_px_size() else None
    except UnreadableFile:
        return None


def _is_furniture(mark: Mark, marks: Sequence[Mark], lines: Sequence[Line], view: PageView) -> bool:
    """Frames, backgrounds, underlines and separators: drawn for the page, not for a figure."""
    if mark.kind == "image":
        return False
    if mark.weight <= 1 and area(mark.box) > 0.5 * area(view.box):
        return True
    if mark.weight or len(mark.rules) != 1 or not mark.rules[0].horizontal:
        return False
    rule = mark.rules[0]
    if any(_underlines(rule, line) for line in lines):
        return True
    near = grown(mark.box, 3)
    return rule.end - rule.start > 0.5 * view.width and not any(
        other is not mark and overlap(near, other.box) for other in marks
    )


def _underlines(rule: Rule, line: Line) -> bool:
    left, top, right, bottom = line.box
    reaches = top < rule.at < bottom + 0.3 * line.size and left - 4 <= rule.start and rule.end <= right + 4
    return reaches and any(abs(word.box[0] - rule.start) < 4 for word in line.words)


def _clusters(marks: Sequence[Mark], view: PageView) -> list[list[Mark]]:
    """Marks that touch, directly or through others: drawn lines within REACH, pictures only side by side."""
    import cv2  # OCR brings it

    grid = np.zeros((int(view.height / CELL) + 2, int(view.width / CELL) + 2), np.uint8)
    spots = []
    for mark in marks:
        left, top, right, bottom = (
            overlap(grown(mark.box, 0.5 if mark.kind == "image" else REACH / 2), view.box) or (0,) * 4
        )
        spots.append((slice(int(top / CELL), int(bottom / CELL) + 1), slice(int(left / CELL), int(right / CELL) + 1)))
        grid[spots[-1]] = 1
    _, labels = cv2.connectedComponents(grid, connectivity=4)
    groups: dict[int, list[Mark]] = {}
    for mark, (rows, columns) in zip(marks, spots, strict=True):
        groups.setdefault(int(labels[rows.start, columns.start]), []).append(mark)
    return list(groups.values())


def _is_text_box(box: Rect, cluster: Sequence[Mark], lines: Sequence[Line]) -> bool:
    """Shapes with horizontal and vertical edges only, filled with text: a highlighted paragraph, a listing."""
    if any(mark.weight > 1 or mark.kind != "path" for mark in cluster):
        return False
    inside = [line.box for line in lines if holds(box, line.box)]
    return sum(map(area, inside)) > 0.35 * area(box)


def _with_labels(box: Rect, lines: Sequence[Line]) -> Rect:
    """The box grown by short lines of text beside it: names of axes, ticks, legends."""
    labels = {
        line.box
        for block in blocks_of(lines)
        if len(block.lines) <= 2 and not caption_of(block.text) and len(block.text) <= 60
        for line in block.lines
        if len(line.words) <= 6
    }
    for _ in range(3):
        width = box[2] - box[0]
        near = [
            label
            for label in labels
            if overlap(label, grown(box, REACH))
            and box[0] - 0.3 * width <= label[0]
            and label[2] <= box[2] + 0.3 * width
        ]
        wider = union([box, *near])
        if wider == box:
            break
        box = wider
    return box


def ink(marks: Iterable[Mark], view: PageView) -> float:
    """Share of the page that images and drawings cover."""
    shown = [overlap(mark.box, view.box) for mark in marks]
    return min(1.0, sum(area(box) for box in shown if box) / area(view.box))
