"""PPTX: slide by slide its title, texts, tables, pictures with alt text, charts, diagrams and notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER

from commonplace.ingest.elements import Element, Front, Note, Passage, Table
from commonplace.ingest.readers.flow import Block, Heading, flow
from commonplace.ingest.readers.office import (
    Pictures,
    chart_table,
    damage_explained,
    drawn_text,
    front,
    open_office,
    parse,
)
from commonplace.ingest.textfile import clean_text
from commonplace.types import Box, Locator

_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PAGE_FURNITURE = (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.HEADER)
_MAX_NESTING = 20

Place = tuple[float, float, float, float]
"""Scale and offset, x then y, from a group's own coordinates to shares of the slide."""


def read(path: Path) -> Iterator[Front | Element | Note]:
    """`locator.page` is the number of the slide."""
    presentation = open_office(path, pptx.Presentation)
    with damage_explained():
        titles = [_title(slide) for slide in presentation.slides]
        yield front(presentation.core_properties, next(filter(None, titles), ""))
        pictures = Pictures()
        whole = (1 / (presentation.slide_width or 1), 1 / (presentation.slide_height or 1), 0.0, 0.0)
        for number, (slide, title) in enumerate(zip(presentation.slides, titles, strict=True), start=1):
            # Each slide flows by itself: one without a title does not lie under the title of the last.
            yield from flow(_slide(slide, title, number, whole, pictures))


def _slide(slide: Any, title: str, number: int, whole: Place, pictures: Pictures) -> Iterator[Block]:
    reader = _Slide(number, pictures)
    blocks = [block for shape in slide.shapes if not _is_title(shape, slide) for block in reader.shape(shape, whole)]
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        blocks += [Passage(f"Notes: {text}", Locator(page=number))] if (text := _text(frame)) else []
    if title:
        yield Heading(1, title, Locator(page=number))
    yield from blocks


class _Slide:
    def __init__(self, number: int, pictures: Pictures) -> None:
        self._number = number
        self._pictures = pictures

    def shape(self, shape: Any, place: Place, depth: int = 0) -> Iterator[Block]:
        locator = Locator(page=self._number, bbox=_bbox(shape, place))
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            inner = _inner_place(shape, place)
            for child in shape.shapes if depth < _MAX_NESTING else ():
                yield from self.shape(child, inner, depth + 1)
        elif getattr(shape, "has_table", False):
            yield _table(shape.table, locator)
        elif getattr(shape, "has_chart", False):
            if table := chart_table(shape.chart.part.blob, locator):
                yield table
        elif (relation := _embedded(shape)) is not None:
            part = shape.part.rels.get(relation)
            if part is not None and not part.is_external:
                target = part.target_part
                found = self._pictures.take(str(target.partname), lambda: target.blob, locator, _alt(shape))
                yield from filter(None, [found])
        elif shape.has_text_frame:
            furniture = shape.is_placeholder and shape.placeholder_format.type in _PAGE_FURNITURE
            if not furniture and (text := _text(shape.text_frame)):
                yield Passage(text, locator)
        else:
            yield from self._diagram(shape, locator)

    def _diagram(self, shape: Any, locator: Locator) -> Iterator[Block]:
        for diagram in shape._element.iter(_DIAGRAM):
            part = shape.part.rels.get(diagram.get(_RELATION + "dm"))
            root = None if part is None or part.is_external else parse(part.target_part.blob)
            if root is not None and (text := drawn_text(root)):
                yield Passage(text, locator)


def _title(slide: Any) -> str:
    shape = slide.shapes.title
    return " ".join(_text(shape.text_frame).split()) if shape is not None and shape.has_text_frame else ""


def _is_title(shape: Any, slide: Any) -> bool:
    title = slide.shapes.title
    return title is not None and shape.shape_id == title.shape_id


def _text(frame: Any) -> str:
    """The paragraphs of a shape, indented as they are."""
    lines = ("  " * paragraph.level + paragraph.text.replace("\v", "\n").strip() for paragraph in frame.paragraphs)
    return clean_text("\n".join(line for line in lines if line.strip()))


def _table(table: Any, locator: Locator) -> Table:
    rows = tuple(tuple("" if cell.is_spanned else _text(cell.text_frame) for cell in row.cells) for row in table.rows)
    return Table(rows, locator, header_rows=int(bool(table.first_row)))


def _embedded(shape: Any) -> str | None:
    """The relation to the picture that a picture shape or a filled picture placeholder shows."""
    fill = shape._element.find("{*}blipFill/{*}blip")
    relation: str | None = fill.get(_RELATION + "embed") if fill is not None else None
    return relation


def _alt(shape: Any) -> str:
    described = shape._element.find("{*}nvPicPr/{*}cNvPr")
    return "" if described is None else described.get("descr") or described.get("title") or ""


def _bbox(shape: Any, place: Place) -> Box | None:
    if None in (shape.left, shape.top, shape.width, shape.height):
        return None
    across, down, left, top = place
    corners = (
        left + shape.left * across,
        top + shape.top * down,
        left + (shape.left + shape.width) * across,
        top + (shape.top + shape.height) * down,
    )
    inside = tuple(round(min(max(share, 0.0), 1.0), 4) for share in corners)
    return inside[0], inside[1], inside[2], inside[3]


def _inner_place(group: Any, place: Place) -> Place:
    """Where the children of a group lie: it has coordinates of its own, scaled to its size."""
    transform: Any = group._element.find("{*}grpSpPr/{*}xfrm")
    offset, extent = (None, None) if transform is None else (transform.find("{*}chOff"), transform.find("{*}chExt"))
    if offset is None or extent is None or None in (group.left, group.top, group.width, group.height):
        return place
    x, y = int(offset.get("x")), int(offset.get("y"))
    width, height = int(extent.get("cx")), int(extent.get("cy"))
    across, down, left, top = place
    inner_across = across * group.width / (width or 1)
    inner_down = down * group.height / (height or 1)
    return (
        inner_across,
        inner_down,
        left + group.left * across - x * inner_across,
        top + group.top * down - y * inner_down,
    )
