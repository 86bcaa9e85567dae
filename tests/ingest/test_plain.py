from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest.reader_samples import placed, read_as, texts

from commonplace.ingest.elements import Passage
from commonplace.ingest.readers import plain
from commonplace.ingest.textfile import Lines

LINES = st.lists(st.sampled_from(["def f():", "    x", "a b", " ", "", "}", "\ty  "]), max_size=60)

PYTHON = '''"""What this module does."""

import os


# Comments stay with what follows.
@decorated
def first(path):
    """The docstring stays."""

    return os.stat(path)


class Second:
    x = 1

    def method(self):
        pass
'''

GO = """package main

func main() {
	run()

	stop()
}

func run() {}
"""


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


def test_code_is_cut_where_a_definition_starts_at_the_margin(tmp_path: Path) -> None:
    found = placed(read_as(plain.read_code, PYTHON, tmp_path))
    assert [(text.split("\n")[0], lines) for text, _, lines in found] == [
        ('"""What this module does."""', (1, 1)),
        ("import os", (3, 3)),
        ("# Comments stay with what follows.", (6, 11)),
        ("class Second:", (14, 18)),
    ]
    assert found[2][0].endswith('"""The docstring stays."""\n\n    return os.stat(path)')


def test_the_rule_needs_no_particular_language(tmp_path: Path) -> None:
    assert [text for text, _, _ in placed(read_as(plain.read_code, GO, tmp_path))] == [
        "package main", "func main() {\n\trun()\n\n\tstop()\n}", "func run() {}",
    ]  # fmt: skip


def test_a_long_definition_parts_at_blank_lines(tmp_path: Path) -> None:
    body = "".join(f"    step_{number:04}()\n\n" for number in range(400))
    found = placed(read_as(plain.read_code, "def long():\n" + body, tmp_path))
    assert len(found) > 2
    assert all(len(text) <= plain.STRETCH for text, _, _ in found)


@pytest.mark.parametrize("cut", [plain.paragraphs, plain.definitions])
@given(lines=LINES)
def test_each_passage_is_what_its_lines_say_and_no_line_is_lost(
    cut: Callable[[Lines], Iterator[Passage]], lines: list[str]
) -> None:
    seen: list[int] = []
    for passage in cut((number, line) for number, line in enumerate(lines, start=1)):
        assert passage.locator.lines is not None
        first, last = passage.locator.lines
        assert passage.text == "\n".join(line.rstrip() for line in lines[first - 1 : last])
        seen += range(first, last + 1)
    assert seen == sorted(set(seen))
    assert {number for number, line in enumerate(lines, start=1) if line.strip()} <= set(seen)
