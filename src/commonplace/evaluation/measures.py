"""Measures over the ranks of right answers. Ranks count distinct sources, each at its first hit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from commonplace.evaluation.questions import Question

CUTOFFS = (1, 5, 10)
DRAWS = 2000
"""Samples of a bootstrap interval."""
DEPTH = 10
"""Ranks beyond the tenth count for nothing but recall at larger cut-offs."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One hit of an answer, as far as measures look at it."""

    source: str
    modality: str
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one question went.

    ranks  of the gold sources that were found, best first
    shown  the first hits
    """

    question: Question
    ranks: tuple[int, ...]
    no_match: bool
    shown: tuple[Shown, ...] = ()
    ms: float = 0.0

    @property
    def rank(self) -> int | None:
        """That of the first gold source, None if none was found."""
        return self.ranks[0] if self.ranks else None


Measures = dict[str, float]
"""Name -> share in 0-1 (ir_measures' Success@k, RR@10, nDCG@10), and `questions`: how many were answerable."""


def ranks_of_gold(question: Question, sources: Iterable[str]) -> tuple[int, ...]:
    """1-based ranks of the sources that answer, best first, counting each source once; a gold that two sources match
    counts once."""
    ranks, open_golds = [], set(question.gold)
    for rank, source in enumerate(dict.fromkeys(sources), start=1):
        answered = {gold for gold in open_golds if source == gold or source.endswith("/" + gold)}
        if answered:
            open_golds -= answered
            ranks.append(rank)
    return tuple(ranks)


def reciprocal_rank(outcome: Outcome) -> float:
    return 1 / outcome.rank if outcome.rank and outcome.rank <= DEPTH else 0.0


def ndcg(outcome: Outcome) -> float:
    """nDCG@10 with gains of 0 and 1: DCG = sum of 1 / log2(rank + 1), over that of all golds at the top."""
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(outcome.question.gold)) + 1))
    return sum(1 / math.log2(rank + 1) for rank in outcome.ranks if rank <= DEPTH) / ideal if ideal else 0.0


def recall_at(k: int) -> Callable[[Outcome], float]:
    """1 if a gold is among the first k sources."""
    return lambda outcome: float(outcome.rank is not None and outcome.rank <= k)


PER_QUESTION: Mapping[str, Callable[[Outcome], float]] = {
    **{f"recall@{k}": recall_at(k) for k in CUTOFFS},
    "mrr@10": reciprocal_rank,
    "ndcg@10": ndcg,
}


def measure(outcomes: Sequence[Outcome]) -> Measures:
    """Unanswerable questions are left out."""
    answerable = [outcome for outcome in outcomes if outcome.question.gold]
    means = {name: sum(map(value, answerable)) / (len(answerable) or 1) for name, value in PER_QUESTION.items()}
    return {"questions": len(answerable), **means}


def by_kind(
    outcomes: Sequence[Outcome], key: Callable[[Outcome], str] = lambda outcome: outcome.question.kind
) -> dict[str, Measures]:
    """Kind -> measures, kinds in order of appearance, then "all". Another `key` makes other groups."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.question.gold:
            groups.setdefault(key(outcome), []).append(outcome)
    return {kind: measure(group) for kind, group in groups.items()} | {"all": measure(outcomes)}


def exposure(outcomes: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """Kind -> modality -> its share of the first ten hits."""
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        counts.setdefault(outcome.question.kind, Counter()).update(hit.modality for hit in outcome.shown[:DEPTH])
    return {
        kind: {modality: n / count.total() for modality, n in sorted(count.items())}
        for kind, count in counts.items()
        if count
    }


def false_positive_rate(outcomes: Sequence[Outcome]) -> float | None:
    """Share of unanswerable questions that were answered all the same; None without such questions."""
    unanswerable = [outcome for outcome in outcomes if not outcome.question.gold]
    return sum(not outcome.no_match for outcome in unanswerable) / len(unanswerable) if unanswerable else None


def lost_rate(outcomes: Sequence[Outcome]) -> float | None:
    """Share of answerable questions of which the search said that nothing answers them."""
    answerable = [outcome for outcome in outcomes if outcome.question.gold]
    return sum(outcome.no_match for outcome in answerable) / len(answerable) if answerable else None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far scores mean what they say. `error` is the expected calibration error (Naeini et al., AAAI 2015).

    bins  (mean score, share of right hits, number of hits), one per tenth of the scale that has hits
    """

    error: float
    bins: tuple[tuple[float, float, int], ...]


def reliability(outcomes: Sequence[Outcome]) -> Reliability:
    """Over the first five sources of every question, each at its first hit; those of unanswerable questions are all
    wrong."""
    pairs = []
    for outcome in outcomes:
        first: dict[str, Shown] = {}
        for hit in outcome.shown:
            first.setdefault(hit.source, hit)
        pairs += [(hit.score, hit.right) for hit in list(first.values())[:5]]
    groups: dict[int, list[tuple[float, bool]]] = {}
    for score, right in pairs:
        groups.setdefault(min(9, int(score * 10)), []).append((score, right))
    bins = tuple(
        (sum(score for score, _ in group) / len(group), sum(right for _, right in group) / len(group), len(group))
        for _, group in sorted(groups.items())
    )
    return Reliability(sum(n * abs(said - was) for said, was, n in bins) / (len(pairs) or 1), bins)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean over questions; of differences it is the paired one."""
    if not values:
        return 0.0, 0.0
    sample = np.asarray(values, np.float64)
    means = sample[np.random.default_rng(0).integers(0, len(sample), (DRAWS, len(sample)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
