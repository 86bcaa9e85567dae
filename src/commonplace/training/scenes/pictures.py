"""Drawn pictures: shapes, emblems, pictograms, maps, slides, pages."""

from __future__ import annotations

from math import cos, hypot, pi, sin

import numpy as np

from commonplace.training.scenes.canvas import Box, Canvas, Point, grid, inset, middle, regular
from commonplace.training.scenes.choices import LEGIBLE, Choices
from commonplace.training.scenes.colours import Rgb, ink_on, mix
from commonplace.training.scenes.diagrams import SHAPES, SINGULAR, node
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.lines import path
from commonplace.training.scenes.screens import EMBLEMS, emblem

CORNERS = ("top left", "top right", "bottom left", "bottom right")
RELATIONS = ("left of", "right of", "above", "below", "inside", "much larger than", "much smaller than")


def shapes(c: Canvas, pick: Choices) -> Said:
    """Two or many plain shapes and how they lie: nothing but looks."""
    c.frame()
    plain = SHAPES[:4] + SHAPES[6:]
    if pick.pick("arrangement", ("two", "many")) == "two":
        a, b = pick.pick("shape 1", plain), pick.pick("shape 2", plain)
        first = pick.colour("colour 1", [c.ground])
        second = pick.colour("colour 2", [c.ground, first])
        relation = pick.pick("relation", RELATIONS)
        (x, y), size = middle(c.area), min(c.width, c.height) * 0.26
        far_x, far_y = (c.area[2] - c.area[0]) * 0.25, (c.area[3] - c.area[1]) * 0.25
        big, small = {"inside": (size * 2.2, size * 0.7), "much larger than": (size * 0.5, size * 1.5),
                      "much smaller than": (size * 1.5, size * 0.5)}.get(relation, (size, size))  # fmt: skip
        dx, dy = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1), "inside": (0, 0)}.get(
            relation, (-1, 0)
        )
        node(c, (x - dx * far_x, y - dy * far_y), big, big, b, second)
        node(c, (x + dx * far_x, y + dy * far_y), small, small, a, first)
        names = [{"boxes": "square"}.get(shape, SINGULAR[shape]) for shape in (a, b)]
        return Said(
            f"a {names[0]} and a {names[1]}",
            [
                f"a {{colour 1}} {names[0]} {{relation}} a {{colour 2}} {names[1]}",
                "{colour 1} and {colour 2}",
                f"{{colour 1}} {names[0]}, {{colour 2}} {names[1]}",
            ][:: 1 if relation != "inside" else 2],
        )
    shape, count = pick.pick("shape", plain), pick.count("number", 3, 9)
    colour = pick.colour("colour", [c.ground])
    row = pick.pick("row", ("in a row", "in a column", "scattered", "in a ring"))
    (x, y), (left, top, right, bottom) = middle(c.area), c.area
    wide, tall = right - left, bottom - top
    size = {"in a row": wide / count, "in a column": tall / count}.get(row, min(wide, tall) / 4.5) * 0.7
    size = min(size, 120)
    cells = pick.sample("cells", grid(c.area, 4, 3), count)
    odd = pick.colour("odd colour", [c.ground, colour]) if pick.chance("odd", 0.5) else colour
    for n in range(count):
        turn = 2 * pi * n / count
        at = {
            "in a row": (left + wide * (n + 0.5) / count, y),
            "in a column": (x, top + tall * (n + 0.5) / count),
            "in a ring": (x + (wide - size) * 0.42 * cos(turn), y + (tall - size) * 0.42 * sin(turn)),
        }.get(row, middle(cells[n]))
        node(c, at, size, size, shape, odd if n == 0 else colour)
    kind = "squares" if shape == "boxes" else shape
    looks = [f"{{number}} {kind} {{row}}", f"{{colour}} {kind} {{row}}"]
    if odd != colour:
        looks.append(f"one {{odd colour}} one among {{colour}} {kind}")
    return Said(kind, looks)


def logo(c: Canvas, pick: Choices) -> Said:
    """An emblem: a shape, a sign in it, often a name."""
    brand = pick.text("brand", "{brand}")
    outer, inner = pick.pick("outer", tuple(EMBLEMS)), pick.pick("inner", tuple(EMBLEMS))
    colour = pick.colour("colour", [c.ground])
    sign = pick.colour("inner colour", [colour])
    place = pick.pick("name", ("below", "right", "nowhere"))
    x, y = c.width / 2, c.height / 2
    radius = min(c.width, c.height) * (0.4 if place == "nowhere" else 0.26)
    x, y = {"below": (x, y - 50), "right": (c.width * 0.3, y)}.get(place, (x, y))
    emblem(c, (x, y), radius, outer, colour)
    emblem(c, (x, y), radius * (0.3 if outer in ("star", "triangle") else 0.5), inner, sign)
    if place != "nowhere":
        at = (x, y + radius + 50) if place == "below" else (x + radius + 24, y)
        c.text(
            at,
            brand,
            c.ink,
            48,
            "mm" if place == "below" else "lm",
            True,
            room=c.width - at[0] - 8 if place == "right" else 0,
        )
    looks = [
        "a {inner colour} {inner} in a {colour} {outer}",
        "{colour} {outer}[| with a {inner}] [in the middle|as an emblem]",
    ]
    if place != "nowhere":
        looks.append(
            "the name is {name} the {outer}" if place == "below" else "the name is to the {name} of the {outer}"
        )
    return Said(f"{brand}", looks)


def _gear(c: Canvas, at: Point, r: float, ink: Rgb) -> None:
    rim = [
        (
            at[0] + r * (1 if n % 4 < 2 else 0.78) * cos(n * pi / 16),
            at[1] + r * (1 if n % 4 < 2 else 0.78) * sin(n * pi / 16),
        )
        for n in range(32)
    ]
    c.pen.polygon(rim, ink)
    c.pen.ellipse((at[0] - r * 0.35, at[1] - r * 0.35, at[0] + r * 0.35, at[1] + r * 0.35), c.ground)


def pictogram(c: Canvas, at: Point, r: float, name: str, ink: Rgb) -> None:
    """One of `SIGNS`, within a square of half side `r`, in one ink."""
    x, y = at
    w, pen = max(3, int(r * 0.18)), c.pen
    if name == "gear":
        _gear(c, at, r, ink)
    elif name == "padlock":
        pen.arc((x - r * 0.5, y - r, x + r * 0.5, y + r * 0.3), 180, 360, ink, w)
        pen.rectangle((x - r * 0.75, y - r * 0.25, x + r * 0.75, y + r), ink)
    elif name == "magnifying glass":
        pen.ellipse((x - r, y - r, x + r * 0.4, y + r * 0.4), None, ink, w)
        pen.line((x + r * 0.2, y + r * 0.2, x + r, y + r), ink, w + 2)
    elif name == "house":
        pen.polygon([(x - r, y), (x, y - r), (x + r, y)], ink)
        pen.rectangle((x - r * 0.7, y, x + r * 0.7, y + r), ink)
        pen.rectangle((x - r * 0.2, y + r * 0.35, x + r * 0.2, y + r), c.ground)
    elif name == "bell":
        pen.pieslice((x - r * 0.7, y - r, x + r * 0.7, y + r * 0.6), 180, 360, ink)
        pen.polygon(
            [(x - r * 0.7, y - r * 0.2), (x + r * 0.7, y - r * 0.2), (x + r, y + r * 0.6), (x - r, y + r * 0.6)], ink
        )
        pen.ellipse((x - r * 0.2, y + r * 0.55, x + r * 0.2, y + r), ink)
    elif name == "person":
        pen.ellipse((x - r * 0.42, y - r, x + r * 0.42, y - r * 0.16), ink)
        pen.pieslice((x - r * 0.9, y, x + r * 0.9, y + r * 2), 180, 360, ink)
    elif name == "cloud":
        for dx, dy, s in ((-0.5, 0.2, 0.45), (0, -0.15, 0.6), (0.55, 0.2, 0.42)):
            pen.ellipse((x + r * (dx - s), y + r * (dy - s), x + r * (dx + s), y + r * (dy + s)), ink)
        pen.rectangle((x - r * 0.5, y + r * 0.2, x + r * 0.55, y + r * 0.64), ink)
    elif name == "envelope":
        pen.rectangle((x - r, y - r * 0.65, x + r, y + r * 0.65), None, ink, w)
        pen.line([(x - r, y - r * 0.65), (x, y + r * 0.1), (x + r, y - r * 0.65)], ink, w)
    elif name == "heart":
        for side in (-1, 1):
            pen.ellipse((x + r * (0.48 * side - 0.52), y - r * 0.85, x + r * (0.48 * side + 0.52), y + r * 0.2), ink)
        pen.polygon([(x - r * 0.95, y - r * 0.1), (x + r * 0.95, y - r * 0.1), (x, y + r)], ink)
    elif name == "lightning bolt":
        bolt = ((0.2, -1), (-0.6, 0.15), (-0.05, 0.15), (-0.25, 1), (0.6, -0.25), (0.05, -0.25))
        pen.polygon([(x + r * dx, y + r * dy) for dx, dy in bolt], ink)
    elif name == "key":
        pen.ellipse((x - r, y - r * 0.45, x - r * 0.1, y + r * 0.45), None, ink, w)
        pen.line((x - r * 0.1, y, x + r, y), ink, w)
        pen.line((x + r * 0.75, y, x + r * 0.75, y + r * 0.4), ink, w)
    else:  # arrow
        pen.line((x - r, y, x + r * 0.3, y), ink, w * 2)
        pen.polygon([(x + r * 0.1, y - r * 0.7), (x + r, y), (x + r * 0.1, y + r * 0.7)], ink)


SIGNS = ("gear", "padlock", "magnifying glass", "house", "bell", "person", "cloud", "envelope", "heart", "lightning bolt",
         "key", "arrow")  # fmt: skip


def pictograms(c: Canvas, pick: Choices) -> Said:
    count, colour = pick.count("number", 1, 6), pick.colour("colour", [c.ground])
    row = count > 1 and pick.pick("arrangement", ("row", "column")) == "row"
    cells = grid(inset(c.area, 10), count, 1, 10) if row else grid(inset(c.area, 10), 1, count, 10)
    names = [pick.pick(f"sign {n + 1}", SIGNS) for n in range(count)]
    tile = pick.pick("tiles", ("nothing", "tiles")) == "tiles"
    back = pick.colour("tile colour", [c.ground, colour]) if tile else c.ground
    ground, c.ground = c.ground, back
    for cell, name in zip(cells, names, strict=True):
        (x, y), r = middle(cell), min(cell[2] - cell[0], cell[3] - cell[1]) * 0.36
        if tile:
            c.plate((x - r * 1.35, y - r * 1.35, x + r * 1.35, y + r * 1.35), back, radius=r * 0.3)
        pictogram(c, (x, y), r, name, colour)
    c.ground = ground
    first, last = ("left", "right") if row else ("top", "bottom")
    looks = ["a {colour} {sign 1}"] if count == 1 else [
        "{number} {colour} [icons|signs] in a {arrangement}",
        f"a {{colour}} {{sign 1}} [on|at] the {first}, a {{sign {count}}} [on|at] the {last}",
        "a {sign 1} and a {sign 2}",
    ]  # fmt: skip
    if tile:
        looks.append("{colour} on {tile colour} tiles" if count > 1 else "{colour} on a {tile colour} tile")
    return Said(f"a {names[0]}" if count == 1 else f"a {names[0]} and a {names[1]}", looks)


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


def barcode(c: Canvas, pick: Choices) -> Said:
    """A label with a code to scan."""
    c.frame()
    form, colour = pick.pick("code", ("bar code", "square code")), pick.colour("colour", [c.ground], contrast=LEGIBLE)
    place = pick.pick("text place", ("above", "below"))
    left, top, right, bottom = c.area
    number = pick.text("number", "[{brand} ~~~~-~~~|SN ~~~~~~~~|{part}-~~~~|~~~~ ~~~~ ~~~~]")
    y = top + 20 if place == "above" else bottom - 20
    c.text(((left + right) / 2, y), number, colour, 26, "mm", True)
    top, bottom = (top + 48, bottom) if place == "above" else (top, bottom - 48)
    rng, x = pick.rng("bars"), (left + right) / 2
    if form == "bar code":
        edge, half = x - 190, 190.0
        while edge < x + half:
            wide = float(rng.choice([3, 5, 8, 11]))
            c.pen.rectangle((edge, top, edge + wide, bottom), colour)
            edge += wide + float(rng.choice([3, 5, 8]))
    else:
        side = min(bottom - top, right - left)
        cell, dots = side / 21, rng.random((21, 21)) < 0.5
        for r, k in ((0, 0), (0, 14), (14, 0)):
            dots[r : r + 7, k : k + 7] = [
                [hypot(0, max(abs(i - 3), abs(j - 3))) != 2 for i in range(7)] for j in range(7)
            ]
        for r, k in np.argwhere(dots).tolist():
            px, py = x - side / 2 + cell * k, top + cell * r
            c.pen.rectangle((px, py, px + cell, py + cell), colour)
    return Said(f"label {number}", ["a {colour} {code}", "{code} with a number {text place} it"])
