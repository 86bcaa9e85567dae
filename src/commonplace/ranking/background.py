"""What meaningless queries score: the level that an answer has to rise above."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

QUERIES = 200
QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class Background:
    """The best score that 99 in 100 meaningless queries stay below, per lane.

    chunks  size of the collection it was measured on: it is measured again when that has changed by a fifth, and
            by enough to matter
    """

    levels: Mapping[str, float]
    chunks: int

    def outdated(self, chunks: int) -> bool:
        return abs(chunks - self.chunks) > max(0.2 * self.chunks, 50)


def random_queries(vocabulary: Sequence[str], *, seed: int = 0) -> list[str]:
    """200 queries of two to six words that were drawn apart from each other, so that together they mean nothing.

    vocabulary  words of general language: drawn from the collection itself, they would ask for what is in it
    """
    draw = random.Random(seed)
    return [" ".join(draw.choices(vocabulary, k=draw.randint(2, 6))) for _ in range(QUERIES)]


def background(best_scores: Iterable[Mapping[str, float]], chunks: int) -> Background:
    """best_scores  of each meaningless query: lane -> score of its first hit"""
    seen: dict[str, list[float]] = {}
    for scores_of_query in best_scores:
        for lane, score in scores_of_query.items():
            seen.setdefault(lane, []).append(score)
    levels = {lane: sorted(scores)[int(QUANTILE * (len(scores) - 1))] for lane, scores in seen.items()}
    return Background(levels, chunks)
