"""A space: encoders of several modalities whose vectors can be compared."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from commonplace.encoders.base import Encoder, ForeignEncoder, Kind
from commonplace.errors import DimensionMismatch, SpaceMismatch, UsageError
from commonplace.types import MEDIA, Medium, Vectors
from commonplace.vectors.normalise import truncate

Precision = Literal["float32", "int8", "binary"]
Features = Callable[[list[Any]], Any]


@dataclass(frozen=True)
class Space:
    """Encoders that share one space of `dim` dimensions.

    temperature  a softmax over cosines / temperature gives the probability of each label of one picture or sound
    bias         added to cosines / temperature where `scores` is "sigmoid", each label by itself
    none         added to the logit of `none of these` (see `zero_shot`), chosen on labelled pictures
    anchors      modality -> fingerprint of the text tower that its encoder was trained against
    specialist   a text encoder of another space, for the words of a collection: shared spaces read passages worse than
                 encoders that were made for them. It is compared with nothing here.

    Raises SpaceMismatch where an encoder was trained against another text tower, DimensionMismatch where its vectors
    have another length.
    """

    name: str
    encoders: Mapping[str, Encoder]
    temperature: float
    bias: float = 0.0
    scores: Literal["softmax", "sigmoid"] = "softmax"
    none: float = 0.0
    anchors: Mapping[str, str] = field(default_factory=dict)
    specialist: Encoder | None = None

    def __post_init__(self) -> None:
        for modality, encoder in self.encoders.items():
            if encoder.dim != self.dim:
                raise DimensionMismatch(
                    f"the {modality} encoder {encoder.name!r} makes {encoder.dim}-d vectors, the text encoder of space "
                    f"{self.name!r} {self.dim}-d. Use encoders of one space."
                )
        for modality, fingerprint in self.anchors.items():
            if fingerprint != self.anchor:
                raise SpaceMismatch(
                    f"the {modality} encoder {self.encoders[modality].name!r} was trained against the text tower "
                    f"{fingerprint}, space {self.name!r} has {self.anchor}. Train it again towards this text tower."
                )

    @property
    def words(self) -> Encoder:
        """The encoder of a collection's passages and of questions to them."""
        return self.specialist or self.encoders["text"]

    @property
    def media(self) -> dict[Medium, Encoder]:
        """The encoders of a collection's pictures and recordings."""
        return {medium: self.encoders[medium] for medium in MEDIA if medium in self.encoders}

    @property
    def dim(self) -> int:
        return self.encoders["text"].dim

    @property
    def anchor(self) -> str:
        """Fingerprint of the text tower, which the others were trained against."""
        return self.encoders["text"].fingerprint

    def encode_text(
        self, items: Iterable[str], *, kind: Kind = "document", dim: int | None = None, precision: Precision = "float32"
    ) -> NDArray[Any]:
        """(n, dim) unit rows, or what `as_precision` makes of them. dim: the first so many dimensions (None = all)."""
        return self.encode("text", items, kind=kind, dim=dim, precision=precision)

    def encode_image(
        self, items: Iterable[Any], *, kind: Kind = "document", dim: int | None = None, precision: Precision = "float32"
    ) -> NDArray[Any]:
        """As `encode_text`, of RGB pictures (PIL), or of files."""
        return self.encode("image", items, kind=kind, dim=dim, precision=precision)

    def encode_audio(
        self, items: Iterable[Any], *, kind: Kind = "document", dim: int | None = None, precision: Precision = "float32"
    ) -> NDArray[Any]:
        """As `encode_text`, of sounds: `Sound(samples, rate)`, or files."""
        return self.encode("audio", items, kind=kind, dim=dim, precision=precision)

    def encode_video(
        self, items: Iterable[Any], *, kind: Kind = "document", dim: int | None = None, precision: Precision = "float32"
    ) -> NDArray[Any]:
        """As `encode_text`, of videos: `Video(frames)`, or files."""
        return self.encode("video", items, kind=kind, dim=dim, precision=precision)

    def encode_query(
        self, items: Iterable[str], *, dim: int | None = None, precision: Precision = "float32"
    ) -> NDArray[Any]:
        return self.encode_text(items, kind="query", dim=dim, precision=precision)

    def encode_document(
        self, items: Iterable[str], *, dim: int | None = None, precision: Precision = "float32"
    ) -> NDArray[Any]:
        return self.encode_text(items, kind="document", dim=dim, precision=precision)

    def bind(self, modality: str, encode: Features, pairs: Iterable[tuple[Any, str]], *, name: str = "") -> Space:
        """A space with one modality more: the user's own feature vectors, projected to the texts that describe them.

        encode  a list of items -> (n, f) numbers, f the same each time
        pairs   (item, what it is in words), a few for each kind of thing at least

        The projection is fitted in closed form, in a moment; see `spaces.bind`. Raises UsageError, InvalidVector.
        """
        from commonplace.spaces.bind import fitted

        return replace(self, encoders={**self.encoders, modality: fitted(self, modality, encode, list(pairs), name)})

    def load(self) -> None:
        """Bring every foreign tower into memory and check it. Raises ModelError, MissingExtra, InvalidVector."""
        if "audio" in self.encoders:
            from commonplace.ingest.sound import decoder

            decoder()  # else it would be missed file by file, each in a process of its own
        for encoder in (*self.encoders.values(), *([self.specialist] if self.specialist else [])):
            if isinstance(encoder.stored, ForeignEncoder):
                encoder.stored.load()

    def encode(
        self,
        modality: str,
        items: Iterable[Any],
        *,
        kind: Kind = "document",
        dim: int | None = None,
        precision: Precision = "float32",
    ) -> NDArray[Any]:
        """As `encode_text`, of any modality of the space. Files are opened by other threads while earlier ones are
        encoded, and decoded no larger than the encoder needs."""
        if modality not in self.encoders:
            raise UsageError(
                f"space {self.name!r} has no {modality} encoder, only {', '.join(self.encoders)}. Choose another space."
            )
        if dim is not None and not 1 <= dim <= self.dim:
            raise DimensionMismatch(f"asked for {dim} dimensions; space {self.name!r} has 1 to {self.dim} of them.")
        encoder = self.encoders[modality]
        if open_file := _opener(encoder):
            items = opened_ahead(items, open_file, encoder.batch_size)
        vectors = encoder.encode(items, kind)
        return as_precision(truncate(vectors, dim) if dim else vectors, precision)


def _opener(encoder: Encoder) -> Callable[[Path], Any] | None:
    """What opens a file for this encoder."""
    if not encoder.opened:
        return None
    if encoder.modality == "image":
        from commonplace.ingest.pictures import open_covering

        return lambda path: open_covering(path, encoder.pixels)
    if encoder.modality == "audio":
        from commonplace.ingest.sound import open_sound

        return open_sound
    if encoder.modality == "video":
        from commonplace.ingest.video import open_video

        return open_video
    return None


def opened_ahead(items: Iterable[Any], open_file: Callable[[Path], Any], ahead: int) -> Iterator[Any]:
    """The items in order, files among them opened."""

    def opened(item: Any) -> Any:
        return open_file(Path(item)) if isinstance(item, str | Path) else item

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as threads:
        waiting: deque[Future[Any]] = deque()
        for item in items:
            waiting.append(threads.submit(opened, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def as_precision(vectors: Vectors, precision: Precision) -> NDArray[Any]:
    """Unit vectors (n, d) in fewer bits.

    float32  as they are
    int8     (n, d): 127 times each value, rounded; the dot product over 127 squared is about the cosine
    binary   (n, ceil(d / 8)) uint8: one bit a dimension, 1 where the value is above 0, the first in the highest bit
    """
    if precision == "float32":
        return vectors
    if precision == "int8":
        return np.rint(vectors * 127).astype(np.int8)
    if precision == "binary":
        return np.packbits(vectors > 0, axis=-1)
    raise UsageError(f"no precision named {precision!r}; choose from: float32, int8, binary.")
