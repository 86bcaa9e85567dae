import math
import statistics
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commonplace.ranking.fusion import (
    Fused,
    Ranked,
    distribution_based_fusion,
    mixture,
    ranked,
    reciprocal_rank_fusion,
    softmax,
)


def fuse(lanes: Mapping[str, list[str]], *, k: float = 60) -> list[Fused]:
    rows = {lane: [Ranked(id, rank, 0.0) for rank, id in enumerate(ids, start=1)] for lane, ids in lanes.items()}
    return reciprocal_rank_fusion(rows, k=k)


def test_agreement_beats_one_first_place() -> None:
    assert [row.id for row in fuse({"text": ["a", "b"], "bm25": ["c", "b"]})] == ["b", "a", "c"]  # 2/62 > 1/61


def test_the_score_is_the_sum_of_reciprocal_ranks_over_the_highest_possible_one() -> None:
    rows = {row.id: row.score for row in fuse({"text": ["a", "b"], "bm25": ["b"]}, k=1)}
    assert rows["b"] == (1 / 3 + 1 / 2) / (2 * 1 / 2)
    assert rows["a"] == (1 / 2) / (2 * 1 / 2)


def test_first_in_every_lane_scores_one() -> None:
    assert fuse({"text": ["a", "b"], "bm25": ["a"]})[0].score == 1.0


def test_ties_break_on_the_id() -> None:
    assert [row.id for row in fuse({"text": ["b"], "bm25": ["a"]})] == ["a", "b"]


def test_equal_scores_share_a_rank() -> None:
    rows = ranked([("a", 2.0), ("b", 2.0), ("c", 1.0)])
    assert [(row.id, row.rank) for row in rows] == [("a", 1), ("b", 1), ("c", 3)]


rankings = st.dictionaries(
    st.sampled_from(["text", "media", "bm25"]), st.lists(st.sampled_from("abcdefgh"), unique=True)
)


@given(rankings, st.integers(1, 100))
def test_scores_lie_between_zero_and_one_and_every_found_chunk_is_there_once(
    lanes: dict[str, list[str]], k: int
) -> None:
    rows = fuse(lanes, k=k)
    assert sorted(row.id for row in rows) == sorted({id for ids in lanes.values() for id in ids})
    assert all(0 < row.score <= 1 + 1e-12 for row in rows)


@given(rankings)
def test_the_order_is_that_of_the_sums(lanes: dict[str, list[str]]) -> None:
    expected: dict[str, float] = {}
    for ids in lanes.values():
        for rank, id in enumerate(ids, start=1):
            expected[id] = expected.get(id, 0.0) + 1 / (60 + rank)
    rows = fuse(lanes)
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


# -- distribution-based score fusion

scored = st.dictionaries(
    st.sampled_from(["text", "media", "bm25"]),
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-5, 60).map(lambda x: round(x, 3)), min_size=1),
    min_size=1,
)


def dbsf(lanes: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    rows = {lane: ranked(sorted(found.items(), key=lambda item: -item[1])) for lane, found in lanes.items()}
    return {row.id: row.score for row in distribution_based_fusion(rows)}


def test_scores_are_stretched_by_three_deviations_and_added() -> None:
    # mean 2, deviation 1: (3 - 2) / 6 + 0.5, and half a say for a lane without spread
    assert dbsf({"text": {"a": 3, "b": 2, "c": 1}, "bm25": {"b": 9}}) == pytest.approx(
        {"a": (4 / 6) / 2, "b": (0.5 + 0.5) / 2, "c": (2 / 6) / 2}
    )


@given(scored)
@example({"text": {"a": 43.438, "b": 43.438, "c": 43.438}})
def test_dbsf_agrees_with_an_oracle(lanes: dict[str, dict[str, float]]) -> None:
    expected = dict.fromkeys({id for found in lanes.values() for id in found}, 0.0)
    for found in lanes.values():
        mean = statistics.fmean(found.values())
        deviation = statistics.stdev(found.values()) if len(found) > 1 else 0.0
        for id, score in found.items():
            share = (score - (mean - 3 * deviation)) / (6 * deviation) if deviation else 0.5
            expected[id] += min(1.0, max(0.0, share)) / len(lanes)
    assert dbsf(lanes) == pytest.approx(expected, abs=1e-6)


@given(scored, st.floats(0.1, 10), st.floats(-20, 20))
def test_a_lane_on_another_scale_fuses_alike(lanes: dict[str, dict[str, float]], scale: float, offset: float) -> None:
    if any(statistics.pstdev(found.values()) < 0.1 for found in lanes.values()):
        return
    other = {lane: {id: scale * score + offset for id, score in found.items()} for lane, found in lanes.items()}
    assert dbsf(other) == pytest.approx(dbsf(lanes), abs=1e-6)


# -- mixture of experts

odds = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-50, 50))


def test_each_expert_spreads_its_say_over_what_it_can_judge() -> None:
    words, looks = {"a": math.log(3), "b": 0.0}, {"c": 0.0}
    mixed = {row.id: row.score for row in mixture([(0.8, words), (0.2, looks)], {})}
    assert mixed == pytest.approx({"a": 0.6, "b": 0.2, "c": 0.2})


def test_an_expert_without_chunks_leaves_its_say_to_the_others() -> None:
    assert [(row.id, row.score) for row in mixture([(0.1, {"a": 0.0}), (0.9, {})], {})] == [("a", 1.0)]
    assert mixture([(1.0, {})], {}) == []


def test_chunks_of_one_document_do_not_compete() -> None:
    shares = softmax({"a1": 2.0, "a2": 2.0, "b": 2.0}, {"a1": 1, "a2": 1, "b": 2})
    assert shares == pytest.approx({"a1": 0.5, "a2": 0.5, "b": 0.5})


def test_nothing_is_surer_than_that_there_is_an_answer() -> None:
    assert mixture([(1.0, {"a": 99.0, "b": 0.0})], {}, answered=0.3)[0].score == pytest.approx(0.3)


@given(odds, odds, st.floats(0, 1))
def test_a_mixture_is_a_distribution_over_all_chunks(one: dict[str, float], other: dict[str, float], w: float) -> None:
    rows = mixture([(w, one), (1 - w, other)], {})
    assert {row.id for row in rows} == one.keys() | other.keys()
    assert not rows or sum(row.score for row in rows) == pytest.approx(1)


@given(odds, odds, st.floats(0, 1), st.floats(0, 5))
def test_more_evidence_never_lowers_a_chunk(
    one: dict[str, float], other: dict[str, float], w: float, more: float
) -> None:
    if not one:
        return
    id = min(one)
    before = {row.id: row.score for row in mixture([(w, one), (1 - w, other)], {})}
    after = {row.id: row.score for row in mixture([(w, {**one, id: one[id] + more}), (1 - w, other)], {})}
    assert after[id] >= before[id] - 1e-12


@given(odds.filter(bool), st.floats(-1000, 1000))
def test_log_odds_count_up_to_a_constant(scores: dict[str, float], constant: float) -> None:
    moved = softmax({id: score + constant for id, score in scores.items()})
    assert moved == pytest.approx(softmax(scores), abs=1e-9)
