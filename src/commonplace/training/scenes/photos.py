"""Pictures as a camera sees them, and the same things drawn: boards, racks, front panels, landscapes."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.colours import COLOURS, Rgb, ink_on, mix
from commonplace.training.scenes.curves import Values
from commonplace.training.scenes.geometry import Box, Point, spread
from commonplace.training.scenes.grammar import Said

SEEN = ("straight on", "at an angle")
DESKS = ("tan", "brown", "grey", "white", "charcoal", "light grey")
GOLD = (212, 178, 84)


def _photograph(c: Canvas, pick: Choices) -> None:
    """Tilt what has been drawn, lay it on a desk, light it from one side and blur it slightly."""
    drawn = np.asarray(c.image)
    tall, wide = drawn.shape[:2]
    name = pick.pick("ground", DESKS)
    desk = np.full_like(drawn, COLOURS[name].rgb)
    corners = np.array([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
    away = pick.rng("tilt").uniform(0.03, 0.2, (4, 2)) * (wide, tall) * [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    view = cv2.getPerspectiveTransform(corners, (corners + away).astype(np.float32))
    shot = cv2.warpPerspective(drawn, view, (wide, tall), dst=desk, borderMode=cv2.BORDER_TRANSPARENT)
    light = np.linspace(pick.uniform("light from", 0.75, 1.0), pick.uniform("light to", 0.85, 1.05), wide)
    lit = np.clip(shot * light[None, :, None], 0, 255).astype(np.uint8)
    c.image = Image.fromarray(cv2.GaussianBlur(lit, (0, 0), pick.uniform("blur", 0.6, 1.8)))


def _seen(c: Canvas, pick: Choices, looks: list[str]) -> list[str]:
    """A photograph in half of the cases, said as such."""
    if pick.pick("seen", SEEN) == "straight on":
        return looks
    _photograph(c, pick)
    return [*looks, "[photographed|seen] {seen} on a {ground} [desk|table|surface]"]


def board(c: Canvas, pick: Choices) -> Said:
    """A circuit board: chips, connectors, lights, traces."""
    boards = ("green", "dark green", "blue", "navy", "red", "black", "purple", "white")
    pcb = pick.colour("board colour", [c.ground], boards)
    left, top, right, bottom = area = c.area.inset(10)
    c.plate(area, pcb, radius=14)
    trace = mix(pcb, ink_on(pcb), 0.25)
    for n in range(14):
        x = left + area.wide * pick.uniform(f"x {n}", 0.05, 0.9)
        y = top + area.tall * pick.uniform(f"y {n}", 0.05, 0.9)
        run = pick.uniform(f"run {n}", -90, 90)
        end = (min(x + abs(run) * 1.5, right - 6), max(top + 6, min(y + run / 2, bottom - 6)))
        c.pen.line([(x, y), (x + abs(run), y), end], trace, 3)
        c.dot((x, y), 4, GOLD)
    for x in (left + 16, right - 16):
        for y in (top + 16, bottom - 16):
            c.dot((x, y), 8, c.ground, GOLD, 3)
    count, chip = pick.count("chips", 1, 4), mix(pcb, (20, 20, 24), 0.92) if pcb[0] > 30 else (90, 92, 98)
    for n, cell in enumerate(pick.sample("chips at", area.inset(60, 40).grid(2, 2, 24), count)):
        (x, y), side = cell.middle, pick.uniform(f"side {n}", 28, 46)
        for along in (step * side / 4 for step in range(-3, 4)):
            for dx, dy in ((side + 5, along), (-side - 5, along), (along, side + 5), (along, -side - 5)):
                c.pen.rectangle((x + dx - 4, y + dy - 3, x + dx + 4, y + dy + 3), (200, 203, 206))
        c.pen.rectangle((x - side, y - side, x + side, y + side), chip)
        c.text((x, y), pick.text(f"part {n}", "{part}"), (226, 228, 230), 16, "mm")
    edge = pick.pick("connectors", ("left", "right", "top", "bottom"))
    ports = pick.count("ports", 1, 4)
    for share in ((n + 0.5) / ports for n in range(ports)):
        x, y = left + area.wide * share, top + area.tall * share
        x, y = {"left": (left, y), "right": (right, y), "top": (x, top), "bottom": (x, bottom)}[edge]
        c.plate((x - 20, y - 18, x + 20, y + 18), (188, 192, 198), (110, 114, 120), 3)
    light = pick.colour("light colour", [pcb], ("red", "lime", "yellow", "cyan", "orange"))
    for radius, tint in ((16, mix(pcb, light, 0.5)), (11, light)):
        c.dot((left + 52, bottom - 20), radius, tint)
    looks = [
        f"a {{board colour}} [board|circuit board] with {{chips}} dark chip{'s' * (count > 1)}",
        f"{{ports}} [|metal ]connector{'s' * (ports > 1)} at the {{connectors}}[| edge]",
        "a {light colour} light [on|at] the lower left of a {board colour} board",
    ]
    topic = pick.text("topic", "[{part} board|controller board|{brand} development kit|sensor module]")
    return Said(topic, _seen(c, pick, looks))


def rack(c: Canvas, pick: Choices) -> Said:
    """Machines one above the other, with rows of lights."""
    case = pick.colour("rack colour", [c.ground], ("black", "grey", "blue", "brown", "white"))
    light = pick.colour("light colour", [case, (60, 63, 70)], ("lime", "cyan", "red", "orange", "yellow"))
    x, half = c.width / 2, min(c.width * 0.4, 190)
    c.plate((x - half, 10, x + half, c.height - 10), case, radius=6)
    count, bad = pick.count("machines", 3, 8), pick.pick("dark one", ("top", "bottom", "none"))
    face = (60, 63, 70) if pick.chance("dark faces", 0.5) else (150, 155, 162)
    for n, machine in enumerate(Box(x - half + 16, 26, x + half - 16, c.height - 26).grid(1, count, 8)):
        left, top, right, bottom = machine
        c.plate(machine, face, radius=3)
        y, off = (top + bottom) / 2, n == {"top": 0, "bottom": count - 1}.get(bad, -1)
        for k in range(8):
            at = left + 18 + 20 * k
            c.pen.rectangle((at, y - 7, at + 11, y + 7), mix(face, (0, 0, 0), 0.5) if off else light)
        for k in range(10):
            c.pen.line((right - 90 + 8 * k, top + 6, right - 90 + 8 * k, bottom - 6), mix(face, (0, 0, 0), 0.45), 3)
    looks = [
        "{machines} machines [one above the other|stacked] in a {rack colour} [cabinet|rack]",
        "rows of {light colour} lights",
    ]
    if bad != "none":
        looks.append("all have {light colour} lights but the {dark one} one, which is dark")
    topic = pick.text("topic", "[servers|switches|disk shelves] [in {city}|of {team}|{host}]")
    return Said(topic, _seen(c, pick, looks))


def front_panel(c: Canvas, pick: Choices) -> Said:
    """A switch with its sockets and the cables in them."""
    case = pick.colour("case colour", [c.ground], ("black", "grey", "white", "blue", "brown"))
    (x, y), half = (c.width / 2, c.height * 0.36), c.width * 0.44
    c.plate((x - half, y - 60, x + half, y + 60), case, radius=8)
    ports = pick.count("sockets", 4, 12)
    used = pick.pick("cables in", ("all sockets", "the left half", "the right half", "every other socket"))
    cable = pick.colour("cable colour", [c.ground, case])
    step = (2 * half - 40) / ports
    for n in range(ports):
        px = x - half + 20 + step * (n + 0.5)
        side = min(step * 0.38, 22)
        c.pen.rectangle((px - side, y - 4, px + side, y + 36), (24, 26, 30), (170, 174, 180), 2)
        left = n < ports / 2
        plugged = {"the left half": left, "the right half": not left, "every other socket": n % 2 == 0}.get(used, True)
        if plugged:
            drop, sway = c.height - 10.0, pick.uniform(f"sway {n}", -40, 40)
            curve: list[Point] = [(px + sway * (t / 9) ** 2, y + 16 + (drop - y - 16) * t / 9) for t in range(10)]
            c.pen.line(curve, cable, max(5, int(side * 0.6)), joint="curve")
            c.pen.rectangle((px - side * 0.6, y + 4, px + side * 0.6, y + 44), cable)
        c.pen.ellipse((px - 4, y - 22, px + 4, y - 14), (90, 220, 90) if plugged else (70, 74, 80))
    c.text((x - half + 24, y - 42), pick.text("brand", "{brand} {part}-~~"), ink_on(case), 18, bold=True)
    looks = [
        "{cable colour} cables in {cables in}",
        "a {case colour} box with {sockets} sockets",
        "{cable colour} cables hang from a {case colour} box",
    ]
    topic = pick.text("topic", "[network switch|patch panel|router] [in {city}|of {team}|{host}]")
    return Said(topic, _seen(c, pick, looks))


HOURS = {
    "noon": ("sky blue", (90, 176, 246), (216, 234, 250)),
    "sunset": ("orange", (214, 92, 66), (255, 168, 76)),
    "night": ("navy", (8, 12, 34), (38, 52, 104)),
    "fog": ("light grey", (190, 194, 200), (214, 217, 221)),
}
LANDS = {
    "mountains": ((92, 104, 128), (48, 60, 78)),
    "green hills": ((112, 160, 84), (40, 104, 46)),
    "desert dunes": ((226, 184, 120), (190, 136, 72)),
    "dark forest": ((52, 90, 66), (14, 40, 26)),
    "snowy peaks": ((236, 240, 246), (168, 184, 204)),
}


def _ridge(rng: np.random.Generator, width: int, rough: float) -> Values:
    """(width,) heights around 0, about -1 to 1: octaves of smooth noise."""
    heights = np.zeros(width)
    for octave in range(2, 7):
        knots = rng.normal(0, 1, 2**octave + 1)
        heights += np.interp(np.linspace(0, 2**octave, width), np.arange(2**octave + 1), knots) * rough**octave
    ridge: Values = heights / np.abs(heights).max()
    return ridge


def landscape(c: Canvas, pick: Choices) -> Said:
    """Land or water under a sky, at an hour of the day; drawn at the size of the finished picture."""
    wide, tall = c.width // 2, c.height // 2
    hour, land = pick.pick("hour", tuple(HOURS)), pick.pick("land", tuple(LANDS))
    front = pick.pick("foreground", ("a lake", "a meadow", "a road", "nothing"))
    _, high, low = HOURS[hour]
    ys, xs = np.arange(tall), np.arange(wide)
    horizon = int(tall * pick.uniform("horizon", 0.55, 0.75))
    share = np.clip(ys / horizon, 0, 1).astype(np.float32)[:, None, None]
    sky = np.array(high, np.float32) * (1 - share) + np.array(low, np.float32) * share
    pixels = np.repeat(sky, wide, axis=1)
    side, sun = pick.pick("side", ("left", "right")), hour in ("noon", "sunset", "night")
    sx, sy = int(wide * (0.25 if side == "left" else 0.75)), int(tall * pick.uniform("sun height", 0.12, 0.3))
    if sun:
        away = np.hypot((xs - sx).astype(np.float32)[None, :], (ys - sy).astype(np.float32)[:, None])
        glow = np.exp(-away / 26)[..., None] * np.float32(0.5 if hour == "night" else 0.8)
        pixels += (np.array((255, 246, 205), np.float32) - pixels) * glow
    far, near = (np.array(rgb, float) for rgb in LANDS[land])
    dim = {"night": 0.35, "sunset": 0.7}.get(hour, 1.0)
    rough = {"desert dunes": 0.35, "green hills": 0.4}.get(land, 0.62)
    for layer in range(3):
        top = horizon - tall * (0.24 - 0.1 * layer) * (0.55 + 0.45 * _ridge(pick.rng(f"ridge {layer}"), wide, rough))
        inside = ys[:, None] > top[None, :]
        tone = (far + (near - far) * layer / 2) * dim
        haze = np.array(low) * (0.45 - 0.2 * layer) + tone * (0.55 + 0.2 * layer)
        pixels[inside] = haze
    ground = {"a lake": (60, 110, 150), "a meadow": (90, 150, 60), "a road": (110, 120, 80)}.get(front)
    if front == "a lake":
        mirror = np.clip(2 * horizon - ys[horizon:], 0, horizon - 1)
        pixels[horizon:] = pixels[mirror] * 0.65 + np.array(ground) * 0.35 * dim
    elif ground:
        pixels[horizon:] = np.array(ground) * dim
    pixels += pick.rng("grain").standard_normal((tall, wide, 1), np.float32) * 4
    shot = cv2.GaussianBlur(pixels.clip(0, 255).astype(np.uint8), (0, 0), pick.uniform("blur", 0.4, 1.0))
    c.image = Image.fromarray(cv2.resize(shot, (c.width, c.height)))
    c.pen = ImageDraw.Draw(c.image)
    if sun:
        disc: Rgb = {"noon": (255, 250, 220), "sunset": (255, 196, 90)}.get(hour, (235, 238, 245))
        c.dot((2 * sx, 2 * sy), 24, disc)
    if front == "a road":
        x, y = c.width / 2 + pick.uniform("bend", -80, 80), 2.0 * horizon
        c.pen.polygon([(x - 6, y), (x + 6, y), (c.width * 0.72, c.height), (c.width * 0.28, c.height)], (70, 72, 78))
        c.pen.line((x, y, c.width / 2, c.height), (240, 240, 230), 5)
    count = pick.count("trees", 1, 4) if pick.chance("with trees", 0.4) else 0
    for n, x in enumerate(spread(0, c.width, count)):
        y = c.height * 0.93
        size, tint = pick.uniform(f"tree {n}", 50, 90), (12, 30, 18) if hour == "night" else (28, 84, 40)
        c.pen.rectangle((x - 5, y - 20, x + 5, y), (70, 48, 30))
        c.pen.polygon([(x - size * 0.4, y - 16), (x + size * 0.4, y - 16), (x, y - 16 - size * 1.3)], tint)
    pick.set_ground(HOURS[hour][0])
    looks = ["{land} at {hour}" if hour != "fog" else "{land} in {hour}"]
    if front != "nothing":
        looks.append("{foreground} in front of {land}")
    if sun:
        looks.append(f"the {'moon' if hour == 'night' else 'sun'} is on the {{side}}")
    if count:
        looks.append("{trees} [dark |]trees in front" if count > 1 else "one [dark |]tree in front")
    return Said("{land}", [*looks, looks[0]], look="[outdoor|scenic]")
