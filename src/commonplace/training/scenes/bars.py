"""Bars: single, grouped, and as a distribution."""

from __future__ import annotations

from math import pi

import numpy as np

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.lines import axes

HALVES = ("left", "middle", "right")
PROFILES = {
    "growing": "[get taller from left to right|grow from left to right]",
    "shrinking": "[get shorter from left to right|shrink from left to right]",
    "even": "[are nearly equally tall|have about the same height]",
    "hill": "[are tallest in the middle|form a hill]",
    "uneven": "[have very different heights|go up and down]",
}
SIDEWAYS = {
    "growing downwards": "[get longer from top to bottom|grow from top to bottom]",
    "shrinking downwards": "[get shorter from top to bottom|shrink from top to bottom]",
    "even lengths": "[are nearly equally long|have about the same length]",
    "bulge": "[are longest in the middle|bulge in the middle]",
    "uneven lengths": "[have very different lengths|vary a lot in length]",
}


def _heights(pick: Choices, profile: str, count: int) -> list[float]:
    x, rng = np.linspace(0, 1, count), pick.rng("heights")
    if profile.startswith("uneven"):
        base = np.where(np.arange(count) % 2 == pick.integer("first low", 0, 1), 0.85, 0.3)
    else:
        base = {"g": 0.15 + 0.7 * x, "s": 0.85 - 0.7 * x, "e": 0.7 + 0 * x}.get(
            profile[0], 0.2 + 0.7 * np.sin(pi * x) ** 2
        )
    heights: list[float] = (base + rng.uniform(-0.03, 0.03, count)).tolist()
    return heights


def bar_chart(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}", 0.8)
    upright = pick.pick("direction", ("vertical", "horizontal")) == "vertical"
    count, profile = pick.count("number", 3, 9), pick.pick("profile", tuple(PROFILES if upright else SIDEWAYS))
    colour = pick.colour("colour", [c.ground])
    place = pick.pick("odd one", HALVES if upright else ("top", "middle", "bottom")) if count > 2 else ""
    odd = {"left": 0, "top": 0, "middle": count // 2}.get(place, count - 1)
    marked = pick.colour("odd colour", [c.ground, colour]) if pick.chance("odd", 0.5) else None
    names = pick.texts("names", "{category}", count)
    left, top, right, bottom = axes(c, pick, c.area, times=False) if upright else c.area
    step = (right - left if upright else bottom - top) / count
    for n, height in enumerate(_heights(pick, profile, count)):
        fill = marked if marked and n == odd else colour
        if upright:
            x = left + step * n
            c.box((x + step * 0.14, bottom - (bottom - top) * height, x + step * 0.86, bottom), fill, 0)
            c.text((x + step / 2, bottom + 12), names[n], c.ink, 14, "mm", room=step)
        else:
            y = top + step * n
            c.text((left + 84, y + step / 2), names[n], c.ink, min(17, int(step * 0.7)), "rm", room=84)
            c.box((left + 92, y + step * 0.14, left + 92 + (right - left - 92) * height, y + step * 0.86), fill, 0)
    looks = ["{direction} bars that {profile}", "{number} {colour} {direction} bars", "the bars {profile}"]
    if marked:
        looks[1:2] = ["one {odd colour} bar [in|at] the {odd one}, the others {colour}", "{number} {direction} bars"]
    return Said(topic, looks)


def grouped_bars(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}")
    groups, count = pick.count("groups", 3, 6), pick.count("colours", 2, 3)
    stacked = pick.pick("arrangement", ("stacked", "side by side")) == "stacked"
    colours = pick.colours(count, [c.ground])
    x, y = c.area.left + 8, c.area.top + 8
    for n, name in enumerate(pick.texts("series", "[{short}|{category}]", count)):
        c.plate((x, y - 7, x + 16, y + 7), colours[n], radius=0)
        x += 50 + c.text((x + 22, y), name, size=16)
    left, top, right, bottom = axes(c, pick, c.area._replace(top=y + 14), times=False)
    rng, step = pick.rng("heights"), (right - left) / groups
    names = pick.texts("names", "{category}", groups)
    for g in range(groups):
        foot = bottom
        for n, share in enumerate(rng.uniform(0.25, 0.95, 4).tolist()[:count]):
            tall = (bottom - top) * share / (count if stacked else 1)
            wide = step * 0.7 / (1 if stacked else count)
            x = left + step * (g + 0.15) + (0 if stacked else wide * n)
            c.box((x, foot - tall, x + wide, foot), colours[n], 0)
            foot = foot - tall if stacked else bottom
        c.text((left + step * (g + 0.5), bottom + 12), names[g], size=14, anchor="mm", room=step)
    on_top = "{colour 2} [above|on top of] {colour 1} in each bar"
    looks = [
        "{groups} groups of bars in {colours} colours, {arrangement}",
        "{colour 1} and {colour 2} bars {arrangement}",
        on_top if stacked else "the {colour 1} bars [stand|are] left of the {colour 2} ones",
    ]
    return Said(topic, looks)


SPREADS = {
    "one hump in the middle": lambda x: np.exp(-(((x - 0.5) / 0.18) ** 2)),
    "a peak on the left and a long tail to the right": lambda x: np.exp(-((np.log((x + 0.03) / 0.18) / 0.6) ** 2)),
    "a peak on the right and a long tail to the left": lambda x: np.exp(-((np.log((1.03 - x) / 0.18) / 0.6) ** 2)),
    "two humps": lambda x: np.exp(-(((x - 0.25) / 0.1) ** 2)) + 0.85 * np.exp(-(((x - 0.75) / 0.1) ** 2)),
    "bars of about the same height": lambda x: 0.8 + 0 * x,
}


def histogram(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("distribution of {metric}", 0.8)
    colour, spread = pick.colour("colour", [c.ground]), pick.pick("spread", tuple(SPREADS))
    bins = pick.integer("bins", 14, 30)
    left, top, right, bottom = axes(c, pick, c.area)
    x = np.linspace(0, 1, bins)
    heights = np.clip(SPREADS[spread](x) * 0.88 + pick.rng("counts").normal(0, 0.02, bins), 0.01, 1)
    step = (right - left) / bins
    for n, height in enumerate(heights.tolist()):
        edge = (left + step * n, bottom - (bottom - top) * height, left + step * (n + 1) - 1, bottom)
        c.box(edge, colour, 0) if c.style.fill == "hatch" else c.plate(edge, colour, radius=0)
    looks = ["[narrow|touching] {colour} bars with {spread}", "{spread}", "{colour} histogram with {spread}"]
    if pick.chance("mean line", 0.3):
        x_mean = left + (right - left) * 0.5
        mean = pick.colour("line colour", [c.ground, colour])
        c.line([(x_mean, top), (x_mean, bottom)], mean, 5, 10)
        looks.append("a dashed vertical {line colour} line in the middle")
    return Said(topic, looks)
