"""Every family in every style: the same picture for the same seed, captions in five views, two pictures that differ."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from commonplace.errors import UnknownName
from commonplace.training.scenes import FAMILIES, VIEWS, Scene, pair, scene, split_families
from commonplace.training.scenes.scene import PHRASES
from commonplace.training.scenes.sheet import main
from commonplace.training.scenes.signs import EMBLEMS, FORMS, SIGNS
from commonplace.training.scenes.styles import STYLES

EVERY_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))


def words(text: str) -> Counter[str]:
    """Lower case, singular, without articles, which fit the word that follows."""
    found = Counter(word.removesuffix("s") for word in re.findall(r"[\w-]+", text.lower()))
    return found - Counter({"a": 99, "an": 99})


def said_of(value: str) -> set[str]:
    return set(words(PHRASES.get(value, value).replace("|", " ")))


def test_there_are_at_least_twenty_families_and_eight_styles() -> None:
    assert len(FAMILIES) >= 20
    assert len(STYLES) >= 8


@EVERY_FAMILY
@pytest.mark.parametrize("style", sorted(STYLES))
def test_every_family_is_drawn_and_said_in_every_style(family: str, style: str) -> None:
    drawn = scene(len(style), family, style)
    assert drawn.image.mode == "RGB"
    assert all(180 <= side <= 320 for side in drawn.image.size)
    assert np.asarray(drawn.image).std() > 3  # something is there
    assert set(drawn.captions) == set(VIEWS)
    for view in ("description", "type", "query", "looks"):
        assert not re.search(r"[{}|\[\]~]", drawn.captions[view]), drawn.captions[view]
        assert drawn.captions[view].strip()


@EVERY_FAMILY
def test_the_same_seed_gives_the_same_picture_whatever_was_drawn_before(family: str) -> None:
    first = scene(5, family)
    scene(6, family)
    again = scene(5, family)
    assert first.image.tobytes() == again.image.tobytes()
    assert first.captions == again.captions
    assert scene(6, family).image.tobytes() != first.image.tobytes()


def test_seeds_alone_reach_all_families_and_styles() -> None:
    drawn = [scene(seed) for seed in range(400)]
    assert {one.family for one in drawn} == set(FAMILIES)
    assert {one.style for one in drawn} == set(STYLES)


def test_an_unknown_family_or_style_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"no family named 'lines'.*line chart"):
        scene(1, "lines")
    with pytest.raises(UnknownName, match=r"no style named 'baroque'.*sketch"):
        scene(1, "pie", "baroque")


def told_apart(one: Scene, other: Scene, changed: str) -> None:
    """Captions differ in the words of the changed attribute only, pictures visibly."""
    for view in ("description", "looks"):
        mine, yours = words(one.captions[view]), words(other.captions[view])
        assert set(mine - yours) <= said_of(one.attributes[changed]), one.captions[view]
        assert set(yours - mine) <= said_of(other.attributes[changed]), other.captions[view]
        assert mine != yours, (view, changed, one.captions[view])
    difference = np.abs(np.asarray(one.image, int) - np.asarray(other.image, int)).max(axis=2)
    assert (difference > 24).sum() >= 20


@EVERY_FAMILY
@pytest.mark.parametrize("seed", range(5))
def test_a_pair_differs_in_one_attribute_in_pixels_and_in_words(family: str, seed: int) -> None:
    one, other, changed = pair(seed, family)
    differing = {name for name in one.attributes if one.attributes[name] != other.attributes.get(name)}
    assert differing == {changed}
    assert set(one.attributes) == set(other.attributes)
    told_apart(one, other, changed)


def test_pairs_change_colours_counts_places_and_shapes() -> None:
    changed = " ".join(pair(seed)[2] for seed in range(120))
    for kind in ("colour", "number", "ground", "shape", "place"):
        assert kind in changed


def test_no_shape_borrows_the_paraphrases_of_another_thing() -> None:
    assert not {*EMBLEMS, *FORMS, *SIGNS, "ring", "pie"} & set(PHRASES)  # a star is not a star topology


def test_spike_against_drop_is_a_pair() -> None:
    drawn = [scene(3, "line chart", fixed={"shape": shape}, must="shape") for shape in ("spike", "drop")]
    told_apart(drawn[0], drawn[1], "shape")


def test_a_picture_of_text_has_its_text_as_caption() -> None:
    for seed in range(5):
        drawn = scene(seed, "words")
        assert drawn.captions["words"] == drawn.said.topic


def test_families_are_split_without_overlap_and_always_the_same_way() -> None:
    train, held_out = split_families(held_out=6)
    assert len(held_out) == 6
    assert set(train) | set(held_out) == set(FAMILIES)
    assert not set(train) & set(held_out)
    assert split_families(held_out=6) == (train, held_out)
    assert split_families(held_out=6, seed=1)[1] != held_out
    assert set(split_families(held_out=3)[1]) < set(held_out)


def test_the_contact_sheet_shows_scenes_with_their_captions(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    done = CliRunner().invoke(main, [str(out), "--family", "pie", "--pairs", "-n", "2", "--columns", "2"])
    assert done.exit_code == 0, done.output
    with Image.open(out) as sheet:
        assert sheet.size == (660, 960)  # two pairs: two rows of two cells of 330 x 480
