"""What readers give: the elements of a document, each with its place in it.

A reader is a function `read(path: Path) -> Iterator[Front | Element | Note]`: at most one Front, first; elements in
reading order, given one by one so that a large file is never held whole; UnreadableFile where it must give up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from commonplace.types import Locator, Modality

NOWHERE = Locator()


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of text under one heading path: paragraphs, a code block, a list. Chunking may split or join it."""

    text: str
    locator: Locator = NOWHERE


@dataclass(frozen=True, slots=True)
class Table:
    """A table as rows of cells; the first `header_rows` rows are its header. `picture` shows it where it was drawn."""

    rows: tuple[tuple[str, ...], ...]
    locator: Locator = NOWHERE
    header_rows: int = 1
    caption: str = ""
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that lies inside the document file: encoded bytes (PNG, JPEG, ...) and what surrounds it.

    `modality` is "page" for a whole scanned page or slide, "image" for everything else.
    """

    data: bytes
    locator: Locator = NOWHERE
    alt: str = ""
    caption: str = ""
    paragraph: str = ""
    modality: Modality = "image"


@dataclass(frozen=True, slots=True)
class PictureLink:
    """A picture file that the page embeds by reference. `target` is as the page writes it, unquoted, relative."""

    target: str
    locator: Locator = NOWHERE
    alt: str = ""
    caption: str = ""
    paragraph: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """A sound or video file as a whole: its length in seconds, its tags as text."""

    seconds: float
    text: str = ""
    modality: Modality = "audio"


Element = Passage | Table | Picture | PictureLink | Recording


@dataclass(frozen=True, slots=True)
class Front:
    """What a document says of itself, before its first element: any field may be empty."""

    title: str = ""
    tags: tuple[str, ...] = ()
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader could not read, in words ("page 17: damaged picture skipped"); the account keeps it."""

    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A chunk in the making: what chunking gives and the pipeline turns into a `Chunk` once OCR has read `picture`."""

    modality: Modality
    locator: Locator
    text: str = ""
    picture: bytes | None = None
    alt: str = ""
    caption: str = ""
    paragraph: str = ""
