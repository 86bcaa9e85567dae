"""How ranking does on questions with known answers: each fusion, each lane, what is not there, what scores mean.

    python benchmarks/ranking.py COLLECTION QUESTIONS.jsonl

COLLECTION is one that `benchmarks/corpus.py CORPUS QUESTIONS.jsonl --collection COLLECTION` made. Lanes are asked once
for each question; everything else is arithmetic on what they handed in, some ten CPU seconds in all. Prints: recall and
MRR by kind for each fusion and each single lane; the share of pictures among the first ten; answers to unanswerable,
off-topic and gibberish queries; reliability; what constants would be chosen without each repository; what the stage
costs.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from common import save, table

from commonplace.collection import Collection
from commonplace.evaluation.measures import (
    CUTOFFS,
    DEPTH,
    Outcome,
    Shown,
    by_kind,
    exposure,
    false_positive_rate,
    interval,
    lost_rate,
    measure,
    ranks_of_gold,
    reciprocal_rank,
    reliability,
)
from commonplace.evaluation.questions import Question, read_questions
from commonplace.lexical.asking import Asked
from commonplace.ranking.evidence import Signs, unsaid
from commonplace.searching.judging import Judged
from commonplace.searching.lanes import LANES_OF, Found, Query
from commonplace.searching.searcher import NO_MATCH, Clock, Searcher

FUSIONS = {"calibrated": "calibrated", "RRF, k=60": "rrf", "DBSF": "dbsf"}
LANES = ("bm25", "text", "media", "identifier")
GRID = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
"""Weights of BM25 among which a fold chooses."""

NOUNS = {
    "f": "apple pie, sourdough bread, lentil soup, roast duck, banana pancakes, potato salad, plum jam, grilled trout",
    "s": "football world cup, chess championship, tennis open, swimming relay, rugby final, marathon, ski race",
    "a": "Oslo, Lisbon, Kyoto, Nairobi, Quebec, Dublin, Athens, Lima, Hanoi, Prague",
    "p": "apple trees, roses, tomatoes, lavender, tulips, a cactus, strawberries, an oak",
    "t": "a puppy, an old cat, a parrot, goldfish, a pony, a hamster",
    "d": "a sore throat, back pain, a sprained ankle, hay fever, a sunburn",
}
TEMPLATES = (
    "recipe for {f}", "how long should {f} stay in the oven", "who won the {y} {s}", "best time of year to prune {p}",
    "train timetable from {a}", "cheap hotels near the beach in {a}", "how to train {t}", "what helps against {d}",
    "how often should I water {p}", "poem about autumn rain over {a}", "biography of a painter born in {y}",
    "what do you feed {t}", "calories in {f}", "winner of the {s} in {a}", "history of the {y} election in {a}",
    "exercises for {d}", "lyrics of a lullaby about {t}",
)  # fmt: skip


def off_topic(count: int = 100, seed: int = 0) -> list[str]:
    draw = random.Random(seed)
    nouns = {name: words.split(", ") for name, words in NOUNS.items()}
    return [
        draw.choice(TEMPLATES).format(y=draw.randint(1900, 2020), **{n: draw.choice(w) for n, w in nouns.items()})
        for _ in range(count)
    ]


def gibberish(count: int = 100, seed: int = 0) -> list[str]:
    draw = random.Random(seed)

    def word() -> str:
        syllables = ("".join(map(draw.choice, ("bcdfghjklmnpqrstvwxz", "aeiou", "bdfklmnprstx"))) for _ in range(9))
        return "".join(list(syllables)[: draw.randint(1, 3)])

    return [" ".join(word() for _ in range(draw.randint(1, 6))) for _ in range(count)]


@dataclass(slots=True)
class Case:
    """One question and what the lanes handed in for it."""

    question: Question
    query: Query
    found: Found
    judged: Judged
    ms: float
    """CPU of judging and fusing."""


class Bench:
    def __init__(self, collection: Collection, questions: Sequence[Question]) -> None:
        self.searcher: Searcher = collection._open().searcher()
        self.places = {chunk.id: (chunk.source, chunk.modality) for chunk in collection.chunks()}
        for question in questions[:3]:  # warm
            self.case(question)
        self.cases = [self.case(question) for question in questions]

    def case(self, question: Question) -> Case:
        query = Query(question.query)
        found = self.searcher.ask(query, Asked(question.query), None, LANES_OF["hybrid"], Clock())
        began = time.thread_time()
        judged = self.searcher.judge(query, found)
        self.searcher.fuse("calibrated", found, judged)
        return Case(question, query, found, judged, (time.thread_time() - began) * 1000)

    def outcome(self, case: Case, scored: Sequence[tuple[str, float]]) -> Outcome:
        shown = [(*self.places[id], score) for id, score in scored if id in self.places]
        ranks = ranks_of_gold(case.question, (source for source, _, _ in shown))
        hits = tuple(Shown(s, m, score, case.question.answered_by(s)) for s, m, score in shown[:DEPTH])
        no_match = case.judged.answered < NO_MATCH
        return Outcome(case.question, ranks, no_match, hits)

    def fused(self, name: Any) -> list[Outcome]:
        rows = ((case, self.searcher.fuse(name, case.found, case.judged)) for case in self.cases)
        return [self.outcome(case, [(row.id, row.score) for row in fused]) for case, fused in rows]

    def lane(self, name: str) -> list[Outcome]:
        rows = ((case, case.found.lanes.get(name, [])) for case in self.cases)
        return [self.outcome(case, [(row.id, row.score) for row in found]) for case, found in rows]

    def with_weights(self, **weights: float) -> list[Outcome]:
        """The calibrated fusion with other constants."""
        usual, judged = self.searcher.weights, [case.judged for case in self.cases]
        self.searcher.weights = replace(usual, **weights)
        for case in self.cases:
            case.judged = self.searcher.judge(case.query, case.found)
        outcomes = self.fused("calibrated")
        self.searcher.weights = usual
        for case, before in zip(self.cases, judged, strict=True):
            case.judged = before
        return outcomes


def by_setting(bench: Bench) -> list[Outcome]:
    outcomes = {name: bench.fused(fusion) for name, fusion in FUSIONS.items()}
    outcomes |= {f"{lane} alone": bench.lane(lane) for lane in LANES}
    rows = [
        {"ranking": name, "kind": kind, "n": found["questions"]}
        | {f"recall@{k}": found[f"recall@{k}"] for k in CUTOFFS}
        | {"MRR@10": found["mrr@10"], "nDCG@10": found["ndcg@10"]}
        for name, asked in outcomes.items()
        for kind, found in by_kind(asked).items()
    ]
    print(table(rows))
    calibrated, plain = outcomes["calibrated"], outcomes["RRF, k=60"]
    gains = [reciprocal_rank(a) - reciprocal_rank(b) for a, b in zip(calibrated, plain, strict=True) if a.question.gold]
    gain, (low, high) = sum(gains) / len(gains), interval(gains)
    share = measure(calibrated)["mrr@10"] / measure(plain)["mrr@10"] - 1
    print(f"\nMRR@10 above plain RRF: {gain:+.3f} [{low:+.3f}, {high:+.3f}], {share:+.1%}")
    pictures = {}
    for name in FUSIONS:
        shares = exposure(outcomes[name]).items()
        pictures[name] = {kind: round(found.get("image", 0) + found.get("page", 0), 4) for kind, found in shares}
        print(f"pictures among the first ten, {name}: {pictures[name]}")
    save("ranking", rows=rows, gain=[gain, low, high], pictures=pictures)
    return calibrated


def what_is_not_there(bench: Bench, outcomes: Sequence[Outcome]) -> None:
    false, lost = false_positive_rate(outcomes), lost_rate(outcomes)
    print(f"\nunanswerable but answered: {false:.1%}; answerable but lost: {lost:.1%}")
    wrong = {}
    for name, queries in (("off-topic", off_topic()), ("gibberish", gibberish())):
        asked = [Question(query, name, query, ()) for query in queries]
        answered = [q.query for q in asked if bench.case(q).judged.answered >= NO_MATCH]
        wrong[name] = len(answered) / len(queries)
        print(f"{name} queries answered: {wrong[name]:.1%} {answered}")
    said = reliability(outcomes)
    print(f"expected calibration error: {said.error:.3f}")
    print(table([{"score": s, "right": r, "hits": n} for s, r, n in said.bins]))
    save(
        "ranking-answers", false_positive_rate=false, lost_rate=lost, **wrong, calibration_error=said.error,
        bins=said.bins,
    )  # fmt: skip
    for outcome in outcomes:
        if bool(outcome.question.gold) == outcome.no_match:
            print(f"  {'lost' if outcome.no_match else 'answered'}: {outcome.question.kind} {outcome.question.query!r}")


def without_each_repository(bench: Bench) -> None:
    """What constants would have been chosen from four repositories, and how they do on the fifth."""
    answerable = [i for i, case in enumerate(bench.cases) if case.question.gold]
    folds = defaultdict(list)
    for i in answerable:
        folds[bench.cases[i].question.gold[0].split("/")[0]].append(i)
    values = {weight: [reciprocal_rank(one) for one in bench.with_weights(bm25=weight)] for weight in GRID}
    rows = []
    for name, held in sorted(folds.items()):
        rest = [i for i in answerable if i not in held]
        chosen = max(GRID, key=lambda weight: _mean(values[weight], rest))
        rows.append(
            {"without": name, "n": len(held), "weight chosen": chosen}
            | {"MRR@10 with it": _mean(values[chosen], held), "with 0.3": _mean(values[0.3], held)}
        )
    print("\n" + table(rows))
    # `no_match` by a logistic regression (ridge 1) fitted without the repository that is asked about. Unanswerable
    # questions belong to the repository whose pages come first.
    x = np.array([_columns(case.judged.signs) for case in bench.cases])
    y = np.array([bool(case.question.gold) for case in bench.cases], float)
    firsts = [(one.shown[0].source if one.shown else "") for one in bench.fused("calibrated")]
    owners = np.array([next((name for name in folds if name in first), "") for first in firsts])
    for name, held in folds.items():
        owners[held] = name
    said = np.zeros(len(y))
    for name in set(owners):
        said[owners == name] = x[owners == name] @ _logistic(x[owners != name], y[owners != name])
    answered, lost = float((said[y == 0] > 0).mean()), float((said[y == 1] <= 0).mean())
    print(f"\nno_match fitted without the repository asked about: {answered:.1%} answered, {lost:.1%} lost")
    save("ranking-folds", rows=rows, false_positive_rate=answered, lost_rate=lost)


def _columns(signs: Signs) -> list[float]:
    doubt, meant = unsaid(signs.covered), 1 - signs.looks**2
    off = max(0.0, 2.0 - signs.above) if signs.above is not None else 0.0
    striking = (signs.striking if signs.striking is not None else 3.0) - 3.0
    return [
        1.0, signs.covered, min(2, signs.names) * doubt, min(2, signs.words) * doubt * meant, off * doubt * meant,
        striking * signs.looks, float(signs.matched),
    ]  # fmt: skip


def _logistic(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], ridge: float = 1.0) -> np.ndarray[Any, Any]:
    """Weights by Newton's method; the constant in the first column is free."""
    weights = np.zeros(x.shape[1])
    penalty = np.diag([1e-3] + [ridge] * (x.shape[1] - 1))
    balance = np.where(y == 0, (y == 1).sum() / max(1, (y == 0).sum()), 1.0) ** 0.5
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (balance * (y - p)) - penalty @ weights
        weights += np.linalg.solve((x.T * (balance * p * (1 - p))) @ x + penalty, slope)
    return weights


def cost(bench: Bench) -> None:
    spent = sorted(case.ms for case in bench.cases)
    p50, p95 = spent[len(spent) // 2], spent[int(0.95 * len(spent))]
    print(f"\nranking stage in {len(bench.places)} chunks: p50 {p50:.2f} ms, p95 {p95:.2f} ms of CPU")
    save("ranking-cost", p50=p50, p95=p95, chunks=len(bench.places))


def _mean(values: Sequence[float], chosen: Sequence[int]) -> float:
    return math.fsum(values[i] for i in chosen) / len(chosen)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("questions", type=Path)
    arguments = parser.parse_args()
    with Collection(arguments.collection) as opened:
        bench = Bench(opened, read_questions(arguments.questions))
        what_is_not_there(bench, by_setting(bench))
        without_each_repository(bench)
        cost(bench)
