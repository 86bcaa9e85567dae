"""The store contract: keeps vectors, sparse weights and payload of chunks, answers top-k."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from commonplace.profiles import Code
from commonplace.stores.filters import Filter
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


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk found by one lane. Higher is better."""

    id: str
    score: float


class Store(ABC):
    """Order everywhere: score descending, then id. Filters are pushed down: k rows come back whenever k match.

    Every write is validated whole before any of it is written (InvalidVector, DimensionMismatch, UnknownName for a
    lane, ValueError), and readable once the call returns. It survives the death of the process; `flush` makes it
    survive a power cut.
    """

    schema: Schema

    @abstractmethod
    def upsert(self, points: Sequence[Point]) -> None: ...

    @abstractmethod
    def delete(self, ids: Iterable[str]) -> None:
        """Remove chunks; ids that are not there are no error."""

    @abstractmethod
    def dense(
        self, lane: str, query: Vectors, k: int, *, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        """Top k by cosine similarity, -1 to 1, of the chunks that have this lane. query (d,), unit length."""

    @abstractmethod
    def sparse(self, terms: Mapping[int, float], k: int, *, where: Filter | None = None) -> list[Scored]:
        """Top k by BM25: sum over terms of query weight x IDF x document weight.

        IDF = ln(1 + (N - df + 0.5) / (df + 0.5)) over the live chunks that have words, whatever the filter.
        """

    def through(self, lane: str, vector: Vectors) -> Vectors:  # noqa: ARG002 - a store that transforms needs the lane
        """A vector of the lane's tower, as the lane holds it."""
        return vector

    @abstractmethod
    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        """How many live chunks have words, and how many have each of `terms`; those that none has are absent."""

    def candidates(
        self, queries: Mapping[str, Vectors], terms: Mapping[int, float], k: int, *, where: Filter | None = None
    ) -> dict[str, list[Scored]]:
        """The lists of `dense` for each lane of `queries`, and of `sparse` as "bm25" where there are terms: in one
        request where the store can."""
        found = {lane: self.dense(lane, query, k, where=where) for lane, query in queries.items()}
        return found | ({"bm25": self.sparse(terms, k, where=where)} if terms else {})

    @abstractmethod
    def matching(self, identifiers: Iterable[str], k: int, *, where: Filter | None = None) -> dict[str, set[str]]:
        """Chunk id -> those of `identifiers` that it holds exactly; at most k chunks, those with most of them first."""

    @abstractmethod
    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        """Chunks that pass, or those of them that have a lane: a dense one, or "bm25"."""

    @abstractmethod
    def ids(self) -> Iterator[str]:
        """The id of every chunk, in no particular order."""

    @abstractmethod
    def vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """Chunk id -> (d,) of one dense lane, as far as they are there."""

    @abstractmethod
    def optimize(self, *, complete: bool = False) -> None:
        """Bring indexes up to date and drop what was deleted. Between batches it works only once enough has piled up
        to pay for it; `complete`, at the end of an `add`, takes what is left. Until then all is found, more slowly."""

    @abstractmethod
    def flush(self) -> None:
        """Everything written so far survives a power cut once this returns."""

    @abstractmethod
    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


SPARE, MOST_TIED = 8, 4096


def whole_ties(best: Callable[[int], list[Scored]], k: int) -> list[Scored]:
    """Top k in the contract's order. Engines return equal scores in any order: look behind the cut until its group of
    ties is whole, at most MOST_TIED chunks. best(limit) asks the engine."""
    limit = k + SPARE
    found = best(limit)
    while len(found) == limit < MOST_TIED and found[k - 1].score == found[-1].score:
        limit *= 8
        found = best(limit)
    return sorted(found, key=lambda hit: (-hit.score, hit.id))[:k]
