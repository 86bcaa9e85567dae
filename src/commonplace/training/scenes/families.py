"""The table of families: how each is called, and who draws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from commonplace.training.scenes import lines
from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import Choices
from commonplace.training.scenes.grammar import Said


class Family(NamedTuple):
    said: str
    """What people call this kind of picture, with paraphrases."""
    draw: Callable[[Canvas, Choices], Said]


FAMILIES: dict[str, Family] = {
    "line chart": Family("[line chart|line graph|time series plot|graph]", lines.line_chart),
    "several lines": Family("[line chart|line graph|chart with several lines|time series graph]", lines.several_lines),
    "stacked areas": Family("[stacked area chart|area chart|layered area graph]", lines.stacked_areas),
    "dashboard": Family("[dashboard|monitoring dashboard|metrics dashboard|wall of panels]", lines.dashboard),
    "signal traces": Family(
        "[oscilloscope screen|logic analyser capture|signal plot|timing diagram]", lines.signal_traces
    ),
}
