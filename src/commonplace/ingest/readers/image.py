"""A loose picture: the file's own bytes as one element, with what the file says of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Element, Front, Note, Picture
from commonplace.ingest.pictures import picture_facts, picture_size
from commonplace.ingest.svg import is_svg, svg_words
from commonplace.ingest.textfile import clean_text

MAX_BYTES = 1 << 28


def read(path: Path) -> Iterator[Front | Element | Note]:
    """Judged by its header; pixels are decoded when they are needed. The words of an SVG come as text."""
    if (size := path.stat().st_size) > MAX_BYTES:
        raise UnreadableFile(f"a picture of {size:,} bytes; at most {MAX_BYTES:,} are read. Export it compressed.")
    data = path.read_bytes()
    picture_size(data)
    if is_svg(data):
        words = svg_words(data)
        yield Front(words.title)
        alt = clean_text(": ".join(filter(None, (words.title, words.description))))
        yield Picture(data, alt=alt, paragraph=clean_text("\n".join(words.labels)))
    else:
        title, date = picture_facts(data)
        yield Front(title, date=date)
        yield Picture(data, alt=title)
