"""Ask a collection every question and report how it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from commonplace.collection import Collection
from commonplace.evaluation.measures import CUTOFFS, Outcome, by_kind, false_positive_rate, lost_rate, rank_of_gold
from commonplace.evaluation.questions import Question
from commonplace.search import Mode

DEPTH = 50
"""Hits asked for: ten distinct sources are wanted, and one source may have many hits."""


def ask(
    collection: Collection,
    questions: Sequence[Question],
    *,
    mode: Mode = "hybrid",
    lanes: Iterable[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Outcome]:
    """One outcome a question."""
    outcomes = []
    for number, question in enumerate(questions, start=1):
        result = collection.search(
            question.query, image=question.image, k=DEPTH, modality=question.modality, mode=mode, lanes=lanes
        )
        rank = rank_of_gold(question, (hit.source for hit in result.hits))
        outcomes.append(Outcome(question, rank, result.no_match))
        if progress is not None:
            progress(number, len(questions), question.qid)
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Plain numbers, ready for JSON."""
    kinds = {
        kind: {
            "questions": m.questions,
            **{f"recall@{k}": round(m.recall[k], 4) for k in CUTOFFS},
            "mrr@10": round(m.mrr, 4),
        }
        for kind, m in by_kind(outcomes).items()
    }
    failures = [
        {"qid": o.question.qid, "kind": o.question.kind, "query": o.question.query, "rank": o.rank}
        for o in outcomes
        if o.question.gold and (o.rank is None or o.rank > 10)
    ]
    return {
        "kinds": kinds,
        "false_positive_rate": false_positive_rate(outcomes),
        "lost_rate": lost_rate(outcomes),
        "failures": failures,
    }


def table(report: dict[str, Any]) -> str:
    """The summary as a Markdown table."""
    columns = ["questions", *(f"recall@{k}" for k in CUTOFFS), "mrr@10"]
    rows = ["| kind | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for kind, values in report["kinds"].items():
        cells = (f"{values[c]:.3f}" if isinstance(values[c], float) else str(values[c]) for c in columns)
        rows.append(f"| {kind} | " + " | ".join(cells) + " |")
    for name, label in (
        ("false_positive_rate", "unanswerable questions that were answered"),
        ("lost_rate", 'answerable questions lost to "nothing found"'),
    ):
        if report[name] is not None:
            rows.append(f"\n{label}: {report[name]:.1%}")
    return "\n".join(rows)
