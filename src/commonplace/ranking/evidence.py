"""From what lanes found to log odds, and to the probability that a collection answers at all.

Everything is on one scale: natural logarithms of odds. A standardised cosine is one already (fitted to known items and
to questions of people, its weight comes out between 0.9 and 1.1 for words and for looks), and BM25 is one in principle:
the IDF of the words that a chunk says is the surprise of finding them together by chance.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from commonplace.ranking.fusion import Ranked

BM25 = 0.3
SHARPNESS = 4
"""BM25 weighs 0.3 x the query's IDF x (the share of it that the chunk stands for) ** 4: words count fully where all of
them are there, and hardly where a paraphrase shares a few by chance."""
IDENTIFIER = 30.0
"""An exact identifier outweighs everything else; a guess at half its strength still does."""

SAID = 0.4
"""Weight of the text lane where looks are asked for: captions say what a picture is for rather than how it looks."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What turns lane scores into log odds; benchmarks vary them."""

    text: float = 1.0
    media: float = 1.0
    said: float = SAID
    bm25: float = BM25
    identifier: float = IDENTIFIER


def by_words(
    standardised: Mapping[str, float],
    bm25: Sequence[Ranked],
    identifiers: Sequence[Ranked],
    information: float,
    weights: Weights,
) -> dict[str, float]:
    """Chunk id -> log odds, up to a constant, of its words answering the query.

    standardised  chunk id -> standardised cosine of the text lane; a chunk that the lane did not hand in counts as any
                  chunk does: 0
    information   IDF of all words of the query together
    """
    odds = {id: weights.text * z for id, z in standardised.items()}
    whole = max(information, 1.0)
    for row in bm25:
        odds[row.id] = odds.get(row.id, 0.0) + weights.bm25 * whole * (row.score / whole) ** SHARPNESS
    for row in identifiers:
        odds[row.id] = odds.get(row.id, 0.0) + weights.identifier * row.score
    return odds


def by_looks(
    media: Mapping[str, float], standardised: Mapping[str, float], worded: Container[str], weights: Weights
) -> dict[str, float]:
    """Chunk id -> log odds of its picture answering the query: its looks, and what is said of it or read in it.

    worded  chunks that have words. What they say moves them up or down by nothing on average (w z - w^2 / 2 is the log
            likelihood ratio of a shift by w), so that a picture without words competes by its looks alone.
    """
    w = weights.said
    return {
        id: weights.media * z + (w * standardised.get(id, 0.0) - w * w / 2 if id in worded else 0.0)
        for id, z in media.items()
    }


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer, and against.

    looks     probability that the query describes looks
    covered   share of the query's IDF that the best chunk of BM25 stands for, at most 1
    above     standard deviations of the best cosine of the text lane above those of off-topic queries; None without
    striking  standardised cosine of the best picture; None without pictures
    matched   whether an identifier of the query is in the collection, and not by a guess
    names, words  how many of the query's names and everyday words occur nowhere
    everyday  share of everyday words that the collection has
    """

    looks: float
    covered: float
    above: float | None
    striking: float | None
    matched: bool
    names: int
    words: int
    everyday: float


def unsaid(covered: float) -> float:
    """How much room the words leave for doubt: 1 up to four fifths of the query, 0 from 95 % on."""
    return min(1.0, max(0.0, (0.95 - covered) / 0.15))


def answerable(signs: Signs) -> float:
    """Probability that the collection answers. Weights are rounded: docs/decisions/070-calibrated-fusion.md."""
    doubt = unsaid(signs.covered)
    meant = 1.0 - signs.looks**2  # words are excused only where looks are asked for without much doubt
    odds = 1.5 + (signs.covered - 0.5)
    odds -= 5.0 * min(2, signs.names) * doubt
    odds -= min(5.0, 20.0 * signs.everyday**3) * min(2, signs.words) * doubt * meant
    if signs.above is not None:
        odds -= 2.0 * max(0.0, 2.0 - signs.above) * doubt * meant
    if signs.striking is not None:
        odds += 0.5 * (signs.striking - 3.0) * signs.looks
    odds += 4.0 * signs.matched
    return 1 / (1 + math.exp(-min(30.0, max(-30.0, odds))))
