"""DOCX: headings, paragraphs, lists, tables, pictures with their alt text and captions, text boxes, notes.

Tracked changes are read as accepted; headers and footers, which repeat on every page, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import docx
from docx.oxml.ns import qn

from commonplace.ingest.elements import NOWHERE, Element, Front, Note, Passage, Picture, Table
from commonplace.ingest.readers.captions import caption_of
from commonplace.ingest.readers.flow import Block, Heading, flow
from commonplace.ingest.readers.office import (
    CHART,
    DIAGRAM,
    Pictures,
    alt_text,
    chart_table,
    damage_explained,
    diagram_text,
    front,
    open_office,
    parse,
    related,
)
from commonplace.ingest.textfile import clean_text

_NO_TEXT = frozenset(map(qn, ("w:pPr", "w:rPr", "w:del", "w:moveFrom", "w:txbxContent")))
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_VML = "{urn:schemas-microsoft-com:vml}"
_OUTER = frozenset(map(qn, ("w:sdt", "w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag")))


def read(path: Path) -> Iterator[Front | Element | Note]:
    document = open_office(path, docx.Document)
    with damage_explained():
        body = _Body(document)
        yield front(document.core_properties, body.title())
        yield from flow(_with_captions(body.blocks(document.element.body)))


@dataclass(frozen=True, slots=True)
class _Item:
    """A paragraph of a list; neighbours become one passage."""

    text: str


@dataclass(frozen=True, slots=True)
class _Caption:
    text: str


class _Body:
    def __init__(self, document: Any) -> None:
        self._part = document.part
        self._pictures = Pictures()
        self._notes = dict(self._foot_and_endnotes())
        self._levels = {style.style_id: _level_of(style) for style in document.styles if hasattr(style, "base_style")}
        self._kinds = {style.style_id: (style.name or "").lower() for style in document.styles}
        self._below_title = 0

    def title(self) -> str:
        paragraphs = self._part.element.body.iterchildren(qn("w:p"))
        return next((self._text(one) for one in paragraphs if self._kinds.get(one.style or "") == "title"), "")

    def blocks(self, parent: Any) -> Iterator[Block | _Caption]:
        """The blocks of the body, of a text box or of a table cell."""
        for is_list, blocks in groupby(self._blocks(parent), key=lambda block: isinstance(block, _Item)):
            if is_list:
                yield Passage("\n".join(item.text for item in blocks if isinstance(item, _Item)))
            else:
                yield from (block for block in blocks if not isinstance(block, _Item))

    def _blocks(self, parent: Any) -> Iterator[Block | _Caption | _Item]:
        for child in parent:
            if child.tag == qn("w:p"):
                yield from self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                yield from self._table(child)
            elif child.tag in _OUTER:
                yield from self._blocks(child)

    def _paragraph(self, paragraph: Any) -> Iterator[Block | _Caption | _Item]:
        style = paragraph.style or ""
        text = self._text(paragraph)
        kind = self._kinds.get(style, "")
        if text:
            notes = [self._notes[key] for key in _note_keys(paragraph) if key in self._notes]
            level = _outline_level(paragraph) or self._levels.get(style, 0)
            if kind == "title":
                self._below_title = 1
                yield Heading(1, text)
            elif level:
                yield Heading(level + self._below_title, text)
            elif kind == "caption" or caption_of(text):
                yield _Caption(text)
            elif (indent := _list_indent(paragraph, kind)) is not None:
                yield _Item("\n".join(["  " * indent + "- " + text, *notes]))
            else:
                yield Passage("\n".join([text, *notes]))
        yield from self._drawings(paragraph)

    def _text(self, paragraph: Any) -> str:
        """What the paragraph says once all changes are accepted."""
        return clean_text("".join(_pieces(paragraph))).strip()

    def _table(self, table: Any) -> Iterator[Block | _Caption | _Item]:
        rows: list[tuple[str, ...]] = []
        header_rows = 0
        cells = list(table.iter(qn("w:tc")))
        if len(cells) == 1:  # a frame around text
            yield from self.blocks(cells[0])
            return
        for row in table.iterchildren(qn("w:tr")):
            if row.find(f"{qn('w:trPr')}/{qn('w:del')}") is not None:
                continue
            header_rows += len(rows) == header_rows and row.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}") is not None
            rows.append(tuple(text for cell in _cells(row) for text in self._cell(cell)))
        width = max(map(len, rows), default=0)
        rows = [row + ("",) * (width - len(row)) for row in rows]
        if any(any(row) for row in rows):
            yield Table(tuple(rows), header_rows=header_rows or 1)
        for cell in cells:
            for paragraph in cell.iterchildren(qn("w:p")):
                yield from self._drawings(paragraph)

    def _cell(self, cell: Any) -> Iterator[str]:
        """The text of a cell, then an empty one for each further column that it spans."""
        merge = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
        continued = merge is not None and merge.get(qn("w:val"), "continue") == "continue"
        paragraphs = (self._text(paragraph) for paragraph in cell.iter(qn("w:p")))
        yield "" if continued else "\n".join(filter(None, paragraphs))
        span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
        for _ in range(min(int(span.get(qn("w:val"), 1)), 64) - 1 if span is not None else 0):
            yield ""

    def _drawings(self, paragraph: Any) -> Iterator[Block | _Caption]:
        """Pictures, charts, diagrams and text boxes that are anchored in the paragraph."""
        for drawing in _unlike(paragraph, _FALLBACK, (qn("w:drawing"), qn("w:pict"))):
            box = drawing.find(f".//{qn('w:txbxContent')}")
            if box is not None:
                yield from self.blocks(box)
            for shown in drawing.iter(qn("a:blip"), _VML + "imagedata", CHART + "chart", DIAGRAM):
                ids = (shown.get(qn(name)) for name in ("r:embed", "r:id", "r:dm"))
                if (part := related(self._part, next(filter(None, ids), None))) is not None:
                    yield from self._shown(shown, part, drawing)

    def _shown(self, shown: Any, part: Any, drawing: Any) -> Iterator[Block]:
        if shown.tag == CHART + "chart":
            yield from chart_table(part.blob, NOWHERE)
        elif shown.tag == DIAGRAM:
            yield from diagram_text(part.blob, NOWHERE)
        else:
            alt = alt_text(next(drawing.iter(qn("wp:docPr"), _VML + "shape"), None))
            yield from self._pictures.take(str(part.partname), lambda: part.blob, NOWHERE, alt)

    def _foot_and_endnotes(self) -> Iterator[tuple[tuple[str, str], str]]:
        for relation in self._part.rels.values():
            kind = relation.reltype.rpartition("/")[2]
            if kind in ("footnotes", "endnotes") and not relation.is_external:
                for note in parse(relation.target_part.blob):
                    text = " ".join(filter(None, (self._text(p) for p in note.iter(qn("w:p")))))
                    if text:
                        yield (kind[:-1], note.get(qn("w:id"))), text


def _pieces(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in (qn("w:tab"), qn("w:ptab")):
            yield "\t"
        elif child.tag in (qn("w:br"), qn("w:cr")):
            yield "\n"
        elif child.tag == qn("w:noBreakHyphen"):
            yield "-"
        elif child.tag not in _NO_TEXT and child.tag != _FALLBACK:
            yield from _pieces(child)


def _unlike(element: Any, without: str, tags: tuple[str, ...]) -> Iterator[Any]:
    """The outermost descendants with one of the tags, none of them below `without`."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag != without:
            yield from _unlike(child, without, tags)


def _cells(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag == qn("w:tc"):
            yield child
        elif child.tag in _OUTER:
            yield from _cells(child)


def _note_keys(paragraph: Any) -> Iterator[tuple[str, str]]:
    for reference in paragraph.iter(qn("w:footnoteReference"), qn("w:endnoteReference")):
        yield reference.tag.rpartition("}")[2].removesuffix("Reference"), reference.get(qn("w:id"))


def _level_of(style: Any) -> int:
    """Outline level from 1, by the style or the styles that it is based on; 0 for none."""
    for _ in range(10):
        if style is None:
            break
        if found := re.fullmatch(r"heading (\d)", (style.name or "").lower()):
            return int(found[1])
        if level := _outline_level(style.element):
            return level
        style = style.base_style
    return 0


def _outline_level(element: Any) -> int:
    level = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    value = int(level.get(qn("w:val"), 9)) if level is not None else 9
    return value + 1 if value < 9 else 0


def _list_indent(paragraph: Any, style: str) -> int | None:
    numbering = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
    if numbering is None:
        return 0 if style.startswith("list") else None
    level = numbering.find(qn("w:ilvl"))
    return int(level.get(qn("w:val"), 0)) if level is not None else 0


def _with_captions(blocks: Iterator[Block | _Caption]) -> Iterator[Block]:
    """Give each caption to its neighbour: of tables it stands above as a rule, of pictures below."""
    sequence = list(blocks)
    for index, caption in enumerate(sequence):
        if not isinstance(caption, _Caption):
            continue
        before, after = index - 1, index + 1
        for neighbour in (after, before) if caption_of(caption.text) == "table" else (before, after):
            block = sequence[neighbour] if 0 <= neighbour < len(sequence) else None
            if isinstance(block, Picture | Table) and not block.caption:
                sequence[neighbour] = replace(block, caption=caption.text)
                break
        else:
            sequence[index] = Passage(caption.text)
    for block in sequence:
        if not isinstance(block, _Caption):
            yield block
