"""Maps, slides and pages."""

from __future__ import annotations

from math import pi

import numpy as np

from commonplace.training.scenes.canvas import SMALL, Canvas
from commonplace.training.scenes.choices import LEGIBLE, Choices
from commonplace.training.scenes.colours import Rgb, ink_on, mix, name_of
from commonplace.training.scenes.geometry import CORNERS, Box, Point, spread
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.lines import path
from commonplace.training.scenes.signs import EMBLEMS, emblem

WHITE, RIVER = (255, 255, 255), (96, 170, 236)


def _blob(pick: Choices, name: str, centre: Point, wide: float, tall: float) -> list[Point]:
    rng, turn = pick.rng(name), np.linspace(0, 2 * pi, 60, endpoint=False)
    edge = 1 + sum(rng.uniform(0.02, 0.4 / k) * np.cos(k * turn + rng.uniform(0, 6.3)) for k in range(2, 8))
    xs, ys = centre[0] + wide * edge * np.cos(turn), centre[1] + tall * edge * np.sin(turn)
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def chart_map(c: Canvas, pick: Choices) -> Said:
    """Land and water, or streets; a marker, often a route."""
    c.frame()
    box = c.area.inset(-18, -16)
    ground = {"islands": _islands, "streets": _streets, "regions": _regions}
    looks, known = ground[pick.pick("kind of map", tuple(ground))](c, pick, box)
    (x, y), wide, tall = box.middle, box.wide, box.tall
    pick.set_ground(name_of(known[0]))
    place = pick.pick("marker place", (*CORNERS, "centre"))
    pin = pick.colour("marker colour", known, ("red", "blue", "purple", "orange", "black", "magenta", "green"))
    if place == "centre":
        px, py, far = x, y, (x + wide * 0.3, y)
    else:
        px = x + wide * (0.3 if "right" in place else -0.3)
        py = y + tall * (0.28 if "bottom" in place else -0.28)
        far = 2 * x - px, 2 * y - py
    if pick.chance("route", 0.5):
        dashed, half = pick.pick("route", ("dashed", "solid")) == "dashed", (px + far[0]) / 2
        c.line([(px, py), (half, py), (half, far[1]), far], pin, 6, 14 if dashed else 0)
        looks.append("a {route} {marker colour} route")
    c.pen.polygon([(px, py), (px - 15, py - 28), (px + 15, py - 28)], pin)
    c.pen.ellipse((px - 17, py - 50, px + 17, py - 16), pin)
    c.pen.ellipse((px - 6, py - 39, px + 6, py - 27), WHITE)
    looks.append("a {marker colour} [pin|marker] [at|in] the {marker place}")
    return Said(pick.text("topic", "[{city}|{city} [area|harbour|region|coast]|way to {city}]"), looks)


def _islands(c: Canvas, pick: Choices, box: Box) -> tuple[list[str], list[Rgb]]:
    """What is true of the map, and its colours; the first one is the ground's."""
    water = pick.colour("water colour", [], ("sky blue", "pale blue", "teal", "navy"))
    c.pen.rectangle(box, water)
    land = pick.colour("land colour", [water], ("green", "tan", "cream", "olive", "light grey", "yellow"))
    count = pick.count("islands", 1, 4)
    cells = pick.sample("cells", box.inset(20).grid(2, 2, 30), count) if count > 1 else [box.inset(40)]
    for n, cell in enumerate(cells):
        c.pen.polygon(_blob(pick, f"island {n}", cell.middle, cell.wide * 0.36, cell.tall * 0.34), land)
        c.text(cell.middle, pick.text(f"isle {n}", "{city}"), ink_on(land), 16, "mm")
    noun = "islands" if count > 1 else "[island|piece of land]"
    return [f"{{islands}} {{land colour}} {noun} in {{water colour}} water"], [water, land]


def _streets(c: Canvas, pick: Choices, box: Box) -> tuple[list[str], list[Rgb]]:
    """As `_islands`."""
    left, top, right, bottom = box
    wide, tall, looks = box.wide, box.tall, list[str]()
    block = pick.colour("block colour", [], ("light grey", "cream", "tan", "pale green", "charcoal"))
    c.pen.rectangle(box, block)
    street = mix(block, ink_on(block), 0.85) if pick.chance("dark streets", 0.3) else mix(block, WHITE, 0.8)
    for n in range(pick.integer("streets", 4, 9)):
        a, slant = pick.uniform(f"street {n}", 0.05, 0.95), pick.uniform(f"slant {n}", -0.15, 0.15)
        ends = Box(left, top + tall * a, right, top + tall * (a + slant))
        if n % 2:
            ends = Box(left + wide * a, top, left + wide * (a + slant), bottom)
        c.pen.line(ends, street, pick.integer(f"width {n}", 5, 16))
        c.text(ends.middle, pick.text(f"name {n}", "{street}"), mix(ink_on(block), block, 0.2), 12, "mm")
    water = pick.pick("water", ("river", "park", "nothing"))
    if water == "river":
        bends = 0.5 + 0.4 * np.sin(np.linspace(0, 5, 30) + pick.uniform("bend", 0, 6))
        c.pen.line(path(Box(left, top + tall * 0.3, right, top + tall * 0.8), bends), RIVER, 26, joint="curve")
        looks.append("a blue river [across|through it]")
    elif water == "park":
        c.pen.polygon(_blob(pick, "park", box.middle, wide * 0.2, tall * 0.2), (110, 190, 100))
        looks.append("a green park in the middle")
    return [*looks, "streets on a {block colour} ground"], [block]


def _regions(c: Canvas, pick: Choices, box: Box) -> tuple[list[str], list[Rgb]]:
    """As `_islands`."""
    colours = pick.colours(2, [c.ground])
    jitter = pick.integer("jitter", 0, 99)
    corners = {
        (r, k): (box.left + box.wide * (k / 4 + (((r * 7 + k * 13 + jitter) % 9) / 9 - 0.5) * 0.14 * (0 < k < 4)),
                 box.top + box.tall * (r / 3 + (((r * 5 + k * 11 + jitter) % 7) / 7 - 0.5) * 0.16 * (0 < r < 3)))
        for r in range(4) for k in range(5)
    }  # fmt: skip
    sideways = pick.pick("divided", ("left and right", "top and bottom")) == "left and right"
    for r in range(3):
        for k in range(4):
            ring = [corners[r, k], corners[r, k + 1], corners[r + 1, k + 1], corners[r + 1, k]]
            colour = colours[k > 1 if sideways else r > 1]
            c.pen.polygon(ring, mix(colour, WHITE, 0.08 * ((r + k) % 3)), WHITE, 3)
            c.text(Box(*ring[0], *ring[2]).middle, pick.text(f"region {r}{k}", "{city}"), ink_on(colour), 15, "mm")
    sides = ("on the left", "on the right") if sideways else ("in the north", "in the south")
    return [f"{{colour 1}} regions {sides[0]}, {{colour 2}} ones {sides[1]}"], colours


def slide(c: Canvas, pick: Choices) -> Said:
    bar, place = pick.colour("bar colour", [c.ground]), pick.pick("bar", ("top", "left", "bottom", "right"))
    thick, sheet = pick.integer("thickness", 14, 60), Box(0, 0, c.width, c.height)
    opposite = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}[place]
    inwards = thick if place in ("top", "left") else -thick
    c.plate(sheet._replace(**{opposite: getattr(sheet, place) + inwards}), bar, radius=0)
    c.area = c.area._replace(**{place: getattr(c.area, place) + inwards})
    topic = pick.text("headline", "{headline}")
    c.title(topic)
    left, top, right, bottom = c.area
    count, side = pick.count("points", 2, 5), pick.pick("picture side", ("left", "right"))
    half, y = c.area.middle
    text_left, shape_x = (left, (half + right) / 2) if side == "right" else (half + 10, (left + half) / 2)
    colour, form = pick.colour("picture colour", [c.ground, bar]), pick.pick("picture", tuple(EMBLEMS))
    emblem(c, (shape_x, y), min((right - left) * 0.2, (bottom - top) * 0.4), form, colour)
    for n, y in enumerate(spread(top, bottom, count)):
        c.pen.ellipse((text_left + 2, y - 5, text_left + 12, y + 5), bar)
        point = pick.text(f"point {n}", "[{task}|{metric} up|{alert}|{step}]")
        c.text((text_left + 24, y), point, size=19, room=half - left - 34)
    other = "left" if side == "right" else "right"
    looks = [
        f"{{points}} [points|bullet points] on the {other}, a {{picture colour}} {{picture}} on the {{picture side}}",
        "a {bar colour} bar along the {bar}[| edge]",
        "a {picture colour} {picture} on the {picture side}",
    ]
    return Said(topic, looks)


def page(c: Canvas, pick: Choices) -> Said:
    """A page of a document: columns of small text, a figure, a heading."""
    left, top, right, bottom = c.area
    topic = pick.text("headline", "{headline}")
    colour = pick.colour("heading colour", [c.ground], contrast=LEGIBLE)
    c.text(((left + right) / 2, top + 18), topic, colour, 26, "mm", True, room=right - left)
    columns, place = pick.count("columns", 1, 3), pick.pick("figure", (*CORNERS, "no"))
    figure = pick.colour("figure colour", [c.ground]) if place != "no" else colour
    for n, (x0, y0, x1, y1) in enumerate(Box(left, top + 48, right, bottom).grid(columns, 1, 22)):
        tall = (y1 - y0) * 0.34
        here = place != "no" and n == (0 if "left" in place else columns - 1)
        wide = (x1 - x0) * (0.5 if columns == 1 else 1)
        fx = x0 if "left" in place else x1 - wide
        fy = y0 if "top" in place else y1 - tall
        if here:
            c.box((fx, fy, fx + wide, fy + tall - 8), figure, 0)
        y, k = y0 + 8, 0
        while y < y1 - 4:
            beside = here and fy - 8 <= y < fy + tall
            if not (beside and columns > 1):
                start = x0 + wide + 10 if beside and "left" in place else x0
                room = (x1 - x0) - (wide + 10 if beside else 0)
                c.small_print((start, y), pick.among(f"line {n} {k}", 60), room)
            y, k = y + SMALL * 1.5, k + 1
    looks = [
        "text in {columns} columns" if columns > 1 else "one column of text",
        "a {heading colour} heading at the top",
    ]
    if place != "no":
        looks.append("a {figure colour} [picture|block|figure] at the {figure}")
    return Said(topic, looks)
