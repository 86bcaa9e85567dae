"""Maps, slides and pages."""

from __future__ import annotations

from math import pi

import numpy as np

from commonplace.training.scenes.canvas import Box, Canvas, Point, grid, inset, middle
from commonplace.training.scenes.choices import LEGIBLE, Choices
from commonplace.training.scenes.colours import ink_on, mix, name_of
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.lines import path
from commonplace.training.scenes.signs import EMBLEMS, emblem

CORNERS = ("top left", "top right", "bottom left", "bottom right")


def _blob(pick: Choices, name: str, centre: Point, wide: float, tall: float) -> list[Point]:
    rng, turn = pick.rng(name), np.linspace(0, 2 * pi, 60, endpoint=False)
    edge = 1 + sum(rng.uniform(0.02, 0.4 / k) * np.cos(k * turn + rng.uniform(0, 6.3)) for k in range(2, 8))
    xs, ys = centre[0] + wide * edge * np.cos(turn), centre[1] + tall * edge * np.sin(turn)
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def chart_map(c: Canvas, pick: Choices) -> Said:
    """Land and water, or streets; a marker, often a route."""
    c.frame()
    left, top, right, bottom = box = (c.area[0] - 18, c.area[1] - 16, c.area[2] + 18, c.area[3] + 16)
    wide, tall = right - left, bottom - top
    kind = pick.pick("kind of map", ("islands", "streets", "regions"))
    (x, y), looks = middle(box), list[str]()
    under = c.ground
    if kind == "islands":
        c.pen.rectangle(box, (under := pick.colour("water colour", [], ("sky blue", "pale blue", "teal", "navy"))))
        land = pick.colour("land colour", [under], ("green", "tan", "cream", "olive", "light grey", "yellow"))
        count = pick.count("islands", 1, 4)
        for n, cell in enumerate(
            pick.sample("cells", grid(inset(box, 20), 2, 2, 30), count) if count > 1 else [inset(box, 40)]
        ):
            shore = _blob(pick, f"island {n}", middle(cell), (cell[2] - cell[0]) * 0.36, (cell[3] - cell[1]) * 0.34)
            c.pen.polygon(shore, land)
            c.text(middle(cell), pick.text(f"isle {n}", "{city}"), ink_on(land), 16, "mm")
        looks = ["{islands} {land colour} [island|piece of land] in {water colour} water" if count == 1
                 else "{islands} {land colour} islands in {water colour} water"]  # fmt: skip
        known = [under, land]
    elif kind == "streets":
        under = pick.colour("block colour", [], ("light grey", "cream", "tan", "pale green", "charcoal"))
        c.pen.rectangle(box, under)
        street = (
            mix(under, ink_on(under), 0.85) if pick.chance("dark streets", 0.3) else mix(under, (255, 255, 255), 0.8)
        )
        for n in range(pick.integer("streets", 4, 9)):
            a, slant = pick.uniform(f"street {n}", 0.05, 0.95), pick.uniform(f"slant {n}", -0.15, 0.15)
            ends = ((left, top + tall * a), (right, top + tall * (a + slant)))
            if n % 2:
                ends = ((left + wide * a, top), (left + wide * (a + slant), bottom))
            c.pen.line(ends, street, pick.integer(f"width {n}", 5, 16))
            c.text(
                ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2),
                pick.text(f"name {n}", "{street}"),
                mix(ink_on(under), under, 0.2),
                12,
                "mm",
            )
        water = pick.pick("water", ("river", "park", "nothing"))
        if water == "river":
            bank = path(
                (left, top + tall * 0.3, right, top + tall * 0.8),
                0.5 + 0.4 * np.sin(np.linspace(0, 5, 30) + pick.uniform("bend", 0, 6)),
            )
            c.pen.line(bank, (96, 170, 236), 26, joint="curve")
            looks.append("a blue river [across|through it]")
        elif water == "park":
            c.pen.polygon(_blob(pick, "park", (x, y), wide * 0.2, tall * 0.2), (110, 190, 100))
            looks.append("a green park in the middle")
        looks.append("streets on a {block colour} ground")
        known = [under]
    else:
        colours = [pick.colour("colour 1", [c.ground])]
        colours.append(pick.colour("colour 2", [c.ground, colours[0]]))
        rows = pick.integer("jitter", 0, 99)
        corners = {(r, k): (left + wide * (k / 4 + (((r * 7 + k * 13 + rows) % 9) / 9 - 0.5) * 0.14 * (0 < k < 4)),
                            top + tall * (r / 3 + (((r * 5 + k * 11 + rows) % 7) / 7 - 0.5) * 0.16 * (0 < r < 3)))
                   for r in range(4) for k in range(5)}  # fmt: skip
        half = pick.pick("divided", ("left and right", "top and bottom"))
        for r in range(3):
            for k in range(4):
                ring = [corners[r, k], corners[r, k + 1], corners[r + 1, k + 1], corners[r + 1, k]]
                second = k > 1 if half == "left and right" else r > 1
                c.pen.polygon(ring, mix(colours[second], (255, 255, 255), 0.08 * ((r + k) % 3)), (255, 255, 255), 3)
                c.text(
                    middle((*ring[0], *ring[2])),
                    pick.text(f"region {r}{k}", "{city}"),
                    ink_on(colours[second]),
                    15,
                    "mm",
                )
        sides = ("on the left", "on the right") if half == "left and right" else ("in the north", "in the south")
        looks.append(f"{{colour 1}} regions {sides[0]}, {{colour 2}} ones {sides[1]}")
        known, under = colours, colours[0]
    pick.set_ground(name_of(under))
    place = pick.pick("marker place", (*CORNERS, "centre"))
    pin = pick.colour("marker colour", known, ("red", "blue", "purple", "orange", "black", "magenta", "green"))
    px, py = (
        (x, y)
        if place == "centre"
        else (x + wide * (0.3 if "right" in place else -0.3), y + tall * (0.28 if "bottom" in place else -0.28))
    )
    if pick.chance("route", 0.5):
        far = (2 * x - px, 2 * y - py) if place != "centre" else (x + wide * 0.3, y)
        line = pick.pick("route", ("dashed", "solid"))
        c.line(
            [(px, py), ((px + far[0]) / 2, py), ((px + far[0]) / 2, far[1]), far], pin, 6, 14 if line == "dashed" else 0
        )
        looks.append("a {route} {marker colour} route")
    c.pen.polygon([(px, py), (px - 15, py - 28), (px + 15, py - 28)], pin)
    c.pen.ellipse((px - 17, py - 50, px + 17, py - 16), pin)
    c.pen.ellipse((px - 6, py - 39, px + 6, py - 27), (255, 255, 255))
    looks.append("a {marker colour} [pin|marker] [at|in] the {marker place}")
    return Said(pick.text("topic", "[{city}|{city} [area|harbour|region|coast]|way to {city}]"), looks)


def slide(c: Canvas, pick: Choices) -> Said:
    bar, place = pick.colour("bar colour", [c.ground]), pick.pick("bar", ("top", "left", "bottom", "right"))
    w, h = float(c.width), float(c.height)
    thick = pick.integer("thickness", 14, 60)
    box: Box = {"top": (0, 0, w, thick), "bottom": (0, h - thick, w, h), "left": (0, 0, thick, h)}.get(
        place, (w - thick, 0.0, w, h)
    )
    c.plate(box, bar, radius=0)
    left, top, right, bottom = c.area
    c.area = (left + thick * (place == "left"), top + thick * (place == "top"),
              right - thick * (place == "right"), bottom - thick * (place == "bottom"))  # fmt: skip
    topic = pick.text("headline", "{headline}")
    c.title(topic)
    left, top, right, bottom = c.area
    count, side = pick.count("points", 2, 5), pick.pick("picture side", ("left", "right"))
    half = (left + right) / 2
    text_left, shape_x = (left, (half + right) / 2) if side == "right" else (half + 10, (left + half) / 2)
    colour, form = pick.colour("picture colour", [c.ground, bar]), pick.pick("picture", tuple(EMBLEMS))
    emblem(c, (shape_x, (top + bottom) / 2), min((right - left) * 0.2, (bottom - top) * 0.4), form, colour)
    for n in range(count):
        y = top + (bottom - top) * (n + 0.5) / count
        c.pen.ellipse((text_left + 2, y - 5, text_left + 12, y + 5), bar)
        c.text(
            (text_left + 24, y),
            pick.text(f"point {n}", "[{task}|{metric} up|{alert}|{step}]"),
            size=19,
            room=half - left - 34,
        )
    return Said(
        topic,
        [
            "{points} [points|bullet points] on the "
            + ("left" if side == "right" else "right")
            + ", a {picture colour} {picture} on the {picture side}",
            "a {bar colour} bar along the {bar}[| edge]",
            "a {picture colour} {picture} on the {picture side}",
        ],
    )


def page(c: Canvas, pick: Choices) -> Said:
    """A page of a document: columns of small text, a figure, a heading."""
    left, top, right, bottom = c.area
    topic = pick.text("headline", "{headline}")
    colour = pick.colour("heading colour", [c.ground], contrast=LEGIBLE)
    c.text(((left + right) / 2, top + 18), topic, colour, 26, "mm", True, room=right - left)
    columns, place = (
        pick.count("columns", 1, 3),
        pick.pick("figure", ("top left", "top right", "bottom left", "bottom right", "no")),
    )
    cells = grid((left, top + 48, right, bottom), columns, 1, 22)
    figure = pick.colour("figure colour", [c.ground]) if place != "no" else colour
    for n, (x0, y0, x1, y1) in enumerate(cells):
        tall = (y1 - y0) * 0.34
        here = place != "no" and n == (0 if "left" in place else columns - 1)
        wide = (x1 - x0) * (0.5 if columns == 1 else 1)
        fx = x0 if "left" in place else x1 - wide
        fy = y0 if "top" in place else y1 - tall
        if here:
            c.box((fx, fy, fx + wide, fy + tall - 8), figure, 0)
        size, y, k = 13, y0 + 8, 0
        while y < y1 - 4:
            beside = here and fy - 8 <= y < fy + tall
            if not (beside and columns > 1):
                start = x0 + wide + 10 if beside and "left" in place else x0
                room = (x1 - x0) - (wide + 10 if beside else 0)
                c.small_print((start, y), pick.among(f"line {n} {k}", 60), size, room)
            y, k = y + size * 1.5, k + 1
    looks = [
        "text in {columns} columns" if columns > 1 else "one column of text",
        "a {heading colour} heading at the top",
    ]
    if place != "no":
        looks.append("a {figure colour} [picture|block|figure] at the {figure}")
    return Said(topic, looks)
