"""Panels of a monitoring page: curves, areas, bars, figures and their frames, in a dark and a light dress."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .canvas import Box, Canvas, Colour

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Theme:
    page: Colour
    panel: Colour
    border: Colour
    text: Colour
    muted: Colour
    grid: Colour
    accent: Colour
    family: str = "sans"


DARK = Theme("#111217", "#181b1f", "#26292f", "#d5d7dd", "#8b8f98", "#2a2e35", "#6e9fff")
NIGHT = Theme("#0b1426", "#111d35", "#1d2c4c", "#dce6f7", "#7d8fb3", "#1c2b49", "#36c5f0", "roboto")
LIGHT = Theme("#f4f5f8", "#ffffff", "#dfe2e8", "#343741", "#69707d", "#eceef2", "#0b64dd")
PAPER = Theme("#ffffff", "#ffffff", "#ffffff", "#222222", "#777777", "#e4e4e4", "#00798c", "roboto")


@dataclass(frozen=True)
class Series:
    label: str
    colour: Colour
    values: Values
    kind: Literal["line", "area", "bars"] = "line"
    width: float = 1.6
    dash: float = 0


@dataclass(frozen=True)
class Axis:
    """Value axis from 0 to `top`, a grid line at every `step`, labels written by `write`."""

    top: float
    step: float
    write: Callable[[float], str] = "{:g}".format


def frame(c: Canvas, box: Box, theme: Theme, title: str, note: str = "") -> None:
    c.rect(box, theme.panel, theme.border, radius=4)
    left, top, right, _ = box
    c.text((left + 14, top + 19), title, theme.text, 13, "Medium", theme.family)
    if note:
        c.text((right - 14, top + 19), note, theme.muted, 11.5, family=theme.family, anchor="rm")


def plot(c: Canvas, area: Box, theme: Theme, axis: Axis, times: Sequence[str], series: Sequence[Series]) -> None:
    """Grid, labels and curves inside `area`; every series spans its full width, `times` are spread over it.

    Series of bars are stacked upon each other in their order.
    """
    left, top, right, bottom = area
    rows = round(axis.top / axis.step)
    for row in range(rows + 1):
        y = bottom - (bottom - top) * row / rows
        c.line([(left, y), (right, y)], theme.grid)
        c.text((left - 9, y), axis.write(row * axis.step), theme.muted, 11, family=theme.family, anchor="rm")
    for index, label in enumerate(times):
        x = left + (right - left) * (index + 0.5) / len(times)
        c.line([(x, top), (x, bottom)], theme.grid)
        c.text((x, bottom + 14), label, theme.muted, 11, family=theme.family, anchor="mm")
    floor = np.zeros(len(series[0].values))
    for one in series:
        if one.kind == "bars":
            _bars(c, area, axis, one, floor)
            floor = floor + one.values
            continue
        xs = np.linspace(left, right, len(one.values))
        ys = bottom - (bottom - top) * np.clip(one.values / axis.top, 0, 1)
        points = list(zip(xs.tolist(), ys.tolist(), strict=True))
        if one.kind == "area":
            c.fade([(left, bottom), *points, (right, bottom)], one.colour, 120, 12)
        c.line(points, one.colour, one.width, one.dash)


def _bars(c: Canvas, area: Box, axis: Axis, one: Series, floor: Values) -> None:
    left, top, right, bottom = area
    slot = (right - left) / len(one.values)
    for index, (low, value) in enumerate(zip(floor.tolist(), one.values.tolist(), strict=True)):
        if value > 0:
            x = left + slot * index
            high = min(low + value, axis.top)
            scale = (bottom - top) / axis.top
            c.rect((x + slot * 0.14, bottom - high * scale, x + slot * 0.86, bottom - low * scale), one.colour)


def legend(c: Canvas, at: tuple[float, float], theme: Theme, series: Sequence[Series], gap: float = 22) -> None:
    x, y = at
    for one in series:
        c.rect((x, y - 2, x + 14, y + 2), one.colour, radius=2)
        x += 20 + c.text((x + 20, y), one.label, theme.muted, 11.5, family=theme.family) + gap


def legend_table(
    c: Canvas, box: Box, theme: Theme, heads: Sequence[str], rows: Sequence[tuple[Colour, Sequence[str]]]
) -> None:
    """A table below or beside a chart: the first column is wide and keyed by colour, the others align right."""
    left, top, right, _ = box
    column = min(110.0, (right - left) * 0.6 / max(1, len(heads) - 1))
    for index, head in enumerate(heads[1:]):
        x = right - column * (len(heads) - 2 - index)
        c.text((x, top), head, theme.accent, 11.5, "Medium", theme.family, "rm")
    c.text((left, top), heads[0], theme.accent, 11.5, "Medium", theme.family)
    for row, (colour, cells) in enumerate(rows):
        y = top + 23 * (row + 1)
        c.line([(left, y - 11.5), (right, y - 11.5)], theme.grid)
        c.rect((left, y - 2, left + 14, y + 2), colour, radius=2)
        c.text((left + 22, y), cells[0], theme.text, 12, family=theme.family)
        for index, cell in enumerate(cells[1:]):
            c.text(
                (right - column * (len(cells) - 2 - index), y), cell, theme.text, 12, family=theme.family, anchor="rm"
            )


def figure(
    c: Canvas, box: Box, theme: Theme, title: str, value: str, colour: Colour, trend: Values | None = None
) -> None:
    """One large number, with a small curve below it where there is a trend."""
    frame(c, box, theme, title)
    left, top, right, bottom = box
    c.text(((left + right) / 2, top + (bottom - top) * 0.55), value, colour, 30, "Medium", theme.family, "mm")
    if trend is not None:
        xs = np.linspace(left + 1, right - 1, len(trend))
        ys = bottom - 2 - 22 * (trend - trend.min()) / max(float(np.ptp(trend)), 1e-9)
        points = list(zip(xs.tolist(), ys.tolist(), strict=True))
        c.fade([(left + 1, bottom - 1), *points, (right - 1, bottom - 1)], colour, 90, 20)
        c.line(points, colour, 1.4)


def dial(
    c: Canvas, centre: tuple[float, float], radius: float, theme: Theme, share: float, label: str, colour: Colour
) -> None:
    """A half-open ring that is filled up to `share`."""
    c.arc(centre, radius, 150, 390, theme.grid, radius * 0.2)
    c.arc(centre, radius, 150, 150 + 240 * share, colour, radius * 0.2)
    c.text(centre, f"{share:.0%}", colour, radius * 0.42, "Medium", theme.family, "mm")
    c.text((centre[0], centre[1] + radius * 0.72), label, theme.muted, 12, family=theme.family, anchor="mm")


def noise(seed: int, n: int, spread: float, memory: float = 0.0) -> Values:
    """Normal noise; with `memory` (0-1) each value leans on the one before it, as loads do."""
    steps = np.random.default_rng(seed).normal(0, spread, n)
    out = np.zeros(n)
    for index in range(n):
        out[index] = (memory * out[index - 1] if index else 0.0) + steps[index]
    return out
