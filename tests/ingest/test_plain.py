from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from ingest.reader_samples import placed, read_as, texts

from commonplace.ingest.readers import plain

LINE = st.text(st.sampled_from("ab \t"), max_size=20)


def test_paragraphs_lie_between_blank_lines_and_keep_their_lines(tmp_path: Path) -> None:
    text = "\n\nFirst line  \n  second line\n\n \nNext.\n"
    assert placed(read_as(plain.read, text, tmp_path)) == [
        ("First line\n  second line", (), (3, 4)), ("Next.", (), (7, 7)),
    ]  # fmt: skip


def test_a_log_comes_in_stretches_that_know_their_lines(tmp_path: Path) -> None:
    log = "".join(f"2024-01-01T00:00:{number % 60:02} service started {number:05}\n" for number in range(1, 1001))
    stretches = placed(read_as(plain.read, log, tmp_path))
    assert len(stretches) > 10
    assert "\n".join(text for text, _, _ in stretches) + "\n" == log
    for text, _, lines in stretches:
        assert len(text) <= plain.STRETCH
        assert lines is not None
        assert text.split("\n")[0].endswith(f"{lines[0]:05}")
        assert text.split("\n")[-1].endswith(f"{lines[1]:05}")


def test_colours_of_a_terminal_are_taken_off(tmp_path: Path) -> None:
    assert texts(read_as(plain.read, "\x1b[1;31mERROR\x1b[0m disk full\n", tmp_path)) == ["ERROR disk full"]


@given(st.lists(LINE, max_size=30))
def test_each_passage_is_what_its_lines_say(lines: list[str]) -> None:
    found = list(plain.paragraphs((number, line) for number, line in enumerate(lines, start=1)))
    for passage in found:
        assert passage.locator.lines is not None
        first, last = passage.locator.lines
        assert passage.text == "\n".join(line.rstrip() for line in lines[first - 1 : last])
    assert [line for passage in found for line in passage.text.split("\n")] == [
        line.rstrip() for line in lines if line.strip()
    ]
