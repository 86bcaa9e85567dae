"""`label`: pictures get the label that fits them best, in records and store alike, until they are labelled anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from commonplace.collection import Collection
from commonplace.errors import UsageError
from commonplace.spaces.registry import load_space
from commonplace.zero_shot import ANYTHING, NONE, Judge, classify

PHOTO = Path(__file__).parents[2] / "examples" / "handbook" / "photos" / "IMG_0412.jpg"
LABELS = ("a photo of mountains", "a line chart")


@pytest.fixture
def labelled(collection: Collection, tmp_path: Path) -> Collection:
    (tmp_path / "photo.jpg").write_bytes(PHOTO.read_bytes())
    (tmp_path / "page.md").write_text("# Mountains\n\nA page, not a picture.\n")
    collection.add(tmp_path / "photo.jpg", tmp_path / "page.md")
    assert collection.label(*LABELS, least=0.0) == {"a photo of mountains": 1, "a line chart": 0}
    return collection


def sources(collection: Collection, expression: str) -> list[str]:
    return [hit.source for hit in collection.search("mountains", filter=expression).hits]


def test_a_label_filters(labelled: Collection) -> None:
    assert sources(labelled, 'label="A photo of mountains"') == ["photo.jpg"]
    assert sources(labelled, 'label="a line chart"') == []
    assert sources(labelled, 'label!="a photo of mountains"') == ["page.md"]


def test_labels_outlive_an_update_and_end_with_the_picture(labelled: Collection, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Mountains\n\nThe page says more: see the photo. ![peaks](photo.jpg)\n")
    labelled.update()
    assert sources(labelled, 'label="a photo of mountains"') == ["photo.jpg"]
    labelled.remove("photo.jpg")
    assert labelled.doctor() == []
    assert sources(labelled, 'label="a photo of mountains"') == []


def test_new_labels_replace_the_old_ones_and_no_picture_is_read_again(labelled: Collection, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").unlink()
    assert labelled.label("snow", least=0.0) == {"snow": 1}
    assert sources(labelled, "label=snow") == ["photo.jpg"]
    assert sources(labelled, 'label="a photo of mountains"') == []


def test_a_collection_without_pictures_has_none_to_label(collection: Collection, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("A page.\n")
    collection.add(tmp_path / "page.md")
    assert collection.label("map") == {"map": 0}


def test_label_needs_labels(labelled: Collection) -> None:
    with pytest.raises(UsageError, match="no labels came"):
        labelled.label(" ")


def test_none_of_these_takes_its_share_of_the_probability() -> None:
    without, with_none = (dict(classify(PHOTO, LABELS, none_of_these=none)) for none in (False, True))
    assert list(without) != list(with_none)
    assert sum(with_none.values()) == pytest.approx(1, abs=1e-5)
    left = 1 - with_none[NONE]
    assert {label: with_none[label] / left for label in LABELS} == pytest.approx(without, abs=1e-4)


def test_what_is_anything_else_is_none_of_these() -> None:
    space = load_space()
    judge = Judge(space, ["a line chart"], none_of_these=True)
    dog = np.asarray(space.encode_text(ANYTHING[:1]))
    assert judge(dog)[0][0][0] == NONE


def test_a_text_is_judged_by_templates_for_texts() -> None:
    space = load_space()
    text = space.encode_text(["The switch forwards frames between ports."])
    assert Judge(space, ["cooking", "networking"], modality="text")(text)[0][0][0] == "networking"
