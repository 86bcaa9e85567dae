"""Pictures that are mostly text: listings, terminals, logs, tables, sheets, plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import LEGIBLE, Choices
from commonplace.training.scenes.colours import Rgb, ink_on, mix
from commonplace.training.scenes.geometry import Box
from commonplace.training.scenes.grammar import Said

TOKEN = re.compile(r"\s+|[^\W\d]+|\d|[^\w\s]+")
KEYWORD = re.compile(
    r"\b(def|return|for|if|in|is|None|import|raise|while|not|else|try|assert|class|with|as|const|await|let|fn|func|"
    r"SELECT|FROM|WHERE|ORDER|BY|int|string|print|self)\b"
)
KEY = re.compile(r"[a-z_]+(?=:| =)")
"""The name before the value in a line of configuration."""
FEW = 4
"""Captions say the colour of words from this many on."""
ARRANGEMENTS = {
    "only green added lines": "++",
    "only red removed lines": "--",
    "red lines above green ones": "-+",
    "green lines above red ones": "+-",
}
ENDINGS: dict[str, tuple[str, Rgb]] = {
    "a red error message": ("[error: cannot {verb} {thing}|fatal: {thing} not found]", (230, 60, 60)),
    "a green success message": ("[all tests passed|deploy ok|done]", (40, 180, 80)),
}
THIRDS = ("top", "middle", "bottom")


def _tokens(
    c: Canvas, x: float, y: float, line: str, size: int, tints: Sequence[Rgb], word: re.Pattern[str] = KEYWORD
) -> list[Rgb]:
    """A line of code in colours: tints of what `word` finds, of numbers and strings, of the rest; returns them."""
    line, quoted, at = line[: int((c.area.right - x) / c.width_of("m", size))].rstrip(), False, 0
    words, used = {match.start() for match in word.finditer(line)}, []
    for token in TOKEN.findall(line):
        quote = token.count('"') % 2 == 1
        used.append(tints[1] if quoted or quote or token.isdigit() else tints[0] if at in words else tints[2])
        quoted, at = quoted != quote, at + len(token)
        x += c.text((x, y), token, used[-1], size, face="mono", aloud=False)
    if line:
        c.words.append(line)
    return used


def _lines(c: Canvas, size: int, most: int) -> list[float]:
    """Middles of the text lines that fit the area."""
    step = size * 1.45
    return [c.area.top + step * (n + 0.5) for n in range(min(most, int(c.area.tall / step)))]


def _band(c: Canvas, y: float, size: int, colour: Rgb, right: float | None = None) -> None:
    """The ground of a line of text, from the left edge on."""
    c.plate((0, y - size * 0.72, c.width if right is None else right, y + size * 0.72), colour, radius=0)


def _listing(c: Canvas, pick: Choices, entry: str, topic: str, indents: Sequence[int], word: re.Pattern[str]) -> Said:
    c.frame()
    size = pick.one("text size", (15, 17, 20, 24))
    keyword = pick.colour("keyword colour", [c.ground, c.ink], contrast=LEGIBLE)
    other = pick.colour("value colour", [c.ground, c.ink, keyword], contrast=LEGIBLE)
    left = c.area.left
    numbers = pick.pick("line numbers", ("line numbers on the left", "no line numbers")) == "line numbers on the left"
    ys = _lines(c, size, pick.integer("lines", 5, 22))
    marked = pick.pick("marked line", THIRDS) if pick.chance("marked", 0.35) and len(ys) > 5 else ""
    looks, used = ["{line numbers}"], list[Rgb]()
    if marked:
        band = pick.colour("band colour", [c.ground])
        y = ys[{"top": 1, "middle": len(ys) // 2, "bottom": len(ys) - 2}[marked]]
        _band(c, y, size, mix(c.ground, band, 0.35))
        _band(c, y, size, band, 8)
        looks.append("a line marked in {band colour} near the {marked line}")
    for n, y in enumerate(ys):
        if numbers:
            c.text((left + 26, y), str(n + 1), c.grey, size - 2, "rm", face="mono", aloud=False)
        indent = indents[pick.among(f"indent {n}", len(indents))] if n else 0
        line = pick.text(f"line {n}", entry)
        x = left + 40 * numbers + indent * size * 0.6
        used += _tokens(c, x, y, line, size, (keyword, other, c.ink), word)
    if used.count(keyword) >= FEW:
        looks.append("{keyword colour} keywords" if word is KEYWORD else "{keyword colour} [keys|names]")
    if used.count(other) >= 2 * FEW:
        looks.append("{value colour} [values|numbers and strings]")
    return Said(topic, looks, verbatim=True)


def code(c: Canvas, pick: Choices) -> Said:
    return _listing(c, pick, "{code}", pick.text("topic", "{verb} {thing} in {module}"), (2, 4, 4, 8), KEYWORD)


def configuration(c: Canvas, pick: Choices) -> Said:
    return _listing(c, pick, "{config}", pick.text("topic", "{module} settings of {host}"), (0, 0, 2, 4), KEY)


def diff(c: Canvas, pick: Choices) -> Said:
    c.frame()
    size = pick.one("text size", (15, 17, 20))
    ys = _lines(c, size, 18)
    tone = {"+": (34, 160, 74), "-": (215, 50, 50)}
    arrangement = pick.pick("arrangement", tuple(ARRANGEMENTS))
    start, length = pick.integer("start", 1, 3), len(ys) // 2
    place = pick.pick("marker", ("signs", "coloured bands", "both"))
    for n, y in enumerate(ys):
        inside = start <= n < start + length
        sign = ARRANGEMENTS[arrangement][n >= start + (length + 1) // 2]
        tint = tone[sign] if inside else c.ink
        if inside and place != "signs":
            _band(c, y, size, mix(c.ground, tone[sign], 0.3))
        line = pick.text(f"line {n}", "{code}")
        ink = tint if place == "signs" or not inside else c.ink
        if inside and place != "coloured bands":
            c.text((c.area.left, y), sign, tint, size, face="mono", bold=True, aloud=False)
        _tokens(c, c.area.left + 24, y, line, size, (ink, ink, ink))
    looks = [
        "{arrangement}",
        "[a block of|some] {arrangement} between unchanged ones",
        "{marker} mark the changed lines",
    ]
    return Said(pick.text("topic", "[change|patch|commit] to {module}"), looks, verbatim=True)


def terminal(c: Canvas, pick: Choices) -> Said:
    c.frame()
    size = pick.one("text size", (15, 17, 20, 24))
    ys = _lines(c, size, pick.integer("lines", 4, 20))
    prompt = pick.colour("prompt colour", [c.ground], contrast=LEGIBLE)
    text = pick.colour("text colour", [c.ground, prompt], contrast=LEGIBLE) if pick.chance("tinted", 0.4) else c.ink
    last = pick.pick("last line", (*ENDINGS, "an empty prompt"))
    left = c.area.left
    for n, y in enumerate(ys[:-1]):
        is_command = n == 0 or pick.chance(f"command {n}", 0.3)
        line = pick.text(f"line {n}", "{command}" if is_command else "{output}")
        tint = prompt if is_command else text
        _tokens(c, left, y, line, size, (tint, tint, tint))
    y = ys[-1]
    if last == "an empty prompt":
        c.text((left, y), "$", prompt, size, face="mono")
        c.plate((left + 1.5 * size, y - size * 0.6, left + 2.1 * size, y + size * 0.6), prompt, radius=0)
    else:
        words, tint = ENDINGS[last]
        c.text((left, y), pick.text("last", words), tint, size, face="mono", bold=True)
    looks = [
        "{prompt colour} [commands|prompt lines]",
        "it ends with {last line}",
        "[monospaced text|lines of text], {last line} at the end",
    ]
    if text != c.ink:
        looks.append("{text colour} output and {prompt colour} commands")
    return Said(pick.text("topic", "[{verb} {thing}|working on {host}|{module} on {host}]"), looks, verbatim=True)


def log(c: Canvas, pick: Choices) -> Said:
    c.frame()
    size = pick.one("text size", (14, 16, 18))
    ys = _lines(c, size, 20)
    place, count = pick.pick("place", THIRDS), pick.count("bad lines", 1, 3)
    colour = pick.colour("bad colour", [c.ground], contrast=40, among=("red", "orange", "yellow", "magenta", "pink"))
    first = {"top": 1, "middle": len(ys) // 2 - 1, "bottom": len(ys) - 4}[place]
    band = pick.pick("marking", ("letters", "band")) == "band"
    form = pick.integer("form", 0, 3)
    for n, y in enumerate(ys):
        bad = first <= n < first + count
        if bad and band:
            _band(c, y, size, colour)
        ink = ink_on(colour) if bad and band else colour if bad else c.ink
        entry = ("{log}", "{log}", "~~:~~:~~ {module} {verb} {thing}", "{host} {module}[~~~~]: {verb} {path}")[form]
        tint = ink if bad else c.grey
        _tokens(c, c.area.left, y, pick.text(f"line {n}", entry), size, (ink, tint, ink))
    what = "[on a {bad colour} band|with a {bad colour} background]" if band else "in {bad colour} letters"
    noun = "lines" if count > 1 else "[line|log line]"
    looks = [
        f"{{bad lines}} {noun} {what} near the {{place}}",
        f"[something|lines] {what} [at|near] the {{place}}",
    ]
    return Said(pick.text("topic", "{service} on {host}"), looks, verbatim=True)


def _cell_text(pick: Choices, name: str, column: int) -> str:
    forms = ("[{host}|{city}|{category}|{person}|{entity}]", "~~~[.~|]", "{state}", "~~%", "20~~-0~-1~", "{unit}")
    return pick.text(name, forms[0 if column == 0 else 1 + pick.among(f"column {column}", 5)])


def table(c: Canvas, pick: Choices) -> Said:
    topic = c.heading("[{entity}s|{host} inventory|{metric} {scope}|{team} team]", 0.5)
    rows, columns = pick.count("rows", 3, 9), pick.count("columns", 2, 5)
    head = pick.colour("header colour", [c.ground])
    lines = pick.pick("lines", ("lines between the rows", "lines around every cell", "striped rows", "no lines"))
    marked = pick.pick("marked", ("a coloured row", "a coloured column", "a coloured cell", "nothing", "nothing"))
    mark = pick.colour("mark colour", [c.ground, head]) if marked != "nothing" else head
    cells = c.area.grid(columns, rows + 1, 0)
    sides = THIRDS if marked == "a coloured row" else ("left", "right")
    place = pick.pick("mark place", sides) if marked != "nothing" else ""
    spot_row = {"top": 1, "middle": (rows + 1) // 2, "bottom": rows}.get(place, pick.integer("mark row", 1, rows))
    spot_column = {"left": 0, "right": columns - 1}.get(place, 0)
    size = min(18, int(cells[0].tall * 0.62))
    for n, cell in enumerate(cells):
        row, column = divmod(n, columns)
        hit = row > 0 and {
            "a coloured row": row == spot_row,
            "a coloured column": column == spot_column,
            "a coloured cell": row == spot_row and column == spot_column,
        }.get(marked, False)
        striped = lines == "striped rows" and row % 2 == 0
        fill = head if row == 0 else mark if hit else mix(c.ground, c.ink, 0.1) if striped else c.ground
        c.plate(cell, fill, c.grey if lines == "lines around every cell" else None, 0)
        if lines == "lines between the rows":
            c.pen.line((cell.left, cell.bottom, cell.right, cell.bottom), c.grey, 2)
        words = pick.text(f"head {column}", "{field}") if row == 0 else _cell_text(pick, f"cell {row} {column}", column)
        c.text((cell.left + 8, cell.middle[1]), words, ink_on(fill), size, bold=row == 0, room=cell.wide - 10)
    looks = [
        "{columns} columns and {rows} rows below a {header colour} header",
        "{header colour} header[| row], {lines}",
    ]
    if marked != "nothing":
        where = "near the" if marked == "a coloured row" else "on the"
        looks.append(f"one {{mark colour}} {marked.removeprefix('a coloured ')} {where} {{mark place}}")
    return Said(topic, looks)


def spreadsheet(c: Canvas, pick: Choices) -> Said:
    c.frame()
    top, bottom, tall = c.area.top - 14, float(c.height), 34.0
    bar = pick.colour("bar colour", [c.ground])
    if pick.pick("bar", ("top", "bottom")) == "top":
        y, box = top, Box(34, top + tall + 22, c.width, bottom)
    else:
        y, box = bottom - tall, Box(34, top + 22, c.width, bottom - tall)
    c.plate((0, y, c.width, y + tall), bar, radius=0)
    sheet = pick.text("sheet", "[Book~|Budget 20~~|{entity}s|Sheet~|{business metric}]")
    c.text((14, y + tall / 2), sheet, ink_on(bar), 18, bold=True)
    columns, rows = pick.integer("columns", 4, 7), pick.integer("rows", 8, 13)
    cells = box.grid(columns, rows, 0)
    for letter, cell in zip("ABCDEFG", cells[:columns], strict=False):
        c.text((cell.middle[0], box.top - 11), letter, c.grey, 15, "mm", aloud=False)
    for n, cell in enumerate(cells[::columns], start=1):
        c.text((17, cell.middle[1]), str(n), c.grey, 15, "mm", aloud=False)
    fill = pick.colour("fill colour", [c.ground, bar])
    share = pick.pick("filled", ("one column", "one row", "a block of cells", "a few scattered cells"))
    which, used = pick.integer("which", 0, 3), pick.integer("used", 3, columns)
    for n, cell in enumerate(cells):
        row, column = divmod(n, columns)
        hit = {
            "one column": column == which,
            "one row": row == which + 2,
            "a block of cells": 2 <= row < 6 and 1 <= column < 3,
        }.get(share, (row * 7 + column * 5) % 17 == which)
        paper = fill if hit else c.ground
        c.plate(cell, paper, c.faint, 0, 1)
        if column < used and row < rows - 2 and pick.chance(f"blank {n}", 0.75):
            words = _cell_text(pick, f"cell {n}", column) if row else pick.text(f"head {column}", "{field}")
            c.text((cell.left + 5, cell.middle[1]), words, ink_on(paper), 15, room=cell.wide - 8)
    looks = [
        "{fill colour} cells, {filled}",
        "a {bar colour} bar at the {bar}",
        "grid of cells with letters above and numbers on the left",
        "{filled} in {fill colour}",
    ]
    return Said(pick.text("topic", "{business metric} in {city}"), looks)


def words(c: Canvas, pick: Choices) -> Said:
    """Nothing but text: from a few large words to a page of small ones."""
    size = pick.one("text size", (18, 22, 30, 44, 60))
    text = pick.text("text", "{headline}" if size > 24 else "{sentence} {sentence} {sentence} {sentence} {sentence}")
    colour = pick.colour("colour", [c.ground], contrast=LEGIBLE)
    side, bold = pick.pick("side", ("left", "middle", "right")), pick.chance("bold", 0.5)
    rows: list[str] = [""]
    for word in text.split():
        row = f"{rows[-1]} {word}".strip()
        if c.width_of(row, size, c.face, bold) > c.area.wide:
            rows.append(word)
        else:
            rows[-1] = row
    most = int(c.area.tall / (size * 1.4))
    x, y = c.area.middle
    x = {"left": c.area.left, "middle": x, "right": c.area.right}[side]
    y -= (min(len(rows), most) - 1) / 2 * size * 1.4
    for n, row in enumerate(rows[:most]):
        c.text((x, y + size * 1.4 * n), row, colour, size, side[0] + "m", bold)
    c.words[:] = [" ".join(c.words)]
    where = {"left": "aligned left", "middle": "centred", "right": "aligned right"}[side]
    large = "large" if size > 24 else "small"
    looks = [
        f"{large} {{colour}} letters[|, nothing else]",
        f"only text, {where}, {{colour}}",
        "{colour} [text|words|writing]",
    ]
    return Said(c.words[0], looks, verbatim=True)
