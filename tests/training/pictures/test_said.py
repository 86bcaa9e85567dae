"""What is said of pictures, by their pages, by eye, and by the grammar of scenes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

pytest.importorskip("cv2", reason="needs the [train] extra")

from commonplace.training.data import Pair
from commonplace.training.pictures import said
from commonplace.training.scenes import Scene, scene

pytestmark = pytest.mark.train


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
    assert said.said_of(pair(alt=alt)) == [alt, bare]


def test_a_picture_without_description_is_learned_by_its_place() -> None:
    assert said.said_of(pair(alt="img1", described=False)) == ["Guide - Install", "Open the page.\nClick."]
    assert said.said_of(pair(alt="A queue", caption="Figure 2: queue")) == ["A queue", "Figure 2: queue"]


def test_each_picture_that_was_looked_at_is_there_once_and_has_its_use() -> None:
    rows = said.looked()
    assert len({row.id for row in rows}) == len(rows)
    assert {row.use for row in rows} == {"train", "held", "test"}
    assert {len(row.looks) for row in rows if row.use != "test"} == {2}
    assert {len(row.shows) for row in rows} == {0, 1}
    counts = Counter(row.kind for row in rows if row.use == "test")
    assert len(counts) == 11
    assert {kind for kind, count in counts.items() if count < 15} == {"security alert"}  # not enough of them


def test_a_picture_is_learned_by_its_looks_with_and_without_its_kind_and_by_what_it_shows() -> None:
    row = said.Looked("i", "train", "table", ("pale header", "five rows"))
    assert row.views() == ["pale header", "five rows", "table of data, pale header", "table of data"]
    row = said.Looked("i", "train", "other", ("a", "b"), ("a list of users",))
    assert row.views() == ["a", "b", "a", "b", "a list of users"]


def test_even_choices_take_each_repository_before_any_twice() -> None:
    many = [replace(pair(), id=str(n), repository="big" if n % 4 else "small") for n in range(40)]
    taken = Counter(one.repository for one in said.spread(many, 12))
    assert taken == {"big": 6, "small": 6}
    assert len(said.spread(many, 99)) == 40


def test_scenes_are_drawn_by_their_key_and_pairs_differ_in_one_thing() -> None:
    one, captions = said.drawn(str(said.SINGLES + 7))
    assert (one, captions) == said.drawn(str(said.SINGLES + 7))
    left, right = (said.drawn(f"{said.PAIRS + 7}/{member}")[1] for member in (0, 1))
    assert len(captions) == len(left) == len(right) == 6
    assert left[0] != right[0]
    assert left[2] != right[2]


def test_no_scene_of_a_held_family_is_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(said.HELD_FAMILIES) == 6
    assert not set(said.HELD_FAMILIES) & set(said.LEARNED_FAMILIES)
    asked: list[str] = []

    def noted(seed: int, family: str) -> Scene:
        asked.append(family)
        return scene(seed, family)

    monkeypatch.setattr(said, "scene", noted)

    for number in range(len(said.LEARNED_FAMILIES)):
        said.drawn(str(said.SINGLES + number))
    assert asked == list(said.LEARNED_FAMILIES)
