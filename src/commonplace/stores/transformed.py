"""A store whose lanes have fewer dimensions than their towers: vectors and queries are transformed on their way in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from commonplace.stores.base import Point, Scored, Store
from commonplace.stores.filters import Filter
from commonplace.types import Vectors
from commonplace.vectors.transforms import Transform


class TransformedStore(Store):
    """transforms  lane -> what its vectors go through; `vectors` returns them as they are stored."""

    def __init__(self, store: Store, transforms: Mapping[str, Transform]) -> None:
        self._store, self._transforms, self.schema = store, transforms, store.schema

    def upsert(self, points: Sequence[Point]) -> None:
        self._store.upsert(
            [
                replace(point, vectors={lane: self.through(lane, vector) for lane, vector in point.vectors.items()})
                for point in points
            ]
        )

    def dense(
        self, lane: str, query: Vectors, k: int, *, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        return self._store.dense(lane, self.through(lane, query), k, where=where, exact=exact)

    def candidates(
        self, queries: Mapping[str, Vectors], terms: Mapping[int, float], k: int, *, where: Filter | None = None
    ) -> dict[str, list[Scored]]:
        through = {lane: self.through(lane, query) for lane, query in queries.items()}
        return self._store.candidates(through, terms, k, where=where)

    def through(self, lane: str, vector: Vectors) -> Vectors:
        return self._transforms[lane](vector) if lane in self._transforms else vector

    # -- what needs no transform

    def delete(self, ids: Iterable[str]) -> None:
        self._store.delete(ids)

    def sparse(self, terms: Mapping[int, float], k: int, *, where: Filter | None = None) -> list[Scored]:
        return self._store.sparse(terms, k, where=where)

    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        return self._store.frequencies(terms)

    def matching(self, identifiers: Iterable[str], k: int, *, where: Filter | None = None) -> dict[str, set[str]]:
        return self._store.matching(identifiers, k, where=where)

    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        return self._store.count(where, lane=lane)

    def ids(self) -> Iterator[str]:
        return self._store.ids()

    def vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        return self._store.vectors(lane, ids)

    def optimize(self, *, complete: bool = False) -> None:
        self._store.optimize(complete=complete)

    def flush(self) -> None:
        self._store.flush()

    def close(self) -> None:
        self._store.close()
