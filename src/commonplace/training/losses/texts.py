"""What the texts of a batch are to each other: negatives, the same caption twice, or near in meaning."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from commonplace.errors import CommonplaceError, DimensionMismatch, UsageError

Texts = tuple[Tensor, Tensor | None]
"""Unit vectors (n, d) and their ids (n,)."""


@dataclass(frozen=True, slots=True)
class Negatives:
    """What else is known of the texts. b pairs, k texts in the bank, d dimensions; texts are unit vectors.

    bank      (k, d)  further texts, e.g. precomputed by a frozen text tower: negatives of every image, without
                      gradient. Any floating type, on any device: one tile at a time is brought to the images.
    ids       (b,)    whole numbers, such as hashes of the captions, alike in all processes. A text with the id of an
                      image's own caption is neither match nor negative.
    bank_ids  (k,)    the same for the bank; needed where `ids` and `bank` are given.
    mask_from         the cosine from which two texts count as the same caption, and are left out likewise.
    soft_from, soft_weight
                      soft targets. The affinity of text j to the caption of image i is 1 for the caption itself, else
                          soft_weight * max(0, cos(i, j) - soft_from) / (1 - soft_from)
                      The sigmoid loss takes it as the label of the pair; the softmax loss as the target
                      distribution, after dividing by the sum over the texts (or, text to image, over the images).

    Cosines between texts are constants: no gradient flows through them.
    """

    bank: Tensor | None = None
    ids: Tensor | None = None
    bank_ids: Tensor | None = None
    mask_from: float | None = None
    soft_from: float = 0.0
    soft_weight: float = 0.0

    def problem(self, texts: Tensor) -> CommonplaceError | None:
        """What does not fit the texts (b, d) of the batch, as the error to raise."""
        if self.bank is not None and (self.bank.ndim != 2 or self.bank.shape[1] != texts.shape[1]):
            return DimensionMismatch(
                f"got a bank {tuple(self.bank.shape)} for texts {tuple(texts.shape)}; expected (k, {texts.shape[1]}). "
                "Encode the bank with the text tower of the batch."
            )
        for name, ids, rows in (("ids", self.ids, texts), ("bank_ids", self.bank_ids, self.bank)):
            if ids is not None and (rows is None or ids.shape != rows.shape[:1]):
                count = "no bank" if rows is None else f"{len(rows)} texts"
                return UsageError(f"got {name} {tuple(ids.shape)} for {count}; expected one id for each text.")
        if self.ids is not None and self.bank is not None and self.bank_ids is None:
            return UsageError("got ids without bank_ids; expected both beside a bank. Use -1 for what never collides.")
        if not (0 <= self.soft_weight <= 1 and -1 <= self.soft_from < 1):
            return UsageError(
                f"got soft_weight={self.soft_weight} and soft_from={self.soft_from}; "
                "expected a weight from 0 to 1 and a cosine from -1 to below 1."
            )
        return None

    def on(self, device: torch.device) -> Negatives:
        """The ids of the batch beside its vectors."""
        return self if self.ids is None else replace(self, ids=self.ids.to(device))

    def relate(self, captions: Texts, others: Texts, *, same: bool) -> tuple[Tensor | None, Tensor | None]:
        """One tile of `ignore` (r, c) bool and of `affinity` (r, c), each None where nothing asks for it.

        r captions of images are compared with c other texts, both with their ids. `same` says that they are the same
        texts: on the diagonal, the pairs themselves, nothing is ignored and both are zero.
        """
        (own, own_ids), (texts, ids) = captions, others
        ignore = affinity = None
        if own_ids is not None and ids is not None:
            ignore = own_ids[:, None] == ids
        if self.mask_from is not None or self.soft_weight:
            cosines = own @ texts.T
            if self.mask_from is not None:
                alike = cosines >= self.mask_from
                ignore = alike if ignore is None else ignore.logical_or_(alike)
            if self.soft_weight:
                affinity = cosines.sub_(self.soft_from).clamp_(min=0).mul_(self.soft_weight / (1 - self.soft_from))
        if ignore is not None and same:
            ignore.fill_diagonal_(False)
        if affinity is not None and ignore is not None:
            affinity.masked_fill_(ignore, 0)
        if affinity is not None and same:
            affinity.fill_diagonal_(0)
        return ignore, affinity
