"""Spaces by name."""

from __future__ import annotations

from pathlib import Path

from commonplace.encoders.onnx import MODELS, ImageEncoder, TextEncoder
from commonplace.lazy import look_up
from commonplace.spaces.space import Space

SPACES = {"bundled": "commonplace.spaces.registry:bundled"}
"""Name -> a function without arguments that makes the space."""


def load_space(name: str = "bundled") -> Space:
    """The space of this name. Towers load their weights at first use. Raises UnknownName, ModelError, SpaceMismatch."""
    space: Space = look_up(SPACES, name, kind="space")()
    return space


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
