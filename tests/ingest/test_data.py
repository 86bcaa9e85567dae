from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest.reader_samples import only, placed, read_as, texts

from commonplace.ingest.elements import Note, Passage, Table
from commonplace.ingest.formats import Reader
from commonplace.ingest.readers import data, delimited


def test_json_leaves_are_found_by_their_path_and_keep_what_is_written(tmp_path: Path) -> None:
    text = '{"server": {"port": 8080, "version": 1.10, "tls": true, "proxy": null}, "tags": ["a", "b"], "empty": {}}'
    assert texts(read_as(data.read_json, text, tmp_path)) == [
        "server.port: 8080\nserver.version: 1.10\nserver.tls: true\nserver.proxy: null", "tags: a, b", "empty:",
    ]  # fmt: skip


def test_items_of_a_list_are_numbered_where_they_are_no_plain_words(tmp_path: Path) -> None:
    text = '[{"name": "x"}, {"name": "y", "on": [1, [2]]}]'
    assert texts(read_as(data.read_json, text, tmp_path)) == ["[0].name: x", "[1].name: y\n[1].on[0]: 1\n[1].on[1]: 2"]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (data.read_json, '{"a": 1, // a comment\n}'),
        (data.read_json, "[" * 100_000),
        (data.read_toml, "a = [1,\n"),
        (data.read_yaml, "a: [1\nb: }"),
        (data.read_yaml, "a: &a [*a]\n"),
    ],
)
def test_what_does_not_parse_is_read_as_plain_text_with_a_note(tmp_path: Path, read: Reader, text: str) -> None:
    note, *rest = read_as(read, text, tmp_path)
    assert isinstance(note, Note)
    assert note.text.startswith("read as plain text (")
    assert "".join(texts(rest)).replace("\n", "") == text.replace("\n", "")


def test_yaml_of_several_documents_with_lines_comments_and_tags(tmp_path: Path) -> None:
    text = """# What the job does
# in two lines
on: yes
jobs:
  build:
    needs: [a, b]
    run: |
      # no comment
      make
    ref: !Ref Foo
---
version: 1.10
"""
    assert placed(read_as(data.read_yaml, text, tmp_path)) == [
        ("What the job does\nin two lines", (), (1, 2)),
        ("on: yes", (), (3, 3)),
        ("jobs.build.needs: a, b\njobs.build.run: # no comment\nmake\njobs.build.ref: Foo", (), (6, 10)),
        ("version: 1.10", (), (12, 12)),
    ]


def test_yaml_makes_no_object(tmp_path: Path) -> None:
    marker = tmp_path / "made"
    text = f'!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ["{marker}"]]\n'
    read_as(data.read_yaml, text, tmp_path)
    assert not marker.exists()


def test_aliases_are_followed_but_not_to_the_billion(tmp_path: Path) -> None:
    fair = "base: &base\n  image: nginx\nweb: *base\n"
    assert texts(read_as(data.read_yaml, fair, tmp_path)) == ["base.image: nginx", "web.image: nginx"]
    names = "abcdefghi"
    laughs = 'a: &a ["lol lol lol lol lol", {x: y}]\n' + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in pairwise(names)
    )
    note, *rest = read_as(data.read_yaml, laughs, tmp_path)
    assert note == Note("read as plain text (ValueError: its aliases unfold to more than ten times of what is written)")
    assert texts(rest) == [laughs.rstrip()]


def test_toml_with_its_comments(tmp_path: Path) -> None:
    text = '# The project\n[tool.ruff]\nline-length = 120\nselect = ["E", "F"]\n\n[[jobs]]\nwhen = 2024-01-02\n'
    assert texts(read_as(data.read_toml, text, tmp_path)) == [
        "The project", "tool.ruff.line-length: 120\ntool.ruff.select: E, F", "jobs[0].when: 2024-01-02",
    ]  # fmt: skip


def test_json_lines_are_records_with_their_line(tmp_path: Path) -> None:
    text = '{"a": 1}\n\nnot json\n{"b": {"c": "x\\ud800"}}\n'
    elements = read_as(data.read_jsonl, text, tmp_path)
    assert placed(elements) == [("a: 1", (), (1, 1)), ("not json", (), (3, 3)), ("b.c: x", (), (4, 4))]
    assert only(Note, elements) == [Note("lines kept as text because they are no JSON: 1, the first is line 3")]


SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.sampled_from("ab é"), max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "y", "zz"]), inner, max_size=3),
    max_leaves=12,
)


def leaves_of(tree: object) -> list[str]:
    match tree:
        case dict():
            return [leaf for value in tree.values() for leaf in leaves_of(value)]
        case list():
            return [leaf for value in tree for leaf in leaves_of(value)]
        case str():
            return [tree]
        case _:
            return [json.dumps(tree)]


@given(TREES)
def test_every_leaf_of_json_is_there_in_order(tree: object) -> None:
    found = "\n".join(leaf.text for leaf in data.json_leaves(json.dumps(tree)))
    at = 0
    for leaf in leaves_of(tree):
        at = found.find(leaf.rstrip(), at)
        assert at >= 0


@given(TREES)
def test_yaml_reads_json_alike(tree: object) -> None:
    text = json.dumps(tree)
    assert [leaf[:3] for leaf in data.yaml_leaves(text)] == [leaf[:3] for leaf in data.json_leaves(text)]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_delimiter_of_a_table_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [("name", "note"), ("a", "x, y; z | w\tv"), ("b", 'says "no"')]
    text = "\n".join(delimiter.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows)
    (table,) = only(Table, read_as(delimited.read, text, tmp_path))
    assert (table.rows, table.header_rows) == (tuple(rows), 1)


def test_keys_of_json_and_toml_know_their_lines(tmp_path: Path) -> None:
    text = '{\n  "a": {\n    "b": 1\n  },\n  "b": [\n    2\n  ]\n}\n'
    assert placed(read_as(data.read_json, text, tmp_path)) == [("a.b: 1", (), (2, 4)), ("b: 2", (), (5, 8))]
    text = 'name = "quay"\n\n[b]\nname = 1\n\n[[gates]]\nn = 1\n[[gates]]\nn = 2\n'
    assert placed(read_as(data.read_toml, text, tmp_path)) == [
        ("name: quay", (), (1, 2)),
        ("b.name: 1", (), (3, 5)),
        ("gates[0].n: 1\ngates[1].n: 2", (), (6, 9)),
    ]
    assert placed(read_as(data.read_json, '{"a": 1, "b": 2}', tmp_path)) == [("a: 1", (), None), ("b: 2", (), None)]


def test_a_long_table_comes_in_slices_with_header_and_lines(tmp_path: Path) -> None:
    text = "id,name\n" + "".join(f"{number},row {number}\n" for number in range(2, 1002))
    tables = only(Table, read_as(delimited.read, text, tmp_path))
    assert [len(table.rows) - 1 for table in tables] == [delimited.ROWS] * 5
    assert {table.rows[0] for table in tables} == {("id", "name")}
    for table in tables:
        assert table.locator.lines == (int(table.rows[1][0]), int(table.rows[-1][0]))


def test_fields_over_several_lines_and_ragged_rows(tmp_path: Path) -> None:
    (table,) = only(Table, read_as(delimited.read, 'k,v\na,"one\ntwo"\n\nb\n', tmp_path))
    assert (table.rows, table.locator.lines) == ((("k", "v"), ("a", "one\ntwo"), ("b",)), (2, 5))


def test_a_table_of_numbers_has_no_header_and_one_with_nothing_else_is_kept(tmp_path: Path) -> None:
    (numbers,) = only(Table, read_as(delimited.read, "1,2\n-3,4\n", tmp_path))
    assert (numbers.rows, numbers.header_rows) == ((("1", "2"), ("-3", "4")), 0)
    (alone,) = only(Table, read_as(delimited.read, "name,value\n", tmp_path))
    assert (alone.rows, alone.header_rows) == ((("name", "value"),), 1)


def test_a_quote_that_nothing_closes_costs_no_line(tmp_path: Path) -> None:
    text = 'name,value\na,1\nb,"open\n' + "".join(f"line {number},x\n" for number in range(20_000))
    elements = read_as(delimited.read, text, tmp_path)
    (note,) = only(Note, elements)
    assert note.text == "line 3: field larger than field limit (131072); from here on read as plain text"
    assert only(Table, elements)[0].rows == (("name", "value"), ("a", "1"))
    rest = "\n".join(passage.text for passage in only(Passage, elements))
    assert rest + "\n" == text.split("\n", 2)[2]
