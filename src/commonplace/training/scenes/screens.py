"""Screens that tell: progress, alerts, chats, tickets."""

from __future__ import annotations

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import ink_on, mix
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.signs import ICONS, icon

PROGRESS = {
    "bars": ("progress bar", "progress bars"),
    "rings": ("progress ring", "progress rings"),
    "steps": ("row of steps", "rows of steps"),
}


def progress(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[Installing {brand}|Uploading {thing}s|Copying to {host}|Updating {service}|{verb} {thing}s]")
    left, _, right, _ = c.area
    form, count = pick.pick("form", tuple(PROGRESS)), pick.count("number", 1, 4)
    colour, how = pick.colour("colour", [c.ground]), pick.pick("how far", ("just begun", "half done", "nearly done"))
    share = {"just begun": 0.12, "half done": 0.5, "nearly done": 0.9}[how] + pick.uniform("share", -0.04, 0.04)
    rest = mix(c.ground, c.ink, 0.18)
    for n, cell in enumerate(c.area.line_up(count, 16, down=form != "rings")):
        x, y = cell.middle
        if form == "bars":
            c.text((left, y - 26), pick.text(f"label {n}", "{path}"), size=16)
            c.plate((left, y - 12, right - 70, y + 12), rest)
            c.plate((left, y - 12, left + (right - 70 - left) * share, y + 12), colour)
            c.text((right, y), f"{share:.0%}", size=18, anchor="rm", bold=True)
        elif form == "rings":
            radius = min(cell.wide, cell.tall) * 0.42
            ring = (x - radius, y - radius, x + radius, y + radius)
            c.pen.arc(ring, 0, 360, rest, int(radius * 0.24))
            c.pen.arc(ring, -90, -90 + 360 * share, colour, int(radius * 0.24))
            c.text((x, y), f"{share:.0%}", size=int(radius * 0.45), anchor="mm", bold=True)
        else:
            for k in range(5):
                px = left + 24 + (right - left - 48) * k / 4
                fill = colour if k < max(1, round(5 * share)) else rest
                if k < 4:
                    c.pen.line((px, y, px + (right - left - 48) / 4, y), rest, 5)
                c.dot((px, y), 20, fill)
                c.text((px, y), str(k + 1), ink_on(fill), 18, "mm", True)
    noun = PROGRESS[form][count > 1]
    return Said(topic, [f"{{number}} {{colour}} {noun}, {{how far}}", f"{{colour}} {noun}", "{how far}"])


def alerts(c: Canvas, pick: Choices) -> Said:
    """Banners: one colour each, a sign, a line of text."""
    c.frame()
    count = pick.count("number", 1, 4)
    shape = pick.pick("shape", ("filled banners", "outlined banners", "banners with a coloured edge"))
    side = pick.pick("icon side", ("left", "right"))
    topic, looks, colours = "", list[str](), pick.colours(count, [c.ground])
    for n, cell in enumerate(c.area.line_up(count, 16, down=True)):
        left, right, y, half = cell.left, cell.right, cell.middle[1], min(44.0, cell.tall / 2)
        sign = pick.pick(f"icon {n + 1}", ICONS)
        filled = shape == "filled banners"
        fill = colours[n] if filled else mix(c.ground, colours[n], 0.08)
        edge = colours[n] if shape == "outlined banners" else None
        c.plate((left, y - half, right, y + half), fill, edge, width=5)
        if shape == "banners with a coloured edge":
            c.plate((left, y - half, left + 12, y + half), colours[n], radius=0)
        ink = ink_on(fill)
        at = (left + 44 if side == "left" else right - 40, y)
        icon(c, at, min(22, half * 0.8), sign, ink if filled else colours[n])
        x = left + (84 if side == "left" else 24)
        words = pick.text(f"alert {n}", "{alert}")
        topic = topic or words
        c.text((x, y - (10 if half > 26 else 0)), words, ink, 18, bold=True, room=right - x - 70)
        if half > 26:
            c.text((x, y + 16), pick.text(f"detail {n}", "{sentence}"), ink, 14, room=right - x - 70)
        looks.append(f"a {{colour {n + 1}}} banner with a {{icon {n + 1}}}")
    if count > 1:
        looks += [
            f"{{number}} {{shape}}, {{colour 1}} on top, {{colour {count}}} at the bottom",
            "the {colour 1} banner is above the {colour 2} one",
        ]
    return Said(topic, [*looks, "[icons|signs] on the {icon side}"])


def chat(c: Canvas, pick: Choices) -> Said:
    c.frame()
    name = pick.text("name", "[#{team}|#{service}|{person} {surname}|#incident-~~]")
    c.title(name)
    mine = pick.colour("right colour", [c.ground])
    theirs = pick.colour("left colour", [c.ground, mine])
    count, last = pick.count("number", 2, 6), pick.pick("last", ("left", "right"))
    faces = pick.pick("pictures", ("round pictures", "no pictures")) == "round pictures"
    left, top, right, bottom = c.area
    step = min(70.0, (bottom - top) / count)
    for n in range(count):
        is_mine = {0: last == "left", count - 1: last == "right"}.get(n, pick.chance(f"mine {n}", 0.5))
        words, y = pick.text(f"message {n}", "{chat}"), top + step * n
        wide = min(c.width_of(words, 17, c.face) + 28, (right - left) * 0.8 - 50)
        x = right - wide - (46 if faces else 0) if is_mine else left + (46 if faces else 0)
        fill = mine if is_mine else theirs
        c.plate((x, y, x + wide, y + step - 10), fill, radius=min(14, (step - 10) / 2))
        c.text((x + 14, y + (step - 10) / 2), words, ink_on(fill), 17, room=wide - 20)
        if faces:
            cx = right - 18 if is_mine else left + 18
            c.pen.ellipse((cx - 16, y + 4, cx + 16, y + 36), c.grey)
    looks = [
        "{right colour} [bubbles|messages] on the right, {left colour} ones on the left",
        "{number} [bubbles|messages]",
        "the last [message|bubble] is on the {last}",
        "{number} speech bubbles with {pictures}",
    ]
    return Said(name, looks)


def tickets(c: Canvas, pick: Choices) -> Said:
    """A board of columns with cards."""
    topic = c.heading("[sprint ~~|{team} board|{city} release|{service} backlog]")
    columns, full = pick.count("columns", 2, 4), pick.pick("fullest", ("left", "right"))
    heads, tags = pick.colour("header colour", [c.ground]), pick.pick("labels", ("coloured strips", "dots", "nothing"))
    tag = pick.colour("label colour", [c.ground, heads]) if tags != "nothing" else heads
    names = ("To do", "Doing", "Review", "Done") if columns == 4 else ("To do", "Doing", "Done")
    for n, column in enumerate(c.area.line_up(columns, 12, down=False)):
        left, top, right, bottom = column
        c.plate(column, mix(c.ground, c.ink, 0.07))
        c.plate((left, top, right, top + 30), heads, radius=min(6, c.style.radius))
        c.text(((left + right) / 2, top + 15), names[n], ink_on(heads), 17, "mm", True)
        most = int((bottom - top - 34) / 62)
        edge = n == (0 if full == "left" else columns - 1)
        for k in range(most if edge else pick.integer(f"cards {n}", 1, max(1, most - 2))):
            y = top + 38 + 62 * k
            paper = mix(c.ground, (255, 255, 255), 0.7)
            c.plate((left + 6, y, right - 6, y + 54), paper, c.faint, 4)
            if tags == "coloured strips":
                c.plate((left + 12, y + 6, left + 52, y + 13), tag, radius=3)
            elif tags == "dots":
                c.pen.ellipse((right - 24, y + 34, right - 10, y + 48), tag)
            c.text((left + 14, y + 24), pick.text(f"card {n} {k}", "{task}"), ink_on(paper), 14, room=right - left - 28)
            number = pick.text(f"number {n} {k}", "[OPS|WEB|SEC|DB]-~~~")
            c.text((left + 14, y + 42), number, mix(ink_on(paper), paper, 0.4), 12, aloud=False)
    looks = ["{columns} columns of cards with {header colour} headers", "the {fullest} column has the most cards"]
    if tags != "nothing":
        looks.append("cards with {label colour} {labels}")
    return Said(topic, looks)
