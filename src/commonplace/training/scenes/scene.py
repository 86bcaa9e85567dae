"""One call draws a picture and says it; another draws two that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from PIL import Image

from commonplace.errors import UnknownName
from commonplace.training.scenes import bars, curves, diagrams, grammar
from commonplace.training.scenes.canvas import Canvas
from commonplace.training.scenes.choices import APART, NUMBERS, Choices
from commonplace.training.scenes.colours import COLOURS, distance
from commonplace.training.scenes.families import FAMILIES
from commonplace.training.scenes.grammar import Said, View
from commonplace.training.scenes.styles import STYLES

PHRASES: dict[str, str] = (
    {name: colour.said for name, colour in COLOURS.items()}
    | {name: said for name, (said, _) in curves.SHAPES.items()}
    | {name: f"[{name}|{name}|{digit}]" for digit, name in enumerate(NUMBERS) if digit > 1}
    | bars.PROFILES
    | bars.SIDEWAYS
    | diagrams.TOPOLOGIES
    | {name: style.said for name, style in STYLES.items()}
)
"""Value of an attribute -> its paraphrases."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, RGB, 180 to 320 pixels a side, and what is true of it."""

    image: Image.Image
    family: str
    style: str
    attributes: Mapping[str, str]
    """What captions may name, by name: colours, counts, places, shapes."""
    captions: Mapping[View, str]
    options: Mapping[str, Sequence[str]] = field(repr=False)
    """Attribute -> the other values that would be true of another picture."""
    said: Said = field(repr=False)


def _known(table: Mapping[str, object], name: str, kind: str) -> str:
    if name not in table:
        raise UnknownName(f"no {kind} named {name!r}; choose from: {', '.join(sorted(table))}.")
    return name


def scene(
    seed: int,
    family: str | None = None,
    style: str | None = None,
    *,
    fixed: Mapping[str, str] | None = None,
    must: str | None = None,
) -> Scene:
    """The picture of this seed: the same everywhere, given the same fonts.

    fixed  attribute -> the value it shall have instead of the seed's
    must   an attribute that the description and the looks name

    Raises UnknownName for a family or a style that does not exist.
    """
    choices = Choices(seed, fixed)
    family = _known(FAMILIES, family or choices.one("family", sorted(FAMILIES)), "family")
    style = _known(STYLES, style or choices.one("style", sorted(STYLES)), "style")
    canvas = Canvas(choices, style)
    said = FAMILIES[family].draw(canvas, choices)
    slots = {**choices.attributes, "kind": FAMILIES[family].said, "look": said.look or style}
    if choices.attributes.get("frame", "nothing") != "nothing":
        said = replace(said, looks=[*said.looks, "with {frame}"])
    return Scene(
        canvas.finish(),
        family,
        style,
        choices.attributes,
        grammar.captions(said, slots, canvas.words, choices.among, PHRASES, must),
        choices.options,
        said,
    )


def pair(seed: int, family: str | None = None, style: str | None = None) -> tuple[Scene, Scene, str]:
    """Two pictures that differ in one attribute, both captions naming it, and the attribute's name."""
    base = scene(seed, family, style)
    choices = Choices(seed)
    named = [name for name in base.attributes if name == "ground" or name in base.said]
    for name in choices.sample("changed", named, len(named)):
        others = [value for value in base.options[name] if value != base.attributes[name]]
        if name == "ground":  # white and cream differ too little to be told apart
            here = COLOURS[base.attributes[name]].rgb
            others = [value for value in others if distance(COLOURS[value].rgb, here) > APART]
        for value in choices.sample(f"changed {name}", others, 3):
            other = scene(seed, base.family, base.style, fixed={name: value}, must=name)
            if {**base.attributes, name: value} == other.attributes and base.said == other.said:
                return scene(seed, base.family, base.style, must=name), other, name
    return pair(seed + 2**32, family, style)


def split_families(held_out: int, seed: int = 0) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(families to train on, families held out): a split by family, so that what is tested was never drawn."""
    ranked = sorted(FAMILIES, key=lambda name: blake2b(f"{seed}/{name}".encode()).digest())
    return tuple(sorted(ranked[held_out:])), tuple(sorted(ranked[:held_out]))
