"""Plain text and logs: paragraphs between blank lines, long ones in stretches of lines; any size, bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from commonplace.ingest.elements import Element, Front, Note, Passage
from commonplace.ingest.textfile import Lines, read_lines
from commonplace.types import Locator

STRETCH = 4000
"""Characters of a run of lines after which a new passage begins; chunking cuts finer."""

COLOUR_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def read(path: Path) -> Iterator[Front | Element | Note]:
    return paragraphs(read_lines(path))


def paragraphs(lines: Lines) -> Iterator[Passage]:
    """Runs of lines without a blank one, verbatim, so that a part of a passage can be traced to its lines."""
    run: list[str] = []
    first = last = size = 0
    for number, line in lines:
        line = COLOUR_CODES.sub("", line).rstrip()
        if run and (not line or size + len(line) > STRETCH):
            yield Passage("\n".join(run), Locator(lines=(first, last)))
            run, size = [], 0
        if line:
            first = first if run else number
            last = number
            run.append(line)
            size += len(line) + 1
    if run:
        yield Passage("\n".join(run), Locator(lines=(first, last)))
