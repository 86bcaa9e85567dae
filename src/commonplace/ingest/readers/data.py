"""JSON, JSON lines, YAML and TOML: every leaf as "path.of.keys: value", so that keys are found and values keep context.

Values stay as the file writes them: 1.10 is a version before it is a number.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Container, Iterable, Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from commonplace.ingest.elements import Element, Front, Note, Passage
from commonplace.ingest.readers import plain
from commonplace.ingest.readers.flow import parsed
from commonplace.ingest.textfile import clean_text, decode, read_lines
from commonplace.types import Locator

_LONGEST_INLINE = 100
"""Characters of a list of scalars that is written on one line."""

_MOST_KEYS = 1000
"""Keys that are searched for: a file with more is a table of its own, and nobody looks up its lines."""

_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Lines = tuple[int, int] | None


class Leaf(NamedTuple):
    top: str
    """First key of the path: leaves that share it belong together."""
    path: str
    value: str
    lines: Lines

    @property
    def text(self) -> str:
        return clean_text(f"{self.path}: {self.value}" if self.path else self.value).rstrip()


@parsed
def read_json(data: bytes) -> Iterator[Passage]:
    return _passages(json_leaves(text := decode(data)), text)


@parsed
def read_toml(data: bytes) -> Iterator[Passage]:
    text = decode(data)
    yield from _comments(text)
    yield from _passages(toml_leaves(text), text)


@parsed
def read_yaml(data: bytes) -> list[Passage]:
    text = decode(data)
    leaves = list(yaml_leaves(text))
    inside = {line for leaf in leaves if leaf.lines for line in range(leaf.lines[0] + 1, leaf.lines[1] + 1)}
    return sorted([*_comments(text, inside), *_passages(leaves)], key=lambda passage: passage.locator.lines or (0, 0))


def read_jsonl(path: Path) -> Iterator[Front | Element | Note]:
    """One passage for each record; a line that is no JSON stays as it is."""
    broken: list[int] = []
    for number, line in read_lines(path):
        if line.strip():
            try:
                text = "\n".join(leaf.text for leaf in json_leaves(line))
            except (ValueError, RecursionError):
                broken.append(number)
                text = line.strip()
            yield Passage(text, Locator(lines=(number, number)))
    if broken:
        yield Note(f"lines kept as text because they are no JSON: {len(broken)}, the first is line {broken[0]}")


def json_leaves(text: str) -> Iterator[Leaf]:
    """Raises ValueError where the text is no JSON."""
    return _leaves(json.loads(text, parse_float=str, parse_int=str, parse_constant=str), budget=len(text))


def toml_leaves(text: str) -> Iterator[Leaf]:
    """Raises ValueError where the text is no TOML."""
    return _leaves(tomllib.loads(text, parse_float=str), budget=len(text))


def yaml_leaves(text: str) -> Iterator[Leaf]:
    """The leaves of every document. No object is made from any tag: the node graph is read as it is written.

    Raises ValueError where the text is no YAML, or where its aliases unfold to far more than was written.
    """
    try:
        for root in yaml.compose_all(text, _YAML_LOADER):
            yield from _leaves(root, budget=1000 + 10 * len(text))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _leaves(root: Any, *, budget: int) -> Iterator[Leaf]:
    """The leaves below `root` in the order of the file; no recursion, since YAML's aliases can make a circle."""
    stack = [("", "", root)]
    while stack:
        top, path, node = stack.pop()
        found = _children(node)
        if isinstance(found, str):
            yield Leaf(top, path, found, _lines(node))
            continue
        budget -= len(found)
        if budget < 0:
            raise ValueError("its aliases unfold to more than ten times of what is written")
        for key, child in reversed(found):
            dot = "." if path and not key.startswith("[") else ""
            stack.append((top or key, f"{path}{dot}{key}", child))


def _children(node: Any) -> list[tuple[str, Any]] | str:
    """The children of a value or a YAML node by key (list items by "[0]", "[1]", ...), or its text if it is a leaf: a
    scalar, or a short list of nothing but scalars."""
    match node:
        case dict():
            return [(str(key), child) for key, child in node.items()] or ""
        case yaml.MappingNode():
            return [(key.value if isinstance(key, yaml.ScalarNode) else "?", child) for key, child in node.value] or ""
        case list() | yaml.SequenceNode():
            items = node if isinstance(node, list) else node.value
            scalars = [_scalar(item) for item in items if not isinstance(item, dict | list | yaml.CollectionNode)]
            line = ", ".join(scalars)
            if line and len(scalars) == len(items) and len(line) <= _LONGEST_INLINE:
                return line
            return [(f"[{index}]", item) for index, item in enumerate(items)] or ""
    return _scalar(node)


def _scalar(value: Any) -> str:
    if isinstance(value, yaml.Node):
        return str(value.value)
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _lines(node: Any) -> Lines:
    if not isinstance(node, yaml.Node):
        return None
    first, end = node.start_mark.line + 1, node.end_mark.line + (node.end_mark.column > 0)
    return first, max(first, end)


def _passages(leaves: Iterable[Leaf], source: str = "") -> Iterator[Passage]:
    """One passage for each key of the top level. source: searched for the keys where leaves do not know their lines."""
    groups = [(top, list(group)) for top, group in groupby(leaves, key=lambda leaf: leaf.top)]
    for (_, together), found in zip(groups, _key_lines([top for top, _ in groups], source), strict=True):
        placed = [leaf.lines for leaf in together if leaf.lines]
        lines = (min(first for first, _ in placed), max(last for _, last in placed)) if placed else found
        text = "\n".join(leaf.text for leaf in together)
        if text.strip():
            yield Passage(text, Locator(lines=lines))


def _key_lines(keys: list[str], source: str) -> list[Lines]:
    """From each top-level key to the next, as JSON and TOML are usually laid out; None where one is not found."""
    margin = re.search(r'^[ \t]*(?=")', source, re.MULTILINE)
    at, line, starts = 0, 1, list[int]()
    for key in map(re.escape, keys):
        forms = rf'{margin[0] if margin else ""}"{key}"\s*:|[ \t]*\[+[ \t]*["\']?{key}["\']?[ \t]*[.\]]|{key}[ \t]*[.=]'
        found = re.compile(f"^(?:{forms})", re.MULTILINE).search(source, at)
        if not found or len(keys) > _MOST_KEYS:
            return [None] * len(keys)
        line += source.count("\n", at, found.start())
        at = found.start()
        starts.append(line)
    ends = [max(first, then - 1) for first, then in pairwise(starts)]
    return list(zip(starts, [*ends, source.rstrip().count("\n") + 1][: len(starts)], strict=True))


def _comments(text: str, inside: Container[int] = ()) -> Iterator[Passage]:
    """The runs of comment lines, which no parser gives. inside: lines of a block of text, whose # is no comment."""
    lines = enumerate(text.split("\n"), start=1)
    marked = ((n, line.strip()) for n, line in lines)
    return plain.paragraphs(
        (n, line.lstrip("# ") if line.startswith("#") and n not in inside else "") for n, line in marked
    )
