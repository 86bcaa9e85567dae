"""What the text readers share: blocks in reading order become elements with their heading path and surroundings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import NOWHERE, Element, Front, Note, Passage, Picture, PictureLink, Table
from commonplace.ingest.readers import plain
from commonplace.types import Locator

MAX_PARSED = 16 << 20
"""Bytes; a larger file is not parsed whole but read as plain text, line by line."""

SURROUNDINGS = 600
"""Characters of text that a picture keeps from around it."""


@dataclass(frozen=True, slots=True)
class Heading:
    """level 1 is the outermost."""

    level: int
    text: str
    locator: Locator = NOWHERE


Block = Heading | Passage | Table | Picture | PictureLink | Note
"""What a reader of markup gives. A picture follows the text that it stands in, and carries it as its `paragraph`."""


def flow(blocks: Iterable[Block]) -> Iterator[Element | Note]:
    """Elements in their order, each with the heading path it lies under; pictures with the text around them.

    A heading with nothing below it becomes a passage itself, so that its words can be found.
    """
    path: list[Heading] = []
    bare: Heading | None = None
    earlier, last = "", ""  # the two latest texts under this heading
    waiting: list[tuple[Picture | PictureLink, str]] = []  # with the text before, until the text after is known

    def placed(locator: Locator) -> Locator:
        return replace(locator, headings=(*(heading.text for heading in path), *locator.headings))

    def followed_by(after: str) -> Iterator[Element]:
        for picture, before in waiting:
            yield replace(picture, paragraph=surroundings(before, picture.paragraph, after))
        waiting.clear()

    def left_bare(next_level: int) -> Iterator[Element]:
        if bare and next_level <= bare.level:
            yield Passage(bare.text, placed(bare.locator))

    for block in blocks:
        match block:
            case Heading():
                yield from followed_by("")
                yield from left_bare(block.level)
                while path and path[-1].level >= block.level:
                    path.pop()
                path.append(block)
                bare, earlier, last = block, "", ""
            case Picture() | PictureLink():
                bare = None
                stands_in_last = bool(block.paragraph) and block.paragraph in last
                waiting.append((replace(block, locator=placed(block.locator)), earlier if stands_in_last else last))
            case Note():
                yield block
            case _:
                bare = None
                text = block.text if isinstance(block, Passage) else ""
                yield from followed_by(text)
                if text:
                    earlier, last = last, text
                yield replace(block, locator=placed(block.locator))
    yield from followed_by("")
    yield from left_bare(0)


def surroundings(before: str, own: str, after: str) -> str:
    """The end of the text before, the picture's own paragraph, the start of the text after."""
    own = shortened(own, SURROUNDINGS // 2)
    share = (SURROUNDINGS - len(own)) // 2
    before = before[-share:].partition(" ")[2] if len(before) > share else before
    return "\n".join(part for part in (before, own, shortened(after, share)) if part)


def shortened(text: str, limit: int) -> str:
    """The start of `text`, at most `limit` characters, cut between words where it can be."""
    if len(text) <= limit:
        return text
    return text[: limit + 1].rpartition(" ")[0] or text[:limit]


def within(block: Block, paragraph: str) -> Block:
    """A picture with the paragraph that it stands in; any other block as it is."""
    return replace(block, paragraph=paragraph) if isinstance(block, Picture | PictureLink) else block


def first_heading(blocks: Iterable[Block]) -> str:
    """The title of a document that states none."""
    return next((block.text for block in blocks if isinstance(block, Heading)), "")


def keywords(text: str) -> tuple[str, ...]:
    """`text`, parted at commas and semicolons."""
    return tuple(word.strip() for word in re.split("[,;]", text) if word.strip())


def parsed(
    parse: Callable[[bytes], Iterable[Front | Element | Note]], most: int = MAX_PARSED
) -> Callable[[Path], Iterator[Front | Element | Note]]:
    """The reader that gives what `parse` makes of a file; one that is larger than `most` bytes or too broken for it is
    read as plain text, with a Note."""

    def read(path: Path) -> Iterator[Front | Element | Note]:
        if path.stat().st_size > most:
            reason = f"larger than {most >> 20} MB"
        else:
            try:
                elements = list(parse(path.read_bytes()))
            except (ValueError, RecursionError, UnreadableFile) as error:
                reason = f"{type(error).__name__}: {shortened(' '.join(str(error).split()), 200)}"
            else:
                yield from elements
                return
        yield Note(f"read as plain text ({reason})")
        yield from plain.read(path)

    return read
