"""PPTX: slide by slide its title, texts, tables, pictures with alt text, charts, diagrams and notes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pptx
from pptx.enum.shapes import MSO_SHAPE_TYPE, PP_PLACEHOLDER

from commonplace.ingest.elements import Element, Front, Note, Passage, Table
from commonplace.ingest.readers.flow import Block, Heading, flow
from commonplace.ingest.readers.office import (
    DIAGRAM,
    RELATION,
    Pictures,
    alt_text,
    chart_table,
    damage_explained,
    diagram_text,
    front,
    open_office,
    related,
)
from commonplace.ingest.textfile import clean_text
from commonplace.types import Box, Locator

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
            yield from flow(_Slide(number, pictures).blocks(slide, title, whole))


@dataclass(frozen=True)
class _Slide:
    number: int
    pictures: Pictures

    def blocks(self, slide: Any, title: str, whole: Place) -> Iterator[Block]:
        if title:
            yield Heading(1, title, Locator(page=self.number))
        for shape in slide.shapes:
            if slide.shapes.title is None or shape.shape_id != slide.shapes.title.shape_id:
                yield from self.shape(shape, whole)
        notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
        if notes is not None and (text := _text(notes)):
            yield Passage(f"Notes: {text}", Locator(page=self.number))

    def shape(self, shape: Any, place: Place, depth: int = 0) -> Iterator[Block]:
        locator = Locator(page=self.number, bbox=_bbox(shape, place))
        if shape.shape_type == MSO_SHAPE_TYPE.GROUP:
            inner = _inner_place(shape, place)
            for child in shape.shapes if depth < _MAX_NESTING else ():
                yield from self.shape(child, inner, depth + 1)
        elif getattr(shape, "has_table", False):
            yield _table(shape.table, locator)
        elif getattr(shape, "has_chart", False):
            yield from chart_table(shape.chart.part.blob, locator)
        elif relation := _embedded(shape):
            if (part := related(shape.part, relation)) is not None:
                alt = alt_text(shape._element.find("{*}nvPicPr/{*}cNvPr"))
                yield from self.pictures.take(str(part.partname), lambda: part.blob, locator, alt)
        elif shape.has_text_frame:
            furniture = shape.is_placeholder and shape.placeholder_format.type in _PAGE_FURNITURE
            if not furniture and (text := _text(shape.text_frame)):
                yield Passage(text, locator)
        else:
            for diagram in shape._element.iter(DIAGRAM):
                if (part := related(shape.part, diagram.get(RELATION + "dm"))) is not None:
                    yield from diagram_text(part.blob, locator)


def _title(slide: Any) -> str:
    shape = slide.shapes.title
    return " ".join(_text(shape.text_frame).split()) if shape is not None and shape.has_text_frame else ""


def _text(frame: Any) -> str:
    """The paragraphs of a shape, indented as they are."""
    lines = ("  " * paragraph.level + paragraph.text.replace("\v", "\n").strip() for paragraph in frame.paragraphs)
    return clean_text("\n".join(line for line in lines if line.strip()))


def _table(table: Any, locator: Locator) -> Table:
    rows = tuple(tuple("" if cell.is_spanned else _text(cell.text_frame) for cell in row.cells) for row in table.rows)
    return Table(rows, locator, header_rows=int(bool(table.first_row)))


def _embedded(shape: Any) -> Any:
    """The relation to the picture that a picture shape or a filled picture placeholder shows."""
    fill = shape._element.find("{*}blipFill/{*}blip")
    return None if fill is None else fill.get(RELATION + "embed")


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
