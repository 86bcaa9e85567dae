"""reStructuredText of any dialect: docutils reads it, directives and roles that it does not know keep their text.

The document becomes HTML whose blocks say which lines they come from, and `html` reads that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any, ClassVar

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Directive, Parser, directives, languages, roles
from docutils.utils import new_document
from docutils.writers.html5_polyglot import HTMLTranslator, Writer

from commonplace.ingest.elements import Element, Front, Note
from commonplace.ingest.readers import html
from commonplace.ingest.readers.flow import first_heading, flow, parsed
from commonplace.ingest.textfile import decode

_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ ]+(?:\|[^|\n]+\|[ ]+)?([\w:.+-]+?)[ ]?::(?:[ \n]|\Z)", re.MULTILINE)
_ROLE = re.compile(r":([\w:.+-]+):`|`:([\w:.+-]+):")
_HOLDERS = (
    nodes.bullet_list,
    nodes.enumerated_list,
    nodes.definition_list,
    nodes.field_list,
    nodes.list_item,
    nodes.table,
)
_MISTYPED = re.compile(r"\w+:\s")  # ".. note: Text", which lacks a colon, is a comment to docutils
_TITLED = re.compile(r"(.+?)\s*<[^<>]*>", re.DOTALL)
_SETTINGS: dict[str, Any] = {
    "_disable_config": True,  # a docutils.conf that lies about must not change what is read
    "file_insertion_enabled": False,
    "raw_enabled": True,  # only what stands in the page itself, and only to be read as text
    "doctitle_xform": False,
    "docinfo_xform": False,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "math_output": "LaTeX",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "report_level": 5,
    "halt_level": 5,
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "line_length_limit": 10_000_000,
}


@parsed
def read(markup: bytes) -> Iterator[Front | Element | Note]:
    blocks = list(html.blocks(to_html(decode(markup))))
    yield Front(first_heading(blocks))
    yield from flow(blocks)


def to_html(text: str) -> str:
    """HTML in which every block carries the lines it comes from."""
    with _any_dialect(text):
        document = publish_doctree(text, settings_overrides=_SETTINGS)
    _keep_refused_text(document)
    _number_lines(document, text.split("\n"))
    writer = Writer()
    writer.translator_class = _NumberedTranslator
    return str(publish_from_doctree(document, writer=writer, settings_overrides=_SETTINGS))


class _AnyOptions(dict[str, Any]):
    """An option specification that admits every option."""

    def __missing__(self, name: str) -> Any:
        return directives.unchanged


class _AnyDirective(Directive):
    """A directive of some extension: its argument and captions become paragraphs, its content is read as usual."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[Any] = _AnyOptions(name=directives.unchanged)

    def run(self) -> list[nodes.Node]:
        found = nodes.container()
        found += [_paragraph(self, text) for text in (*self.arguments, *_captions(self))]
        self.state.nested_parse(self.content, self.content_offset, found)
        return [found]


class _AnyCode(_AnyDirective):
    """A directive whose content is a language of its own: it stays as it is written."""

    def run(self) -> list[nodes.Node]:
        text = dedent("\n".join(self.content))
        code = [nodes.literal_block(text, text)] if text else []
        return [*(_paragraph(self, caption) for caption in _captions(self)), *code]


def _captions(directive: Directive) -> list[str]:
    return [directive.options[key] for key in ("caption", "title", "alt") if directive.options.get(key)]


def _paragraph(directive: Directive, text: str) -> nodes.paragraph:
    inline, _ = directive.state.inline_text(text, directive.lineno)
    paragraph = nodes.paragraph(text, "", *inline)
    written = enumerate(directive.block_text.split("\n"), start=directive.lineno)
    paragraph.line = next((n for n, line in written if text.split("\n")[0] in line), directive.lineno)
    return paragraph


def _with_any_option(known: Any) -> Any:
    """A directive of docutils that also takes options it does not know, as Sphinx adds them to `code-block`."""

    class Tolerant(known):  # type: ignore[misc]
        option_spec: ClassVar[Any] = _AnyOptions(known.option_spec)

        def run(self) -> list[nodes.Node]:
            unknown = [key for key in self.options if key not in known.option_spec]
            options = {key: self.options.pop(key) for key in unknown}
            captions = [_paragraph(self, options["caption"])] if options.get("caption") else []
            return [*captions, *super().run()]

    return Tolerant


_CODE = re.compile(r"(.*diag|.*graph|graphviz|mermaid|uml|plantuml|tikz|prompt|console|terminal|testcode|ipython)$")


def _any_role(_name: str, markup: str, text: str, *_: Any, **__: Any) -> tuple[list[Any], list[Any]]:
    """A role of some extension: its text, or the title that it gives to a target."""
    text = nodes.unescape(text)
    titled = _TITLED.fullmatch(text)
    return [nodes.inline(markup, titled.group(1) if titled else text)], []


@contextmanager
def _any_dialect(text: str) -> Iterator[None]:
    """Let docutils read whatever `text` uses.

    docutils keeps one registry for the process. What it lacks is added to it; what is there, from docutils or another
    package, is made tolerant meanwhile and put back.
    """
    english: Any = languages.get_language("en")
    document = new_document("", get_default_settings(Parser))
    document.reporter.report_level = _SETTINGS["report_level"]
    theirs = {}
    for name in {found.lower() for found in _DIRECTIVE.findall(text)}:
        known: Any = directives.directive(name, english, document)[0]
        if known is None:
            directives.register_directive(name, _AnyCode if _CODE.match(name) else _AnyDirective)
        elif getattr(known, "option_spec", None) and not issubclass(known, _AnyDirective):
            theirs[name] = known
            directives.register_directive(name, _with_any_option(known))
    for name in {(before or after).lower() for before, after in _ROLE.findall(text)}:
        if roles.role(name, english, 0, document.reporter)[0] is None:
            roles.register_local_role(name, _any_role)
    try:
        yield
    finally:
        for name, known in theirs.items():
            directives.register_directive(name, known)


def _keep_refused_text(document: nodes.document) -> None:
    """Keep as it is written what docutils reports as an error and leaves out; drop what only repeats."""
    for message in list(document.findall(nodes.system_message)):
        refused = [block for block in message.findall(nodes.literal_block) if message["level"] >= 3]
        message.parent.replace(message, refused)
    for comment in list(document.findall(nodes.comment)):
        if _MISTYPED.match(comment.astext()):
            comment.parent.replace(comment, nodes.literal_block(comment.rawsource, comment.astext()))
    for topic in [topic for topic in document.findall(nodes.topic) if "contents" in topic["classes"]]:
        topic.parent.remove(topic)


def _number_lines(document: nodes.document, lines: list[str]) -> None:
    """Give each block the attribute `lines`. docutils knows where most begin; what it copies is found by its text."""
    first = 1
    for node in document.findall(nodes.Element):
        # An image inside a paragraph, put there by a substitution, has the line of its definition instead.
        is_image = isinstance(node, nodes.image) and not isinstance(node.parent, nodes.TextElement)
        if isinstance(node, nodes.literal_block | nodes.raw):
            text = node.astext().split("\n")
            after = (n for n, line in enumerate(lines[first - 1 :], start=first) if line.strip() == text[0].strip())
            if begins := next(after, None):
                node["lines"] = (begins, begins + len(text) - 1)
        elif node.line and isinstance(node, nodes.title):  # its line is that of the underline
            node["lines"] = (node.line - 1, node.line)
        elif node.line and (is_image or isinstance(node, nodes.paragraph | nodes.term)):
            node["lines"] = (node.line, node.line + node.rawsource.rstrip().count("\n"))
        first = node.get("lines", (first, 0))[0]
    for holder in reversed([node for node in document.findall(nodes.Element) if isinstance(node, _HOLDERS)]):
        if inside := [node["lines"] for node in holder.findall(nodes.Element) if "lines" in node]:
            begins, ends = min(begins for begins, _ in inside), max(ends for _, ends in inside)
            if isinstance(holder, nodes.table) and holder.line:
                begins = holder.line  # the cells of a csv-table count their lines from 1
            holder["lines"] = (begins, max(begins, ends))
    for raw in document.findall(nodes.raw):
        if "lines" in raw:
            raw[:] = [nodes.Text('<div data-lines="{}-{}">'.format(*raw["lines"]) + raw.astext() + "</div>")]


class _NumberedTranslator(HTMLTranslator):
    def starttag(self, node: Any, tagname: str, suffix: str = "\n", empty: bool = False, **attributes: Any) -> str:
        if "lines" in node:
            attributes["data-lines"] = "{}-{}".format(*node["lines"])
        return str(super().starttag(node, tagname, suffix, empty, **attributes))
