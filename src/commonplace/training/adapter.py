"""A projection head for a domain: fitted on a frozen encoder's vectors and the words for them, in seconds on a CPU.

Texts stay where they are, so passages, questions and the other modalities of a space need no new vectors. The head
starts as the identity and is kept only where it ranks held-out pairs better, with a 95 % interval above zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from commonplace.errors import ModelError, UsageError
from commonplace.spaces.heads import Head, save
from commonplace.spaces.registry import canonical, load_space
from commonplace.spaces.space import Space
from commonplace.training.adapter_pairs import Row, read_pairs
from commonplace.training.losses import Negatives, SigmoidLoss, SoftmaxLoss
from commonplace.types import Vectors

FEWEST = 40
"""Pairs: with fewer no interval says anything."""


@dataclass(frozen=True)
class Config:
    """hidden: width of the residual layer, 0 for a linear head. patience: steps without a better held-out rank."""

    loss: Literal["softmax", "sigmoid"] = "softmax"
    hidden: int = 0
    steps: int = 400
    patience: int = 60
    learning_rate: float = 1e-3
    weight_decay: float = 0.3
    same: float = 0.9
    """Texts from this cosine on say the same, and are no negatives of each other."""
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """media (what is to get a head), texts (n, d) unit vectors; items (n,): which picture or sound it is, for one may
    have many texts; groups (n,): rows of a group (a page, a picture) are never parted."""

    media: Vectors
    texts: Vectors
    items: NDArray[Any]
    groups: NDArray[Any]

    def __getitem__(self, rows: Any) -> Pairs:
        return Pairs(self.media[rows], self.texts[rows], self.items[rows], self.groups[rows])

    def __len__(self) -> int:
        return len(self.media)

    def folds(self, count: int, seed: int) -> NDArray[np.int64]:
        """(n,) fold of each row; a group is in one fold."""
        names, of = np.unique(self.groups, return_inverse=True)
        order = np.random.default_rng(seed).permutation(len(names))
        return np.asarray(order % count)[of]


class _Head(nn.Module):  # type: ignore[misc, unused-ignore]
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(dim, hidden) if hidden else None
        self.W = nn.Parameter(torch.zeros(hidden or dim, dim))
        self.b = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        h = x
        if self.inner is not None:
            z = self.inner(x)
            h = z * torch.sigmoid(1.702 * z)
        return F.normalize(x + h @ self.W + self.b, dim=1)

    def frozen(self) -> Head:
        arrays: dict[str, Tensor] = {"W": self.W, "b": self.b}
        if self.inner is not None:
            arrays |= {"A": self.inner.weight.T, "a": self.inner.bias}
        return Head({name: array.detach().numpy().copy() for name, array in arrays.items()})


def fit_head(pairs: Pairs, config: Config, temperature: float) -> Head:
    """The head of the step with the best rank of a fifth of the groups, which the gradient does not see."""
    torch.manual_seed(config.seed)
    folds = pairs.folds(5, config.seed)
    seen, kept = pairs[folds > 0], pairs[folds == 0]
    module = _Head(pairs.media.shape[1], config.hidden)
    loss = (
        SoftmaxLoss(scale=1 / temperature)
        if config.loss == "softmax"
        else SigmoidLoss(len(seen), scale=1 / temperature)
    )
    free: list[dict[str, Any]] = [{"params": module.parameters()}, {"params": loss.parameters(), "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(free, lr=config.learning_rate, weight_decay=config.weight_decay)
    media, texts = torch.from_numpy(seen.media), torch.from_numpy(seen.texts)
    negatives = Negatives(mask_from=config.same)
    best, head, since = float(reciprocal_ranks(kept).mean()), module.frozen(), 0
    for _ in range(config.steps):
        optimiser.zero_grad()
        loss(module(media), texts, negatives).backward()
        optimiser.step()
        made = module.frozen()
        reached = float(reciprocal_ranks(kept, made).mean())
        if reached > best:
            best, head, since = reached, made, 0
        elif (since := since + 1) > config.patience:
            break
    return head


def reciprocal_ranks(pairs: Pairs, head: Head | None = None) -> NDArray[np.float64]:
    """(n,) of each text's own item among all of `pairs`; others that score the same count as before it."""
    _, rows, own = np.unique(pairs.items, return_index=True, return_inverse=True)
    media = head(pairs.media[rows]) if head else pairs.media[rows]
    scores = pairs.texts @ media.T
    return np.asarray(1 / (scores >= np.take_along_axis(scores, own[:, None], axis=1)).sum(axis=1), np.float64)


def cross_validated(
    pairs: Pairs, config: Config, temperature: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reciprocal rank of every pair among its fold, before and after a head that was fitted on the other four folds."""
    folds = pairs.folds(5, config.seed + 1)
    before, after = np.zeros(len(pairs)), np.zeros(len(pairs))
    for fold in range(5):
        out = folds == fold
        head = fit_head(pairs[~out], config, temperature)
        before[out], after[out] = reciprocal_ranks(pairs[out]), reciprocal_ranks(pairs[out], head)
    return before, after


def interval(differences: NDArray[np.float64], groups: NDArray[Any], draws: int = 2000) -> tuple[float, float, float]:
    """Mean of paired differences with its 95 % interval, by bootstrap over groups."""
    names, of = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(of, differences), np.bincount(of)
    picks = np.random.default_rng(0).integers(0, len(names), (draws, len(names)))
    means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


def train_adapter(
    file: Path,
    out: Path,
    *,
    model: str = "bundled",
    config: Config | None = None,
    sources: Mapping[str, Path] | None = None,
) -> dict[str, dict[str, Any]]:
    """Fit a head for each kind of media in `file` and write those that help to `out`, to be used as `adapter:OUT`.

    file     JSON lines or CSV: `text` (or `query`) with `image`, `audio`, `video` or several; or, of golden sets
             and clicks, `gold` or `clicked`: names of which those count that the model has an encoder for. `group`
             where several pairs belong together, such as those of a page. Paths are relative to the file.
    sources  source -> path, of a collection whose documents `gold` and `clicked` may name
    returns  modality -> figures, "kept" among them

    Raises UsageError for what is no pair, ModelError, with nothing written, where no kind of held-out pairs is ranked
    better.
    """
    config = config or Config()
    name = canonical(model)
    space = load_space(name)
    rows = list(read_pairs(file, space, sources or {}))
    heads, figures = dict[str, Head](), dict[str, dict[str, Any]]()
    for modality in sorted({row.modality for row in rows}) or ["image"]:
        mine = [row for row in rows if row.modality == modality]
        if len(mine) < FEWEST:
            raise UsageError(f"{file} has {len(mine)} pairs of text and {modality}; expected {FEWEST} at least.")
        pairs = _encoded(space, mine)
        figures[modality] = measured(pairs, config, space.temperature)
        if figures[modality]["kept"]:
            heads[modality] = fit_head(pairs, config, space.temperature)
    if not heads:
        changes = "; ".join(
            f"{of['pairs']} pairs of {modality} change MRR by {of['gain']:+.3f} "
            f"(95 % from {of['gain, 95 % from']:+.3f} to {of['gain, 95 % to']:+.3f})"
            for modality, of in figures.items()
        )
        raise ModelError(
            f"the adapter is refused: held out in five folds, {changes}; expected all of it above zero. Give it more "
            f"pairs, or keep {model} as it is."
        )
    fingerprints = {modality: space.encoders[modality].fingerprint for modality in heads}
    save(out, name, fingerprints, heads, figures=figures, config=asdict(config))
    return figures


def measured(pairs: Pairs, config: Config, temperature: float) -> dict[str, Any]:
    """What a head does to pairs that it has not seen, and whether that is enough to keep one."""
    before, after = cross_validated(pairs, config, temperature)
    mean, low, high = interval(after - before, pairs.groups)
    return {
        "kept": low > 0, "pairs": len(pairs),
        "MRR before": float(before.mean()), "MRR after": float(after.mean()),
        "recall@5 before": float((before >= 0.2).mean()), "recall@5 after": float((after >= 0.2).mean()),
        "gain": mean, "gain, 95 % from": low, "gain, 95 % to": high,
    }  # fmt: skip


def _encoded(space: Space, rows: Sequence[Row]) -> Pairs:
    """Each file and each text is encoded once."""
    row_of = {path: number for number, path in enumerate(dict.fromkeys(row.path for row in rows))}
    text_of = {text: number for number, text in enumerate(dict.fromkeys(row.text for row in rows))}
    media, words = space.encode(rows[0].modality, row_of), space.encode_query(text_of)
    items = np.array([row_of[row.path] for row in rows])
    return Pairs(media[items], words[[text_of[row.text] for row in rows]], items, np.array([row.group for row in rows]))
