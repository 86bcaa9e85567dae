from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from commonplace.ranking.fusion import Fused, Ranked, ranked, reciprocal_rank_fusion

ALL = frozenset({"text", "media", "bm25"})


def fuse(
    lanes: Mapping[str, list[str]],
    weights: dict[str, float] | None = None,
    eligible: dict[str, frozenset[str]] | None = None,
    *,
    k: float = 60,
    absence: float = 0.0,
) -> list[Fused]:
    rows = {lane: [Ranked(id, rank, 0.0) for rank, id in enumerate(ids, start=1)] for lane, ids in lanes.items()}
    could = eligible or {}
    weights = weights or dict.fromkeys(lanes, 1.0)
    return reciprocal_rank_fusion(rows, weights, lambda id: could.get(id, ALL), k=k, absence=absence)


def test_agreement_beats_one_first_place() -> None:
    assert [row.id for row in fuse({"text": ["a", "b"], "bm25": ["c", "b"]})] == ["b", "a", "c"]  # 2/62 > 1/61


def test_the_score_is_the_sum_of_reciprocal_ranks_over_the_highest_possible_one() -> None:
    rows = {row.id: row.score for row in fuse({"text": ["a", "b"], "bm25": ["b"]}, k=1)}
    assert rows["b"] == (1 / 3 + 1 / 2) / (2 * 1 / 2)
    assert rows["a"] == (1 / 2) / (2 * 1 / 2)


def test_first_in_every_lane_scores_one() -> None:
    assert fuse({"text": ["a", "b"], "bm25": ["a"]})[0].score == 1.0


def test_a_picture_without_words_is_not_punished_for_lanes_that_could_not_find_it() -> None:
    lanes = {"text": ["p", "q"], "media": ["picture"], "bm25": ["q", "p"]}
    could = {"picture": frozenset({"media"}), "p": frozenset({"text", "bm25"}), "q": frozenset({"text", "bm25"})}
    best = fuse(lanes, eligible=could, absence=0.0)[0]
    assert (best.id, best.score) == ("picture", 1.0)
    plain = fuse(lanes, eligible=could, absence=1.0)
    assert [row.id for row in plain] == ["p", "q", "picture"]  # plain RRF: two lanes outvote a perfect picture


def test_ties_break_on_the_id() -> None:
    assert [row.id for row in fuse({"text": ["b"], "bm25": ["a"]})] == ["a", "b"]


def test_equal_scores_share_a_rank() -> None:
    rows = ranked([("a", 2.0), ("b", 2.0), ("c", 1.0)])
    assert [(row.id, row.rank) for row in rows] == [("a", 1), ("b", 1), ("c", 3)]


def test_a_lane_of_higher_weight_decides() -> None:
    lanes = {"identifier": ["exact"], "text": ["other"], "bm25": ["other"]}
    weights = {"identifier": 10.0, "text": 1.0, "bm25": 1.0}
    assert fuse(lanes, weights, {"exact": ALL | {"identifier"}, "other": ALL | {"identifier"}})[0].id == "exact"


rankings = st.dictionaries(
    st.sampled_from(["text", "media", "bm25"]), st.lists(st.sampled_from("abcdefgh"), unique=True)
)


@given(rankings, st.floats(0, 1), st.integers(1, 100))
def test_scores_lie_between_zero_and_one_and_every_found_chunk_is_there_once(
    lanes: dict[str, list[str]], absence: float, k: int
) -> None:
    rows = fuse(lanes, k=k, absence=absence)
    assert sorted(row.id for row in rows) == sorted({id for ids in lanes.values() for id in ids})
    assert all(0 < row.score <= 1 + 1e-12 for row in rows)


@given(rankings)
def test_with_full_absence_the_order_is_that_of_plain_rrf(lanes: dict[str, list[str]]) -> None:
    expected: dict[str, float] = {}
    for ids in lanes.values():
        for rank, id in enumerate(ids, start=1):
            expected[id] = expected.get(id, 0.0) + 1 / (60 + rank)
    rows = fuse(lanes, eligible=dict.fromkeys("abcdefgh", frozenset()), absence=1.0)
    order = [round(expected[row.id], 12) for row in rows]
    assert order == sorted(order, reverse=True)


@given(rankings, st.sampled_from(["text", "media", "bm25"]))
def test_a_better_rank_never_lowers_a_score(lanes: dict[str, list[str]], lane: str) -> None:
    ids = lanes.get(lane, [])
    if len(ids) < 2:
        return
    before = {row.id: row.score for row in fuse(lanes)}
    raised = ids[-1]
    after = {row.id: row.score for row in fuse({**lanes, lane: [raised, *ids[:-1]]})}
    assert after[raised] >= before[raised] - 1e-12
