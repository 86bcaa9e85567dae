"""Plain numbers of colour and line, for a backbone that was trained to ignore colour.

Written as few products of matrices over the pixels of a field: map by map it took 17 ms a picture, not 5.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

HUES, LEVELS, EDGES = 12, 4, 4
SHARES = 2 * HUES + LEVELS
"""Dark and light pixels of each hue, and colourless ones of each lightness."""
LOOKS = SHARES + 3 + EDGES + 1
COLOURS = SHARES + LEVELS**3


def levels_of(values: Tensor) -> Tensor:
    """values (..., p) in 0-1; returns (..., LEVELS, p): how near each is to 0, 1/3, 2/3 and 1."""
    levels = torch.arange(LEVELS, dtype=values.dtype)[:, None]
    return (1 - ((LEVELS - 1) * values[..., None, :] - levels).abs()).clamp(min=0)


def shares(pixels: Tensor, light: Tensor) -> Tensor:
    """What share of the pixels is of which hue, dark or light, or of which grey.

    A hue counts fully from a third of full colour on: the thin curves of a chart are washed out when it is scaled.

    pixels (..., 3, p) in 0-1 and light (..., p), how light each is; returns (..., SHARES)
    """
    red, green, blue = pixels.unbind(-2)
    x, y = red - (green + blue) / 2, (green - blue) * 0.75**0.5
    colour = (x * x + y * y).sqrt().clamp(min=1e-4)  # not + 1e-8: the exporter drops what is nearly 0
    strength = (4 * colour - 0.2).clamp(0, 1)
    angles = torch.arange(HUES) * (2 * math.pi / HUES)
    edge = math.cos(2 * math.pi / HUES)  # a hue reaches as far as the middle of the next one
    towards = torch.stack([angles.cos(), angles.sin()], dim=1) @ torch.stack([x / colour, y / colour], dim=-2)
    hues = ((towards - edge) / (1 - edge)).clamp(min=0)
    dark = ((0.55 - light) * 5).clamp(0, 1) * strength
    coloured = hues @ torch.stack([dark, strength - dark], dim=-1)
    greys = levels_of(light) @ (1 - strength)[..., None]
    return torch.cat([coloured.transpose(-1, -2).flatten(-2), greys[..., 0]], dim=-1) / light.shape[-1]


def looks(pixels: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """What is seen where, and of what colours the whole is.

    pixels (b, 3, h, w) in 0-1
    size   side of a field, in pixels
    returns (b, fields, LOOKS), fields in rows: shares of hues and greys (square roots, so that little counts), mean
    colour, edges in four directions, contrast;
    and (b, COLOURS), of the picture: shares, and a soft 4x4x4 RGB histogram, square roots too.
    """
    b, _, h, w = pixels.shape
    light = (pixels * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    more = F.pad(light, (0, 1, 0, 1), mode="replicate")
    here, right, below, across = more[..., :-1, :-1], more[..., :-1, 1:], more[..., 1:, :-1], more[..., 1:, 1:]
    edges = torch.cat([here - right, here - below, here - across, right - below], dim=1).abs()
    maps = torch.cat([pixels, edges, light], dim=1).view(b, -1, h // size, size, w // size, size)
    seen = maps.permute(0, 2, 4, 1, 3, 5).reshape(b, -1, 3 + EDGES + 1, size * size)
    light, means = seen[:, :, -1], seen.mean(3)
    contrast = ((light * light).mean(2) - means[:, :, -1] ** 2).clamp(min=0).sqrt()
    part = shares(seen[:, :, :3], light).clamp(min=0)
    fields = torch.cat([part.sqrt(), means[:, :, :3], means[:, :, 3:-1].sqrt(), contrast[..., None]], dim=2)
    red, green, blue = levels_of(pixels.flatten(2)).unbind(1)
    pairs = (red[:, :, None] * green[:, None]).flatten(1, 2)
    histogram = (pairs @ blue.transpose(1, 2) / (h * w)).flatten(1).sqrt()
    return fields, torch.cat([part.mean(1).sqrt(), histogram], dim=1)
