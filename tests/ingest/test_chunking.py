from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.ingest.chunking import LONGEST, TARGET, drafts
from commonplace.ingest.elements import Draft, Front, Note, Passage, Picture, PictureLink, Recording, Table
from commonplace.types import Locator

HERE = Locator(headings=("Guide", "Setup"))
SENTENCE = "The gateway drops packets that no rule allows. "


def passage(text: str, lines: tuple[int, int] | None = None, headings: tuple[str, ...] = ("Guide",)) -> Passage:
    return Passage(text, Locator(headings=headings, lines=lines))


def texts(elements: Sequence[Passage | Table]) -> list[str]:
    return [draft.text for draft in drafts(elements)]


def test_small_neighbours_are_joined_and_the_lines_cover_them() -> None:
    joined = list(drafts([passage("First.", (3, 4)), passage("Second.", (6, 6)), passage("Third.")]))
    assert joined == [Draft("text", Locator(headings=("Guide",), lines=(3, 6)), "First.\n\nSecond.\n\nThird.")]


def test_a_passage_never_crosses_a_heading_or_a_page() -> None:
    assert texts([passage("a", headings=("A",)), passage("b", headings=("A", "B")), passage("c", headings=("A",))]) == [
        "a", "b", "c",
    ]  # fmt: skip
    pages = [Passage("a", Locator(page=1)), Passage("b", Locator(page=2))]
    assert [(draft.text, draft.locator.page) for draft in drafts(pages)] == [("a", 1), ("b", 2)]


def test_boxes_on_one_page_are_united() -> None:
    left = Passage("a", Locator(page=1, bbox=(0.1, 0.2, 0.3, 0.3)))
    right = Passage("b", Locator(page=1, bbox=(0.2, 0.1, 0.9, 0.25)))
    (draft,) = drafts([left, right])
    assert draft.locator.bbox == (0.1, 0.1, 0.9, 0.3)


def test_a_passage_is_filled_up_to_the_target_and_no_further() -> None:
    paragraph = "x" * 400
    assert [len(text) for text in texts([passage(paragraph)] * 5)] == [802, 802, 400]


def test_a_short_one_is_taken_in_rather_than_left_alone() -> None:
    assert texts([passage("x" * 950), passage("This was it.")]) == ["x" * 950 + "\n\nThis was it."]
    assert texts([passage("As follows:"), passage("y" * 1200)]) == ["As follows:\n\n" + "y" * 1200]


def test_code_that_fits_stays_whole() -> None:
    code = "\n".join(f"step_{number}()" for number in range(120))
    assert TARGET < len(code) <= LONGEST
    assert texts([passage(code)]) == [code]


def test_long_prose_is_cut_after_sentences_in_parts_of_like_size() -> None:
    parts = texts([passage((SENTENCE * 60).strip())])  # 2,819 characters
    assert len(parts) == 3
    assert all(part.endswith("allows.") and 800 < len(part) < 1100 for part in parts)


def test_long_code_is_cut_at_line_ends_and_each_part_knows_its_lines() -> None:
    code = "\n".join(f"    call({number:03})" for number in range(1, 201))  # 200 lines of 13 and a line end
    parts = list(drafts([passage(code, (11, 210))]))
    assert "\n".join(part.text for part in parts) == code
    for part in parts:
        assert part.locator.lines is not None
        first, last = part.locator.lines
        assert part.text.startswith(f"    call({first - 10:03})")
        assert part.text.endswith(f"    call({last - 10:03})")


def test_parts_of_a_folded_paragraph_keep_the_lines_of_the_whole() -> None:
    parts = list(drafts([passage((SENTENCE * 60).strip(), (5, 40))]))
    assert [part.locator.lines for part in parts] == [(5, 40)] * 3


def test_a_quotation_mark_behind_a_cut_is_not_lost() -> None:
    text = ('He said "It is down." ' * 100).strip()
    assert " ".join(texts([passage(text)])) == text


def test_text_without_a_space_is_cut_all_the_same() -> None:
    parts = texts([passage("f" * 5000)])
    assert "".join(parts) == "f" * 5000
    assert max(map(len, parts)) <= LONGEST


def test_every_slice_of_a_table_has_the_header_and_the_caption_and_the_first_has_the_picture() -> None:
    rows = [("Port", "Service"), *((str(number), f"service number {number:04}") for number in range(1, 101))]
    table = Table(tuple(rows), HERE, caption="Open ports", picture=b"drawn")
    slices = list(drafts([table]))
    assert len(slices) == 3  # 100 rows of some 26 characters
    assert {each.modality for each in slices} == {"table"}
    assert {each.text.split("\n")[0] for each in slices} == {"Port | Service"}
    assert {each.caption for each in slices} == {"Open ports"}
    assert [each.picture for each in slices] == [b"drawn", None, None]
    body = [line for each in slices for line in each.text.split("\n")[1:]]
    assert body == [f"{port} | {name}" for port, name in rows[1:]]


def test_slices_know_their_lines_where_each_row_is_one() -> None:
    rows = (("name",), *((f"{number:04}" + "x" * 200,) for number in range(1, 7)))
    slices = list(drafts([Table(rows, Locator(lines=(2, 7)))]))
    assert [each.locator.lines for each in slices] == [(2, 5), (6, 7)]


def test_a_row_too_long_for_a_line_names_the_column_of_each_cell() -> None:
    rows = (("Key", "Meaning"), ("a", "short"), ("b", SENTENCE.strip() + " " + "z" * 1400), ("c", "short again"))
    first, second, third, *_, last = texts([Table(rows, HERE)])
    assert first == "Key | Meaning\na | short"
    assert second.startswith("Key: b")
    assert third.startswith("Meaning: ") or second.startswith("Key: b\nMeaning: ")
    assert last == "Key | Meaning\nc | short again"


def test_a_table_without_a_header_and_one_with_nothing_else() -> None:
    assert texts([Table((("a", "b"), ("c", "")), HERE, header_rows=0)]) == ["a | b\nc | "]
    assert texts([Table((("a", "b"),), HERE)]) == ["a | b"]
    assert list(drafts([Table((), HERE, picture=b"drawn", caption="C")])) == [
        Draft("table", HERE, "", b"drawn", caption="C")
    ]


def test_pictures_pass_with_their_words_and_do_not_part_the_text_around_them() -> None:
    picture = Picture(b"png", HERE, "alt", "caption", "around")
    found = list(drafts([Passage("Before.", HERE), picture, Passage("After.", HERE)]))
    assert found == [
        Draft("image", HERE, "", b"png", "alt", "caption", "around"),
        Draft("text", HERE, "Before.\n\nAfter."),
    ]


def test_a_page_picture_and_a_recording_keep_what_they_are() -> None:
    assert [each.modality for each in drafts([Picture(b"scan", modality="page")])] == ["page"]
    assert list(drafts([Recording(12.5, "Title: Talk")])) == [
        Draft("audio", Locator(start=0.0, end=12.5), "Title: Talk")
    ]


def test_links_notes_and_front_matter_are_no_chunks() -> None:
    assert list(drafts([Front("T"), Note("n"), PictureLink("a.png"), Passage(" \n ")])) == []


WORDS = st.text(st.sampled_from("ab.,! \n\n日。\"'"), max_size=4000)
HEADINGS = st.sampled_from([(), ("A",), ("A", "B")])
PASSAGES = st.builds(lambda text, path: Passage(text, Locator(headings=path)), WORDS, HEADINGS)
CELLS = st.text(st.sampled_from("xyz |"), max_size=30) | st.text(st.sampled_from("xyz "), min_size=1000, max_size=3000)
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.builds(
        lambda rows, head: Table(tuple(rows), header_rows=min(head, len(rows))),
        st.lists(st.tuples(*[CELLS] * width), max_size=8),
        st.integers(0, 2),
    )
)


def solid(text: str) -> str:
    """Without white space: what must be kept to the letter."""
    return re.sub(r"\s+", "", text)


@given(st.lists(PASSAGES, max_size=8))
def test_no_text_is_lost_doubled_or_moved(elements: list[Passage]) -> None:
    assert solid("".join(texts(elements))) == solid("".join(each.text for each in elements))


@given(st.lists(PASSAGES | TABLES, max_size=6))
@settings(deadline=None)
def test_sizes_are_bounded_and_nothing_is_empty(elements: list[Passage | Table]) -> None:
    for text in texts(elements):
        assert text.strip()
        assert len(text) <= LONGEST


@given(st.lists(PASSAGES | TABLES, max_size=6))
@settings(deadline=None)
def test_the_same_elements_give_the_same_drafts(elements: list[Passage | Table]) -> None:
    assert list(drafts(elements)) == list(drafts(iter(elements)))


@given(TABLES)
@settings(deadline=None)
def test_every_cell_of_a_table_is_in_its_slices_in_order(table: Table) -> None:
    kept = solid("".join(texts([table])))
    at = 0
    for row in table.rows[table.header_rows :]:
        for cell in row:
            found = kept.find(solid(cell), at)
            assert found >= 0
            at = found + len(solid(cell))


@pytest.mark.parametrize("size", [LONGEST - 1, LONGEST, LONGEST + 1, 2 * LONGEST, 3001])
def test_the_bound_holds_to_the_letter(size: int) -> None:
    parts = texts([passage("x" * size)])
    assert "".join(parts) == "x" * size
    assert max(map(len, parts)) <= LONGEST
