"""AsciiDoc: sections, paragraphs, lists, listings, tables, pictures, attributes; whatever else there is is text."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile

from commonplace.ingest.elements import Element, Front, Note, Passage, PictureLink, Table
from commonplace.ingest.readers.flow import Block, Heading, first_heading, flow, keywords, parsed
from commonplace.ingest.readers.html import local_target
from commonplace.ingest.textfile import decode
from commonplace.types import Locator

_ATTRIBUTE = re.compile(r":!?([\w-]+)!?:(?:\s+(.*))?$")
_HEADING = re.compile(r"(={1,6}|#{1,6})\s+(\S.*?)(?:\s+\1)?$")
_UNDERLINES = "=-~^+"  # of headings in the older style, outermost first
_VERBATIM = re.compile(r"(-{4,}|\.{4,}|\+{4,}|`{3,})\S*$")
_COMMENT = re.compile(r"/{4,}$")
_TABLE = re.compile(r"[|,:!]={3,}$")
_FRAME = re.compile(r"(={4,}|\*{4,}|_{4,}|--|'{3,}|<{3,}|\+)$")  # around other blocks, or between them
_BLOCK_ATTRIBUTES = re.compile(r"\[.*\]$")
_BLOCK_TITLE = re.compile(r"\.([^\s.].*)$")
_IMAGE = re.compile(r"image::?(\S[^\[\]\n]*)\[((?:[^\[\]\\]|\\.)*)\]")
_PREPROCESSOR = re.compile(r"(include|ifn?def|ifeval|endif)::.*\]$")
_ITEM = re.compile(r"\s*(\*{1,6}|-|\.{1,6}|\d+\.|[a-z]\.|<[\d.]+>)\s+(?=\S)")
_TERM = re.compile(r"\s*(\S.*?)(:{2,4}|;;)(?:\s+(.*))?$")
_CELL = re.compile(
    r"(?<!\\)(?:(?:^|(?<=\s))(?:(?P<times>\d+)\*)?(?:(?P<span>\d+)?(?:\.\d+)?\+)?[<^>]?(?:\.[<^>])?[adehlmsv]?)?\|",
    re.MULTILINE,
)
_INTERRUPTING = (_VERBATIM, _TABLE, _FRAME, _BLOCK_ATTRIBUTES, _COMMENT, _ITEM, _TERM, _PREPROCESSOR)
"""What ends the paragraph above it."""

# Inline markup and what is shown for it.
_INLINE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\[\[\[([^\[\],]+)[^\[\]]*\]\]\]"), r"[\1]"),
    (re.compile(r"\[\[[^\[\]]*\]\]|(?<!\w)anchor:\S*?\[[^\]]*\]"), ""),
    (re.compile(r"(?:link|mailto|xref):([^\s\[\]]+)\[([^\[\]]*)\]"), lambda found: _link_text(*found.groups())),
    (re.compile(r"(\bhttps?://[^\s\[\]]+)\[([^\[\]]*)\]"), lambda found: _link_text(*found.groups())),
    (re.compile(r"<<([^,<>]+),\s*([^<>]+)>>"), r"\2"),
    (re.compile(r"<<([^<>]+)>>"), r"\1"),
    (re.compile(r"\bmenu:([^\[\]\n]+)\[([^\[\]]*)\]"), r"\1 > \2"),
    (re.compile(r"\b(?:kbd|btn|footnote|pass|stem|icon):\w*\[([^\[\]]*)\]"), r"\1"),
    (re.compile(r"(?<!\w)\[[.#%][\w.#%-]*\](?=[#*_`])"), ""),
    (re.compile(r"(\*\*|__|``|##|\+\+)(?=\S)(.+?)(?<=\S)\1", re.DOTALL), r"\2"),
    (re.compile(r"(?<![\w\\])([*_`#+])(?=\S)((?:(?!\1).)+?)(?<=\S)\1(?!\w)", re.DOTALL), r"\2"),
    (re.compile(r"\\(?=[*_`#+{<\[|])"), ""),
)


@parsed
def read(data: bytes) -> Iterator[Front | Element | Note]:
    page = _Page(decode(data))
    blocks = list(page.blocks())
    yield Front(first_heading(blocks), keywords(page.attributes.get("keywords", "")))
    yield from flow(blocks)


class _Page:
    """One pass over the lines. `at` is the index of the next one; what precedes a block (title, attributes) waits."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.at = 0
        self.attributes: dict[str, str] = {}
        self.title = ""
        self.title_line = 0
        self.options = ""

    def blocks(self) -> Iterator[Block]:
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip()
            first = self.at + 1
            if found := _ATTRIBUTE.match(line):
                self.attributes[found.group(1).lower()] = found.group(2) or ""
            elif found := _BLOCK_TITLE.match(line):
                self.title, self.title_line = self.shown(found.group(1)), first
            elif _BLOCK_ATTRIBUTES.match(line):
                self.options += line
            elif line and not (line.startswith("//") or _FRAME.match(line) or _PREPROCESSOR.match(line)):
                yield from self.block(line, first)
                self.title = self.options = ""
                continue
            elif _COMMENT.match(line):
                self.until(line)
                continue
            self.at += 1
        yield from self.titled()

    def block(self, line: str, first: int) -> Iterator[Block]:
        """The block that begins at `line`; afterwards `at` is behind it."""
        if found := _HEADING.match(line):
            self.at += 1
            yield self.heading(len(found.group(1)), found.group(2), (first, first))
        elif _TABLE.match(line):
            yield from self.table(self.until(line), first)
        elif _VERBATIM.match(line):
            body = self.until(re.match(r"\W+", line).group())  # type: ignore[union-attr]  # the pattern begins like it
            yield from self.titled()
            if text := "\n".join(body).rstrip():
                yield Passage(text, Locator(lines=(first + 1, first + 1 + text.count("\n"))))
        elif (found := _IMAGE.fullmatch(line)) and "image::" in line:
            self.at += 1
            yield from self.pictures(line, (first, first), self.title)
        elif underlined := self.underlined(line):
            self.at += 2
            yield self.heading(underlined, line, (first, first + 1))
        else:
            yield from self.titled()
            yield from self.items(first) if _begins_item(line) else self.paragraph(line, first)

    def titled(self) -> Iterator[Passage]:
        if self.title:
            yield Passage(self.title, Locator(lines=(self.title_line, self.title_line)))

    def until(self, delimiter: str) -> list[str]:
        """The lines up to the closing delimiter, or to the end where it is missing."""
        body = list(takewhile(lambda line: line.rstrip() != delimiter, self.lines[self.at + 1 :]))
        self.at += len(body) + 2
        return [line.rstrip() for line in body]

    def heading(self, level: int, text: str, lines: tuple[int, int]) -> Heading:
        """`at` is behind it. The address of the author, below the title of a document, is skipped."""
        if level == 1 and self.at < len(self.lines) and re.match(r"\w[^:\n]*<\S+@\S+>", self.lines[self.at]):
            self.at += 1
        return Heading(level, self.shown(text), Locator(lines=lines))

    def underlined(self, line: str) -> int:
        below = self.lines[self.at + 1].rstrip() if self.at + 1 < len(self.lines) else ""
        fits = (
            len(below) > 2 and below[0] in _UNDERLINES and not below.strip(below[0]) and abs(len(below) - len(line)) < 2
        )
        return _UNDERLINES.index(below[0]) + 1 if fits else 0

    def run(self) -> list[str]:
        """The lines from here to the next blank one or the next block."""
        run = [self.lines[self.at].rstrip()]
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at].rstrip()
            if not line or any(pattern.match(line) for pattern in _INTERRUPTING):
                break
            if not line.startswith("//"):
                run.append(line)
            self.at += 1
        return run

    def paragraph(self, line: str, first: int) -> Iterator[Block]:
        run = self.run()
        if line[0].isspace():  # a literal paragraph
            yield Passage("\n".join(run), Locator(lines=(first, first + len(run) - 1)))
            return
        text = "\n".join(run)
        yield from self.passage(self.shown(_joined(run)), text, (first, self.at))

    def passage(self, shown: str, markup: str, lines: tuple[int, int]) -> Iterator[Block]:
        if shown:
            yield Passage(shown, Locator(lines=lines))
        for picture in self.pictures(markup, lines):
            yield replace(picture, paragraph=shown)

    def items(self, first: int) -> Iterator[Block]:
        """All items up to the first block that is none; blank lines between items do not end a list."""
        shown: list[str] = []
        pictures: list[Block] = []
        last = first
        while self.at < len(self.lines) and _begins_item(self.lines[self.at]):
            begins = self.at + 1
            head, depth, text = _item(self.lines[self.at].rstrip())
            run = self.run()
            last = self.at
            markup = "\n".join([text, *run[1:]])
            inside = list(self.passage(self.shown(_joined([text, *run[1:]])), markup, (begins, last)))
            words = inside[0].text if inside and isinstance(inside[0], Passage) else ""
            shown.append("  " * depth + f"{self.shown(head)} {words}".rstrip())
            pictures += (block for block in inside if not isinstance(block, Passage))
            upcoming = next((n for n in range(self.at, len(self.lines)) if self.lines[n].strip()), self.at)
            if upcoming < len(self.lines) and _begins_item(self.lines[upcoming]):
                self.at = upcoming
        yield Passage("\n".join(shown), Locator(lines=(first, last)))
        yield from pictures

    def table(self, body: list[str], first: int) -> Iterator[Block]:
        """Cells run on over lines; the first line or `cols` says how many make a row."""
        text = "\n".join(body)
        cells: list[str] = []
        marks = list(_CELL.finditer(text))
        for mark, following in zip(marks, [*marks[1:], None], strict=True):
            content = text[mark.end() : following.start() if following else None].strip()
            cells += [content] * min(int(mark["times"] or 1), 100)
            cells += [""] * (min(int(mark["span"] or 1), 100) - 1)
        width = self.columns(body)
        rows = [tuple(cells[start : start + width]) for start in range(0, len(cells), width)]
        filled = [n for n, line in enumerate(body) if line]
        implicit = len(filled) > 1 and filled[1] > filled[0] + 1  # a blank line below the first
        head = "header" in self.options or implicit
        lines = (first, first + len(body) + 1)
        shown = tuple(tuple(self.shown(_joined(cell.split("\n"))) for cell in row) for row in rows)
        padded = tuple(row + ("",) * (width - len(row)) for row in shown)
        if any(map(any, padded)):
            yield Table(padded, Locator(lines=lines), header_rows=int(head), caption=self.title)
        for row, texts in zip(rows, shown, strict=True):
            for picture in self.pictures(" ".join(row), lines):
                yield replace(picture, paragraph=" | ".join(filter(None, texts)))

    def columns(self, body: list[str]) -> int:
        if stated := re.search(r"cols\s*=\s*(?:\"([^\"]*)\"|([^,\]\s]+))", self.options):
            parts = [re.match(r"\s*(\d+)\*", part) for part in re.split("[,;]", stated.group(1) or stated.group(2))]
            return min(sum(int(part.group(1)) if part else 1 for part in parts), 100)
        return max(1, len(_CELL.findall(next(filter(None, body), ""))))

    def pictures(self, markup: str, lines: tuple[int, int], caption: str = "") -> Iterator[PictureLink]:
        for target, given in _IMAGE.findall(self.substituted(markup)):
            alt = re.match(r"\s*(?:alt\s*=\s*)?(\"[^\"]*\"|[^,=]*)(?:,|$)", given)
            title = re.search(r"title\s*=\s*(\"[^\"]*\"|[^,]*)", given)
            if path := local_target(target):
                yield PictureLink(
                    posixpath.normpath(posixpath.join(self.attributes.get("imagesdir", ""), path)),
                    Locator(lines=lines),
                    alt=alt.group(1).strip(' "') if alt else "",
                    caption=caption or (title.group(1).strip(' "') if title else ""),
                )

    def substituted(self, text: str) -> str:
        return re.sub(r"\{([\w-]+)\}", lambda found: self.attributes.get(found.group(1).lower(), found.group()), text)

    def shown(self, markup: str) -> str:
        """The text that a reader of the page sees; pictures come separately."""
        text = _IMAGE.sub("", self.substituted(markup))
        for pattern, shown in _INLINE:
            text = pattern.sub(shown, text)
        return "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()


def _begins_item(line: str) -> bool:
    return bool(_ITEM.match(line) or _TERM.match(line))


def _item(line: str) -> tuple[str, int, str]:
    """Marker or term, depth and text of a list item."""
    if found := _ITEM.match(line):
        mark = found.group(1)
        depth = len(mark) - 1 if mark[0] in "*." else 0
        return (mark if mark[0].isalnum() or mark[0] == "<" else "-"), depth, line[found.end() :]
    found = _TERM.match(line)
    assert found
    return f"{found.group(1)}:", 0, found.group(3) or ""


def _joined(lines: list[str]) -> str:
    """Lines of a paragraph on one, broken only where a line ends in " +"."""
    return "".join(line.strip().removesuffix("+") + "\n" if line.endswith(" +") else f"{line} " for line in lines)


def _link_text(target: str, text: str) -> str:
    return text.partition(",")[0].strip('"^ ') or target
