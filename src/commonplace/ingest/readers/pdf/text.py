"""Words to lines to blocks: what reads as one paragraph, heading, caption or list item of a PDF page."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from commonplace.ingest.readers.pdf.page import Rect, Rule, Word, union

COLUMN_GAP = 1.8
"""Ems between two words of one baseline that make them belong to different columns."""

_BULLET = re.compile(r"([•▪◦‣●○■□–*-]|\(?\d{1,2}[.)]|[a-z]\))\s")
_LEADERS = re.compile(r"\s*(?:\.\s*){4,}")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)} | {0xAD: None}


@dataclass(frozen=True, eq=False)
class Line:
    """Words of one baseline without a column gap between them."""

    words: tuple[Word, ...]
    underscores: frozenset[int] = frozenset()
    """Words that a drawn underscore ties to the word before."""

    @cached_property
    def box(self) -> Rect:
        return union([word.box for word in self.words])

    @cached_property
    def text(self) -> str:
        parts = [self.words[0].text]
        for index, word in enumerate(self.words[1:], start=1):
            parts += ["_" if index in self.underscores else " ", word.text]
        return "".join(parts).translate(_LIGATURES)

    @cached_property
    def size(self) -> float:
        """The size that most letters have."""
        sizes = Counter[float]()
        for word in self.words:
            sizes[round(word.size, 1)] += len(word.text)
        return sizes.most_common(1)[0][0]

    @property
    def bold(self) -> bool:
        return all(word.bold for word in self.words)

    @property
    def mono(self) -> bool:
        return all(word.mono for word in self.words)


@dataclass(frozen=True, eq=False)
class Block:
    lines: tuple[Line, ...]

    @cached_property
    def box(self) -> Rect:
        return union([line.box for line in self.lines])

    @cached_property
    def text(self) -> str:
        lines = [line.text for line in self.lines]
        return "\n".join(lines) if self.mono else _LEADERS.sub(" … ", join_lines(lines))

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)

    @property
    def mono(self) -> bool:
        return self.lines[0].mono


def join_lines(lines: Sequence[str]) -> str:
    """The lines as running text. A hyphen at a line's end goes where it only broke a word."""
    text = lines[0]
    for line in lines[1:]:
        last = text.rsplit(maxsplit=1)[-1] if text.strip() else ""
        stem = last[:-1]
        if not last.endswith(("-", "\u2010")) or not stem:
            text += " " + line
        elif stem.isalpha() and line[:1].islower() and line.split()[0].rstrip(".,;:!?)").isalpha():
            text = text[:-1] + line
        else:
            text += line  # the hyphen is part of a compound, a number or an identifier
    return text


def lines_of(words: Iterable[Word], rules: Iterable[Rule] = ()) -> list[Line]:
    """Lines in the order of the words. `rules` may hold underscores that are drawn (TeX does)."""
    dashes = [rule for rule in rules if rule.horizontal and rule.end - rule.start < 12]
    lines: list[Line] = []
    run: list[Word] = []
    tied: set[int] = set()
    for word in words:
        if run and not _continues(run[-1], word):
            lines.append(Line(tuple(run), frozenset(tied)))
            run, tied = [], set()
        if run and any(_ties(dash, run[-1], word) for dash in dashes):
            tied.add(len(run))
        run.append(word)
    if run:
        lines.append(Line(tuple(run), frozenset(tied)))
    return lines


def _continues(last: Word, word: Word) -> bool:
    if not (last.upright and word.upright):
        return last.line == word.line and last.upright == word.upright
    size = max(last.size, word.size)
    gap = word.box[0] - last.box[2]
    shared = min(last.box[3], word.box[3]) - max(last.box[1], word.box[1])
    same_baseline = shared > 0.5 * min(last.box[3] - last.box[1], word.box[3] - word.box[1])
    return same_baseline and -0.5 * size < gap < COLUMN_GAP * size


def _ties(dash: Rule, last: Word, word: Word) -> bool:
    bottom, size = last.box[3], last.size
    return (
        last.box[2] - 1 <= dash.start
        and dash.end <= word.box[0] + 1
        and bottom - 0.4 * size <= dash.at <= bottom + 0.3 * size
    )


def blocks_of(lines: Iterable[Line]) -> list[Block]:
    """Blocks in the order of the lines, which in practice is the order of reading."""
    blocks: list[Block] = []
    run: list[Line] = []
    for line in lines:
        if run and not _belongs(run, line):
            blocks.append(Block(tuple(run)))
            run = []
        if run and _same_row(run[-1], line):
            run[-1] = Line(run[-1].words + line.words, run[-1].underscores)
        else:
            run.append(line)
    if run:
        blocks.append(Block(tuple(run)))
    return blocks


def _belongs(run: list[Line], line: Line) -> bool:
    last = run[-1]
    if _same_row(last, line):
        # A bullet or a number stands apart from its text.
        return len(last.text) <= 4 or line.box[0] - last.box[2] < COLUMN_GAP * line.size
    if _BULLET.match(line.text) or line.mono != last.mono or abs(line.size - last.size) > 0.08 * last.size:
        return False
    if line.bold != run[0].bold and line.bold != last.bold:
        return False
    gap = line.box[1] - last.box[3]
    pitch = line.box[3] - last.box[3]
    overlaps = min(line.box[2], last.box[2]) > max(line.box[0], last.box[0])
    regular = len(run) < 2 or pitch <= 1.2 * (last.box[3] - run[-2].box[3]) + 1
    overlaps = overlaps or line.mono  # an indented line of code need not lie below the one before
    most = 1.5 if line.mono else 0.6  # a listing has empty lines
    return overlaps and pitch > 0 and -0.8 * line.size < gap < most * line.size and (regular or line.mono)


def _same_row(last: Line, line: Line) -> bool:
    shared = min(last.box[3], line.box[3]) - max(last.box[1], line.box[1])
    height = min(last.box[3] - last.box[1], line.box[3] - line.box[1])
    return shared > 0.6 * height and 0 <= line.box[0] - last.box[2] + 1 < 4 * line.size


@dataclass
class Headings:
    """Which blocks are headings, and of which level: larger than the body, or as large and bold."""

    body_size: float

    def __post_init__(self) -> None:
        self._stack: list[float] = []

    def level(self, block: Block) -> int:
        """How deep the heading lies under the earlier ones, from 1; 0 if the block is none."""
        text = block.text
        larger = block.size >= 1.12 * self.body_size and len(block.lines) <= 3 and len(text) <= 200
        strong = block.bold and block.size >= 0.97 * self.body_size and len(block.lines) <= 2 and len(text) <= 100
        if not (larger or (strong and not text.endswith((".", ",", ";", ":")))) or block.mono:
            return 0
        bullet = _BULLET.match(text) and not text[0].isdigit()
        if bullet or " … " in text or sum(letter.isalpha() for letter in text) < 2:
            return 0
        rank = block.size + 0.1 * block.bold
        while self._stack and self._stack[-1] <= rank + 0.05:
            self._stack.pop()
        self._stack.append(rank)
        return len(self._stack)


def body_size(words: Iterable[Word]) -> float:
    """The font size that most letters have; 10 where there are none."""
    sizes = Counter[float]()
    for word in words:
        sizes[round(word.size * 2) / 2] += len(word.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0
