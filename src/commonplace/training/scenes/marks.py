"""Slices, needles, cells and points: charts that are neither curves nor bars."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import COLOURS, Rgb, mix
from commonplace.training.scenes.geometry import Box, Point
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.lines import axes, path


def pie(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{business metric} by [region|plan|quarter|system|browser|language]", 0.7)
    hole = pick.pick("form", ("pie", "ring")) == "ring"
    count = pick.count("number", 2, 6)
    size = pick.pick("size", ("most", "half", "a third")[: min(count - 1, 3)])
    first = {"most": 0.72, "half": 0.5, "a third": 0.34}[size]
    rest = pick.rng("shares").uniform(0.7, 1.3, 8)[: count - 1]
    shares = [first, *(rest / rest.sum() * (1 - first)).tolist()]
    left, top, right, bottom = c.area
    names = pick.texts("names", "{category}", count)
    radius = min(bottom - top, (right - left) * 0.62) / 2 - 8
    if pick.pick("legend", ("right", "left")) == "right":
        x, kx = left + radius + 8, left + 2 * radius + 34
        room = right - kx - 24
    else:
        x, kx = right - radius - 8, left + 6
        room = x - radius - kx - 26
    y, angle = (top + bottom) / 2, -pi / 2
    colours = pick.colours(count, [c.ground])
    for n, share in enumerate(shares):
        turns = np.linspace(angle, angle + 2 * pi * share, max(3, int(40 * share)))
        angle += 2 * pi * share
        arc: list[Point] = [(x + radius * cos(t), y + radius * sin(t)) for t in turns]
        inner = [(x + radius * 0.55 * cos(t), y + radius * 0.55 * sin(t)) for t in turns[::-1]]
        c.shape([*arc, *inner] if hole else [(x, y), *arc], colours[n])
        ky = y + (n - (count - 1) / 2) * min(40, (bottom - top) / count)
        c.plate((kx, ky - 8, kx + 16, ky + 8), colours[n], radius=2)
        c.text((kx + 24, ky), f"{names[n]} {share:.0%}", size=17, room=room)
    looks = ["{form} [|chart ]with {number} slices", "the {colour 1} slice is [the largest|biggest], {size} of it"]
    looks += ["[mostly|above all] {colour 1}" if size == "most" else "the {colour 1} slice takes {size}"]
    looks += ["legend on the {legend}", "{colour 1} next to {colour 2}"]
    if first < 0.6:
        looks.append("{colour 1} starts at the top and fills the right side")
    return Said(topic, looks)


LEVELS = {
    "almost empty": 0.1,
    "about a quarter full": 0.27,
    "half full": 0.5,
    "three quarters full": 0.75,
    "nearly full": 0.94,
}


def gauge(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}")
    level = pick.pick("level", tuple(LEVELS))
    share = LEVELS[level] + pick.uniform("exact", -0.03, 0.03)
    colour = pick.colour("colour", [c.ground])
    form = pick.pick("form", ("half-circle gauge", "dial with a needle", "round ring", "tank", "thermometer"))
    (x, y), radius = c.area.middle, min(c.area.wide / 2, c.area.tall) * 0.46
    rest = mix(c.ground, c.ink, 0.15)
    value = f"{share:.0%}"
    if form in ("tank", "thermometer"):
        wide = 26 if form == "thermometer" else radius * 0.7
        c.plate((x - wide, y - radius, x + wide, y + radius), rest, c.grey, 12)
        c.plate((x - wide + 4, y + radius - 2 * radius * share, x + wide - 4, y + radius - 4), colour, radius=4)
        if form == "thermometer":
            c.pen.ellipse((x - 35, y + radius - 24, x + 40, y + radius + 46), colour)
        c.text((x + wide + 20, y), value, size=30, bold=True)
    elif form == "dial with a needle":
        c.dot((x, y), radius, rest, c.grey, 4)
        for n in range(11):
            turn = (150 + 24 * n) * pi / 180
            ends = [(x + radius * r * cos(turn), y + radius * r * sin(turn)) for r in (0.8, 0.93)]
            c.pen.line(ends, c.ink, 4)
        turn = (150 + 240 * share) * pi / 180
        c.pen.line([(x, y), (x + radius * 0.75 * cos(turn), y + radius * 0.75 * sin(turn))], colour, 10)
        c.dot((x, y), 14, colour)
        c.text((x, y + radius * 0.55), value, size=24, anchor="mm", bold=True)
    else:
        start, sweep = (180, 180) if form == "half-circle gauge" else (-90, 360)
        ring = (x - radius, y - radius + 30 * (sweep == 180), x + radius, y + radius + 30 * (sweep == 180))
        c.pen.arc(ring, start, start + sweep, rest, int(radius * 0.3))
        c.pen.arc(ring, start, start + sweep * share, colour, int(radius * 0.3))
        c.text((x, y + 10), value, size=34, anchor="mm", bold=True)
    return Said(topic, ["a {colour} {form}, {level}", "{level}, {colour}", "{form}"])


PALETTES = {
    "green to red": ("green", "yellow", "red"),
    "blue to red": ("blue", "white", "red"),
    "black to yellow": ("black", "magenta", "yellow"),
    "white to blue": ("white", "sky blue", "navy"),
    "white to green": ("white", "green", "dark green"),
    "yellow to crimson": ("cream", "orange", "crimson"),
    "purple to yellow": ("purple", "teal", "yellow"),
    "grey levels": ("white", "grey", "black"),
}
HOT = ("top left corner", "top right corner", "bottom left corner", "bottom right corner", "centre", "diagonal",
       "top row", "bottom row", "left column", "right column")  # fmt: skip


def heat_map(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}", 0.7)
    columns, rows = pick.integer("columns", 5, 14), pick.integer("rows", 4, 9)
    palette, hot = pick.pick("palette", tuple(PALETTES)), pick.pick("hot spot", HOT)
    x, y = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    away = {
        "centre": np.hypot(x - 0.5, y - 0.5) * 1.4,
        "diagonal": np.abs(x - y) * 1.6,
        "top row": y,
        "bottom row": 1 - y,
        "left column": x,
        "right column": 1 - x,
    }.get(hot, np.hypot(x - ("right" in hot), y - ("bottom" in hot)) / 1.1)
    heat = np.clip(np.exp(-3.2 * away) + pick.rng("cells").normal(0, 0.04, x.shape), 0, 1)
    cold, half, high = (np.array(COLOURS[name].rgb, float) for name in PALETTES[palette])
    share = heat[..., None]
    pixels = np.where(share < 0.5, cold + (half - cold) * share * 2, half + (high - half) * (share * 2 - 1))
    labels = pick.chance("labels", 0.6)
    left, top, right, bottom = c.area
    box = Box(left + 70, top, right, bottom - 22) if labels else c.area
    cells = box.grid(columns, rows, pick.one("gap", (0, 0, 3, 6)))
    for n, cell in enumerate(cells):
        red, green, blue = (int(v) for v in pixels.reshape(-1, 3)[n])
        c.pen.rectangle(cell, (red, green, blue))
    if labels:
        for n, name in enumerate(pick.texts("names", "{host}", rows)):
            c.text((left + 64, cells[n * columns].middle[1]), name, size=14, anchor="rm", room=64)
        for n in range(0, columns, 2):
            c.text((cells[n].left, bottom - 8), f"{n:02}:00", c.grey, 13, aloud=False)
    lowest, _, highest = PALETTES[palette]
    low = "{palette}" if palette == "grey levels" else "colours from {palette}"
    looks = [
        f"{highest} [at|in] the {{hot spot}}, {lowest} elsewhere",
        f"{low}[|, squares in rows and columns]",
        f"[hottest|most intense|strongest] [at|in] the {{hot spot}}, {low}",
    ]
    return Said(topic, looks)


PLACES = {
    (0.2, 0.2): "bottom left",
    (0.2, 0.8): "top left",
    (0.8, 0.2): "bottom right",
    (0.8, 0.8): "top right",
    (0.5, 0.5): "centre",
}
"""Middle of a cluster, from the lower left -> how it is said."""
TRENDS = {
    "from the lower left to the upper right": 0.8,
    "from the upper left to the lower right": -0.8,
    "all over the place without a trend": 0.0,
}


def scatter(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{metric} against {metric}", 0.7)
    plot = axes(c, pick, c.area).inset(12)
    radius, rng = pick.one("dot size", (4, 6, 8)), pick.rng("dots")
    form = pick.pick("dots", ("dots", "crosses", "hollow circles", "squares"))
    if pick.pick("arrangement", ("trend", "clusters")) == "trend":
        slope = TRENDS[pick.pick("trend", tuple(TRENDS))]
        x = rng.uniform(0.02, 0.98, 70)
        y = 0.5 + slope * (x - 0.5) + rng.normal(0, 0.07, 70) if slope else rng.uniform(0.02, 0.98, 70)
        _dots(c, plot, x, y, pick.colour("colour", [c.ground]), form, radius)
        looks = ["{colour} {dots} {trend}", "[a cloud of|many] {colour} {dots}", "the {dots} lie {trend}"]
        if slope and pick.chance("fit", 0.4):
            fit = pick.colour("line colour", [c.ground])
            c.line(path(plot, np.array([0.5 - slope / 2, 0.5 + slope / 2])), fit, 4)
            looks.append("a straight {line colour} line through the dots")
        return Said(topic, looks)
    count = pick.count("number", 2, 4)
    colours = pick.colours(count, [c.ground])
    looks = ["{number} clusters of {dots}[|, each in its own colour]"]
    for n, (x0, y0) in enumerate(pick.sample("centres", tuple(PLACES), count)):
        spread = rng.normal(0, 0.06, (2, 24))
        _dots(c, plot, np.clip(x0 + spread[0], 0, 1), np.clip(y0 + spread[1], 0, 1), colours[n], form, radius)
        looks.append(f"a {{colour {n + 1}}} cluster [at|in] the {PLACES[x0, y0]}")
    return Said(topic, looks)


def _dots(c: Canvas, plot: Box, xs: np.ndarray, ys: np.ndarray, colour: Rgb, form: str, radius: float) -> None:
    for x, y in zip((plot.left + plot.wide * xs).tolist(), (plot.bottom - plot.tall * ys).tolist(), strict=True):
        left, top, right, bottom = x - radius, y - radius, x + radius, y + radius
        if form == "crosses":
            c.pen.line((left, top, right, bottom), colour, 4)
            c.pen.line((left, bottom, right, top), colour, 4)
        elif form == "squares":
            c.pen.rectangle((left, top, right, bottom), colour)
        else:
            c.dot((x, y), radius, None if form == "hollow circles" else colour, colour, 3)
