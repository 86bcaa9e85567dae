"""Notebooks as their readers see them: text, code, what it printed, tables, plots."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from ingest.reader_samples import only, placed, read_as, texts
from PIL import Image

from commonplace.ingest.elements import Front, Note, Passage, Picture, Table
from commonplace.ingest.formats import detect
from commonplace.ingest.readers import notebook


def png() -> str:
    file = BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, "PNG")
    return base64.encodebytes(file.getvalue()).decode()


def cell(kind: str, source: str | list[str], *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": source, "outputs": list(outputs), **more}


def shown(**forms: str | list[str]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {name.replace("_", "/"): value for name, value in forms.items()}}


def read(folder: Path, *cells: dict[str, Any], **more: Any) -> list[Any]:
    return read_as(notebook.read, json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, **more}), folder)


def test_markdown_gives_the_headings_under_which_code_and_its_output_lie(tmp_path: Path) -> None:
    printed = {"output_type": "stream", "name": "stdout", "text": ["\x1b[32mhigh\x1b[0m tide at 06:12\n"]}
    found = read(
        tmp_path,
        cell("markdown", ["# Tides\n", "\n", "Heights at the quay."]),
        cell("markdown", "## Load"),
        cell("code", "table = read('quay.csv')", printed),
        cell("code", "1 / 0", {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero"}),
        cell("raw", "unprocessed"),
    )
    assert found[0] == Front("Tides")
    assert placed(found) == [
        ("Heights at the quay.", ("Tides",), None),
        ("table = read('quay.csv')", ("Tides", "Load"), None),
        ("high tide at 06:12", ("Tides", "Load"), None),
        ("1 / 0", ("Tides", "Load"), None),
        ("ZeroDivisionError: division by zero", ("Tides", "Load"), None),
        ("unprocessed", ("Tides", "Load"), None),
    ]


def test_a_plot_is_a_picture_beside_the_code_that_drew_it(tmp_path: Path) -> None:
    plot = shown(image_png=png(), text_plain="<Figure size 640x480 with 1 Axes>")
    (picture,) = only(Picture, read(tmp_path, cell("code", "plot(height)", plot)))
    assert Image.open(BytesIO(picture.data)).size == (60, 40)
    assert (picture.alt, picture.paragraph) == ("", "plot(height)")


def test_an_svg_is_a_picture_too(tmp_path: Path) -> None:
    drawing = {"output_type": "display_data", "data": {"image/svg+xml": ["<svg xmlns='http://www.w3.org/2000/svg'/>"]}}
    assert only(Picture, read(tmp_path, cell("code", "draw()", drawing)))[0].data.startswith(b"<svg")


def test_a_data_frame_is_a_table(tmp_path: Path) -> None:
    frame = shown(
        text_html="<table><thead><tr><th>hour</th><th>m</th></tr></thead><tr><td>6</td><td>4.1</td></tr></table>"
    )
    (table,) = only(Table, read(tmp_path, cell("code", "table.head()", frame)))
    assert table.rows == (("hour", "m"), ("6", "4.1"))


def test_a_picture_pasted_into_a_cell_is_read(tmp_path: Path) -> None:
    pasted = cell("markdown", "![the gauge](attachment:g.png)", attachments={"g.png": {"image/png": png()}})
    (picture,) = only(Picture, read(tmp_path, pasted))
    assert picture.alt == "the gauge"


def test_long_output_is_cut(tmp_path: Path) -> None:
    printed = {"output_type": "stream", "name": "stdout", "text": "step done\n" * 10_000}
    assert len(texts(read(tmp_path, cell("code", "train()", printed)))[1]) <= notebook.LONGEST_OUTPUT


@pytest.mark.parametrize("content", ['{"cells": [1]}', '{"cells": [{"source": []}]}', "[]", "{", '{"worksheets": []}'])
def test_what_is_no_notebook_is_read_as_text_and_said(content: str, tmp_path: Path) -> None:
    found = read_as(notebook.read, content, tmp_path)
    assert "plain text" in only(Note, found)[0].text
    assert only(Passage, found)[0].text == content


def test_its_name_makes_it_a_notebook(tmp_path: Path) -> None:
    path = tmp_path / "tides.ipynb"
    path.write_text('{"cells": []}')
    assert detect(path) == "notebook"
