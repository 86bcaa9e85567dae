"""A batch compared tile by tile: no more logits exist at a time than those of one tile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from commonplace.training.losses import ring
from commonplace.training.losses.texts import Negatives


@dataclass(frozen=True, slots=True)
class Block:
    """The texts that the images meet at one stop: their own, another process's, or the bank."""

    texts: Tensor
    ids: Tensor | None
    carried: tuple[Tensor, ...]
    """What travels with the texts and is added to on the way; empty for the bank."""
    home: bool
    """Row i of the texts is the caption of image i."""


@dataclass(frozen=True, slots=True)
class Tile:
    """r images against c texts."""

    rows: slice
    cols: slice
    images: Tensor
    texts: Tensor
    ignore: Tensor | None
    affinity: Tensor | None
    has_pairs: bool
    """The diagonal of the tile holds the pairs themselves."""

    def views(self, buffers: Tensor) -> tuple[Tensor, ...]:
        """The part of each buffer that has the tile's shape (r, c)."""
        shape = len(self.images), len(self.texts)
        return tuple(buffer[: shape[0] * shape[1]].view(shape) for buffer in buffers)


@dataclass(frozen=True, slots=True)
class Batch:
    """One process's share of a batch, and the tiles of its comparisons, where a logit is scale * cosine + bias."""

    images: Tensor
    """(b, d) float32 or float64, like the texts."""
    texts: Tensor
    scale: float
    bias: Tensor
    negatives: Negatives
    tile: int
    group: ring.Group
    wants_gradients: bool
    wants_text_gradients: bool

    def blocks(self, *carried: Tensor) -> Iterator[Block]:
        """Every block of texts in turn. `carried` has a row for each text and is home again after the last block."""
        texts, ids = self.texts, self.negatives.ids
        if ring.world_size(self.group) > 1:  # the ring overwrites what travels
            texts, ids = texts.clone(), None if ids is None else ids.clone()
        travellers = [tensor for tensor in (texts, ids, *carried) if tensor is not None]
        for stop in ring.stops(travellers, self.group):
            yield Block(texts, ids, carried, home=stop == 0)
        if self.negatives.bank is not None:
            yield Block(self.negatives.bank, self.negatives.bank_ids, (), home=False)

    def tiles(self, block: Block) -> Iterator[Tile]:
        own_ids = self.negatives.ids
        for cols in self.slices(len(block.texts)):
            texts = block.texts[cols].to(self.images)
            ids = None if block.ids is None else block.ids[cols].to(self.images.device)
            for rows in self.slices(len(self.images)):
                has_pairs = block.home and rows == cols
                captions = self.texts[rows], None if own_ids is None else own_ids[rows]
                ignore, affinity = self.negatives.relate(captions, (texts, ids), same=has_pairs)
                yield Tile(rows, cols, self.images[rows], texts, ignore, affinity, has_pairs)

    def slices(self, length: int) -> Iterator[slice]:
        for start in range(0, length, self.tile):
            yield slice(start, min(start + self.tile, length))

    def buffers(self, count: int) -> Tensor:
        """Room for `count` tiles, to be used for every tile again.

        Fresh tiles would not do: where small results outlive them, the allocator leaves holes that the next tile just
        does not fit in, and resident memory grows by a tile at a time, to the whole matrix.
        """
        rows, bank = len(self.images), self.negatives.bank
        cols = rows if bank is None else max(rows, len(bank))
        return self.images.new_empty(count, min(rows, self.tile) * min(cols, self.tile))

    def logits(self, tile: Tile, out: Tensor) -> Tensor:
        """scale * images texts' + bias (r, c), written to `out`."""
        return torch.addmm(self.bias, tile.images, tile.texts.T, alpha=self.scale, out=out)

    def dots(self, left: Tensor, right: Tensor) -> Tensor:
        """The inner product of each row of two (b, d)."""
        result = left.new_empty(len(left))
        for rows in self.slices(len(left)):
            result[rows] = (left[rows] * right[rows]).sum(1)
        return result
