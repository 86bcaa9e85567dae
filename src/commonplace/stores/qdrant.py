"""What the embedded engine and a Qdrant server have in common: everything but how a request travels."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

import numpy as np

from commonplace.stores import checks, qdrant_requests
from commonplace.stores.base import Store, whole_ties
from commonplace.stores.filters import Filter, storable
from commonplace.stores.points import Point, Schema, Scored
from commonplace.stores.statistics import Statistics
from commonplace.types import Vectors

STEP = 512
"""Points a call hands to the engine: the embedded one holds the GIL throughout, so no call may be long."""
PAGE = 4096
"""Points a scroll reads at a time."""


class QdrantStore(Store):
    """Threads may share it; writes take turns."""

    q: Any
    """The vocabulary of requests; see `qdrant_requests`."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._writing = threading.RLock()
        self._statistics: Statistics | None = None

    # -- how a request travels

    @abstractmethod
    def _errors(self) -> AbstractContextManager[None]:
        """What the engine raises, as one of ours."""

    @abstractmethod
    def _update(self, points: Sequence[Point], gone: Sequence[int], replaced: int) -> None:
        """Write `points`, or delete `gone`, of which `replaced` were there."""

    @abstractmethod
    def _query(self, request: Any) -> list[Any]: ...

    @abstractmethod
    def _scroll(self, request: Any) -> tuple[list[Any], Any]: ...

    @abstractmethod
    def _count(self, request: Any) -> int: ...

    @abstractmethod
    def _retrieve(self, numbers: Sequence[int], lane: str) -> list[Any]: ...

    # -- the contract

    def _upsert(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), STEP):
            self._write(points[start : start + STEP], ())

    def delete(self, ids: Iterable[str]) -> None:
        numbers = iter([checks.number_of(chunk_id) for chunk_id in ids])
        while batch := list(islice(numbers, STEP)):
            self._write((), batch)

    def _dense(self, lane: str, query: Vectors, k: int, where: Filter | None, *, exact: bool = False) -> list[Scored]:
        code = self.schema.code(lane)
        found = self._top(lambda n: qdrant_requests.dense(self.q, lane, query, n, where, code, exact=exact), k)
        return [Scored(hit.id, min(1.0, max(-1.0, hit.score))) for hit in found]

    def _sparse(self, terms: Mapping[int, float], k: int, where: Filter | None) -> list[Scored]:
        weights = self._counted().weigh(terms)
        return self._top(lambda n: qdrant_requests.sparse(self.q, weights, n, where), k) if weights else []

    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        statistics = self._counted()
        return statistics.chunks, statistics.frequencies(terms)

    def _matching(self, identifiers: Set[str], k: int, where: Filter | None) -> dict[str, set[str]]:
        wanted = sorted(filter(storable, identifiers))  # no chunk holds others
        if not wanted:
            return {}
        with self._errors():
            records = self._scroll(qdrant_requests.holding(self.q, wanted, k + 1, where))[0]
            if len(records) > k:  # then those with most of them, level by level
                records = []
                for exactly in range(len(wanted), 0, -1):
                    request = qdrant_requests.holding(self.q, wanted, k - len(records), where, exactly=exactly)
                    records += self._scroll(request)[0]
                    if len(records) == k:
                        break
        held = {checks.id_of(record.id): set(wanted).intersection(_identifiers(record)) for record in records}
        return dict(sorted(held.items(), key=lambda item: (-len(item[1]), item[0])))

    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        with self._errors():
            return self._count(qdrant_requests.count(self.q, where, lane))

    def ids(self) -> Iterator[str]:
        for record in self._records(with_vector=False):
            yield checks.id_of(record.id)

    def _vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        numbers = iter([checks.number_of(chunk_id) for chunk_id in ids])
        while batch := list(islice(numbers, STEP)):
            with self._errors():
                for record in self._retrieve(batch, lane):
                    if lane in record.vector:
                        found[checks.id_of(record.id)] = np.asarray(record.vector[lane], np.float32)
        return found

    # -- inside

    def _write(self, points: Sequence[Point], gone: Sequence[int]) -> None:
        """One engine call, and the statistics kept true to it."""
        with self._writing, self._errors():
            statistics = self._counted()
            numbers = gone or [checks.number_of(point.id) for point in points]
            replaced = self._retrieve(numbers, qdrant_requests.SPARSE)
            try:
                self._update(points, gone, len(replaced))
            except BaseException:
                self._statistics = None  # a part of it may be written: they are counted anew
                raise
            statistics.remove(_terms(record) for record in replaced)
            statistics.add(point.terms.keys() for point in points)

    def _census(self) -> list[int]:
        """How many chunks there are, and how many have words and each dense lane."""
        lanes = (None, qdrant_requests.SPARSE, *self.schema.dims)
        return [self._count(qdrant_requests.count(self.q, None, lane)) for lane in lanes]

    def _counted(self) -> Statistics:
        with self._writing:
            if self._statistics is None:
                statistics = Statistics()
                statistics.add(_terms(record) for record in self._records(with_vector=[qdrant_requests.SPARSE]))
                self._statistics = statistics
            return self._statistics

    def _top(self, request: Callable[[int], Any], k: int) -> list[Scored]:
        def best(limit: int) -> list[Scored]:
            with self._errors():
                return [Scored(checks.id_of(hit.id), hit.score) for hit in self._query(request(limit))]

        return whole_ties(best, k)

    def _records(self, with_vector: bool | list[str]) -> Iterator[Any]:
        offset = None
        while True:
            request = self.q.ScrollRequest(offset=offset, limit=PAGE, with_payload=False, with_vector=with_vector)
            with self._errors():
                records, offset = self._scroll(request)
            yield from records
            if offset is None:
                return


def _terms(record: Any) -> Collection[int]:
    sparse = record.vector.get(qdrant_requests.SPARSE) if record.vector else None
    return sparse.indices if sparse is not None else ()


def _identifiers(record: Any) -> list[str]:
    return list(record.payload[qdrant_requests.IDENTIFIERS])
