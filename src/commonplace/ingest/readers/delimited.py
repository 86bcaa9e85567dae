"""CSV and its kin: tables in bounded slices of rows, each with the header; the delimiter is found by trying."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from commonplace.ingest.elements import Element, Front, Note, Table
from commonplace.ingest.readers import plain
from commonplace.ingest.textfile import Lines, read_lines
from commonplace.types import Locator

ROWS = 200
CHARACTERS = 100_000
"""A slice ends at either."""

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50


def read(path: Path) -> Iterator[Front | Element | Note]:
    lines = read_lines(path)
    sample = list(islice(lines, _SAMPLE_LINES))
    delimiter = find_delimiter([line for _, line in sample])
    return _slices(_Records(chain(sample, lines)), delimiter)


def find_delimiter(lines: list[str]) -> str:
    """The delimiter that cuts most lines into the same number (2 or more) of fields; a comma where none does."""

    def agreement(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
        return max(((count, width) for width, count in widths.items() if width > 1), default=(0, 0))

    return max(_DELIMITERS, key=agreement)


class _Records:
    """Lines for `csv.reader`, which remember what belongs to the record that is being read."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.current: list[tuple[int, str]] = []

    def __iter__(self) -> Iterator[str]:
        for number, line in self.lines:
            self.current.append((number, line))
            yield line + "\n"


def _slices(records: _Records, delimiter: str) -> Iterator[Table | Note | Element]:
    header: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    first = last = size = 0

    def table() -> Table:
        whole = (header, *rows) if header else tuple(rows)
        return Table(whole, Locator(lines=(first, last)), header_rows=int(bool(header)))

    try:
        for number, row in enumerate(csv.reader(records, delimiter=delimiter)):
            begins, ends = records.current[0][0], records.current[-1][0]
            records.current.clear()
            cells = tuple(cell.strip() for cell in row)
            if number == 0 and _is_header(cells):
                header = cells
                first = last = begins
            elif any(cells):
                first, last = first if rows else begins, ends
                rows.append(cells)
                size += sum(map(len, cells))
                if len(rows) == ROWS or size > CHARACTERS:
                    yield table()
                    rows, size = [], 0
    except csv.Error as error:  # a quote that nothing closes: the rest is one endless field
        yield Note(f"line {records.current[0][0]}: {error}; from here on read as plain text")
        if rows:
            yield table()
        yield from plain.paragraphs(chain(records.current, records.lines))
        return
    if rows or (header and first == last):
        yield table()


def _is_header(cells: tuple[str, ...]) -> bool:
    return any(cells) and not any(cell.lstrip("+-")[:1].isdigit() for cell in cells)
