"""The store contract: keeps vectors, sparse weights and payload of chunks, answers top-k."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from types import MappingProxyType, TracebackType
from typing import Self

import numpy as np

from commonplace.stores import checks
from commonplace.stores.filters import Filter
from commonplace.stores.points import Point, Schema, Scored
from commonplace.types import Vectors
from commonplace.vectors.transforms import Transform


class Store(ABC):
    """Order everywhere: score descending, then id. Filters are pushed down: k rows come back whenever k match.

    Every write is validated whole before any of it is written (InvalidVector, DimensionMismatch, UnknownName for a
    lane, ValueError), and readable once the call returns. It survives the death of the process; `flush` makes it
    survive a power cut.

    What is common to all stores is here: vectors and queries go through the transform of their lane and are checked
    before an engine sees them.
    """

    schema: Schema
    transforms: Mapping[str, Transform] = MappingProxyType({})
    """Lane -> what brings vectors of its tower to the lane's dimension, where that is smaller."""

    def upsert(self, points: Sequence[Point]) -> None:
        """Of several points with one id the last counts."""
        if self.transforms:
            points = [
                replace(point, vectors={lane: self.through(lane, vector) for lane, vector in point.vectors.items()})
                for point in points
            ]
        checks.check_points(self.schema, points)
        self._upsert(list({point.id: point for point in points}.values()))

    @abstractmethod
    def _upsert(self, points: Sequence[Point]) -> None:
        """Of different ids."""

    @abstractmethod
    def delete(self, ids: Iterable[str]) -> None:
        """Remove chunks; ids that are not there are no error."""

    def dense(
        self, lane: str, query: Vectors, k: int, *, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        """Top k by cosine similarity, -1 to 1, of the chunks that have this lane. query (d,), unit length."""
        return self._dense(lane, self._asked(lane, query, k), k, where, exact=exact)

    @abstractmethod
    def _dense(self, lane: str, query: Vectors, k: int, where: Filter | None, *, exact: bool = False) -> list[Scored]:
        """query (d,) as the lane holds vectors."""

    def sparse(self, terms: Mapping[int, float], k: int, *, where: Filter | None = None) -> list[Scored]:
        """Top k by BM25: sum over terms of query weight x IDF x document weight.

        IDF = ln(1 + (N - df + 0.5) / (df + 0.5)) over the live chunks that have words, whatever the filter.
        """
        checks.check_terms_query(terms, k)
        return self._sparse(terms, k, where) if terms else []

    @abstractmethod
    def _sparse(self, terms: Mapping[int, float], k: int, where: Filter | None) -> list[Scored]:
        """There are terms."""

    def through(self, lane: str, vector: Vectors) -> Vectors:
        """A vector of the lane's tower, as the lane holds it."""
        return self.transforms[lane](vector) if lane in self.transforms else vector

    def _asked(self, lane: str, query: Vectors, k: int) -> Vectors:
        query = self.through(lane, query)
        checks.check_query(self.schema, lane, query, k)
        return np.asarray(query, np.float32)

    @abstractmethod
    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        """How many live chunks have words, and how many have each of `terms`; those that none has are absent."""

    def candidates(
        self, queries: Mapping[str, Vectors], terms: Mapping[int, float], k: int, *, where: Filter | None = None
    ) -> dict[str, list[Scored]]:
        """The lists of `dense` for each lane of `queries`, and of `sparse` as "bm25" where there are terms: in one
        request where the store can."""
        checks.check_terms_query(terms, k)
        return self._candidates({lane: self._asked(lane, query, k) for lane, query in queries.items()}, terms, k, where)

    def _candidates(
        self, queries: Mapping[str, Vectors], terms: Mapping[int, float], k: int, where: Filter | None
    ) -> dict[str, list[Scored]]:
        found = {lane: self._dense(lane, query, k, where) for lane, query in queries.items()}
        return found | ({"bm25": self._sparse(terms, k, where)} if terms else {})

    def matching(self, identifiers: Iterable[str], k: int, *, where: Filter | None = None) -> dict[str, set[str]]:
        """Chunk id -> those of `identifiers` that it holds exactly; at most k chunks, those with most of them first."""
        checks.check_k(k)
        return self._matching(set(identifiers), k, where)

    @abstractmethod
    def _matching(self, identifiers: Set[str], k: int, where: Filter | None) -> dict[str, set[str]]: ...

    @abstractmethod
    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        """Chunks that pass, or those of them that have a lane: a dense one, or "bm25"."""

    @abstractmethod
    def ids(self) -> Iterator[str]:
        """The id of every chunk, in no particular order."""

    def vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """Chunk id -> (d,) of one dense lane as it holds them, as far as they are there."""
        checks.check_lane(self.schema, lane)
        return self._vectors(lane, ids)

    @abstractmethod
    def _vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]: ...

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
