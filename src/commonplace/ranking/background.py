"""What meaningless queries score: the level that an answer has to rise above."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

QUERIES = 200
QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class Background:
    """The best score that 99 in 100 meaningless queries stay below, per lane.

    chunks  size of the collection it was measured on: it is measured again when that has changed by a fifth
    """

    levels: Mapping[str, float]
    chunks: int

    def outdated(self, chunks: int) -> bool:
        return abs(chunks - self.chunks) > 0.2 * self.chunks


def random_queries(vocabulary: Sequence[str], *, seed: int = 0) -> list[str]:
    """200 queries of two to six words that were drawn apart from each other, so that together they mean nothing."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(vocabulary, k=draw.randint(2, 6))) for _ in range(QUERIES)] if vocabulary else []


def measure(best_scores: Callable[[str], Mapping[str, float]], queries: Sequence[str], chunks: int) -> Background:
    """best_scores  query -> lane -> score of the first hit"""
    seen: dict[str, list[float]] = {}
    for query in queries:
        for lane, score in best_scores(query).items():
            seen.setdefault(lane, []).append(score)
    levels = {lane: sorted(scores)[int(QUANTILE * (len(scores) - 1))] for lane, scores in seen.items()}
    return Background(levels, chunks)
