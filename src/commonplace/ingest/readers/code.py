"""Source code and configuration: cut where a definition starts at the margin, by rules that hold in any language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from commonplace.ingest.elements import Element, Front, Note, Passage
from commonplace.ingest.readers.plain import STRETCH
from commonplace.ingest.textfile import Lines, read_lines
from commonplace.types import Locator


def read(path: Path) -> Iterator[Front | Element | Note]:
    return definitions(read_lines(path))


def definitions(lines: Lines) -> Iterator[Passage]:
    """Passages that begin at a line on the margin after a blank one, verbatim; a long definition parts at blank lines.

    Decorators, comments and docstrings stay with what they belong to: there is no blank line between.
    """
    run: list[str] = []
    first = size = 0
    after_blank = False
    for number, line in lines:
        line = line.rstrip()
        starts = after_blank and line and (not line[0].isspace() or size > STRETCH // 2)
        if run and (starts or size + len(line) > STRETCH):
            yield from _passage(run, first)
            run, size = [], 0
        if line or run:
            first = first if run else number
            run.append(line)
            size += len(line) + 1
        after_blank = not line
    yield from _passage(run, first)


def _passage(run: list[str], first: int) -> Iterator[Passage]:
    while run and not run[-1]:
        run.pop()
    if run:
        yield Passage("\n".join(run), Locator(lines=(first, first + len(run) - 1)))
