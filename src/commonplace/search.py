"""One search: lanes side by side, fused, with snippets and an account of what ran."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from commonplace.encoders.base import Encoder
from commonplace.errors import UnknownName
from commonplace.ingest.wording import Wording, read_text
from commonplace.lexical.bm25 import query_weights
from commonplace.lexical.keys import query_keys
from commonplace.ranking.background import Background
from commonplace.ranking.fusion import Fused, Ranked, ranked, reciprocal_rank_fusion
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


@dataclass(frozen=True, slots=True)
class Fusion:
    """How lanes are weighed: docs/decisions/004-fusion-before-calibration.md.

    An identifier outweighs all others together, so that an exact match comes first.
    """

    weights: Mapping[str, float] = field(
        default_factory=lambda: {"text": 1.5, "media": 0.75, "bm25": 1.0, "identifier": 10.0}
    )
    k: float = 3
    depth: int = 100
    """Chunks that each lane hands in."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: words, a picture, or both. `words` are those that OCR read in the picture."""

    text: str = ""
    picture: Image | None = None
    words: str = ""


class Searcher:
    """Searches one collection. `media` is the tower whose space the media lane lives in."""

    def __init__(
        self,
        records: Records,
        store: Store,
        wording: Wording,
        text: Encoder,
        pictures: Encoder | None,
        background: Background | None,
        fusion: Fusion,
    ) -> None:
        self._records, self._store, self._wording = records, store, wording
        self._text, self._pictures, self._background, self.fusion = text, pictures, background, fusion

    def search(
        self, query: Query, k: int, where: Filter | None, mode: Mode, *, lanes: Iterable[str] | None = None
    ) -> SearchResult:
        """At most k hits. `lanes` restricts the lanes of `mode` further: benchmarks look at one lane alone."""
        clock = _Clock()
        if mode not in LANES_OF:
            raise UnknownName(f"no mode {mode!r}; choose from: {', '.join(LANES_OF)}")
        if unknown := set(lanes or ()) - LANES_OF["hybrid"]:
            raise UnknownName(f"no lane {min(unknown)!r}; choose from: {', '.join(sorted(LANES_OF['hybrid']))}")
        wanted = LANES_OF[mode] & frozenset(lanes if lanes is not None else LANES_OF[mode])
        found, health = self._ask(query, where, wanted, clock)
        fused = reciprocal_rank_fusion(found, self.fusion.weights, self._eligible(found), k=self.fusion.k)
        clock.lap("fuse")
        hits = self._hits(query, fused, k)
        clock.lap("hits")
        no_match = not found.get("identifier") and not self._stands_out(found)
        return SearchResult(query.text, hits, health, no_match, clock.total(), {"ms": clock.laps})

    def best_scores(self, queries: Sequence[str]) -> list[dict[str, float]]:
        """Of each query: lane -> score of its best chunk. What the background is made of."""
        best = []
        for query, vector in zip(queries, self._text.encode(queries, kind="query"), strict=True):
            scores = {lane: self._store.dense(lane, vector, 1) for lane in self._store.schema.dims}
            scores["bm25"] = self._store.sparse(query_weights(self._wording.analyser.terms(query)), 1)
            best.append({lane: rows[0].score for lane, rows in scores.items() if rows})
        return best

    # -- lanes

    def _ask(
        self, query: Query, where: Filter | None, wanted: frozenset[str], clock: _Clock
    ) -> tuple[dict[str, list[Ranked]], dict[str, str]]:
        depth = self.fusion.depth
        found: dict[str, list[Ranked]] = {}
        health: dict[str, str] = {}
        dense = {lane for lane in ("text", "media") if lane in wanted and lane in self._store.schema.dims}
        vector = self._encode(query) if dense else None
        clock.lap("encode")
        for lane in sorted(dense, reverse=True):
            assert vector is not None
            found[lane] = _ranked(self._store.dense(lane, vector, depth, where=where))
            health[lane] = "ok"
            clock.lap(lane)
        words = f"{query.text} {query.words}".strip()
        if "bm25" in wanted:
            terms = self._wording.analyser.terms(words)
            found["bm25"] = _ranked(self._store.sparse(query_weights(terms), depth, where=where)) if terms else []
            health["bm25"] = "ok" if terms else "no words in the query"
            clock.lap("bm25")
        if "identifier" in wanted:
            matches = self._identified(words, depth, where)
            if matches:
                found["identifier"] = matches
            health["identifier"] = "ok" if matches else "no identifier of the collection in the query"
            clock.lap("identifier")
        return found, health

    def _encode(self, query: Query) -> Vectors:
        """One vector (d,): of the picture where there is one, else of the words."""
        if query.picture is not None:
            assert self._pictures is not None
            vectors = self._pictures.encode([query.picture], kind="query")
        else:
            vectors = self._text.encode([query.text], kind="query")
        return vectors.reshape(-1)

    def _identified(self, words: str, depth: int, where: Filter | None) -> list[Ranked]:
        """Chunks that hold an identifier of the query; the surest form of each counts."""
        strength: dict[str, float] = {}
        asked: dict[str, str] = {}  # key -> the identifier of the query that it is a form of
        for form in query_keys(words):
            strength[form.key] = max(form.strength, strength.get(form.key, 0.0))
            asked[form.key] = form.text
        matching = self._store.matching(strength, depth, where=where) if strength else {}
        scored = []
        for id, held in matching.items():
            best: dict[str, float] = {}
            for key in held:
                best[asked[key]] = max(strength[key], best.get(asked[key], 0.0))
            scored.append((id, sum(best.values())))
        return ranked(sorted(scored, key=lambda row: (-row[1], row[0])))

    # -- fusion

    def _eligible(self, found: Mapping[str, Sequence[Ranked]]) -> Callable[[str], frozenset[str]]:
        """Chunk id -> the lanes that could have found it.

        A picture without words is excused from the lanes of words only if its looks stand out: the media lane has a
        best picture for every query, also for those that no picture answers.
        """
        could = self._records.lanes({row.id for rows in found.values() for row in rows})
        level = self._background.levels.get("media", 0.0) if self._background else 0.0
        striking = {row.id for row in found.get("media", ()) if row.score > level}
        everything = frozenset(found)
        return lambda id: could.get(id, everything) if "bm25" in could.get(id, ()) or id in striking else everything

    def _stands_out(self, found: Mapping[str, Sequence[Ranked]]) -> bool:
        """Whether any lane's best is better than what meaningless queries get."""
        if self._background is None:
            return any(found.values())
        levels = self._background.levels
        return any(rows[0].score > levels.get(lane, 0.0) for lane, rows in found.items() if rows)

    # -- hits

    def _hits(self, query: Query, fused: Sequence[Fused], k: int) -> tuple[Hit, ...]:
        """The k best, near-identical chunks of one document shown once."""
        wanted = frozenset(self._wording.analyser.terms(f"{query.text} {query.words}"))
        hits: list[Hit] = []
        shown: dict[str, list[frozenset[str]]] = {}
        for start in range(0, len(fused), 2 * k):
            batch = fused[start : start + 2 * k]
            chunks = self._records.chunks([row.id for row in batch])
            for row in batch:
                chunk = chunks.get(row.id)
                if chunk is None:
                    continue
                body = "\n".join(filter(None, (chunk.text, read_text(chunk))))
                terms = frozenset(self._wording.analyser.terms(body))
                if terms and any(_jaccard(terms, other) >= ALIKE for other in shown.setdefault(chunk.source, [])):
                    continue
                shown.setdefault(chunk.source, []).append(terms)
                hits.append(self._hit(len(hits) + 1, row, chunk, wanted))
                if len(hits) == k:
                    return tuple(hits)
        return tuple(hits)

    def _hit(self, rank: int, row: Fused, chunk: Chunk, wanted: frozenset[str]) -> Hit:
        said = [
            text for mention in chunk.mentions for text in (mention.caption, mention.alt, mention.paragraph) if text
        ]
        pieces = [text for text in (chunk.text, *said[:1], read_text(chunk), *said[1:]) if text]
        pages = dict.fromkeys(mention.page for mention in chunk.mentions if mention.page != chunk.source)
        return Hit(
            rank, round(row.score, 4), chunk.id, chunk.source, chunk.modality, chunk.title,
            snippet("\n".join(pieces), wanted, self._wording.analyser.terms),
            chunk.locator.page, chunk.locator.bbox, chunk.locator.start, chunk.locator.end, tuple(pages),
            {lane: Evidence(one.rank, round(one.score, 4)) for lane, one in row.evidence.items()},
        )  # fmt: skip


def _ranked(rows: Sequence[Scored]) -> list[Ranked]:
    return ranked([(row.id, row.score) for row in rows])


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
