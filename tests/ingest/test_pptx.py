"""Presentations: slide by slide what is written and shown, and what the speaker notes."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pptx
import pytest
from ingest.office import LAUGHS, of, png, rewrite, without_front  # type: ignore[import-not-found, unused-ignore]
from pptx.chart.data import CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Emu

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Front, Passage, Picture, Table
from commonplace.ingest.readers.pptx import read
from commonplace.types import Locator

UNIT = 10_000
"""EMU: the slides are 1000 x 500 of these."""
TITLE_ONLY, BLANK = 5, 6


def elements(path: Path, *slides: Callable[[Any], None], layout: int = TITLE_ONLY) -> list[Any]:
    presentation = pptx.Presentation()
    presentation.slide_width, presentation.slide_height = Emu(1000 * UNIT), Emu(500 * UNIT)
    for fill in slides:
        fill(presentation.slides.add_slide(presentation.slide_layouts[layout]))
    presentation.save(str(path))
    return list(read(path))


def box(left: int, top: int, right: int, bottom: int) -> tuple[Emu, Emu, Emu, Emu]:
    """Left, top, width, height as the library wants them."""
    return Emu(left * UNIT), Emu(top * UNIT), Emu((right - left) * UNIT), Emu((bottom - top) * UNIT)


def write(shapes: Any, text: str, *place: int) -> None:
    shapes.add_textbox(*box(*place)).text_frame.text = text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.pptx"


def test_a_slide_has_its_title_as_heading_and_boxes_as_shares(path: Path) -> None:
    def fill(slide: Any) -> None:
        slide.shapes.title.text = "One\vnode"
        write(slide.shapes, "All data lie on local disks.", 100, 250, 600, 300)

    assert elements(path, fill) == [
        Front("One node", (), elements(path, fill)[0].date),
        Passage("All data lie on local disks.", Locator(page=1, bbox=(0.1, 0.5, 0.6, 0.6), headings=("One node",))),
    ]


def test_a_slide_without_a_title_does_not_lie_under_the_last(path: Path) -> None:
    def first(slide: Any) -> None:
        slide.shapes.title.text = "One node"
        write(slide.shapes, "first", 0, 0, 9, 9)

    found = of(Passage, elements(path, first, lambda slide: write(slide.shapes, "second", 0, 0, 9, 9)))
    assert [(passage.text, passage.locator.page, passage.locator.headings) for passage in found] == [
        ("first", 1, ("One node",)),
        ("second", 2, ()),
    ]


def test_a_title_alone_is_text(path: Path) -> None:
    found = elements(path, lambda slide: setattr(slide.shapes.title, "text", "Questions?"))
    assert without_front(found) == [Passage("Questions?", Locator(page=1, headings=("Questions?",)))]


def test_notes_follow_their_slide(path: Path) -> None:
    def fill(slide: Any) -> None:
        write(slide.shapes, "shown", 0, 0, 9, 9)
        slide.notes_slide.notes_text_frame.text = "say this slowly"

    assert [passage.text for passage in of(Passage, elements(path, fill))] == ["shown", "Notes: say this slowly"]


def test_a_table_keeps_its_merged_cells_in_the_first(path: Path) -> None:
    def fill(slide: Any) -> None:
        table = slide.shapes.add_table(2, 3, *box(0, 0, 500, 100)).table
        for place, text in (((0, 0), "Node"), ((0, 1), "2026"), ((1, 0), "alpha"), ((1, 1), "3"), ((1, 2), "4")):
            table.cell(*place).text = text
        table.cell(0, 1).merge(table.cell(0, 2))

    (table,) = of(Table, elements(path, fill))
    assert table.rows == (("Node", "2026", ""), ("alpha", "3", "4"))
    assert (table.header_rows, table.locator) == (1, Locator(page=1, bbox=(0.0, 0.0, 0.5, 0.2)))


def test_a_picture_has_its_alt_text_unless_a_program_wrote_it(path: Path) -> None:
    def fill(slide: Any) -> None:
        slide.shapes.title.text = "Cluster"
        for data, alt in (
            (png(), "Five nodes"),
            (png("blue"), "image.png"),
            (png("green"), "A box\n\nDescription automatically generated"),
        ):
            picture = slide.shapes.add_picture(BytesIO(data), *box(100, 100, 300, 200))
            picture._element.nvPicPr.cNvPr.set("descr", alt)
        write(slide.shapes, "Every node does the same.", 0, 0, 9, 9)

    pictures = of(Picture, elements(path, fill))
    assert [picture.alt for picture in pictures] == ["Five nodes", "", "A box"]
    assert pictures[0].data == png()
    assert pictures[0].locator == Locator(page=1, bbox=(0.1, 0.2, 0.3, 0.4), headings=("Cluster",))
    assert pictures[2].paragraph == "Every node does the same."


def test_a_logo_on_every_slide_comes_once(path: Path) -> None:
    def fill(slide: Any) -> None:
        slide.shapes.add_picture(BytesIO(png()), *box(0, 0, 50, 50))

    assert [picture.locator.page for picture in of(Picture, elements(path, fill, fill, fill))] == [1]


def test_shapes_in_a_group_are_placed_on_the_slide(path: Path) -> None:
    def fill(slide: Any) -> None:
        group = slide.shapes.add_group_shape()
        write(group.shapes, "left", 0, 0, 100, 100)
        write(group.shapes, "right", 100, 0, 200, 100)
        group.left, group.top, group.width, group.height = box(500, 100, 1000, 200)

    left, right = of(Passage, elements(path, fill, layout=BLANK))
    assert (left.text, left.locator.bbox) == ("left", (0.5, 0.2, 0.75, 0.4))
    assert (right.text, right.locator.bbox) == ("right", (0.75, 0.2, 1.0, 0.4))


def test_a_chart_is_the_table_of_its_numbers(path: Path) -> None:
    def fill(slide: Any) -> None:
        data: Any = CategoryChartData()  # type: ignore[no-untyped-call, unused-ignore]
        data.categories = ["Mon", "Tue"]
        data.add_series("sent", (3, 17.5))
        data.add_series("lost", (0, None))
        chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *box(0, 0, 500, 250), data).chart
        chart.has_title = True
        chart.chart_title.text_frame.text = "Packets"

    (table,) = of(Table, elements(path, fill))
    assert table.rows == (("", "sent", "lost"), ("Mon", "3", "0"), ("Tue", "17.5", ""))
    assert (table.caption, table.locator.page) == ("Packets", 1)


def test_a_scatter_chart_has_its_points(path: Path) -> None:
    def fill(slide: Any) -> None:
        data: Any = XyChartData()  # type: ignore[no-untyped-call, unused-ignore]
        series = data.add_series("delay")
        series.add_data_point(1, 20)
        series.add_data_point(2, 40)
        slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER, *box(0, 0, 500, 250), data)

    (table,) = of(Table, elements(path, fill))
    assert table.rows == (("", "delay"), ("1", "20"), ("2", "40"))


# Bad input


def test_an_entity_bomb_does_not_go_off(path: Path) -> None:
    elements(path, lambda slide: write(slide.shapes, "LAUGH", 0, 0, 9, 9))

    def armed(text: str) -> str:
        declaration, end, rest = text.partition("?>")
        return f"{declaration}{end}{LAUGHS}" + rest.replace("LAUGH", "&l9;")

    rewrite(path, {"ppt/slides/slide1.xml": armed})
    with pytest.raises(UnreadableFile, match="damaged document"):
        list(read(path))


def test_a_slide_that_is_missing_is_damage(path: Path) -> None:
    elements(path, lambda slide: write(slide.shapes, "text", 0, 0, 9, 9))
    rewrite(
        path, {"ppt/_rels/presentation.xml.rels": lambda text: text.replace("slides/slide1.xml", "slides/none.xml")}
    )
    with pytest.raises(UnreadableFile, match="damaged document"):
        list(read(path))
