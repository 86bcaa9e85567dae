"""Word documents: what a reader of the printed page would retell, without headers, with every change accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from ingest.office import LAUGHS, of, png, rewrite, without_front  # type: ignore[import-not-found, unused-ignore]

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Front, Note, Passage, Picture, Table
from commonplace.ingest.readers.docx import read

MAIN = "word/document.xml"
W = nsdecls("w")


def elements(path: Path, fill: Callable[[Any], None]) -> list[Any]:
    document = docx.Document()
    fill(document)
    document.save(str(path))
    return list(read(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.docx"


def put(document: Any, xml: str) -> None:
    """Raw XML as the next paragraph of the body."""
    document.element.body.insert_element_before(
        parse_xml(f"<w:p {W} {nsdecls('wp', 'a', 'r')}>{xml}</w:p>"), "w:sectPr"
    )


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_front_comes_from_the_core_properties(path: Path) -> None:
    def fill(document: Any) -> None:
        document.core_properties.title = "Work instruction"
        document.core_properties.keywords = "bridge; LAN, ports"
        document.core_properties.modified = datetime(2026, 3, 14, 2, 4)

    front = elements(path, fill)[0]
    assert front == Front("Work instruction", ("bridge", "LAN", "ports"), datetime(2026, 3, 14, 2, 4, tzinfo=UTC))


def test_without_a_title_in_the_properties_the_title_on_the_page_counts(path: Path) -> None:
    front = elements(path, lambda document: document.add_heading("Lost property", 0))[0]
    assert front.title == "Lost property"


def test_headings_make_the_path_below_the_title(path: Path) -> None:
    def fill(document: Any) -> None:
        document.add_heading("Manual", 0)
        document.add_heading("Network", 1)
        document.add_heading("Bridge", 2)
        document.add_paragraph("Pick the members.")
        document.add_heading("Storage", 1)
        document.add_paragraph("Pick the disks.")

    assert [(passage.text, passage.locator.headings) for passage in of(Passage, elements(path, fill))] == [
        ("Pick the members.", ("Manual", "Network", "Bridge")),
        ("Pick the disks.", ("Manual", "Storage")),
    ]


def test_a_style_that_is_based_on_a_heading_is_one(path: Path) -> None:
    def fill(document: Any) -> None:
        style = document.styles.add_style("Chapter of ours", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = document.styles["Heading 1"]
        document.add_paragraph("Network", "Chapter of ours")
        document.add_paragraph("Pick the members.")

    assert elements(path, fill)[-1].locator.headings == ("Network",)


def test_the_items_of_a_list_are_one_passage(path: Path) -> None:
    def fill(document: Any) -> None:
        document.add_paragraph("Before.")
        document.add_paragraph("open the lid", "List Bullet")
        document.add_paragraph("close the lid", "List Bullet")
        document.add_paragraph("After.")

    texts = [passage.text for passage in of(Passage, elements(path, fill))]
    assert texts == ["Before.", "- open the lid\n- close the lid", "After."]


def test_merged_cells_stand_in_their_first(path: Path) -> None:
    def fill(document: Any) -> None:
        table = document.add_table(3, 3)
        for row, texts in enumerate((("Port", "Use", ""), ("", "day", "night"), ("31", "LAN", "off"))):
            for column, text in enumerate(texts):
                table.cell(row, column).text = text
        table.cell(0, 1).merge(table.cell(0, 2))
        table.cell(0, 0).merge(table.cell(1, 0))

    (table,) = of(Table, elements(path, fill))
    assert table.rows == (("Port", "Use", ""), ("", "day", "night"), ("31", "LAN", "off"))


def test_marked_header_rows_are_counted_and_deleted_rows_are_gone(path: Path) -> None:
    def fill(document: Any) -> None:
        table = document.add_table(4, 1)
        table.add_column(100)
        for row, mark in zip(table.rows, ("tblHeader", "tblHeader", "del", None), strict=True):
            row.cells[0].text = str(mark)
            if mark:
                row._tr.get_or_add_trPr().append(parse_xml(f"<w:{mark} {W}/>"))

    (table,) = of(Table, elements(path, fill))
    assert table.rows == (("tblHeader", ""), ("tblHeader", ""), ("None", ""))
    assert table.header_rows == 2


def test_a_table_of_one_cell_is_a_frame_around_text(path: Path) -> None:
    assert without_front(
        elements(path, lambda document: setattr(document.add_table(1, 1).cell(0, 0), "text", "Mind!"))
    ) == [Passage("Mind!")]


def test_a_picture_comes_with_alt_text_caption_and_surroundings(path: Path) -> None:
    def fill(document: Any) -> None:
        document.add_heading("Ports", 1)
        document.add_paragraph("The spare ports are on the left.")
        document.add_picture(BytesIO(png()))
        document.inline_shapes[0]._inline.docPr.set("descr", "Back of the box")
        document.add_paragraph("Figure 1: four ports", "Caption")
        document.add_paragraph("Plug the cable in.")

    (picture,) = of(Picture, found := elements(path, fill))
    assert picture.data == png()
    assert (picture.alt, picture.caption) == ("Back of the box", "Figure 1: four ports")
    assert picture.locator.headings == ("Ports",)
    assert picture.paragraph == "The spare ports are on the left.\nPlug the cable in."
    assert [type(element) for element in found] == [Front, Passage, Picture, Passage]


def test_the_caption_of_a_table_stands_above_it(path: Path) -> None:
    def fill(document: Any) -> None:
        document.add_picture(BytesIO(png()))
        document.add_paragraph("Table 1: ports")
        document.add_table(2, 2).cell(0, 0).text = "port"

    picture, table = without_front(elements(path, fill))
    assert (picture.caption, table.caption) == ("", "Table 1: ports")


def test_a_caption_without_a_neighbour_is_text(path: Path) -> None:
    def fill(document: Any) -> None:
        document.add_paragraph("Figure 9: lost", "Caption")

    assert without_front(elements(path, fill)) == [Passage("Figure 9: lost")]


def test_a_picture_that_returns_comes_once_and_icons_do_not_come(path: Path) -> None:
    def fill(document: Any) -> None:
        for data in (png(), png(), png("blue", (16, 16))):
            document.add_picture(BytesIO(data))

    assert [type(element) for element in elements(path, fill)] == [Front, Picture]


def test_a_picture_in_a_format_that_nothing_opens_is_noted(path: Path) -> None:
    def fill(document: Any) -> None:
        document.add_picture(BytesIO(png()))
        document.add_paragraph("text")

    elements(path, fill)
    rewrite(path, {"word/media/image1.png": b"\x01\x00\x00\x00 an enhanced metafile"})
    note, passage = without_front(list(read(path)))
    assert isinstance(note, Note)
    assert note.text.startswith("picture image1.png skipped: not a picture in a known format")
    assert passage == Passage("text")


def test_tracked_changes_are_read_as_accepted(path: Path) -> None:
    def fill(document: Any) -> None:
        gone = '<w:r><w:delText xml:space="preserve">four </w:delText></w:r>'
        put(
            document,
            f'{run("Use ")}<w:del w:id="1">{gone}</w:del><w:ins w:id="2">{run("five ")}</w:ins>{run("ports.")}',
        )
        put(document, f'<w:moveFrom w:id="3">{run("moved away")}</w:moveFrom>')
        put(document, f'<w:moveTo w:id="4">{run("moved here")}</w:moveTo>')

    assert [passage.text for passage in of(Passage, elements(path, fill))] == ["Use five ports.", "moved here"]


def test_links_fields_breaks_and_hyphens_are_text(path: Path) -> None:
    def fill(document: Any) -> None:
        link = f'<w:hyperlink r:id="x">{run("the manual")}</w:hyperlink><w:r><w:br/></w:r>'
        field = "<w:r><w:instrText>PAGEREF _Toc</w:instrText></w:r>" + run("page")
        put(document, link + field + "<w:r><w:tab/><w:t>7</w:t><w:noBreakHyphen/><w:t>b</w:t></w:r>")

    assert [passage.text for passage in of(Passage, elements(path, fill))] == ["the manual\npage\t7-b"]


def test_text_in_a_content_control_and_in_a_text_box_is_read_once(path: Path) -> None:
    box = f"<w:txbxContent><w:p>{run('in the box')}</w:p></w:txbxContent>"
    drawn = (
        '<w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f'<mc:Choice Requires="wps"><w:drawing>{box}</w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )

    def fill(document: Any) -> None:
        control = f"<w:sdt {W}><w:sdtContent><w:p>{run('chosen')}</w:p></w:sdtContent></w:sdt>"
        document.element.body.insert_element_before(parse_xml(control), "w:sectPr")
        put(document, run("beside") + drawn)

    assert [passage.text for passage in of(Passage, elements(path, fill))] == ["chosen", "beside", "in the box"]


def test_headers_are_left_out(path: Path) -> None:
    def fill(document: Any) -> None:
        document.sections[0].header.paragraphs[0].text = "confidential"
        document.add_paragraph("text")

    assert without_front(elements(path, fill)) == [Passage("text")]


def test_a_footnote_stands_with_its_paragraph(path: Path) -> None:
    elements(path, lambda document: put(document, run("As measured") + '<w:r><w:footnoteReference w:id="2"/></w:r>'))
    note = f'<w:footnote w:id="2"><w:p>{run("At low tide.")}</w:p></w:footnote>'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    relation = f'<Relationship Id="rId99" Type="{kind}" Target="footnotes.xml"/></Relationships>'
    rewrite(
        path,
        {
            "word/footnotes.xml": f"<w:footnotes {W}>{note}</w:footnotes>",
            "word/_rels/document.xml.rels": lambda text: text.replace("</Relationships>", relation),
        },
    )
    assert without_front(list(read(path))) == [Passage("As measured\nAt low tide.")]


# Bad input


def test_an_entity_bomb_does_not_go_off(path: Path) -> None:
    elements(path, lambda document: document.add_paragraph("LAUGH"))

    def armed(text: str) -> str:
        declaration, end, rest = text.partition("?>")
        return f"{declaration}{end}{LAUGHS}" + rest.replace("LAUGH", "&l9;")

    rewrite(path, {MAIN: armed})
    with pytest.raises(UnreadableFile, match="damaged document: Maximum entity amplification factor exceeded"):
        list(read(path))


def test_a_document_of_a_hundred_megabytes_in_a_small_file_is_refused(path: Path) -> None:
    elements(path, lambda document: None)
    rewrite(path, {MAIN: lambda text: text + " " * (100 << 20)})
    assert path.stat().st_size < 1 << 20
    with pytest.raises(UnreadableFile, match="a zip bomb"):
        list(read(path))


def test_a_damaged_part_is_refused_with_the_reason(path: Path) -> None:
    elements(path, lambda document: document.add_paragraph("text"))
    rewrite(path, {MAIN: lambda text: text[: len(text) // 2]})
    with pytest.raises(UnreadableFile, match="damaged document"):
        list(read(path))


def test_a_spreadsheet_under_a_false_name_is_refused(path: Path) -> None:
    import openpyxl

    openpyxl.Workbook().save(path)
    with pytest.raises(UnreadableFile, match="not a Word file"):
        list(read(path))
