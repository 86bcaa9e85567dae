"""Elements become drafts of chunks: passages of about TARGET characters under one heading, slices of tables, pictures.

Everything that a reader gives ends in a draft, once and in its order; sizes are bounded; the same elements give the
same drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest

from commonplace.ingest.elements import Draft, Element, Front, Note, Passage, Picture, Recording, Table
from commonplace.types import Box, Locator

TARGET = 1000
"""Characters that a passage is filled up to."""

LONGEST = 1400
"""Characters that no passage exceeds."""

SMALL = 300
"""Characters below which a passage takes in its neighbour even beyond TARGET."""

_BETWEEN = "\n\n"
_BETWEEN_CELLS = " | "

# Where a text may be cut, best first: after a paragraph, a line, a sentence, a clause, a word. Only white space may
# match: what a cut matches is left out.
_CUTS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…])\s+|(?<=[.!?…][\"')\]»”])\s+|(?<=[。！？])"),
    re.compile(r"(?<=[,;:])\s+|(?<=[、，；])"),
    re.compile(r"\s+"),
)


def drafts(elements: Iterable[Element | Front | Note]) -> Iterator[Draft]:
    """The drafts of one document. Links to pictures, notes and front matter are no chunks and pass by without one.

    A draft of a table has its caption in `caption` and its cells in `text`, the header in every slice, and the
    picture of the table, if there is one, on the first.
    """
    run: list[Passage] = []
    size = 0
    for element in elements:
        match element:
            case Passage():
                for part in split(element):
                    if run and not _joins(run[-1], size, part):
                        yield _joined(run)
                        run, size = [], 0
                    size += len(part.text) + (len(_BETWEEN) if run else 0)
                    run.append(part)
            case Table():
                # A table ends a passage; a picture does not: steps with a screenshot each are one text.
                if run:
                    yield _joined(run)
                    run, size = [], 0
                yield from _slices(element)
            case Picture():
                yield Draft(
                    element.modality, element.locator, "", element.data, element.alt, element.caption, element.paragraph
                )
            case Recording():
                yield Draft(element.modality, Locator(start=0.0, end=element.seconds), element.text)
    if run:
        yield _joined(run)


def _joins(last: Passage, size: int, part: Passage) -> bool:
    """Whether `part` belongs to the passage that ends with `last` and has `size` characters."""
    here, there = last.locator, part.locator
    if (here.page, here.headings, here.frame) != (there.page, there.headings, there.frame):
        return False
    together = size + len(_BETWEEN) + len(part.text)
    return together <= TARGET or (min(size, len(part.text)) < SMALL and together <= LONGEST)


def _joined(run: Sequence[Passage]) -> Draft:
    return Draft("text", cover([part.locator for part in run]), _BETWEEN.join(part.text for part in run))


def cover(locators: Sequence[Locator]) -> Locator:
    """The place that covers places of one page under one heading path: boxes, lines and times from first to last."""
    lines = [locator.lines for locator in locators if locator.lines]
    boxes = [locator.bbox for locator in locators if locator.bbox]
    starts = [locator.start for locator in locators if locator.start is not None]
    ends = [locator.end for locator in locators if locator.end is not None]
    return replace(
        locators[0],
        lines=(min(first for first, _ in lines), max(last for _, last in lines)) if lines else None,
        bbox=_union(boxes) if boxes else None,
        start=min(starts, default=None),
        end=max(ends, default=None),
    )


def _union(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def split(passage: Passage) -> Iterator[Passage]:
    """The passage whole where it fits, else parts of equal share, cut where it reads best.

    Where the lines of the text are the lines of the file (code, logs, plain text), each part knows its own.
    """
    text = passage.text.strip("\n")
    if not text.strip():
        return
    if len(text) <= LONGEST:
        yield replace(passage, text=text)
        return
    lines = passage.locator.lines
    verbatim = lines is not None and text.count("\n") == lines[1] - lines[0] and text == passage.text
    for start, end in spans(text):
        own = passage.locator
        if lines and verbatim:
            first = lines[0] + text.count("\n", 0, start)
            own = replace(own, lines=(first, first + text.count("\n", start, end)))
        yield Passage(text[start:end], own)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of the parts of a text, white space between them left out, each at most LONGEST characters."""
    start = 0
    while start < len(text):
        rest = len(text) - start
        if rest <= LONGEST:
            end = after = len(text)
        else:
            ideal = start + rest // -(-rest // TARGET)
            end, after = _cut(
                text, max(start + 1, ideal - TARGET // 2), min(start + LONGEST, ideal + TARGET // 3), ideal
            )
        if text[start:end].strip():
            yield start, end
        start = after


def _cut(text: str, low: int, high: int, ideal: int) -> tuple[int, int]:
    """Where to end a part and to begin the next: at the best kind of place between low and high, near the ideal."""
    for kind in _CUTS:
        if found := [match for match in kind.finditer(text, low, high) if match.end() > low]:
            best = min(found, key=lambda match: abs(match.start() - ideal))
            return best.start(), best.end()
    return ideal, ideal


def _slices(table: Table) -> Iterator[Draft]:
    rows = [tuple(" ".join(cell.split()) for cell in row) for row in table.rows]
    head, body = rows[: table.header_rows], rows[table.header_rows :]
    lines = table.locator.lines
    row_lines = lines is not None and lines[1] - lines[0] + 1 == len(body)
    picture = table.picture
    for text, first, last in _slice_texts(head, body):
        own = table.locator
        if lines and row_lines and last > first:
            own = replace(own, lines=(lines[0] + first, lines[0] + last - 1))
        yield Draft("table", own, text, picture, caption=table.caption)
        picture = None
    if picture:
        yield Draft("table", table.locator, "", picture, caption=table.caption)


def _slice_texts(head: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> Iterator[tuple[str, int, int]]:
    """Text of each slice, and which rows of the body it holds: [first, last).

    A row that does not fit on a slice below the header is written a cell a line, each after the name of its column.
    """
    header = [_line(row) for row in head if any(row)]
    above = sum(len(line) + 1 for line in header)
    names = [" ".join(filter(None, column)) for column in zip_longest(*head, fillvalue="")]
    fitting = [above + len(_line(row)) <= LONGEST for row in body]
    if header and not any(fitting):
        yield from ((part, 0, 0) for part in _parts("\n".join(header)))
    for fits, group in groupby(range(len(body)), key=lambda index: fitting[index]):
        if fits:
            yield from _packed(header, above, body, group)
            continue
        for index in group:
            cells = zip_longest(names, body[index], fillvalue="")
            text = "\n".join(f"{name}: {cell}" if name else cell for name, cell in cells if cell)
            yield from ((part, index, index + 1) for part in _parts(text))


def _packed(
    header: list[str], above: int, body: Sequence[Sequence[str]], group: Iterable[int]
) -> Iterator[tuple[str, int, int]]:
    """Slices of up to TARGET characters of the rows of `group`, which follow each other, below the header."""
    packed: list[str] = []
    first, size = 0, above
    for index in group:
        line = _line(body[index])
        if packed and size + len(line) > TARGET:
            yield "\n".join(header + packed), first, index
            packed, size = [], above
        if not line:
            continue
        first = first if packed else index
        packed.append(line)
        size += len(line) + 1
    if packed:
        yield "\n".join(header + packed), first, index + 1


def _line(row: Sequence[str]) -> str:
    return _BETWEEN_CELLS.join(row) if any(row) else ""


def _parts(text: str) -> Iterator[str]:
    return (text[start:end] for start, end in spans(text))
