"""One search: lanes side by side, calibrated, fused, with snippets and an account of what ran."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from commonplace.encoders.base import Encoder
from commonplace.errors import UnknownName
from commonplace.ingest.wording import Wording, read_text
from commonplace.lexical.asking import Asked, asked, says
from commonplace.lexical.bm25 import idf, query_weights, term_id
from commonplace.lexical.keys import GUESS, query_keys
from commonplace.lexical.unknown import Unknown, unknown
from commonplace.ranking.calibration import Calibration
from commonplace.ranking.evidence import Signs, Weights, answerable, by_looks, by_words, unsaid
from commonplace.ranking.explain import reason
from commonplace.ranking.fusion import (
    FUSIONS,
    Fused,
    FusionName,
    Ranked,
    distribution_based_fusion,
    mixture,
    ranked,
    reciprocal_rank_fusion,
    softmax,
)
from commonplace.ranking.rerank import DEPTH as RERANKED
from commonplace.ranking.rerank import Reranker, reranked
from commonplace.ranking.snippets import snippet
from commonplace.records import Records
from commonplace.stores.base import Scored, Store
from commonplace.stores.filters import Filter
from commonplace.types import Chunk, Evidence, Hit, SearchResult, Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

Mode = Literal["hybrid", "dense", "lexical"]
LANES_OF: Mapping[Mode, frozenset[str]] = {
    "hybrid": frozenset({"text", "media", "bm25", "identifier"}),
    "dense": frozenset({"text", "media"}),
    "lexical": frozenset({"bm25", "identifier"}),
}

ALIKE = 0.9
"""Chunks of one document whose terms overlap this much (Jaccard) are one hit."""
PICTURE_ALONE, PICTURE_WITH_WORDS = 1.0, 0.5
"""Say of looks where a picture is the query; words that OCR read in it have the rest."""
PICTURES_ONLY = 0.135
"""Who asks for pictures only asks for looks rather: odds of asking for words fall by two units."""
MOST_TO_READ = 2000
"""Chunks that a "phrase" or an -excluded word looks at."""
NOWHERE: tuple[int, frozenset[str]] = (-1, frozenset())
NO_MATCH = 0.5
"""Below this probability of an answer the search says that nothing answers."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How lanes become one list: docs/decisions/070-calibrated-fusion.md."""

    name: FusionName = "calibrated"
    weights: Weights = field(default_factory=Weights)
    depth: int = 100
    """Chunks that each lane hands in."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: words, a picture, or both. `words` are those that OCR read in the picture."""

    text: str = ""
    picture: Image | None = None
    words: str = ""


@dataclass(slots=True)
class _Found:
    """What the lanes handed in for one query."""

    lanes: dict[str, list[Ranked]] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)
    vectors: dict[str, Vectors] = field(default_factory=dict)
    """Dense lane -> the query's vector (d,)."""
    identifiers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Chunk id -> the query's identifiers that it holds."""
    surely: frozenset[str] = frozenset()
    """Identifiers of the query that the collection has, and not by a guess."""


@dataclass(slots=True)
class _Judged:
    """The two ways to answer, by words and by looks: their shares of the say and their log odds."""

    looks: float
    words: dict[str, float]
    pictures: dict[str, float]
    answered: float
    unknown: Unknown
    signs: Signs
    lanes: dict[str, dict[str, float]]
    """Lane -> chunk id -> its log odds alone."""
    standing: Mapping[str, tuple[int, frozenset[str]]]
    """Chunk id -> its document, and the lanes that could have found it."""

    @property
    def experts(self) -> list[tuple[float, dict[str, float]]]:
        return [(1 - self.looks, self.words), (self.looks, self.pictures)]


class Searcher:
    """Searches one collection. The media lane lives in the space of `pictures`; `looks` reads words for it, and is the
    same as `text` unless the collection has a specialist for its passages."""

    def __init__(
        self,
        records: Records,
        store: Store,
        wording: Wording,
        text: Encoder,
        pictures: Encoder | None,
        calibration: Calibration | None,
        fusion: Fusion,
        looks: Encoder | None = None,
    ) -> None:
        self._records, self._store, self._wording = records, store, wording
        self._text, self._pictures, self._calibration, self.fusion = text, pictures, calibration, fusion
        self._reads_looks = looks or text
        self._standing: dict[str, tuple[int, frozenset[str]]] = {}

    def search(
        self,
        query: Query,
        k: int,
        where: Filter | None,
        mode: Mode,
        *,
        lanes: Iterable[str] | None = None,
        fusion: FusionName | None = None,
        min_confidence: float | None = None,
        reranker: Reranker | None = None,
    ) -> SearchResult:
        """At most k hits. `lanes` restricts the lanes of `mode` further: benchmarks look at one lane alone."""
        clock = _Clock()
        name = fusion or self.fusion.name
        if name not in FUSIONS:
            raise UnknownName(f"no fusion {name!r}; choose from: {', '.join(FUSIONS)}")
        if mode not in LANES_OF:
            raise UnknownName(f"no mode {mode!r}; choose from: {', '.join(LANES_OF)}")
        if unknown_lanes := set(lanes or ()) - LANES_OF["hybrid"]:
            raise UnknownName(f"no lane {min(unknown_lanes)!r}; choose from: {', '.join(sorted(LANES_OF['hybrid']))}")
        wanted = LANES_OF[mode] & frozenset(lanes if lanes is not None else LANES_OF[mode])
        demand = asked(query.text)
        written, query = query.text, replace(query, text=demand.words)
        found = self._ask(query, demand, where, wanted, clock)
        judged = self._judge(query, found, filtered=where is not None)
        fused = self._fuse(name, found, judged)
        clock.lap("fuse")
        if reranker is not None:
            fused = self._rerank(reranker, query, fused, found)
            clock.lap("rerank")
        hits = self._hits(query, fused, k, found, judged)
        if min_confidence is not None:
            hits = tuple(hit for hit in hits if hit.score >= min_confidence)
        clock.lap("hits")
        if where is not None and len(hits) < k and min_confidence is None:
            found.health = {
                lane: f"{health}; the filter leaves {len(hits)} hits" for lane, health in found.health.items()
            }
        explanation = {
            "ms": clock.laps, "fusion": name, "answered": round(judged.answered, 4), "looks": round(judged.looks, 4),
            "unknown": [*judged.unknown.names, *judged.unknown.words], "signs": asdict(judged.signs),
        }  # fmt: skip
        return SearchResult(written, hits, found.health, judged.answered < NO_MATCH, clock.total(), explanation)

    # -- lanes

    def _ask(self, query: Query, demand: Asked, where: Filter | None, wanted: frozenset[str], clock: _Clock) -> _Found:
        found = _Found()
        allowed = self._allowed(demand, where)
        depth = self.fusion.depth if allowed is None else MOST_TO_READ
        dense = {lane for lane in ("text", "media") if lane in wanted and lane in self._store.schema.dims}
        found.vectors = self._encode(query, dense)
        clock.lap("encode")
        rows: dict[str, list[tuple[str, float]]] = {}
        for lane in sorted(dense, reverse=True):
            if lane not in found.vectors:
                found.health[lane] = "its encoder reads no pictures"
                continue
            rows[lane] = _pairs(self._store.dense(lane, found.vectors[lane], depth, where=where))
            found.health[lane] = "ok" if self._calibration else "ok, not calibrated: run `commonplace update`"
            clock.lap(lane)
        words = f"{query.text} {query.words}".strip()
        if "bm25" in wanted:
            terms = self._wording.analyser.terms(words)
            rows["bm25"] = _pairs(self._store.sparse(query_weights(terms), depth, where=where)) if terms else []
            found.health["bm25"] = "ok" if terms else "no words in the query"
            clock.lap("bm25")
        if "identifier" in wanted:
            matches = self._identified(words, depth, where, found)
            if matches:
                rows["identifier"] = matches
            found.health["identifier"] = "ok" if matches else "no identifier of the collection in the query"
            clock.lap("identifier")
        for name, pairs in rows.items():
            kept = pairs if allowed is None else [pair for pair in pairs if allowed(pair[0])]
            found.lanes[name] = ranked(kept[: self.fusion.depth])
        return found

    def _encode(self, query: Query, lanes: Collection[str]) -> dict[str, Vectors]:
        """Lane -> vector (d,): of the picture where there is one, else of the words. A picture asks the lane of words
        only where both lanes are of one space."""
        if query.picture is not None:
            assert self._pictures is not None
            asked = [lane for lane in lanes if self._reader(lane) is self._reads_looks]
            return dict.fromkeys(asked, self._pictures.encode([query.picture], kind="query")[0]) if asked else {}
        read: dict[int, Vectors] = {}
        for lane in lanes:
            encoder = self._reader(lane)
            if id(encoder) not in read:
                read[id(encoder)] = encoder.encode([query.text], kind="query")[0]
        return {lane: read[id(self._reader(lane))] for lane in lanes}

    def _reader(self, lane: str) -> Encoder:
        """What encodes words for a dense lane."""
        return self._reads_looks if lane == "media" else self._text

    def _identified(self, words: str, depth: int, where: Filter | None, found: _Found) -> list[tuple[str, float]]:
        """Chunks that hold an identifier of the query; the surest form of each counts."""
        strength: dict[str, float] = {}
        meant: dict[str, str] = {}  # key -> the identifier of the query that it is a form of
        for form in query_keys(words):
            strength[form.key] = max(form.strength, strength.get(form.key, 0.0))
            meant[form.key] = form.text
        matching = self._store.matching(strength, depth, where=where) if strength else {}
        scored = []
        for id, held in matching.items():
            best: dict[str, float] = {}
            for key in held:
                best[meant[key]] = max(strength[key], best.get(meant[key], 0.0))
            found.identifiers[id] = tuple(best)
            found.surely |= {text for text, value in best.items() if value > GUESS}
            scored.append((id, sum(best.values())))
        return sorted(scored, key=lambda row: (-row[1], row[0]))

    def _allowed(self, demand: Asked, where: Filter | None) -> Callable[[str], bool] | None:
        """Which chunks "phrases" and -words leave; None if the query has neither."""
        if not demand.phrases and not demand.excluded:
            return None
        required = [self._saying(phrase, where) for phrase in demand.phrases]
        barred = set[str]().union(*(self._saying(text, where) for text in demand.excluded))
        return lambda id: id not in barred and all(id in ids for ids in required)

    def _saying(self, phrase: str, where: Filter | None) -> set[str]:
        """Chunks that say the words of `phrase` one after the other."""
        terms = self._wording.analyser.terms
        everything = self._store.count()
        holding = [
            {row.id for row in self._store.sparse({term: 1.0}, everything, where=where)}
            for term in {term_id(term) for term in terms(phrase)}
        ]
        ids = set.intersection(*holding) if holding else set()
        if len(terms(phrase)) <= 1:
            return ids
        chunks = self._records.chunks(sorted(ids)[:MOST_TO_READ])
        return {id for id, chunk in chunks.items() if says(_words_of(chunk), phrase, terms)}

    # -- what it means

    def _judge(self, query: Query, found: _Found, *, filtered: bool = False) -> _Judged:
        terms = self._wording.analyser.terms
        words = f"{query.text} {query.words}".strip()
        weights, calibration = self.fusion.weights, self._calibration
        standardised: dict[str, dict[str, float]] = {}
        for lane in ("text", "media"):
            rows = found.lanes.get(lane, [])
            if calibration is not None and lane in found.vectors and lane in calibration.lanes:
                values = calibration.lanes[lane].standardised(
                    self._store.through(lane, found.vectors[lane]), [row.score for row in rows]
                )
            else:
                values = [row.score for row in rows]
            standardised[lane] = dict(zip((row.id for row in rows), values, strict=True))
        asked_for = query_weights(terms(words))
        chunks, frequency = self._store.frequencies(asked_for)
        information = sum(weight * idf(chunks, frequency.get(term, 0)) for term, weight in asked_for.items())
        bm25, identifiers = found.lanes.get("bm25", []), found.lanes.get("identifier", [])
        covered = min(1.0, bm25[0].score / information) if bm25 and information else 0.0
        everyday = calibration.everyday if calibration else 0.0
        missing = (
            unknown(query.text, terms, self._known, met=found.surely, everyday=everyday) if bm25 or words else Unknown()
        )
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
            if calibration and texts and query.picture is None and not filtered
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
        return _Judged(looks, by_word, by_look, answered, missing, signs, alone, standing)

    def _looks(self, query: Query, found: _Found) -> float:
        """Probability that the query asks for looks."""
        if query.picture is not None:
            return PICTURE_WITH_WORDS if f"{query.text}{query.words}".strip() else PICTURE_ALONE
        if self._calibration is None or "text" not in found.vectors:
            return 0.5
        return self._calibration.sight.probability(found.vectors["text"])

    def _known(self, terms: Iterable[str]) -> frozenset[str]:
        ids = {term: term_id(term) for term in terms}
        _, frequency = self._store.frequencies(ids.values())
        return frozenset(term for term, id in ids.items() if id in frequency)

    # -- fusion

    def _standing_of(self, ids: set[str]) -> Mapping[str, tuple[int, frozenset[str]]]:
        """Documents and possible lanes, kept while nothing is written: a new searcher is made after every `add`."""
        if missing := ids - self._standing.keys():
            self._standing |= self._records.standing(missing)
        return {id: self._standing[id] for id in ids if id in self._standing}

    def _fuse(self, name: FusionName, found: _Found, judged: _Judged) -> list[Fused]:
        standing = judged.standing
        equal = dict.fromkeys(LANES_OF["hybrid"], 1.0)
        match name:
            case "rrf":  # plain, as the literature has it: a lane that cannot find a chunk counts as a miss
                return reciprocal_rank_fusion(found.lanes, equal, lambda id: standing.get(id, NOWHERE)[1], absence=1.0)
            case "dbsf":
                return distribution_based_fusion(found.lanes, equal)
        documents = {id: document for id, (document, _) in standing.items()}
        return mixture(judged.experts, found.lanes, documents, answered=judged.answered)

    def _rerank(self, reranker: Reranker, query: Query, fused: list[Fused], found: _Found) -> list[Fused]:
        first = [row.id for row in fused[:RERANKED]]
        chunks = self._records.chunks(first)
        passages = {id: text for id in first if id in chunks and (text := self._wording.passage(chunks[id]))}
        scores = reranker.scores(query.text, list(passages.values())) if passages and query.text else []
        found.health["rerank"] = f"ok, {reranker.name} read {len(scores)}" if scores else "nothing to read"
        return reranked(fused, dict(zip(passages, scores, strict=True))) if scores else fused

    # -- hits

    def _hits(
        self,
        query: Query,
        fused: Sequence[Fused],
        k: int,
        found: _Found,
        judged: _Judged,
    ) -> tuple[Hit, ...]:
        """The k best, near-identical chunks of one document shown once."""
        wanted = frozenset(self._wording.analyser.terms(f"{query.text} {query.words}"))
        shares = {lane: softmax(odds) for lane, odds in judged.lanes.items()}
        hits: list[Hit] = []
        shown: dict[str, list[frozenset[str]]] = {}
        for start in range(0, len(fused), 2 * k):
            batch = fused[start : start + 2 * k]
            chunks = self._records.chunks([row.id for row in batch])
            for row in batch:
                chunk = chunks.get(row.id)
                if chunk is None:
                    continue
                terms = frozenset(self._wording.analyser.terms(_body(chunk)))
                if terms and any(_jaccard(terms, other) >= ALIKE for other in shown.setdefault(chunk.source, [])):
                    continue
                shown.setdefault(chunk.source, []).append(terms)
                say = {"media": judged.looks}
                lanes = {
                    lane: Evidence(
                        one.rank, round(one.score, 4), _rounded(shares.get(lane, {}).get(row.id)),
                        round(say.get(lane, 1 - judged.looks), 4) if lane != "rerank" else None,
                    )
                    for lane, one in row.evidence.items()
                }  # fmt: skip
                hit = self._hit(len(hits) + 1, row, chunk, wanted, lanes)
                matched = tuple(sorted(terms & wanted))
                identifiers = found.identifiers.get(row.id, ())
                hits.append(
                    replace(
                        hit,
                        why=reason(lanes, matched, len(wanted), identifiers),
                        matched=matched,
                        identifiers=identifiers,
                        eligible=tuple(sorted(judged.standing.get(row.id, NOWHERE)[1])),
                    )
                )
                if len(hits) == k:
                    return tuple(hits)
        return tuple(hits)

    def _hit(self, rank: int, row: Fused, chunk: Chunk, wanted: frozenset[str], lanes: dict[str, Evidence]) -> Hit:
        said = [
            text for mention in chunk.mentions for text in (mention.caption, mention.alt, mention.paragraph) if text
        ]
        pieces = [text for text in (chunk.text, *said[:1], read_text(chunk), *said[1:]) if text]
        pages = dict.fromkeys(mention.page for mention in chunk.mentions if mention.page != chunk.source)
        return Hit(
            rank, round(row.score, 4), chunk.id, chunk.source, chunk.modality, chunk.title,
            snippet("\n".join(pieces), wanted, self._wording.analyser.terms),
            chunk.locator.page, chunk.locator.bbox, chunk.locator.start, chunk.locator.end, tuple(pages), lanes,
        )  # fmt: skip


def _pairs(rows: Sequence[Scored]) -> list[tuple[str, float]]:
    return [(row.id, row.score) for row in rows]


def _body(chunk: Chunk) -> str:
    return "\n".join(filter(None, (chunk.text, read_text(chunk))))


def _words_of(chunk: Chunk) -> str:
    """All that a chunk says, and that is said of it."""
    said = (text for mention in chunk.mentions for text in (mention.alt, mention.caption, mention.paragraph))
    return "\n".join((chunk.title, *chunk.locator.headings, _body(chunk), *said))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 1.0


class _Clock:
    """Milliseconds per stage."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round((now - self._last) * 1000, 3)
        self._last = now

    def total(self) -> float:
        return round((time.perf_counter() - self._began) * 1000, 2)
