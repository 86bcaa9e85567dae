"""The store contract in plain Python and NumPy, by its definitions: what every engine must agree with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.stores.base import Store
from commonplace.stores.filters import And, Eq, Exists, Filter, In, Not, Or, Range
from commonplace.stores.points import Point, Schema, Scored
from commonplace.types import Vectors


class Oracle(Store):
    """Exact, slow, in memory."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.points: dict[str, Point] = {}

    def _upsert(self, points: Sequence[Point]) -> None:
        self.points.update((point.id, point) for point in points)

    def delete(self, ids: Iterable[str]) -> None:
        for chunk_id in ids:
            self.points.pop(chunk_id, None)

    def _dense(
        self,
        lane: str,
        query: Vectors,
        k: int,
        where: Filter | None,
        *,
        exact: bool = False,  # noqa: ARG002  (always)
    ) -> list[Scored]:
        return self._top(lambda point: float(point.vectors[lane] @ query) if lane in point.vectors else None, k, where)

    def _sparse(self, terms: Mapping[int, float], k: int, where: Filter | None) -> list[Scored]:
        n, df = self.frequencies(terms)
        idf = {term: math.log(1 + (n - count + 0.5) / (count + 0.5)) for term, count in df.items()}

        def score(point: Point) -> float | None:
            shared = terms.keys() & point.terms.keys()
            return sum(terms[term] * idf[term] * point.terms[term] for term in shared) if shared else None

        return self._top(score, k, where)

    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        with_words = [point for point in self.points.values() if point.terms]
        df = {term: sum(term in point.terms for point in with_words) for term in terms}
        return len(with_words), {term: count for term, count in df.items() if count}

    def _matching(self, identifiers: Set[str], k: int, where: Filter | None) -> dict[str, set[str]]:
        held = {point.id: set(identifiers) & set(point.identifiers) for point in self._live(where)}
        best = sorted((item for item in held.items() if item[1]), key=lambda item: (-len(item[1]), item[0]))
        return dict(best[:k])

    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        return sum(
            lane is None or (bool(point.terms) if lane == "bm25" else lane in point.vectors)
            for point in self._live(where)
        )

    def ids(self) -> Iterator[str]:
        return iter(list(self.points))

    def _vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        there = [self.points[chunk_id] for chunk_id in ids if chunk_id in self.points]
        return {point.id: point.vectors[lane] for point in there if lane in point.vectors}

    def optimize(self, *, complete: bool = False) -> None:
        pass

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _live(self, where: Filter | None) -> Iterator[Point]:
        return (point for point in self.points.values() if where is None or matches(where, point))

    def _top(self, score: Callable[[Point], float | None], k: int, where: Filter | None) -> list[Scored]:
        scores = ((point.id, score(point)) for point in self._live(where))
        found = [Scored(chunk_id, value) for chunk_id, value in scores if value is not None]
        return sorted(found, key=lambda hit: (-hit.score, hit.id))[:k]


def matches(where: Filter, point: Point) -> bool:
    """Whether a point passes a filter: a leaf on a missing field is false, Not is the complement."""
    match where:
        case Eq(field, value):
            return value in _values(point, field)
        case In(field, values):
            return any(value in _values(point, field) for value in values)
        case Range(field, low, high):
            return any(
                (low is None or int(value) >= low) and (high is None or int(value) < high)
                for value in _values(point, field)
            )
        case Exists(field):
            return bool(_values(point, field))
        case And(parts):
            return all(matches(part, point) for part in parts)
        case Or(parts):
            return any(matches(part, point) for part in parts)
        case Not(part):
            return not matches(part, point)
    raise AssertionError(where)


def _values(point: Point, field: str) -> tuple[str | int, ...]:
    value = getattr(point, field)
    if field == "tags":
        return tuple(value)
    return () if value is None else (value,)


def unit(rows: NDArray[np.floating[Any]]) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), np.float32)
