"""How many live chunks have words, and how many have each term: what IDF needs, kept beside the engine.

Engines compute IDF from their index, where deleted chunks still count, and on a cluster each shard for itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np

from commonplace.errors import CorruptCollection


class Statistics:
    """Document frequencies over the live chunks that have words.

    chunks  N, those with at least one term
    """

    def __init__(self) -> None:
        self.chunks = 0
        self._df: Counter[int] = Counter()

    def add(self, bags: Iterable[Collection[int]]) -> None:
        """Count chunks in; a chunk without terms is none."""
        for terms in bags:
            if terms:
                self.chunks += 1
                self._df.update(terms)

    def remove(self, bags: Iterable[Collection[int]]) -> None:
        for terms in bags:
            if terms:
                self.chunks -= 1
                self._df.subtract(terms)

    def weigh(self, terms: Mapping[int, float]) -> dict[int, float]:
        """Query weights times IDF, without the terms that no live chunk has."""
        weighed = {}
        for term, weight in terms.items():
            if df := self._df.get(term, 0):
                weighed[term] = weight * math.log1p((self.chunks - df + 0.5) / (df + 0.5))
        return weighed

    def save(self, path: Path, points: int) -> None:
        """Write to `path`, whole or not at all, with the number of all points for `load` to check."""
        live = {term: df for term, df in self._df.items() if df}
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                terms=np.fromiter(live.keys(), np.uint32, len(live)),
                df=np.fromiter(live.values(), np.uint64, len(live)),
                totals=np.array([self.chunks, points], np.uint64),
            )
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, points: int) -> Statistics | None:
        """What `save` wrote, None if there is nothing to rely on.

        Raises CorruptCollection if the store held another number of points when it was last put away.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                terms, df, (chunks, expected) = arrays["terms"], arrays["df"], arrays["totals"].tolist()
        except (OSError, ValueError, KeyError, EOFError):
            return None
        if expected != points:
            raise CorruptCollection(
                f"the store in {path.parent} held {expected} chunks when it was closed and holds {points} now: "
                "files in it are damaged or missing. Restore the folder from a backup, or remove it and add again."
            )
        result = cls()
        result.chunks = chunks
        result._df = Counter(dict(zip(terms.tolist(), df.tolist(), strict=True)))
        return result
