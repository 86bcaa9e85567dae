"""Every store against the oracle, on 5,000 chunks in indexed and unindexed segments, with deletes and replacements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stores.conftest import KINDS
from stores.oracle import Oracle, unit
from stores.samples import found, scores

from commonplace.stores import create_store, postgres, qdrant_requests, remove_store
from commonplace.stores.base import Store
from commonplace.stores.filters import And, Eq, In, Not, Range
from commonplace.stores.points import Point, Schema
from commonplace.types import Vectors

N, DIM = 5_000, 64


def clustered(rng: np.random.Generator, n: int) -> Vectors:
    """Unit vectors in clusters of about 50, with a spectrum that decays as that of sentence vectors does."""
    spread = 1 / np.sqrt(1 + np.arange(DIM) / 8)
    centres = rng.standard_normal((N // 50, DIM)) * spread
    return unit(centres[rng.integers(len(centres), size=n)] + 0.7 * rng.standard_normal((n, DIM)) * spread)


@pytest.fixture(scope="module", params=KINDS)
def filled(request: pytest.FixtureRequest, place: Callable[[str], str | Path]) -> Iterator[tuple[Store, Oracle]]:
    """A store and the oracle with the same history: 5,000 chunks, of which some are deleted and some replaced."""
    rng = np.random.default_rng(7)
    schema = Schema({"text": DIM})
    vectors = clustered(rng, N)
    words = rng.zipf(1.3, size=(N, 12)) % 2_000
    points = [
        Point(
            f"{int(number):016x}",
            document=n // 20,
            modality="image" if n % 5 == 0 else "text",
            vectors={"text": vectors[n]} if n % 7 else {},
            terms={int(word): float(rng.uniform(0.2, 2.2)) for word in words[n]} if n % 11 else {},
            identifiers=(f"unique-{n}", f"shared-{n % 40}"),
            tags=(f"percent-{n % 100}", *(["only-one"] if n == 2_000 else [])),
            date=1_700_000_000 + n if n % 3 else None,
        )
        for n, number in enumerate(rng.permutation(np.unique(rng.integers(2**63, size=2 * N, dtype=np.uint64)))[:N])
    ]
    oracle = Oracle(schema)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qdrant_requests, "SCAN_KB", 100)  # else 5,000 short vectors get no graph
        patch.setattr(qdrant_requests, "INDEX_KB", 100)
        patch.setattr(postgres, "WORTH_INDEXING", 100)
        kind = str(request.param)
        location = place(kind)
        with create_store(kind, location, schema) as store:
            for each in (store, oracle):
                for start in range(0, N, 1_000):
                    each.upsert(points[start : start + 1_000])
                each.optimize(complete=True)
                each.delete(point.id for point in points[100:400])
                each.upsert([replace(point, document=10_000, terms={3: 1.0}) for point in points[400:500]])
            yield store, oracle
        remove_store(kind, location)


FILTERS = {
    "none": None,
    "80 %": Not(Eq("modality", "image")),
    "half": Range("date", gte=1_700_000_000 + N // 2),
    "30 %": In("tags", tuple(f"percent-{n}" for n in range(30))),
    "20 %": Eq("modality", "image"),
    "10 %": In("document", tuple(range(100, 125))),
    "1 %": Eq("tags", "percent-42"),
    "0.02 %": Eq("tags", "only-one"),  # of 5,000: 0.01 % would be nobody or this one
    "0.2 %": And((Eq("tags", "percent-42"), Eq("modality", "text"), Range("date", gte=1_700_004_000))),
    "nobody": Eq("document", -1),
}


def test_exact_dense_lists_equal_the_oracles(filled: tuple[Store, Oracle]) -> None:
    store, oracle = filled
    for query in clustered(np.random.default_rng(8), 20):
        for where in FILTERS.values():
            mine = store.dense("text", query, 10, where=where, exact=True)
            assert found(mine) == found(oracle.dense("text", query, 10, where=where))


def test_sparse_lists_equal_the_oracles(filled: tuple[Store, Oracle]) -> None:
    store, oracle = filled
    rng = np.random.default_rng(9)
    for _ in range(20):
        query = {int(word): float(rng.integers(1, 3)) for word in rng.zipf(1.3, size=5) % 2_000}
        for where in FILTERS.values():
            mine, theirs = store.sparse(query, 10, where=where), oracle.sparse(query, 10, where=where)
            assert scores(mine) == pytest.approx(scores(theirs), rel=1e-5)
            # Sums of float32 may order near-equal scores differently; ties by construction are tested above.
            if len({round(hit.score, 4) for hit in theirs}) == len(theirs) < 10:
                assert found(mine) == found(theirs)


def test_candidates_are_the_lists_of_the_lanes(filled: tuple[Store, Oracle]) -> None:
    store, _ = filled
    for query in clustered(np.random.default_rng(11), 5):
        for where in (None, FILTERS["20 %"]):
            found = store.candidates({"text": query}, {3: 1.0, 7: 2.0}, 20, where=where)
            assert found["text"] == store.dense("text", query, 20, where=where)
            assert found["bm25"] == store.sparse({3: 1.0, 7: 2.0}, 20, where=where)


def test_matching_and_counts_equal_the_oracles(filled: tuple[Store, Oracle]) -> None:
    store, oracle = filled
    assert set(store.ids()) == set(oracle.ids())
    assert store.frequencies([1, 3, 7, 1_999, 4_000_000]) == oracle.frequencies([1, 3, 7, 1_999, 4_000_000])
    for where in FILTERS.values():
        for lane in (None, "text", "bm25"):
            assert store.count(where, lane=lane) == oracle.count(where, lane=lane)
        for wanted in (["unique-7", "unique-120", "shared-7"], ["shared-1", "shared-2"], ["nowhere"]):
            mine, theirs = (each.matching(wanted, 25, where=where) for each in filled)
            assert list(mine.items()) == list(theirs.items())


@pytest.mark.parametrize("name", FILTERS)
def test_approximate_search_finds_at_least_98_percent_and_never_too_few(
    filled: tuple[Store, Oracle], name: str
) -> None:
    store, oracle = filled
    hits = wanted = 0
    for query in clustered(np.random.default_rng(10), 50):
        truth = found(oracle.dense("text", query, 10, where=FILTERS[name]))
        mine = found(store.dense("text", query, 10, where=FILTERS[name]))
        assert len(mine) == len(truth)
        hits, wanted = hits + len(set(mine) & set(truth)), wanted + len(truth)
    assert hits >= 0.98 * wanted
