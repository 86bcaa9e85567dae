"""What the lanes' findings mean: how likely each chunk, and the collection, is to answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commonplace.home.records import Records
from commonplace.lexical.analyser import terms
from commonplace.lexical.bm25 import idf, query_weights, term_id
from commonplace.lexical.unknown import Unknown, unknown
from commonplace.ranking.calibration import Calibration
from commonplace.ranking.evidence import Signs, Weights, answerable, by_looks, by_words, unsaid
from commonplace.searching.lanes import Found, Query
from commonplace.stores.base import Store
from commonplace.types import Medium

PICTURE_ALONE, PICTURE_WITH_WORDS = 1.0, 0.5
"""Say of looks where a picture or a sound is the query; words that OCR read in it have the rest."""
PICTURES_ONLY = 0.135
"""Who asks for pictures only asks for looks rather: odds of asking for words fall by two units."""
NOWHERE: tuple[str, frozenset[str]] = ("", frozenset())


@dataclass(slots=True)
class Judged:
    """The two ways to answer, by words and by looks: their shares of the say and their log odds."""

    looks: float
    words: dict[str, float]
    pictures: dict[str, float]
    answered: float
    unknown: Unknown
    signs: Signs
    lanes: dict[str, dict[str, float]]
    """Lane -> chunk id -> its log odds alone."""
    standing: Mapping[str, tuple[str, frozenset[str]]]
    """Chunk id -> what stands for its document and copies of that, and the lanes that could have found it."""

    @property
    def experts(self) -> list[tuple[float, dict[str, float]]]:
        return [(1 - self.looks, self.words), (self.looks, self.pictures)]

    def say(self, lane: str) -> float | None:
        """The lane's share of the say; a reranker has none."""
        return None if lane == "rerank" else self.looks if lane == "media" else 1 - self.looks


class Judge:
    """Of one collection, while nothing is written: a new one is made after every `add`."""

    def __init__(
        self, records: Records, store: Store, calibration: Calibration | None, media: Iterable[Medium]
    ) -> None:
        """media  what the media lane has vectors of"""
        self._records, self._store, self._calibration, self._media = records, store, calibration, tuple(media)
        self._standing: dict[str, tuple[str, frozenset[str]]] = {}

    def judge(self, query: Query, found: Found, weights: Weights, *, filtered: bool = False) -> Judged:
        calibration = self._calibration
        standardised: dict[str, dict[str, float]] = {}
        for lane in ("text", "media"):
            rows = found.lanes.get(lane, [])
            scores = [row.score for row in rows]
            if calibration is not None and lane in found.vectors and lane in calibration.lanes:
                query_vector = self._store.through(lane, found.vectors[lane])
                scores = calibration.lanes[lane].standardised(query_vector, scores)
            standardised[lane] = dict(zip((row.id for row in rows), scores, strict=True))
        asked_for = query_weights(terms(query.said))
        chunks, frequency = self._store.frequencies(asked_for)
        information = sum(weight * idf(chunks, frequency.get(term, 0)) for term, weight in asked_for.items())
        bm25, identifiers = found.lanes.get("bm25", []), found.lanes.get("identifier", [])
        covered = min(1.0, bm25[0].score / information) if bm25 and information else 0.0
        everyday = calibration.everyday if calibration else 0.0
        has_words = bm25 or query.said
        missing = unknown(query.text, self._known, found.surely, everyday) if has_words else Unknown()
        text_of, media_of = standardised["text"], standardised["media"]
        by_word = by_words(text_of, bm25, identifiers, information, weights)
        standing = self._standing_of({row.id for rows in found.lanes.values() for row in rows})
        worded = {id for id, (_, could) in standing.items() if "text" in could}
        by_look = by_looks(media_of, text_of, worded, weights)
        looks = 0.0
        if by_look and not found.surely:
            looks = self._looks(query, found) * unsaid(covered)
            if all("media" in standing.get(id, NOWHERE)[1] for id in by_word):
                looks /= looks + (1 - looks) * PICTURES_ONLY
        if not by_word:
            looks = 1.0
        texts = found.lanes.get("text", [])
        above = (
            (texts[0].score - calibration.level) / calibration.spread
            if calibration and texts and query.example is None and not filtered
            else None
        )
        signs = Signs(
            looks, covered, above, max(media_of.values(), default=None), bool(found.surely), len(missing.names),
            len(missing.words), everyday,
        )  # fmt: skip
        alone = {
            **standardised,
            "bm25": by_words({}, bm25, [], information, weights),
            "identifier": by_words({}, [], identifiers, information, weights),
        }
        answered = answerable(signs) if by_word or by_look else 0.0
        return Judged(looks, by_word, by_look, answered, missing, signs, alone, standing)

    def _looks(self, query: Query, found: Found) -> float:
        """Probability that the query asks for looks."""
        if query.example is not None:
            return PICTURE_WITH_WORDS if query.said else PICTURE_ALONE
        if self._calibration is None or "text" not in found.vectors:
            return 0.5
        return self._calibration.sight.probability(found.vectors["text"])

    def _known(self, terms: Iterable[str]) -> frozenset[str]:
        ids = {term: term_id(term) for term in terms}
        _, frequency = self._store.frequencies(ids.values())
        return frozenset(term for term, id in ids.items() if id in frequency)

    def _standing_of(self, ids: set[str]) -> Mapping[str, tuple[str, frozenset[str]]]:
        """As far as they are there."""
        if missing := ids - self._standing.keys():
            self._standing |= self._records.standing(missing, self._media)
        return {id: self._standing[id] for id in ids if id in self._standing}
