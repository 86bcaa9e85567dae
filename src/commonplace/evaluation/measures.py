"""Measures over ranks of the first right answer. Ranks count distinct sources, each at its first hit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commonplace.evaluation.questions import Question

CUTOFFS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question went. `rank` is that of the first gold source, None if it was not found."""

    question: Question
    rank: int | None
    no_match: bool


@dataclass(frozen=True, slots=True)
class Measures:
    """Of the answerable questions of one kind: shares in 0-1 (ir_measures' Success@k, RR@10)."""

    questions: int
    recall: dict[int, float]
    mrr: float


def rank_of_gold(question: Question, sources: Iterable[str]) -> int | None:
    """1-based rank of the first source that answers, counting each source once."""
    for rank, source in enumerate(dict.fromkeys(sources), start=1):
        if question.answered_by(source):
            return rank
    return None


def measure(outcomes: Sequence[Outcome]) -> Measures:
    """Unanswerable questions are left out."""
    ranks = [outcome.rank for outcome in outcomes if outcome.question.gold]
    n = len(ranks) or 1
    recall = {k: sum(rank is not None and rank <= k for rank in ranks) / n for k in CUTOFFS}
    mrr = sum(1 / rank for rank in ranks if rank is not None and rank <= 10) / n
    return Measures(len(ranks), recall, mrr)


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, Measures]:
    """Kind -> measures, kinds in order of appearance, then "all"."""
    kinds = dict.fromkeys(outcome.question.kind for outcome in outcomes if outcome.question.gold)
    groups = {kind: [outcome for outcome in outcomes if outcome.question.kind == kind] for kind in kinds}
    return {kind: measure(group) for kind, group in groups.items()} | {"all": measure(outcomes)}


def false_positive_rate(outcomes: Sequence[Outcome]) -> float | None:
    """Share of unanswerable questions that were answered all the same; None without such questions."""
    unanswerable = [outcome for outcome in outcomes if not outcome.question.gold]
    return sum(not outcome.no_match for outcome in unanswerable) / len(unanswerable) if unanswerable else None


def lost_rate(outcomes: Sequence[Outcome]) -> float | None:
    """Share of answerable questions of which the search said that nothing answers them."""
    answerable = [outcome for outcome in outcomes if outcome.question.gold]
    return sum(outcome.no_match for outcome in answerable) / len(answerable) if answerable else None
