"""What the words of a chunk are, to each lane that reads them.

A passage is its text under its title and headings. A picture is what its author, its pages and OCR say of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename

from commonplace.lexical import analyser
from commonplace.lexical.bm25 import Field, bag, document_weights
from commonplace.lexical.keys import document_keys
from commonplace.types import Chunk

FINGERPRINT = f"wording-2/{analyser.FINGERPRINT}"
"""Changes whenever the same chunk would get other words in any lane."""
READ_LIMIT = 700
"""Characters of OCR text in a picture's passage: a wall of log lines would drown its caption."""


def passage(chunk: Chunk) -> str:
    """The text that the text tower encodes, or "" for a chunk without words of its own: it has no text lane."""
    said = _unique((*_said(chunk), read_text(chunk)[:READ_LIMIT]))
    body = "\n".join((chunk.text, *said)).strip()
    return f"{heading_line(chunk.title, chunk.locator.headings)}\n{body}".strip() if body else ""


def terms(chunk: Chunk) -> dict[int, float]:
    """BM25 document weights; a picture without words still has its file name."""
    fields: dict[Field, str] = {
        "body": f"{chunk.text}\n{read_text(chunk)}",
        "title": chunk.title,
        "headings": " ".join(chunk.locator.headings),
        "name": basename(chunk.source),
        "mentions": "\n".join(_unique(_said(chunk))),
    }
    return document_weights(bag({field: analyser.terms(text) for field, text in fields.items()}))


def identifiers(chunk: Chunk) -> tuple[str, ...]:
    """Normal forms of the identifiers in text, mentions, the path of the file, and, weaker, in what OCR read."""
    keys = document_keys("\n".join((chunk.title, *chunk.locator.headings, chunk.text, *_unique(_said(chunk)))))
    keys |= document_keys(chunk.source, file_name=True)
    if chunk.words:
        keys |= document_keys(read_text(chunk), ocr=True)
    return tuple(sorted(keys))


def read_text(chunk: Chunk) -> str:
    """What OCR or speech recognition read in the chunk, a line each."""
    return "\n".join(word.text for word in chunk.words)


def heading_line(title: str, headings: tuple[str, ...]) -> str:
    """`Title › Heading › Heading`, said once where title and first heading agree."""
    return " › ".join(_unique((title, *headings)))


def _said(chunk: Chunk) -> Iterator[str]:
    """What pages say of a picture, the shortest and surest first."""
    for mention in chunk.mentions:
        yield from (mention.caption, mention.alt)
    for mention in chunk.mentions:
        if mention.page != chunk.source:
            yield " › ".join(mention.headings)
        yield mention.paragraph


def _unique(texts: tuple[str, ...] | Iterator[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
