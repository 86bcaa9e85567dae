"""SigLIP's loss: every image with every text is a question of its own, match or no match (arXiv 2303.15343)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from commonplace.training.losses import ring
from commonplace.training.losses.closed_form import Solution, closed_form
from commonplace.training.losses.texts import Negatives
from commonplace.training.losses.tiles import Batch


def sigmoid_oracle(
    images: Tensor,
    texts: Tensor,
    log_scale: Tensor,
    bias: Tensor,
    *,
    bank: Tensor | None = None,
    ignore: Tensor | None = None,
    affinity: Tensor | None = None,
) -> Tensor:
    """L = -1/b sum_ij log 1 / (1 + e^(z_ij (-t x_i.y_j - b))), z_ij = 1 for a pair, else -1 (section 3.2 of the paper).

    Written with labels l = (1 + z) / 2, which may be soft: `affinity` (b, b+k) has them, 1 for the pairs. `ignore`
    (b, b+k) says what is left out. The whole matrix of logits is made: this is for reading and for tests.
    """
    with torch.autocast(images.device.type, enabled=False):
        texts = texts if bank is None else torch.cat([texts, bank])
        logits = log_scale.exp() * images.to(log_scale) @ texts.to(log_scale).T + bias
        labels = torch.eye(*logits.shape).to(logits) if affinity is None else affinity
        weight = None if ignore is None else (~ignore).to(logits)
        return F.binary_cross_entropy_with_logits(logits, labels, weight, reduction="sum") / len(images)


def sigmoid_loss(
    images: Tensor,
    texts: Tensor,
    log_scale: Tensor,
    bias: Tensor,
    negatives: Negatives | None = None,
    *,
    tile: int | None = None,
    group: ring.Group = None,
) -> Tensor:
    """The pairwise sigmoid loss with memory linear in the batch: two (b, d) sums and one tile of logits.

    images, texts (b, d)  unit vectors; row i of both is a pair
    log_scale, bias       one number each; the logit of a pair is exp(log_scale) * cosine + bias
    negatives             a bank, colliding captions, soft targets
    tile                  the side of a tile; by default 2048 on a CPU, else 4096
    group                 the processes that share the batch, each with b pairs of its own and the same bank

    Logits are float32 under autocast too. With a group every process gets the loss of the whole batch and the
    gradients of log_scale and bias in full; those of the features are times the number of processes, since
    DistributedDataParallel averages what they lead to.

    Raises UsageError, DimensionMismatch, or InvalidVector for NaN and infinity.
    """
    return closed_form(_solve, images, texts, log_scale, bias, negatives, tile, group)


def _solve(batch: Batch) -> Solution:
    """G_ij = sigmoid(logit_ij) - label_ij; d images = G texts, d texts = G' images, d bias = sum G."""
    losses, d_biases = batch.images.new_zeros(2, len(batch.images))  # by image
    d_images = torch.zeros_like(batch.images) if batch.wants_gradients else None
    d_texts = torch.zeros_like(batch.texts) if batch.wants_text_gradients else None
    buffers = batch.buffers(2)
    for block in batch.blocks(*([] if d_texts is None else [d_texts])):
        for tile in batch.tiles(block):
            z, loss = tile.views(buffers)
            batch.logits(tile, out=z)
            pairs = z.diagonal() if tile.has_pairs else z[:0, 0]
            pairs.neg_()  # softplus(-z) = softplus(z) - z without the cancellation
            F.softplus(z, out=loss)  # type: ignore[call-arg, unused-ignore]  # the stubs leave `out` out
            if tile.affinity is not None:
                loss.addcmul_(tile.affinity, z, value=-1)
            if tile.ignore is not None:
                loss.masked_fill_(tile.ignore, 0)
            losses[tile.rows] += loss.sum(1)
            if d_images is None:
                continue
            g = z.sigmoid_()
            pairs.neg_()
            if tile.affinity is not None:
                g -= tile.affinity
            if tile.ignore is not None:
                g.masked_fill_(tile.ignore, 0)
            d_biases[tile.rows] += g.sum(1)
            d_images[tile.rows].addmm_(g, tile.texts)
            for d_block in block.carried:
                d_block[tile.cols].addmm_(g.T, tile.images)
    return Solution(losses.mean(), d_images, d_texts, d_biases.mean())


class SigmoidLoss(nn.Module):  # type: ignore[misc, unused-ignore]
    """The sigmoid loss with its learnable scale and bias.

    candidates is how many texts an image is compared with: the pairs of all processes and the bank. The bias starts at
    -ln(candidates), where the loss expects one match among them: the paper's -10 is that for 32k, and at a small batch
    it would leave the negatives without gradient. The scale starts at the paper's 10.
    """

    def __init__(
        self, candidates: int, *, scale: float = 10.0, tile: int | None = None, group: ring.Group = None
    ) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(scale)))
        self.bias = nn.Parameter(torch.tensor(-math.log(candidates)))
        self.tile, self.group = tile, group

    def forward(self, images: Tensor, texts: Tensor, negatives: Negatives | None = None) -> Tensor:
        return sigmoid_loss(images, texts, self.log_scale, self.bias, negatives, tile=self.tile, group=self.group)
