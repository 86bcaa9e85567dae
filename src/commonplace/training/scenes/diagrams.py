"""Boxes and arrows: networks, architectures, flows, sequences, tables with keys, states, plans, trees."""

from __future__ import annotations

from math import cos, hypot, pi, sin

from commonplace.training.scenes.canvas import Box, Canvas, Point, grid, middle, regular
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
        rim = [
            (x + wide / 2 * (0.86 + 0.14 * abs(sin(t * 3.5))) * cos(t), y + tall / 2 * (0.8 + 0.2 * abs(sin(t * 3.5))) * sin(t))
            for t in (n * pi / 21 for n in range(42))
        ]  # fmt: skip
        ink = c.shape(rim, colour)
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


def _towards(a: Point, b: Point, start: float, end: float) -> list[Point]:
    """The straight way between two centres, `start` and `end` pixels cut off."""
    length = hypot(b[0] - a[0], b[1] - a[1]) or 1.0
    ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
    return [(a[0] + ux * start, a[1] + uy * start), (b[0] - ux * end, b[1] - uy * end)]


TOPOLOGIES = {
    "star": "[star|hub and spokes|one node in the middle joined to all others]",
    "ring": "[ring|circle of nodes, each joined to the next|closed loop]",
    "full mesh": "[full mesh|every node joined to every other|web of crossing lines]",
    "bus": "[bus|row of nodes on one long line]",
    "tree": "[tree|root at the top with branches below]",
}


def network(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "{city} [office|data centre|campus|branch] network")
    if pick.chance("title", 0.6):
        c.title(topic)
    topology, count = pick.pick("topology", tuple(TOPOLOGIES)), pick.count("number", 4, 8)
    colour = pick.colour("colour", [c.ground])
    shape = pick.pick("shape", ("boxes", "circles", "hexagons", "cylinders", "clouds"))
    hub = pick.colour("hub colour", [c.ground, colour]) if topology in ("star", "tree") else colour
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
    elif topology == "tree":
        wide = min(wide, (right - left) / count - 8)
        around = [(left + (right - left) * (n + 0.5) / count, bottom - tall / 2 - 20) for n in range(count)]
        joints = [((x, top + tall), point) for point in around]
    elif topology == "full mesh":
        joints = [(a, b) for n, a in enumerate(around) for b in around[n + 1 :]]
    else:
        ends = around[1:] + around[:1] if topology == "ring" else [(x, y)] * count
        joints = list(zip(around, ends, strict=True))
    dashed = pick.pick("links", ("solid", "dashed")) == "dashed"
    for a, b in joints:
        c.line([a, b], c.grey, 3, 9 if dashed else 0)
    for n, point in enumerate(around):
        node(c, point, wide, tall, shape, colour, pick.text(f"node {n}", "[{short}|{host}]"))
    looks = [f"{{number}} {{colour}} {{shape}}, {{topology}}", "[|a ]{topology}", "{links} [lines|links]"]
    if topology in ("star", "tree"):
        at = (x, top + tall) if topology == "tree" else (x, y)
        node(
            c,
            at,
            100,
            56,
            pick.pick("hub shape", ("boxes", "clouds", "circles", "hexagons")),
            hub,
            pick.text("hub", "[router|switch|internet|core|broker]"),
        )
        where = "at the top" if topology == "tree" else "in the middle"
        looks.append(f"{{hub colour}} [node|one] {where}, {{colour}} {{shape}} [around it|joined to it]")
    return Said(topic, looks)


def architecture(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text(
        "topic", "[architecture of the {service}|{service} components|how the {service} works|{team} platform]"
    )
    c.title(topic)
    sideways = pick.pick("direction", ("left to right", "top to bottom")) == "left to right"
    layers = pick.count("layers", 2, 4)
    grouped = pick.pick("groups", ("dashed frames", "tinted areas", "nothing"))
    taken: list[Rgb] = []
    bands = grid(c.area, layers, 1, 34) if sideways else grid(c.area, 1, layers, 30)
    rows: list[list[Point]] = []
    sizes: list[tuple[float, float]] = []
    looks = ["boxes in {layers} layers from {direction}", "arrows [go|point] from {direction}"]
    for n, band in enumerate(bands):
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        count = pick.integer(f"boxes {n}", 1, 3)
        left, top, right, bottom = band
        if grouped == "dashed frames":
            c.line([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], c.grey, 2, 8)
        elif grouped == "tinted areas":
            c.plate(band, mix(c.ground, taken[-1], 0.2))
        shape = pick.pick(f"shape {n + 1}", ("boxes", "boxes", "cylinders", "hexagons", "clouds"))
        cells = grid(band, 1, count, 8) if sideways else grid(band, count, 1, 8)
        wide, tall = min(130.0, cells[0][2] - cells[0][0] - 14), min(56.0, cells[0][3] - cells[0][1] - 12)
        rows.append([middle(cell) for cell in cells])
        sizes.append((wide, tall))
        for m, centre in enumerate(rows[-1]):
            node(c, centre, wide, tall, shape, taken[-1], pick.text(f"name {n} {m}", "{short}"))
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


def sequence(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "[login|{verb} {thing}|handshake|checkout|token refresh] [flow|sequence|exchange]")
    if pick.chance("title", 0.5):
        c.title(topic)
    left, top, right, bottom = c.area
    actors, messages = pick.count("actors", 2, 4), pick.count("messages", 3, 7)
    colour = pick.colour("colour", [c.ground])
    xs = [left + (right - left) * (n + 0.5) / actors for n in range(actors)]
    wide = min(120.0, (right - left) / actors - 12)
    for x, name in zip(xs, pick.texts("actor", "[{short}|client|server|user|{service}]", actors), strict=True):
        c.line([(x, top + 38), (x, bottom)], c.grey, 2, 8)
        ink = c.box((x - wide / 2, top, x + wide / 2, top + 38), colour)
        c.text((x, top + 19), name, ink, 15, "mm", room=wide - 8)
    arrow = pick.colour("arrow colour", [c.ground, colour]) if pick.chance("coloured arrows", 0.5) else c.ink
    backwards = pick.pick("last arrow", ("right", "left"))
    step = (bottom - top - 70) / messages
    for n in range(messages):
        y = top + 74 + step * n
        start = pick.integer(f"from {n}", 0, actors - 2)
        goes_left = backwards == "left" if n == messages - 1 else pick.chance(f"back {n}", 0.35)
        a, b = (xs[start + 1], xs[start]) if goes_left else (xs[start], xs[start + 1])
        c.arrow([(a, y), (b, y)], arrow, 3, 8 if goes_left else 0)
        c.text(
            ((a + b) / 2, y - 12), pick.text(f"message {n}", "{message}"), size=14, anchor="mm", room=abs(b - a) - 20
        )
    looks = [
        "{actors} {colour} boxes at the top with dashed lines down",
        "{messages} [horizontal arrows|messages] between {actors} [lifelines|columns]",
        "the last arrow points {last arrow}",
    ]
    if arrow != c.ink:
        looks.append("{arrow colour} arrows between {colour} boxes")
    return Said(topic, looks)


def flow_chart(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text(
        "topic", "[how to {verb} a {thing}|{entity} approval|{service} [recovery|deploy|check]|incident response]"
    )
    if pick.chance("title", 0.4):
        c.title(topic)
    down = pick.pick("direction", ("top to bottom", "left to right")) == "top to bottom"
    steps = pick.count("steps", 2, 3)
    first = pick.colour("start colour", [c.ground])
    colour = pick.colour("colour", [c.ground, first])
    question = pick.colour("diamond colour", [c.ground, first, colour])
    side = pick.pick("branch", ("right", "left") if down else ("down", "up"))
    cells = grid(c.area, 1, steps + 2, 26) if down else grid(c.area, steps + 2, 1, 22)
    x, y = middle(c.area)
    at = [(x, middle(cell)[1]) if down else (middle(cell)[0], y) for cell in cells]
    wide, tall = (150.0, min(54.0, cells[0][3] - cells[0][1])) if down else (cells[0][2] - cells[0][0], 64.0)
    diamond = (wide * 0.95, max(tall, 50.0))
    turn = steps
    for n, centre in enumerate(at):
        if n + 1 < len(at):
            reach = (diamond[1] if n == turn else tall) / 2 if down else wide / 2
            far = (diamond[1] * 1.2 if n + 1 == turn else tall) / 2 if down else wide / 2
            c.arrow(_towards(centre, at[n + 1], reach + (8 if n == turn else 0), far + 2), c.ink, 3)
    for n, centre in enumerate(at):
        words = pick.text(f"step {n}", "{step}" if n else "[Start|Begin|Request]")
        if n == turn:
            node(c, centre, diamond[0], diamond[1], "diamonds", question, pick.text("question", "{question}"))
        elif n == 0:
            ink = c.box(
                (centre[0] - wide / 2, centre[1] - tall / 2, centre[0] + wide / 2, centre[1] + tall / 2), first, 40
            )
            c.text(centre, words, ink, 15, "mm", room=wide - 10)
        else:
            node(c, centre, wide, tall, "boxes", colour, words)
    qx, qy = at[turn]
    offset = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}[side]
    away = ((c.area[2] - c.area[0]) / 2 - 50) if down else ((c.area[3] - c.area[1]) / 2 - 30)
    end = (qx + offset[0] * away, qy + offset[1] * away)
    reach = diamond[0] * 0.64 if down else diamond[1] * 0.62
    c.arrow(_towards((qx, qy), end, reach, 40 if down else 24), c.ink, 3)
    node(c, end, 88, 44, "boxes", colour, pick.text("other", "{step}"))
    c.text(
        (qx + offset[0] * (reach + 22) + (14 if offset[1] else 0), qy + offset[1] * (reach + 18) - 12),
        "no",
        size=14,
        anchor="mm",
    )
    looks = [
        "a {diamond colour} diamond with a branch to the {branch}"
        if down
        else "a {diamond colour} diamond with a branch {branch}",
        "{colour} boxes joined by arrows from {direction}",
        "it starts with a [|rounded ]{start colour} box",
        "{start colour} start, {colour} steps and a {diamond colour} decision",
        "the diamond has an arrow to the {branch}" if down else "an arrow goes {branch} from the diamond",
    ]
    return Said(topic, looks)


def entities(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "[database schema|data model|tables] [of|for] [the {service}|{entity}s and {entity}s]")
    if pick.chance("title", 0.4):
        c.title(topic)
    count, colour = pick.count("tables", 2, 4), pick.colour("colour", [c.ground])
    names = pick.texts("entity", "{entity}", count)
    odd = pick.colour("odd colour", [c.ground, colour]) if pick.chance("odd", 0.5) else colour
    places = pick.sample("places", ("top left", "top right", "bottom left", "bottom right"), count)
    cells = dict(zip(("top left", "top right", "bottom left", "bottom right"), grid(c.area, 2, 2, 60), strict=True))
    boxes: list[Box] = []
    for n, name in enumerate(names):
        left, top, right, bottom = cells[places[n]]
        rows = min(pick.integer(f"rows {n}", 2, 6), int((bottom - top - 28) / 22))
        boxes.append((left, top, right, top + 32 + 22 * rows))
    for n in range(1, count):
        a, b = middle(boxes[n - 1]), middle(boxes[n])
        c.line([a, (b[0], a[1]), b], c.ink, 3)
    for n, (box, name) in enumerate(zip(boxes, names, strict=True)):
        left, top, right, bottom = box
        head = colour if n else odd
        c.plate(box, c.ground, head, 0, 3)
        ink = c.box((left, top, right, top + 28), head, 0)
        c.text(((left + right) / 2, top + 14), name, ink, 17, "mm", True, room=right - left)
        for row in range(int((bottom - top - 30) / 22)):
            line = pick.text(f"field {n} {row}", "{field}")
            y = top + 42 + 22 * row
            c.text((left + 10, y), line, c.ink, 15, room=(right - left) * 0.55)
            kind = pick.text(f"type {n} {row}", "{sql type}")
            c.text((right - 8, y), kind, c.grey, 13, "rm", room=(right - left) * 0.4, aloud=False)
    looks = ["{tables} [tables|boxes with lists of fields] joined by lines", "{tables} tables with {colour} headers" if odd == colour
             else "the {odd colour} table is at the " + places[0] + ", the others have {colour} headers"]  # fmt: skip
    return Said(topic, [*looks, f"a table named {names[0]} at the {places[0]}"])


def states(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "[states of|life of|state machine for] [a {entity}|the {service}|a {thing}]")
    if pick.chance("title", 0.5):
        c.title(topic)
    count, colour = pick.count("number", 3, 6), pick.colour("colour", [c.ground])
    shape = pick.pick("shape", ("circles", "boxes"))
    place = pick.pick("marked one", ("top", "right", "bottom", "left"))
    marked = pick.colour("marked colour", [c.ground, colour])
    (x, y), (left, top, right, bottom) = middle(c.area), c.area
    start = {"top": -pi / 2, "right": 0.0, "bottom": pi / 2, "left": pi}[place]
    rx, ry = (right - left) / 2 - 60, (bottom - top) / 2 - 40
    at = [(x + rx * cos(start + 2 * pi * n / count), y + ry * sin(start + 2 * pi * n / count)) for n in range(count)]
    turn = pick.pick("turn", ("clockwise", "counter-clockwise"))
    for n, a in enumerate(at):
        b = at[(n + (1 if turn == "clockwise" else -1)) % count]
        ends = _towards(a, b, 46, 46)
        c.arrow(ends, c.ink, 3)
        word = pick.text(f"event {n}", "{event}")
        c.text(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - 12), word, c.grey, 14, "mm")
    for n, centre in enumerate(at):
        node(c, centre, 84, 62, shape, colour if n else marked, pick.text(f"state {n}", "{state}"))
    return Said(
        topic,
        [
            "{number} {shape} in a [ring|circle], joined by arrows",
            "the one at the {marked one} is {marked colour}, the others {colour}",
            "{colour} {shape} and one {marked colour} one at the {marked one}",
            "arrows go round {turn}",
        ],
    )


def timeline(c: Canvas, pick: Choices) -> Said:
    """A plan of bars over weeks."""
    c.frame()
    topic = pick.text("topic", "[plan|schedule|project plan|roadmap] [of the {team} team|for {city}|of the {service}]")
    c.title(topic)
    left, top, right, bottom = c.area
    rows, order = (
        pick.count("number", 3, 7),
        pick.pick("order", ("staircase going down", "staircase going up", "all over the place")),
    )
    colour, odd = pick.colour("colour", [c.ground]), pick.pick("odd row", ("first", "last"))
    other = pick.colour("odd colour", [c.ground, colour])
    label = (right - left) * 0.32
    weeks = pick.integer("weeks", 5, 9)
    for n in range(weeks + 1):
        x = left + label + (right - left - label) * n / weeks
        c.pen.line((x, top, x, bottom), c.faint, 2)
        if n < weeks:
            c.text((x + 4, top + 8), f"W{n + 1}", c.grey, 14, aloud=False)
    step = (bottom - top - 20) / rows
    for n, name in enumerate(pick.texts("task", "{task}", rows)):
        y = top + 22 + step * n
        c.text((left, y + step / 2), name, size=14, room=label - 8)
        share = {"staircase going down": n, "staircase going up": rows - 1 - n}.get(
            order, pick.integer(f"start {n}", 0, rows - 1)
        )
        if order == "all over the place" and n < 3:
            share = (0, rows - 1, 0)[n]
        x = left + label + (right - left - label) * share / (rows + 1)
        wide = (right - left - label) / (rows + 1) * pick.uniform(f"length {n}", 1.1, 1.9)
        fill = other if n == (0 if odd == "first" else rows - 1) else colour
        c.box((x, y + step * 0.15, min(x + wide, right), y + step * 0.85), fill)
    return Said(
        topic,
        [
            "{number} [horizontal bars|rows of bars] {order}",
            "{colour} bars, the {odd row} one {odd colour}",
            "bars {order}",
        ],
    )


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
    c.frame()
    topic = pick.text("topic", "[sales|security|testing|{team}|{service}] [levels|stages|layers|phases]")
    if pick.chance("title", 0.5):
        c.title(topic)
    form, count = (
        pick.pick("form", ("pyramid", "funnel", "row of arrows", "overlapping circles")),
        pick.count("number", 3, 4),
    )
    (x, y), (left, top, right, bottom) = middle(c.area), c.area
    taken: list[Rgb] = []
    step, half = (bottom - top) / count, min((right - left) / 2, 200)
    for n in range(count):
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        name = pick.text(f"name {n}", "[{category}|{state}|{short}|{team}]")
        y0, y1 = top + step * n + 3, top + step * (n + 1) - 3
        if form in ("pyramid", "funnel"):
            a, b = (n / count, (n + 1) / count) if form == "pyramid" else (1 - n / count, 1 - (n + 1) / count * 0.85)
            ink = c.shape([(x - half * a, y0), (x + half * a, y0), (x + half * b, y1), (x - half * b, y1)], taken[-1])
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
                [(x0, y - 50), (x1, y - 50), (x1 + 20, y), (x1, y + 50), (x0, y + 50), (x0 + 20, y)], taken[-1]
            )
            c.text((x0 + wide / 2 + 8, y), name, ink, 15, "mm", room=wide - 30)
        else:
            turn, radius = 2 * pi * n / count - pi / 2, min(bottom - top, right - left) * 0.27
            centre = (x + radius * 0.8 * cos(turn), y + radius * 0.8 * sin(turn))
            rim = regular(centre, radius, 40)
            c.line([*rim, rim[0]], taken[-1], 9)
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
