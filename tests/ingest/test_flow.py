from __future__ import annotations

from pathlib import Path

from commonplace.ingest.elements import Note, Passage, Picture, PictureLink, Table
from commonplace.ingest.readers.flow import SURROUNDINGS, Block, Heading, flow, parsed, surroundings
from commonplace.types import Locator


def test_elements_lie_under_the_path_of_headings() -> None:
    blocks: list[Block] = [
        Passage("before"), Heading(1, "A"), Passage("a"), Heading(3, "C"), Passage("c"), Heading(2, "B"), Passage("b"),
        Heading(1, "D"), Passage("d"),
    ]  # fmt: skip
    found = [(each.text, each.locator.headings) for each in flow(blocks) if isinstance(each, Passage)]
    assert found == [("before", ()), ("a", ("A",)), ("c", ("A", "C")), ("b", ("A", "B")), ("d", ("D",))]


def test_a_heading_with_nothing_below_becomes_a_passage() -> None:
    blocks: list[Block] = [
        Heading(1, "A"),
        Heading(2, "Empty", Locator(lines=(3, 3))),
        Heading(2, "B"),
        Passage("b"),
        Heading(1, "End"),
    ]
    assert list(flow(blocks)) == [
        Passage("Empty", Locator(headings=("A", "Empty"), lines=(3, 3))),
        Passage("b", Locator(headings=("A", "B"))),
        Passage("End", Locator(headings=("End",))),
    ]


def around(*blocks: Block) -> list[str]:
    return [each.paragraph for each in flow(blocks) if isinstance(each, Picture | PictureLink)]


def test_a_picture_keeps_the_text_before_and_after_it() -> None:
    assert around(Passage("far"), Passage("before"), PictureLink("a.png"), Passage("after")) == ["before\nafter"]
    assert around(Passage("before"), Picture(b"1"), Picture(b"2"), Passage("after")) == ["before\nafter"] * 2


def test_text_under_another_heading_is_not_around_a_picture() -> None:
    assert around(Passage("x"), Heading(1, "A"), PictureLink("a.png"), Heading(1, "B"), Passage("y")) == [""]


def test_a_picture_inside_a_paragraph_has_that_one_between_its_neighbours() -> None:
    inside = PictureLink("a.png", paragraph="the paragraph itself")
    assert around(Passage("before"), Passage("the paragraph itself"), inside, Passage("after")) == [
        "before\nthe paragraph itself\nafter"
    ]


def test_a_table_gives_no_text_to_a_picture_but_keeps_its_place() -> None:
    found = list(flow([PictureLink("a.png"), Table((("x",),)), Note("n"), Passage("after")]))
    assert [type(each).__name__ for each in found] == ["PictureLink", "Table", "Note", "Passage"]


def test_surroundings_are_bounded_and_cut_between_words() -> None:
    text = "word " * 500
    found = surroundings(text, text, text)
    assert len(found) <= SURROUNDINGS + 2
    assert set(found.split()) == {"word"}
    assert surroundings("", "", "x" * 900) == "x" * 300


def test_a_file_too_large_to_parse_is_read_as_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# Title\n\nSome *words*.\n" + "x" * (1 << 20))
    note, title, words, *_ = parsed(lambda data: [Passage(data.decode())], 1 << 20)(path)
    assert note == Note("read as plain text (larger than 1 MB)")
    assert (title, words) == (
        Passage("# Title", Locator(lines=(1, 1))),
        Passage("Some *words*.", Locator(lines=(3, 3))),
    )
