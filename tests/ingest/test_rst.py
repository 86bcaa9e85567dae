from __future__ import annotations

from pathlib import Path

import pytest
from docutils.parsers.rst import directives
from ingest.reader_samples import Given, only, placed, read_as, texts

from commonplace.ingest.elements import Front, PictureLink, Table
from commonplace.ingest.readers import restructuredtext


def read(text: str, folder: Path) -> list[Given]:
    return read_as(restructuredtext.read, text, folder)


def test_sections_paragraphs_and_code_know_their_heading_path_and_lines(tmp_path: Path) -> None:
    text = """=====
Title
=====

A paragraph
over two lines.

Section
-------

As follows::

   x = 1
   y = 2

.. code-block:: sh
   :linenos:

   make all
   make test

Empty
-----
"""
    elements = read(text, tmp_path)
    assert elements[0] == Front("Title")
    assert placed(elements) == [
        ("A paragraph over two lines.", ("Title",), (5, 6)),
        ("As follows:", ("Title", "Section"), (11, 11)),
        ("x = 1\ny = 2", ("Title", "Section"), (13, 14)),
        ("make all\nmake test", ("Title", "Section"), (19, 20)),
        ("Empty", ("Title", "Empty"), (22, 23)),
    ]


def test_roles_of_sphinx_leave_their_text(tmp_path: Path) -> None:
    text = "Go to :menuselection:`System --> Access`, see :doc:`the page </a/b>`, :ref:`label`, ``x*y`` and `named`_.\n"
    assert texts(read(text, tmp_path)) == ["Go to System --> Access, see the page, label, x*y and `named`_."]


def test_directives_that_nobody_knows_lose_no_text(tmp_path: Path) -> None:
    text = """.. tabs::

   .. tab:: First *one*

      Text in the tab.

      - a list

.. versionadded:: 2.1
   Now with more.

.. py:function:: open(path)

   Opens it.

.. nwdiag::
   :caption: The network

   nwdiag { a -- b; }
"""
    assert texts(read(text, tmp_path)) == [
        "First one", "Text in the tab.", "- a list", "2.1 Now with more.", "open(path)", "Opens it.", "The network",
        "nwdiag { a -- b; }",
    ]  # fmt: skip


def test_admonitions_keep_their_kind_and_text(tmp_path: Path) -> None:
    assert texts(read(".. Note::\n\n   Mind *this*.\n\n.. admonition:: Custom\n\n   Body.\n", tmp_path)) == [
        "Note", "Mind this.", "Custom", "Body.",
    ]  # fmt: skip


def test_a_note_with_a_colon_too_few_is_not_lost_as_a_comment(tmp_path: Path) -> None:
    assert texts(read(".. Note:\n\n   Mind this.\n\n.. a comment\n", tmp_path)) == ["Note:\n\nMind this."]


def test_what_docutils_refuses_stays_as_it_is_written(tmp_path: Path) -> None:
    text = "Before.\n\n.. image::\n   :alt: no file\n\nAfter |undefined|.\n"
    assert texts(read(text, tmp_path)) == ["Before.", ".. image::\n   :alt: no file", "After |undefined|."]


def test_pictures_figures_and_substitutions(tmp_path: Path) -> None:
    text = """Before.

.. image:: images/a.png
   :alt: An A

.. figure:: b.png

   Caption of *B*

Press |stop| now.

.. |stop| image:: stop.png
"""
    links = only(PictureLink, read(text, tmp_path))
    assert [(link.target, link.alt, link.caption) for link in links] == [
        ("images/a.png", "An A", ""), ("b.png", "", "Caption of B"), ("stop.png", "stop", ""),
    ]  # fmt: skip
    assert links[0].paragraph == "Before.\nPress now."
    assert links[2].paragraph == "Before.\nPress now."


def test_tables_of_every_kind(tmp_path: Path) -> None:
    text = """==== =====
Port Use
==== =====
22   ssh
     sftp
==== =====

.. list-table:: Limits
   :header-rows: 1

   * - Name
     - Value
   * - MTU
     - 1500

.. csv-table:: Icons
   :header: "Icon", "Meaning"

   "|go|", "starts, then runs"

+---+---+
| a | b |
+---+---+

.. |go| image:: go.png
"""
    elements = read(text, tmp_path)
    found = [(table.rows, table.header_rows, table.caption, table.locator.lines) for table in only(Table, elements)]
    assert found == [
        ((("Port", "Use"), ("22", "ssh sftp")), 1, "", (1, 5)),
        ((("Name", "Value"), ("MTU", "1500")), 1, "Limits", (8, 14)),
        ((("Icon", "Meaning"), ("", "starts, then runs")), 1, "Icons", (16, 16)),
        ((("a", "b"),), 0, "", (21, 22)),
    ]
    assert [(link.target, link.paragraph) for link in only(PictureLink, elements)] == [("go.png", "starts, then runs")]


def test_lists_definitions_and_fields(tmp_path: Path) -> None:
    text = "1. one\n2. two\n\n   - nested\n\nTerm\n   meaning\n\n:Author: Ann\n\n.. [1] A footnote.\n"
    assert texts(read(text, tmp_path)) == [
        "1. one\n2. two\n   - nested", "Term\n  meaning", "Author:\n  Ann", "[1]", "A footnote.",
    ]  # fmt: skip


def test_no_file_is_inserted_and_no_table_of_contents(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret words")
    text = (
        "A\n=\n\n.. contents:: Index\n\n.. include:: secret.txt\n\n.. literalinclude:: secret.txt\n\n"
        ".. csv-table::\n   :file: secret.txt\n\n.. raw:: html\n   :file: secret.txt\n\nB\n=\n\nText.\n"
    )
    found = "\n".join(texts(read(text, tmp_path)))
    assert "secret words" not in found
    assert "Index" not in found
    assert "Text." in found


def test_raw_html_is_read_as_text(tmp_path: Path) -> None:
    text = ".. raw:: html\n\n   Use the <b>refresh</b> icon.\n   <script>alert(1)</script>\n"
    assert placed(read(text, tmp_path)) == [("Use the refresh icon.", (), (3, 4))]


def test_a_docutils_conf_nearby_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docutils.conf").write_text("[general]\nfile_insertion_enabled: yes\nlanguage_code: de\n")
    monkeypatch.chdir(tmp_path)
    assert texts(read(".. note:: Careful.\n", tmp_path)) == ["Note", "Careful."]


def test_what_docutils_knows_is_never_replaced(tmp_path: Path) -> None:
    read(".. image:: a.png\n\n.. Image:: b.png\n\n.. frobnicate:: c\n", tmp_path)
    registered = vars(directives)["_directives"]
    assert registered["image"].__module__ == "docutils.parsers.rst.directives.images"
    assert registered["frobnicate"].__module__ == restructuredtext.__name__


def test_a_very_long_line_and_an_empty_page(tmp_path: Path) -> None:
    assert [len(text) for text in texts(read("word " * 20_000, tmp_path))] == [99_999]
    assert texts(read("", tmp_path)) == []
