from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from ingest.reader_samples import Given, only, placed, read_as, texts

from commonplace.ingest.elements import Front, Note, PictureLink, Table
from commonplace.ingest.readers import markdown


def front(elements: list[Given]) -> Front:
    (found,) = only(Front, elements)
    return found


def test_front_matter_gives_title_tags_date_and_description(tmp_path: Path) -> None:
    matter = 'title: "The page"\ntags: [a, b c]\nms.date: 11/10/2025\ndescription: What it is.\nmenu:\n  x: 1'
    text = f"---\n{matter}\n---\n\nBody.\n"
    elements = read_as(markdown.read, text, tmp_path)
    assert elements[0] == Front("The page", ("a", "b c"), datetime(2025, 11, 10, tzinfo=UTC))
    assert placed(elements) == [("What it is.", (), (1, 8)), ("Body.", (), (10, 10))]


def test_toml_front_matter_and_other_forms_of_dates_and_tags(tmp_path: Path) -> None:
    text = '+++\ntitle = "T"\ndate = 2024-05-06T07:08:09Z\nkeywords = ["x", "y"]\n+++\nBody.\n'
    assert read_as(markdown.read, text, tmp_path)[0] == Front("T", ("x", "y"), datetime(2024, 5, 6, tzinfo=UTC))


def test_broken_front_matter_is_noted_and_read_as_text(tmp_path: Path) -> None:
    first, *rest = read_as(markdown.read, "---\ntitle: [oops\n---\n\n# Title\n\nBody.\n", tmp_path)
    assert isinstance(first, Front)
    assert first.title == "title: [oops"  # to Markdown the line above "---" is a heading
    assert [note.text.split(":")[0] for note in only(Note, rest)] == ["front matter could not be read"]
    assert "Body." in texts(rest)


def test_the_first_heading_is_the_title_without_front_matter(tmp_path: Path) -> None:
    assert front(read_as(markdown.read, "Intro.\n\n# The *title*\n", tmp_path)).title == "The title"


def test_every_block_knows_its_heading_path_and_lines(tmp_path: Path) -> None:
    text = """# Top {#anchor}

A paragraph
over two lines.

## Code

- one
  still one
- two

```sh title="x"
make all
make test
```

    indented code

Last
----

> quoted
"""
    assert placed(read_as(markdown.read, text, tmp_path)) == [
        ("A paragraph over two lines.", ("Top",), (3, 4)),
        ("- one still one\n- two", ("Top", "Code"), (8, 10)),
        ("make all\nmake test", ("Top", "Code"), (13, 14)),
        ("indented code", ("Top", "Code"), (17, 17)),
        ("quoted", ("Top", "Last"), (22, 22)),
    ]


def test_inline_markup_is_taken_off_and_placeholders_stay(tmp_path: Path) -> None:
    text = "Open **http://<host>:<port>** with `curl <url>`, [read on](x.md) &amp; press <kbd>F1</kbd>.  \nDone<br>now"
    assert texts(read_as(markdown.read, text, tmp_path)) == [
        "Open http://<host>:<port> with curl <url>, read on & press F1.\nDone\nnow"
    ]


def test_tables_come_with_header_lines_and_the_pictures_in_them(tmp_path: Path) -> None:
    text = "| Key | Icon |\n|---|---|\n| Stop | ![halt](stop.png) |\n| `a\\|b` | none |\n"
    elements = read_as(markdown.read, text, tmp_path)
    (table,) = only(Table, elements)
    assert (table.rows, table.header_rows, table.locator.lines) == (
        (("Key", "Icon"), ("Stop", ""), ("a|b", "none")), 1, (1, 4),
    )  # fmt: skip
    (link,) = only(PictureLink, elements)
    assert (link.target, link.alt, link.paragraph) == ("stop.png", "halt", "Stop")


def test_raw_html_is_read_as_html(tmp_path: Path) -> None:
    text = """Before.

<figure>
  <img src="a.png" alt="A">

  <figcaption>Caption *A*</figcaption>
</figure>

<table>
<tr><th>K</th><th>V</th></tr>

<tr><td>k</td><td>v</td></tr>
</table>

<p align="center"><img src="b.png" alt="B"/></p>

<details>
<summary>More</summary>

Inside *here*.

</details>

<!-- a comment -->
After.
"""
    elements = read_as(markdown.read, text, tmp_path)
    assert [(link.target, link.alt, link.caption) for link in only(PictureLink, elements)] == [
        ("a.png", "A", "Caption *A*"), ("b.png", "B", ""),
    ]  # fmt: skip
    assert [table.rows for table in only(Table, elements)] == [(("K", "V"), ("k", "v"))]
    assert texts(elements) == ["Before.", "More", "Inside here.", "After."]


@pytest.mark.parametrize(
    ("markup", "target", "alt", "caption"),
    [
        ('![A graph](img/a%20b.png "Traffic")', "img/a b.png", "A graph", "Traffic"),
        ('{{< figure src="x.png" caption="Cap" alt="Alt" >}}', "x.png", "Alt", "Cap"),
        ('{{< figure src="/img/x.png"\n   title="T" >}}', "/img/x.png", "", "T"),
        ('{{% imgproc src="y.png" %}}', "y.png", "", ""),
        (':::image type="content" source="./m/z.png" alt-text="Alt z":::', "./m/z.png", "Alt z", ""),
        (':::image type="complex"\n source="z.png" alt-text="A &quot;b&quot;":::', "z.png", 'A "b"', ""),
        ("1. Step\n\n   ![s](s.png)", "s.png", "s", ""),
        ("[![inner](i.png)](https://example.org)", "i.png", "inner", ""),
        ("![ref][r]\n\n[r]: r.png", "r.png", "ref", ""),
    ],
)
def test_pictures_are_found_however_they_are_written(
    tmp_path: Path, markup: str, target: str, alt: str, caption: str
) -> None:
    (link,) = only(PictureLink, read_as(markdown.read, f"Before.\n\n{markup}\n\nAfter.\n", tmp_path))
    assert (link.target, link.alt, link.caption) == (target, alt, caption)


def test_shortcodes_leave_their_words(tmp_path: Path) -> None:
    text = """{{% collapse name="Old format" %}}

Use `x`{{% available_from "v1.25.0" anomaly %}} here.

{{% /collapse %}}
{{< alert title="Careful" color="warning" >}}
It bites.
{{< /alert >}}
"""
    assert texts(read_as(markdown.read, text, tmp_path)) == [
        "Old format", "Use x available from v1.25.0 anomaly here.", "Careful It bites.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('!!! note "Careful"\n    It bites.', ["Careful", "It bites."]),
        (":::tip[My tip]\n\nUse it.\n\n:::", ["Tip: My tip", "Use it."]),
        (':::row:::\n:::column span="":::\nLeft\n:::column-end:::\n:::row-end:::', ["Left"]),
        ("> [!NOTE]\n> Mind this.", ["NOTE: Mind this."]),
        ('> [!div class="nextstepaction"]\n> [Install](x)', ["Install"]),
    ],
)
def test_admonitions_of_every_dialect_keep_their_text(tmp_path: Path, markup: str, expected: list[str]) -> None:
    assert texts(read_as(markdown.read, markup + "\n", tmp_path)) == expected


def test_code_is_never_taken_for_markup(tmp_path: Path) -> None:
    code = '{{< figure src="x.png" >}}\n:::image source="y.png":::\n![z](z.png)\n<port>'
    elements = read_as(markdown.read, f"~~~~ text\n{code}\n```\n~~~~\n", tmp_path)
    assert texts(elements) == [f"{code}\n```"]
    assert only(PictureLink, elements) == []


def test_footnotes_and_definitions_stay(tmp_path: Path) -> None:
    text = "Claim[^1].\n\n[^1]: Proof *here*.\n\nTerm\n: What it means\n"
    assert texts(read_as(markdown.read, text, tmp_path)) == ["Claim[1].", "Term\n  What it means", "1. Proof here."]


def test_windows_line_ends_and_a_mark_at_the_start_change_nothing(tmp_path: Path) -> None:
    text = "---\ntitle: T\n---\n# H\n\ntext\n"
    plain = read_as(markdown.read, text, tmp_path)
    assert read_as(markdown.read, text.replace("\n", "\r\n").encode("utf-8-sig"), tmp_path) == plain


def test_a_page_of_front_matter_only_and_an_unclosed_fence(tmp_path: Path) -> None:
    assert read_as(markdown.read, "---\ntitle: T\n---\n", tmp_path) == [Front("T")]
    assert texts(read_as(markdown.read, "```\ncode\n", tmp_path)) == ["code"]


@pytest.mark.timeout(30)  # each took minutes while a pattern looked for its end from every beginning
@pytest.mark.parametrize("unit", ["{{< figure ", "<table\n", "<figure>\n", ":::image ", "{: "])
def test_markup_that_never_ends_is_read_in_linear_time(tmp_path: Path, unit: str) -> None:
    assert read_as(markdown.read, unit * (200_000 // len(unit)), tmp_path)
