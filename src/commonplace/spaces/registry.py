"""Spaces by name: the bundled one, presets, `family:reference`, and two of these joined by `+`.

bundled                                                   our own small towers
siglip2                                                   a preset: bundled + a model of the hub
open_clip:ViT-B-32/laion2b_s34b_b79k                      a pulled model, or a folder in the hub's layout
sentence-transformers:BAAI/bge-m3?dim=512&device=cpu      with options
bundled+transformers:google/siglip2-base-patch16-256      words by the first, pictures and sound by the second
"""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import parse_qsl

from commonplace.encoders.base import Towers
from commonplace.encoders.onnx import MODELS, ImageEncoder, TextEncoder
from commonplace.errors import UnknownName, UsageError
from commonplace.lazy import load
from commonplace.spaces.presets import PRESETS
from commonplace.spaces.space import Space

SPACES = {"bundled": "commonplace.spaces.registry:bundled"}
"""Name -> a function without arguments that makes the space."""

FAMILIES = {
    "open_clip": "commonplace.encoders.open_clip:towers",
    "transformers": "commonplace.encoders.transformers:towers",
    "sentence-transformers": "commonplace.encoders.sentence_transformers:towers",
    "onnx": "commonplace.encoders.exported:towers",
    "openai": "commonplace.encoders.endpoint:openai",
    "jina": "commonplace.encoders.endpoint:jina",
    "adapter": "commonplace.spaces.heads:towers",
}
"""Family -> what makes its `Towers` of a reference and options; OPTIONS beside it are what a name may ask for."""

_JOINT = re.compile(rf"\+(?=(?:{'|'.join(map(re.escape, (*SPACES, *FAMILIES)))})(?:$|[:+]))")


def load_space(name: str = "bundled") -> Space:
    """The space of this name. Towers load their weights at first use.

    Raises UnknownName with the nearest names, ModelError, SpaceMismatch, MissingExtra, UsageError.
    """
    joined = parts(canonical(name))
    if len(joined) > 2:
        raise UsageError(f"{name!r} joins {len(joined)} spaces; expected at most two: WORDS+PICTURES.")
    spaces = [_one(part) for part in joined]
    if len(spaces) == 1:
        return spaces[0]
    return replace(spaces[1], name="+".join(joined), specialist=spaces[0].words)


def canonical(name: str) -> str:
    """The name that a collection keeps: a preset by what it stands for, folders by their whole path."""
    return "+".join(_absolute(part) for part in parts(PRESETS[name].space if name in PRESETS else name))


def parts(name: str) -> list[str]:
    """The spaces that a name joins."""
    return _JOINT.split(name)


def split(name: str) -> tuple[str, str, dict[str, str]]:
    """(family, reference, options) of `family:reference?key=value`. Raises UnknownName and UsageError."""
    family, colon, reference = name.partition(":")
    if not colon or family not in FAMILIES:
        known = [*SPACES, *PRESETS, *(f"{family}:..." for family in FAMILIES)]
        near = get_close_matches(name, known, n=3) or get_close_matches(f"{family}:...", known, n=2) or known
        raise UnknownName(f"no space named {name!r}. Did you mean: {', '.join(near)}?")
    options: dict[str, str] = {}
    if "=" in reference.rpartition("?")[2] and "?" in reference:
        reference, _, query = reference.rpartition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
    allowed: frozenset[str] = load(FAMILIES[family].partition(":")[0] + ":OPTIONS")
    if unknown := sorted(options.keys() - allowed):
        raise UsageError(f"{family} has no option {unknown[0]!r}; choose from: {', '.join(sorted(allowed)) or 'none'}.")
    if "dim" in options and not options["dim"].isdecimal():
        raise UsageError(f"dim={options['dim']!r} in {name!r}; expected a whole number of dimensions.")
    if not reference:
        raise UsageError(f"{name!r} names no model; expected {family}: and what docs/models.md says of this family.")
    return family, reference, options


def bundled(models: Path = MODELS) -> Space:
    """Our own small towers, packed in the wheel."""
    text, image = TextEncoder(models=models), ImageEncoder(models=models)
    return Space(
        name="bundled",
        encoders={"text": text, "image": image},
        temperature=image.card["temperature"],
        none=image.card.get("none", 0.0),
        anchors={"image": image.card["anchor"]},
    )


def _one(name: str) -> Space:
    if name in SPACES:
        space: Space = load(SPACES[name])()
        return space
    family, reference, options = split(name)
    made: Space | Towers = load(FAMILIES[family])(reference, options)
    return made if isinstance(made, Space) else Space(name, *made)


def _absolute(name: str) -> str:
    family, colon, reference = name.partition(":")
    path = Path(reference.partition("?")[0]).expanduser()
    if not colon or family in ("openai", "jina") or not reference or not path.exists():
        return name
    return f"{family}:{path.absolute()}{reference[len(reference.partition('?')[0]) :]}"
