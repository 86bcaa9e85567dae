"""The picture recipe: what is said of pictures, features that are made once, and a head that learns from them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.errors import UsageError  # noqa: E402
from commonplace.training import image  # noqa: E402
from commonplace.training.data import Pair  # noqa: E402
from commonplace.training.fit import Plan, fit  # noqa: E402
from commonplace.training.towers import SPACE_DIM, Backbone, PictureHead, PictureShape, PictureTower  # noqa: E402

pytestmark = pytest.mark.train

SMALL = PictureShape(width=8, heads=2, layers=2, middle=1, inner=16, hidden=32, queries=2)


def pair(**fields: str | bool) -> Pair:
    texts = {"alt": "", "caption": "", "heading": "Install", "title": "Guide", "context": "Open the page.\nClick."}
    return Pair("i", "s", "f", "a/b", **{**texts, "described": True, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alt", "bare"),
    [
        ("Screenshot of the login page.", "login page."),
        ("A diagram showing a queue", "queue"),
        ("An image that shows three lines", "three lines"),
    ],
)
def test_a_picture_is_learned_with_and_without_how_its_alt_text_begins(alt: str, bare: str) -> None:
    assert image.said_of(pair(alt=alt)) == [alt, bare]


def test_a_picture_without_description_is_learned_by_its_place() -> None:
    assert image.said_of(pair(alt="img1", described=False)) == ["Guide - Install", "Open the page.\nClick."]
    assert image.said_of(pair(alt="A queue", caption="Figure 2: queue")) == ["A queue", "Figure 2: queue"]


def test_each_picture_that_was_looked_at_is_there_once_and_has_its_use() -> None:
    rows = image.looked()
    assert len({row.id for row in rows}) == len(rows)
    assert {row.use for row in rows} == {"train", "held", "test"}
    assert all(row.looks for row in rows if row.use != "test")
    counts = Counter(row.kind for row in rows if row.use == "test")
    assert len(counts) == 11
    assert {kind for kind, count in counts.items() if count < 15} == {"security alert"}  # not enough of them


def test_scenes_are_drawn_by_their_key_and_pairs_differ_in_one_thing() -> None:
    one, said = image.drawn(str(image.SINGLES + 7))
    assert (said, one) == (image.drawn(str(image.SINGLES + 7))[1], image.drawn(str(image.SINGLES + 7))[0])
    left, right = (image.drawn(f"{image.PAIRS + 7}/{member}")[1] for member in (0, 1))
    assert len(said) == len(left) == len(right) == 5
    assert left[0] != right[0]


@pytest.fixture
def tower() -> PictureTower:
    torch.manual_seed(0)
    made: PictureTower = PictureTower(Backbone(SMALL), PictureHead(SMALL)).eval()
    return made


def test_features_are_made_once(tower: PictureTower, tmp_path: Path) -> None:
    read: list[str] = []

    def of(key: str) -> tuple[Image.Image, list[str]]:
        read.append(key)
        return Image.new("RGB", (40, 30), key), [f"a {key} picture"]

    first, _ = image.features(tower, tmp_path, "x", ["red", "blue"], of)
    again, said = image.features(tower, tmp_path, "x", ["green", "blue", "red"], of)
    assert read == ["red", "blue", "green"]
    assert torch.equal(again[1:], first.flip(0))
    assert said == [["a green picture"], ["a blue picture"], ["a red picture"]]
    expected = tower.features(torch.tensor(np.asarray(Image.new("RGB", (224, 224), "red")))[None])[0]
    assert torch.allclose(first[0].float(), expected, atol=1e-2)


def test_features_of_another_tower_are_refused(tower: PictureTower, tmp_path: Path) -> None:
    image.features(tower, tmp_path, "x", ["red"], lambda key: (Image.new("RGB", (9, 9), key), []))
    other = PictureTower(tower.backbone, PictureHead(PictureShape(width=16)))
    with pytest.raises(UsageError, match=r"another tower made it. Remove"):
        image.features(other, tmp_path, "x", ["red"], lambda key: (Image.new("RGB", (9, 9), key), []))


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_a_head_learns_pairs_that_can_be_learned(loss: Literal["softmax", "sigmoid"], tmp_path: Path) -> None:
    torch.manual_seed(0)
    count = len(PictureHead(SMALL).mean)
    rows = torch.randn(64, 8)
    texts = torch.nn.functional.normalize(rows @ torch.randn(8, SPACE_DIM), dim=1)
    alone = [[i] for i in range(64)]
    source = image.Source((rows @ torch.randn(8, count)).half(), alone, alone)
    config = image.Config(
        batch=32,
        bank=16,
        shares=(("pairs", 1.0),),
        dropout=0.0,
        average=0.9,
        shape=SMALL,
        loss=loss,
        soft_weight=0.0,
    )
    training = image.Training(config, {"pairs": source}, texts)
    fit(training, training.loss, Plan(120, 1e-2), tmp_path)
    found = image.ranks(training.average.eval()(source.features.float()), texts, torch.arange(64))
    assert float((found < 5).float().mean()) > 0.9


def test_the_two_of_a_minimal_pair_are_told_apart(tmp_path: Path) -> None:
    """Twins share all but one direction of 8, in features and in texts, whose cosine is about .95."""
    torch.manual_seed(0)
    shared, own = torch.randn(16, 1, 8), torch.zeros(16, 2, 8)
    own[:, 0, 0], own[:, 1, 0] = 0.5, -0.5
    rows = (shared + own).flatten(0, 1)
    texts = torch.nn.functional.normalize(rows @ torch.randn(8, SPACE_DIM), dim=1)
    source = image.Source(
        (rows @ torch.randn(8, len(PictureHead(SMALL).mean))).half(),
        [[i] for i in range(32)],
        [[2 * i, 2 * i + 1] for i in range(16)],
    )
    config = image.Config(batch=16, bank=8, shares=(("scenes", 1.0),), dropout=0.0, average=0.9, shape=SMALL)
    training = image.Training(config, {"scenes": source}, texts)
    fit(training, training.loss, Plan(150, 1e-2), tmp_path)
    vectors = training.average.eval()(source.features.float())
    cosines = vectors.view(16, 2, -1) @ texts.view(16, 2, -1).transpose(1, 2)
    assert float((cosines.argmax(2) == torch.arange(2)).float().mean()) > 0.9


def test_a_picture_is_learned_by_its_looks_with_and_without_its_kind() -> None:
    row = image.Looked("i", "train", "table", ("pale header", "five rows"))
    assert row.views() == ["pale header", "five rows", "table of data, pale header", "table of data"]
    assert image.Looked("i", "train", "other", ("a", "b")).views() == ["a", "b", "a", "b"]


def test_even_choices_take_each_repository_before_any_twice() -> None:
    from dataclasses import replace

    many = [replace(pair(), id=str(n), repository="big" if n % 4 else "small") for n in range(40)]
    taken = Counter(one.repository for one in image.spread(many, 12))
    assert taken == {"big": 6, "small": 6}
    assert len(image.spread(many, 99)) == 40


def test_ranks_count_the_pictures_that_are_nearer() -> None:
    texts = torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.8, 0.0], [0.9, 0.8, 0.7]])
    assert image.ranks(torch.eye(3), texts, torch.arange(3)).tolist() == [0, 1, 2]
