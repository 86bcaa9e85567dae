"""The parts below the pictures: choices by name, the notation of paraphrases, what happens to a picture on its way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from commonplace.training.scenes.augment import LEAST_AREA, augment
from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import LEGIBLE, Choices
from commonplace.training.scenes.colours import COLOURS, distance, ink_on
from commonplace.training.scenes.grammar import expand, tidy
from commonplace.training.scenes.styles import STYLES

SEEDS = st.integers(0, 2**40)


def last(_key: str, count: int) -> int:
    return count - 1


@given(SEEDS, st.sampled_from(["red", "green"]))
def test_to_fix_one_choice_leaves_the_others_as_they_were(seed: int, value: str) -> None:
    def others(choices: Choices) -> tuple[object, ...]:
        choices.pick("a", ("red", "green"))
        return choices.pick("b", ("x", "y", "z")), choices.uniform("c", 0, 1), choices.text("d", "{city} ~~")

    assert others(Choices(seed, {"a": value})) == others(Choices(seed))


@given(SEEDS, st.integers(1, 5))
def test_more_of_a_sample_begin_with_fewer_of_it(seed: int, count: int) -> None:
    choices = Choices(seed)
    assert choices.sample("s", range(9), count + 1)[:count] == choices.sample("s", range(9), count)


@given(SEEDS)
def test_colours_of_one_picture_have_different_plain_names(seed: int) -> None:
    choices = Choices(seed)
    choices.colours(5, [(255, 255, 255)])
    basics = [COLOURS[value].basic for value in choices.attributes.values()]
    assert len(set(basics)) == 5
    assert "white" not in basics


@pytest.mark.parametrize("ground", sorted({name for style in STYLES.values() for name in style.grounds}))
def test_every_ground_leaves_two_colours_for_words_besides_the_ink(ground: str) -> None:
    rgb = COLOURS[ground].rgb
    for seed in range(60):
        choices = Choices(seed)
        first = choices.colour("keyword", [rgb, ink_on(rgb)], contrast=LEGIBLE)
        choices.colour("value", [rgb, ink_on(rgb), first], contrast=LEGIBLE)
        basics = {COLOURS[choices.attributes[name]].basic for name in ("keyword", "value")} | {COLOURS[ground].basic}
        assert len(basics) == 3


@pytest.mark.parametrize(("template", "expected"), [
    ("plain", "plain"),
    ("[a|b] c", "b c"),
    ("[a|[b|c] d]", "c d"),
    ("log [info] line", "log [info] line"),
    ("{noun} and {noun}", "tree and tree"),
    ("{unknown}", "{unknown}"),
    ("{verb}", "runs fast"),
])  # fmt: skip
def test_expand(template: str, expected: str) -> None:
    slots = {"noun": ("house", "tree"), "verb": "[walks|runs] fast"}
    assert expand(template, last, slots) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("a orange line", "An orange line"),
    ("an  blue line ,  thin", "A blue line, thin"),
    ("8 bars, a 8 too", "8 bars, an 8 too"),
])  # fmt: skip
def test_tidy(text: str, expected: str) -> None:
    assert tidy(text) == expected


def test_black_and_white_are_the_most_distant_colours() -> None:
    assert distance((0, 0, 0), (255, 255, 255)) == pytest.approx(764.8, abs=0.1)
    assert distance((9, 9, 9), (9, 9, 9)) == 0


def test_a_line_that_does_not_fit_is_recorded_as_it_was_shortened() -> None:
    canvas = Canvas(Choices(1), "plain")
    width = canvas.text((10, 40), "the quick brown fox jumps over", size=20, room=120)
    assert width <= 120
    assert canvas.words == ["the quick"]


@given(SEEDS)
def test_augmented_pictures_keep_their_sides_and_three_quarters_of_their_area(seed: int) -> None:
    x, y = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 200))
    plain = Image.fromarray(np.stack([x, y, 0 * x + 128], axis=2).astype(np.uint8))
    changed = augment(plain, seed)
    assert changed.tobytes() == augment(plain, seed).tobytes()
    pixels = np.asarray(changed, float)
    red, green = pixels[..., 0].mean(axis=0), pixels[..., 1].mean(axis=1)
    assert red[-1] > red[0]  # left stays left
    assert green[-1] > green[0]  # and top stays top
    gain = 1 / 0.85  # contrast may have been lowered by this much
    kept = (red[-1] - red[0]) / 255 * gain * (green[-1] - green[0]) / 255 * gain
    assert kept >= LEAST_AREA - 0.05
    assert 0.5 * 300 * LEAST_AREA <= changed.width <= 1.3 * 300 + 1
