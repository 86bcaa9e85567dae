"""The styles that every family can be drawn in. They share no ground, font and manner all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Face = Literal["sans", "mono", "serif"]
Fill = Literal["flat", "pale", "outline", "hatch", "fade"]
Texture = Literal["none", "paper", "squares", "chalk", "dots", "fade"]


@dataclass(frozen=True, slots=True)
class Style:
    said: str
    """Paraphrases, as an adjective before the kind of picture."""
    grounds: tuple[str, ...]
    face: Face
    fill: Fill
    texture: Texture = "none"
    stroke: float = 3.0
    radius: float = 0.0
    wobble: float = 0.0
    """How far a hand-drawn line strays, in pixels of the drawing."""


STYLES: dict[str, Style] = {
    "plain": Style("[plain|simple|clean]", ("white", "light grey"), "sans", "flat"),
    "cards": Style(
        "[modern|rounded|soft]", ("white", "pale blue", "light grey", "pale pink"), "sans", "pale", radius=14
    ),
    "dark": Style("[dark mode|dark theme|dark]", ("charcoal", "black", "navy", "slate"), "sans", "flat", radius=6),
    "sketch": Style(
        "[hand-drawn|sketched|freehand]", ("white", "cream"), "sans", "hatch", "paper", stroke=3.5, wobble=2.6
    ),
    "blueprint": Style("[blueprint|blueprint style]", ("blue", "navy", "slate"), "mono", "outline", "squares"),
    "chalk": Style(
        "[blackboard|chalk|chalkboard]", ("dark green", "black", "charcoal"), "sans", "outline", "chalk", 4.0, 4, 1.6
    ),
    "office": Style(
        "[glossy|office-style|shaded]", ("white", "pale blue", "cream", "tan"), "serif", "fade", "fade", 2.5, 5
    ),
    "retro": Style("[old-fashioned|retro|1990s]", ("light grey", "teal", "grey"), "mono", "flat", "dots", 2.0),
    "print": Style("[printed|scanned|textbook]", ("cream", "white", "light grey"), "serif", "pale", "paper", 2.0),
    "neon": Style("[neon|glowing]", ("black", "navy", "charcoal"), "mono", "outline", "squares", 4.0, 8),
    "poster": Style(
        "[bold|poster-like|flat design]",
        ("orange", "purple", "teal", "sky blue", "pink", "yellow", "lime", "crimson", "olive"),
        "sans",
        "flat",
        stroke=5.0,
        radius=10,
    ),
}
