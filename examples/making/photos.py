"""Photo-like pictures, computed: hills above a lake, a ferry at dusk, a rack of machines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .canvas import Canvas

Field = NDArray[np.float64]


def _mix(low: tuple[int, int, int], high: tuple[int, int, int], share: Field) -> Field:
    """(..., 3) colours between two, by (...) shares 0-1."""
    mixed: Field = np.array(low, float) + (np.array(high, float) - np.array(low, float)) * share[..., None]
    return mixed


def _ridge(seed: int, width: int, rough: float) -> Field:
    """(width,) heights around 0, about -1 to 1: octaves of smooth noise, as eroded hills look from afar."""
    rng = np.random.default_rng(seed)
    heights = np.zeros(width)
    for octave in range(2, 9):
        knots = rng.normal(0, 1, 2**octave + 1)
        place = np.linspace(0, 2**octave, width)
        left = np.minimum(place.astype(int), 2**octave - 1)
        ease = place - left
        ease = ease * ease * (3 - 2 * ease)
        heights += (knots[left] * (1 - ease) + knots[left + 1] * ease) * rough**octave
    heights /= np.abs(heights).max()
    return heights


def _grain(pixels: Field, seed: int, strength: float) -> Image.Image:
    noisy = pixels + np.random.default_rng(seed).normal(0, strength, pixels.shape[:2])[..., None]
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def landscape() -> Image.Image:
    """Evening sun above misty hills, mirrored in still water."""
    width, height, shore = 1280, 800, 500
    ys, xs = np.mgrid[0:height, 0:width].astype(float)
    sky = _mix((52, 92, 150), (255, 190, 128), np.clip(ys / shore, 0, 1) ** 1.4)
    sun = np.hypot(xs - 860, ys - 300)
    glow = np.exp(-sun / 210)[..., None]
    pixels = sky * (1 - 0.75 * glow) + np.array([255, 226, 160]) * 0.75 * glow
    pixels[sun < 40] = (255, 246, 214)
    rng = np.random.default_rng(7)
    for _ in range(26):  # thin clouds, brighter near the sun
        y, x, wide, flat = rng.uniform(40, 260), rng.uniform(0, width), rng.uniform(80, 260), rng.uniform(4, 12)
        cloud = 0.45 * np.exp(-(((xs - x) / wide) ** 2) - ((ys - y - 0.03 * (xs - x)) / flat) ** 2)[..., None]
        pixels = pixels * (1 - cloud) + np.array([255, 222, 196]) * cloud
    layers = ((3, 310, 70, 0.52, (164, 142, 158)), (5, 365, 62, 0.55, (112, 108, 138)),
              (8, 420, 52, 0.6, (66, 82, 104)), (13, 468, 34, 0.66, (32, 52, 58)))  # fmt: skip
    for seed, level, tall, rough, colour in layers:
        top = level - tall * _ridge(seed, width, rough)
        inside = (ys > top[None, :]) & (ys < shore)
        mist = np.clip((ys - top[None, :]) / 130, 0, 1) * 0.42
        shaded = _mix(colour, (236, 196, 170), mist)
        pixels[inside] = shaded[inside]
    depth = np.arange(height - shore)
    sway = 1.2 + depth / 26
    mirror = np.clip(shore - 1 - depth * 1.35 - sway * np.sin(depth**0.82 * 1.1), 0, shore - 1).astype(int)
    shift = (sway[:, None] * np.sin(depth[:, None] * 0.55 + xs[0][None, :] / 46)).astype(int)
    columns = np.clip(np.arange(width)[None, :] + shift, 0, width - 1)
    water = pixels[mirror[:, None], columns] * 0.72 + np.array([18, 40, 62]) * 0.28
    rough_water = np.random.default_rng(17).normal(0, 1, (height - shore, width // 16))
    ripple = np.asarray(Image.fromarray(rough_water).resize((width, height - shore), Image.Resampling.BICUBIC))
    pixels[shore:] = water + ripple[..., None] * 7
    reed_rng = np.random.default_rng(19)
    picture = _grain(pixels, 23, 3).filter(ImageFilter.GaussianBlur(0.6))
    c = Canvas(width, height, scale=2)
    c.paste(picture, (0, 0, width, height))
    for _ in range(190):  # reeds in the near corner
        x = abs(reed_rng.normal(0, 130))
        tall, lean = reed_rng.uniform(60, 210) * np.exp(-x / 300), reed_rng.normal(14, 16)
        foot = height + 10.0
        c.line([(x, foot), (x + lean * 0.4, foot - tall * 0.6), (x + lean, foot - tall)], "#141d1c", 1.8)
    return c.finish()


def ferry() -> Image.Image:
    """A white ferry with lit windows before a dark headland, a lighthouse with its beam, first stars."""
    width, height, sea = 1280, 800, 520
    ys, xs = np.mgrid[0:height, 0:width].astype(float)
    pixels = _mix((14, 20, 48), (214, 112, 102), np.clip(ys / sea, 0, 1) ** 2.2)
    rng = np.random.default_rng(29)
    for _ in range(150):
        y, x, light = int(rng.uniform(0, 300)), int(rng.uniform(0, width)), rng.uniform(40, 170)
        pixels[y, x] += light * (1 - y / 320)
    beam = np.arctan2(ys - 268, 1040 - xs)
    away = np.hypot(xs - 1040, ys - 268)
    ray = np.exp(-(((beam - 0.06) / 0.05) ** 2)) * np.exp(-away / 620) * (xs < 1040)
    pixels = pixels + ray[..., None] * np.array([150, 140, 96])
    land = 505 - np.clip(xs[0] - 760, 0, None) ** 0.72 * 1.15 - 9 * _ridge(31, width, 0.7)
    headland = (ys > land[None, :]) & (ys < sea) & (xs > 760)
    pixels[headland] = (12, 15, 28)
    c = Canvas(width, height, scale=2)
    c.paste(_grain(np.clip(pixels, 0, 255), 37, 3.0).filter(ImageFilter.GaussianBlur(0.7)), (0, 0, width, height))
    c.polygon([(1023, 452), (1057, 452), (1050, 284), (1030, 284)], "#c9c3c4")
    c.polygon([(1000, 452), (1010, 438), (1070, 438), (1086, 460)], "#0c0f1c")
    for y in (318, 366):
        c.polygon(
            [(1029 - (y - 318) * 0.02, y), (1051 + (y - 318) * 0.02, y), (1052, y + 24), (1028, y + 24)], "#8c2f39"
        )
    c.rect((1028, 262, 1052, 284), "#fff3c4", radius=2)
    c.polygon([(1024, 262), (1056, 262), (1040, 246)], "#3a1f2b")
    c.polygon([(170, 442), (742, 442), (706, 521), (206, 521)], "#e9ecef")
    c.polygon([(184, 480), (724, 480), (706, 521), (206, 521)], "#0b5563")
    c.rect((232, 384, 668, 443), "#f4f5f6", radius=4)
    c.rect((268, 336, 600, 385), "#e6e8eb", radius=4)
    c.polygon([(520, 336), (600, 336), (588, 298), (540, 298)], "#f4f5f6")
    c.rect((340, 276, 404, 337), "#0b5563", radius=3)
    c.rect((340, 292, 404, 306), "#f4f5f6")
    c.line([(560, 298), (560, 238)], "#d8dade", 3)
    c.line([(540, 260), (580, 260)], "#d8dade", 2)
    for row, (left, right, y) in enumerate(((250, 650, 404), (284, 584, 352))):
        for x in np.arange(left, right, 26.0).tolist():
            dark = (int(x) * 7 + row) % 11 == 0
            c.rect((x, y, x + 15, y + 17), "#5b6470" if dark else "#ffd98a", radius=2)
    c.rect((544, 306, 586, 320), "#ffe9b8", radius=2)
    for x in np.arange(240, 700, 22.0).tolist():
        c.disc((x, 462), 4, "#2b3542", "#aab3bd", 1)
    picture = np.asarray(c.finish()).astype(float)
    depth = np.arange(height - sea)
    mirror = np.clip(sea - 4 - depth * 1.05 - (depth / 18) * np.sin(depth * 0.5), 0, sea - 1).astype(int)
    shift = ((1 + depth[:, None] / 12) * np.sin(depth[:, None] * 0.42 + xs[0][None, :] / 60)).astype(int)
    columns = np.clip(np.arange(width)[None, :] + shift, 0, width - 1)
    picture[sea - 3 : sea] = picture[sea - 4]
    water = picture[mirror[:, None], columns] * 0.5 + np.array([16, 22, 46]) * 0.5
    picture[sea:] = water
    return _grain(picture, 41, 4.0)


def rack() -> Image.Image:
    """A cabinet: a patch panel, two switches with coloured leads, servers with lamps, a battery at the foot."""
    width, height = 900, 1100
    ys, xs = np.mgrid[0:height, 0:width].astype(float)
    light = np.exp(-(np.hypot((xs - 380) / 620, (ys - 260) / 760) ** 2))
    wall = _mix((58, 60, 64), (152, 154, 156), light)
    c = Canvas(width, height, scale=2)
    c.paste(_grain(wall, 43, 5), (0, 0, width, height))
    c.shadow((120, 40, 780, 1080), blur=26, strength=190, radius=4, drop=10)
    c.rect((120, 40, 780, 1080), "#1b1d20", radius=4)
    c.rect((160, 70, 740, 1060), "#0c0d0f")
    for left in (134, 746):
        c.rect((left, 60, left + 20, 1064), "#3a3d42")
        for hole in range(70, 1060, 14):
            c.rect((left + 6, hole, left + 14, hole + 8), "#0c0d0f", radius=1)
    rng = np.random.default_rng(47)
    sockets: list[tuple[float, float]] = []
    for unit, (top, shade) in enumerate(((84, "#2f3338"), (192, "#26343f"), (300, "#26343f"))):
        c.rect((150, top, 750, top + 76), shade, "#5a6068", 3)
        c.fade([(150, top), (750, top), (750, top + 76), (150, top + 76)], "#ffffff", 38, 0)
        for index in range(48 if unit else 24):
            column, row = index % 24, float(index // 24) if unit else 0.5
            x, y = 176.0 + column * 22.2 + (column // 6) * 5, top + 14 + row * 30
            c.rect((x, y, x + 17, y + 20), "#08090a", "#777d85", 2)
            c.rect((x + 5, y + 14, x + 12, y + 20), "#3b3f45")
            if unit:
                c.rect((x + 2, y - 4, x + 7, y - 1), "#37e06b" if rng.random() < 0.7 else "#f5a524")
            sockets.append((x + 8.5, y + 12))
    leads = ("#2b7de9", "#2b7de9", "#f2c230", "#e2483d", "#36a35a", "#d9dde2")
    for index in range(24):
        if index % 7 == 5:
            continue
        (x0, y0), (x1, y1) = sockets[index], sockets[24 + index + (24 if index % 2 else 0)]
        colour = leads[int(rng.integers(len(leads)))]
        sag = rng.uniform(8, 34) * (1 if index % 2 else -1)
        steps = [t / 24 for t in range(25)]
        curve = [(x0 + (x1 - x0) * t + sag * np.sin(np.pi * t), y0 + (y1 - y0) * (t**1.3)) for t in steps]
        c.line([(x + 2.5, y + 4) for x, y in curve], "#00000077", 6)
        c.line(curve, colour, 5)
        for x, y in (curve[0], curve[-1]):
            c.rect((x - 6, y - 8, x + 6, y + 9), colour, radius=2)
            c.rect((x - 4, y - 7, x + 4, y - 2), "#ffffff55", radius=1)
    for unit in range(5):
        top = 420 + unit * 92
        c.rect((150, top, 750, top + 82), "#17191c", "#4b5058", 3)
        for bay in range(8):
            left = 172 + bay * 58
            c.rect((left, top + 10, left + 52, top + 72), "#24272c", "#3d4249", 2)
            for hole in range(5):
                c.line([(left + 8, top + 22 + hole * 8), (left + 34, top + 22 + hole * 8)], "#0d0e10", 3)
            busy = rng.random()
            c.disc((left + 44, top + 20), 2.6, "#39d6ff" if busy < 0.75 else "#2a2f36")
            c.disc((left + 44, top + 30), 2.6, "#37e06b" if busy > 0.2 else "#ff5147")
        c.disc((706, top + 30), 9, "#0d0e10", "#7a8087", 1.5)
        c.arc((706, top + 30), 5, -60, 240, "#37e06b", 1.6)
        c.rect((690, top + 52, 724, top + 64), "#2b3c7e", radius=2)
    c.rect((150, 888, 750, 1050), "#202327", "#5a6068", 4)
    c.fade([(150, 888), (750, 888), (750, 1050), (150, 1050)], "#ffffff", 26, 0)
    c.rect((182, 918, 330, 990), "#0a2530", "#596068", 4)
    for bar in range(7):
        c.rect((194 + bar * 18, 974 - bar * 6, 206 + bar * 18, 980), "#5ef0c0" if bar < 5 else "#1d4a4a")
    for slot in range(13):
        c.line([(372 + slot * 27, 912), (372 + slot * 27, 1026)], "#0c0d0f", 9)
    flat = np.asarray(c.finish().filter(ImageFilter.GaussianBlur(0.7))).astype(float)
    return _grain(flat * (0.74 + 0.42 * light[..., None]), 53, 5.5)
