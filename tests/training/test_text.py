"""Where the text tower's questions come from, and how they are disturbed and set against each other."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from commonplace.training import text_pairs as source
from commonplace.training.data import BENCHMARKS, Passage
from commonplace.training.fit import Plan, fit
from commonplace.training.text import Config, Lessons, Prepared, mine
from commonplace.training.text_pairs import TextPair, disturbed, general_pairs, heading_pair, sentence_pair, written
from commonplace.training.towers import TextShape, TextTower
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


def test_a_small_tower_learns_its_lessons(tmp_path: Path) -> None:
    """Every kind of batch and every loss, on a tower of two layers and words of its own."""
    subjects = ["lease", "route", "disk", "queue", "mirror", "token", "backup", "alarm"]
    pairs = [
        TextPair(
            kind, f"how to renew the {one}", f"{kind}: the {one} is renewed at half of its time", f"{kind} {one}", one
        )
        for kind in ("question", "heading", "general")
        for one in subjects
    ]
    pairs += [TextPair("question", "renew a lease", "a held passage", "held", held=True)]
    words = dict.fromkeys(word.strip(":") for pair in pairs for word in f"{pair.query} {pair.passage}".split())
    tokenizer = Tokenizer(WordLevel({"[PAD]": 0, "[UNK]": 1, **{word: n for n, word in enumerate(words, 2)}}, "[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    n, chance = len(pairs), np.random.default_rng(0)
    vectors = unit_rows(chance.standard_normal((n, 384), np.float32))
    negatives = np.full((n, 2), -1)
    negatives[0] = [1, 2]
    prepared = Prepared(
        pairs,
        vectors.astype(np.float16),
        vectors.astype(np.float16),
        negatives,
        np.where(negatives >= 0, 6.0, np.nan).astype(np.float32),
        np.stack([vectors, vectors], 1).astype(np.float16),
    )
    torch.manual_seed(0)
    tower = TextTower(TextShape(vocabulary=len(words) + 2, tokens=32, width=32, heads=2, layers=2))
    config = Config(epochs=12, others=1.0, batch=8, tokens=24, long_tokens=32)
    lessons = Lessons(tower, prepared, tokenizer.to_str(), config)
    kinds = [pairs[places[0]].kind for places, _ in lessons.batches]
    assert kinds[0] == "heading"
    assert {"question", "general"} == set(kinds[1:])
    assert not any(pairs[place].held for places, _ in lessons.batches for place in places)
    before = float(lessons(len(lessons.batches) - 1)[0].detach())
    figures = fit(tower, lessons, Plan(len(lessons.batches), 3e-3), tmp_path, measure=lessons.validate)
    assert float(lessons(len(lessons.batches) - 1)[0].detach()) < before
    assert set(figures) == {"held recall@1", "held recall@10"}
    header = (tmp_path / "curves.csv").read_text().splitlines()[0]
    for part in ("ranking, question", "relation, heading", "margin, question", "anchor, general"):
        assert part in header
