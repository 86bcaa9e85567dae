"""Fusion of ranked lists from lanes that cannot all find every chunk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chunk in one lane's list. Ranks start at 1; equal evidence shares a rank."""

    id: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Fused:
    """A chunk after fusion. `score` is 1 for a chunk that is first in every lane that could have found it."""

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


def reciprocal_rank_fusion(
    lanes: Mapping[str, Sequence[Ranked]],
    weights: Mapping[str, float],
    eligible: Callable[[str], frozenset[str]],
    *,
    k: float = 60,
    absence: float = 0.0,
) -> list[Fused]:
    """Weighted Reciprocal Rank Fusion in which a lane votes only on chunks that it could have found.

        score(d) = sum over lanes that found d of  w / (k + rank)
                   ------------------------------------------------------------------
                   (sum over eligible lanes of w  +  absence x sum over the others of w) / (k + 1)

    eligible  chunk id -> the lanes that could have found it
    absence   0: a lane that could not find a chunk is ignored; 1: it counts as a miss, which is plain RRF
              (Cormack, Clarke and Buettcher, SIGIR 2009) scaled to at most 1

    Order is by score, then id: stores return equal scores in any order, and pages of results should repeat.
    """
    found: dict[str, dict[str, Ranked]] = {}
    for lane, rows in lanes.items():
        for row in rows:
            found.setdefault(row.id, {})[lane] = row
    fused = []
    for id, evidence in found.items():
        could = eligible(id) | evidence.keys()
        votes = sum(weights[lane] / (k + row.rank) for lane, row in evidence.items())
        possible = sum(weight * (1 if lane in could else absence) for lane, weight in weights.items() if lane in lanes)
        fused.append(Fused(id, votes * (k + 1) / possible if possible else 0.0, evidence))
    return sorted(fused, key=lambda row: (-row.score, row.id))
