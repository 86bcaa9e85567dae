"""A projection head for a domain: fitted on a frozen encoder's vectors and the words for them, in seconds on a CPU.

Texts stay where they are, so passages, questions and the other modalities of a space need no new vectors. The head
starts as the identity and is kept only where it ranks held-out pairs better, with a 95 % interval above zero.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from commonplace.errors import ModelError, UsageError
from commonplace.ingest.links import is_picture
from commonplace.spaces.heads import Head, save
from commonplace.spaces.registry import canonical, load_space
from commonplace.spaces.space import Space
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
    """media (what is to get a head), texts (n, d) unit vectors; groups (n,): rows of a group (a page, a picture) are
    never parted."""

    media: Vectors
    texts: Vectors
    groups: NDArray[Any]

    def __getitem__(self, rows: Any) -> Pairs:
        return Pairs(self.media[rows], self.texts[rows], self.groups[rows])

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
    """(n,) of each text's own picture or sound among all of `pairs`; others that score the same count as before it."""
    media = head(pairs.media) if head else pairs.media
    scores = pairs.texts @ media.T
    own = scores.diagonal()[:, None]
    return np.asarray(1 / (scores >= own).sum(axis=1).clip(1), np.float64)


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


def train_adapter(file: Path, out: Path, *, model: str = "bundled", config: Config | None = None) -> dict[str, Any]:
    """Fit a head on the pairs in `file` and write it to `out`, to be used as `adapter:OUT`; returns the figures.

    file  JSON lines or CSV: `text` (or `query`) and `image` (or `gold`, a list whose pictures count); `group` where
          several pairs belong together, such as those of a page. Paths are relative to the file.
    Raises UsageError for what is no pair, ModelError, with nothing written, where held-out pairs are not ranked better.
    """
    config = config or Config()
    name = canonical(model)
    space = load_space(name)
    if "image" not in space.encoders:
        raise UsageError(f"{model} has no encoder of pictures; heads are theirs. Choose another --model.")
    rows = list(_rows(file))
    if len(rows) < FEWEST:
        raise UsageError(f"{file} has {len(rows)} pairs of texts and pictures; expected {FEWEST} at least.")
    pairs = _encoded(space, rows)
    before, after = cross_validated(pairs, config, space.temperature)
    mean, low, high = interval(after - before, pairs.groups)
    figures = {
        "pairs": len(pairs),
        "MRR before": float(before.mean()), "MRR after": float(after.mean()),
        "recall@5 before": float((before >= 0.2).mean()), "recall@5 after": float((after >= 0.2).mean()),
        "gain": mean, "gain, 95 % from": low, "gain, 95 % to": high,
    }  # fmt: skip
    if low <= 0:
        raise ModelError(
            f"the adapter is refused: held out in five folds, {len(pairs)} pairs change MRR by {mean:+.3f} (95 % from "
            f"{low:+.3f} to {high:+.3f}); expected all of it above zero. Give it more pairs, or keep {model} as it is."
        )
    head, encoder = fit_head(pairs, config, space.temperature), space.encoders["image"]
    save(out, name, {"image": encoder.fingerprint}, {"image": head}, figures=figures, config=asdict(config))
    return figures


def _encoded(space: Space, rows: Sequence[tuple[str, Path, str]]) -> Pairs:
    """Each file and each text is encoded once."""
    texts, files, groups = zip(*rows, strict=True)
    row_of = {path: row for row, path in enumerate(dict.fromkeys(files))}
    text_of = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    media, words = space.encode_image(row_of), space.encode_query(text_of)
    return Pairs(media[[row_of[path] for path in files]], words[[text_of[text] for text in texts]], np.array(groups))


def _rows(file: Path) -> Iterator[tuple[str, Path, str]]:
    """(text, path, group) of each pair."""
    try:
        lines = file.read_text("utf-8").splitlines()
        records = list(csv.DictReader(lines)) if file.suffix == ".csv" else [json.loads(x) for x in lines if x.strip()]
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read as pairs ({error}); expected JSON lines or CSV.") from error
    for number, record in enumerate(records, 1):
        given = record if isinstance(record, dict) else {}
        text, gold = given.get("text") or given.get("query"), given.get("gold")
        found = [given["image"]] if given.get("image") else [path for path in gold or [] if is_picture(path)]
        if not text or not (found or gold is not None):
            raise UsageError(f"{file}, record {number}: expected `text` and `image`, got {str(record)[:80]!r}.")
        for path in found:
            whole = file.parent / path
            if not whole.exists():
                raise UsageError(f"{file}, record {number}: {whole} does not exist. Paths are relative to the file.")
            yield text, whole, str(given.get("group") or sha256(whole.read_bytes()).hexdigest())
