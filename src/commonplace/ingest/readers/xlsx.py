"""XLSX: each sheet as the tables that empty rows part it into, streamed; its pictures and charts.

Values are those that the workbook was saved with: formulas are not computed.
"""

from __future__ import annotations

import posixpath
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
from openpyxl.utils.escape import unescape

from commonplace.ingest.containers import open_zip
from commonplace.ingest.elements import Element, Front, Note, Passage, Picture, Table
from commonplace.ingest.readers.office import (
    RELATION,
    Pictures,
    alt_text,
    chart_table,
    damage_explained,
    front,
    open_office,
    parse,
)
from commonplace.ingest.textfile import clean_text
from commonplace.types import Locator

MAX_ROWS = 1000
"""Rows of one element; a longer table comes in pieces, each with the header."""
MAX_COLUMNS = 1000
_BATCH = 500

Row = tuple[Any, ...]


def read(path: Path) -> Iterator[Front | Element | Note]:
    """`locator.page` is the number of the sheet, its name the heading."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of features that openpyxl does not keep, and that hold no text
        book = open_office(path, lambda name: openpyxl.load_workbook(name, read_only=True, data_only=True))
    try:
        with damage_explained(), open_zip(path) as container:
            yield front(book.properties)
            pictures = Pictures()
            sheets: list[Any] = book.worksheets
            for number, sheet in enumerate(sheets, start=1):
                locator = Locator(page=number, headings=(clean_text(sheet.title),))
                yield from _tables(_rows(sheet), locator)
                yield from _drawings(container, sheet._worksheet_path, locator, pictures)
    finally:
        book.close()


def _rows(sheet: Any) -> Iterator[Row]:
    """The rows without empty cells at their end, None for empty ones. What a sheet says of its size is not believed."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True)
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of dates out of range, which come as text
            batch = list(islice(rows, _BATCH))
        if not batch:
            return
        for row in (whole[:MAX_COLUMNS] for whole in batch):
            filled = tuple(None if value == "" else value for value in row)
            width = next((column for column in range(len(row), 0, -1) if filled[column - 1] is not None), 0)
            yield filled[:width]


def _tables(rows: Iterator[Row], locator: Locator) -> Iterator[Passage | Table]:
    """The runs of rows between empty ones."""
    run: list[Row] = []
    header: list[Row] = []
    for row in rows:
        if row:
            run.append(row)
        if run and (not row or len(run) == MAX_ROWS):
            element, header = _element(run, header, locator)
            yield element
            run = []
        if not row:
            header = []
    if run:
        yield _element(run, header, locator)[0]


def _element(run: list[Row], header: list[Row], locator: Locator) -> tuple[Passage | Table, list[Row]]:
    """A table, or text where no row has two cells; and the header, for the piece that follows.

    A first row of one cell is the caption of the table below it; a header is a row of nothing but text.
    """
    cells = [sum(value is not None for value in row) for row in run]
    if max(cells) < 2 and not header:
        return Passage("\n".join(_text(value) for row in run for value in row if value is not None), locator), []
    caption = ""
    if not header and len(run) > 1 and cells[0] == 1:
        caption = next(_text(value) for value in run[0] if value is not None)
        run = run[1:]
    if not header and all(isinstance(value, str) for value in run[0] if value is not None):
        header, run = run[:1], run[1:]
    rows = [*header, *run]
    first = min(next(column for column, value in enumerate(row) if value is not None) for row in rows)
    width = max(map(len, rows))
    texts = tuple(tuple(_text(value) for value in (*row, *[None] * (width - len(row)))[first:]) for row in rows)
    return Table(texts, locator, header_rows=len(header), caption=caption), header


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float():
            return f"{value:.15g}"  # as the program shows it: 0.3, not 0.30000000000000004
        case datetime() if value.time() == time():
            return value.date().isoformat()
        case datetime():
            return value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
    return clean_text(unescape(str(value))).strip()  # control characters stand there as _x000D_


def _drawings(container: ZipFile, sheet: str, locator: Locator, pictures: Pictures) -> Iterator[Picture | Table | Note]:
    """Pictures and charts that float above a sheet; openpyxl leaves them out when it streams."""
    for kind, drawing in _related(container, sheet.lstrip("/")).values():
        if kind != "drawing":
            continue
        targets = _related(container, drawing)
        for shape in _part(container, drawing).iter("{*}pic", "{*}graphicFrame"):
            alt = alt_text(shape.find("{*}nvPicPr/{*}cNvPr"))
            for child in shape.iter("{*}blip", "{*}chart"):
                kind, target = targets.get(child.get(RELATION + "embed") or child.get(RELATION + "id"), ("", ""))
                if kind == "image":
                    yield from pictures.take(target, partial(container.read, target), locator, alt)
                elif kind == "chart" and target in container.NameToInfo:
                    yield from chart_table(container.read(target), locator)


def _related(container: ZipFile, part: str) -> dict[str | None, tuple[str, str]]:
    """Relation id -> kind and part that it leads to, of those inside the container."""
    folder, name = posixpath.split(part)
    return {
        one.get("Id"): (
            one.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/"),
        )
        for one in _part(container, f"{folder}/_rels/{name}.rels")
        if one.get("TargetMode") != "External"
    }


def _part(container: ZipFile, name: str) -> Any:
    """Without children where there is no such part."""
    return parse(container.read(name) if name in container.NameToInfo else b"")
