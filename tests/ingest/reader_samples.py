"""What the tests of text readers share: a reader's elements of a text, and views of them that read well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from commonplace.ingest.elements import Element, Front, Note, Passage
from commonplace.ingest.formats import Reader

Given = Front | Element | Note
T = TypeVar("T")


def read_as(read: Reader, content: str | bytes, folder: Path) -> list[Given]:
    """The elements of a file that holds `content`."""
    path = folder / "sample"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read(path))


def only(kind: type[T], elements: Sequence[Given]) -> list[T]:
    return [element for element in elements if isinstance(element, kind)]


def texts(elements: Sequence[Given]) -> list[str]:
    return [passage.text for passage in only(Passage, elements)]


def placed(elements: Sequence[Given]) -> list[tuple[str, tuple[str, ...], tuple[int, int] | None]]:
    """Text, heading path and lines of each passage."""
    return [(each.text, each.locator.headings, each.locator.lines) for each in only(Passage, elements)]
