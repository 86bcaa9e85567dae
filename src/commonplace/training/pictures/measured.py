"""What the tower is chosen by, and how the temperature of its answers is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


def gather(rows: NDArray[np.float16], places: Sequence[int]) -> Tensor:
    """(len(places), r) float32, of rows that may lie on disk."""
    return torch.from_numpy(rows[list(places)]).float()


def encode(model: Any, rows: NDArray[np.float16], places: Sequence[int], at_once: int = 64) -> Tensor:
    """(len(places), e): what the model makes of these rows."""
    return torch.cat([model(gather(rows, places[i : i + at_once])) for i in range(0, len(places), at_once)])


def ranks(pictures: Tensor, texts: Tensor, own: Tensor) -> Tensor:
    """(n,), from 0: how many of the pictures (m, e) are nearer to a text (n, e) than its own (n,)."""
    cosines = texts @ pictures.T
    return (cosines > cosines.gather(1, own[:, None])).sum(1)


@dataclass(frozen=True)
class Group:
    """Pictures by their places among the readings, with texts by their rows."""

    places: list[int]
    said: list[list[int]]
    kinds: list[str]
    """Empty where nobody said."""


@dataclass(frozen=True)
class Sets:
    """dev: described pictures of repositories of their own. held: looks, of others. test: 11 kinds.

    prompts  kind -> rows of the sentences that name it
    """

    dev: Group
    held: Group
    test: Group
    prompts: dict[str, list[int]]

    def labels(self, texts: Tensor) -> Tensor:
        """(kinds, e): a kind is the mean of the sentences that name it."""
        return F.normalize(torch.stack([texts[rows].mean(0) for rows in self.prompts.values()]), dim=-1)

    def measure(self, model: Any, rows: NDArray[np.float16], texts: Tensor) -> dict[str, float]:
        """Recall on dev; of remembered looks among all pictures of dev and held; accuracy; and their mean, `choice`."""
        dev, held, test = (encode(model, rows, group.places) for group in (self.dev, self.held, self.test))
        found = ranks(dev, texts[[said[0] for said in self.dev.said]], torch.arange(len(dev)))
        own = torch.tensor([i for i, said in enumerate(self.held.said) for _ in said])
        seen = ranks(torch.cat([held, dev]), texts[[row for said in self.held.said for row in said]], own)
        best = [list(self.prompts)[i] for i in (test @ self.labels(texts).T).argmax(1).tolist()]
        figures = {f"dev recall@{k}": float((found < k).float().mean()) for k in (1, 10, 50)}
        figures |= {f"looks recall@{k}": float((seen < k).float().mean()) for k in (1, 10)}
        figures["zero-shot"] = float(np.mean([one == kind for one, kind in zip(best, self.test.kinds, strict=True)]))
        figures["choice"] = (figures["dev recall@10"] + figures["looks recall@10"] + figures["zero-shot"]) / 3
        return figures

    def calibrated(
        self, model: Any, rows: NDArray[np.float16], texts: Tensor, anything: Sequence[int]
    ) -> dict[str, float]:
        """Temperature and weight of `none of these` (see `zero_shot`), on held pictures of a kind that is a label.

        The temperature under which their kinds are likeliest; the weight that most often says none where the kind is
        no label and not where it is.
        """
        chosen = [i for i, kind in enumerate(self.held.kinds) if kind in self.prompts]
        true = torch.tensor([list(self.prompts).index(self.held.kinds[i]) for i in chosen])
        pictures = encode(model, rows, [self.held.places[i] for i in chosen])
        cosines, others = pictures @ self.labels(texts).T, pictures @ texts[list(anything)].T
        scales = torch.logspace(0.7, 2.3, 60)
        scale = min(scales, key=lambda scale: float(F.cross_entropy(cosines * scale, true)))
        without = (cosines * scale).scatter(1, true[:, None], -torch.inf).amax(1)
        nothing = (others * scale).logsumexp(1)
        absent, present = without - nothing, (cosines * scale).amax(1) - nothing
        weight = max(
            torch.cat([absent, present]),
            key=lambda weight: float((absent < weight).float().mean() - (present < weight).float().mean()),
        )
        return {"temperature": float(1 / scale), "none": float(weight)}
