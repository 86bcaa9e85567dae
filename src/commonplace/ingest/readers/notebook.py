"""Jupyter notebooks: Markdown cells as Markdown, code with what it printed, plots as pictures.

Lines are those of cells, which no reader of a notebook sees, so elements have a heading path and no lines.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from commonplace.ingest.elements import Element, Front, Note, Passage, Picture
from commonplace.ingest.readers import html
from commonplace.ingest.readers.flow import SURROUNDINGS, Block, first_heading, flow, parsed, shortened
from commonplace.ingest.readers.markdown import to_html
from commonplace.ingest.readers.plain import COLOUR_CODES
from commonplace.ingest.textfile import clean_text, decode

MAX_BYTES = 256 << 20
"""Plots lie in the file: notebooks are larger than what is written in them."""
LONGEST_OUTPUT = 4000
"""Characters of printed text that are kept of one output: the log of a training says little after its beginning."""

_PICTURES = ("image/png", "image/jpeg", "image/svg+xml", "image/webp", "image/gif")


@partial(parsed, most=MAX_BYTES)
def read(data: bytes) -> Iterator[Front | Element | Note]:
    notebook = json.loads(decode(data))
    try:
        found = (block for cell in notebook["cells"] for block in _cell(cell))
        blocks = [replace(block, locator=replace(block.locator, lines=None)) for block in found]
        title = notebook.get("metadata", {}).get("title") or first_heading(blocks)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"JSON that is no notebook: {error!r}") from error
    yield Front(clean_text(str(title)))
    yield from flow(blocks)


def _cell(cell: dict[str, Any]) -> Iterator[Any]:
    source = _text(cell["source"])
    if cell["cell_type"] == "markdown":
        for name, kinds in cell.get("attachments", {}).items():
            kind, data = next(iter(kinds.items()))
            source = source.replace(f"attachment:{name}", f"data:{kind};base64,{''.join(_text(data).split())}")
        yield from html.blocks(to_html(source))
    elif source.strip():
        yield Passage(source)
    for output in cell.get("outputs", ()):
        for block in _output(output):
            yield replace(block, paragraph=shortened(source, SURROUNDINGS)) if isinstance(block, Picture) else block


def _output(output: dict[str, Any]) -> Iterator[Block]:
    """The best form of what a cell showed: a picture, a table of HTML, Markdown, else text."""
    forms = output.get("data", output)
    picture = next((forms[kind] for kind in _PICTURES if kind in forms), None)
    plain = _text(forms.get("text/plain", output.get("text", "")))
    if picture is not None:
        data = _text(picture)
        encoded = data.encode() if data.lstrip().startswith("<") else base64.b64decode(data)
        yield Picture(encoded, alt="" if plain.startswith("<") else plain)  # <Figure size 640x480 with 1 Axes>
    elif "text/html" in forms:
        yield from html.blocks(_text(forms["text/html"]))
    elif "text/markdown" in forms:
        yield from html.blocks(to_html(_text(forms["text/markdown"])))
    else:
        lines = (plain, ": ".join(filter(None, (output.get("ename"), output.get("evalue")))))
        said = clean_text(COLOUR_CODES.sub("", "\n".join(filter(None, lines))))
        if said.strip():
            yield Passage(shortened(said.rstrip(), LONGEST_OUTPUT))


def _text(value: str | list[str]) -> str:
    """A multi-line string, which may be written as a list of lines."""
    return clean_text(value if isinstance(value, str) else "".join(value))
