import pytest

from commonplace.evaluation.measures import Outcome, by_kind, false_positive_rate, lost_rate, measure, ranks_of_gold
from commonplace.evaluation.questions import Question


def question(qid: str = "q", kind: str = "concept", gold: tuple[str, ...] = ("a.md",)) -> Question:
    return Question(qid, kind, "query", gold)


def test_a_hit_answers_by_its_whole_source_or_by_the_end_of_its_path() -> None:
    asked = question(gold=("docs/a.md",))
    assert asked.answered_by("docs/a.md")
    assert asked.answered_by("corpus/docs/a.md")
    assert not asked.answered_by("mydocs/a.md")


def test_ranks_count_each_source_once_at_its_first_hit() -> None:
    assert ranks_of_gold(question(), ["b.md", "b.md", "c.md", "a.md"]) == (3,)
    assert ranks_of_gold(question(), ["b.md"]) == ()


def test_recall_and_mrr_by_hand() -> None:
    outcomes = [Outcome(question(str(i)), ranks, False) for i, ranks in enumerate([(1,), (2,), (6,), (11,), ()])]
    found = measure(outcomes)
    assert [found[f"recall@{k}"] for k in (1, 5, 10)] == [1 / 5, 2 / 5, 3 / 5]
    assert found["mrr@10"] == pytest.approx((1 + 1 / 2 + 1 / 6) / 5)


def test_unanswerable_questions_are_in_no_average() -> None:
    outcomes = [Outcome(question("1"), (1,), False), Outcome(question("2", "unanswerable", ()), (), True)]
    assert measure(outcomes)["questions"] == 1
    assert list(by_kind(outcomes)) == ["concept", "all"]
    assert false_positive_rate(outcomes) == 0.0
    assert lost_rate(outcomes) == 0.0


def test_answered_and_lost_questions_are_counted_apart() -> None:
    outcomes = [
        Outcome(question("1"), (1,), True), Outcome(question("2"), (1,), False),
        Outcome(question("3", "u", ()), (), False), Outcome(question("4", "u", ()), (), True),
    ]  # fmt: skip
    assert lost_rate(outcomes) == 0.5
    assert false_positive_rate(outcomes) == 0.5


def test_without_unanswerable_questions_there_is_no_rate() -> None:
    assert false_positive_rate([Outcome(question(), (1,), False)]) is None
