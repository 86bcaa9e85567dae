"""Plain text, logs, source code and configuration, line by line: files of any size in bounded memory.

Text is cut at blank lines, code where a definition starts at the margin, by a rule that holds in any language.
"""

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


def read_code(path: Path) -> Iterator[Front | Element | Note]:
    return definitions(read_lines(path))


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
            yield _definition(run, first)
            run, size = [], 0
        if line or run:
            first = first if run else number
            run.append(line)
            size += len(line) + 1
        after_blank = not line
    if run:
        yield _definition(run, first)


def _definition(lines: list[str], first: int) -> Passage:
    text = "\n".join(lines).rstrip("\n")
    return Passage(text, Locator(lines=(first, first + text.count("\n"))))
