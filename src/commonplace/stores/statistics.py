"""How many live chunks have words, and how many have each term: what IDF needs, kept beside the engine.

Engines compute IDF from their index, where deleted chunks still count, and on a cluster each shard for itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from commonplace.errors import CorruptCollection


class Statistics:
    """Document frequencies over the live chunks that have words.

    chunks  N, those with at least one term
    census  the store's own counts when these were saved
    """

    def __init__(self) -> None:
        self.chunks = 0
        self.census: list[int] = []
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

    def frequencies(self, terms: Iterable[int]) -> dict[int, int]:
        """Term -> number of live chunks that have it; those that none has are absent."""
        return {term: df for term in terms if (df := self._df.get(term, 0))}

    def save(self, path: Path, census: Sequence[int]) -> None:
        """Write to `path`, whole or not at all, with the store's own counts for `load` to check."""
        live = {term: df for term, df in self._df.items() if df}
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(
                file,
                terms=np.fromiter(live.keys(), np.uint32, len(live)),
                df=np.fromiter(live.values(), np.uint64, len(live)),
                chunks=np.uint64(self.chunks),
                census=np.array(census, np.uint64),
            )
        partial.replace(path)

    @classmethod
    def load(cls, path: Path, census: Sequence[int] | None) -> Statistics | None:
        """What `save` wrote, None if there is nothing to rely on.

        Raises CorruptCollection if the store counted otherwise when it was last put away and `census` is now.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                terms, df, chunks, then = (arrays[name].tolist() for name in ("terms", "df", "chunks", "census"))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        if census is not None and then != list(census):
            raise CorruptCollection(
                f"the store in {path.parent} had {then} chunks and vectors of each lane when it was closed and has "
                f"{list(census)} now: files in it are damaged or missing. Restore the folder from a backup, or remove "
                "it and add the documents again."
            )
        result = cls()
        result.chunks, result.census = chunks, then
        result._df = Counter(dict(zip(terms, df, strict=True)))
        return result
