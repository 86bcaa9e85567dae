"""Colours by the names that people give them. A caption says the name; the picture shows it, a little varied."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

Rgb = tuple[int, int, int]


class Colour(NamedTuple):
    rgb: Rgb
    basic: str
    """The plain colour that somebody would say who does not look twice."""
    said: str
    """Paraphrases, in the notation of `grammar.expand`."""


COLOURS: dict[str, Colour] = {
    "red": Colour((222, 36, 36), "red", "[red|red|bright red]"),
    "crimson": Colour((178, 16, 52), "red", "[crimson|deep red|dark red]"),
    "orange": Colour((249, 115, 22), "orange", "orange"),
    "amber": Colour((245, 158, 11), "orange", "[amber|orange|yellowish orange]"),
    "yellow": Colour((250, 216, 30), "yellow", "[yellow|bright yellow]"),
    "gold": Colour((212, 168, 22), "yellow", "[gold|golden|dark yellow]"),
    "green": Colour((26, 158, 68), "green", "green"),
    "lime": Colour((140, 208, 24), "green", "[lime|lime green|bright green]"),
    "dark green": Colour((18, 84, 44), "green", "[dark green|deep green]"),
    "olive": Colour((118, 122, 20), "green", "[olive|olive green]"),
    "teal": Colour((12, 140, 130), "teal", "[teal|bluish green]"),
    "turquoise": Colour((44, 208, 190), "teal", "[turquoise|aqua]"),
    "cyan": Colour((16, 190, 222), "teal", "[cyan|bright cyan]"),
    "sky blue": Colour((90, 176, 246), "blue", "[sky blue|light blue]"),
    "blue": Colour((36, 98, 232), "blue", "blue"),
    "navy": Colour((24, 42, 108), "blue", "[navy|dark blue|navy blue]"),
    "purple": Colour((134, 44, 200), "purple", "[purple|purple|violet]"),
    "lavender": Colour((178, 156, 248), "purple", "[lavender|light purple|lilac]"),
    "magenta": Colour((214, 34, 176), "pink", "[magenta|fuchsia]"),
    "pink": Colour((246, 128, 184), "pink", "[pink|light pink]"),
    "brown": Colour((136, 80, 38), "brown", "brown"),
    "tan": Colour((204, 164, 114), "brown", "[tan|light brown]"),
    "black": Colour((12, 12, 14), "black", "black"),
    "charcoal": Colour((42, 44, 50), "black", "[charcoal|very dark grey|almost black]"),
    "grey": Colour((128, 130, 134), "grey", "[grey|gray]"),
    "slate": Colour((82, 96, 114), "grey", "[slate|dark grey|slate grey]"),
    "light grey": Colour((204, 207, 212), "grey", "[light grey|pale grey|light gray]"),
    "white": Colour((255, 255, 255), "white", "[white|plain white]"),
    "cream": Colour((251, 243, 218), "white", "[cream|pale yellow|ivory]"),
    "pale blue": Colour((216, 232, 250), "white", "[pale blue|very light blue]"),
    "pale green": Colour((220, 244, 222), "white", "[pale green|very light green]"),
    "pale pink": Colour((252, 226, 234), "white", "[pale pink|very light pink]"),
}

PALE = {"cream", "pale blue", "pale green", "pale pink", "light grey", "charcoal", "slate"}
INKS = tuple(name for name in COLOURS if name not in PALE)
"""Colours that a shape, a line or a word can have, where the ground lets it be seen. The pale ones are grounds."""


def distance(a: Rgb, b: Rgb) -> float:
    """Weighted Euclidean distance in RGB ("redmean"), about what an eye finds; black to white is 765."""
    mean = (a[0] + b[0]) / 2
    red, green, blue = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    squares = (2 + mean / 256) * red * red + 4 * green * green + (2 + (255 - mean) / 256) * blue * blue
    return float(squares**0.5)


@lru_cache(4096)
def name_of(rgb: Rgb) -> str:
    return min(COLOURS, key=lambda name: distance(COLOURS[name].rgb, rgb))


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """`a` at share 0, `b` at share 1."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def luma(rgb: Rgb) -> float:
    """Perceived lightness, 0 to 255."""
    return 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2]


def ink_on(rgb: Rgb) -> Rgb:
    """Near black or near white, whichever reads on this ground."""
    return (28, 32, 38) if luma(rgb) >= 128 else (244, 246, 248)
