"""Batches with every kind of negative, and what the paper's own few lines say of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from commonplace.training.losses import (
    Negatives,
    sigmoid_loss,
    sigmoid_oracle,
    softmax_loss,
    softmax_oracle,
)

LOSSES = ("softmax", "sigmoid")
KINDS = ("plain", "bank", "ids", "mask", "soft", "all")


@dataclass(frozen=True)
class Case:
    """A batch whose captions come in groups that are near to each other, as captions do."""

    images: Tensor
    texts: Tensor
    log_scale: Tensor
    bias: Tensor
    negatives: Negatives

    def inputs(self, loss: str) -> list[Tensor]:
        return [self.images, self.texts, self.log_scale, *([self.bias] if loss == "sigmoid" else [])]

    def to(self, dtype: torch.dtype) -> Case:
        bank = self.negatives.bank
        images, texts, log_scale, bias = (
            x.detach().to(dtype).requires_grad_() for x in (self.images, self.texts, self.log_scale, self.bias)
        )
        negatives = replace(self.negatives, bank=None if bank is None else bank.to(dtype))
        return Case(images, texts, log_scale, bias, negatives)


def case(kind: str, *, b: int = 37, k: int = 23, d: int = 16, seed: int = 0, scale: float = 12.0) -> Case:
    random = torch.Generator().manual_seed(seed)
    topics = torch.randn(7, d, generator=random)
    which = torch.randint(7, (b + k,), generator=random)
    everything = F.normalize(topics[which] + 0.5 * torch.randn(b + k, d, generator=random), dim=1)
    ids = torch.randint(b, (b + k,), generator=random)
    images = F.normalize(everything[:b] + 0.3 * torch.randn(b, d, generator=random), dim=1)
    has_bank = kind in ("bank", "all")
    return Case(
        images.requires_grad_(),
        everything[:b].clone().requires_grad_(),
        torch.tensor(scale).log().requires_grad_(),
        torch.tensor(-3.0, requires_grad=True),
        Negatives(
            bank=everything[b:] if has_bank else None,
            ids=ids[:b] if kind in ("ids", "all") else None,
            bank_ids=ids[b:] if kind == "all" else None,
            mask_from=0.9 if kind in ("mask", "all") else None,
            soft_from=0.5 if kind in ("soft", "all") else 0.0,
            soft_weight=0.6 if kind in ("soft", "all") else 0.0,
        ),
    )


def tiled(loss: str, of: Case, **options: object) -> Tensor:
    function: Callable[..., Tensor] = softmax_loss if loss == "softmax" else sigmoid_loss
    return function(*of.inputs(loss), of.negatives, **options)


def oracle(loss: str, of: Case) -> Tensor:
    """The whole matrix at once, with the relations between texts spelled out pair by pair."""
    n, b = of.negatives, len(of.texts)
    texts = of.texts.detach() if n.bank is None else torch.cat([of.texts.detach(), n.bank])
    ids = None if n.ids is None else n.ids if n.bank_ids is None else torch.cat([n.ids, n.bank_ids])
    ignore = torch.zeros(b, len(texts), dtype=torch.bool)
    affinity = torch.zeros(b, len(texts), dtype=texts.dtype)
    for i in range(b):
        for j in range(len(texts)):
            cosine = float((texts[i] * texts[j]).sum())  # a product of matrices would be bfloat16 under autocast
            same_id = ids is not None and bool(ids[i] == ids[j])
            ignore[i, j] = i != j and (same_id or (n.mask_from is not None and cosine >= n.mask_from))
            ramp = n.soft_weight * max(0.0, cosine - n.soft_from) / (1 - n.soft_from)
            affinity[i, j] = 1.0 if i == j else 0.0 if ignore[i, j] else ramp
    function: Callable[..., Tensor] = softmax_oracle if loss == "softmax" else sigmoid_oracle
    return function(*of.inputs(loss), bank=n.bank, ignore=ignore, affinity=affinity)


def gradients(value: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(value, inputs))


def relative(got: Tensor, expected: Tensor) -> float:
    """The distance, as a share of the expected length."""
    return float((got.double() - expected.double()).norm() / expected.double().norm())
