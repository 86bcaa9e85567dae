"""One search: lanes side by side, calibrated, fused, with snippets and an account of what ran."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commonplace.errors import UnknownName, UnreadableFile, UsageError
from commonplace.home.records import Records
from commonplace.ingest.textfile import clean_text
from commonplace.ingest.wording import passage
from commonplace.lexical.asking import Asked, asked
from commonplace.ranking.calibration import Calibration
from commonplace.ranking.evidence import Weights
from commonplace.ranking.fusion import (
    FUSIONS,
    Fused,
    FusionName,
    distribution_based_fusion,
    mixture,
    reciprocal_rank_fusion,
)
from commonplace.ranking.rerank import DEPTH as RERANKED
from commonplace.ranking.rerank import Reranker, reranked
from commonplace.searching.hits import hits_of
from commonplace.searching.judging import Judge, Judged
from commonplace.searching.lanes import LANES_OF, Found, Lanes, Mode, Query
from commonplace.spaces.space import Space
from commonplace.stores.base import Store
from commonplace.stores.expressions import parse
from commonplace.stores.filters import Filter, In, all_of, resolve
from commonplace.types import SearchResult

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

NO_MATCH = 0.5
"""Below this probability of an answer the search says that nothing answers."""


class Searcher:
    """Searches one collection."""

    weights = Weights()
    """Benchmarks try others."""

    def __init__(
        self,
        records: Records,
        store: Store,
        space: Space,
        calibration: Calibration | None,
    ) -> None:
        self._records, self._space, self._calibrated = records, space, calibration is not None
        self._lanes = Lanes(records, store, space)
        self._judge = Judge(records, store, calibration, space.media)

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
        """At most k hits. `lanes` restricts the lanes of `mode` further: benchmarks look at one lane alone.

        Raises UnknownName, and UsageError for an example that the space has no encoder of.
        """
        clock = Clock()
        if query.example is not None and query.modality not in self._space.media:
            raise UsageError(
                f"{self._space.name!r} has no encoder of {query.modality}; expected words. Search by text."
            )
        name = fusion or "calibrated"
        if name not in FUSIONS:
            raise UnknownName(f"no fusion {name!r}; choose from: {', '.join(FUSIONS)}")
        if mode not in LANES_OF:
            raise UnknownName(f"no mode {mode!r}; choose from: {', '.join(LANES_OF)}")
        if unknown_lanes := set(lanes or ()) - LANES_OF["hybrid"]:
            raise UnknownName(f"no lane {min(unknown_lanes)!r}; choose from: {', '.join(sorted(LANES_OF['hybrid']))}")
        wanted = LANES_OF[mode] & frozenset(lanes if lanes is not None else LANES_OF[mode])
        demand = asked(query.text)
        written, query = query.text, replace(query, text=demand.words)
        found = self.ask(query, demand, where, wanted, clock)
        judged = self.judge(query, found, filtered=where is not None)
        fused = self.fuse(name, found, judged)
        clock.lap("fuse")
        if reranker is not None:
            fused = self._rerank(reranker, query, fused, found)
            clock.lap("rerank")
        hits = hits_of(self._records, query, fused, k, found, judged)
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

    # -- stages

    def ask(self, query: Query, demand: Asked, where: Filter | None, wanted: frozenset[str], clock: Clock) -> Found:
        found = self._lanes.ask(query, demand, where, wanted, clock.lap)
        if not self._calibrated:
            found.health |= dict.fromkeys(found.vectors, "ok, not calibrated: run `commonplace update`")
        return found

    def judge(self, query: Query, found: Found, *, filtered: bool = False) -> Judged:
        return self._judge.judge(query, found, self.weights, filtered=filtered)

    def fuse(self, name: FusionName, found: Found, judged: Judged) -> list[Fused]:
        match name:
            case "rrf":
                return reciprocal_rank_fusion(found.lanes)
            case "dbsf":
                return distribution_based_fusion(found.lanes)
        documents = {id: document for id, (document, _) in judged.standing.items()}
        return mixture(judged.experts, found.lanes, documents, answered=judged.answered)

    def _rerank(self, reranker: Reranker, query: Query, fused: list[Fused], found: Found) -> list[Fused]:
        first = [row.id for row in fused[:RERANKED]]
        chunks = self._records.chunks(first)
        passages = {id: text for id in first if id in chunks and (text := passage(chunks[id]))}
        scores = reranker.scores(query.text, list(passages.values())) if passages and query.text else []
        found.health["rerank"] = f"ok, {reranker.name} read {len(scores)}" if scores else "nothing to read"
        return reranked(fused, dict(zip(passages, scores, strict=True))) if scores else fused


def query_of(text: str, image: str | Path | Image | None, audio: str | Path | None = None) -> Query:
    """Raises UsageError for a file that cannot be read."""
    text = clean_text(text)
    if audio is not None:
        from commonplace.ingest.sound import open_sound

        return Query(text, _opened(audio, open_sound))
    if image is None:
        return Query(text)
    from commonplace.ingest.pictures import open_picture
    from commonplace.ingest.reading import picture_reader

    picture = _opened(image, open_picture) if isinstance(image, str | Path) else image
    return Query(text, picture, "\n".join(word.text for word in picture_reader().read(picture)))


def _opened(file: str | Path, open_file: Callable[[Path], T]) -> T:
    try:
        return open_file(Path(file))
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); expected a picture or sound file.") from error
    except UnreadableFile as error:
        raise UsageError(f"{file}: {error}") from error


def filter_of(filter: str | Filter | None, modality: str | Sequence[str] | None, records: Records) -> Filter | None:
    """Both together, in terms that a store knows."""
    expression = parse(filter) if isinstance(filter, str) else filter
    chosen = (modality,) if isinstance(modality, str) else tuple(modality or ())
    return all_of(
        resolve(expression, records.documents_like) if expression is not None else None,
        In("modality", chosen) if chosen else None,
    )


class Clock:
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
