"""Curves: line charts, areas, dashboards, signal traces."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import Rgb, mix
from commonplace.training.scenes.curves import PLACED, PLACES, WORDS, Values, curve
from commonplace.training.scenes.geometry import CORNERS, Box, Point
from commonplace.training.scenes.grammar import Said

STROKES = {"solid": "", "dashed": "dashed ", "dotted": "dotted ", "thick": "thick ", "thin": "thin ", "marked": ""}
TICKS = ("", "", "k", "%", " ms", "M", "s")


def axes(c: Canvas, pick: Choices, box: Box, times: bool = True) -> Box:
    """Axes in one of several manners, with times of day below or room for names; returns the box of the data."""
    manner = pick.one("axes", ("framed", "corner", "rows", "grid", "bare"))
    numbers = pick.chance("numbers on axes", 0.8)
    left, top, right, bottom = inner = Box(
        box.left + (52 if numbers else 8), box.top + 8,
        box.right - 6, box.bottom - (26 if numbers or not times else 8),
    )  # fmt: skip
    rows, columns = pick.integer("rows", 3, 6), pick.integer("columns", 4, 8)
    ys = [bottom + (top - bottom) * n / rows for n in range(rows + 1)]
    xs = [left + (right - left) * n / columns for n in range(columns + 1)]
    if manner in ("rows", "grid"):
        for y in ys:
            c.pen.line((left, y, right, y), c.faint, 2)
    if manner == "grid":
        for x in xs:
            c.pen.line((x, top, x, bottom), c.faint, 2)
    if manner == "framed":
        c.line([(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)], c.grey, 2)
    if manner in ("corner", "rows"):
        c.line([(left, top), (left, bottom), (right, bottom)], c.grey, 3)
    if numbers:
        unit, size = pick.one("tick unit", TICKS), pick.integer("tick size", 12, 16)
        step = pick.one("tick step", (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 25, 50, 100))
        hour, minutes = pick.integer("first tick", 0, 12), pick.one("tick minutes", (5, 15, 30, 60, 120))
        for n, y in enumerate(ys):
            c.text((left - 6, y), f"{step * n:g}{unit}", c.grey, size, "rm", aloud=False)
        for n, x in enumerate(xs[:-1:2] if times else ()):
            time = hour * 60 + 2 * n * minutes
            c.text((x + 4, bottom + 15), f"{time // 60 % 24:02}:{time % 60:02}", c.grey, size, aloud=False)
    return inner


def path(box: Box, values: Values) -> list[Point]:
    """Points of a curve (0 to 1) in a box, from left to right."""
    left, top, right, bottom = box
    xs = np.linspace(left, right, len(values))
    return list(zip(xs.tolist(), (bottom - (bottom - top) * values).tolist(), strict=True))


def draw_curve(c: Canvas, points: list[Point], colour: Rgb, stroke: str = "solid", floor: float | None = None) -> None:
    if floor is not None:
        area = [(points[0][0], floor), *points, (points[-1][0], floor)]
        c.pen.polygon(area, mix(colour, c.ground, 0.7))
    width = {"thick": 9.0, "thin": 2.0}.get(stroke, 4.0)
    dense = c.style.wobble == 0 or len(points) < 40
    wobble = points if dense else points[::3] + points[-1:]
    if stroke == "marked":
        c.line(wobble, colour, 3)
        for x, y in points[:: max(1, len(points) // 12)]:
            c.dot((x, y), 6, colour)
    else:
        c.line(wobble, colour, width, {"dashed": 16.0, "dotted": 5.0}.get(stroke, 0.0))


def _some_curve(pick: Choices, name: str, place: str) -> tuple[str, Values]:
    """A curve and the clause that says it, after its subject."""
    shape = pick.pick(name, WORDS)
    rng = pick.rng(f"{name} noise")
    if shape in PLACED:
        values = curve(shape, 100, pick.pick(place, tuple(PLACES)), rng)
        return f"{{{name}}} [in|at] the {{{place}}}[| part]", values
    return f"{{{name}}}", curve(shape, 100, pick.one(place, tuple(PLACES)), rng)


def _legend(c: Canvas, at: Point, entries: Iterable[tuple[str, Rgb]], across: bool) -> None:
    left, top = at
    for name, colour in entries:
        c.pen.rectangle((left, top - 5, left + 18, top + 5), colour)
        width = c.text((left + 24, top), name, c.ink, 16)
        left, top = (left + width + 44, top) if across else (left, top + 24)


def line_chart(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}", 0.8)
    plot = axes(c, pick, c.area)
    colour = pick.colour("colour", [c.ground])
    how, values = _some_curve(pick, "shape", "place")
    stroke = pick.pick("stroke", tuple(STROKES))
    filled = pick.pick("below", ("filled area", "nothing", "nothing")) == "filled area"
    looks = [f"[one|a single] {{colour}} line that {how}", "a {stroke} {colour} line", f"{{colour}} curve, it {how}"]
    if filled:
        looks.append("the area below the line is filled")
    draw_curve(c, path(plot.inset(0, 8), values), colour, stroke, plot.bottom if filled else None)
    if pick.chance("limit", 0.25):
        limit = pick.colour("limit colour", [c.ground, colour], ("red", "orange", "green", "purple", "grey"))
        level = pick.pick("limit level", ("top", "middle", "bottom"))
        y = plot.top + plot.tall * {"top": 0.12, "middle": 0.5, "bottom": 0.88}[level]
        c.line([(plot.left, y), (plot.right, y)], limit, 3, 12)
        looks.append("a dashed {limit colour} limit line across the {limit level}")
    return Said(topic, looks)


def several_lines(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}")
    count = pick.count("number", 2, 5)
    names = pick.texts("series", pick.one("series kind", ("{host}", "{short}", "{city}", "{category}")), count)
    colours = pick.colours(count, [c.ground])
    across = pick.chance("legend across", 0.6)
    at_top = pick.pick("legend", ("above", "below")) == "above"
    area, high = c.area, 24.0 if across else 24.0 * count
    spot = area.left + 10, (area.top + 10 if at_top else area.bottom - high + 14)
    _legend(c, spot, zip(names, colours, strict=True), across)
    plot = axes(c, pick, area._replace(top=area.top + high) if at_top else area._replace(bottom=area.bottom - high))
    apart = pick.chance("apart", 0.5)
    looks = ["{number} lines[| in different colours]"]
    for n, colour in enumerate(colours):
        how, values = _some_curve(pick, f"shape {n + 1}", f"place {n + 1}")
        box = plot
        if apart:
            tall = plot.tall / count
            box = plot._replace(top=plot.top + tall * n + 4, bottom=plot.top + tall * (n + 1) - 4)
        draw_curve(c, path(box.inset(0, 4), values), colour)
        looks.append(f"the {{colour {n + 1}}} line {how}")
    if apart:
        ends = f"the {{colour 1}} line [is on top|lies highest], the {{colour {count}}} one [lowest|at the bottom]"
        looks += [ends, "the {colour 1} line is above the {colour 2} one"]
    looks.append("legend {legend} the lines")
    return Said(topic, looks)


def stacked_areas(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{subject}")
    plot = axes(c, pick, c.area)
    count = pick.count("number", 2, 4)
    whole = pick.pick("shape", ("steady rise", "steady fall", "waves", "hump", "valley", "s-curve", "crash", "decay"))
    total = curve(whole, 80, "middle", pick.rng("total")) * 0.85 + 0.08
    parts = np.array([pick.uniform(f"part {n}", 0.6, 1.4) for n in range(count)])
    levels = np.concatenate([[0], np.cumsum(parts / parts.sum())])
    colours = pick.colours(count, [c.ground])
    for n in range(count):
        low, high = path(plot, total * levels[n]), path(plot, total * levels[n + 1])
        c.pen.polygon([*low, *high[::-1]], colours[n])
    for n, (name, colour) in enumerate(zip(pick.texts("layers", "{short}", count), colours, strict=True)):
        c.pen.rectangle((plot.left + 8 + 110 * n, plot.top + 2, plot.left + 24 + 110 * n, plot.top + 16), colour)
        c.text((plot.left + 30 + 110 * n, plot.top + 9), name, c.ink, 15)
    looks = [
        "{number} stacked areas[| one upon the other]",
        f"the {{colour 1}} area is at the bottom, the {{colour {count}}} one on top",
        "the total {shape}",
        "the {colour 2} layer lies on the {colour 1} one",
    ]
    return Said(topic, looks)


def _panel(c: Canvas, pick: Choices, box: Box, name: str, kind: str, colour: Rgb) -> None:
    c.plate(box, mix(c.ground, c.ink, 0.05), c.faint)
    title = pick.text(f"{name} title", "{metric}")
    c.text((box.left + 8, box.top + 14), title, c.ink, 15, room=box.wide - 16)
    inner = Box(box.left + 10, box.top + 30, box.right - 10, box.bottom - 10)
    left, bottom, wide, tall = inner.left, inner.bottom, inner.wide, inner.tall
    if kind == "number":
        figure = pick.text(f"{name} value", "[~~|~~~|~.~|~~.~] {unit}")
        c.text(inner.middle, figure, colour, min(44, int(tall * 0.7), int(wide / 4)), "mm", True)
    elif kind == "bars":
        heights = pick.rng(f"{name} bars").uniform(0.15, 1, 9).tolist()
        for n, height in enumerate(heights):
            x = left + wide * n / 9
            c.pen.rectangle((x, bottom - tall * height, x + wide / 13, bottom), colour)
    elif kind == "gauge":
        radius = min(wide / 2, tall) * 0.95
        x = inner.middle[0]
        ring = (x - radius, bottom - radius, x + radius, bottom + radius)
        c.pen.arc(ring, 180, 360, c.faint, int(radius / 3))
        c.pen.arc(ring, 180, pick.integer(f"{name} turn", 230, 350), colour, int(radius / 3))
    else:
        shape = pick.one(f"{name} shape", WORDS)
        values = curve(shape, 60, pick.one(f"{name} place", tuple(PLACES)), pick.rng(f"{name} noise"))
        draw_curve(c, path(inner, values), colour, floor=bottom if kind == "area" else None)


PANELS = ("line", "area", "number", "bars", "gauge")


def dashboard(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[{service} overview|{service} health|{team} metrics|state of {service}]")
    columns, rows = pick.count("columns", 2, 4), pick.count("rows of panels", 2, 3)
    cells = c.area.grid(columns, rows, 8)
    main, other = pick.colour("colour", [c.ground]), pick.pick("other panels", PANELS)
    corner, kind = pick.pick("corner", CORNERS), pick.pick("corner panel", PANELS)
    side = pick.colour("corner colour", [c.ground, main])
    spot = ("bottom" in corner) * (rows - 1) * columns + ("right" in corner) * (columns - 1)
    for n, cell in enumerate(cells):
        mixed = pick.one(f"panel {n}", PANELS) if other == "number" else other
        _panel(c, pick, cell, f"panel {n}", kind if n == spot else mixed, side if n == spot else main)
    looks = [
        "a {corner colour} {corner panel} [panel|tile] in the {corner}",
        "{rows of panels} rows of {columns} panels",
        "[mostly|nearly all] {colour}, only the {corner} panel is {corner colour}",
        f"{{columns}} panels [side by side|in each row], {len(cells)} in all",
    ]
    return Said(topic, looks[: 3 + (other != "number")])


def traces(c: Canvas, pick: Choices) -> Said:
    """What an oscilloscope or a logic analyser shows: channels one below the other, on a lattice."""
    topic = c.heading("[{part} signals|{part} bus|{part} and {part} timing|clock and data of the {part}]", 0.5)
    left, top, right, bottom = c.area
    for n in range(11):
        x, y = left + (right - left) * n / 10, top + (bottom - top) * n / 10
        c.pen.line((x, top, x, bottom), c.faint)
        c.pen.line((left, y, right, y), c.faint)
    count = pick.count("number", 2, 4)
    looks = ["{number} traces one below the other"]
    colours = pick.colours(count, [c.ground])
    shapes = ("waves", "sawtooth", "on and off", "bursts", "noise", "ringing", "flat")
    for n in range(count):
        shape = pick.pick(f"shape {n + 1}", shapes)
        values = curve(shape, 140, pick.one(f"pace {n}", tuple(PLACES)), pick.rng(f"trace {n}"))
        tall = (bottom - top) / count
        box = Box(left + 60, top + tall * n + 10, right, top + tall * (n + 1) - 10)
        draw_curve(c, path(box, values), colours[n])
        name = pick.text(f"channel {n}", "[CH~|{part}|D~|SCL|SDA]")
        c.text((left + 4, box.middle[1]), name, colours[n], 18, bold=True)
        looks.append(f"the {{colour {n + 1}}} trace {{shape {n + 1}}}")
    looks.append(f"{{colour 1}} trace at the top, {{colour {count}}} one at the bottom")
    return Said(topic, looks)
