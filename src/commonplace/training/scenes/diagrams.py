"""Nodes and links: networks, architectures, mind maps, figures of concepts."""

from __future__ import annotations

from math import cos, hypot, pi, sin

from commonplace.training.scenes.canvas import Canvas, Point, grid, middle, regular
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import Rgb, mix
from commonplace.training.scenes.grammar import Said

SHAPES = ("boxes", "circles", "hexagons", "diamonds", "cylinders", "clouds", "triangles")
SINGULAR = {"boxes": "box"} | {shape: shape[:-1] for shape in SHAPES[1:]}


def node(c: Canvas, centre: Point, wide: float, tall: float, shape: str, colour: Rgb, words: str = "") -> None:
    """One of `SHAPES` with a word in it."""
    x, y = centre
    if shape == "boxes":
        ink = c.box((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), colour)
    elif shape == "cylinders":
        half, lid = wide / 2, tall * 0.16
        arc = [(x + half * cos(t * pi / 10), lid * sin(t * pi / 10)) for t in range(11)]
        body = [(px, y + tall / 2 - lid + dy) for px, dy in arc]
        body += [(px, y - tall / 2 + lid - dy) for px, dy in arc[::-1]]
        ink = c.shape(body, colour)
        c.line([(px, y - tall / 2 + lid + dy) for px, dy in arc], mix(colour, ink, 0.5), 2.5)
    elif shape == "clouds":
        turns = [n * pi / 21 for n in range(42)]
        bulge = [0.85 + 0.15 * abs(sin(turn * 3.5)) for turn in turns]
        ink = c.shape(
            [(x + wide / 2 * b * cos(t), y + tall / 2 * b * sin(t)) for b, t in zip(bulge, turns, strict=True)], colour
        )
    else:
        corners = {"circles": 24, "hexagons": 6, "diamonds": 4, "triangles": 3}[shape]
        round_ish = [
            (x + (px - x) * wide / tall if shape != "circles" else px, py)
            for px, py in regular(centre, tall * 0.62 if shape != "circles" else max(tall, wide * 0.7) / 2, corners)
        ]
        ink = c.shape(round_ish, colour)
    if words:
        size = 15 if shape in ("boxes", "cylinders", "clouds") else 13
        c.text(
            (x, y + (tall * 0.1 if shape in ("triangles", "cylinders") else 0)), words, ink, size, "mm", room=wide * 0.9
        )


def towards(a: Point, b: Point, start: float, end: float) -> list[Point]:
    """The straight way between two centres, `start` and `end` pixels cut off."""
    length = hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    return [(a[0] + ux * start, a[1] + uy * start), (b[0] - ux * end, b[1] - uy * end)]


TOPOLOGIES = {
    "star topology": "[star|hub and spokes|one node in the middle joined to all others]",
    "ring topology": "[ring|circle of nodes, each joined to the next|closed loop]",
    "full mesh": "[full mesh|every node joined to every other|web of crossing lines]",
    "bus": "[bus|row of nodes on one long line]",
    "tree topology": "[tree|root at the top with branches below]",
}


def network(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("{city} [office|data centre|campus|branch] network", 0.6)
    topology, count = pick.pick("topology", tuple(TOPOLOGIES)), pick.count("number", 4, 8)
    colour = pick.colour("colour", [c.ground])
    shape = pick.pick("shape", ("boxes", "circles", "hexagons", "cylinders", "clouds"))
    hub = pick.colour("hub colour", [c.ground, colour]) if topology in ("star topology", "tree topology") else colour
    left, top, right, bottom = c.area
    (x, y), wide, tall = middle(c.area), 84.0, 46.0
    spread = ((right - left - wide) / 2, (bottom - top - tall) / 2)
    around = [
        (x + spread[0] * cos(t), y + spread[1] * sin(t)) for t in (2 * pi * n / count - pi / 2 for n in range(count))
    ]
    if topology == "bus":
        around = [(left + (right - left) * (n + 0.5) / count, y + (-70 if n % 2 else 70)) for n in range(count)]
        wide = min(wide, 1.8 * (right - left) / count)
        joints = [((px, y), (px, py)) for px, py in around]
        c.line([(left, y), (right, y)], c.ink, 8)
    elif topology == "tree topology":
        wide = min(wide, (right - left) / count - 8)
        around = [(left + (right - left) * (n + 0.5) / count, bottom - tall / 2 - 20) for n in range(count)]
        joints = [((x, top + tall), point) for point in around]
    elif topology == "full mesh":
        joints = [(a, b) for n, a in enumerate(around) for b in around[n + 1 :]]
    else:
        ends = around[1:] + around[:1] if topology == "ring topology" else [(x, y)] * count
        joints = list(zip(around, ends, strict=True))
    dashed = pick.pick("links", ("solid", "dashed")) == "dashed"
    for a, b in joints:
        c.line([a, b], c.grey, 3, 9 if dashed else 0)
    for n, point in enumerate(around):
        node(c, point, wide, tall, shape, colour, pick.text(f"node {n}", "[{short}|{host}]"))
    looks = ["{number} {colour} {shape}, {topology}", "{topology}", "{links} [lines|links]"]
    if topology in ("star topology", "tree topology"):
        at = (x, top + tall) if topology == "tree topology" else (x, y)
        node(
            c,
            at,
            100,
            56,
            pick.pick("hub shape", ("boxes", "clouds", "circles", "hexagons")),
            hub,
            pick.text("hub", "[router|switch|internet|core|broker]"),
        )
        where = "at the top" if topology == "tree topology" else "in the middle"
        looks.append(f"{{hub colour}} [node|one] {where}, {{colour}} {{shape}} [around it|joined to it]")
    return Said(topic, looks)


def architecture(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[architecture of the {service}|{service} components|how the {service} works|{team} platform]")
    sideways = pick.pick("direction", ("left to right", "top to bottom")) == "left to right"
    layers = pick.count("layers", 2, 4)
    grouped = pick.pick("groups", ("dashed frames", "tinted areas", "nothing"))
    colours = pick.colours("colour", layers, [c.ground])
    bands = grid(c.area, layers, 1, 34) if sideways else grid(c.area, 1, layers, 30)
    rows: list[list[Point]] = []
    sizes: list[tuple[float, float]] = []
    looks = ["boxes in {layers} layers from {direction}", "arrows [go|point] from {direction}"]
    for n, band in enumerate(bands):
        count = pick.integer(f"boxes {n}", 1, 3)
        left, top, right, bottom = band
        if grouped == "dashed frames":
            c.line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], c.grey, 2, 8)
        elif grouped == "tinted areas":
            c.plate(band, mix(c.ground, colours[n], 0.2))
        shape = pick.pick(f"shape {n + 1}", ("boxes", "boxes", "cylinders", "hexagons", "clouds"))
        cells = grid(band, 1, count, 8) if sideways else grid(band, count, 1, 8)
        wide, tall = min(130.0, cells[0][2] - cells[0][0] - 14), min(56.0, cells[0][3] - cells[0][1] - 12)
        rows.append([middle(cell) for cell in cells])
        sizes.append((wide, tall))
        for m, centre in enumerate(rows[-1]):
            node(c, centre, wide, tall, shape, colours[n], pick.text(f"name {n} {m}", "{short}"))
        looks.append(f"{{colour {n + 1}}} {{shape {n + 1}}} in layer {n + 1}")
    for n in range(layers - 1):
        for m, a in enumerate(rows[n]):
            b = rows[n + 1][m % len(rows[n + 1])]
            cut = 0 if sideways else 1
            start, end = sizes[n][cut] / 2 + 4, sizes[n + 1][cut] / 2 + 4
            if sideways:
                c.arrow([(a[0] + start, a[1]), (b[0] - end, b[1])], c.ink, 3)
            else:
                c.arrow([(a[0], a[1] + start), (b[0], b[1] - end)], c.ink, 3)
    first, last = ("[left|left side]", "[right|right side]") if sideways else ("top", "bottom")
    looks.append(f"{{colour 1}} {{shape 1}} on the {first}, {{colour {layers}}} {{shape {layers}}} on the {last}")
    if grouped != "nothing":
        looks.append("{groups} around the layers")
    return Said(topic, looks)


def mind_map(c: Canvas, pick: Choices) -> Said:
    c.frame()
    root = pick.text("topic", "[{service}|{team} team|{brand}|backups|{city} office|release]")
    left, top, right, bottom = c.area
    side = pick.pick("root", ("left", "right", "top", "middle"))
    count, colour = pick.count("branches", 3, 6), pick.colour("root colour", [c.ground])
    leaf = pick.colour("leaf colour", [c.ground, colour])
    shape = pick.pick("shape", ("boxes", "circles", "clouds", "hexagons"))
    (x, y), wide, tall = middle(c.area), 104.0, 40.0
    at = {"left": (left + 60, y), "right": (right - 60, y), "top": (x, top + 34), "middle": (x, y)}[side]
    if side in ("left", "right"):
        far = right - 64 if side == "left" else left + 64
        leaves = [(far, top + (bottom - top) * (n + 0.5) / count) for n in range(count)]
        tall = min(tall, (bottom - top) / count * 0.75)
    elif side == "top":
        leaves = [(left + (right - left) * (n + 0.5) / count, bottom - 40) for n in range(count)]
        wide = min(wide, (right - left) / count - 8)
    else:
        turn = [2 * pi * n / count + 0.5 for n in range(count)]
        leaves = [(x + ((right - left) / 2 - 56) * cos(t), y + ((bottom - top) / 2 - 26) * sin(t)) for t in turn]
    for n, end in enumerate(leaves):
        c.line([at, end], c.grey, 4)
        ink = c.box((end[0] - wide / 2, end[1] - tall / 2, end[0] + wide / 2, end[1] + tall / 2), leaf)
        c.text(end, pick.text(f"leaf {n}", "[{short}|{module}|{field}|{category}]"), ink, 15, "mm", room=wide - 6)
    node(c, at, 116, 60, shape, colour, root)
    where = "in the middle" if side == "middle" else "at the {root}"
    return Said(
        root,
        [
            f"a {{root colour}} root {where} with {{branches}} {{leaf colour}} branches",
            "{branches} {leaf colour} boxes joined to one {root colour} " + f"[node|{SINGULAR[shape]}]",
        ],
    )


def concept(c: Canvas, pick: Choices) -> Said:
    """The figures of handbooks: overlapping circles, pyramid, funnel, chevrons, cycle."""
    topic = c.heading("[sales|security|testing|{team}|{service}] [levels|stages|layers|phases]", 0.5)
    form, count = (
        pick.pick("form", ("pyramid", "funnel", "row of arrows", "overlapping circles")),
        pick.count("number", 3, 4),
    )
    (x, y), (left, top, right, bottom) = middle(c.area), c.area
    colours = pick.colours("colour", count, [c.ground])
    step, half = (bottom - top) / count, min((right - left) / 2, 200)
    for n in range(count):
        name = pick.text(f"name {n}", "[{category}|{state}|{short}|{team}]")
        y0, y1 = top + step * n + 3, top + step * (n + 1) - 3
        if form in ("pyramid", "funnel"):
            a, b = (n / count, (n + 1) / count) if form == "pyramid" else (1 - n / count, 1 - (n + 1) / count * 0.85)
            ink = c.shape([(x - half * a, y0), (x + half * a, y0), (x + half * b, y1), (x - half * b, y1)], colours[n])
            c.text(
                (x, (y0 + y1) / 2 + (8 if form == "pyramid" and n == 0 else 0)),
                name,
                ink,
                16,
                "mm",
                room=half * (a + b),
            )
        elif form == "row of arrows":
            wide = (right - left - 20) / count
            x0, x1 = left + wide * n, left + wide * (n + 1) - 6
            ink = c.shape(
                [(x0, y - 50), (x1, y - 50), (x1 + 20, y), (x1, y + 50), (x0, y + 50), (x0 + 20, y)], colours[n]
            )
            c.text((x0 + wide / 2 + 8, y), name, ink, 15, "mm", room=wide - 30)
        else:
            turn, radius = 2 * pi * n / count - pi / 2, min(bottom - top, right - left) * 0.27
            centre = (x + radius * 0.8 * cos(turn), y + radius * 0.8 * sin(turn))
            rim = regular(centre, radius, 40)
            c.line([*rim, rim[0]], colours[n], 9)
            c.text((centre[0] + 30 * cos(turn), centre[1] + 30 * sin(turn)), name, size=16, anchor="mm", room=radius)
    looks = ["a {form} [of|with] {number} parts" if form != "overlapping circles" else "{number} overlapping circles"]
    last = f"{{colour {count}}}"
    looks.append(
        {
            "pyramid": f"{{form}}, {{colour 1}} at the top and {last} at the bottom",
            "funnel": f"{{form}}, wide and {{colour 1}} at the top, narrow and {last} at the bottom",
            "row of arrows": f"{{form}}, the left one {{colour 1}}, the right one {last}",
        }.get(form, "{form}, the top one {colour 1}")
    )
    looks.append("{colour 1}, {colour 2} and {colour 3} parts")
    return Said(topic, looks)
