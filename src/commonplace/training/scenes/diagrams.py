"""Nodes and links: networks, architectures, mind maps, figures of concepts."""

from __future__ import annotations

from math import cos, pi, sin

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import Rgb, mix
from commonplace.training.scenes.geometry import Box, Point, ring, spread
from commonplace.training.scenes.grammar import Said

CORNERS = {"hexagons": 6, "diamonds": 4, "triangles": 3}
SINGULAR = {"boxes": "box", "circles": "circle", "clouds": "cloud", "hexagons": "hexagon"}


def node(c: Canvas, centre: Point, wide: float, tall: float, shape: str, colour: Rgb, words: str = "") -> None:
    """A box, circle, cylinder, cloud or one of `CORNERS`, with a word in it."""
    x, y = centre
    if shape == "boxes":
        ink = c.box(Box.around(centre, wide, tall), colour)
    elif shape == "cylinders":
        half, lid = wide / 2, tall * 0.16
        arc = [(x + half * cos(t * pi / 10), lid * sin(t * pi / 10)) for t in range(11)]
        body = [(px, y + tall / 2 - lid + dy) for px, dy in arc]
        body += [(px, y - tall / 2 + lid - dy) for px, dy in arc[::-1]]
        ink = c.shape(body, colour)
        c.line([(px, y - tall / 2 + lid + dy) for px, dy in arc], mix(colour, ink, 0.5), 2.5)
    elif shape == "clouds":
        bulges = [(turn, 0.85 + 0.15 * abs(sin(turn * 3.5))) for turn in (n * pi / 21 for n in range(42))]
        ink = c.shape([(x + wide / 2 * b * cos(t), y + tall / 2 * b * sin(t)) for t, b in bulges], colour)
    elif shape == "circles":
        radius = max(tall, wide * 0.7) / 2
        ink = c.shape(ring(centre, radius, radius, 24), colour)
    else:
        even = ring(centre, tall * 0.62, tall * 0.62, CORNERS[shape])
        ink = c.shape([(x + (px - x) * wide / tall, py) for px, py in even], colour)
    if words:
        size = 15 if shape in ("boxes", "cylinders", "clouds") else 13
        lower = tall * 0.1 if shape in ("triangles", "cylinders") else 0
        c.text((x, y + lower), words, ink, size, "mm", room=wide * 0.9)


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
    centred = topology in ("star topology", "tree topology")
    hub = pick.colour("hub colour", [c.ground, colour]) if centred else colour
    area, wide, tall = c.area, 84.0, 46.0
    x, y = root = area.middle
    around = ring(root, (area.wide - wide) / 2, (area.tall - tall) / 2, count)
    if topology == "bus":
        around = [(px, y + (-70 if n % 2 else 70)) for n, px in enumerate(spread(area.left, area.right, count))]
        wide = min(wide, 1.8 * area.wide / count)
        joints = [((px, y), (px, py)) for px, py in around]
        c.line([(area.left, y), (area.right, y)], c.ink, 8)
    elif topology == "tree topology":
        wide, root = min(wide, area.wide / count - 8), (x, area.top + tall)
        around = [(px, area.bottom - tall / 2 - 20) for px in spread(area.left, area.right, count)]
        joints = [(root, point) for point in around]
    elif topology == "full mesh":
        joints = [(a, b) for n, a in enumerate(around) for b in around[n + 1 :]]
    else:
        ends = around[1:] + around[:1] if topology == "ring topology" else [root] * count
        joints = list(zip(around, ends, strict=True))
    dashed = pick.pick("links", ("solid", "dashed")) == "dashed"
    for a, b in joints:
        c.line([a, b], c.grey, 3, 9 if dashed else 0)
    for n, point in enumerate(around):
        node(c, point, wide, tall, shape, colour, pick.text(f"node {n}", "[{short}|{host}]"))
    looks = ["{number} {colour} {shape}, {topology}", "{topology}", "{links} [lines|links]"]
    if centred:
        kind = pick.pick("hub shape", ("boxes", "clouds", "circles", "hexagons"))
        node(c, root, 100, 56, kind, hub, pick.text("hub", "[router|switch|internet|core|broker]"))
        where = "at the top" if topology == "tree topology" else "in the middle"
        looks.append(f"{{hub colour}} [node|one] {where}, {{colour}} {{shape}} [around it|joined to it]")
    return Said(topic, looks)


def architecture(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[architecture of the {service}|{service} components|how the {service} works|{team} platform]")
    sideways = pick.pick("direction", ("left to right", "top to bottom")) == "left to right"
    layers = pick.count("layers", 2, 4)
    grouped = pick.pick("groups", ("dashed frames", "tinted areas", "nothing"))
    colours = pick.colours(layers, [c.ground])
    rows: list[list[Point]] = []
    sizes: list[Point] = []
    looks = ["boxes in {layers} layers from {direction}", "arrows [go|point] from {direction}"]
    for n, band in enumerate(c.area.line_up(layers, 34 if sideways else 30, down=not sideways)):
        left, top, right, bottom = band
        if grouped == "dashed frames":
            c.line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], c.grey, 2, 8)
        elif grouped == "tinted areas":
            c.plate(band, mix(c.ground, colours[n], 0.2))
        shape = pick.pick(f"shape {n + 1}", ("boxes", "boxes", "cylinders", "hexagons", "clouds"))
        cells = band.line_up(pick.integer(f"boxes {n}", 1, 3), 8, down=sideways)
        wide, tall = min(130.0, cells[0].wide - 14), min(56.0, cells[0].tall - 12)
        rows.append([cell.middle for cell in cells])
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
                c.arrow([(a[0] + start, a[1]), (b[0] - end, b[1])], c.ink)
            else:
                c.arrow([(a[0], a[1] + start), (b[0], b[1] - end)], c.ink)
    first, last = ("[left|left side]", "[right|right side]") if sideways else ("top", "bottom")
    looks.append(f"{{colour 1}} {{shape 1}} on the {first}, {{colour {layers}}} {{shape {layers}}} on the {last}")
    if grouped != "nothing":
        looks.append("{groups} around the layers")
    return Said(topic, looks)


def mind_map(c: Canvas, pick: Choices) -> Said:
    c.frame()
    root = pick.text("topic", "[{service}|{team} team|{brand}|backups|{city} office|release]")
    area, wide, tall = c.area, 104.0, 40.0
    x, y = area.middle
    side = pick.pick("root", ("left", "right", "top", "middle"))
    count, colour = pick.count("branches", 3, 6), pick.colour("root colour", [c.ground])
    leaf = pick.colour("leaf colour", [c.ground, colour])
    shape = pick.pick("shape", ("boxes", "circles", "clouds", "hexagons"))
    at = {"left": (area.left + 60, y), "right": (area.right - 60, y), "top": (x, area.top + 34), "middle": (x, y)}[side]
    if side in ("left", "right"):
        far = area.right - 64 if side == "left" else area.left + 64
        leaves = [(far, py) for py in spread(area.top, area.bottom, count)]
        tall = min(tall, area.tall / count * 0.75)
    elif side == "top":
        leaves = [(px, area.bottom - 40) for px in spread(area.left, area.right, count)]
        wide = min(wide, area.wide / count - 8)
    else:
        leaves = ring((x, y), area.wide / 2 - 56, area.tall / 2 - 26, count, 0.5)
    for n, end in enumerate(leaves):
        c.line([at, end], c.grey, 4)
        ink = c.box(Box.around(end, wide, tall), leaf)
        c.text(end, pick.text(f"leaf {n}", "[{short}|{module}|{field}|{category}]"), ink, 15, "mm", room=wide - 6)
    node(c, at, 116, 60, shape, colour, root)
    where = "in the middle" if side == "middle" else "at the {root}"
    looks = [
        f"a {{root colour}} root {where} with {{branches}} {{leaf colour}} branches",
        "{branches} {leaf colour} boxes joined to one {root colour} " + f"[node|{SINGULAR[shape]}]",
    ]
    return Said(root, looks)


def concept(c: Canvas, pick: Choices) -> Said:
    """The figures of handbooks: overlapping circles, pyramid, funnel, chevrons, cycle."""
    topic = c.heading("[sales|security|testing|{team}|{service}] [levels|stages|layers|phases]", 0.5)
    form = pick.pick("form", ("pyramid", "funnel", "row of arrows", "overlapping circles"))
    count = pick.count("number", 3, 4)
    (x, y), (left, top, _, _), (wide, tall) = c.area.middle, c.area, (c.area.wide, c.area.tall)
    colours = pick.colours(count, [c.ground])
    step, half = tall / count, min(wide / 2, 200)
    for n in range(count):
        name = pick.text(f"name {n}", "[{category}|{state}|{short}|{team}]")
        if form in ("pyramid", "funnel"):
            y0, y1 = top + step * n + 3, top + step * (n + 1) - 3
            a, b = (n / count, (n + 1) / count) if form == "pyramid" else (1 - n / count, 1 - (n + 1) / count * 0.85)
            ink = c.shape([(x - half * a, y0), (x + half * a, y0), (x + half * b, y1), (x - half * b, y1)], colours[n])
            lower = 8 if form == "pyramid" and n == 0 else 0
            c.text((x, (y0 + y1) / 2 + lower), name, ink, 16, "mm", room=half * (a + b))
        elif form == "row of arrows":
            each = (wide - 20) / count
            x0, x1 = left + each * n, left + each * (n + 1) - 6
            chevron = [(x0, y - 50), (x1, y - 50), (x1 + 20, y), (x1, y + 50), (x0, y + 50), (x0 + 20, y)]
            ink = c.shape(chevron, colours[n])
            c.text((x0 + each / 2 + 8, y), name, ink, 15, "mm", room=each - 30)
        else:
            turn, radius = 2 * pi * n / count - pi / 2, min(tall, wide) * 0.27
            cx, cy = x + radius * 0.8 * cos(turn), y + radius * 0.8 * sin(turn)
            rim = ring((cx, cy), radius, radius, 40)
            c.line([*rim, rim[0]], colours[n], 9)
            c.text((cx + 30 * cos(turn), cy + 30 * sin(turn)), name, size=16, anchor="mm", room=radius)
    last = f"{{colour {count}}}"
    ends = {
        "pyramid": f"{{form}}, {{colour 1}} at the top and {last} at the bottom",
        "funnel": f"{{form}}, wide and {{colour 1}} at the top, narrow and {last} at the bottom",
        "row of arrows": f"{{form}}, the left one {{colour 1}}, the right one {last}",
        "overlapping circles": "{form}, the top one {colour 1}",
    }
    named = "{number} overlapping circles" if form == "overlapping circles" else "a {form} [of|with] {number} parts"
    return Said(topic, [named, ends[form], "{colour 1}, {colour 2} and {colour 3} parts"])
