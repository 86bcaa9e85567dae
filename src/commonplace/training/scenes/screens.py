"""Screens of programs: log-ins, forms, settings, dialogs, progress, alerts, chats, tickets, calendars."""

from __future__ import annotations

from math import cos, pi, sin

from commonplace.training.scenes.canvas import Box, Canvas, Point, grid, inset, middle, regular
from commonplace.training.scenes.choices import LEGIBLE, Choices
from commonplace.training.scenes.colours import Rgb, ink_on, mix
from commonplace.training.scenes.grammar import Said

SIDES = ("on the left", "in the middle", "on the right")
EMBLEMS = {"circle": 40, "triangle": 3, "square": 4, "hexagon": 6, "star": 10}


def emblem(c: Canvas, centre: Point, radius: float, form: str, colour: Rgb) -> None:
    """One of `EMBLEMS`, filled."""
    corners = regular(centre, radius, EMBLEMS[form], -pi / 4 if form == "square" else -pi / 2)
    if form == "star":
        x, y = centre
        corners = [
            (x + (px - x) * (0.42 if n % 2 else 1), y + (py - y) * (0.42 if n % 2 else 1))
            for n, (px, py) in enumerate(corners)
        ]
    c.pen.polygon(corners, colour)


def _card(c: Canvas, pick: Choices, wide: float, side: str = "in the middle") -> Box:
    """A panel on the ground, in one of several manners."""
    left, top, right, bottom = c.area
    wide = min(wide, right - left)
    x = {"on the left": left, "on the right": right - wide}.get(side, (left + right - wide) / 2)
    box = (x, top, x + wide, bottom)
    if pick.one("card", ("panel", "panel", "none")) == "panel":
        c.plate(box, mix(c.ground, c.ink, 0.06), c.grey if pick.chance("card edge", 0.5) else None)
    return inset(box, 18, 14)


def _button(c: Canvas, box: Box, colour: Rgb, words: str) -> None:
    c.plate(box, colour, radius=min(c.style.radius, 20))
    c.text(middle(box), words, ink_on(colour), min(18, int(box[3] - box[1]) - 10), "mm", True, room=box[2] - box[0])


def _entry(c: Canvas, box: Box, label: str, value: str, edge: Rgb) -> None:
    left, top, right, bottom = box
    c.text((left, top + 9), label, c.ink, 15, room=right - left)
    c.plate((left, top + 20, right, bottom), mix(c.ground, (255, 255, 255), 0.5), edge, min(c.style.radius, 8))
    paper = mix(c.ground, (255, 255, 255), 0.5)
    c.text((left + 10, (top + 20 + bottom) / 2), value, mix(ink_on(paper), paper, 0.25), 15, room=right - left - 16)


def login(c: Canvas, pick: Choices) -> Said:
    c.frame()
    brand = pick.text("brand", "{brand}")
    side = pick.pick("side", SIDES)
    left, top, right, bottom = _card(c, pick, 300, side)
    colour = pick.colour("button colour", [c.ground])
    form, tint = pick.pick("emblem", tuple(EMBLEMS)), pick.colour("emblem colour", [c.ground, colour])
    x, tall = (left + right) / 2, bottom - top
    emblem(c, (x, top + tall * 0.11), tall * 0.1, form, tint)
    c.text(
        (x, top + tall * 0.27),
        pick.text("greeting", f"[Sign in to {brand}|{brand}|Welcome back|Log in]"),
        size=22,
        anchor="mm",
        bold=True,
        room=right - left,
    )
    fields = ("[Email|User name|Email address|Account]", "Password", "Code")[: pick.count("fields", 1, 3)]
    step = tall * 0.4 / 3
    for n, field in enumerate(fields):
        y = top + tall * 0.36 + step * n
        hidden = "* * * * * *" if n else pick.text("name", "[{person}|{person}@{short}.com|]")
        _entry(c, (left, y, right, y + step - 6), pick.text(f"field {n}", field), hidden, c.grey)
    y = top + tall * 0.36 + step * len(fields) + 8
    _button(c, (left, y, right, y + tall * 0.12), colour, pick.text("button", "[Sign in|Log in|Continue|Next]"))
    c.text(
        (x, y + tall * 0.12 + 18),
        pick.text("help", "[Forgot password?|Create account|Need help?|Use single sign-on]"),
        c.grey,
        14,
        "mm",
    )
    looks = [
        "a {button colour} button below [one|a single] [field|input box]" if len(fields) == 1
        else "a {button colour} button below {fields} [fields|input boxes]",
        "a {emblem colour} {emblem} [as logo|on top|above the fields]",
        "{emblem colour} {emblem} above, {button colour} button below",
        "the form is {side}",
    ]  # fmt: skip
    return Said(f"[sign-in to|access to|account of] {brand}", looks)


def form(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "[new|edit|add] [{entity}|{host}|{thing}]")
    c.title(topic)
    left, top, right, bottom = _card(c, pick, 640)
    colour = pick.colour("button colour", [c.ground])
    columns, count = pick.count("columns", 1, 2), pick.count("rows", 2, 4)
    cells = grid((left, top, right, bottom - 48), columns, count, 12)
    wrong = pick.pick("message", ("a red error below a field", "no error")) == "a red error below a field"
    bad = pick.among("bad field", len(cells))
    for n, (cell, label) in enumerate(zip(cells, pick.texts("label", "{label}", len(cells)), strict=True)):
        hit = wrong and n == bad
        box = cell[0], cell[1], cell[2], min(cell[3] - (16 if hit else 0), cell[1] + 62)
        _entry(
            c,
            box,
            label,
            pick.text(f"value {n}", "[|{person} {surname}|{city}|~~~|{host}]"),
            (222, 36, 36) if hit else c.grey,
        )
        if hit:
            c.text((box[0], box[3] + 9), "required field", (222, 36, 36), 13)
    place = pick.pick("button side", ("left", "right"))
    x = left if place == "left" else right - 130
    _button(c, (x, bottom - 38, x + 130, bottom), colour, pick.text("button", "{button}"))
    return Said(
        topic,
        [
            "a {button colour} button at the bottom {button side}",
            "{rows} rows of [fields|input boxes] in {columns} " + ("columns" if columns > 1 else "column"),
            "{message}, {button colour} button",
        ],
    )


def settings(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text("topic", "[{service}|device|account|network|privacy|{brand}] settings")
    c.title(topic)
    left, top, right, bottom = c.area
    bar = pick.pick("sidebar", ("left", "right", "nowhere"))
    colour = pick.colour("switch colour", [c.ground])
    looks = []
    if bar != "nowhere":
        tint = pick.colour("sidebar colour", [c.ground, colour])
        box = (left, top, left + 130, bottom) if bar == "left" else (right - 130, top, right, bottom)
        c.plate(box, tint, radius=min(6, c.style.radius))
        for n, name in enumerate(pick.texts("section", "[General|{setting}|Users|About|Advanced|{module}]", 5)):
            c.text((box[0] + 12, top + 24 + 34 * n), name, ink_on(tint), 15, room=110)
        left, right = (left + 150, right) if bar == "left" else (left, right - 150)
        looks.append("a {sidebar colour} [sidebar|menu] on the {sidebar}")
    count, control = pick.count("rows", 3, 7), pick.pick("controls", ("switches", "check boxes", "sliders"))
    on = pick.pick("on", ("all", "none", "only the first", "only the last"))
    step = min(58, (bottom - top) / count)
    for n, name in enumerate(pick.texts("setting", "{setting}", count)):
        y, lit = (
            top + step * (n + 0.5),
            on == "all" or (on == "only the first" and n == 0) or (on == "only the last" and n == count - 1),
        )
        c.text((left, y), name, size=17, room=right - left - 110)
        fill = colour if lit else mix(c.ground, c.ink, 0.25)
        if control == "switches":
            c.plate((right - 54, y - 13, right, y + 13), fill, radius=13)
            x = right - 13 if lit else right - 41
            c.pen.ellipse((x - 10, y - 10, x + 10, y + 10), (250, 250, 250))
        elif control == "check boxes":
            c.plate((right - 26, y - 13, right, y + 13), fill if lit else c.ground, fill, 4)
            if lit:
                c.pen.line([(right - 21, y), (right - 15, y + 7), (right - 5, y - 7)], ink_on(fill), 4)
        else:
            x = right - 110 + (95 if lit else 15)
            c.pen.line((right - 110, y, right, y), c.faint, 6)
            c.pen.line((right - 110, y, x, y), colour, 6)
            c.pen.ellipse((x - 10, y - 10, x + 10, y + 10), colour)
        c.pen.line((left, y + step / 2, right, y + step / 2), c.faint, 2)
    states = "[turned on|switched on]" if control != "sliders" else "[far to the right|at the maximum]"
    looks += [f"{{rows}} {{controls}}, {{on}} {states}", f"{{controls}} on the right side, {{on}} {states}"]
    if on != "none" or control == "sliders":
        looks.append("{switch colour} {controls}")
    return Said(topic, looks)


ICONS = ("exclamation mark", "check mark", "cross", "question mark", "letter i")


def icon(c: Canvas, centre: Point, radius: float, name: str, colour: Rgb) -> None:
    """One of `ICONS` in a disc."""
    x, y = centre
    ink, wide = ink_on(colour), max(3, int(radius * 0.22))
    c.pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
    r = radius * 0.45
    if name == "check mark":
        c.pen.line([(x - r, y), (x - r * 0.2, y + r * 0.8), (x + r, y - r * 0.7)], ink, wide, joint="curve")
    elif name == "cross":
        c.pen.line((x - r, y - r, x + r, y + r), ink, wide)
        c.pen.line((x - r, y + r, x + r, y - r), ink, wide)
    else:
        letter = {"exclamation mark": "!", "question mark": "?", "letter i": "i"}[name]
        c.text(centre, letter, ink, int(radius * 1.4), "mm", True, aloud=False)


def dialog(c: Canvas, pick: Choices) -> Said:
    """A question over a dimmed page."""
    for n in range(pick.integer("behind", 3, 9)):
        y = 30.0 + 44 * n
        c.plate((24, y, 24 + pick.integer(f"line {n}", 120, c.width - 60), y + 18), c.faint, radius=3)
    left, top, right, bottom = 0.16 * c.width, 0.2 * c.height, 0.84 * c.width, 0.8 * c.height
    paper = pick.varied("paper", pick.one("paper", ((255, 255, 255), (246, 246, 248), (44, 48, 56), (255, 250, 230))))
    colour, sign = pick.colour("icon colour", [paper]), pick.pick("icon", ICONS)
    button = pick.colour("button colour", [paper, colour])
    c.plate((left + 8, top + 8, right + 8, bottom + 8), mix(c.ground, (0, 0, 0), 0.5))
    c.plate((left, top, right, bottom), paper, mix(paper, ink_on(paper), 0.4))
    where = pick.pick("icon place", ("on the left", "at the top"))
    at = (left + 44, top + 56) if where == "on the left" else ((left + right) / 2, top + 44)
    icon(c, at, 28, sign, colour)
    x, y, anchor = (left + 88, top + 40, "lm") if where == "on the left" else ((left + right) / 2, top + 94, "mm")
    ink = ink_on(paper)
    topic = pick.text("question", "{question box}")
    c.text((x, y), topic, ink, 22, anchor, True, room=right - x - 10 if anchor == "lm" else right - left - 20)
    c.text(
        (x, y + 32),
        pick.text("detail", "{sentence}"),
        mix(ink, paper, 0.3),
        15,
        anchor,
        room=right - x - 10 if anchor == "lm" else right - left - 20,
    )
    count, side = pick.count("buttons", 1, 3), pick.pick("coloured button", ("right", "left"))
    wide = min(120.0, (right - left - 40) / count - 10)
    for n, name in enumerate(pick.texts("button", "[{button}|Cancel|Later|No]", count)):
        x = right - 20 - (count - n) * (wide + 10) + 10
        hit = n == (count - 1 if side == "right" else 0)
        _button(c, (x, bottom - 54, x + wide, bottom - 18), button if hit else mix(paper, ink, 0.15), name)
    looks = ["a {icon colour} [disc|circle] with a {icon} {icon place}"]
    looks += ["a {icon colour} {icon} icon and {buttons} " + ("buttons" if count > 1 else "button")]
    looks += [
        "the {coloured button} button is {button colour}" if count > 1 else "[one|a single] {button colour} button"
    ]
    return Said(topic.rstrip("?"), looks)


def progress(c: Canvas, pick: Choices) -> Said:
    c.frame()
    topic = pick.text(
        "topic", "[Installing {brand}|Uploading {thing}s|Copying to {host}|Updating {service}|{verb} {thing}s]"
    )
    c.title(topic)
    left, top, right, bottom = c.area
    form, count = pick.pick("form", ("bars", "rings", "steps")), pick.count("number", 1, 4)
    colour, how = pick.colour("colour", [c.ground]), pick.pick("how far", ("just begun", "half done", "nearly done"))
    share = {"just begun": 0.12, "half done": 0.5, "nearly done": 0.9}[how] + pick.uniform("share", -0.04, 0.04)
    rest = mix(c.ground, c.ink, 0.18)
    cells = grid(c.area, 1, count, 16) if form != "rings" else grid(c.area, count, 1, 16)
    for cell in cells:
        (x, y), n = middle(cell), cells.index(cell)
        label = pick.text(f"label {n}", "{path}")
        if form == "bars":
            c.text((left, y - 26), label, size=16)
            c.plate((left, y - 12, right - 70, y + 12), rest)
            c.plate((left, y - 12, left + (right - 70 - left) * share, y + 12), colour)
            c.text((right, y), f"{share:.0%}", size=18, anchor="rm", bold=True)
        elif form == "rings":
            radius = min(cell[2] - cell[0], cell[3] - cell[1]) * 0.42
            ring = (x - radius, y - radius, x + radius, y + radius)
            c.pen.arc(ring, 0, 360, rest, int(radius * 0.24))
            c.pen.arc(ring, -90, -90 + 360 * share, colour, int(radius * 0.24))
            c.text((x, y), f"{share:.0%}", size=int(radius * 0.45), anchor="mm", bold=True)
        else:
            for k in range(5):
                px, lit = left + 24 + (right - left - 48) * k / 4, k < round(5 * share)
                if k < 4:
                    c.pen.line((px, y, px + (right - left - 48) / 4, y), rest, 5)
                c.pen.ellipse((px - 20, y - 20, px + 20, y + 20), colour if lit else rest)
                c.text((px, y), str(k + 1), ink_on(colour if lit else rest), 18, "mm", True)
    noun = {"bars": "progress bar", "rings": "progress ring", "steps": "row of steps"}[form]
    many = noun.replace("row", "rows") if form == "steps" else noun + "s"
    return Said(
        topic,
        [
            f"{{number}} {{colour}} {noun if count == 1 else many}, {{how far}}",
            f"{{colour}} {many if count > 1 else noun}",
            "{how far}",
        ],
    )


def alerts(c: Canvas, pick: Choices) -> Said:
    """Banners: one colour each, a sign, a line of text."""
    c.frame()
    count, shape = (
        pick.count("number", 1, 4),
        pick.pick("shape", ("filled banners", "outlined banners", "banners with a coloured edge")),
    )
    side = pick.pick("icon side", ("left", "right"))
    topic, taken, looks = "", list[Rgb](), list[str]()
    cells = grid(c.area, 1, count, 16)
    for n, cell in enumerate(cells):
        y, half = middle(cell)[1], min(44.0, (cell[3] - cell[1]) / 2)
        taken.append(pick.colour(f"colour {n + 1}", [c.ground, *taken]))
        box, sign = (cell[0], y - half, cell[2], y + half), pick.pick(f"icon {n + 1}", ICONS)
        filled = shape == "filled banners"
        fill = taken[-1] if filled else mix(c.ground, taken[-1], 0.08)
        c.plate(box, fill, taken[-1] if shape == "outlined banners" else None, width=5)
        if shape == "banners with a coloured edge":
            c.plate((box[0], box[1], box[0] + 12, box[3]), taken[-1], radius=0)
        ink = ink_on(fill)
        icon(
            c,
            (box[0] + 44 if side == "left" else box[2] - 40, y),
            min(22, half * 0.8),
            sign,
            ink if filled else taken[-1],
        )
        x = box[0] + (84 if side == "left" else 24)
        words = pick.text(f"alert {n}", "{alert}")
        topic = topic or words
        c.text((x, y - (10 if half > 26 else 0)), words, ink, 18, bold=True, room=box[2] - x - 70)
        if half > 26:
            c.text((x, y + 16), pick.text(f"detail {n}", "{sentence}"), ink, 14, room=box[2] - x - 70)
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
    return Said(
        name,
        [
            "{right colour} [bubbles|messages] on the right, {left colour} ones on the left",
            "{number} [bubbles|messages]",
            "the last [message|bubble] is on the {last}",
            "{number} speech bubbles with {pictures}",
        ],
    )


def tickets(c: Canvas, pick: Choices) -> Said:
    """A board of columns with cards."""
    c.frame()
    topic = pick.text("topic", "[sprint ~~|{team} board|{city} release|{service} backlog]")
    c.title(topic)
    columns, full = pick.count("columns", 2, 4), pick.pick("fullest", ("left", "right"))
    heads, tags = pick.colour("header colour", [c.ground]), pick.pick("labels", ("coloured strips", "dots", "nothing"))
    tag = pick.colour("label colour", [c.ground, heads]) if tags != "nothing" else heads
    for n, column in enumerate(grid(c.area, columns, 1, 12)):
        left, top, right, bottom = column
        c.plate(column, mix(c.ground, c.ink, 0.07))
        c.plate((left, top, right, top + 30), heads, radius=min(6, c.style.radius))
        words = ("To do;Doing;Review;Done" if columns == 4 else "To do;Doing;Done").split(";")[n]
        c.text(((left + right) / 2, top + 15), words, ink_on(heads), 17, "mm", True)
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
            c.text(
                (left + 14, y + 42),
                pick.text(f"number {n} {k}", "[OPS|WEB|SEC|DB]-~~~"),
                mix(ink_on(paper), paper, 0.4),
                12,
                aloud=False,
            )
    looks = ["{columns} columns of cards with {header colour} headers", "the {fullest} column has the most cards"]
    if tags != "nothing":
        looks.append("cards with {label colour} {labels}")
    return Said(topic, looks)


def calendar(c: Canvas, pick: Choices) -> Said:
    c.frame()
    month = pick.text("month", "[January|February|March|April|May|June|July|August|October] 20~~")
    c.title(month)
    head, mark = (
        pick.colour("header colour", [c.ground]),
        pick.pick("marked", ("one day", "a whole week", "the weekends")),
    )
    fill = pick.colour("mark colour", [c.ground, head])
    cells, first = grid(c.area, 7, 6, 3), pick.integer("first", 0, 4)
    place = pick.pick("week", ("first", "last")) if mark == "a whole week" else "first"
    row = 1 if place == "first" else 5
    for n, cell in enumerate(cells):
        if n < 7:
            c.plate(cell, head, radius=0)
            c.text(middle(cell), ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")[n], ink_on(head), 16, "mm", True)
            continue
        day, hit = (
            n - 6 - first,
            {"one day": n == 10 + pick.integer("day", 4, 22), "a whole week": n // 7 == row}.get(mark, n % 7 > 4),
        )
        tint = fill if hit else mix(c.ground, c.ink, 0.05)
        c.plate(cell, tint, radius=min(4, c.style.radius))
        if 1 <= day <= 31:
            c.text((cell[0] + 6, cell[1] + 12), str(day), ink_on(tint), 14, aloud=False)
    looks = [
        "{mark colour} marks {marked}",
        "a {header colour} row with the days of the week",
        "{marked} in {mark colour}",
    ]
    if mark == "a whole week":
        looks.append("the {week} week is {mark colour}")
    return Said(month, looks)
