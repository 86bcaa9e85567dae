"""HTML, and what other readers turn into HTML: headings, passages, lists, tables, pictures, in reading order."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from lxml import etree

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Element, Front, Note, Passage, Picture, PictureLink, Table
from commonplace.ingest.readers.flow import Block, Heading, flow, keywords, parsed, within
from commonplace.ingest.textfile import clean_text, decode
from commonplace.types import Locator

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LISTS = ("ul", "ol", "menu")
_BLOCK_TAGS = """
address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form
header hgroup hr legend li main p pre section summary table tbody td tfoot th thead tr
"""
_DROPPED_TAGS = "script style nav template noscript head select datalist iframe object canvas audio video"
_BLOCKS = frozenset(_BLOCK_TAGS.split()).union(_HEADINGS, _LISTS)
_DROPPED = frozenset(_DROPPED_TAGS.split())
# A list whose items hold one of these is read item by item, not as one passage.
_HEAVY = ("pre", "table", "figure", *_HEADINGS)
_LINES = "data-lines"
"""Attribute by which a reader that makes HTML says where in its own file a block lies: "first-last"."""

_CHARSET = re.compile(rb"""<(?:meta[^>]*charset|\?xml[^>]*encoding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_SELF_CLOSED = re.compile(
    r"<(title|script|style|textarea|iframe|a|p|div|span|i|b|em|td|th|li)(\s[^<>]*)?/>", re.IGNORECASE
)
_COMMIT = re.compile(r"(?<![0-9a-z])(?=[a-f]*\d)[0-9a-f]{12,}(?![0-9a-z])")
"""An identifier in an address that the words of its link do not tell."""
_Node = Any  # lxml's element

_SELF_LINK = " #¶§🔗↩\ufe0e\u200b"  # what generators put after a heading, as a link to it
_LINE_BREAK = "\0"  # <br> while white space is folded; clean text holds no NUL


@parsed
def read(data: bytes) -> Iterator[Front | Element | Note]:
    root = _parse(data)
    title = root.findtext(".//title") or next((_text(h) for h in root.iter("h1")), "")
    told = (meta.get("content", "") for meta in root.iter("meta") if meta.get("name", "").lower() == "keywords")
    yield Front(" ".join(title.split()), keywords(",".join(told)))
    yield from flow(_Page(root, numbered=True).main())


def elements(markup: bytes | str) -> Iterator[Element | Note]:
    """The elements of one HTML or XHTML page, without line locators (a chapter of a book, a page handed in)."""
    return flow(blocks(markup))


def blocks(markup: bytes | str) -> Iterator[Block]:
    """The blocks of a page's main part, with the lines that `data-lines` tells."""
    return _Page(_parse(markup), numbered=False).main()


def _parse(markup: bytes | str) -> _Node:
    """The tree of a page. Bytes are decoded as the page itself says.

    Raises UnreadableFile where libxml2 stops: at 256 levels of nesting, at 10 MB of text without a tag.
    """
    if isinstance(markup, bytes):
        charset = _CHARSET.search(markup[:4096])
        markup = decode(markup, charset.group(1).decode() if charset else None)
    if "<?xml" in markup[:200]:
        markup = _SELF_CLOSED.sub(r"<\1\2></\1>", markup)  # to an HTML parser <title/> swallows the page
    if not markup.strip():
        return etree.Element("html")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    root = etree.fromstring(clean_text(markup).encode(), parser)
    if beyond := [entry.message for entry in parser.error_log if entry.type_name == "ERR_RESOURCE_LIMIT"]:
        raise UnreadableFile(f"HTML that a parser gives up on ({beyond[0].strip()}); save it with less nesting")
    return etree.Element("html") if root is None else root


@dataclass
class _Run:
    """Inline content since the last block."""

    parts: list[str] = field(default_factory=list)
    pictures: list[Block] = field(default_factory=list)
    lines: tuple[int, int] | None = None

    def text(self) -> str:
        return _folded("".join(self.parts))


class _Page:
    """numbered  lines are those of the HTML itself, unless `data-lines` says more"""

    def __init__(self, root: _Node, *, numbered: bool) -> None:
        mains = (node for node in root.iter("main", "*") if node.tag == "main" or node.get("role") == "main")
        self.root = next(mains, root)
        self.numbered = numbered
        self.holders: set[_Node] = set()  # inline by their tag, but with blocks inside
        self.heavy: set[_Node] = set()
        for node in self.root.iter(*_BLOCKS):
            _mark_ancestors(node, self.holders)
            if node.tag in _HEAVY:
                _mark_ancestors(node, self.heavy)

    def main(self) -> Iterator[Block]:
        return self.blocks(self.root)

    def blocks(self, node: _Node) -> Iterator[Block]:
        """What lies in `node`: its blocks, and the inline content between them as paragraphs."""
        run = _Run([node.text or ""], lines=self.lines(node))
        for child in node:
            if _is_dropped(child):
                pass
            elif child.tag in _BLOCKS or child in self.holders:
                yield from self.paragraph(run)
                yield from self.block(child)
                run = _Run(lines=self.lines(child, tail=True))
            else:
                self.inline(child, run)
            run.parts.append(child.tail or "")
        yield from self.paragraph(run)

    def block(self, node: _Node) -> Iterator[Block]:
        if node.tag in _HEADINGS:
            yield from self.heading(node)
        elif node.tag == "pre":
            text = "".join(node.itertext()).strip("\n").rstrip()
            if text.strip():
                yield Passage(text, self.locator(node))
        elif node.tag == "table" and not self.is_layout(node):
            yield from self.table(node)
        elif node.tag == "figure":
            yield from self.figure(node)
        elif node.tag in _LISTS:
            yield from self.items(node)
        elif node.tag == "dl" and node not in self.heavy:
            yield from self.as_one([("  " if item.tag == "dd" else "", item) for item in node], node)
        else:
            yield from self.blocks(node)

    def paragraph(self, run: _Run) -> Iterator[Block]:
        text = run.text()
        if text:
            yield Passage(text, Locator(lines=run.lines))
        yield from (within(picture, text) for picture in run.pictures)

    def heading(self, node: _Node) -> Iterator[Block]:
        run = _Run()
        self.inline(node, run)
        text = run.text().replace("\n", " ")
        if text:
            yield Heading(int(node.tag[1]), text, self.locator(node))
        yield from run.pictures

    def inline(self, node: _Node, run: _Run) -> None:
        if node.tag == "br":
            run.parts.append(_LINE_BREAK)
        elif node.tag == "img":
            picture = self.picture(node)
            if isinstance(picture, str):
                run.parts.append(picture)
            else:
                run.pictures.append(picture)
        elif not _is_dropped(node):
            run.parts.append(node.text or "")
            for child in node:
                self.inline(child, run)
                run.parts.append(child.tail or "")
            if node.tag == "a" and _COMMIT.search(node.get("href", "")):
                run.parts.append(f" ({node.get('href')})")

    def picture(self, node: _Node) -> Block | str:
        """The picture that an <img> shows, or what stands for one on another site: its alternative text."""
        alt, caption = (" ".join(node.get(name, "").split()) for name in ("alt", "title"))
        source = node.get("src", "").strip()
        if not source or (source.startswith("data:") and node.get("data-src")):
            source = node.get("data-src", "").strip()  # loaded lazily: src holds a placeholder
        if alt == source:
            alt = ""  # what docutils writes for want of a description
        if source.startswith("data:"):
            data = _data_uri(source)
            if data is None:
                return Note(f"picture inside the page could not be decoded: {source[:40]}...")
            return Picture(data, self.locator(node), alt=alt, caption=caption)
        target = local_target(source)
        return PictureLink(target, self.locator(node), alt=alt, caption=caption) if target else alt

    def figure(self, node: _Node) -> Iterator[Block]:
        captions = list(node.iter("figcaption"))
        caption = " ".join(filter(None, (_text(each) for each in captions)))
        for each in captions:
            each.clear(keep_tail=True)
        shown = False
        for block in self.blocks(node):
            if isinstance(block, Picture | PictureLink | Table):
                shown = True
                block = replace(block, caption=block.caption or caption)
            yield block
        if caption and not shown:
            yield Passage(caption, self.locator(node))

    def items(self, node: _Node) -> Iterator[Block]:
        number = int(node.get("start", "1")) if node.get("start", "1").isdecimal() else 1
        items = []
        for item in node:
            items.append((f"{number}. " if node.tag == "ol" else "- ", item))
            number += item.tag == "li"
        if node not in self.heavy:
            yield from self.as_one(items, node)
            return
        for marker, item in items:
            for block in () if _is_dropped(item) else self.blocks(item):
                if marker and isinstance(block, Passage):
                    block, marker = replace(block, text=marker + block.text), ""
                yield block

    def as_one(self, items: list[tuple[str, _Node]], node: _Node) -> Iterator[Block]:
        """One passage of all items, each after its marker, and then their pictures."""
        texts: list[str] = []
        others: list[Block] = []
        for marker, item in items:
            inside: list[str] = []
            for block in () if _is_dropped(item) else self.blocks(item):
                if isinstance(block, Passage):
                    inside.append(block.text)
                else:
                    others.append(block)
            if inside:
                texts.append(marker + "\n".join(inside).replace("\n", "\n" + " " * len(marker)))
        if texts:
            yield Passage("\n".join(texts), self.locator(node))
        yield from others

    def is_layout(self, table: _Node) -> bool:
        """Whether a table only arranges a page: it holds tables or headings, or has a single cell in every row."""
        if next(table.iterdescendants("table", *_HEADINGS), None) is not None:
            return True
        return all(len(row.findall("td")) + len(row.findall("th")) <= 1 for row in table.iter("tr"))

    def table(self, node: _Node) -> Iterator[Block]:
        rows: list[tuple[str, ...]] = []
        pictures: list[Block] = []
        head = 0
        for row in node.iter("tr"):
            cells: list[str] = []
            inside: list[Block] = []
            for cell in row.iterchildren("td", "th"):
                content = list(self.blocks(cell))
                cells.append("\n".join(block.text for block in content if isinstance(block, Passage)))
                inside += (block for block in content if not isinstance(block, Passage))
                cells += [""] * (_span(cell) - 1)
            if any(cells):
                is_head = row.getparent().tag == "thead" or row.find("td") is None
                head += is_head and head == len(rows)
                rows.append(tuple(cells))
            text = " | ".join(filter(None, cells))
            pictures += [within(block, text) for block in inside]
        caption = " ".join(_text(each) for each in node.iterchildren("caption"))
        if rows:
            width = max(map(len, rows))
            filled = tuple(row + ("",) * (width - len(row)) for row in rows)
            yield Table(filled, self.locator(node), header_rows=min(head, len(rows)), caption=caption)
        elif caption:
            yield Passage(caption, self.locator(node))
        yield from pictures

    def locator(self, node: _Node) -> Locator:
        return Locator(lines=self.lines(node))

    def lines(self, node: _Node, *, tail: bool = False) -> tuple[int, int] | None:
        for each in (*(() if tail else (node,)), *node.iterancestors()):
            if stated := each.get(_LINES):
                first, _, last = stated.partition("-")
                return int(first), int(last)
        if not self.numbered or node.sourceline is None:
            return None
        inside = (child.sourceline or 0 for child in node.iterdescendants())
        last = max(node.sourceline, max(inside, default=0))
        return (last, last) if tail else (node.sourceline, last)


def local_target(source: str) -> str | None:
    """The path that a picture's address names, or None where it lies on another site."""
    try:
        parts = urlsplit(source)
    except ValueError:  # an address like http://[name]
        return None
    return None if parts.scheme or parts.netloc else clean_text(unquote(parts.path)) or None


def _data_uri(source: str) -> bytes | None:
    head, _, body = source.removeprefix("data:").partition(",")
    if not head.startswith("image/"):
        return None
    try:
        return base64.b64decode(unquote(body), validate=False) if head.endswith(";base64") else unquote_to_bytes(body)
    except ValueError:
        return None


def _mark_ancestors(node: _Node, marked: set[_Node]) -> None:
    for ancestor in node.iterancestors():
        if ancestor in marked:
            return
        marked.add(ancestor)


def _is_dropped(node: _Node) -> bool:
    if node.tag == "a" and node.get("href", "").startswith("#"):
        return (node.text or "").strip(_SELF_LINK) == "" and len(node) == 0
    return node.tag in _DROPPED or node.get("hidden") is not None or node.get("role") == "navigation"


def _span(cell: _Node) -> int:
    span = cell.get("colspan", "1")
    return min(int(span), 100) if span.isdecimal() else 1


def _text(node: _Node) -> str:
    return _folded("".join(node.itertext())).replace("\n", " ")


def _folded(text: str) -> str:
    """White space as a browser shows it: runs are one space; only <br> breaks a line."""
    lines = (" ".join(line.split()) for line in text.split(_LINE_BREAK))
    return "\n".join(line for line in lines if line)
