"""Monitoring pages of the handbook: each curve has another shape, and no two pages look alike."""

from __future__ import annotations

import numpy as np
from PIL import Image

from .canvas import Canvas
from .charts import (
    DARK,
    LIGHT,
    NIGHT,
    PAPER,
    Axis,
    Series,
    Theme,
    dial,
    figure,
    frame,
    legend,
    legend_table,
    noise,
    plot,
)

GREEN, YELLOW, ORANGE, RED, BLUE, VIOLET = "#73bf69", "#f2cc0c", "#ff9830", "#f2495c", "#5794f2", "#b877d9"


def _rail(c: Canvas, theme: Theme, crumbs: str, span: str) -> None:
    """The frame of the dark monitoring tool: a rail of icons, the path of the page, the time span."""
    c.rect((0, 0, 48, c.height), theme.panel)
    c.line([(48, 0), (48, c.height)], theme.border)
    c.disc((24, 24), 11, None, theme.accent, 2.4)
    c.line([(17, 26), (22, 20), (26, 27), (31, 20)], theme.accent, 1.8)
    for row in range(6):
        y = 74 + 42 * row
        shade = theme.text if row == 1 else theme.muted
        if row % 3 == 0:
            c.rect((16, y - 7, 32, y + 7), None, shade, 2, 1.5)
            c.line([(16, y - 1), (32, y - 1)], shade, 1.5)
        elif row % 3 == 1:
            for side, tall in ((17, 6), (22, 13), (27, 9)):
                c.rect((side, y + 7 - tall, side + 4, y + 7), shade)
        else:
            c.disc((24, y), 7, None, shade, 1.5)
            c.disc((24, y), 2, shade)
    c.text((66, 25), crumbs, theme.text, 14, "Medium", theme.family)
    c.rect((c.width - 242, 11, c.width - 64, 39), theme.panel, theme.border, 3)
    c.disc((c.width - 226, 25), 5.5, None, theme.muted, 1.2)
    c.line([(c.width - 226, 22), (c.width - 226, 25), (c.width - 223, 26)], theme.muted, 1.2)
    c.text((c.width - 211, 25), span, theme.text, 12, family=theme.family)
    c.rect((c.width - 56, 11, c.width - 16, 39), theme.panel, theme.border, 3)
    c.arc((c.width - 36, 25), 6.5, 40, 330, theme.text, 1.5)


def _header(c: Canvas, theme: Theme, title: str, query: str, span: str) -> None:
    """The frame of the bright monitoring tool: a coloured bar, a search field, the time span."""
    c.rect((0, 0, c.width, 46), "#ffffff")
    c.line([(0, 46), (c.width, 46)], theme.border)
    c.rect((14, 11, 38, 35), "#0b7a75", radius=6)
    c.text((26, 23), "T", "#ffffff", 14, "Bold", anchor="mm")
    c.text((50, 23), title, theme.text, 14, "SemiBold")
    c.rect((14, 58, c.width - 258, 90), "#ffffff", theme.border, 4)
    c.disc((32, 73), 5, None, theme.muted, 1.4)
    c.line([(36, 77), (40, 81)], theme.muted, 1.4)
    c.text((50, 74), query, theme.muted, 12, family="mono")
    c.rect((c.width - 246, 58, c.width - 100, 90), "#ffffff", theme.border, 4)
    c.text((c.width - 232, 74), span, theme.text, 12)
    c.rect((c.width - 90, 58, c.width - 14, 90), theme.accent, radius=4)
    c.text((c.width - 52, 74), "Refresh", "#ffffff", 12, "Medium", anchor="mm")


def cpu() -> Image.Image:
    """A sawtooth: load climbs for three quarters of an hour and falls at once, again and again."""
    c = Canvas(1200, 600, DARK.page)
    _rail(c, DARK, "Booking / API hosts", "Last 6 hours")
    n = 720
    phase = (np.arange(n) % 90) / 90
    busy = Series("api-2", ORANGE, 22 + 70 * phase**1.2 + noise(11, n, 1.3), width=1.8)
    calm = [
        Series("api-1", GREEN, 27 + noise(12, n, 1.1, 0.8)),
        Series("api-3", BLUE, 33 + noise(13, n, 1.1, 0.8)),
    ]
    frame(c, (62, 52, 1184, 440), DARK, "CPU busy by host")
    hours = ["04:00", "05:00", "06:00", "07:00", "08:00", "09:00"]
    plot(c, (118, 92, 1166, 398), DARK, Axis(100, 20, "{:.0f} %".format), hours, [*calm, busy])
    legend(c, (118, 426), DARK, [calm[0], busy, calm[1]])
    load = 1.4 + 3.4 * (np.arange(120) % 15) / 15 + noise(14, 120, 0.1)
    figure(c, (62, 450, 336, 586), DARK, "Load, api-2", "4.71", ORANGE, load)
    figure(c, (346, 450, 618, 586), DARK, "Requests per second", "212", GREEN, noise(15, 120, 1, 0.6))
    figure(c, (628, 450, 900, 586), DARK, "Worker restarts today", "8", YELLOW)
    figure(c, (910, 450, 1184, 586), DARK, "Hosts up", "3 / 3", GREEN)
    return c.finish()


def memory() -> Image.Image:
    """A slow leak: a straight climb over two weeks that ends under a limit."""
    c = Canvas(1180, 620, LIGHT.page)
    _header(c, LIGHT, "Gate controllers", "host : gc-havnsund-2 and process : gated", "Last 14 days")
    n = 560
    grown = 0.31 + np.linspace(0, 1.46, n) + noise(21, n, 0.006, 0.7)
    daily = 0.02 * np.sin(np.arange(n) * 2 * np.pi / 40)
    used = Series("resident set, gated", "#00807b", grown + daily, "area", 2)
    limit = Series("cgroup limit", "#c4242b", np.full(n, 1.9), width=1.6, dash=6)
    frame(c, (14, 102, 1166, 430), LIGHT, "Resident memory (GiB)")
    days = [f"{day} Feb" for day in range(16, 29, 2)]
    plot(c, (66, 144, 1144, 384), LIGHT, Axis(2, 0.5, "{:.1f}".format), days, [used, limit])
    legend(c, (66, 414), LIGHT, [used, limit])
    handles = np.floor(np.linspace(3, 31, 56)) * 128 + 40
    held = Series("open handles", "#6a5acd", handles, "bars")
    frame(c, (14, 442, 780, 608), LIGHT, "Open file handles")
    plot(c, (66, 480, 762, 576), LIGHT, Axis(4500, 1500, "{:,.0f}".format), days, [held])
    frame(c, (792, 442, 1166, 608), LIGHT, "Uptime")
    c.text((979, 530), "13 d 21 h", LIGHT.text, 34, "SemiBold", anchor="mm")
    c.text((979, 568), "since the last restart", LIGHT.muted, 12, anchor="mm")
    return c.finish()


def latency() -> Image.Image:
    """A step: three calm bands that jump to a higher plateau at one moment and stay there."""
    c = Canvas(1160, 560, NIGHT.page)
    c.text((24, 28), "booking-api", NIGHT.text, 18, "Medium", "roboto")
    c.text((126, 29), "Response time, production", NIGHT.muted, 14, family="roboto")
    for index, (name, shade) in enumerate((("1h", NIGHT.panel), ("4h", NIGHT.accent), ("1d", NIGHT.panel))):
        x = 994 + 50 * index
        c.rect((x, 14, x + 46, 42), shade, NIGHT.border, 14)
        c.text((x + 23, 28), name, "#ffffff" if index == 1 else NIGHT.muted, 12, "Medium", "roboto", "mm")
    n = 480
    step = (np.arange(n) > 268).astype(float)
    p50 = 82 + 96 * step + noise(31, n, 3, 0.5)
    p95 = 190 + 300 * step + noise(32, n, 9, 0.5)
    p99 = 310 + 520 * step + np.abs(noise(33, n, 22, 0.4))
    bands = [Series("p50", "#36c5f0", p50), Series("p95", "#f5b83d", p95), Series("p99", "#ff5c8a", p99)]
    frame(c, (16, 56, 1144, 444), NIGHT, "Time to answer, milliseconds")
    hours = ["10:15", "10:45", "11:15", "11:45", "12:15", "12:45", "13:15", "13:45"]
    area = (72.0, 96.0, 1124.0, 402.0)
    plot(c, area, NIGHT, Axis(1000, 250, "{:.0f}".format), hours, bands)
    deploy = area[0] + (area[2] - area[0]) * 268 / n
    c.line([(deploy, 96), (deploy, 402)], "#c792ea", 1.4, 5)
    c.rect((deploy - 40, 80, deploy + 40, 100), "#c792ea", radius=3)
    c.text((deploy, 90), "v4.18.0", NIGHT.page, 12, "Bold", "roboto", "mm")
    legend(c, (72, 430), NIGHT, bands)
    tiles = (("p50 now", "178 ms"), ("p95 now", "489 ms"), ("p99 now", "858 ms"), ("Deployed", "12:14"))
    for index, (name, value) in enumerate(tiles):
        figure(c, (16 + 284 * index, 456, 290 + 284 * index, 546), NIGHT, name, value, NIGHT.text)
    return c.finish()


def sales() -> Image.Image:
    """Three days of hills with a valley every night, this week above last week, and a ring of channels."""
    c = Canvas(1180, 560, "#ffffff")
    c.text((24, 30), "Tickets sold per hour", "#222222", 20, "SemiBold")
    c.text((24, 56), "All routes, Thursday to Saturday. Pale: the week before", "#777777", 13)
    hour = np.linspace(0, 72, 432)
    day = hour % 24
    hump = np.exp(-(((day - 9.5) / 2.6) ** 2)) + 0.86 * np.exp(-(((day - 17) / 2.9) ** 2))
    now = 24 + 640 * hump * (1 + 0.16 * (hour > 48)) + noise(41, 432, 7, 0.7)
    before = 22 + 520 * np.interp(hour - 0.5, hour, hump) + noise(42, 432, 6, 0.7)
    pale = Series("week before", "#c9b8e8", np.clip(before, 4, None), "area", 1.4)
    deep = Series("this week", "#7c3aed", np.clip(now, 4, None), "area", 2.2)
    times = [f"{name} {clock}" for name in ("Thu", "Fri", "Sat") for clock in ("03:00", "09:00", "15:00", "21:00")]
    plot(c, (70, 96, 840, 490), PAPER, Axis(800, 200, "{:.0f}".format), times, [pale, deep])
    legend(c, (70, 536), PAPER, [deep, pale])
    turns = (("Web", 0.58, "#7c3aed"), ("App", 0.27, "#f59e0b"), ("Kiosk", 0.11, "#10b981"), ("Phone", 0.04, "#ef4444"))
    start = -90.0
    for _, share, colour in turns:
        c.arc((1010, 230), 116, start, start + 360 * share - 1.5, colour, 40)
        start += 360 * share
    c.text((1010, 220), "21,846", "#222222", 30, "SemiBold", anchor="mm")
    c.text((1010, 250), "tickets", "#777777", 13, anchor="mm")
    for index, (name, share, colour) in enumerate(turns):
        y = 390 + 30 * index
        c.rect((920, y - 7, 934, y + 7), colour, radius=3)
        c.text((946, y), name, "#222222", 14)
        c.text((1100, y), f"{share:.0%}", "#222222", 14, "SemiBold", anchor="rm")
    return c.finish()


def gate_errors() -> Image.Image:
    """Low bars with one burst of tall red ones, stacked on orange."""
    c = Canvas(1120, 500, DARK.page)
    n = 96
    rng = np.random.default_rng(51)
    soft = rng.poisson(3, n).astype(float)
    hard = rng.poisson(0.6, n).astype(float)
    hard[58:67] += np.array([9, 26, 41, 38, 44, 35, 29, 14, 6])
    bars = [Series("retried", ORANGE, soft, "bars"), Series("refused", RED, hard, "bars")]
    frame(c, (14, 14, 1106, 372), DARK, "Rejected scans per quarter of an hour", "Ortholm, gates 1 to 6")
    hours = ["01:30", "04:30", "07:30", "10:30", "13:30", "16:30", "19:30", "22:30"]
    plot(c, (66, 54, 1086, 330), DARK, Axis(50, 10), hours, bars)
    legend(c, (66, 358), DARK, bars)
    frame(c, (14, 382, 1106, 486), DARK, "")
    rows = [
        (RED, ("TKT-4417 signature too old", "214", "gate 3")),
        (ORANGE, ("TKT-4402 barcode unreadable", "187", "gate 5")),
    ]
    legend_table(c, (34, 406, 1086, 480), DARK, ("Reason", "Count", "Most at"), rows)
    return c.finish()


def egress() -> Image.Image:
    """Quiet inbound traffic; outbound is flat for a night and then one tall block stands for forty minutes."""
    c = Canvas(1240, 660, DARK.page)
    _rail(c, DARK, "Network / Edge firewall fw-edge-1", "14 Mar 00:00 to 06:00")
    n = 720
    quiet = 11 + np.abs(noise(61, n, 1.6, 0.6))
    rise = np.clip((np.arange(n) - 248) / 5, 0, 1) * np.clip((332 - np.arange(n)) / 4, 0, 1)
    out = quiet + 168 * rise + 9 * rise * noise(62, n, 1.0)
    sent = Series("wan0 sent", RED, out, "area", 1.8)
    frame(c, (62, 52, 1224, 330), DARK, "Outbound traffic", "Mbit/s")
    hours = ["00:30", "01:30", "02:30", "03:30", "04:30", "05:30"]
    plot(c, (116, 92, 1206, 296), DARK, Axis(200, 50, "{:.0f}".format), hours, [sent])
    got = Series("wan0 received", GREEN, 15 + np.abs(noise(63, n, 1.8, 0.6)), "area", 1.4)
    frame(c, (62, 340, 636, 498), DARK, "Inbound traffic", "Mbit/s")
    plot(c, (106, 378, 620, 468), DARK, Axis(200, 100, "{:.0f}".format), hours, [got])
    open_ = Series("sessions", BLUE, 940 + noise(64, n, 14, 0.8), "line", 1.4)
    frame(c, (646, 340, 1224, 498), DARK, "Open sessions")
    plot(c, (700, 378, 1208, 468), DARK, Axis(2000, 1000, "{:.0f}".format), hours, [open_])
    frame(c, (62, 508, 1224, 646), DARK, "Top pairs by bytes sent")
    rows = [
        (RED, ("10.20.30.44  to  203.0.113.77 : 443", "51.7 GB", "1", "41 min")),
        (BLUE, ("10.20.30.60  to  198.51.100.9 : 22", "902 MB", "1", "18 min")),
        (GREEN, ("10.20.30.11  to  192.0.2.140 : 443", "311 MB", "1,204", "6 h")),
    ]
    legend_table(c, (78, 552, 1206, 640), DARK, ("Source and destination", "Sent", "Sessions", "Lasted"), rows)
    return c.finish()


def wall() -> Image.Image:
    """The screen in the office: dials in traffic-light colours over a board of green and red tiles."""
    c = Canvas(1200, 580, NIGHT.page)
    dials = (("Berths in use", 0.5, GREEN), ("Gates open", 0.92, GREEN), ("Queue at Lomvik", 0.78, YELLOW),
             ("Fuel, Kittiwake", 0.17, RED))  # fmt: skip
    for index, (label, share, colour) in enumerate(dials):
        left = 16 + 294.67 * index
        frame(c, (left, 16, left + 284, 266), NIGHT, "")
        dial(c, (left + 142, 144), 96, NIGHT, share, label, colour)
    names = ("web", "booking-api", "payments", "manifest-db", "queue", "mail", "timetable", "crew-rota",
             "gates Havnsund", "gates Ortholm", "gates Lomvik", "gates Skerry", "vessel link", "guest wifi",
             "backup", "report")  # fmt: skip
    states = {"vessel link": YELLOW, "gates Ortholm": RED}
    for index, name in enumerate(names):
        left, top = 16 + 147.2 * (index % 8), 282 + 144 * (index // 8)
        c.rect((left, top, left + 137.6, top + 134), states.get(name, "#2e7d4f"), radius=6)
        shade = "#1b1b1b" if name in states else "#ffffff"
        c.text((left + 69, top + 54), name, shade, 15, "Medium", "roboto", "mm")
        word = {YELLOW: "slow", RED: "faults"}.get(states.get(name, ""), "ok")
        c.text((left + 69, top + 84), word, shade, 13, family="roboto", anchor="mm")
    return c.finish()


def gate_heat() -> Image.Image:
    """Days by hours as a grid of squares from pale yellow to dark purple."""
    c = Canvas(1100, 420, "#ffffff")
    c.text((24, 32), "Passengers through the gates", "#222222", 19, "Medium", "roboto")
    c.text((24, 58), "average per hour, January to March", "#777777", 13, family="roboto")
    stops = np.array([[255, 246, 204], [254, 196, 79], [240, 96, 69], [150, 30, 110], [45, 10, 75]], float)
    rng = np.random.default_rng(81)
    hour = np.arange(24)
    for row, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")):
        late = 11.5 if row >= 5 else 7.5
        busy = np.exp(-(((hour - late) / 2.2) ** 2)) + (0.95 if row == 4 else 0.6) * np.exp(-(((hour - 17) / 2.4) ** 2))
        level = np.clip(busy * (0.8 if row == 6 else 1.0) + rng.normal(0, 0.04, 24), 0, 1)
        c.text((66, 100 + 38 * row), name, "#444444", 13, family="roboto", anchor="rm")
        for column, share in enumerate(level.tolist()):
            place = share * (len(stops) - 1)
            low = min(int(place), len(stops) - 2)
            mixed = stops[low] + (stops[low + 1] - stops[low]) * (place - low)
            colour = "#{:02x}{:02x}{:02x}".format(*(int(part) for part in mixed))
            left, top = 78 + 38.5 * column, 83 + 38 * row
            c.rect((left, top, left + 36.5, top + 36), colour, radius=2)
    for column in range(0, 24, 3):
        c.text((96 + 38.5 * column, 364), f"{column:02d}", "#777777", 12, family="roboto", anchor="mm")
    for step in range(120):
        place = step / 120 * (len(stops) - 1)
        low = int(place)
        mixed = stops[low] + (stops[low + 1] - stops[low]) * (place - low)
        c.rect(
            (1028, 344 - step * 2.2, 1046, 346.4 - step * 2.2), "#{:02x}{:02x}{:02x}".format(*(int(p) for p in mixed))
        )
    c.text((1054, 344), "0", "#777777", 12, family="roboto")
    c.text((1054, 82), "900", "#777777", 12, family="roboto")
    return c.finish()


def query() -> Image.Image:
    """A picture to search with: another tool's idea of sudden outbound traffic. It is not in the handbook."""
    c = Canvas(900, 420, DARK.page)
    n = 300
    quiet = 4 + np.abs(noise(91, n, 0.7, 0.5))
    rise = np.clip((np.arange(n) - 168) / 4, 0, 1) * np.clip((214 - np.arange(n)) / 4, 0, 1)
    sent = Series("tx", ORANGE, quiet + 64 * rise + 4 * rise * noise(92, n, 1), "area", 1.8)
    frame(c, (12, 12, 888, 408), DARK, "eth1 tx", "MB/s")
    times = ["22:00", "23:00", "00:00", "01:00", "02:00", "03:00"]
    plot(c, (66, 52, 868, 360), DARK, Axis(80, 20, "{:.0f}".format), times, [sent])
    legend(c, (66, 392), DARK, [sent])
    return c.finish()
