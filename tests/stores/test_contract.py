"""What every store must do, lane by lane and write by write. Expected values are derived by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stores.samples import FIRST, LAST, SCHEMA, SECOND, THIRD, E, found, leaning, scores

from commonplace.errors import (
    CollectionError,
    DimensionMismatch,
    FilterError,
    InvalidVector,
    MissingCollection,
    SpaceMismatch,
    UnknownName,
    UsageError,
)
from commonplace.stores import create_store, open_store
from commonplace.stores.base import Store
from commonplace.stores.expressions import parse
from commonplace.stores.filters import Eq, Exists, Not, Or
from commonplace.stores.points import Point, Schema

# -- dense


def test_dense_scores_are_cosines_best_first(store: Store) -> None:
    store.upsert(
        [Point(id, 1, "text", {"text": leaning(angle)}) for id, angle in ((FIRST, 60), (SECOND, 0), (THIRD, 180))]
    )
    hits = store.dense("text", E[0], 10, exact=True)
    assert found(hits) == [SECOND, FIRST, THIRD]
    assert scores(hits) == pytest.approx([1, 0.5, -1], abs=1e-6)
    assert all(-1 <= hit.score <= 1 for hit in hits)


def test_a_lane_finds_only_chunks_that_have_it(store: Store) -> None:
    store.upsert(
        [
            Point(FIRST, 1, "text", {"text": E[0]}),
            Point(SECOND, 1, "image", {"media": E[0], "text": E[1]}),
            Point(THIRD, 1, "image", {"media": E[1]}),
            Point(LAST, 1, "audio"),
        ]
    )
    assert found(store.dense("text", E[0], 10)) == [FIRST, SECOND]
    assert found(store.dense("media", E[0], 10)) == [SECOND, THIRD]
    assert store.count() == 4


def test_equal_scores_are_ordered_by_id_even_where_k_cuts_through_them(store: Store) -> None:
    rng = np.random.default_rng(0)
    numbers = rng.permutation(300)
    store.upsert([Point(f"{n:016x}", 1, "text", {"text": E[0]}, {5: 1.0}, ("same",)) for n in numbers])
    first = [f"{n:016x}" for n in range(7)]
    assert found(store.dense("text", E[0], 7)) == first
    assert found(store.dense("text", E[0], 7, exact=True)) == first
    assert found(store.sparse({5: 1.0}, 7)) == first
    assert list(store.matching(["same"], 7)) == first


def test_ids_span_all_64_bits_and_come_back_as_written(store: Store) -> None:
    ids = ["0" * 16, "7" + "f" * 15, "8" + "0" * 15, "f" * 16]
    store.upsert([Point(id, 1, "text", {"text": E[0]}) for id in reversed(ids)])
    assert sorted(store.ids()) == ids
    assert found(store.dense("text", E[0], 10)) == ids


# -- sparse


def test_sparse_scores_are_bm25_with_idf_over_chunks_that_have_words(store: Store) -> None:
    store.upsert(
        [
            Point(FIRST, 1, "text", {}, {7: 1.5, 9: 0.5}),
            Point(SECOND, 1, "text", {}, {7: 2.0}),
            Point(THIRD, 1, "text", {}, {8: 1.0}),
            Point(LAST, 1, "image", {"media": E[0]}),  # without words: not counted in N
        ]
    )
    # N = 3. df(7) = 2: ln(1 + 1.5 / 2.5) = ln 1.6; df(9) = 1: ln(1 + 2.5 / 1.5) = ln(8 / 3).
    hits = store.sparse({7: 1.0, 9: 2.0}, 10)
    assert found(hits) == [FIRST, SECOND]
    assert scores(hits) == pytest.approx([1.5 * math.log(1.6) + 2 * 0.5 * math.log(8 / 3), 2 * math.log(1.6)], rel=1e-5)


def test_idf_does_not_depend_on_the_filter(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "text", {}, {7: 1.0}), Point(SECOND, 2, "text", {}, {7: 1.0, 8: 1.0})])
    (hit,) = store.sparse({7: 1.0}, 10, where=Eq("document", 2))
    assert hit.score == pytest.approx(math.log(1 + 0.5 / 2.5), rel=1e-5)


def test_idf_follows_deletes_and_replacements(store: Store) -> None:
    store.upsert([Point(f"{n:016x}", 1, "text", {}, {7: 1.0, 100 + n: 1.0}) for n in range(10)])
    store.delete(f"{n:016x}" for n in range(2, 10))
    store.upsert([Point(SECOND[:-1] + "1", 1, "text", {}, {8: 1.0})])  # chunk 1 loses term 7
    # Left: chunk 0 with term 7, chunk 1 with term 8. N = 2, df(7) = 1.
    hits = store.sparse({7: 1.0, 105: 1.0}, 10)
    assert found(hits) == ["0" * 16]
    assert scores(hits) == pytest.approx([math.log(1 + 1.5 / 1.5)], rel=1e-5)


def test_terms_that_nobody_has_find_nothing(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "text", {}, {7: 1.0})])
    assert store.sparse({8: 1.0}, 10) == []
    assert store.sparse({}, 10) == []


def test_term_ids_span_all_32_bits(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "text", {}, {0: 1.0}), Point(SECOND, 1, "text", {}, {2**32 - 1: 1.0})])
    assert found(store.sparse({2**32 - 1: 1.0}, 10)) == [SECOND]


# -- identifiers


def test_matching_says_which_identifiers_a_chunk_holds_those_with_most_first(store: Store) -> None:
    store.upsert(
        [
            Point(FIRST, 1, "text", identifiers=("cve-2024-3094",)),
            Point(SECOND, 1, "text", identifiers=("cve-2024-3094", "10.0.0.1", "other")),
            Point(THIRD, 1, "text", identifiers=("cve-2024-309",)),
            Point(LAST, 1, "text"),
        ]
    )
    wanted = ["10.0.0.1", "cve-2024-3094", "nowhere"]
    expected = {SECOND: {"cve-2024-3094", "10.0.0.1"}, FIRST: {"cve-2024-3094"}}
    assert store.matching(wanted, 10) == expected
    assert list(store.matching(wanted, 10)) == [SECOND, FIRST]
    assert store.matching(wanted, 1) == {SECOND: expected[SECOND]}
    assert store.matching(wanted, 10, where=Not(Exists("tags"))) == expected
    assert store.matching(wanted, 10, where=Eq("tags", "a")) == {}
    assert store.matching([], 10) == {}
    assert store.matching(["a\0", "\ud800"], 10) == {}  # what no point may hold is not found, and no error


def test_matching_finds_those_with_most_also_behind_a_crowd_with_one(store: Store) -> None:
    store.upsert([Point(f"{n:016x}", 1, "text", identifiers=("common",)) for n in range(500)])
    store.upsert([Point(LAST, 1, "text", identifiers=("common", "rare", "rarer"))])
    store.upsert([Point("e" * 16, 1, "text", identifiers=("rare", "rarer"))])
    matching = store.matching(["rare", "common", "rarer"], 4)
    assert list(matching) == [LAST, "e" * 16, f"{0:016x}", f"{1:016x}"]
    assert matching[LAST] == {"common", "rare", "rarer"}


# -- writes


def test_an_upsert_replaces_the_whole_point(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "image", {"text": E[0], "media": E[0]}, {7: 1.0}, ("x",), ("old",), date=5)])
    store.upsert([Point(FIRST, 2, "text", {"text": E[1]}, {8: 1.0})])
    assert store.count() == 1
    assert store.dense("media", E[0], 10) == []
    assert scores(store.dense("text", E[1], 10)) == pytest.approx([1])
    assert store.sparse({7: 1.0}, 10) == []
    assert store.matching(["x"], 10) == {}
    gone = Or((Exists("tags"), Exists("date"), Eq("document", 1), Eq("modality", "image")))
    assert store.count(gone) == 0


def test_of_two_points_with_one_id_in_a_batch_the_later_stays(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "text", {}, {7: 1.0}), Point(FIRST, 2, "text", {}, {8: 1.0})])
    assert store.count(Eq("document", 2)) == store.count() == 1
    assert scores(store.sparse({8: 1.0}, 10)) == pytest.approx([math.log(1 + 0.5 / 1.5)], rel=1e-5)


def test_deleting_is_idempotent_and_takes_unknown_ids(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "text", {"text": E[0]}, {7: 1.0}), Point(SECOND, 1, "text", {"text": E[0]})])
    for _ in range(2):
        store.delete([FIRST, LAST])
    assert list(store.ids()) == [SECOND]
    assert found(store.dense("text", E[0], 10)) == [SECOND]
    assert store.sparse({7: 1.0}, 10) == []
    store.delete([])


GOOD = Point(FIRST, 1, "text", {"text": E[0]}, {7: 1.0}, ("x",), ("a",), date=0)


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (
            replace(GOOD, vectors={"text": np.full(4, np.nan, np.float32)}),
            InvalidVector,
            "chunk 0000000000000001, lane 'text'",
        ),
        (replace(GOOD, vectors={"media": np.full(4, np.inf, np.float32)}), InvalidVector, "lane 'media'"),
        (replace(GOOD, vectors={"text": np.zeros(4, np.float32)}), InvalidVector, "got length 0"),
        (replace(GOOD, vectors={"text": E[0] * np.float32(1.002)}), InvalidVector, "got length 1.002"),
        (replace(GOOD, vectors={"text": np.ones(3, np.float32)}), DimensionMismatch, "holds vectors of shape (4,)"),
        (replace(GOOD, vectors={"text": E[:1]}), DimensionMismatch, "got (1, 4)"),
        (replace(GOOD, vectors={"sound": E[0]}), UnknownName, "no dense lane 'sound'"),
        (replace(GOOD, id="doc-1"), ValueError, "16 lower-case hex digits, got 'doc-1'"),
        (replace(GOOD, id="A" * 16), ValueError, "16 lower-case hex digits"),
        (replace(GOOD, terms={2**32: 1.0}), ValueError, "unsigned 32-bit number, got 4294967296"),
        (replace(GOOD, terms={-1: 1.0}), ValueError, "unsigned 32-bit number, got -1"),
        (replace(GOOD, terms={7: 0.0}), ValueError, "finite and above 0, got 0.0"),
        (replace(GOOD, terms={7: math.nan}), ValueError, "finite and above 0, got nan"),
        (replace(GOOD, terms={7: math.inf}), ValueError, "finite and above 0, got inf"),
        (replace(GOOD, tags=("a\0b",)), ValueError, "without NUL and lone surrogates"),
        (replace(GOOD, identifiers=("\ud800",)), ValueError, "without NUL and lone surrogates"),
        (replace(GOOD, modality="picture"), ValueError, "no modality 'picture'"),  # type: ignore[arg-type]
        (replace(GOOD, document=2**63), ValueError, "whole number of 64 bits"),
        (replace(GOOD, date=10**12), ValueError, "years 1 to 9999"),
    ],
)
def test_a_bad_point_is_refused_and_nothing_of_its_batch_is_written(
    kind: str, location: str | Path, bad: Point, error: type[Exception], says: str
) -> None:
    with create_store(kind, location, SCHEMA) as store:
        store.upsert([replace(GOOD, id=THIRD)])
        with pytest.raises(error) as caught:
            store.upsert([replace(GOOD, id=SECOND), bad, replace(GOOD, id=THIRD, document=9)])
        assert says in str(caught.value)
    with open_store(kind, location, SCHEMA) as store:
        assert list(store.ids()) == [THIRD]
        assert store.count(Eq("document", 1)) == 1


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda store: store.dense("text", np.full(4, np.nan, np.float32), 3), InvalidVector),
        (lambda store: store.dense("text", np.zeros(4, np.float32), 3), InvalidVector),
        (lambda store: store.dense("text", np.ones(5, np.float32), 3), DimensionMismatch),
        (lambda store: store.dense("sound", E[0], 3), UnknownName),
        (lambda store: store.vectors("sound", [FIRST]), UnknownName),
        (lambda store: store.dense("text", E[0], 0), ValueError),
        (lambda store: store.sparse({7: math.nan}, 3), ValueError),
        (lambda store: store.matching(["x"], 0), ValueError),
        (lambda store: store.delete(["doc-1"]), ValueError),
        (lambda store: store.count(parse("source=docs/*.md")), FilterError),
    ],
)
def test_a_bad_question_is_refused(store: Store, ask: Callable[[Store], object], error: type[Exception]) -> None:
    store.upsert([GOOD])
    with pytest.raises(error):
        ask(store)


def test_text_of_any_script_and_length_is_kept(store: Store) -> None:
    strange = ["", " ", "naïve café", "日本語", "🜁", "\x01\x7f", "a" * 5_000, 'it\'s "quoted" \\ 100%', "{}", "e\u0301"]
    store.upsert([Point(FIRST, 1, "text", {}, {}, tuple(strange), tuple(strange))])
    assert store.matching(strange, 1) == {FIRST: set(strange)}
    assert [store.count(Eq("tags", tag)) for tag in strange] == [1] * len(strange)
    assert store.count(Eq("tags", "é")) == 0  # composed is not decomposed: normal forms are the analyser's work


def test_vectors_come_back_as_far_as_they_are_there(store: Store) -> None:
    store.upsert([Point(FIRST, 1, "text", {"text": leaning(33)}), Point(SECOND, 1, "image", {"media": E[0]})])
    vectors = store.vectors("text", [SECOND, FIRST, LAST])
    assert list(vectors) == [FIRST]
    np.testing.assert_allclose(vectors[FIRST], leaning(33), atol=1e-6)
    assert vectors[FIRST].dtype == np.float32


def test_an_empty_store_answers_with_nothing(store: Store) -> None:
    store.optimize()
    store.optimize(complete=True)
    store.flush()
    store.upsert([])
    assert store.dense("text", E[0], 5) == store.sparse({1: 1.0}, 5) == []
    assert store.matching(["a"], 5) == store.vectors("text", [FIRST]) == {}
    assert store.count() == 0
    assert list(store.ids()) == []


# -- life


def test_a_store_keeps_all_of_itself_when_closed_and_opened(kind: str, location: str | Path) -> None:
    point = Point(FIRST, 7, "image", {"media": leaning(20)}, {7: 1.5}, ("x",), ("a", "b"), date=1_700_000_000)
    with create_store(kind, location, SCHEMA) as store:
        store.upsert([point, Point(SECOND, 8, "text", {}, {7: 1.0})])
        before = store.sparse({7: 1.0}, 10)
    with open_store(kind, location, SCHEMA) as store:
        assert sorted(store.ids()) == [FIRST, SECOND]
        np.testing.assert_allclose(store.vectors("media", [FIRST])[FIRST], leaning(20), atol=1e-6)
        assert store.sparse({7: 1.0}, 10) == before
        assert store.matching(["x"], 1) == {FIRST: {"x"}}
        assert store.count(parse("document=7 and modality=image and tag=a and tag=b and date=2023-11-14")) == 1


def test_a_closed_store_says_so_and_closing_twice_is_no_error(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(CollectionError, match=r"is closed\. Open it again to use it"):
        store.count()


def test_opening_what_is_not_there_or_does_not_fit_is_an_error(kind: str, location: str | Path) -> None:
    with pytest.raises(MissingCollection, match="no store in"):
        open_store(kind, location, SCHEMA)
    create_store(kind, location, SCHEMA).close()
    with pytest.raises(UsageError, match="something is there"):
        create_store(kind, location, SCHEMA)
    with pytest.raises(SpaceMismatch, match="was made for"):
        open_store(kind, location, Schema({"text": 8, "media": 4}))


def test_vectors_of_another_encoder_are_never_mixed_in(kind: str, location: str | Path) -> None:
    made = replace(SCHEMA, encoders={"text": "minilm", "media": "dino"})
    create_store(kind, location, made).close()
    open_store(kind, location, made).close()
    with pytest.raises(SpaceMismatch, match=r"was made for .*'dino'.* asked for: .*'clip'"):
        open_store(kind, location, replace(made, encoders={"text": "minilm", "media": "clip"}))
    open_store(kind, location, SCHEMA).close()  # by who does not know


@pytest.mark.parametrize("dims", [{"bm25": 4}, {"text": 0}, {"text": 70_000}, {"a b": 4}])
def test_a_schema_that_no_store_can_hold_is_refused(kind: str, location: str | Path, dims: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"dense lane|dimension"):
        create_store(kind, location, Schema(dims))
    with pytest.raises(MissingCollection):
        open_store(kind, location, SCHEMA)


def test_an_unknown_store_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"no store named 'qdrant-egde'\. Did you mean: qdrant-edge"):
        create_store("qdrant-egde", tmp_path, SCHEMA)
