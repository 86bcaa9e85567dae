"""Heads on frozen encoders: they help where there is something to learn, and are refused where there is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.errors import UsageError
from commonplace.training.adapter import Config, Pairs, fit_head, interval, reciprocal_ranks, train_adapter
from commonplace.vectors.normalise import unit_rows

pytestmark = pytest.mark.train


def domain(seed: int = 0, count: int = 200, dim: int = 24) -> Pairs:
    """Pictures that see the texts through a distortion of their own: what a head can undo."""
    random = np.random.default_rng(seed)
    texts = unit_rows(random.standard_normal((count, dim)).astype(np.float32))
    distortion = np.random.default_rng(99).standard_normal((dim, dim)) * 0.6
    media = unit_rows(texts + texts @ distortion + 0.1 * random.standard_normal((count, dim)).astype(np.float32))
    return Pairs(media, texts, np.arange(count), np.arange(count) // 2)


@pytest.mark.parametrize(
    "config", [Config(), Config(hidden=64), Config(loss="sigmoid")], ids=["linear", "mlp", "sigmoid"]
)
def test_a_head_ranks_pairs_better_that_it_has_not_seen(config: Config) -> None:
    head, unseen = fit_head(domain(), config, 0.05), domain(seed=1)
    before, after = reciprocal_ranks(unseen), reciprocal_ranks(unseen, head)
    _, low, _ = interval(after - before, unseen.groups)
    assert low > 0


def test_a_head_for_shuffled_pairs_helps_nobody() -> None:
    pairs = domain()
    order = np.random.default_rng(0).permutation(len(pairs))
    shuffled = replace(pairs, texts=pairs.texts[order])
    head, unseen = fit_head(shuffled, Config(steps=80), 0.05), domain(seed=1)
    _, low, _ = interval(reciprocal_ranks(unseen, head) - reciprocal_ranks(unseen), unseen.groups)
    assert low <= 0


def test_reciprocal_rank_counts_the_pictures_that_score_as_high() -> None:
    media = np.eye(3, dtype=np.float32)
    texts = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    # The second text scores 0 with its own picture, as with the third, and 1 with the first: rank 3.
    assert reciprocal_ranks(Pairs(media, texts, np.arange(3), np.arange(3))).tolist() == [1, pytest.approx(1 / 3), 1]


def test_a_picture_with_many_texts_is_one_rival() -> None:
    media = np.eye(3, dtype=np.float32)[[0, 0, 0, 1]]
    texts = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.float32)
    items = np.array([7, 7, 7, 4])
    assert reciprocal_ranks(Pairs(media, texts, items, items)).tolist() == [1, 1, 0.5, 1]


def test_folds_keep_groups_together() -> None:
    folds = domain().folds(5, seed=3)
    assert (folds[::2] == folds[1::2]).all()
    assert set(folds) == {0, 1, 2, 3, 4}


def test_an_interval_is_over_groups_not_over_rows() -> None:
    mean, low, high = interval(np.array([1.0, 1.0, 1.0, -1.0]), np.array([0, 0, 0, 1]))
    assert (mean, low, high) == (0.5, -1.0, 1.0)  # two groups: a draw may hold either alone


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pairs.jsonl", '{"text": "a"}', "record 1: expected `text` with image, audio, video"),
        ("pairs.jsonl", '{"text": "a", "audio": "b.wav"}', "record 1: bundled has no encoder of audio"),
        ("pairs.jsonl", "not json", "cannot be read as pairs"),
        ("pairs.jsonl", '{"query": "a", "gold": ["gone.png"]}', "gone.png does not exist"),
        ("pairs.csv", "text,image\n,x.png", "record 1: expected `text`"),
        ("pairs.csv", "text,image\n", "has 0 pairs of text and image; expected 40"),
        ("pairs.jsonl", '{"query": "a", "gold": ["page.md"]}', "has 0 pairs of text and image"),
        ("pairs.jsonl", '{"query": "a", "clicked": "page.md"}\n{"image": "a.png", "gold": ["b.png"]}', "has 0 pairs"),
    ],
)
def test_what_is_no_pair_is_named(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=said):
        train_adapter(tmp_path / name, tmp_path / "out")


def test_questions_clicks_and_descriptions_are_pairs_of_what_the_model_can_encode(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"counted before it is opened")
    lines = [
        {"text": "a", "image": "b.png"},
        {"query": "c", "gold": ["b.png", "page.md", "b.wav"]},
        {"query": "d", "clicked": "deep/b.png"},
    ]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    sources = {"notes/deep/b.png": tmp_path / "b.png"}
    with pytest.raises(UsageError, match="has 3 pairs of text and image; expected 40 at least"):
        train_adapter(tmp_path / "pairs.jsonl", tmp_path / "out", sources=sources)
    with pytest.raises(UsageError, match=r"record 3: .*documents of a collection need its --collection"):
        train_adapter(tmp_path / "pairs.jsonl", tmp_path / "out")
