"""Markdown as it is written: CommonMark with tables, footnotes, front matter, raw HTML, shortcodes and admonitions.

It becomes HTML whose blocks say which lines they come from, and `html` reads that: what an author wrote as HTML and
what they wrote as Markdown are then one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from html import escape, unescape
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.admon import admon_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from commonplace.ingest.elements import Element, Front, Note, Passage
from commonplace.ingest.readers import data, html
from commonplace.ingest.readers.flow import first_heading, flow, keywords, parsed
from commonplace.ingest.textfile import decode
from commonplace.types import Locator

# What a page on the usual sites may hold. Any other <word> is a placeholder that the author forgot to quote.
_TAGS = """
a abbr article aside b bdo big blockquote br button caption center cite code col colgroup dd del details dfn div dl dt
em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li main mark nav noscript ol p picture
pre q rp rt ruby s samp script section small source span strike strong style sub summary sup svg table tbody td tfoot th
thead tr tt u ul var video
"""
_HTML = frozenset(_TAGS.split())
_ADMONITIONS = {"note", "tip", "info", "important", "caution", "warning", "danger", "success", "question", "example"}
_TEXTS = ("title", "name", "caption", "label", "summary", "header", "text", "alt")
"""Attributes of a shortcode that a reader of the page sees."""

_VALUE = r""""[^"]*"|'[^']*'|`[^`]*`|[^\s"'`=]+"""
_ARGUMENT = re.compile(rf"(?:([\w-]+)\s*=\s*)?({_VALUE})")
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ ]*\n(.*?)^\1[ ]*$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ ]+)?(`{3,}|~{3,})")
_SHORTCODE = re.compile(r"\{\{[<%]\s*(/?)([\w./-]+)((?:(?!\{\{).)*?)/?[%>]\}\}", re.DOTALL)  # Hugo
_IMAGE_BLOCK = re.compile(r":::image(\s.*?):::", re.DOTALL)  # Microsoft Learn
_DIRECTIVE = re.compile(
    r"^([ \t>]*):{3,}[ ]?(?:\{?([\w-]+)\}?)?(.*?)(?::{3,})?[ \t]*$", re.MULTILINE
)  # Docusaurus and others
_ALERT = re.compile(r"^([ \t>]*>[ ]*)\[!(\w+)[^\]\n]*\]", re.MULTILINE)  # GitHub
_ATTRIBUTES = re.compile(r"(?:^[ ]*\{:[^{}\n]*\}|(?<=\S)[ ]*\{[:#.][^{}\n]*\})[ ]*$", re.MULTILINE)  # Kramdown, Pandoc
_TABLE_OR_FIGURE = re.compile(
    r"^[ \t]*<(table|figure)\b(?:(?!<\1\b).)*?</\1>", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)([^<>]*)>")

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
for _plugin in (footnote_plugin, admon_plugin, deflist_plugin):
    _PARSER.use(_plugin)


@parsed
def read(markup: bytes) -> Iterator[Front | Element | Note]:
    text = decode(markup)
    matter: dict[str, str] = {}
    notes: list[Note] = []
    if found := _FRONT_MATTER.match(text):
        fence, written = found.groups()
        try:
            leaves = data.yaml_leaves(written) if fence == "---" else data.toml_leaves(written)
            matter = {leaf.path.lower(): leaf.value.strip() for leaf in leaves}
        except ValueError as error:
            notes.append(Note(f"front matter could not be read: {' '.join(str(error).split())}"))
        else:
            text = "\n" * found.group().count("\n") + text[found.end() :]
    blocks = list(html.blocks(to_html(text)))
    yield Front(matter.get("title") or first_heading(blocks), _tags(matter), _date(matter))
    yield from notes
    if about := "\n".join(matter[key] for key in ("description", "summary") if matter.get(key)):
        yield Passage(about, Locator(lines=(1, found.group().count("\n") + 1 if found else 1)))
    yield from flow(blocks)


def _tags(matter: dict[str, str]) -> tuple[str, ...]:
    found = (value for key, value in matter.items() if re.fullmatch(r"(tags|keywords|categories)(\[\d+\])?", key))
    return tuple(dict.fromkeys(keywords(",".join(found))))


def _date(matter: dict[str, str]) -> datetime | None:
    for key in ("date", "ms.date", "lastmod", "last_updated", "updated"):
        for form in ("%Y-%m-%d", "%m/%d/%Y"):
            with suppress(ValueError):
                return datetime.strptime(matter.get(key, "")[:10], form).replace(tzinfo=UTC)
    return None


def to_html(text: str) -> str:
    """HTML in which every block carries the lines it comes from. Lines keep their numbers through every step."""
    text = "".join("".join(part) if is_code else _plain_markup("".join(part)) for is_code, part in _by_fence(text))
    lines = text.split("\n")
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.map:
            first, last = token.map[0] + 1, max(token.map[0] + 1, token.map[1])
            if token.type == "fence":
                first, last = first + 1, first + max(1, token.content.count("\n"))  # without the fences themselves
            while last > first and not lines[last - 1].strip():
                last -= 1
            token.attrSet("data-lines", f"{first}-{last}")
        if token.type == "html_block":
            where = f' data-lines="{token.attrGet("data-lines")}"'
            token.content = re.sub(r"<([A-Za-z][\w-]*)", rf"<\1{where}", _without_placeholders(token.content), count=1)
        for child in token.children or ():
            if child.type == "html_inline":
                child.content = _without_placeholders(child.content)
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {}))


def _code(_renderer: object, tokens: Sequence[Token], index: int, *_: object) -> str:
    token = tokens[index]
    return f'<pre data-lines="{token.attrGet("data-lines")}">{escape(token.content)}</pre>\n'


# The attributes belong on <pre>, which is the block, not on the <code> in it.
for _kind in ("fence", "code_block"):
    _PARSER.add_render_rule(_kind, _code)


def _by_fence(text: str) -> Iterator[tuple[bool, Iterator[str]]]:
    """Stretches of lines, with their ends, inside (True) and outside of fenced code."""
    fence = ""

    def is_code(line: str) -> bool:
        nonlocal fence
        mark = _FENCE.match(line)
        if fence:
            if mark and mark.group(1).startswith(fence) and line.strip(" \t\n>") == mark.group(1):
                fence = ""
            return True
        fence = mark.group(1) if mark else ""
        return bool(mark)

    return groupby(text.splitlines(keepends=True), key=is_code)


def _plain_markup(text: str) -> str:
    """What generators of sites add to Markdown, as Markdown or HTML; the words in it stay."""
    text = _SHORTCODE.sub(_shortcode, text)
    text = _IMAGE_BLOCK.sub(lambda found: _picture(_arguments(found.group(1))) + _line_ends(found), text)
    text = _DIRECTIVE.sub(_directive, text)
    text = _ALERT.sub(lambda found: found.group(1) + ("" if found.group(2) == "div" else f"{found.group(2)}:"), text)
    text = _ATTRIBUTES.sub("", text)
    # A blank line ends a block of HTML: not so inside a table or figure.
    return _TABLE_OR_FIGURE.sub(lambda found: re.sub(r"\n[ \t]*(?=\n)", "\n<!-- -->", found.group()), text)


def _arguments(text: str) -> list[tuple[str, str]]:
    """Name and value of each argument; those without a name have an empty one."""
    return [(name, unescape(value.strip("\"'`"))) for name, value in _ARGUMENT.findall(text)]


def _line_ends(found: re.Match[str]) -> str:
    return "\n" * found.group().count("\n")


def _shortcode(found: re.Match[str]) -> str:
    closing, name, rest = found.groups()
    arguments = [] if closing else _arguments(rest)
    if "src" in dict(arguments):
        return _picture(arguments) + _line_ends(found)
    words = [value for key, value in arguments if key in _TEXTS]
    if unnamed := [value for key, value in arguments if not key]:
        words += [re.sub(r"[\W_]+", " ", name), *unnamed]
    glued = found.string[: found.start()][-1:].strip()
    return (" " if glued else "") + " ".join(words) + _line_ends(found)


def _directive(found: re.Match[str]) -> str:
    indent, name, rest = found.groups()
    words = [name.capitalize() + ":"] if name and name.lower() in _ADMONITIONS else []
    words += [value.strip("[]") for key, value in _arguments(rest) if not key or key in _TEXTS]
    return indent + " ".join(words)


def _picture(arguments: list[tuple[str, str]]) -> str:
    given = dict(arguments)
    source, alt = (
        escape(given.get(first) or given.get(second, "")) for first, second in (("src", "source"), ("alt", "alt-text"))
    )
    caption = escape(" ".join(given[key] for key in ("title", "caption") if given.get(key)))
    return f'<figure><img src="{source}" alt="{alt}"><figcaption>{caption}</figcaption></figure>'


def _without_placeholders(markup: str) -> str:
    return _TAG.sub(lambda tag: tag.group() if tag.group(2).lower() in _HTML else escape(tag.group()), markup)
