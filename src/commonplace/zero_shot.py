"""Zero-shot classification: a picture, or a text, against labels in words (CLIP, arXiv 2103.00020, section 3.1)."""

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

TEMPLATES = {
    "image": ("{}", "a picture of {}", "a screenshot of {}", "{} in technical documentation"),
    "text": ("{}", "a text about {}", "documentation of {}"),
}
"""Modality -> prompts whose mean stands for a label: one wording alone would weigh on the result."""
NONE = "none of these"
ANYTHING = (
    "a dog", "a bowl of fruit", "a person smiling", "a car on a road", "a handwritten letter", "a painting",
    "a bottle", "a page of a newspaper", "a cartoon", "a tool", "a crowd", "a room", "an empty page", "a drawing",
    "a flower", "a building", "clothes", "a toy", "food on a plate", "a face", "a river", "an animal", "a button",
    "a logo", "a window on a screen", "a list of words", "a block of colour", "an icon", "a menu", "a photo",
)  # fmt: skip
"""What else a picture may be: `none of these` is as likely as all of them together, weighed by the space's `none`."""
BATCH = 32
"""Pictures that are opened at a time."""


def classify(
    image: str | Path | Image,
    labels: Sequence[str],
    *,
    space: Space | str = "bundled",
    none_of_these: bool = False,
) -> list[tuple[str, float]]:
    """(label, probability), best first; the probabilities add up to 1 where the space was trained with a softmax.

    none_of_these  one more label, NONE, for a picture that is nothing of what the others say

    Raises UsageError without labels and UnreadableFile for a picture that cannot be opened.
    """
    return classify_many([image], labels, space=space, none_of_these=none_of_these)[0]


def classify_many(
    images: Sequence[str | Path | Image],
    labels: Sequence[str],
    *,
    space: Space | str = "bundled",
    none_of_these: bool = False,
) -> list[list[tuple[str, float]]]:
    """`classify` for several pictures: labels are encoded once, pictures in batches."""
    from commonplace.ingest.pictures import open_picture
    from commonplace.spaces.registry import load_space

    space = load_space(space) if isinstance(space, str) else space
    judge = Judge(space, labels, none_of_these=none_of_these)
    answers: list[list[tuple[str, float]]] = []
    for start in range(0, len(images), BATCH):
        batch = images[start : start + BATCH]
        opened = [open_picture(Path(image)) if isinstance(image, str | Path) else image for image in batch]
        answers += judge(space.encode_image(opened))
    return answers


class Judge:
    """The labels of a classification, encoded once.

    modality  of what is judged: it chooses the templates

    Raises UsageError without labels.
    """

    def __init__(
        self, space: Space, labels: Sequence[str], *, none_of_these: bool = False, modality: str = "image"
    ) -> None:
        self.labels = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
        if not self.labels:
            raise UsageError("no labels came; expected at least one, such as --label diagram --label terminal.")
        self._space = space
        self._vectors = self._encode(self.labels, TEMPLATES[modality])
        self._anything = self._encode(ANYTHING, ("{}",)) if none_of_these else None
        self.labels += [NONE] if none_of_these else []

    def __call__(self, items: Vectors) -> list[list[tuple[str, float]]]:
        """(label, probability) of each of the unit vectors (n, d), best first."""
        scores = self.probabilities(items)
        order = np.argsort(-scores, axis=1, kind="stable")
        return [[(self.labels[i], float(row[i])) for i in best] for row, best in zip(scores, order, strict=True)]

    def probabilities(self, items: Vectors) -> Vectors:
        """(n, l) from unit vectors (n, d): softmax or sigmoid of cosines, as the space was trained."""
        space = self._space
        logits = items @ self._vectors.T / space.temperature + space.bias
        if self._anything is not None:
            others = items @ self._anything.T / space.temperature + space.bias
            logits = np.concatenate([logits, np.logaddexp.reduce(others, axis=1, keepdims=True) + space.none], axis=1)
        if space.scores == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)

    def _encode(self, labels: Sequence[str], templates: Sequence[str]) -> Vectors:
        """(l, d): the direction of each label's mean over the templates."""
        prompts = [template.format(label) for label in labels for template in templates]
        vectors = self._space.encode_text(prompts, kind="query")
        return unit_rows(vectors.reshape(len(labels), len(templates), -1).mean(axis=1))
