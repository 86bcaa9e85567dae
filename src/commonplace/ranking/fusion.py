"""Fusion of scored lists from lanes that cannot all find every chunk. Pure functions; all of them order by score,
then id: stores return equal scores in any order, and pages of results should repeat.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

FusionName = Literal["calibrated", "rrf", "dbsf"]
FUSIONS: tuple[FusionName, ...] = get_args(FusionName)


class Ranked(NamedTuple):
    """A chunk in one lane's list. Ranks start at 1; equal evidence shares a rank."""

    id: str
    rank: int
    score: float


class Fused(NamedTuple):
    """A chunk after fusion, with the rows of the lanes that found it."""

    id: str
    score: float
    evidence: Mapping[str, Ranked]


def ranked(scored: Sequence[tuple[str, float]]) -> list[Ranked]:
    """Competition ranks ("1224") of (id, score), best first: ties say nothing of order, so they must not vote on it."""
    rows: list[Ranked] = []
    for position, (id, score) in enumerate(scored, start=1):
        tied = bool(rows) and rows[-1].score == score
        rows.append(Ranked(id, rows[-1].rank if tied else position, score))
    return rows


def reciprocal_rank_fusion(lanes: Mapping[str, Sequence[Ranked]], *, k: float = 60) -> list[Fused]:
    """Plain RRF (Cormack, Clarke and Buettcher, SIGIR 2009): the sum of 1 / (k + rank) over the lanes that found a
    chunk, scaled so that the first of every lane scores 1. A lane that could not have found it counts as a miss."""
    return _sorted(
        (id, sum(1 / (k + row.rank) for row in evidence.values()) * (k + 1) / len(lanes), evidence)
        for id, evidence in _found(lanes).items()
    )


def distribution_based_fusion(lanes: Mapping[str, Sequence[Ranked]]) -> list[Fused]:
    """Distribution-based score fusion (Mazzeschi, 2023): each lane's scores, with three standard deviations on each
    side of their mean stretched to 0-1 and clipped there, are added; scaled to at most 1. A lane whose scores are all
    equal gives a half."""
    scaled: dict[str, dict[str, float]] = {}
    for lane, rows in lanes.items():
        scores = [row.score for row in rows]
        mean = math.fsum(scores) / (len(scores) or 1)
        deviation = statistics.stdev(scores) if len(set(scores)) > 1 else 0.0
        scaled[lane] = {
            row.id: min(1.0, max(0.0, (row.score - mean) / (6 * deviation) + 0.5)) if deviation else 0.5 for row in rows
        }
    voting = sum(bool(rows) for rows in lanes.values())
    return _sorted(
        (id, sum(scaled[lane][id] for lane in evidence) / voting, evidence) for id, evidence in _found(lanes).items()
    )


def mixture(
    experts: Sequence[tuple[float, Mapping[str, float]]],
    lanes: Mapping[str, Sequence[Ranked]],
    owners: Mapping[str, object] | None = None,
    *,
    answered: float = 1.0,
) -> list[Fused]:
    """A mixture of conditional logits: each expert spreads its weight over the chunks that it can judge.

        P(d) = answered x sum over experts of  weight x softmax(log odds)(d)

    An expert has no opinion on a chunk that it cannot judge: it takes nothing from it, and gives it nothing.

    experts   (weight, chunk id -> log odds up to a constant); weights are scaled to 1, those without chunks drop out
    owners    as for `softmax`
    answered  probability that there is an answer at all
    """
    able = [(weight, odds) for weight, odds in experts if odds]
    total = sum(weight for weight, _ in able)
    mass: dict[str, float] = {}
    for weight, odds in able:
        say = answered * (weight / total if total else 1 / len(able))
        for id, share in softmax(odds, owners).items():
            mass[id] = mass.get(id, 0.0) + say * share
    found = _found(lanes)
    return _sorted((id, share, found.get(id, {})) for id, share in mass.items())


def softmax(odds: Mapping[str, float], owners: Mapping[str, object] | None = None) -> dict[str, float]:
    """Shares of 1 by log odds.

    owners  id -> what stands for its document and for copies of that. Chunks of one document do not compete: a chunk's
            share is the probability that its document is the right one, as far as this chunk shows, and shares add up
            to 1 over the best of each.
    """
    if not odds:
        return {}
    highest = max(odds.values())
    powers = {id: math.exp(value - highest) for id, value in odds.items()}
    if owners is None:
        total = sum(powers.values())
    else:
        best: dict[object, float] = {}
        for id, power in powers.items():
            owner = owners.get(id, id)
            best[owner] = max(power, best.get(owner, 0.0))
        total = sum(best.values())
    return {id: power / total for id, power in powers.items()}


def _found(lanes: Mapping[str, Sequence[Ranked]]) -> dict[str, dict[str, Ranked]]:
    found: dict[str, dict[str, Ranked]] = {}
    for lane, rows in lanes.items():
        for row in rows:
            found.setdefault(row.id, {})[lane] = row
    return found


def _sorted(rows: Iterable[tuple[str, float, Mapping[str, Ranked]]]) -> list[Fused]:
    return sorted((Fused(*row) for row in rows), key=lambda row: (-row.score, row.id))
