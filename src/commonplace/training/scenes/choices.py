"""Named random choices, each with a stream of its own: to change one leaves all the others as they were.

That is what makes minimal pairs: draw a scene again with one choice fixed to another value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

import numpy as np

from commonplace.training.scenes.colours import COLOURS, INKS, Rgb, distance, luma, name_of
from commonplace.training.scenes.grammar import expand
from commonplace.training.scenes.words import LEXICON

T = TypeVar("T")

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
APART = 150.0
"""Least `distance` between two colours that one caption tells apart."""
LEGIBLE = 80.0
"""Least contrast of words with their ground."""


class Choices:
    """`attributes` keeps what may be said (see `pick`, `colour`, `count`); the other choices are silent."""

    def __init__(self, seed: int, fixed: Mapping[str, str] | None = None) -> None:
        self.seed = seed
        self.fixed = dict(fixed or {})
        self.attributes: dict[str, str] = {}
        self.options: dict[str, tuple[str, ...]] = {}

    def _number(self, name: str) -> int:
        return int.from_bytes(blake2b(f"{self.seed}/{name}".encode(), digest_size=8).digest(), "little")

    def among(self, name: str, count: int) -> int:
        return self._number(name) % count

    def one(self, name: str, options: Sequence[T]) -> T:
        return options[self.among(name, len(options))]

    def chance(self, name: str, share: float) -> bool:
        return self._number(name) < share * 2**64

    def uniform(self, name: str, low: float, high: float) -> float:
        return low + (high - low) * self._number(name) / 2**64

    def integer(self, name: str, low: int, high: int) -> int:
        """Both ends included."""
        return low + self.among(name, high - low + 1)

    def rng(self, name: str) -> np.random.Generator:
        return np.random.Generator(np.random.SFC64(self._number(name)))

    def sample(self, name: str, options: Sequence[T], count: int) -> list[T]:
        """`count` different ones; a larger count keeps the smaller one's as its beginning."""
        shuffled = list(options)
        Random(self._number(name)).shuffle(shuffled)
        return shuffled[:count]

    def text(self, name: str, template: str) -> str:
        """Words for the picture: `[a|b]` is a choice, `{noun}` an entry of the lexicon, `~` a digit."""
        words = expand(template, lambda key, count: self.among(f"{name}/{key}", count), LEXICON)
        if "~" in words:
            digits = str(self._number(f"{name}/digits") + 10**19)[1:] * 8
            parts = words.split("~")
            words = "".join(part + digit for part, digit in zip(parts, digits[: len(parts) - 1] + " ", strict=True))
            words = words[:-1]
        return words

    def texts(self, name: str, template: str, count: int) -> list[str]:
        """`count` different ones, in a fixed order as `sample` does it; the template must be rich enough."""
        found: dict[str, None] = {}
        tries = 0
        while len(found) < count:
            found[self.text(f"{name} {tries}", template)] = None
            tries += 1
        return list(found)

    def pick(self, name: str, options: Sequence[str]) -> str:
        """A choice that captions may name."""
        value = self.fixed.get(name, self.one(name, options))
        self.attributes[name] = value
        self.options[name] = tuple(dict.fromkeys(options))
        return value

    def count(self, name: str, low: int, high: int) -> int:
        return NUMBERS.index(self.pick(name, NUMBERS[low : high + 1]))

    def colour(self, name: str, avoid: Iterable[Rgb] = (), among: Sequence[str] = INKS, contrast: float = 20.0) -> Rgb:
        """A colour that captions may name, unlike those of `avoid` in basic name and to the eye.

        contrast  least difference in luma from the first of `avoid`, the ground
        """
        taken = list(avoid)
        basics = {COLOURS[name_of(rgb)].basic for rgb in taken}

        def apart(option: str) -> bool:
            rgb, basic, _ = COLOURS[option]
            return basic not in basics and all(distance(rgb, other) > APART for other in taken)

        free = [option for option in self.sample(name, among, len(among)) if apart(option)]
        reads = [option for option in free if not taken or abs(luma(COLOURS[option].rgb) - luma(taken[0])) >= contrast]
        free = reads or free  # on a ground of middling lightness few colours have much contrast
        value = self.fixed.get(name, free[0])
        self.attributes[name] = value
        basic = COLOURS[value].basic
        self.options[name] = tuple(option for option in free if COLOURS[option].basic != basic)
        return self.varied(name, COLOURS[value].rgb)

    def colours(self, count: int, avoid: Iterable[Rgb]) -> list[Rgb]:
        """`colour 1`, `colour 2` and so on, all different."""
        taken = list(avoid)
        for n in range(count):
            taken.append(self.colour(f"colour {n + 1}", taken))
        return taken[-count:]

    def set_ground(self, name: str) -> None:
        """For a picture that covers its ground: what captions shall call the background instead."""
        self.attributes["ground"], self.options["ground"] = name, ()

    def varied(self, name: str, rgb: Rgb) -> Rgb:
        """A little lighter or darker, as no two programs use quite the same blue."""
        shift = self.integer(f"{name}/shade", -8, 8)
        red, green, blue = (min(max(channel + shift, 0), 255) for channel in rgb)
        return red, green, blue
