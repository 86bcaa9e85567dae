"""Every shape of curve an engineer has a word for: the word, how it is said, and the curve."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
Shape = Callable[[Values, float], Values]
"""(x from 0 to 1, place of the event from 0 to 1) -> heights from about 0 to 1."""

PLACES = {"left": 0.2, "middle": 0.5, "right": 0.8}


def _pulse(x: Values, at: float, width: float) -> Values:
    pulse: Values = np.exp(-(((x - at) / width) ** 2))
    return pulse


SHAPES: dict[str, tuple[str, Shape]] = {
    "steady rise": (
        "[rises steadily|keeps climbing|goes up from left to right|trends upwards]",
        lambda x, at: 0.08 + 0.84 * x,
    ),
    "steady fall": (
        "[falls steadily|keeps sinking|goes down from left to right|trends downwards]",
        lambda x, at: 0.92 - 0.84 * x,
    ),
    "flat": ("[stays flat|hardly changes|is nearly constant|is a level line]", lambda x, at: 0.5 + 0 * x),
    "spike": (
        "[has one sharp spike|jumps up once and comes right back|shows a single tall narrow peak]",
        lambda x, at: 0.15 + 0.78 * _pulse(x, at, 0.025),
    ),
    "drop": (
        "[has one sharp drop|dips deep once and recovers|plunges for a moment]",
        lambda x, at: 0.85 - 0.78 * _pulse(x, at, 0.03),
    ),
    "step up": (
        "[steps up once|jumps to a higher level and stays there|has a step up]",
        lambda x, at: 0.2 + 0.6 * (x > at),
    ),
    "step down": (
        "[steps down once|falls to a lower level and stays there|has a step down]",
        lambda x, at: 0.8 - 0.6 * (x > at),
    ),
    "sawtooth": (
        "[is a sawtooth|climbs slowly and falls sharply again and again|has teeth like a saw]",
        lambda x, at: 0.1 + 0.8 * ((x * (3 + round(4 * at))) % 1.0),
    ),
    "waves": (
        "[goes up and down in even waves|is a sine wave|swings up and down smoothly|has a daily rhythm]",
        lambda x, at: 0.5 + 0.4 * np.sin(2 * np.pi * x * (2 + round(4 * at))),
    ),
    "exponential growth": (
        "[grows exponentially|stays low and then shoots up at the end|is a hockey stick]",
        lambda x, at: 0.05 + 0.9 * np.expm1(5.5 * x) / np.expm1(5.5),
    ),
    "decay": (
        "[decays quickly and levels off|falls fast, then ever slower|drops steeply at first and flattens out]",
        lambda x, at: 0.06 + 0.88 * np.exp(-6 * x),
    ),
    "saturation": (
        "[rises fast and levels off|climbs to a plateau|saturates]",
        lambda x, at: 0.06 + 0.84 * (1 - np.exp(-6 * x)),
    ),
    "s-curve": (
        "[is an S-curve|goes from low to high in an S shape]",
        lambda x, at: 0.08 + 0.84 / (1 + np.exp(-14 * (x - 0.5))),
    ),
    "hump": (
        "[rises and falls again|is one broad hump|has a wide hill in the middle]",
        lambda x, at: 0.1 + 0.8 * np.sin(np.pi * x) ** 2,
    ),
    "valley": (
        "[falls and rises again|is U-shaped|has a wide valley in the middle]",
        lambda x, at: 0.9 - 0.8 * np.sin(np.pi * x) ** 2,
    ),
    "bursts": (
        "[has many short spikes|comes in bursts|is spiky all along]",
        lambda x, at: 0.1 + 0.75 * sum((_pulse(x, (n + at) / 7, 0.012) for n in range(7)), start=np.zeros_like(x)),
    ),
    "on and off": (
        "[switches on and off|is a square wave|jumps between two levels]",
        lambda x, at: 0.15 + 0.7 * ((x * (3 + round(4 * at))) % 1.0 > 0.5),
    ),
    "stairs up": (
        "[goes up in stairs|climbs step by step|is a staircase going up]",
        lambda x, at: 0.1 + 0.8 * np.minimum(np.floor(x * 5), 4) / 4,
    ),
    "stairs down": (
        "[goes down in stairs|descends step by step|is a staircase going down]",
        lambda x, at: 0.9 - 0.8 * np.minimum(np.floor(x * 5), 4) / 4,
    ),
    "crash": (
        "[climbs and then crashes|rises slowly and falls off a cliff|grows until it collapses]",
        lambda x, at: np.where(x < 0.4 + 0.45 * at, 0.1 + 0.8 * x / (0.4 + 0.45 * at), 0.06),
    ),
    "ringing": (
        "[rings and settles|swings less and less|is a damped oscillation]",
        lambda x, at: 0.5 + 0.45 * np.exp(-4 * x) * np.cos(2 * np.pi * 6 * x),
    ),
    "noise": (
        "[is very noisy|jitters all the time|jumps up and down at random]",
        lambda x, at: 0.5 + 0 * x,
    ),
}
WORDS = tuple(SHAPES)
PLACED = ("spike", "drop", "step up", "step down")
"""Shapes whose event may lie anywhere; the others look the same wherever it lies."""


def curve(shape: str, count: int, place: str, rng: np.random.Generator) -> Values:
    """(count,) heights from 0 to 1, with the small noise that real measurements have."""
    x = np.linspace(0, 1, count)
    at = PLACES[place] + rng.uniform(-0.05, 0.05)
    noise = rng.normal(0, 1, count)
    strength = 0.16 if shape == "noise" else rng.choice([0.0, 0.008, 0.02])
    return np.clip(SHAPES[shape][1](x, at) + strength * noise, 0.0, 1.0)
