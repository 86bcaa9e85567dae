"""Ask a collection every question and report how it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from commonplace.evaluation.measures import (
    DEPTH,
    PER_QUESTION,
    Measures,
    Outcome,
    Shown,
    by_kind,
    exposure,
    false_positive_rate,
    interval,
    lost_rate,
    ranks_of_gold,
    reliability,
)
from commonplace.evaluation.questions import Question
from commonplace.ingest.links import is_picture
from commonplace.ranking.fusion import FusionName
from commonplace.searching.lanes import Mode
from commonplace.types import SearchResult

HITS = 50
"""Hits asked for: ten distinct sources are wanted, and one source may have many hits."""


def ask(
    search: Callable[..., SearchResult],
    questions: Sequence[Question],
    *,
    mode: Mode = "hybrid",
    lanes: Iterable[str] | None = None,
    fusion: FusionName | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Outcome]:
    """One outcome a question. search: of the collection that is asked."""
    outcomes = []
    for number, question in enumerate(questions, start=1):
        result = search(
            question.query, image=question.image, k=HITS, modality=question.modality, mode=mode, lanes=lanes,
            fusion=fusion,
        )  # fmt: skip
        outcomes.append(outcome(question, result))
        if progress is not None:
            progress(number, len(questions), question.qid)
    return outcomes


def outcome(question: Question, result: SearchResult) -> Outcome:
    ranks = ranks_of_gold(question, (hit.source for hit in result.hits))
    shown = (Shown(hit.source, hit.modality, hit.score, question.answered_by(hit.source)) for hit in result.hits)
    return Outcome(question, ranks, result.no_match, tuple(shown)[:DEPTH], result.ms)


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Plain numbers, ready for JSON: what `compare` and the page are made of."""
    calibration = reliability(outcomes)
    answerable = [one for one in outcomes if one.question.gold]
    return {
        "kinds": _rounded(by_kind(outcomes)),
        "modalities": _rounded(by_kind(outcomes, _modality)),
        "intervals": {
            name: [round(x, 4) for x in interval([value(one) for one in answerable])]
            for name, value in PER_QUESTION.items()
        },
        "exposure@10": exposure(outcomes),
        "false_positive_rate": false_positive_rate(outcomes),
        "lost_rate": lost_rate(outcomes),
        "calibration_error": round(calibration.error, 4),
        "reliability": [[round(said, 4), round(was, 4), n] for said, was, n in calibration.bins],
        "ms": sorted(one.ms for one in outcomes)[len(outcomes) // 2] if outcomes else None,
        "failures": [
            {"qid": one.question.qid, "kind": one.question.kind, "query": one.question.query, "rank": one.rank}
            for one in answerable
            if one.rank is None or one.rank > DEPTH
        ],
        "questions": [_question(one) for one in outcomes],
    }


def table(report: dict[str, Any]) -> str:
    """The summary as Markdown."""
    rows = _head("kind", "questions", *PER_QUESTION)
    for kind, values in {**report["kinds"], **report["modalities"]}.items():
        cells = (f"{values[name]:.3f}" for name in PER_QUESTION)
        rows.append(f"| {kind} | {values['questions']} | {' | '.join(cells)} |")
    for name, label in (
        ("false_positive_rate", "unanswerable questions that were answered"),
        ("lost_rate", 'answerable questions lost to "nothing found"'),
        ("calibration_error", "expected calibration error of scores"),
    ):
        if report[name] is not None:
            rows.append(f"\n{label}: {report[name]:.1%}")
    for kind, shares in report["exposure@10"].items():
        rows.append(f"first ten of {kind}: " + ", ".join(f"{name} {share:.0%}" for name, share in shares.items()))
    return "\n".join(rows)


def compare(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two summaries, question by question: mean difference of each measure with its paired 95 % interval, by kind."""
    before = {row["qid"]: row for row in first["questions"] if row["gold"]}
    pairs = [(before[row["qid"]], row) for row in second["questions"] if row["qid"] in before]
    kinds = [*dict.fromkeys(old["kind"] for old, _ in pairs), "all"]
    differences: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        chosen = [pair for pair in pairs if kind in (pair[0]["kind"], "all")]
        differences[kind] = {"questions": len(chosen)}
        for name in PER_QUESTION:
            values = [new["measures"][name] - old["measures"][name] for old, new in chosen]
            mean = sum(values) / len(values)
            differences[kind][name] = [round(x, 4) for x in (mean, *interval(values))]
    moved = [
        {"qid": old["qid"], "kind": old["kind"], "query": old["query"], "from": old["rank"], "to": new["rank"]}
        for old, new in pairs
        if old["rank"] != new["rank"]
    ]
    return {
        "differences": differences,
        "moved": moved,
        "no_match": {
            name: [first[name], second[name]] for name in ("false_positive_rate", "lost_rate", "calibration_error")
        },
    }


def comparison_table(report: dict[str, Any]) -> str:
    rows = _head("kind", "n", *PER_QUESTION)
    for kind, values in report["differences"].items():
        cells = ("{:+.3f} [{:+.3f}, {:+.3f}]".format(*values[name]) for name in PER_QUESTION)
        rows.append(f"| {kind} | {values['questions']} | {' | '.join(cells)} |")
    for name, (old, new) in report["no_match"].items():
        if old is not None and new is not None:
            rows.append(f"\n{name.replace('_', ' ')}: {old:.1%} -> {new:.1%}")
    rows += [f"  {row['kind']:10} {row['query']!r}: rank {row['from']} -> {row['to']}" for row in report["moved"]]
    return "\n".join(rows)


def _rounded(groups: dict[str, Measures]) -> dict[str, Measures]:
    return {group: {name: round(value, 4) for name, value in measured.items()} for group, measured in groups.items()}


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def _modality(one: Outcome) -> str:
    """Of what was asked for: pictures, or anything else."""
    right = next((hit.modality for hit in one.shown if hit.right), None)
    return f"answered by {right or ('image' if is_picture(one.question.gold[0]) else 'text')}"


def _question(one: Outcome) -> dict[str, Any]:
    return {
        "qid": one.question.qid,
        "kind": one.question.kind,
        "query": one.question.query,
        "gold": list(one.question.gold),
        "rank": one.rank,
        "no_match": one.no_match,
        "measures": {name: round(value(one), 4) for name, value in PER_QUESTION.items()} if one.question.gold else {},
        "hits": [[hit.source, hit.modality, hit.score, hit.right] for hit in one.shown[:5]],
    }
