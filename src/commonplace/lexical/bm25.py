"""BM25 as sparse vectors: a store's dot product of these weights, times IDF, is the textbook score.

    score(q, d) = sum over terms t of  qtf(t) x idf(t) x tf(t, d) (k1 + 1) / (tf(t, d) + k1 (1 - b + b |d| / average))

The store knows N and df and applies `idf`; everything else is here, once, for every store. The average length is a
constant that the collection's manifest records, so that a chunk's weights never depend on its neighbours.
Fields follow BM25F (Robertson, Zaragoza and Taylor, CIKM 2004): their weighted counts are added before saturation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Literal

Field = Literal["body", "title", "headings", "name", "mentions"]

K1 = 0.9
B = 0.4
AVERAGE_LENGTH = 120.0
FIELD_WEIGHTS: Mapping[Field, float] = {"body": 1.0, "title": 1.0, "headings": 1.0, "name": 2.0, "mentions": 1.0}


@lru_cache(maxsize=1 << 16)
def term_id(term: str) -> int:
    """The same unsigned 32-bit number in every process and release; among 300,000 terms about ten pairs collide."""
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=4).digest(), "big")


def bag(fields: Mapping[Field, Iterable[str]], weights: Mapping[Field, float] = FIELD_WEIGHTS) -> dict[str, float]:
    """Term -> weighted count over the fields of one chunk."""
    counts: dict[str, float] = {}
    for field, terms in fields.items():
        for term, count in Counter(terms).items():
            counts[term] = counts.get(term, 0.0) + weights[field] * count
    return counts


def document_weights(
    counts: Mapping[str, float], *, k1: float = K1, b: float = B, average_length: float = AVERAGE_LENGTH
) -> dict[int, float]:
    """Term id -> tf part of BM25, without IDF, of one chunk. `counts` comes from `bag`."""
    norm = k1 * (1 - b + b * sum(counts.values()) / average_length)
    weights: dict[int, float] = {}
    for term, tf in counts.items():
        key = term_id(term)
        weights[key] = weights.get(key, 0.0) + tf * (k1 + 1) / (tf + norm)
    return weights


def query_weights(terms: Iterable[str]) -> dict[int, float]:
    """Term id -> how often the query says it."""
    return {key: float(count) for key, count in Counter(map(term_id, terms)).items()}


def idf(n: int, df: int) -> float:
    """ln(1 + (N - df + 0.5) / (df + 0.5)): never negative, also for a term in more than half of the `n` chunks."""
    return math.log1p((n - df + 0.5) / (df + 0.5))
