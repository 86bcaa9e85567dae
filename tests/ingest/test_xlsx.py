"""Spreadsheets: each sheet as the tables that empty rows part it into, with values as a person would read them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter  # type: ignore[import-untyped, unused-ignore]
from ingest.office import LAUGHS, of, png, rewrite, without_front  # type: ignore[import-not-found, unused-ignore]

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Passage, Picture, Table
from commonplace.ingest.readers.xlsx import MAX_ROWS, read
from commonplace.types import Locator

SHEET = "xl/worksheets/sheet1.xml"


def elements(path: Path, fill: Callable[[Any], None]) -> list[Any]:
    book = openpyxl.Workbook()
    fill(book)
    book.save(path)
    return list(read(path))


def rows(*values: tuple[Any, ...]) -> Callable[[Any], None]:
    def fill(book: Any) -> None:
        for row in values:
            book.active.append(row)

    return fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.xlsx"


def test_sheets_are_pages_under_their_names(path: Path) -> None:
    def fill(book: Any) -> None:
        book.active.title = "Fuel"
        book.active.append(["Ship", "Tons"])
        book.active.append(["Tern", 12])
        second = book.create_sheet("Fares")
        second.append(["From", "To"])
        second.append(["Lomvik", "Ortholm"])

    assert without_front(elements(path, fill)) == [
        Table((("Ship", "Tons"), ("Tern", "12")), Locator(page=1, headings=("Fuel",))),
        Table((("From", "To"), ("Lomvik", "Ortholm")), Locator(page=2, headings=("Fares",))),
    ]


def test_front_comes_from_the_properties(path: Path) -> None:
    def fill(book: Any) -> None:
        book.properties.title = "Fuel and fares"
        book.properties.keywords = "ferries"
        book.properties.modified = datetime(2026, 3, 14)

    front = elements(path, fill)[0]
    assert (front.title, front.tags) == ("Fuel and fares", ("ferries",))
    assert front.date.tzinfo is UTC


def test_empty_rows_part_tables_and_a_single_cell_above_is_the_caption(path: Path) -> None:
    fill = rows(("Tons of fuel",), ("Ship", "Tons"), ("Tern", 12), (None, None), (), ("Port", "Fee"), ("Lomvik", 7))
    first, second = of(Table, elements(path, fill))
    assert (first.caption, first.rows) == ("Tons of fuel", (("Ship", "Tons"), ("Tern", "12")))
    assert (second.caption, second.rows) == ("", (("Port", "Fee"), ("Lomvik", "7")))


def test_cells_that_never_stand_side_by_side_are_text(path: Path) -> None:
    found = without_front(elements(path, rows(("All amounts in euro.",), ("See the board's letter.",), (), ("a", "b"))))
    assert found[0] == Passage("All amounts in euro.\nSee the board's letter.", Locator(page=1, headings=("Sheet",)))


def test_a_first_row_with_numbers_is_no_header(path: Path) -> None:
    (table,) = of(Table, elements(path, rows(("Tern", 12), ("Tide", 7))))
    assert table.header_rows == 0


def test_a_table_that_stands_apart_from_the_edge_begins_at_its_own_column(path: Path) -> None:
    (table,) = of(Table, elements(path, rows((None, None, "Ship", "Tons"), (None, None, "Tern", 12, "!"))))
    assert table.rows == (("Ship", "Tons", ""), ("Tern", "12", "!"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(2026, 3, 14), "2026-03-14"),
        (datetime(2026, 3, 14, 2, 4, 5), "2026-03-14 02:04:05"),
        (time(2, 4), "02:04:00"),
        (0.1 + 0.2, "0.3"),
        (1_500_000.0, "1500000"),
        (True, "TRUE"),
        ("  spaces  ", "spaces"),
        ("first_x000D_\nsecond_x0000_", "first\r\nsecond"),
    ],
)
def test_values_are_written_as_a_person_reads_them(value: Any, shown: str, path: Path) -> None:
    (table,) = of(Table, elements(path, rows(("Name", "Value"), ("x", value))))
    assert table.rows[1][1] == shown


def test_a_formula_has_the_value_it_was_saved_with(path: Path) -> None:
    elements(path, rows(("Ship", "Tons"), ("sum", "=2+3")))
    rewrite(
        path,
        {
            SHEET: lambda text: (
                text.replace("<v></v>", "<v>5</v>").replace("<v/>", "<v>5</v>").replace("<v />", "<v>5</v>")
            )
        },
    )
    (table,) = of(Table, list(read(path)))
    assert table.rows[1] == ("sum", "5")


def test_a_long_table_streams_in_pieces_that_repeat_the_header(path: Path) -> None:
    body = [(f"ship {number}", number) for number in range(2 * MAX_ROWS)]
    tables = of(Table, elements(path, rows(("Ship", "Tons"), *body)))
    assert [table.rows[0] for table in tables] == [("Ship", "Tons")] * 3
    assert [row[0] for table in tables for row in table.rows[1:]] == [name for name, _ in body]


def test_pictures_and_charts_of_a_sheet_come_after_its_cells(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:  # keeps the numbers in the chart, as Excel does
        sheet = book.add_worksheet("Fuel")
        for number, row in enumerate((("Ship", "Tons"), ("Tern", 12), ("Tide", 7))):
            sheet.write_row(number, 0, row)
        sheet.insert_image("D1", "quay.png", {"image_data": BytesIO(png()), "description": "The quay"})
        chart = book.add_chart({"type": "column"})
        chart.add_series({"name": "=Fuel!$B$1", "categories": "=Fuel!$A$2:$A$3", "values": "=Fuel!$B$2:$B$3"})
        chart.set_title({"name": "Fuel by ship"})
        sheet.insert_chart("D9", chart)
        book.add_worksheet("Empty")
    place = Locator(page=1, headings=("Fuel",))
    assert without_front(list(read(path))) == [
        Table((("Ship", "Tons"), ("Tern", "12"), ("Tide", "7")), place),
        Picture(png(), place, alt="The quay"),
        Table((("", "Tons"), ("Tern", "12"), ("Tide", "7")), place, caption="Fuel by ship"),
    ]


# Bad input


def test_declared_dimensions_are_not_believed(path: Path) -> None:
    elements(path, rows(("a", "b"), ("c", "d")))
    rewrite(path, {SHEET: lambda text: text.replace('<dimension ref="A1:B2"', '<dimension ref="A1:XFD1048576"')})
    assert [table.rows for table in of(Table, list(read(path)))] == [(("a", "b"), ("c", "d"))]


def test_a_cell_in_the_last_corner_is_read_without_filling_the_sheet(path: Path) -> None:
    def fill(book: Any) -> None:
        book.active["A1"] = "first"
        book.active["B1048576"] = "last"

    assert [passage.text for passage in of(Passage, elements(path, fill))] == ["first", "last"]


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_an_entity_bomb_does_not_go_off(part: str, path: Path) -> None:
    elements(path, rows(("LAUGH", "b")))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    strings = "<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><si><t>LAUGH</t></si></sst>"

    def share_strings(text: str) -> str:
        shared = re.sub(r't="inlineStr"><is><t>LAUGH</t></is>', 't="s"><v>0</v>', text)
        assert shared != text
        return shared

    def declare(text: str) -> str:
        return text.replace("</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>')

    def arm(text: str) -> str:
        armed = LAUGHS + text.partition("?>")[2] if text.startswith("<?xml") else LAUGHS + text
        aimed = re.sub('LAUGH|(?<=name=")Sheet', "&l9;", armed)
        assert aimed != armed
        return aimed

    if part == "xl/sharedStrings.xml":
        rewrite(path, {part: strings, SHEET: share_strings, "[Content_Types].xml": declare})
        assert of(Table, list(read(path)))[0].rows == (("LAUGH", "b"),)
    rewrite(path, {part: arm})
    with pytest.raises(UnreadableFile, match="damaged document"):
        list(read(path))


def test_a_damaged_sheet_is_refused_with_the_reason(path: Path) -> None:
    elements(path, rows(("a", "b")))
    rewrite(path, {SHEET: lambda text: text[: len(text) // 2]})
    with pytest.raises(UnreadableFile, match="damaged document"):
        list(read(path))
