"""Plain shapes, emblems, pictograms: nothing but looks."""

from __future__ import annotations

from math import cos, pi, sin

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import Rgb, ink_on
from commonplace.training.scenes.diagrams import node
from commonplace.training.scenes.geometry import Point, ring, spread
from commonplace.training.scenes.grammar import Said

RELATIONS = ("left of", "right of", "above", "below", "inside", "much larger than", "much smaller than")
FORMS = {"square": "boxes", "circle": "circles", "hexagon": "hexagons", "diamond": "diamonds", "triangle": "triangles"}
EMBLEMS = {"circle": 40, "triangle": 3, "square": 4, "hexagon": 6, "star": 10}


def emblem(c: Canvas, centre: Point, radius: float, form: str, colour: Rgb) -> None:
    """One of `EMBLEMS`, filled."""
    corners = ring(centre, radius, radius, EMBLEMS[form], -pi / 4 if form == "square" else -pi / 2)
    if form == "star":
        x, y = centre
        dents = [0.42 if n % 2 else 1 for n in range(len(corners))]
        corners = [(x + (px - x) * dent, y + (py - y) * dent) for (px, py), dent in zip(corners, dents, strict=True)]
    c.pen.polygon(corners, colour)


ICONS = ("exclamation mark", "check mark", "cross", "question mark", "letter i")


def icon(c: Canvas, centre: Point, radius: float, name: str, colour: Rgb) -> None:
    """One of `ICONS` in a disc."""
    x, y = centre
    ink, wide = ink_on(colour), max(3, int(radius * 0.22))
    c.dot(centre, radius, colour)
    r = radius * 0.45
    if name == "check mark":
        c.pen.line([(x - r, y), (x - r * 0.2, y + r * 0.8), (x + r, y - r * 0.7)], ink, wide, joint="curve")
    elif name == "cross":
        c.pen.line((x - r, y - r, x + r, y + r), ink, wide)
        c.pen.line((x - r, y + r, x + r, y - r), ink, wide)
    else:
        letter = {"exclamation mark": "!", "question mark": "?", "letter i": "i"}[name]
        c.text(centre, letter, ink, int(radius * 1.4), "mm", True, aloud=False)


def shapes(c: Canvas, pick: Choices) -> Said:
    """Two or many plain shapes and how they lie: nothing but looks."""
    c.frame()
    return _two_shapes(c, pick) if pick.pick("arrangement", ("two", "many")) == "two" else _many_shapes(c, pick)


def _two_shapes(c: Canvas, pick: Choices) -> Said:
    a, b = FORMS[pick.pick("shape 1", tuple(FORMS))], FORMS[pick.pick("shape 2", tuple(FORMS))]
    first = pick.colour("colour 1", [c.ground])
    second = pick.colour("colour 2", [c.ground, first])
    relation = pick.pick("relation", RELATIONS)
    (x, y), size = c.area.middle, min(c.width, c.height) * 0.26
    far_x, far_y = c.area.wide * 0.25, c.area.tall * 0.25
    big, small = {"inside": (size * 2.2, size * 0.7), "much larger than": (size * 0.5, size * 1.5),
                  "much smaller than": (size * 1.5, size * 0.5)}.get(relation, (size, size))  # fmt: skip
    dx, dy = {"right of": (1, 0), "above": (0, -1), "below": (0, 1), "inside": (0, 0)}.get(relation, (-1, 0))
    node(c, (x - dx * far_x, y - dy * far_y), big, big, b, second)
    node(c, (x + dx * far_x, y + dy * far_y), small, small, a, first)
    looks = [
        "a {colour 1} {shape 1} {relation} a {colour 2} {shape 2}",
        "{colour 1} {shape 1}, {colour 2} {shape 2}",
        "{colour 1} and {colour 2}",
    ]
    return Said("a {shape 1} and a {shape 2}", looks)


def _many_shapes(c: Canvas, pick: Choices) -> Said:
    shape, count = FORMS[pick.pick("shape", tuple(FORMS))], pick.count("number", 3, 9)
    colour = pick.colour("colour", [c.ground])
    row = pick.pick("row", ("in a row", "in a column", "scattered", "in a ring"))
    (x, y), area, wide, tall = c.area.middle, c.area, c.area.wide, c.area.tall
    size = {"in a row": wide / count, "in a column": tall / count}.get(row, min(wide, tall) / 4.5) * 0.7
    size = min(size, 120)
    if row == "in a row":
        places = [(px, y) for px in spread(area.left, area.right, count)]
    elif row == "in a column":
        places = [(x, py) for py in spread(area.top, area.bottom, count)]
    elif row == "in a ring":
        places = ring((x, y), (wide - size) * 0.42, (tall - size) * 0.42, count, 0)
    else:
        places = [cell.middle for cell in pick.sample("cells", area.grid(4, 3), count)]
    odd = pick.colour("odd colour", [c.ground, colour]) if pick.chance("odd", 0.5) else colour
    for n, at in enumerate(places):
        node(c, at, size, size, shape, colour if n else odd)
    looks = ["{number} {shape}s {row}", "{colour} {shape}s {row}"]
    if odd != colour:
        looks.append("one {odd colour} one among {colour} {shape}s")
    return Said("{shape}s", looks)


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
    looks = [
        "a {inner colour} {inner} in a {colour} {outer}",
        "{colour} {outer} with a {inner} [in the middle|inside]",
    ]
    if place == "below":
        c.text((x, y + radius + 50), brand, c.ink, 48, "mm", True)
        looks.append("the name is {name} the {outer}")
    elif place == "right":
        left = x + radius + 24
        c.text((left, y), brand, c.ink, 48, "lm", True, room=c.width - left - 8)
        looks.append("the name is to the {name} of the {outer}")
    return Said(brand, looks)


def pictogram(c: Canvas, at: Point, r: float, name: str, ink: Rgb, ground: Rgb) -> None:
    """One of `SIGNS`, within a square of half side `r`, in one ink; `ground` shows through its holes."""
    x, y = at
    w, pen = max(3, int(r * 0.18)), c.pen
    if name == "gear":
        rims = [r * (1 if n % 4 < 2 else 0.78) for n in range(32)]
        pen.polygon([(x + rim * cos(n * pi / 16), y + rim * sin(n * pi / 16)) for n, rim in enumerate(rims)], ink)
        c.dot(at, r * 0.35, ground)
    elif name == "padlock":
        pen.arc((x - r * 0.5, y - r, x + r * 0.5, y + r * 0.3), 180, 360, ink, w)
        pen.rectangle((x - r * 0.75, y - r * 0.25, x + r * 0.75, y + r), ink)
    elif name == "magnifying glass":
        pen.ellipse((x - r, y - r, x + r * 0.4, y + r * 0.4), None, ink, w)
        pen.line((x + r * 0.2, y + r * 0.2, x + r, y + r), ink, w + 2)
    elif name == "house":
        pen.polygon([(x - r, y), (x, y - r), (x + r, y)], ink)
        pen.rectangle((x - r * 0.7, y, x + r * 0.7, y + r), ink)
        pen.rectangle((x - r * 0.2, y + r * 0.35, x + r * 0.2, y + r), ground)
    elif name == "bell":
        pen.pieslice((x - r * 0.7, y - r, x + r * 0.7, y + r * 0.6), 180, 360, ink)
        skirt = ((-0.7, -0.2), (0.7, -0.2), (1, 0.6), (-1, 0.6))
        pen.polygon([(x + r * dx, y + r * dy) for dx, dy in skirt], ink)
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


SIGNS = ("gear", "padlock", "magnifying glass", "house", "bell", "person", "cloud", "envelope", "heart",
         "lightning bolt", "key", "arrow")  # fmt: skip


def pictograms(c: Canvas, pick: Choices) -> Said:
    count, colour = pick.count("number", 1, 6), pick.colour("colour", [c.ground])
    row = count > 1 and pick.pick("arrangement", ("row", "column")) == "row"
    names = [pick.pick(f"sign {n + 1}", SIGNS) for n in range(count)]
    tile = pick.pick("tiles", ("nothing", "tiles")) == "tiles"
    back = pick.colour("tile colour", [c.ground, colour]) if tile else c.ground
    for cell, name in zip(c.area.inset(10).line_up(count, 10, down=not row), names, strict=True):
        (x, y), r = cell.middle, min(cell.wide, cell.tall) * 0.36
        if tile:
            c.plate((x - r * 1.35, y - r * 1.35, x + r * 1.35, y + r * 1.35), back, radius=r * 0.3)
        pictogram(c, (x, y), r, name, colour, back)
    if count == 1:
        looks = ["a {colour} {sign 1}"]
    else:
        first, last = ("left", "right") if row else ("top", "bottom")
        looks = [
            "{number} {colour} [icons|signs] in a {arrangement}",
            f"a {{colour}} {{sign 1}} [on|at] the {first}, a {{sign {count}}} [on|at] the {last}",
            "a {sign 1} and a {sign 2}",
        ]
    if tile:
        looks.append("{colour} on {tile colour} tiles" if count > 1 else "{colour} on a {tile colour} tile")
    return Said("a {sign 1}" if count == 1 else "a {sign 1} and a {sign 2}", looks)
