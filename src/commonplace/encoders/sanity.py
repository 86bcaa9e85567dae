"""Whether a model's vectors tell things apart: broken exports and wrong preprocessing rarely raise by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from commonplace.encoders.base import Encoder, Kind, Sound, Video
from commonplace.encoders.shelf import remembered
from commonplace.errors import DimensionMismatch, InvalidVector, ModelError
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

MOST_SHARE = 0.999
"""Length of the mean of unit vectors: 1 where all of them are the same. CLIP and SigLIP lie between 0.5 and 0.9."""
TEXTS = (
    "a line chart of outbound traffic", "the cat sleeps on the warm stove", "SELECT name FROM users WHERE id = 7;",
    "how do I restore a backup?", "mountains at sunset", "connection refused by 10.0.0.1:5432", "bread", "2024-03-29",
)  # fmt: skip


def check(encoder: Encoder, rows: Callable[[Sequence[Any], Kind], Vectors]) -> None:
    """Encode a few things that have nothing in common, once for each fingerprint on this machine.

    Raises ModelError where their vectors are all but the same or depend on what else is in the batch,
    DimensionMismatch and InvalidVector.
    """
    remembered(f"checked {encoder.modality} {encoder.fingerprint}", lambda: _check(encoder, rows))


def _check(encoder: Encoder, rows: Callable[[Sequence[Any], Kind], Vectors]) -> dict[str, float]:
    items = probes(encoder.modality)
    who = f"the {encoder.modality} encoder {encoder.name!r}"
    got = rows(items, "document")
    if got.shape != (len(items), encoder.dim):
        raise DimensionMismatch(
            f"{who} answered {len(items)} items with vectors {got.shape}; expected ({len(items)}, {encoder.dim}). "
            "Check which model and how many dimensions its name asks for."
        )
    try:
        vectors, alone = unit_rows(got), unit_rows(rows(items[-1:], "document"))[0]
    except InvalidVector as error:
        raise InvalidVector(f"{who}: {error}") from error
    share = float(np.linalg.norm(vectors.mean(axis=0)))
    if share > MOST_SHARE:
        raise ModelError(
            f"{who} gives all things nearly the same vector (mean-vector share {share:.4f}, at most {MOST_SHARE} is "
            "accepted). The checkpoint is damaged or of another architecture than it says; use another one."
        )
    same = float(vectors[-1] @ alone)
    if same < 0.99:  # 8-bit activations move a vector a little with its batch
        raise ModelError(
            f"{who} gives one item different vectors alone and in a batch (cosine {same:.4f}, expected 1). Its padding "
            "or preprocessing is broken; use another checkpoint."
        )
    return {"mean-vector share": round(share, 4)}


def probes(modality: str) -> Sequence[Any]:
    """A few things of this modality that have nothing in common."""
    random = np.random.default_rng(0)
    if modality == "text":
        return TEXTS
    if modality == "audio":
        seconds = np.arange(16_000) / 16_000
        tones = [np.sin(2 * np.pi * pitch * seconds) for pitch in (110, 1_000, 5_000)]
        noise = random.standard_normal(16_000) / 4
        return [Sound(samples.astype(np.float32), 16_000) for samples in (*tones, noise)]
    if modality == "video":
        noise, dark = random.integers(0, 256, (3, 48, 64, 3), np.uint8), np.zeros((3, 48, 64, 3), np.uint8)
        return [Video(frames) for frames in (dark, dark + 255, np.stack([dark[0], dark[0] + 255, noise[0]]), noise)]
    from PIL import Image, ImageDraw

    pictures = [Image.new("RGB", (96, 64), colour) for colour in ("white", "black", "#c03020")]
    ImageDraw.Draw(pictures[0]).line((4, 60, 40, 8, 90, 50), fill="black", width=3)
    pictures.append(Image.fromarray(random.integers(0, 256, (64, 96, 3), np.uint8)))
    return pictures
