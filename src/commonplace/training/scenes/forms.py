"""Screens that ask: log-ins, forms, settings, dialogs."""

from __future__ import annotations

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import Rgb, ink_on, mix
from commonplace.training.scenes.geometry import Box
from commonplace.training.scenes.grammar import Said
from commonplace.training.scenes.signs import EMBLEMS, ICONS, emblem, icon

SIDES = ("on the left", "in the middle", "on the right")
WRONG = (222, 36, 36)


def _card(c: Canvas, pick: Choices, wide: float, side: str = "in the middle") -> Box:
    """A panel on the ground, in one of several manners."""
    left, top, right, bottom = c.area
    wide = min(wide, right - left)
    x = {"on the left": left, "on the right": right - wide}.get(side, (left + right - wide) / 2)
    box = Box(x, top, x + wide, bottom)
    if pick.one("card", ("panel", "panel", "none")) == "panel":
        c.plate(box, mix(c.ground, c.ink, 0.06), c.grey if pick.chance("card edge", 0.5) else None)
    return box.inset(18, 14)


def _button(c: Canvas, box: Box, colour: Rgb, words: str) -> None:
    c.plate(box, colour, radius=min(c.style.radius, 20))
    c.text(box.middle, words, ink_on(colour), min(18, int(box.tall) - 10), "mm", True, room=box.wide)


def _entry(c: Canvas, box: Box, label: str, value: str, edge: Rgb) -> None:
    left, top, right, bottom = box
    paper = mix(c.ground, (255, 255, 255), 0.5)
    c.text((left, top + 9), label, c.ink, 15, room=right - left)
    c.plate((left, top + 20, right, bottom), paper, edge, min(c.style.radius, 8))
    c.text((left + 10, (top + 20 + bottom) / 2), value, mix(ink_on(paper), paper, 0.25), 15, room=right - left - 16)


def login(c: Canvas, pick: Choices) -> Said:
    c.frame()
    brand = pick.text("brand", "{brand}")
    card = _card(c, pick, 300, pick.pick("side", SIDES))
    left, top, right, bottom = card
    colour = pick.colour("button colour", [c.ground])
    form, tint = pick.pick("emblem", tuple(EMBLEMS)), pick.colour("emblem colour", [c.ground, colour])
    x, tall = (left + right) / 2, bottom - top
    emblem(c, (x, top + tall * 0.11), tall * 0.1, form, tint)
    greeting = pick.text("greeting", f"[Sign in to {brand}|{brand}|Welcome back|Log in]")
    c.text((x, top + tall * 0.27), greeting, size=22, anchor="mm", bold=True, room=right - left)
    fields = ("[Email|User name|Email address|Account]", "Password", "Code")[: pick.count("fields", 1, 3)]
    step = tall * 0.4 / 3
    for n, field in enumerate(fields):
        y = top + tall * 0.36 + step * n
        hidden = "* * * * * *" if n else pick.text("name", "[{person}|{person}@{short}.com|]")
        _entry(c, Box(left, y, right, y + step - 6), pick.text(f"field {n}", field), hidden, c.grey)
    y = top + tall * 0.36 + step * len(fields) + 8
    button = pick.text("button", "[Sign in|Log in|Continue|Next]")
    _button(c, Box(left, y, right, y + tall * 0.12), colour, button)
    aid = pick.text("help", "[Forgot password?|Create account|Need help?|Use single sign-on]")
    c.text((x, y + tall * 0.12 + 18), aid, c.grey, 14, "mm")
    many = "[one|a single] [field|input box]" if len(fields) == 1 else "{fields} [fields|input boxes]"
    looks = [
        f"a {{button colour}} button below {many}",
        "a {emblem colour} {emblem} [as logo|on top|above the fields]",
        "{emblem colour} {emblem} above, {button colour} button below",
        "the form is {side}",
    ]
    return Said(f"[sign-in to|access to|account of] {brand}", looks)


def form(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[new|edit|add] [{entity}|{host}|{thing}]")
    left, top, right, bottom = _card(c, pick, 640)
    colour = pick.colour("button colour", [c.ground])
    columns, count = pick.count("columns", 1, 2), pick.count("rows", 2, 4)
    cells = Box(left, top, right, bottom - 48).grid(columns, count, 12)
    wrong = pick.pick("message", ("a red error below a field", "no error")) == "a red error below a field"
    bad = pick.among("bad field", len(cells))
    for n, (cell, label) in enumerate(zip(cells, pick.texts("label", "{label}", len(cells)), strict=True)):
        hit = wrong and n == bad
        box = cell._replace(bottom=min(cell.bottom - (16 if hit else 0), cell.top + 62))
        value = pick.text(f"value {n}", "[|{person} {surname}|{city}|~~~|{host}]")
        _entry(c, box, label, value, WRONG if hit else c.grey)
        if hit:
            c.text((box.left, box.bottom + 9), "required field", WRONG, 13)
    place = pick.pick("button side", ("left", "right"))
    x = left if place == "left" else right - 130
    _button(c, Box(x, bottom - 38, x + 130, bottom), colour, pick.text("button", "{button}"))
    looks = [
        "a {button colour} button at the bottom {button side}",
        "{rows} rows of [fields|input boxes] in {columns} " + ("columns" if columns > 1 else "column"),
        "{message}, {button colour} button",
    ]
    return Said(topic, looks)


def settings(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[{service}|device|account|network|privacy|{brand}] settings")
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
        y = top + step * (n + 0.5)
        lit = {"all": True, "none": False, "only the first": n == 0, "only the last": n == count - 1}[on]
        c.text((left, y), name, size=17, room=right - left - 110)
        fill = colour if lit else mix(c.ground, c.ink, 0.25)
        if control == "switches":
            c.plate((right - 54, y - 13, right, y + 13), fill, radius=13)
            c.dot((right - 13 if lit else right - 41, y), 10, (250, 250, 250))
        elif control == "check boxes":
            c.plate((right - 26, y - 13, right, y + 13), fill if lit else c.ground, fill, 4)
            if lit:
                c.pen.line([(right - 21, y), (right - 15, y + 7), (right - 5, y - 7)], ink_on(fill), 4)
        else:
            x = right - 110 + (95 if lit else 15)
            c.pen.line((right - 110, y, right, y), c.faint, 6)
            c.pen.line((right - 110, y, x, y), colour, 6)
            c.dot((x, y), 10, colour)
        c.pen.line((left, y + step / 2, right, y + step / 2), c.faint, 2)
    states = "[turned on|switched on]" if control != "sliders" else "[far to the right|at the maximum]"
    looks += [f"{{rows}} {{controls}}, {{on}} {states}", f"{{controls}} on the right side, {{on}} {states}"]
    if on != "none" or control == "sliders":
        looks.append("{switch colour} {controls}")
    return Said(topic, looks)


def dialog(c: Canvas, pick: Choices) -> Said:
    """A question over a dimmed page."""
    for n in range(pick.integer("behind", 3, 9)):
        y = 30.0 + 44 * n
        c.plate((24, y, 24 + pick.integer(f"line {n}", 120, c.width - 60), y + 18), c.faint, radius=3)
    left, top, right, bottom = box = Box(0.16 * c.width, 0.2 * c.height, 0.84 * c.width, 0.8 * c.height)
    paper = pick.varied("paper", pick.one("paper", ((255, 255, 255), (246, 246, 248), (44, 48, 56), (255, 250, 230))))
    colour, sign = pick.colour("icon colour", [paper]), pick.pick("icon", ICONS)
    button = pick.colour("button colour", [paper, colour])
    c.plate((left + 8, top + 8, right + 8, bottom + 8), mix(c.ground, (0, 0, 0), 0.5))
    ink = ink_on(paper)
    c.plate(box, paper, mix(paper, ink, 0.4))
    if pick.pick("icon place", ("on the left", "at the top")) == "on the left":
        at, x, y, anchor = (left + 44, top + 56), left + 88, top + 40, "lm"
        room = right - x - 10
    else:
        x, y, anchor = (left + right) / 2, top + 94, "mm"
        at, room = (x, top + 44), right - left - 20
    icon(c, at, 28, sign, colour)
    topic = pick.text("question", "{question box}")
    c.text((x, y), topic, ink, 22, anchor, True, room=room)
    c.text((x, y + 32), pick.text("detail", "{sentence}"), mix(ink, paper, 0.3), 15, anchor, room=room)
    count, side = pick.count("buttons", 1, 3), pick.pick("coloured button", ("right", "left"))
    wide = min(120.0, (right - left - 40) / count - 10)
    for n, name in enumerate(pick.texts("button", "[{button}|Cancel|Later|No]", count)):
        x = right - 20 - (count - n) * (wide + 10) + 10
        hit = n == (count - 1 if side == "right" else 0)
        _button(c, Box(x, bottom - 54, x + wide, bottom - 18), button if hit else mix(paper, ink, 0.15), name)
    looks = [
        "a {icon colour} [disc|circle] with a {icon} {icon place}",
        "a {icon colour} {icon} icon and {buttons} " + ("buttons" if count > 1 else "button"),
        "the {coloured button} button is {button colour}" if count > 1 else "[one|a single] {button colour} button",
    ]
    return Said(topic.rstrip("?"), looks)
