"""The lanes of a search: what each of them finds for a query, before anybody compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from commonplace.encoders.base import Encoder, Sound
from commonplace.home.records import Records
from commonplace.ingest.wording import read_text
from commonplace.lexical.analyser import terms
from commonplace.lexical.asking import Asked, says
from commonplace.lexical.bm25 import query_weights
from commonplace.lexical.keys import GUESS, query_keys
from commonplace.ranking.fusion import Ranked, ranked
from commonplace.spaces.space import Space
from commonplace.stores.base import Store
from commonplace.stores.filters import Filter
from commonplace.stores.points import Scored
from commonplace.types import Chunk, Medium, Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

Mode = Literal["hybrid", "dense", "lexical"]
LANES_OF: Mapping[Mode, frozenset[str]] = {
    "hybrid": frozenset({"text", "media", "bm25", "identifier"}),
    "dense": frozenset({"text", "media"}),
    "lexical": frozenset({"bm25", "identifier"}),
}
DEPTH = 100
"""Chunks that each lane hands in."""
MOST_TO_READ = 2000
"""Chunks that a "phrase" or an -excluded word looks at."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: words, a picture or a sound, or both. `words` are those that OCR read in the picture."""

    text: str = ""
    example: Image | Sound | None = None
    words: str = ""

    @property
    def modality(self) -> Medium:
        """Of the example."""
        return "audio" if isinstance(self.example, Sound) else "image"

    @property
    def said(self) -> str:
        """All words of it."""
        return f"{self.text} {self.words}".strip()


@dataclass(slots=True)
class Found:
    """What the lanes handed in for one query."""

    lanes: dict[str, list[Ranked]] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)
    vectors: dict[str, Vectors] = field(default_factory=dict)
    """Dense lane -> the query's vector (d,)."""
    identifiers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Chunk id -> the query's identifiers that it holds."""
    surely: frozenset[str] = frozenset()
    """Identifiers of the query that the collection has, and not by a guess."""


class Lanes:
    """Of one collection. Words are read for the media lane by the space's text encoder, for the text lane by its
    specialist for passages where it has one."""

    def __init__(self, records: Records, store: Store, space: Space) -> None:
        self._records, self._store, self._space = records, store, space

    def ask(
        self, query: Query, demand: Asked, where: Filter | None, wanted: frozenset[str], lap: Callable[[str], None]
    ) -> Found:
        """At most DEPTH chunks of each wanted lane.

        demand  what the query demands of each chunk
        lap     told the name of each step that has ended
        """
        found = Found()
        allowed = self._allowed(demand, where)
        most = DEPTH if allowed is None else MOST_TO_READ
        dense = [lane for lane in ("text", "media") if lane in wanted and lane in self._store.schema.dims]
        found.vectors = self._encode(query, dense)
        lap("encode")
        for lane in dense:
            unread = f"its encoder reads no {'sounds' if query.modality == 'audio' else 'pictures'}"
            found.health[lane] = "ok" if lane in found.vectors else unread
        words = query_weights(terms(query.said)) if "bm25" in wanted else {}
        if "bm25" in wanted:
            found.health["bm25"] = "ok" if words else "no words in the query"
        rows = self._store.candidates(found.vectors, words, most, where=where)
        lap("candidates")
        if "identifier" in wanted:
            matches = self._identified(query.said, most, where, found)
            if matches:
                rows["identifier"] = matches
            found.health["identifier"] = "ok" if matches else "no identifier of the collection in the query"
            lap("identifier")
        for name, hits in rows.items():
            kept = hits if allowed is None else [hit for hit in hits if allowed(hit.id)]
            found.lanes[name] = ranked(kept[:DEPTH])
        return found

    def _encode(self, query: Query, lanes: Sequence[str]) -> dict[str, Vectors]:
        """Lane -> vector (d,): of the example where there is one, else of the words. An example asks the lane of words
        only where both lanes are of one space."""
        if query.example is not None:
            asked = [lane for lane in lanes if self._reader(lane) is self._space.encoders["text"]]
            encoder = self._space.media[query.modality]
            return dict.fromkeys(asked, encoder.encode([query.example], kind="query")[0]) if asked else {}
        read: dict[int, Vectors] = {}
        for lane in lanes:
            encoder = self._reader(lane)
            if id(encoder) not in read:
                read[id(encoder)] = encoder.encode([query.text], kind="query")[0]
        return {lane: read[id(self._reader(lane))] for lane in lanes}

    def _reader(self, lane: str) -> Encoder:
        """What encodes words for a dense lane."""
        return self._space.encoders["text"] if lane == "media" else self._space.words

    def _identified(self, words: str, depth: int, where: Filter | None, found: Found) -> list[Scored]:
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
            scored.append(Scored(id, sum(best.values())))
        return sorted(scored, key=lambda row: (-row.score, row.id))

    def _allowed(self, demand: Asked, where: Filter | None) -> Callable[[str], bool] | None:
        """Which chunks "phrases" and -words leave; None if the query has neither."""
        if not demand.phrases and not demand.excluded:
            return None
        required = [self._saying(phrase, where) for phrase in demand.phrases]
        barred = set[str]().union(*(self._saying(text, where) for text in demand.excluded))
        return lambda id: id not in barred and all(id in ids for ids in required)

    def _saying(self, phrase: str, where: Filter | None) -> set[str]:
        """Chunks that say the words of `phrase` one after the other."""
        everything = self._store.count()
        holding = [
            {row.id for row in self._store.sparse({term: 1.0}, everything, where=where)}
            for term in query_weights(terms(phrase))
        ]
        ids = set.intersection(*holding) if holding else set()
        if len(terms(phrase)) <= 1:
            return ids
        chunks = self._records.chunks(sorted(ids)[:MOST_TO_READ])
        return {id for id, chunk in chunks.items() if says(_words_of(chunk), phrase)}


def _words_of(chunk: Chunk) -> str:
    """All that a chunk says, and that is said of it."""
    said = (text for mention in chunk.mentions for text in (mention.alt, mention.caption, mention.paragraph))
    return "\n".join((chunk.title, *chunk.locator.headings, chunk.text, read_text(chunk), *said))
