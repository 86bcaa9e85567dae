"""What is trained of the picture tower, and by what loss: contrastive against locked text (LiT, arXiv 2111.07991)."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from commonplace.encoders.onnx import TextEncoder
from commonplace.training.fit import Plan
from commonplace.training.losses import Negatives, SigmoidLoss, SoftmaxLoss
from commonplace.training.pictures.measured import gather


class Texts:
    """Sentences by row; encoded together, and kept for the next run with the same text tower."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def __call__(self, said: Sequence[str]) -> list[int]:
        return [self.rows.setdefault(text, len(self.rows)) for text in said]

    def encode(self, text: TextEncoder, folder: Path) -> Tensor:
        """(m, e) unit rows."""
        folder.mkdir(parents=True, exist_ok=True)
        names, vectors = folder / f"{text.fingerprint}.json", folder / f"{text.fingerprint}.npy"
        have: dict[str, Any] = {}
        if names.exists():
            have = dict(zip(json.loads(names.read_text()), np.load(vectors), strict=True))
        if missing := [one for one in self.rows if one not in have]:
            have |= dict(zip(missing, text.encode(missing).astype(np.float16), strict=True))
            np.save(vectors, np.stack(list(have.values())))
            names.write_text(json.dumps(list(have)))
        return F.normalize(torch.tensor(np.stack([have[one] for one in self.rows])).float(), dim=-1)


@dataclass(frozen=True)
class Source:
    """Pictures of one kind and what is said of them.

    rows    (m, r), what the model reads: kept on disk, or in memory
    places  of each of n pictures, its row
    views   of each picture: rows of the texts, one as often as it shall be drawn
    units   pictures that are drawn together: one, or the two of a minimal pair, whose views match
    """

    rows: NDArray[np.float16]
    places: Sequence[int]
    views: Sequence[Sequence[int]]
    units: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Stage:
    """How long and how fast something is trained, what a step draws, and what it is judged by."""

    name: str
    plan: Plan
    batch: int
    shares: tuple[tuple[str, float], ...] = (("real", 0.65), ("scenes", 0.35))
    """Of a batch, by source."""
    turns: int = 3
    """Texts of each picture: they cost next to nothing beside the picture."""
    bank: int = 2_048
    """Texts that are negatives of every picture of a batch."""
    loss: Literal["softmax", "sigmoid"] = "softmax"
    soft_weight: float = 0.1
    soft_from: float = 0.7
    twins: float = 1.0
    """Weight of the loss that tells the two of a minimal pair apart: among 2,000 texts their difference is lost."""
    average: float = 0.99
    """Of the weights over the steps: the mean is what is measured and ships."""


@dataclass(frozen=True)
class Batch:
    """rows (b, r). views: of each picture, what is said of it, and where to begin. twins: where each pair begins."""

    rows: Tensor
    views: Sequence[tuple[Sequence[int], float]]
    twins: Sequence[int]

    def said(self, turn: float) -> Tensor:
        """(b,): one text of each picture; turns from 0 to 1 go once through all of them."""
        return torch.tensor([views[int((begin + turn) % 1 * len(views))] for views, begin in self.views])


class Learning(nn.Module):  # type: ignore[misc, unused-ignore]
    """What is saved and resumed: the model, the running mean of its weights, the loss."""

    def __init__(self, model: nn.Module, stage: Stage, sources: Mapping[str, Source], texts: Tensor) -> None:
        super().__init__()
        self.stage, self.sources, self.texts = stage, sources, texts
        self.model = model
        self.average = deepcopy(model).requires_grad_(False).eval()
        self.objective = SigmoidLoss(stage.batch + stage.bank) if stage.loss == "sigmoid" else SoftmaxLoss()

    def loss(self, step: int) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Of one batch; the mean of the weights takes in what the step before has made of them."""
        stage = self.stage
        kept = min(stage.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(now, 1 - kept)
        chance = random.Random(step)
        batch = self._drawn(chance)
        vectors = self.model(batch.rows)
        parts: list[Tensor] = []
        told: list[Tensor] = []
        for turn in range(stage.turns):
            said = batch.said(turn / stage.turns)
            bank = torch.tensor(chance.sample(range(len(self.texts)), min(stage.bank, len(self.texts))))
            negatives = Negatives(
                bank=self.texts[bank], ids=said, bank_ids=bank, soft_from=stage.soft_from, soft_weight=stage.soft_weight
            )
            parts.append(self.objective(vectors, self.texts[said], negatives))
            if batch.twins:
                told.append(self._told(vectors, said, torch.tensor(batch.twins)))
        loss = torch.stack(parts).mean()
        figures: dict[str, float | Tensor] = {"scale": self.objective.log_scale.detach().exp()}
        if told:
            apart = torch.stack(told).mean()
            loss, figures["twins"] = loss + stage.twins * apart, apart.detach()
        return loss, figures

    def _drawn(self, chance: random.Random) -> Batch:
        rows: list[Tensor] = []
        views: list[tuple[Sequence[int], float]] = []
        twins: list[int] = []
        for name, share in self.stage.shares:
            source, taken = self.sources[name], list[int]()
            wanted = round(share * self.stage.batch)
            for unit in chance.sample(source.units, min(wanted, len(source.units))):
                if len(taken) < wanted:
                    begin = chance.random()
                    taken += unit
                    twins += [len(views)] if len(unit) == 2 else []
                    views += [(source.views[i], begin) for i in unit]
            rows.append(gather(source.rows, [source.places[i] for i in taken]))
        return Batch(torch.cat(rows), views, twins)

    def _told(self, vectors: Tensor, said: Tensor, twins: Tensor) -> Tensor:
        """Softmax over the two of a pair alone, picture to text and text to picture. twins: where each pair begins."""
        both = twins[:, None] + torch.arange(2)
        cosines = vectors[both] @ self.texts[said[both]].transpose(1, 2) * self.objective.log_scale.exp()
        right = torch.arange(2).expand(len(both), 2)
        return (F.cross_entropy(cosines, right) + F.cross_entropy(cosines.transpose(1, 2), right)) / 2
