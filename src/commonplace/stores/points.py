"""What stores are made for, what they keep, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from commonplace.profiles import Code
from commonplace.types import Modality, Vectors


@dataclass(frozen=True, slots=True)
class Schema:
    """What a store is made for. Dimensions, profiles and encoders are fixed when it is created.

    dims   dense lane -> dimension, e.g. {"text": 384, "media": 384}
    codes  dense lane -> its code, where it is not the default
    encoders  dense lane -> fingerprint of what makes its vectors, where that is known
    compared_kb  kilobytes of vectors of a lane up to which there is no graph, None for what the store finds best
    """

    dims: Mapping[str, int]
    codes: Mapping[str, Code] = field(default_factory=dict)
    encoders: Mapping[str, str] = field(default_factory=dict)
    compared_kb: int | None = None

    def code(self, lane: str) -> Code:
        return self.codes.get(lane, Code())


@dataclass(frozen=True, slots=True)
class Point:
    """What the store keeps of one chunk. Writing a point again replaces it whole."""

    id: str
    """16 hex digits."""
    document: int
    modality: Modality
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    """Dense lane -> (d,) unit vector; a lane that the chunk cannot have is absent."""
    terms: Mapping[int, float] = field(default_factory=dict)
    """Term id (unsigned 32 bits) -> BM25 document weight, IDF not included; empty without words."""
    identifiers: tuple[str, ...] = ()
    """Normal forms, for exact match."""
    tags: tuple[str, ...] = ()
    date: int | None = None
    """Seconds since 1970, UTC."""


class Scored(NamedTuple):
    """A chunk found by one lane. Higher is better."""

    id: str
    score: float
