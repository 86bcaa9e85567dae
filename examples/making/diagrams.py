"""Drawn plans: the network with its zones, and the routes on a chart of the sound."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .canvas import Canvas, Colour, Point

INK, GREY = "#22303f", "#64748b"


def _cloud(c: Canvas, x: float, y: float, label: str) -> None:
    for grow, colour in ((2.0, "#8aa0b8"), (0.0, "#eaf1f8")):
        for dx, dy, radius in ((-46, 8, 24), (-18, -12, 32), (20, -8, 28), (48, 10, 22), (0, 14, 26)):
            c.disc((x + dx, y + dy), radius + grow, colour)
    c.text((x, y + 4), label, INK, 14, "SemiBold", anchor="mm")


def _bricks(c: Canvas, x: float, y: float, label: str) -> None:
    c.rect((x - 44, y - 26, x + 44, y + 26), "#c8442f", radius=3)
    for row in range(4):
        top = y - 26 + 13 * row
        c.line([(x - 44, top), (x + 44, top)], "#f3c9bf", 1.2)
        for column in range(-2, 3):
            left = x + 22 * column + (11 if row % 2 else 0)
            if abs(left - x) < 44:
                c.line([(left, top), (left, top + 13)], "#f3c9bf", 1.2)
    c.text((x, y + 40), label, INK, 12.5, "Medium", anchor="mm")


def _drum(c: Canvas, x: float, y: float, label: str, colour: Colour) -> None:
    c.rect((x - 34, y - 26, x + 34, y + 26), colour)
    for level in (-26, 26):
        c.polygon([(x + 34 * np.cos(t), y + level + 10 * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 60)], colour)
    for level in (-26, -10, 6):
        half = [(x + 34 * np.cos(t), y + level + 10 * np.sin(t)) for t in np.linspace(0, np.pi, 40)]
        c.line(half, "#ffffff", 1.6)
    c.text((x, y + 50), label, INK, 12.5, "Medium", anchor="mm")


def _machine(c: Canvas, x: float, y: float, label: str, colour: Colour) -> None:
    c.rect((x - 44, y - 20, x + 44, y + 20), "#ffffff", colour, 5, 2)
    c.rect((x - 37, y - 13, x - 23, y + 13), colour, radius=2)
    for row in range(3):
        c.line([(x - 34, y - 7 + 7 * row), (x - 26, y - 7 + 7 * row)], "#ffffff", 1.6)
    c.text((x + 10, y), label, INK, 12.5, "Medium", anchor="mm")


def _zone(c: Canvas, left: float, top: float, right: float, bottom: float, label: str, colour: Colour) -> None:
    c.rect((left, top, right, bottom), colour + "22", colour, 10, 1.6)
    c.text((left + 12, top + 17), label, colour, 13, "SemiBold")


def network() -> Image.Image:
    c = Canvas(1200, 800, "#ffffff")
    c.text((28, 34), "Havnsund data room and what hangs on it", INK, 20, "SemiBold")
    _zone(c, 388, 322, 1172, 770, "VLAN 30  servers  10.20.30.0/24", "#2563eb")
    _zone(c, 28, 322, 364, 462, "VLAN 20  gates  10.20.20.0/24", "#0d9488")
    _zone(c, 28, 478, 364, 616, "VLAN 10  office  10.20.10.0/24", "#b45309")
    _zone(c, 28, 632, 364, 770, "VLAN 50  guests  10.20.50.0/24", "#9333ea")
    c.line([(600, 100), (1030, 100)], GREY, 2, 8)
    for x in (520.0, 680.0):
        c.line([(600, 130), (x, 190)], GREY, 2)
    _cloud(c, 600, 96, "Internet")
    for x, name in ((520.0, "fw-edge-1"), (680.0, "fw-edge-2")):
        _bricks(c, x, 216, name)
    c.line([(564, 216), (636, 216)], "#c8442f", 2, 5)
    c.text((600, 204), "pair", GREY, 11.5, anchor="mm")
    c.line([(196, 296), (1010, 296)], INK, 5)
    c.text((1020, 296), "core switch", INK, 12.5, "Medium")
    for x in (520.0, 680.0):
        c.line([(x, 264), (x, 296)], GREY, 2)
    for x in (196.0, 660.0, 810.0):
        c.line([(x, 296), (x, 322)], GREY, 2)
    c.line([(376, 296), (376, 702), (364, 702)], GREY, 2)
    c.line([(376, 548), (364, 548)], GREY, 2)
    for x, name in ((660.0, "lb-1"), (810.0, "lb-2")):
        c.line([(x, 322), (x, 356)], GREY, 2)
        _machine(c, x, 376, name, "#7c3aed")
    c.line([(704, 376), (766, 376)], "#7c3aed", 2, 5)
    c.text((735, 348), "192.0.2.20", "#7c3aed", 12, "Medium", anchor="mm")
    webs = [(480.0 + 110 * index, f"web-{index + 1}") for index in range(3)]
    apis = [(850.0 + 110 * index, f"api-{index + 1}") for index in range(3)]
    for x, name in webs:
        c.arrow([(660, 396), (x, 456)], GREY, 1.4)
        _machine(c, x, 478, name, "#2563eb")
    for x, name in apis:
        c.arrow([(810, 396), (x, 456)], GREY, 1.4)
        _machine(c, x, 478, name, "#2563eb")
    _drum(c, 850, 620, "manifest-db-1", "#0f766e")
    _drum(c, 1010, 620, "manifest-db-2", "#5eaaa3")
    for x, _ in apis:
        c.arrow([(x, 498), (850 + (x - 850) * 0.08, 582)], GREY, 1.4)
    c.arrow([(886, 620), (974, 620)], "#0f766e", 2, dash=5)
    c.text((930, 606), "replica", GREY, 11.5, anchor="mm")
    _machine(c, 480, 620, "queue-1", "#2563eb")
    _machine(c, 620, 620, "backup-1", "#64748b")
    _machine(c, 1110, 720, "report-1", "#d97706")
    c.arrow([(1010, 680), (1010, 720), (1064, 720)], GREY, 1.4)
    for x, _ in webs:
        c.arrow([(x, 498), (480 + (x - 480) * 0.1, 598)], GREY, 1.4)
    for index, name in enumerate(("gc-havnsund", "gc-ortholm", "gc-lomvik")):
        c.rect((46 + 104 * index, 366, 138 + 104 * index, 402), "#ffffff", "#0d9488", 5, 2)
        c.text((92 + 104 * index, 384), name, INK, 12, "Medium", anchor="mm")
        for gate in range(6):
            c.rect((50 + 104 * index + 15 * gate, 416, 60 + 104 * index + 15 * gate, 438), "#0d9488", radius=2)
    for index in range(5):
        c.rect((58 + 58 * index, 524, 98 + 58 * index, 552), "#ffffff", "#b45309", 3, 2)
        c.rect((70 + 58 * index, 552, 86 + 58 * index, 560), "#b45309")
        c.rect((62 + 58 * index, 564, 94 + 58 * index, 568), "#b45309", radius=2)
    for index in range(3):
        for radius in (12, 22, 32):
            c.arc((90 + 104 * index, 736), radius, 220, 320, "#9333ea", 3)
        c.disc((90 + 104 * index, 736), 4, "#9333ea")
    c.disc((1080, 100), 20, "#eaf1f8", INK, 2)
    c.rect((1034, 92, 1058, 108), "#93c5fd", INK, 1, 1.6)
    c.rect((1102, 92, 1126, 108), "#93c5fd", INK, 1, 1.6)
    c.polygon([(1018, 200), (1142, 200), (1122, 228), (1038, 228)], "#0b5563")
    c.rect((1050, 178, 1106, 200), "#e9ecef", "#0b5563", 2, 1.6)
    c.rect((1062, 162, 1078, 178), "#0b5563")
    c.line([(1080, 122), (1080, 176)], GREY, 2, 8)
    c.text((1080, 248), "vessels  10.20.40.0/24", INK, 12.5, "Medium", anchor="mm")
    return c.finish()


def _island(seed: int, x: float, y: float, wide: float, tall: float) -> list[Point]:
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    edge = 1 + sum(rng.uniform(0.02, 0.55 / k) * np.cos(k * turn + rng.uniform(0, 6.28)) for k in range(2, 10))
    return list(zip((x + wide * edge * np.cos(turn)).tolist(), (y + tall * edge * np.sin(turn)).tolist(), strict=True))


def routes() -> Image.Image:
    """Islands in pale blue water, dotted lines between four harbours, a compass rose."""
    c = Canvas(1000, 700, "#cfe6ef")
    for step in range(0, 1000, 100):
        c.line([(step, 0), (step, 700)], "#b9d7e2")
        c.line([(0, step), (1000, step)], "#b9d7e2")
    lands = (
        (3, 90, 330, 190, 330),
        (4, 620, 150, 130, 74),
        (9, 560, 470, 92, 84),
        (7, 905, 570, 130, 170),
        (12, 380, 640, 60, 34),
    )
    for seed, across, down, wide, tall in lands:
        for grow, colour in (
            (1.16, "#bfdce8"),
            (1.08, "#aacfe0"),
            (1.0, "#e9dfc0"),
            (0.9, "#d7d8a8"),
            (0.6, "#c3cb94"),
        ):
            c.polygon(_island(seed, across, down, wide * grow, tall * grow), colour)
    ports = {
        "Havnsund": (262.0, 330.0),
        "Ortholm": (584.0, 236.0),
        "Grey Skerry": (598.0, 354.0),
        "Lomvik": (748.0, 468.0),
    }
    lines = (
        ("Havnsund", "Ortholm", "#c2410c", (410, 190), "35 min"),
        ("Havnsund", "Grey Skerry", "#1d4ed8", (430, 390), "25 min"),
        ("Ortholm", "Lomvik", "#7e22ce", (820, 250), "70 min"),
        ("Grey Skerry", "Lomvik", "#15803d", (700, 360), "40 min"),
    )
    ts = np.linspace(0, 1, 80)[:, None]
    for start, end, colour, bend, time in lines:
        ends = np.array([ports[start], bend, ports[end]], float)
        bezier = (1 - ts) ** 2 * ends[0] + 2 * ts * (1 - ts) * ends[1] + ts**2 * ends[2]
        curve = [(float(x), float(y)) for x, y in bezier]
        c.line(curve, colour, 4, 9)
        x, y = curve[40]
        c.rect((x - 30, y - 12, x + 30, y + 12), "#ffffff", colour, 12, 1.5)
        c.text((x, y), time, colour, 12.5, "SemiBold", anchor="mm")
    for name, (x, y) in ports.items():
        c.disc((x, y), 9, "#ffffff", INK, 3)
        plate = 9.2 * len(name) + 16
        left = {"Havnsund": x - plate - 14, "Grey Skerry": x - plate / 2 - 14}.get(name, x + 14)
        high = y + 40 if name == "Grey Skerry" else y - 20
        c.rect((left, high - 12, left + plate, high + 12), INK, radius=4)
        c.text((left + plate / 2, high), name, "#ffffff", 14, "SemiBold", anchor="mm")
    for turn in range(8):
        angle = np.pi / 4 * turn
        far = 52 if turn % 2 == 0 else 28
        tip = (906 + far * np.sin(angle), 106 - far * np.cos(angle))
        for side, colour in ((0.36, INK), (-0.36, "#ffffff")):
            root = (906 + 14 * np.sin(angle + side), 106 - 14 * np.cos(angle + side))
            c.polygon([(906, 106), root, tip], colour)
    c.text((906, 40), "N", INK, 18, "Bold", anchor="mm")
    c.text((30, 670), "Not for navigation", GREY, 13)
    c.text((30, 40), "Our four lines, summer", INK, 22, "SemiBold")
    return c.finish()


def tag() -> Image.Image:
    """The label for a found thing; it lives inside the policy on lost property."""
    c = Canvas(640, 300, "#f2efe9")
    c.shadow((44, 40, 600, 260), radius=16)
    c.rect((44, 40, 600, 260), "#f59e0b", radius=16)
    c.disc((88, 150), 17, "#f2efe9", "#92400e", 4)
    c.rect((132, 62, 578, 238), "#fffbeb", radius=8)
    c.text((152, 92), "FOUND ON BOARD", "#92400e", 22, "Bold")
    for row, (name, value) in enumerate((("Vessel", "MV Sandpiper"), ("Seat row", "14, port side"), ("Drawer", "H-6"))):
        y = 132 + 34 * row
        c.text((152, y), name, "#92400e", 15)
        c.text((250, y), value, "#1f2933", 17, "Medium")
        c.line([(250, y + 14), (420, y + 14)], "#d6b370")
    rng = np.random.default_rng(59)
    x = 446.0
    while x < 560:
        wide = float(rng.choice([1.5, 2.5, 4.0]))
        c.rect((x, 120, x + wide, 206), "#1f2933")
        x += wide + float(rng.choice([1.5, 2.5, 3.5]))
    c.text((504, 222), "LP-20931", "#1f2933", 13, family="mono", anchor="mm")
    return c.finish()
