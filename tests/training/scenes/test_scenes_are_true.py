"""What captions say is what pixels show: hues, heights, counts, places. The oracle of hues is written by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from commonplace.training.scenes import FAMILIES, Scene, scene
from commonplace.training.scenes.colours import COLOURS

Mask = NDArray[np.bool_]

HUES = {"red": (345, 374), "orange": (12, 46), "yellow": (40, 64), "green": (58, 162), "teal": (158, 198),
        "blue": (194, 248), "purple": (244, 292), "pink": (288, 346), "brown": (8, 48)}  # fmt: skip
"""Degrees on the colour circle; they overlap where people disagree. Beyond 360 it goes on at red."""


def looks_like(image: NDArray[np.uint8], basic: str) -> Mask:
    """Which pixels somebody would call by this plain colour name."""
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(int)
    hue, saturation, value = hsv[..., 0] * 2, hsv[..., 1] / 255, hsv[..., 2] / 255
    if basic == "black":
        return np.asarray((value < 0.3) & (saturation < 0.5))
    if basic == "white":
        return np.asarray((value > 0.8) & (saturation < 0.2))
    if basic == "grey":
        return np.asarray((value > 0.25) & (value < 0.9) & (saturation < 0.35))
    low, high = HUES[basic]
    inside = ((hue >= low) & (hue <= high)) | (hue + 360 <= high)
    return np.asarray(inside & (saturation > 0.15) & (value > 0.15))


def pixels(drawn: Scene) -> NDArray[np.uint8]:
    return np.asarray(drawn.image)


def near(drawn: Scene, name: str, tolerance: int = 60) -> Mask:
    """Pixels close to a colour of the table, for pictures in the plain style."""
    away = np.abs(pixels(drawn).astype(int) - np.array(COLOURS[name].rgb)).max(axis=2)
    return np.asarray(away < tolerance)


def centre(mask: Mask) -> tuple[float, float]:
    ys, xs = np.nonzero(mask)
    return float(xs.mean()), float(ys.mean())


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_colour_that_is_said_is_seen(family: str) -> None:
    for seed in range(8):
        drawn = scene(seed, family)
        for name, value in drawn.attributes.items():
            if "colour" in name and value in COLOURS and name in drawn.said:
                seen = looks_like(pixels(drawn), COLOURS[value].basic).sum()
                assert seen >= 6, (seed, drawn.style, name, value)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_ground_that_is_said_is_seen(family: str) -> None:
    for seed in range(8):
        drawn = scene(seed, family)
        basic = COLOURS[drawn.attributes["ground"]].basic
        pale = drawn.attributes["ground"].startswith(("pale", "cream"))
        here = looks_like(pixels(drawn), basic)
        assert here.mean() > 0.05 or (pale and pixels(drawn).mean() > 180), (seed, drawn.style, drawn.attributes)


def line(shape: str, **fixed: str) -> list[float]:
    """The height of the drawn line in each column, in pixels from the bottom."""
    wanted = {"shape": shape, "colour": "magenta", "stroke": "solid", "below": "nothing", "ground": "white", **fixed}
    wanted["frame"] = "nothing"
    mask = near(scene(11, "line chart", "plain", fixed=wanted), "magenta")
    ys = np.arange(mask.shape[0])[::-1]
    return [float(ys[column].mean()) for column in mask.T if column.any()]


@pytest.mark.parametrize(("shape", "direction"), [
    ("steady rise", 1), ("stairs up", 1), ("exponential growth", 1), ("saturation", 1), ("step up", 1), ("s-curve", 1),
    ("steady fall", -1), ("stairs down", -1), ("decay", -1), ("step down", -1), ("crash", -1),
])  # fmt: skip
def test_a_line_said_to_rise_rises_and_one_said_to_fall_falls(shape: str, direction: int) -> None:
    heights = line(shape)
    fifth = len(heights) // 5
    assert direction * (np.mean(heights[-fifth:]) - np.mean(heights[:fifth])) > (0 if shape == "crash" else 30)


@pytest.mark.parametrize("shape", ["spike", "drop"])
@pytest.mark.parametrize(("place", "share"), [("left", 0.2), ("middle", 0.5), ("right", 0.8)])
def test_a_spike_stands_up_and_a_drop_hangs_down_where_the_caption_says(shape: str, place: str, share: float) -> None:
    heights = line(shape, place=place)
    extreme = int(np.argmax(heights) if shape == "spike" else np.argmin(heights))
    assert extreme / len(heights) == pytest.approx(share, abs=0.12)
    event, level = heights[extreme], float(np.median(heights))
    assert (event - level > 30) if shape == "spike" else (level - event > 30)


@pytest.mark.parametrize(("number", "count"), [("three", 3), ("five", 5), ("eight", 8)])
def test_as_many_bars_as_the_caption_counts(number: str, count: int) -> None:
    fixed = {"number": number, "direction": "vertical", "colour": "magenta", "ground": "white", "frame": "nothing"}
    drawn = next(
        one
        for one in (scene(seed, "bar chart", "plain", fixed=fixed) for seed in range(20))
        if "odd colour" not in one.attributes
    )
    labels, _ = cv2.connectedComponents(near(drawn, "magenta").astype(np.uint8))
    assert labels - 1 == count  # the first label is the ground


@pytest.mark.parametrize(("profile", "sign"), [("growing", 1), ("shrinking", -1)])
def test_bars_grow_in_the_direction_that_is_said(profile: str, sign: int) -> None:
    fixed = {"profile": profile, "direction": "vertical", "colour": "magenta", "ground": "white", "number": "six"}
    tall = near(scene(2, "bar chart", "plain", fixed=fixed), "magenta").sum(axis=0)
    tall = tall[tall > 0]
    half = len(tall) // 2
    assert sign * (tall[half:].mean() - tall[:half].mean()) > 10


@pytest.mark.parametrize(("relation", "axis", "sign"), [
    ("left of", 0, -1), ("right of", 0, 1), ("above", 1, -1), ("below", 1, 1),
])  # fmt: skip
def test_shapes_lie_as_the_caption_says(relation: str, axis: int, sign: int) -> None:
    fixed = {"arrangement": "two", "relation": relation, "colour 1": "red", "colour 2": "blue", "ground": "white"}
    fixed["frame"] = "nothing"
    for seed in range(4):
        drawn = scene(seed, "shapes", "plain", fixed=fixed)
        first, second = centre(near(drawn, "red")), centre(near(drawn, "blue"))
        assert sign * (first[axis] - second[axis]) > 30


def test_the_slice_said_to_be_the_largest_covers_the_most() -> None:
    for seed in range(12):
        drawn = scene(seed, "pie", "plain", fixed={"frame": "nothing"})
        areas = {name: near(drawn, value, 12).sum() for name, value in drawn.attributes.items() if "colour " in name}
        assert max(areas, key=lambda name: areas[name]) == "colour 1"


def test_chat_bubbles_are_on_the_sides_that_are_said() -> None:
    fixed = {"left colour": "orange", "right colour": "blue", "ground": "white", "frame": "nothing"}
    for seed in range(6):
        drawn = scene(seed, "chat", "plain", fixed=fixed)
        assert centre(near(drawn, "orange", 30))[0] < centre(near(drawn, "blue", 30))[0]


@pytest.mark.parametrize(("hot", "x_side", "y_side"), [
    ("top left corner", -1, -1), ("top right corner", 1, -1),
    ("bottom left corner", -1, 1), ("bottom right corner", 1, 1),
])  # fmt: skip
def test_the_hot_corner_of_a_heat_map_is_where_the_caption_says(hot: str, x_side: int, y_side: int) -> None:
    fixed = {"hot spot": hot, "palette": "blue to red", "ground": "white", "frame": "nothing"}
    drawn = scene(4, "heat map", "plain", fixed=fixed)
    x, y = centre(near(drawn, "red", 60))
    width, height = drawn.image.size
    assert x_side * (x - width / 2) > 0
    assert y_side * (y - height / 2) > 0
