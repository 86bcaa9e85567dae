from __future__ import annotations

import base64
from pathlib import Path

import pytest
from ingest.reader_samples import only, placed, read_as, texts

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Element, Front, Note, Passage, Picture, PictureLink, Table
from commonplace.ingest.readers import html


def inside(body: str) -> list[Element | Note]:
    return list(html.elements(f"<html><body>{body}</body></html>"))


def test_a_page_gives_its_title_keywords_and_the_text_of_its_main_part(tmp_path: Path) -> None:
    page = """<!doctype html>
<html><head><title> Set up
 the gateway</title><meta name="keywords" content="router, nat"><style>p {}</style></head>
<body><nav><a href="/">Home</a></nav>
<main>
<h1>Gateway</h1>
<p>First <b>step</b>: open
the <a href="x">page</a>.</p>
<script>alert(1)</script>
<h2>NAT<a class="headerlink" href="#nat">¶</a></h2>
<p>Second.</p>
</main>
<footer>Imprint</footer></body></html>"""
    elements = read_as(html.read, page, tmp_path)
    assert elements[0] == Front("Set up the gateway", ("router", "nat"))
    assert placed(elements) == [
        ("First step: open the page.", ("Gateway",), (7, 8)),
        ("Second.", ("Gateway", "NAT"), (11, 11)),
    ]


def test_the_first_heading_stands_in_for_a_missing_title(tmp_path: Path) -> None:
    assert read_as(html.read, "<h1>Only <i>this</i></h1>", tmp_path)[0] == Front("Only this")


def test_a_sharp_in_a_heading_stays() -> None:
    assert [each[1] for each in placed(inside("<h2>C#</h2><p>x</p>"))] == [("C#",)]


def test_line_breaks_and_preformatted_text_keep_their_lines() -> None:
    assert texts(inside("<p>a<br>b  \n c</p><pre>\n  x = 1\n    y\n</pre>")) == ["a\nb c", "  x = 1\n    y"]


def test_text_between_blocks_is_a_paragraph() -> None:
    assert texts(inside("one<div>two<p>three</p>four</div>five <span>six<div>seven</div></span>")) == [
        "one", "two", "three", "four", "five", "six", "seven",
    ]  # fmt: skip


def test_a_list_is_one_passage_with_its_nested_items() -> None:
    markup = "<ol start=3><li>a</li><li>b<ul><li>c</li><li><p>d</p><p>e</p></li></ul></li></ol>"
    assert texts(inside(markup)) == ["3. a\n4. b\n   - c\n   - d\n     e"]


def test_a_list_with_code_is_read_item_by_item() -> None:
    assert texts(inside("<ul><li>a<pre>code</pre></li><li>b</li></ul>")) == ["- a", "code", "- b"]


def test_a_definition_list_keeps_term_and_meaning_together() -> None:
    assert texts(inside("<dl><dt>MTU</dt><dd>largest packet</dd><dt>TTL</dt><dd>hops</dd></dl>")) == [
        "MTU\n  largest packet\nTTL\n  hops"
    ]


def test_a_table_keeps_its_header_caption_and_spans() -> None:
    markup = """<table><caption>Ports</caption>
    <tr><th>Port<th>Use</tr><tr><td>22<td>ssh<br>sftp</tr><tr><td colspan=2>rest</tr></table>"""
    (table,) = only(Table, inside(markup))
    assert table.rows == (("Port", "Use"), ("22", "ssh\nsftp"), ("rest", ""))
    assert (table.header_rows, table.caption) == (1, "Ports")


def test_a_table_head_of_two_rows_and_a_table_without_one() -> None:
    two = "<table><thead><tr><td>a<td>b</tr><tr><td>c<td>d</tr></thead><tr><td>1<td>2</tr></table>"
    assert [each.header_rows for each in only(Table, inside(two))] == [2]
    assert [each.header_rows for each in only(Table, inside("<table><tr><td>1<td>2</tr></table>"))] == [0]


def test_a_table_that_only_arranges_the_page_is_read_through() -> None:
    markup = "<table><tr><td><h2>Menu</h2><p>text</p></td><td>side</td></tr></table>"
    assert placed(inside(markup)) == [("text", ("Menu",), None), ("side", ("Menu",), None)]


def test_pictures_carry_alt_caption_and_the_text_around_them() -> None:
    markup = """<p>Before.</p><figure><img src="img/a%20b.png?raw=1#x" alt="Traffic  graph">
    <figcaption>Figure 1: <b>Outbound</b> traffic</figcaption></figure><p>After.</p>"""
    assert only(PictureLink, inside(markup)) == [
        PictureLink(
            "img/a b.png", alt="Traffic graph", caption="Figure 1: Outbound traffic", paragraph="Before.\nAfter."
        )
    ]
    assert texts(inside(markup)) == ["Before.", "After."]


def test_a_picture_in_a_table_has_its_row_around_it() -> None:
    markup = "<table><tr><td>Stop</td><td><img src=stop.png> halts</td></tr></table>"
    assert [link.paragraph for link in only(PictureLink, inside(markup))] == ["Stop | halts"]


def test_a_picture_on_another_site_leaves_its_alternative_text() -> None:
    markup = (
        '<p>Build <img src="https://ci.example/badge.svg" alt="passing"> today</p><img src="//x.example/y.png" alt="y">'
    )
    assert texts(inside(markup)) == ["Build passing today", "y"]
    assert only(PictureLink, inside(markup)) == []


def test_pictures_inside_the_page_are_decoded() -> None:
    data = base64.b64encode(b"\x89PNG data").decode()
    markup = f"""<img src="data:image/png;base64,{data}" alt="a">
    <img src="data:image/svg+xml,%3Csvg/%3E"><img src="data:image/gif;base64,R0lGOD" data-src="late.png">"""
    elements = inside(markup)
    assert [(each.data, each.alt) for each in only(Picture, elements)] == [(b"\x89PNG data", "a"), (b"<svg/>", "")]
    assert [each.target for each in only(PictureLink, elements)] == ["late.png"]


def test_a_picture_that_cannot_be_decoded_is_noted() -> None:
    assert inside('<img src="data:text/html;base64,AAAA">') == [
        Note("picture inside the page could not be decoded: data:text/html;base64,AAAA...")
    ]


def test_a_figure_without_a_picture_keeps_its_caption() -> None:
    assert texts(inside("<figure><pre>x = 1</pre><figcaption>Listing 1</figcaption></figure>")) == [
        "x = 1",
        "Listing 1",
    ]


def test_hidden_text_and_forms_are_left_out() -> None:
    assert texts(inside("<p hidden>no</p><div role=navigation>no</div><select><option>no</select><p>yes</p>")) == [
        "yes"
    ]


def test_a_commit_in_an_address_is_kept_since_no_word_tells_it() -> None:
    link = "https://example.org/blob/399340418a84b96804a9f304cea841b6497796f4/mnist.py"
    assert texts(inside(f'<p>the <a href="{link}">example</a> and <a href="https://example.org/">more</a></p>')) == [
        f"the example ({link}) and more"
    ]


@pytest.mark.parametrize(
    "page",
    [
        '<meta charset="windows-1252"><p>Größe</p>'.encode("cp1252"),
        '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>Größe</p>'.encode("latin-1"),
        '<?xml version="1.0" encoding="iso-8859-1"?><html><p>Größe</p></html>'.encode("latin-1"),
        '<meta charset="utf-8"><p>Größe</p>'.encode(),
        "<p>Größe</p>".encode("utf-16"),
        "<p>Größe überall im Straßenverkehr</p>".encode("cp1252"),
    ],
)
def test_the_encoding_is_what_the_page_says_or_what_its_bytes_show(page: bytes) -> None:
    (text,) = texts(list(html.elements(page)))
    assert text.startswith("Größe")


def test_xhtml_with_self_closed_elements_is_not_swallowed() -> None:
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body><p>a</p></body></html>'
    assert texts(list(html.elements(page))) == ["a"]


@pytest.mark.parametrize("page", ["", "  \n", "<!-- nothing -->", "<html></html>"])
def test_a_page_without_text_gives_no_element(page: str) -> None:
    assert list(html.elements(page)) == []


def test_absurd_nesting_is_refused_and_the_file_then_read_as_plain_text(tmp_path: Path) -> None:
    page = "<div>" * 3000 + "deep" + "</div>" * 3000
    with pytest.raises(UnreadableFile, match=r"HTML that a parser gives up on \(Excessive depth"):
        list(html.elements(page))
    note, *rest = read_as(html.read, page, tmp_path)
    assert isinstance(note, Note)
    assert note.text.startswith("read as plain text (UnreadableFile: HTML that a parser gives up on")
    assert "deep" in "".join(texts(rest))


def test_nesting_up_to_the_limit_is_read() -> None:
    assert texts(inside("<ul><li>" * 100 + "deep" + "</li></ul>" * 100)) == ["- " * 100 + "deep"]


def test_entities_are_not_expanded_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret words")
    page = f'<!DOCTYPE html [<!ENTITY x SYSTEM "{tmp_path}/secret">]><p>a &x; b</p>'
    assert "secret words" not in "".join(texts(list(html.elements(page))))


def test_locators_of_a_file_lead_to_its_lines(tmp_path: Path) -> None:
    page = "\n".join(["<h1>T</h1>", "<p>one</p>", "", "<ul>", "<li>two", "<li>three", "</ul>", "<p>four</p>"])
    lines = page.split("\n")
    for text, _, (first, last) in [
        (t, h, where) for t, h, where in placed(read_as(html.read, page, tmp_path)) if where
    ]:
        for word in text.replace("- ", "").split():
            assert word in "\n".join(lines[first - 1 : last])
    assert isinstance(read_as(html.read, page, tmp_path)[1], Passage)
