"""The encoder contract: a batch of one modality in, unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Literal

import numpy as np

from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

Kind = Literal["document", "query"]


class Encoder(ABC):
    """Maps items of one modality to unit vectors. Subclasses write `_encode_batch`.

    fingerprint  hash of weights and preprocessing; vectors with different fingerprints never meet
    """

    name: str
    modality: Literal["text", "image", "audio"]
    dim: int
    fingerprint: str
    batch_size: int = 32

    def encode(self, items: Iterable[Any], kind: Kind = "document") -> Vectors:
        """(n, dim) float32 with unit rows, in input order; n may be 0.

        Raises InvalidVector if the model answers with NaN, infinity or a zero vector.
        """
        iterator = iter(items)
        rows = []
        while batch := list(islice(iterator, self.batch_size)):
            rows.append(self._encode_batch(batch, kind))
        return unit_rows(np.concatenate(rows)) if rows else np.empty((0, self.dim), np.float32)

    @abstractmethod
    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        """(n, dim) for n >= 1 items; need not be normalised."""
