"""The encoder contract: a batch of one modality in, unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from threading import Lock
from typing import Any, Literal, NamedTuple, Self

import numpy as np

from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

Kind = Literal["document", "query"]


class Encoder(ABC):
    """Maps items of one modality to unit vectors. Subclasses write `_encode_batch`.

    modality     what it takes: "text" (str), "image" (RGB pictures of PIL), "audio" (`Sound`), "video" (`Video`), or a
                 user's own
    fingerprint  hash of weights and preprocessing; vectors with different fingerprints never meet
    """

    name: str
    modality: str
    dim: int
    fingerprint: str
    batch_size: int = 32
    pixels: int = 512
    """Of pictures: the shorter side of what it looks at."""
    opened: bool = True
    """Whether files are opened for it; a user's own encoder gets its items as they are."""

    def encode(self, items: Iterable[Any], kind: Kind = "document") -> Vectors:
        """(n, dim) float32 with unit rows, in input order; n may be 0.

        Raises InvalidVector if the model answers with NaN, infinity or a zero vector.
        """
        iterator = iter(items)
        rows = []
        while batch := list(islice(iterator, self.batch_size)):
            rows.append(self._encode_batch(batch, kind))
        return unit_rows(np.concatenate(rows)) if rows else np.empty((0, self.dim), np.float32)

    @property
    def stored(self) -> Encoder:
        """The encoder whose vectors a collection keeps, for `finish` to work on. Itself, save for adapters."""
        return self

    def finish(self, vectors: Vectors) -> Vectors:
        """(n, dim) unit rows of `stored` to (n, dim) unit rows of this encoder."""
        return vectors

    @abstractmethod
    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        """(n, dim) for n >= 1 items; need not be normalised."""


class Sound(NamedTuple):
    """What audio encoders take: mono samples (n,) float32 in -1 to 1, and how many of them make a second."""

    samples: Any
    rate: int


class Video(NamedTuple):
    """What video encoders take: RGB frames (t, h, w, 3) uint8, evenly spread over the whole."""

    frames: Any


class Towers(NamedTuple):
    """What a family makes of a checkpoint: encoders of one space, and how its cosines become probabilities."""

    encoders: Mapping[str, Encoder]
    temperature: float
    bias: float = 0.0
    scores: Literal["softmax", "sigmoid"] = "softmax"

    @classmethod
    def trained(cls, encoders: Mapping[str, Encoder], scale: float | None, bias: float | None, default: float) -> Self:
        """scale  what the model multiplies its cosines by, `default` where the checkpoint does not say
        bias   what it adds to them: a model that has one was trained with sigmoids
        """
        return cls(encoders, 1 / (scale or default), bias or 0.0, "softmax" if bias is None else "sigmoid")


class ForeignEncoder(Encoder):
    """An encoder of somebody else's model: loaded at the first `encode`, and not trusted before it passed `check`.

    Where the model's vectors are longer than `dim`, the first `dim` numbers are taken (Matryoshka).
    """

    def __init__(self, name: str, modality: str, dim: int, fingerprint: str) -> None:
        self.name, self.modality, self.dim, self.fingerprint = name, modality, dim, fingerprint
        self.loaded = False
        self._lock = Lock()

    def load(self) -> None:
        """Bring the weights into memory and check them, unless that is done."""
        from commonplace.encoders.sanity import check

        with self._lock:
            if not self.loaded:
                self._load()
                check(self, self._rows)
                self.loaded = True

    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        if not self.loaded:
            self.load()
        return self._rows(batch, kind)

    def _rows(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        rows = np.asarray(self._forward(batch, kind), np.float32)
        return rows[:, : self.dim]

    @abstractmethod
    def _load(self) -> None:
        """Bring the weights into memory. Raises ModelError, MissingExtra."""

    @abstractmethod
    def _forward(self, batch: Sequence[Any], kind: Kind) -> Any:
        """(n, dim or more) for n >= 1 items."""
