"""CLIP's loss: which text belongs to this image, which image to this text (InfoNCE both ways, arXiv 2103.00020)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonplace.training.losses import ring
from commonplace.training.losses.closed_form import Solution, closed_form
from commonplace.training.losses.texts import Negatives
from commonplace.training.losses.tiles import Batch, Block, Tile


def softmax_oracle(
    images: Tensor,
    texts: Tensor,
    log_scale: Tensor,
    *,
    bank: Tensor | None = None,
    ignore: Tensor | None = None,
    affinity: Tensor | None = None,
) -> Tensor:
    """L = -1/2b sum_i (log e^(t x_i.y_i) / sum_j e^(t x_i.y_j) + log e^(t x_i.y_i) / sum_j e^(t x_j.y_i)).

    Figure 3 of the paper. A bank (k, d) joins the first sum only: it has no images. `affinity` (b, b+k) has soft
    targets, 1 for the pairs, not yet divided by their sum; `ignore` (b, b+k) says what is left out. The whole matrix
    of logits is made: this is for reading and for tests.
    """
    b = len(images)
    with torch.autocast(images.device.type, enabled=False):
        texts = texts if bank is None else torch.cat([texts, bank])
        logits = log_scale.exp() * images.to(log_scale) @ texts.to(log_scale).T
        if ignore is not None:
            logits = logits.masked_fill(ignore, torch.finfo(logits.dtype).min)
        targets = torch.eye(*logits.shape).to(logits) if affinity is None else affinity
        to_text = F.cross_entropy(logits, targets / targets.sum(1, keepdim=True))
        targets = targets[:, :b].T
        to_image = F.cross_entropy(logits[:, :b].T, targets / targets.sum(1, keepdim=True))
        return (to_text + to_image) / 2


def softmax_loss(
    images: Tensor,
    texts: Tensor,
    log_scale: Tensor,
    negatives: Negatives | None = None,
    *,
    tile: int | None = None,
    group: ring.Group = None,
) -> Tensor:
    """The symmetric softmax loss with memory linear in the batch: two (b, d) sums and one tile of logits.

    images, texts (b, d)  unit vectors; row i of both is a pair
    log_scale             one number; the logit of a pair is exp(log_scale) * cosine
    negatives, tile, group, the precision, the gradients and the errors are those of `sigmoid_loss`

    The logits are computed twice: first for the log-sum-exp of every row and column, then for the gradients.
    """
    return closed_form(_solve, images, texts, log_scale, None, negatives, tile, group)


class _Side(NamedTuple):
    """What is summed up for every image (rows of the logits z), or for every text (columns)."""

    own: Tensor
    """The logit of its pair. The others are taken relative to it, so that a small loss keeps its digits."""
    lse: Tensor
    """log sum e^(z - own), from 0: that is the pair itself."""
    mass: Tensor
    """The sum of the affinities, from 1: the pair."""
    pull: Tensor
    """The sum of affinity * z, the pair left out."""

    @classmethod
    def start(cls, own: Tensor) -> _Side:
        return cls(own.clone(), torch.zeros_like(own), torch.ones_like(own), torch.zeros_like(own))

    def loss(self) -> Tensor:
        """-sum q (z - own - lse) with the targets q = affinity / mass."""
        return self.lse - (self.pull - (self.mass - 1) * self.own) / self.mass

    def pair_gradient(self) -> Tensor:
        """The loss by the logit of the pair: its probability e^-lse less its target 1 / mass."""
        return torch.expm1(-self.lse) + (1 - 1 / self.mass)


def _solve(batch: Batch) -> Solution:
    """G = (softmax of rows + softmax of columns - their targets) / 2; d images = G texts, d texts = G' images."""
    own = batch.scale * batch.dots(batch.images, batch.texts)
    by_image, by_text = _Side.start(own), _Side.start(own)
    buffers = batch.buffers(3)

    def sides(block: Block, tile: Tile) -> Iterator[tuple[_Side, slice, int]]:
        yield by_image, tile.rows, 1
        if block.carried:  # a bank has no images to choose from
            yield _Side(*block.carried[:4]), tile.cols, 0

    for block in batch.blocks(*by_text):
        for tile in batch.tiles(block):
            z, work, _ = tile.views(buffers)
            batch.logits(tile, out=z)
            if tile.affinity is not None:
                for side, at, dim in sides(block, tile):
                    side.mass[at] += tile.affinity.sum(dim)
                    side.pull[at] += torch.mul(tile.affinity, z, out=work).sum(dim)
            if tile.ignore is not None:
                z.masked_fill_(tile.ignore, -math.inf)
            if tile.has_pairs:
                z.fill_diagonal_(-math.inf)
            for side, at, dim in sides(block, tile):
                side.lse[at] = torch.logaddexp(side.lse[at], _log_sum_exp(z, dim, work) - side.own[at])
    loss = (by_image.loss() + by_text.loss()).mean() / 2
    if not batch.wants_gradients:
        return Solution(loss)

    d_images = torch.zeros_like(batch.images)
    d_texts = torch.zeros_like(batch.texts) if batch.wants_text_gradients else None
    pair_gradient = by_image.pair_gradient() + by_text.pair_gradient()
    for block in batch.blocks(*by_text, *([] if d_texts is None else [d_texts])):
        for tile in batch.tiles(block):
            z, work, g = tile.views(buffers)
            batch.logits(tile, out=z)
            g.zero_()
            for side, at, dim in sides(block, tile):
                g += torch.sub(z, (side.lse[at] + side.own[at]).unsqueeze(dim), out=work).exp_()
                if tile.affinity is not None:
                    g.addcdiv_(tile.affinity, side.mass[at].unsqueeze(dim), value=-1)
            if tile.ignore is not None:
                g.masked_fill_(tile.ignore, 0)
            if tile.has_pairs:
                g.diagonal().copy_(pair_gradient[tile.rows])
            d_images[tile.rows].addmm_(g, tile.texts, alpha=0.5)
            for d_block in block.carried[4:]:
                d_block[tile.cols].addmm_(g.T, tile.images, alpha=0.5)
    return Solution(loss, d_images, d_texts)


def _log_sum_exp(z: Tensor, dim: int, work: Tensor) -> Tensor:
    """`torch.logsumexp` without a tile of its own."""
    top = z.amax(dim, keepdim=True).clamp_(min=torch.finfo(z.dtype).min)  # where all is -inf, -inf less -inf is NaN
    return torch.sub(z, top, out=work).exp_().sum(dim).log_().add_(top.squeeze(dim))


class SoftmaxLoss(nn.Module):  # type: ignore[misc, unused-ignore]
    """The symmetric softmax loss with its learnable scale, the inverse of a temperature.

    The scale starts at the paper's 1 / 0.07 and is held at 100 or less, as there: above it training is unstable.
    """

    def __init__(
        self, *, scale: float = 1 / 0.07, max_scale: float = 100.0, tile: int | None = None, group: ring.Group = None
    ) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.max_scale, self.tile, self.group = max_scale, tile, group

    def forward(self, images: Tensor, texts: Tensor, negatives: Negatives | None = None) -> Tensor:
        with torch.no_grad():  # the parameter itself: a clamp in the graph would never let it come down again
            self.log_scale.clamp_(max=math.log(self.max_scale))
        return softmax_loss(images, texts, self.log_scale, negatives, tile=self.tile, group=self.group)
