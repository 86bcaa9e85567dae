"""What the words of a chunk are, to each lane that reads them.

A passage is its text under its title and headings. A picture is what its author, its pages and OCR say of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename

from commonplace.lexical.analyser import Analyser
from commonplace.lexical.bm25 import Field, bag, document_weights
from commonplace.lexical.keys import document_keys
from commonplace.types import Chunk

READ_LIMIT = 700
"""Characters of OCR text in a picture's passage: a wall of log lines would drown its caption."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of chunks under one analyser."""

    analyser: Analyser

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same chunk would get other words in any lane."""
        return f"wording-2/{self.analyser.fingerprint}"

    def passage(self, chunk: Chunk) -> str:
        """The text that the text tower encodes, or "" for a chunk without words of its own: it has no text lane."""
        said = _unique((*_said(chunk), read_text(chunk)[:READ_LIMIT]))
        body = "\n".join((chunk.text, *said)).strip()
        return f"{heading_line(chunk)}\n{body}".strip() if body else ""

    def terms(self, chunk: Chunk) -> dict[int, float]:
        """BM25 document weights; a picture without words still has its file name."""
        terms = self.analyser.terms
        fields: dict[Field, list[str]] = {
            "body": terms(f"{chunk.text}\n{read_text(chunk)}"),
            "title": terms(chunk.title),
            "headings": terms(" ".join(chunk.locator.headings)),
            "name": terms(basename(chunk.source)),
            "mentions": terms("\n".join(_unique(_said(chunk)))),
        }
        return document_weights(bag(fields))

    def identifiers(self, chunk: Chunk) -> tuple[str, ...]:
        """Normal forms of the identifiers in text, mentions, the path of the file, and, weaker, in what OCR read."""
        keys = document_keys("\n".join((chunk.title, *chunk.locator.headings, chunk.text, *_unique(_said(chunk)))))
        keys |= document_keys(chunk.source, file_name=True)
        if chunk.words:
            keys |= document_keys(read_text(chunk), ocr=True)
        return tuple(sorted(keys))


def read_text(chunk: Chunk) -> str:
    """What OCR or speech recognition read in the chunk, a line each."""
    return "\n".join(word.text for word in chunk.words)


def heading_line(chunk: Chunk) -> str:
    """`Title › Heading › Heading`, said once where title and first heading agree."""
    return " › ".join(_unique((chunk.title, *chunk.locator.headings)))


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
