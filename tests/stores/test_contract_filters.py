"""What filters mean in every store, case by case and on random ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores.oracle import matches
from stores.samples import E, found

from commonplace.stores.base import Store
from commonplace.stores.filters import And, Eq, Exists, Filter, In, Not, Or, Range
from commonplace.stores.points import Point
from commonplace.types import MODALITIES

FILTERED = [
    Point(f"{0:016x}", -3, "text", tags=("a", "b"), date=0),
    Point(f"{1:016x}", 2**63 - 1, "image", tags=("b",), date=-1),
    Point(f"{2:016x}", 5, "table", date=1_700_000_000),
    Point(f"{3:016x}", 5, "text", tags=("c d",)),
]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Eq("tags", "b"), [0, 1]),
        (Eq("document", 5), [2, 3]),
        (Eq("document", 2**63 - 1), [1]),
        (In("modality", ("text", "table")), [0, 2, 3]),
        (In("document", (-3, 2**63 - 1)), [0, 1]),
        (In("document", ()), []),
        (Not(In("tags", ())), [0, 1, 2, 3]),
        (Range("date", gte=0), [0, 2]),
        (Range("date", lt=0), [1]),
        (Range("date", gte=-1, lt=1), [0, 1]),
        (Exists("date"), [0, 1, 2]),
        (Not(Exists("tags")), [2]),
        (Not(Eq("tags", "b")), [2, 3]),  # the complement: also what has no tags
        (Not(Range("date", gte=0)), [1, 3]),  # also what has no date
        (And((Eq("tags", "b"), Eq("modality", "text"))), [0]),
        (Or((Eq("tags", "c d"), Eq("modality", "image"))), [1, 3]),
        (Not(And((Eq("document", 5), Not(Exists("date"))))), [0, 1, 2]),
        (Or((And((Eq("tags", "a"), Eq("tags", "b"))), Not(Or((Exists("date"), Exists("document")))))), [0]),
    ],
)
def test_filters_mean_what_they_say(store: Store, where: Filter, expected: list[int]) -> None:
    store.upsert(FILTERED)
    assert store.count(where) == len(expected)
    store.upsert([replace(point, vectors={"text": E[0]}, terms={7: 1.0}, identifiers=("x",)) for point in FILTERED])
    ids = [f"{n:016x}" for n in expected]
    assert found(store.dense("text", E[0], 10, where=where)) == ids
    assert found(store.sparse({7: 1.0}, 10, where=where)) == ids
    assert list(store.matching(["x"], 10, where=where)) == ids
    assert [point.id for point in FILTERED if matches(where, point)] == ids


_leaves = st.one_of(
    st.builds(Eq, st.just("tags"), st.sampled_from(["a", "b", "c d"])),
    st.builds(Eq, st.just("modality"), st.sampled_from(MODALITIES)),
    st.builds(In, st.just("document"), st.lists(st.sampled_from([-3, 5, 2**63 - 1]), max_size=2).map(tuple)),
    st.builds(lambda start: Range("date", gte=start), st.integers(-2, 2)),
    st.builds(Exists, st.sampled_from(["tags", "date", "document"])),
)


def _joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, several), st.builds(Or, several), st.builds(Not, parts))


filters = st.recursive(_leaves, _joined, max_leaves=8)


@given(filters, filters)
def test_de_morgan_holds_for_the_oracle(a: Filter, b: Filter) -> None:
    for point in FILTERED:
        assert matches(Not(And((a, b))), point) == matches(Or((Not(a), Not(b))), point)
        assert matches(Not(Or((a, b))), point) == matches(And((Not(a), Not(b))), point)


# A pool of connections draws random waits in threads of its own, which hypothesis takes for the strategy's.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(where=filters)
def test_any_filter_finds_what_the_oracle_finds(store: Store, where: Filter) -> None:
    if not store.count():
        store.upsert(FILTERED)
    assert store.count(where) == sum(matches(where, point) for point in FILTERED)
