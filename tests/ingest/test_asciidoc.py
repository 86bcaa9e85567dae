from __future__ import annotations

from pathlib import Path

import pytest
from ingest.reader_samples import Given, only, placed, read_as, texts

from commonplace.ingest.elements import Front, PictureLink, Table
from commonplace.ingest.readers import asciidoc


def read(text: str, folder: Path) -> list[Given]:
    return read_as(asciidoc.read, text, folder)


def test_a_page_with_header_sections_and_listings(tmp_path: Path) -> None:
    text = """// a licence
= The Guide
Ann Author <ann@example.org>
:keywords: flow, data
:product: NiFi

A paragraph about {product}
over two lines.

== Install
[source,sh]
----
make all

make test
----

=== Empty

[[anchor]]
== Older style =

 literal text

////
hidden
////
"""
    elements = read(text, tmp_path)
    assert elements[0] == Front("The Guide", ("flow", "data"))
    assert placed(elements) == [
        ("A paragraph about NiFi over two lines.", ("The Guide",), (7, 8)),
        ("make all\n\nmake test", ("The Guide", "Install"), (13, 15)),
        ("Empty", ("The Guide", "Install", "Empty"), (18, 18)),
        (" literal text", ("The Guide", "Older style ="), (23, 23)),
    ]


def test_underlined_headings(tmp_path: Path) -> None:
    assert placed(read("Title\n=====\nAnn <ann@b.org>\n\nPart\n----\ntext\n\nDeep\n~~~~\nmore\n", tmp_path)) == [
        ("text", ("Title", "Part"), (7, 7)), ("more", ("Title", "Part", "Deep"), (11, 11)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("*bold*, _italic_, `mono`, **un**constrained, #marked#", "bold, italic, mono, unconstrained, marked"),
        ("nifi_home_dir and 2*3*4 stay", "nifi_home_dir and 2*3*4 stay"),
        ("see <<anchor,the section>> or <<other>>", "see the section or other"),
        ("link:a.html[the page], https://x.org[site], https://y.org", "the page, site, https://y.org"),
        ("xref:b.adoc#c[there] and mailto:a@b.c[]", "there and a@b.c"),
        ("menu:File[Save] with kbd:[Ctrl+S]", "File > Save with Ctrl+S"),
        ("Claim.footnote:[The proof.]", "Claim.The proof."),
        ("one +\ntwo", "one\ntwo"),
        ("NOTE: Mind this.", "NOTE: Mind this."),
        ("{undefined} stays", "{undefined} stays"),
    ],
)
def test_inline_markup_is_taken_off(tmp_path: Path, markup: str, shown: str) -> None:
    assert texts(read(markup + "\n", tmp_path)) == [shown]


def test_lists_keep_depth_numbers_and_terms(tmp_path: Path) -> None:
    text = "* a\n** b\nstill b\n\n* c\n\n. one\n. two\n\nTerm:: meaning\nOther::\nits meaning\n"
    assert texts(read(text, tmp_path)) == ["- a\n  - b still b\n- c\n- one\n- two\nTerm: meaning\nOther: its meaning"]


def test_pictures_in_blocks_and_lines_under_the_folder_of_images(tmp_path: Path) -> None:
    text = """:imagesdir: images

Before.

.The flow
image::flow.png["NiFi flow",width=300]

Press image:icons/stop.png[Stop] to halt.

image::https://example.org/x.png[elsewhere]
"""
    links = only(PictureLink, read(text, tmp_path))
    assert [(link.target, link.alt, link.caption, link.paragraph) for link in links] == [
        ("images/flow.png", "NiFi flow", "The flow", "Before.\nPress to halt."),
        ("images/icons/stop.png", "Stop", "", "Before.\nPress to halt."),
    ]
    assert texts(read(text, tmp_path)) == ["Before.", "Press to halt."]


def test_tables_with_header_spans_and_cells_over_lines(tmp_path: Path) -> None:
    text = """.Ports
[options="header",cols="1,2"]
|===
|Port |Use
|22
|ssh and
sftp image:key.png[key]
2+|all of them
|===

|===
|a |b

|1 |2
|===

|===
|no |header
|===
"""
    elements = read(text, tmp_path)
    found = [(table.rows, table.header_rows, table.caption, table.locator.lines) for table in only(Table, elements)]
    assert found == [
        ((("Port", "Use"), ("22", "ssh and sftp"), ("all of them", "")), 1, "Ports", (3, 9)),
        ((("a", "b"), ("1", "2")), 1, "", (11, 15)),
        ((("no", "header"),), 0, "", (17, 19)),
    ]
    (link,) = only(PictureLink, elements)
    assert (link.target, link.paragraph) == ("key.png", "22 | ssh and sftp")


def test_frames_conditions_and_includes_leave_only_their_content(tmp_path: Path) -> None:
    text = "[NOTE]\n====\nInside.\n====\n\nifdef::x[]\nMaybe.\nendif::[]\ninclude::other.adoc[]\n\n'''\n\nAfter.\n"
    assert texts(read(text, tmp_path)) == ["Inside.", "Maybe.", "After."]


def test_a_title_before_text_and_a_listing_without_an_end(tmp_path: Path) -> None:
    assert texts(read(".Example\nText.\n\n----\nopen\n", tmp_path)) == ["Example", "Text.", "open"]


@pytest.mark.timeout(30)  # each took minutes while a pattern looked for its end from every beginning
@pytest.mark.parametrize("unit", ["link:a[", "image::a[", "<<a,", "footnote:[", "*a ", "a:: ", "|2+"])
def test_markup_that_never_ends_is_read_in_linear_time(tmp_path: Path, unit: str) -> None:
    assert only(Front, read(unit * (200_000 // len(unit)), tmp_path))
