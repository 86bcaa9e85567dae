"""Where the text tower's questions come from, and how they are disturbed and set against each other."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.training import text_pairs as source
from commonplace.training.data import BENCHMARKS, Passage
from commonplace.training.text import mine
from commonplace.training.text_pairs import TextPair, disturbed, general_pairs, heading_pair, sentence_pair, written
from commonplace.vectors.normalise import unit_rows

pytestmark = pytest.mark.train
TEXT = (
    "The lease is renewed at half of its time. "
    + "A client that cannot reach the server keeps it until it expires, and then asks anew."
)


def test_the_written_questions_are_two_for_each_passage() -> None:
    with lzma.open(source.QUESTIONS, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    assert len(rows) > 3_000
    assert {len(row) for row in rows} == {3}
    assert len({id for id, *_ in rows}) == len(rows)
    assert all(1 <= len(text.split()) <= 40 for _, *asked in rows for text in asked)


def test_a_written_question_finds_its_passage_and_what_follows_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = [
        Passage("o/r", "Leases", "Renewal", TEXT),
        Passage("o/r", "Leases", "End", "It ends."),
        Passage("o/r", "B", "", "no"),
    ]
    file = tmp_path / "questions.tsv.xz"
    file.write_bytes(lzma.compress(f"{source.passage_id(page[0])}\twhen is it prolonged\tlease renewal\n".encode()))
    monkeypatch.setattr(source, "QUESTIONS", file)
    pairs = list(written(page))
    assert [pair.query for pair in pairs] == ["when is it prolonged", "lease renewal"]
    assert pairs[0].head == "Leases › Renewal"
    assert pairs[0].more == f"{TEXT}\n\nIt ends."


def test_headings_and_first_sentences_ask_for_what_follows_them() -> None:
    passage = Passage("o/r", "DHCP", "Renewal", TEXT)
    heading, sentence = heading_pair(passage), sentence_pair(passage)
    assert heading is not None
    assert sentence is not None
    assert (heading.query, heading.passage) == ("DHCP Renewal", TEXT)
    assert sentence.query == "The lease is renewed at half of its time"
    assert heading_pair(Passage("o/r", "A", "", "too short")) is None


def test_general_english_comes_from_docstrings() -> None:
    assert [pair.kind for pair in general_pairs(3, random.Random(0))] == ["general"] * 3


def test_a_disturbed_query_is_the_same_keywords_or_one_typo_away() -> None:
    forms = {disturbed("how do I renew leases", random.Random(seed)) for seed in range(60)}
    assert {"how do I renew leases", "renew leases"} < forms
    assert all(form.startswith("how do I ") or form == "renew leases" for form in forms)


def test_hard_negatives_are_near_but_of_another_page() -> None:
    def pair(kind: str, query: str, passage: str, page: str) -> TextPair:
        return TextPair(kind, query, passage, page)

    pairs = [
        pair("question", "lease renewal", "a lease is renewed at half time", "one"),
        pair("heading", "x", "lease renewal on the same page", "one"),
        pair("heading", "y", "a lease of another page, renewal unknown", "two"),
        pair("heading", "z", "nothing in common at all", "three"),
    ]
    answers = unit_rows(np.array([[1, 0, 0], [1, 0.1, 0], [0.9, 0.5, 0], [0, 0, 1]], np.float32))
    questions = np.tile(np.array([[1, 0, 0]], np.float32), (4, 1))
    found = mine(pairs, questions, answers, seed=0)
    assert set(found[0]) <= {2, 3}
    assert (found[1:] == -1).all()


def test_what_judges_the_tower_is_in_no_mixture() -> None:
    assert len(source.HELD_OUT) == 4
    assert not source.HELD_OUT & BENCHMARKS
