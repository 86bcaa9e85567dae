import json
from pathlib import Path

import pytest

from commonplace.errors import UsageError
from commonplace.evaluation.questions import read_questions

GOOD = {"qid": "q1", "kind": "concept", "query": "how", "gold": ["a.md"]}


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_fields_are_read_and_unknown_ones_ignored(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl", {**GOOD, "note": "mine", "image": "x.png"}, "", {**GOOD, "qid": "q2", "gold": []}
    )
    first, second = read_questions(path)
    assert (first.qid, first.kind, first.query, first.gold) == ("q1", "concept", "how", ("a.md",))
    assert first.image == tmp_path / "x.png"
    assert second.gold == ()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{", "line 2"),
        ({"qid": "q2", "kind": "c", "query": "x"}, "'gold'"),
        ({**GOOD, "qid": "q2", "gold": "a.md"}, "not a list"),
        (GOOD, "was there before"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: object, why: str) -> None:
    with pytest.raises(UsageError, match=r"line 2") as error:
        read_questions(write(tmp_path / "q.jsonl", GOOD, row))
    assert why in str(error.value)


def test_an_empty_file_is_no_set_of_questions(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no question"):
        read_questions(write(tmp_path / "q.jsonl", ""))


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_questions(tmp_path / "none.jsonl")
