"""How the map of the space was fitted, for the record: another one would make a new space."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import numpy as np

from commonplace.training import rotation, starting_weights
from commonplace.training.data import passages
from commonplace.training.text import write_float

PER_REPOSITORY = 1_000
"""Passages of each repository on which the map is fitted: two thirds of the data are of three of them."""


def sample(data: Path, per_repository: int) -> list[str]:
    """Passages of `split: train`, as many of each repository."""
    texts: dict[str, list[str]] = defaultdict(list)
    for passage in passages(data, "train"):
        texts[passage.repository].append(passage.text)
    chance = random.Random(0)
    return [text for _, mine in sorted(texts.items()) for text in chance.sample(mine, min(per_repository, len(mine)))]


def run(weights: Path, data: Path, out: Path, *, smoke: bool = False, resume: bool = False) -> dict[str, float]:
    """Fit the map of the space on MiniLM's float vectors and write it to `out/rotation.npy`."""
    del resume  # it takes minutes
    encoder = write_float(starting_weights.text_tower(weights), weights, out / "unrotated")
    vectors = encoder.encode(sample(data, 3 if smoke else PER_REPOSITORY))
    fitted = rotation.fit(vectors)
    np.save(out / rotation.FILE.name, fitted)
    energy = ((vectors @ fitted.T) ** 2).sum(0).cumsum() / len(vectors)
    return {"passages": len(vectors), **{f"share of first {dim}": float(energy[dim - 1]) for dim in (64, 128, 256)}}
