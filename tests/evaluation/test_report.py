"""Summaries, comparisons and pages, from outcomes made by hand."""

from __future__ import annotations

import random
import re

import pytest

from commonplace.evaluation.measures import (
    Outcome,
    Shown,
    exposure,
    interval,
    measure,
    ndcg,
    ranks_of_gold,
    reliability,
)
from commonplace.evaluation.page import page
from commonplace.evaluation.questions import Question
from commonplace.evaluation.run import compare, comparison_table, summary, table


def outcome(
    qid: str, ranks: tuple[int, ...], gold: tuple[str, ...] = ("a.md",), *, score: float = 0.5, kind: str = "concept"
) -> Outcome:
    """Ten hits, the right ones at `ranks`."""
    names = [f"{qid}-{rank}.md" for rank in range(1, 11)]
    for rank, name in zip(ranks, gold, strict=False):
        names[rank - 1] = name
    shown = tuple(Shown(name, "text", score / n, name in gold) for n, name in enumerate(names, start=1))
    return Outcome(Question(qid, kind, f"<query> {qid}", gold), ranks, not gold, shown, 2.0)


def test_a_gold_counts_once_however_many_sources_end_with_it() -> None:
    question = Question("q", "concept", "query", ("a.md", "b.md"))
    assert ranks_of_gold(question, ["x", "one/a.md", "two/a.md", "one/a.md", "b.md"]) == (2, 4)


def test_ndcg_by_hand() -> None:
    assert ndcg(outcome("q", (1,))) == 1
    assert ndcg(outcome("q", (3,))) == pytest.approx(0.5)  # 1 / log2(4)
    assert ndcg(outcome("q", (1, 3), ("a.md", "b.md"))) == pytest.approx(1.5 / (1 + 1 / 1.5849625))
    assert ndcg(outcome("q", ())) == 0


def test_our_measures_agree_with_ir_measures() -> None:
    ir_measures = pytest.importorskip("ir_measures")
    draw = random.Random(0)
    outcomes = []
    for number in range(60):
        golds = tuple(f"gold{i}.md" for i in range(draw.randint(1, 4)))
        ranks = tuple(sorted(draw.sample(range(1, 11), draw.randint(0, len(golds)))))
        outcomes.append(outcome(f"q{number}", ranks, golds))
    qrels = {one.question.qid: dict.fromkeys(one.question.gold, 1) for one in outcomes}
    run = {one.question.qid: {hit.source: 1 / n for n, hit in enumerate(one.shown, start=1)} for one in outcomes}
    wanted = [ir_measures.parse_measure(name) for name in ("Success@1", "Success@5", "Success@10", "RR@10", "nDCG@10")]
    theirs = ir_measures.calc_aggregate(wanted, qrels, run)
    _, *ours = measure(outcomes).values()
    assert ours == pytest.approx([theirs[one] for one in wanted])


def test_exposure_is_the_share_of_each_modality_among_the_first_ten() -> None:
    one = outcome("q", (1,))
    pictures = tuple(Shown(hit.source, "image", hit.score, hit.right) for hit in one.shown)
    other = Outcome(Question("r", "concept", "query", ("a.md",)), (1,), False, pictures)
    assert exposure([one, other]) == {"concept": {"image": 0.5, "text": 0.5}}


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    right, wrong = (
        Outcome(Question(qid, "k", "query", ("a.md",)), (1,), False, (Shown(f"{qid}.md", "text", 0.5, answered),))
        for qid, answered in (("a", True), ("b", False))
    )
    assert reliability([right, wrong]).error == 0
    assert reliability([right]).error == 0.5
    assert reliability([right, wrong]).bins == ((0.5, 0.5, 2),)


def test_a_source_is_judged_at_its_first_hit() -> None:
    twice = (Shown("a.md", "text", 0.9, True), Shown("a.md", "text", 0.1, True))
    assert reliability([Outcome(Question("q", "k", "query", ("a.md",)), (1,), False, twice)]).bins == ((0.9, 1, 1),)


def test_an_interval_holds_the_mean_and_narrows_with_more_questions() -> None:
    low, high = interval([0.0, 1.0] * 10)
    narrow_low, narrow_high = interval([0.0, 1.0] * 1000)
    assert low < narrow_low < 0.5 < narrow_high < high
    assert interval([1.0, 1.0]) == (1.0, 1.0)


OUTCOMES = [outcome("q1", (1,)), outcome("q2", (7,)), outcome("q3", (), kind="visual"), outcome("q4", (), ())]


def test_a_summary_says_it_all_in_plain_numbers() -> None:
    report = summary(OUTCOMES)
    assert report["kinds"]["concept"]["recall@1"] == 0.5
    assert report["kinds"]["all"]["questions"] == 3
    assert report["false_positive_rate"] == 0.0
    assert [row["qid"] for row in report["failures"]] == ["q3"]
    assert len(report["questions"]) == 4
    assert report["ms"] == 2.0
    assert "| concept | 2 | 0.500 | 0.500 | 1.000 |" in table(report)


def test_two_runs_are_compared_question_by_question() -> None:
    better = [outcome("q1", (1,)), outcome("q2", (1,)), outcome("q3", (), kind="visual"), outcome("q9", (1,))]
    report = compare(summary(OUTCOMES), summary(better))
    assert report["differences"]["concept"]["questions"] == 2
    assert report["differences"]["concept"]["recall@1"][0] == 0.5
    assert report["differences"]["visual"]["mrr@10"] == [0.0, 0.0, 0.0]
    assert [(row["qid"], row["from"], row["to"]) for row in report["moved"]] == [("q2", 7, 1)]
    assert "rank 7 -> 1" in comparison_table(report)


def test_the_page_is_one_file_that_escapes_what_it_shows() -> None:
    drawn = page(summary(OUTCOMES), "questions <of> mine")
    assert "questions &lt;of&gt; mine" in drawn
    assert "&lt;query&gt; q3" in drawn
    assert "<query>" not in drawn
    assert drawn.count("<svg") == 3
    assert not re.search(r"(?:src|href)\s*=", drawn)
