"""Bars, slices, cells and points: charts that are no curves."""

from __future__ import annotations

from math import cos, pi, sin

import numpy as np

from commonplace.training.scenes.canvas import Box, Canvas, Point, grid, inset, middle, regular
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import COLOURS, Rgb, mix
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
    c.frame()
    topic = pick.text("topic", "{subject}")
    if pick.chance("title", 0.8):
        c.title(topic)
    upright = pick.pick("direction", ("vertical", "horizontal")) == "vertical"
    count, profile = pick.count("number", 3, 9), pick.pick("profile", tuple(PROFILES if upright else SIDEWAYS))
    colour = pick.colour("colour", [c.ground])
    place = pick.pick("odd one", HALVES if upright else ("top", "middle", "bottom")) if count > 2 else ""
    odd = {"left": 0, "top": 0, "middle": count // 2}.get(place, count - 1)
    marked = pick.colour("odd colour", [c.ground, colour]) if pick.chance("odd", 0.5) else None
    names = pick.texts("names", "{category}", count)
    left, top, right, bottom = axes(c, pick, c.area, times=False) if upright else c.area
    for n, height in enumerate(_heights(pick, profile, count)):
        fill = marked if marked and n == odd else colour
        if upright:
            step = (right - left) / count
            x = left + step * n
            c.box((x + step * 0.14, bottom - (bottom - top) * height, x + step * 0.86, bottom), fill, 0)
            c.text((x + step / 2, bottom + 12), names[n], c.ink, 14, "mm", room=step)
        else:
            step = (bottom - top) / count
            y = top + step * n
            c.text((left + 84, y + step / 2), names[n], c.ink, min(17, int(step * 0.7)), "rm", room=84)
            c.box((left + 92, y + step * 0.14, left + 92 + (right - left - 92) * height, y + step * 0.86), fill, 0)
    looks = [
        "{number} {colour} {direction} bars",
        "{direction} bars that {profile}",
        "the bars {profile}",
    ]
    if marked:
        looks += ["one {odd colour} bar [in|at] the {odd one}, the others {colour}"]
    return Said(topic, looks)


def grouped_bars(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "{subject}")
    c.title(topic)
    groups, kinds = pick.count("groups", 3, 6), pick.count("colours", 2, 3)
    stacked = pick.pick("arrangement", ("stacked", "side by side")) == "stacked"
    taken: list[Rgb] = []
    x, y = c.area[0] + 8, c.area[1] + 8
    for n, name in enumerate(pick.texts("series", "[{short}|{category}]", kinds)):
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        c.plate((x, y - 7, x + 16, y + 7), taken[-1], radius=0)
        x += 50 + c.text((x + 22, y), name, size=16)
    left, top, right, bottom = axes(c, pick, (c.area[0], y + 14, *c.area[2:]), times=False)
    rng, step = pick.rng("heights"), (right - left) / groups
    names = pick.texts("names", "{category}", groups)
    for g in range(groups):
        foot = bottom
        for n, share in enumerate(rng.uniform(0.25, 0.95, 4).tolist()[:kinds]):
            tall = (bottom - top) * share / (kinds if stacked else 1)
            wide = step * 0.7 / (1 if stacked else kinds)
            x = left + step * (g + 0.15) + (0 if stacked else wide * n)
            c.box((x, foot - tall, x + wide, foot), taken[n], 0)
            foot = foot - tall if stacked else bottom
        c.text((left + step * (g + 0.5), bottom + 12), names[g], size=14, anchor="mm", room=step)
    return Said(
        topic,
        [
            "{groups} groups of bars[| in {colours} colours], {arrangement}",
            "{colour 1} and {colour 2} bars {arrangement}",
            "{colour 2} [above|on top of] {colour 1} in each bar"
            if stacked
            else "the {colour 1} bars [stand|are] left of the {colour 2} ones",
        ],
    )


def pie(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "{business metric} by [region|plan|quarter|system|browser|language]")
    if pick.chance("title", 0.7):
        c.title(topic)
    hole = pick.pick("form", ("pie", "ring")) == "ring"
    count, size = pick.count("number", 2, 6), pick.pick("size", ("most", "half", "a third"))
    if size == "a third":
        count = max(count, 4)
    first = {"most": 0.72, "half": 0.5, "a third": 0.34}[size]
    rest = pick.rng("shares").uniform(0.7, 1.3, 8)[: count - 1]
    shares = [first, *(rest / rest.sum() * (1 - first)).tolist()]
    left, top, right, bottom = c.area
    key = pick.pick("legend", ("right", "left"))
    names = pick.texts("names", "{category}", count)
    radius = min(bottom - top, (right - left) * 0.62) / 2 - 8
    x = left + radius + 8 if key == "right" else right - radius - 8
    y, angle = (top + bottom) / 2, -pi / 2
    taken: list[Rgb] = []
    kx = left + 2 * radius + 34 if key == "right" else left + 6
    side = "right" if first < 0.6 else ""
    for n, share in enumerate(shares):
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        turns = np.linspace(angle, angle + 2 * pi * share, max(3, int(40 * share)))
        angle += 2 * pi * share
        arc: list[Point] = [(x + radius * cos(t), y + radius * sin(t)) for t in turns]
        inner = [(x + radius * 0.55 * cos(t), y + radius * 0.55 * sin(t)) for t in turns[::-1]]
        c.shape([*arc, *inner] if hole else [(x, y), *arc], taken[-1])
        ky = y + (n - (count - 1) / 2) * min(40, (bottom - top) / count)
        c.plate((kx, ky - 8, kx + 16, ky + 8), taken[-1], radius=2)
        c.text(
            (kx + 24, ky),
            f"{names[n]} {share:.0%}",
            size=17,
            room=right - kx - 24 if key == "right" else x - radius - kx - 26,
        )
    looks = ["{form} [|chart ]with {number} slices", "the {colour 1} slice is [the largest|biggest], {size} of it"]
    looks += ["[mostly|above all] {colour 1}" if size == "most" else "the {colour 1} slice takes {size}"]
    looks += ["legend on the {legend}", "{colour 1} next to {colour 2}"]
    if side:
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
    c.frame()
    topic = pick.text("topic", "{subject}")
    c.title(topic)
    level = pick.pick("level", tuple(LEVELS))
    share = LEVELS[level] + pick.uniform("exact", -0.03, 0.03)
    colour = pick.colour("colour", [c.ground])
    form = pick.pick("form", ("half-circle gauge", "dial with a needle", "round ring", "tank", "thermometer"))
    left, top, right, bottom = c.area
    (x, y), radius = middle(c.area), min((right - left) / 2, bottom - top) * 0.46
    rest, ring = mix(c.ground, c.ink, 0.15), (x - radius, y - radius, x + radius, y + radius)
    value = f"{share:.0%}"
    if form in ("tank", "thermometer"):
        wide = 26 if form == "thermometer" else radius * 0.7
        c.plate((x - wide, y - radius, x + wide, y + radius), rest, c.grey, 12)
        c.plate((x - wide + 4, y + radius - 2 * radius * share, x + wide - 4, y + radius - 4), colour, radius=4)
        if form == "thermometer":
            c.pen.ellipse((x - 35, y + radius - 24, x + 40, y + radius + 46), colour)
        c.text((x + wide + 20, y), value, size=30, bold=True)
    elif form == "dial with a needle":
        c.pen.ellipse(ring, rest, c.grey, 4)
        for n in range(11):
            turn = (150 + 24 * n) * pi / 180
            ends = [(x + radius * r * cos(turn), y + radius * r * sin(turn)) for r in (0.8, 0.93)]
            c.pen.line(ends, c.ink, 4)
        turn = (150 + 240 * share) * pi / 180
        c.pen.line([(x, y), (x + radius * 0.75 * cos(turn), y + radius * 0.75 * sin(turn))], colour, 10)
        c.pen.ellipse((x - 14, y - 14, x + 14, y + 14), colour)
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
    c.frame()
    topic = pick.text("topic", "{subject}")
    if pick.chance("title", 0.7):
        c.title(topic)
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
    box = (left + (70 if labels else 0), top, right, bottom - (22 if labels else 0))
    gap = pick.one("gap", (0, 0, 3, 6))
    cells = grid(box, columns, rows, gap)
    for n, cell in enumerate(cells):
        red, green, blue = (int(v) for v in pixels.reshape(-1, 3)[n])
        c.pen.rectangle(cell, (red, green, blue))
    if labels:
        for n, name in enumerate(pick.texts("names", "{host}", rows)):
            c.text((left + 64, middle(cells[n * columns])[1]), name, size=14, anchor="rm", room=64)
        for n in range(0, columns, 2):
            c.text((cells[n][0], bottom - 8), f"{n:02}:00", c.grey, 13, aloud=False)
    ends = PALETTES[palette]
    low = "{palette}" if palette == "grey levels" else "colours from {palette}"
    return Said(
        topic,
        [
            f"{ends[2]} [at|in] the {{hot spot}}, {ends[0]} elsewhere",
            f"{low}[|, squares in rows and columns]",
            f"[hottest|most intense|strongest] [at|in] the {{hot spot}}, {low}",
        ],
    )


SPREADS = {
    "one hump in the middle": lambda x: np.exp(-(((x - 0.5) / 0.18) ** 2)),
    "a peak on the left and a long tail to the right": lambda x: np.exp(-((np.log((x + 0.03) / 0.18) / 0.6) ** 2)),
    "a peak on the right and a long tail to the left": lambda x: np.exp(-((np.log((1.03 - x) / 0.18) / 0.6) ** 2)),
    "two humps": lambda x: np.exp(-(((x - 0.25) / 0.1) ** 2)) + 0.85 * np.exp(-(((x - 0.75) / 0.1) ** 2)),
    "bars of about the same height": lambda x: 0.8 + 0 * x,
}


def histogram(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "distribution of {metric}")
    if pick.chance("title", 0.8):
        c.title(topic)
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


TRENDS = {
    "from the lower left to the upper right": 0.8,
    "from the upper left to the lower right": -0.8,
    "all over the place without a trend": 0.0,
}


def scatter(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "{metric} against {metric}")
    if pick.chance("title", 0.7):
        c.title(topic)
    plot = inset(axes(c, pick, c.area), 12)
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
            left, top, right, bottom = plot
            ends = [
                (left, bottom - (bottom - top) * (0.5 - slope / 2)),
                (right, bottom - (bottom - top) * (0.5 + slope / 2)),
            ]
            c.line(ends, fit, 4)
            looks.append("a straight {line colour} line through the dots")
        return Said(topic, looks)
    count, taken = pick.count("number", 2, 4), list[Rgb]()
    centres = pick.sample("centres", ((0.2, 0.2), (0.2, 0.8), (0.8, 0.2), (0.8, 0.8), (0.5, 0.5)), count)
    places = {(0.2, 0.2): "bottom left", (0.2, 0.8): "top left", (0.8, 0.2): "bottom right", (0.8, 0.8): "top right",
              (0.5, 0.5): "centre"}  # fmt: skip
    looks = ["{number} clusters of {dots}[|, each in its own colour]"]
    for n, (x0, y0) in enumerate(centres):
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        spread = rng.normal(0, 0.06, (2, 24))
        _dots(c, plot, np.clip(x0 + spread[0], 0, 1), np.clip(y0 + spread[1], 0, 1), taken[-1], form, radius)
        looks.append(f"a {{colour {n + 1}}} cluster [at|in] the {places[x0, y0]}")
    return Said(topic, looks)


def _dots(c: Canvas, plot: Box, xs: np.ndarray, ys: np.ndarray, colour: Rgb, form: str, radius: float) -> None:
    left, top, right, bottom = plot
    for x, y in zip((left + (right - left) * xs).tolist(), (bottom - (bottom - top) * ys).tolist(), strict=True):
        box = (x - radius, y - radius, x + radius, y + radius)
        if form == "crosses":
            c.pen.line((box[0], box[1], box[2], box[3]), colour, 4)
            c.pen.line((box[0], box[3], box[2], box[1]), colour, 4)
        elif form == "squares":
            c.pen.rectangle(box, colour)
        else:
            c.pen.ellipse(box, None if form == "hollow circles" else colour, colour, 3)


def radar(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "[skills of the {team} team|comparison of {city} and {city}|{service} scores]")
    c.title(topic)
    spokes = pick.count("spokes", 3, 8)
    (x, y), radius = middle(c.area), (min(c.area[2] - c.area[0], c.area[3] - c.area[1]) / 2) - 22
    for share in (0.33, 0.66, 1.0):
        rim = regular((x, y), radius * share, spokes)
        c.line([*rim, rim[0]], c.grey, 2)
    for n, corner in enumerate(regular((x, y), radius, spokes)):
        c.line([(x, y), corner], c.faint, 2)
        name = pick.text(f"spoke {n}", "[speed|cost|safety|scale|quality|ease|reach|trust]")
        c.text((corner[0], corner[1] + (12 if corner[1] > y else -12)), name, size=15, anchor="mm")
    taken: list[Rgb] = []
    for n in range(pick.count("number", 1, 2)):
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        reach = pick.rng(f"reach {n}").uniform(0.35, 0.95, spokes).tolist()
        corners = [
            (x + (px - x) * r, y + (py - y) * r)
            for (px, py), r in zip(regular((x, y), radius, spokes), reach, strict=True)
        ]
        c.line([*corners, corners[0]], taken[-1], 6)
    looks = ["a web with {spokes} corners", "a {colour 1} outline in a web of {spokes} spokes"]
    if len(taken) == 2:
        looks.append("{colour 1} and {colour 2} outlines [over each other|one upon the other]")
    return Said(topic, looks)
