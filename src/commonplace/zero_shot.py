"""Zero-shot classification: a picture against labels in words (CLIP, arXiv 2103.00020, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from commonplace.errors import UsageError
from commonplace.vectors.normalise import unit_rows

if TYPE_CHECKING:
    from PIL.Image import Image

    from commonplace.spaces.space import Space
    from commonplace.types import Vectors

TEMPLATES = ("{}", "a picture of {}", "a screenshot of {}", "{} in technical documentation")
"""Prompts whose mean stands for a label: one wording alone would weigh on the result."""


def classify(
    image: str | Path | Image, labels: Sequence[str], *, space: Space | str = "bundled"
) -> list[tuple[str, float]]:
    """(label, probability), best first; the probabilities add up to 1 where the space was trained with a softmax.

    Raises UsageError without labels and UnreadableFile for a picture that cannot be opened.
    """
    return classify_many([image], labels, space=space)[0]


def classify_many(
    images: Sequence[str | Path | Image], labels: Sequence[str], *, space: Space | str = "bundled"
) -> list[list[tuple[str, float]]]:
    """`classify` for several pictures: labels are encoded once, pictures in batches."""
    labels = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    if not labels:
        raise UsageError("no labels came; expected at least one, such as --label diagram --label terminal.")
    if isinstance(space, str):
        from commonplace.spaces.registry import load_space

        space = load_space(space)
    from commonplace.ingest.pictures import open_picture

    opened = [open_picture(Path(image)) if isinstance(image, str | Path) else image for image in images]
    scores = probabilities(space, space.encode_image(opened), label_vectors(space, labels))
    order = np.argsort(-scores, axis=1, kind="stable")
    return [[(labels[i], float(row[i])) for i in best] for row, best in zip(scores, order, strict=True)]


def label_vectors(space: Space, labels: Sequence[str]) -> Vectors:
    """(l, d): the direction of each label's mean over the templates."""
    prompts = [template.format(label) for label in labels for template in TEMPLATES]
    vectors = space.encode_text(prompts, kind="query")
    return unit_rows(vectors.reshape(len(labels), len(TEMPLATES), -1).mean(axis=1))


def probabilities(space: Space, images: Vectors, labels: Vectors) -> Vectors:
    """(n, l) from unit vectors (n, d) and (l, d): softmax or sigmoid of cosines, as the space was trained."""
    logits = images @ labels.T / space.temperature + space.bias
    if space.scores == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)
