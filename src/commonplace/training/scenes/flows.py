"""What happens in which order: sequences, flow charts, states, plans; and tables with their keys."""

from __future__ import annotations

from math import pi

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.diagrams import node
from commonplace.training.scenes.geometry import CORNERS, Box, ring, spread, towards
from commonplace.training.scenes.grammar import Said


def sequence(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[login|{verb} {thing}|handshake|checkout|token refresh] [flow|sequence|exchange]", 0.5)
    left, top, right, bottom = c.area
    actors, messages = pick.count("actors", 2, 4), pick.count("messages", 3, 7)
    colour = pick.colour("colour", [c.ground])
    xs = spread(left, right, actors)
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
        c.arrow([(a, y), (b, y)], arrow, 8 if goes_left else 0)
        message = pick.text(f"message {n}", "{message}")
        c.text(((a + b) / 2, y - 12), message, size=14, anchor="mm", room=abs(b - a) - 20)
    looks = [
        "{actors} {colour} boxes at the top with dashed lines down",
        "{messages} [horizontal arrows|messages] between {actors} [lifelines|columns]",
        "the last arrow points {last arrow}",
    ]
    if arrow != c.ink:
        looks.append("{arrow colour} arrows between {colour} boxes")
    return Said(topic, looks)


def flow_chart(c: Canvas, pick: Choices) -> Said:
    topic = c.heading(
        "[how to {verb} a {thing}|{entity} approval|{service} [recovery|deploy|check]|incident response]", 0.4
    )
    down = pick.pick("direction", ("top to bottom", "left to right")) == "top to bottom"
    steps = pick.count("steps", 2, 3)
    first = pick.colour("start colour", [c.ground])
    colour = pick.colour("colour", [c.ground, first])
    question = pick.colour("diamond colour", [c.ground, first, colour])
    side = pick.pick("branch", ("right", "left") if down else ("down", "up"))
    cells = c.area.line_up(steps + 2, 26 if down else 22, down=down)
    at = [cell.middle for cell in cells]
    wide, tall = (150.0, min(54.0, cells[0].tall)) if down else (cells[0].wide, 64.0)
    diamond = (wide * 0.95, max(tall, 50.0))
    turn = steps
    for n, centre in enumerate(at[:-1]):
        reach = (diamond[1] if n == turn else tall) / 2 if down else wide / 2
        far = (diamond[1] * 1.2 if n + 1 == turn else tall) / 2 if down else wide / 2
        c.arrow(towards(centre, at[n + 1], reach + (8 if n == turn else 0), far + 2), c.ink)
    for n, centre in enumerate(at):
        words = pick.text(f"step {n}", "{step}" if n else "[Start|Begin|Request]")
        if n == turn:
            node(c, centre, diamond[0], diamond[1], "diamonds", question, pick.text("question", "{question}"))
        elif n == 0:
            ink = c.box(Box.around(centre, wide, tall), first, 40)
            c.text(centre, words, ink, 15, "mm", room=wide - 10)
        else:
            node(c, centre, wide, tall, "boxes", colour, words)
    qx, qy = at[turn]
    dx, dy = {"right": (1, 0), "left": (-1, 0), "down": (0, 1), "up": (0, -1)}[side]
    away = c.area.wide / 2 - 50 if down else c.area.tall / 2 - 30
    end = (qx + dx * away, qy + dy * away)
    reach = diamond[0] * 0.64 if down else diamond[1] * 0.62
    c.arrow(towards((qx, qy), end, reach, 40 if down else 24), c.ink)
    node(c, end, 88, 44, "boxes", colour, pick.text("other", "{step}"))
    beside = (qx + dx * (reach + 22) + (14 if dy else 0), qy + dy * (reach + 18) - 12)
    c.text(beside, "no", size=14, anchor="mm")
    to_side = "to the {branch}" if down else "{branch}"
    looks = [
        f"a {{diamond colour}} diamond with a branch {to_side}",
        "{colour} boxes joined by arrows from {direction}",
        "it starts with a [|rounded ]{start colour} box",
        "{start colour} start, {colour} steps and a {diamond colour} decision",
        "the diamond has an arrow to the {branch}" if down else "an arrow goes {branch} from the diamond",
    ]
    return Said(topic, looks)


def entities(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[database schema|data model|tables] [of|for] [the {service}|{entity}s and {entity}s]", 0.4)
    count, colour = pick.count("tables", 2, 4), pick.colour("colour", [c.ground])
    names = pick.texts("entity", "{entity}", count)
    odd = pick.colour("odd colour", [c.ground, colour]) if pick.chance("odd", 0.5) else colour
    places = pick.sample("places", CORNERS, count)
    cells = dict(zip(CORNERS, c.area.grid(2, 2, 60), strict=True))
    boxes: list[Box] = []
    for n in range(count):
        cell = cells[places[n]]
        rows = min(pick.integer(f"rows {n}", 2, 6), int((cell.tall - 28) / 22))
        boxes.append(cell._replace(bottom=cell.top + 32 + 22 * rows))
    for n in range(1, count):
        a, b = boxes[n - 1].middle, boxes[n].middle
        c.line([a, (b[0], a[1]), b], c.ink, 3)
    for n, (box, name) in enumerate(zip(boxes, names, strict=True)):
        left, top, right, bottom = box
        head = colour if n else odd
        c.plate(box, c.ground, head, 0, 3)
        ink = c.box((left, top, right, top + 28), head, 0)
        c.text(((left + right) / 2, top + 14), name, ink, 17, "mm", True, room=box.wide)
        for row in range(int((bottom - top - 30) / 22)):
            line = pick.text(f"field {n} {row}", "{field}")
            y = top + 42 + 22 * row
            c.text((left + 10, y), line, c.ink, 15, room=box.wide * 0.55)
            kind = pick.text(f"type {n} {row}", "{sql type}")
            c.text((right - 8, y), kind, c.grey, 13, "rm", room=box.wide * 0.4, aloud=False)
    looks = ["{tables} [tables|boxes with lists of fields] joined by lines", "{tables} tables with {colour} headers"]
    if odd != colour:
        looks[1] = f"the {{odd colour}} table is at the {places[0]}, the others have {{colour}} headers"
    return Said(topic, [*looks, f"a table named {names[0]} at the {places[0]}"])


def states(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[states of|life of|state machine for] [a {entity}|the {service}|a {thing}]", 0.5)
    count, colour = pick.count("number", 3, 6), pick.colour("colour", [c.ground])
    shape = pick.pick("shape", ("circles", "boxes"))
    place = pick.pick("marked one", ("top", "right", "bottom", "left"))
    marked = pick.colour("marked colour", [c.ground, colour])
    start = {"top": -pi / 2, "right": 0.0, "bottom": pi / 2, "left": pi}[place]
    at = ring(c.area.middle, c.area.wide / 2 - 60, c.area.tall / 2 - 40, count, start)
    turn = pick.pick("turn", ("clockwise", "counter-clockwise"))
    for n, a in enumerate(at):
        b = at[(n + (1 if turn == "clockwise" else -1)) % count]
        c.arrow(towards(a, b, 46, 46), c.ink)
        word = pick.text(f"event {n}", "{event}")
        c.text(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2 - 12), word, c.grey, 14, "mm")
    for n, centre in enumerate(at):
        node(c, centre, 84, 62, shape, colour if n else marked, pick.text(f"state {n}", "{state}"))
    looks = [
        "{number} {shape} in a [ring|circle], joined by arrows",
        "the one at the {marked one} is {marked colour}, the others {colour}",
        "{colour} {shape} and one {marked colour} one at the {marked one}",
        "arrows go round {turn}",
    ]
    return Said(topic, looks)


def timeline(c: Canvas, pick: Choices) -> Said:
    """A plan of bars over weeks."""
    topic = c.heading("[plan|schedule|project plan|roadmap] [of the {team} team|for {city}|of the {service}]")
    left, top, right, bottom = c.area
    rows = pick.count("number", 3, 7)
    order = pick.pick("order", ("staircase going down", "staircase going up", "all over the place"))
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
        anywhere = (0, rows - 1, 0)[n] if n < 3 else pick.integer(f"start {n}", 0, rows - 1)
        share = {"staircase going down": n, "staircase going up": rows - 1 - n}.get(order, anywhere)
        x = left + label + (right - left - label) * share / (rows + 1)
        wide = (right - left - label) / (rows + 1) * pick.uniform(f"length {n}", 1.1, 1.9)
        fill = other if n == (0 if odd == "first" else rows - 1) else colour
        c.box((x, y + step * 0.15, min(x + wide, right), y + step * 0.85), fill)
    looks = [
        "{number} [horizontal bars|rows of bars] {order}",
        "{colour} bars, the {odd row} one {odd colour}",
        "bars {order}",
    ]
    return Said(topic, looks)
