"""PDF through pdfium, page by page: text in reading order, tables, embedded pictures, drawings, scanned pages.

pdfium is not thread-safe: one reader per process.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Element, Front, Note, Passage, Picture, Table
from commonplace.ingest.pictures import encode_jpeg, encode_png
from commonplace.ingest.readers.captions import caption_of
from commonplace.ingest.readers.flow import Block as Flowing
from commonplace.ingest.readers.flow import Heading, flow, keywords
from commonplace.ingest.readers.pdf.figures import FoundFigure, encode_figure, find_figures, ink
from commonplace.ingest.readers.pdf.page import PageView, Rect, Word, area, grown, holds
from commonplace.ingest.readers.pdf.tables import FoundTable, aligned_tables, ruled_tables
from commonplace.ingest.readers.pdf.text import Block, Headings, Line, blocks_of, body_size, lines_of
from commonplace.ingest.textfile import clean_text

SAMPLE_PAGES = 12
"""Pages read ahead to learn which size of type is the body's."""
FEW_LETTERS = 50
"""A page with fewer, mostly covered by a picture or a drawing, is read as a picture."""
SCAN_DPI = 200
SCAN_SHARE = 0.8
"""Of the page that a picture covers which shows the page itself."""
TABLE_DPI = 150
LONGEST_LABEL = 200
"""Characters of a block of text that may be a part of the drawing around it."""
CAPTION_REACH = 45.0
"""Points between a caption and what it describes."""

Found = FoundTable | FoundFigure


def read(path: Path) -> Iterator[Front | Element | Note]:
    """Elements page by page in bounded memory. A damaged page is noted and passed over."""
    with closing(_open(path)) as document:
        yield _front(document)
        yield from flow(_Reader(document).blocks())
        if not _ends_well(path):
            yield Note("the file is cut off at its end; the pages that were left are read")


class _Reader:
    """What is known from one page to the next: headings, running heads, pictures seen before."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document = document
        self._headings = Headings(body_size(self._sample()))
        self._margins = Counter[tuple[str, int]]()
        self._pictures: set[bytes] = set()

    def blocks(self) -> Iterator[Flowing]:
        damaged: list[int] = []
        for index in range(len(self._document)):
            try:
                with closing(self._document[index]) as page:
                    yield from self._page(PageView(page, index + 1))
            except pdfium.PdfiumError:
                damaged.append(index + 1)
        if len(damaged) == len(self._document):
            raise UnreadableFile("damaged PDF: none of its pages can be read. Export it again.")
        if damaged:
            yield Note(f"damaged pages skipped: {_ranges(damaged)}")

    def _sample(self) -> Iterator[Word]:
        for index in range(min(SAMPLE_PAGES, len(self._document))):
            with suppress(pdfium.PdfiumError), closing(self._document[index]) as page:
                yield from PageView(page, index + 1).words()

    def _page(self, view: PageView) -> Iterator[Flowing]:
        words, marks = view.words(), view.marks()
        if sum(len(word.text) for word in words) < FEW_LETTERS and ink(marks, view) > 0.5:
            few = clean_text(" ".join(line.text for line in lines_of(words)))
            shown = encode_jpeg(view.crop(view.box, SCAN_DPI))
            yield Picture(shown, view.locator(view.box), alt=few, modality="page")
            return
        lines = self._without_running_heads(lines_of(words, [rule for mark in marks for rule in mark.rules]), view)
        tables = ruled_tables(marks, words)
        marks = [mark for mark in marks if not any(holds(grown(table.box, 3), mark.box) for table in tables)]
        lines = [line for line in lines if not any(holds(table.box, line.box) for table in tables)]
        # Captions and prose stay what they are where a drawing or a picture lies behind them.
        prose = [block.box for block in blocks_of(lines) if caption_of(block.text) or len(block.text) > LONGEST_LABEL]
        short = [line for line in lines if not any(holds(box, line.box) for box in prose)]
        figures = find_figures(marks, lines, view)
        drawings = [figure.box for figure in figures if figure.image is None]
        labels = {line for line in short if any(holds(box, line.box) for box in drawings)}
        lines = [line for line in lines if line not in labels]
        tables += aligned_tables([line for line in short if line not in labels])
        blocks = blocks_of(line for line in lines if not any(holds(table.box, line.box) for table in tables))
        found: list[Found] = [*tables, *figures]
        slack = 0.0 if _has_columns(blocks, view) else view.width
        captions = _captions(found, blocks, slack)
        text = [block for block in blocks if block not in captions.values()]
        places = _places(found, text, slack)
        for position in range(len(text) + 1):
            for item in places.get(position, []):
                caption = clean_text(captions[item.box].text) if item.box in captions else ""
                locator = view.locator(item.box)
                if isinstance(item, FoundTable):
                    picture = encode_png(view.crop(grown(item.box, 3), TABLE_DPI))
                    rows = tuple(tuple(clean_text(cell) for cell in row) for row in item.rows)
                    yield Table(rows, locator, item.header_rows, caption, picture)
                else:
                    own = " ".join(line.text for line in short if line in labels and holds(item.box, line.box))
                    yield from self._picture(item, view, Picture(b"", locator, clean_text(own), caption))
            if position < len(text):
                yield self._heading_or_passage(text[position], view)

    def _heading_or_passage(self, block: Block, view: PageView) -> Heading | Passage:
        text, locator = clean_text(block.text), view.locator(block.box)
        level = self._headings.level(block)
        return Heading(level, text, locator) if level else Passage(text, locator)

    def _picture(self, figure: FoundFigure, view: PageView, picture: Picture) -> Iterator[Picture | Note]:
        """The picture unless it is tiny or was on an earlier page: a logo, a bullet."""
        try:
            data = encode_figure(figure, view)
        except UnreadableFile as error:
            yield Note(f"page {view.number}: {error}")
            return
        if data is not None and (digest := sha256(data).digest()) not in self._pictures:
            self._pictures.add(digest)
            # A scan with the words that OCR found laid under it: they are passages, it is the page.
            whole = area(figure.box) > SCAN_SHARE * area(view.box)
            yield replace(picture, data=data, modality="page" if whole else "image")

    def _without_running_heads(self, lines: list[Line], view: PageView) -> list[Line]:
        """Leave out page numbers, and what stood at the same place of two earlier pages."""
        kept = []
        for line in lines:
            middle = (line.box[1] + line.box[3]) / 2 / view.height
            if 0.08 < middle < 0.92:
                kept.append(line)
                continue
            words = re.sub(r"[\d\W]+", " ", line.text).strip().lower()
            self._margins[key := (words, round(40 * middle))] += 1
            if self._margins[key] <= 2 and words not in ("", "page", "page of"):
                kept.append(line)
        return kept


def _has_columns(blocks: list[Block], view: PageView) -> bool:
    wide = sum(len(block.text) for block in blocks if block.box[2] - block.box[0] > 0.55 * view.width)
    return wide < 0.5 * sum(len(block.text) for block in blocks)


def _shares_column(a: Rect, b: Rect, slack: float) -> bool:
    return max(a[0], b[0]) - min(a[2], b[2]) < slack


def _captions(found: list[Found], blocks: list[Block], slack: float) -> dict[Rect, Block]:
    """Box of a table or figure -> the nearest caption of its kind, above or below; each caption once."""
    pairs = []
    for item in found:
        for block in blocks:
            kind = caption_of(block.text)
            distance = max(block.box[1] - item.box[3], item.box[1] - block.box[3])
            if kind and _shares_column(item.box, block.box, slack) and -10 < distance < CAPTION_REACH:
                other_kind = (kind == "table") != isinstance(item, FoundTable)
                pairs.append((other_kind, distance, item.box, block))
    captions: dict[Rect, Block] = {}
    for _, _, box, block in sorted(pairs, key=lambda pair: pair[:3]):
        if box not in captions and block not in captions.values():
            captions[box] = block
    return captions


def _places(found: list[Found], blocks: list[Block], slack: float) -> dict[int, list[Found]]:
    """Position in the blocks -> what comes before the block there: after the last block that lies above it."""
    places: dict[int, list[Found]] = {}
    for item in sorted(found, key=lambda item: item.box[1]):
        middle = (item.box[1] + item.box[3]) / 2
        above = [
            index
            for index, block in enumerate(blocks)
            if (block.box[1] + block.box[3]) / 2 < middle and _shares_column(item.box, block.box, slack)
        ]
        places.setdefault(above[-1] + 1 if above else 0, []).append(item)
    return places


def _open(path: Path) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise UnreadableFile("encrypted; give an unlocked copy") from error
        raise UnreadableFile(f"damaged or truncated PDF: {error} Export it again.") from error
    if not len(document):
        document.close()
        raise UnreadableFile("damaged PDF: it has no pages. Export it again.")
    return document


def _front(document: pdfium.PdfDocument) -> Front:
    told = {
        key: clean_text(document.get_metadata_value(key)) for key in ("Title", "Keywords", "ModDate", "CreationDate")
    }
    title = told["Title"].strip()
    # Some programs write a file name or nothing worth the name there.
    if re.fullmatch(r"(?i)untitled|\(anonymous\)|microsoft word - .*|.*\.(docx?|indd|tex|dvi|qxd)", title):
        title = ""
    return Front(title, keywords(told["Keywords"]), _date(told["ModDate"]) or _date(told["CreationDate"]))


def _date(text: str) -> datetime | None:
    """A PDF date, "D:20260131235959+01'00'", of which all but the year may be missing."""
    found = re.match(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?\s*(?:([+-])(\d\d)'?(\d\d)?)?", text)
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in found.groups()[:6])
    offset = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
    try:
        zone = timezone(-offset if found[7] == "-" else offset)
        return datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=zone)
    except ValueError:
        return None


def _ends_well(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2048))
        return b"%%EOF" in file.read()


def _ranges(numbers: list[int]) -> str:
    """[1, 2, 3, 7] as "1-3, 7"."""
    runs = ([number for _, number in run] for _, run in groupby(enumerate(numbers), key=lambda at: at[1] - at[0]))
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
