"""Hits: the best chunks with a snippet and what each lane says for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from commonplace.home.records import Records
from commonplace.ingest.wording import read_text
from commonplace.lexical.analyser import terms
from commonplace.lexical.keys import query_keys, spellings
from commonplace.ranking.explain import reason
from commonplace.ranking.fusion import Fused, softmax
from commonplace.ranking.snippets import snippet
from commonplace.searching.judging import NOWHERE, Judged
from commonplace.searching.lanes import Found, Query
from commonplace.types import Chunk, Evidence, Hit

ALIKE = 0.9
"""Chunks of one document whose terms overlap this much (Jaccard) are one hit."""
REMEMBERED = 1 << 16
"""Pieces of text whose terms are kept: a snippet looks at each piece of its chunk."""


def hits_of(
    records: Records, query: Query, fused: Sequence[Fused], k: int, found: Found, judged: Judged
) -> tuple[Hit, ...]:
    """The k best, near-identical chunks of one document shown once."""
    wanted, keys = _terms(query.said), frozenset(form.key for form in query_keys(query.said))
    shares = {lane: softmax(odds) for lane, odds in judged.lanes.items()}
    hits: list[Hit] = []
    shown: dict[str, list[frozenset[str]]] = defaultdict(list)
    for row, chunk in _chunks(records, fused, k):
        said = _terms("\n".join((chunk.text, read_text(chunk))))
        if said and any(len(said & other) / len(said | other) >= ALIKE for other in shown[chunk.source]):
            continue
        shown[chunk.source].append(said)
        lanes = {
            lane: Evidence(
                one.rank, round(one.score, 4), _rounded(shares.get(lane, {}).get(row.id)),
                _rounded(judged.say(lane)),
            )
            for lane, one in row.evidence.items()
        }  # fmt: skip
        matched, identifiers = tuple(sorted(said & wanted)), found.identifiers.get(row.id, ())
        why = reason(lanes, matched, len(wanted), identifiers, chunk.modality)
        where, pages = chunk.locator, dict.fromkeys(m.page for m in chunk.mentions if m.page != chunk.source)
        hits.append(
            Hit(
                len(hits) + 1, round(row.score, 4), row.id, chunk.source, chunk.modality, chunk.title,
                _snippet(chunk, wanted, keys if identifiers else frozenset()), where.page, where.bbox, where.start,
                where.end, tuple(pages), lanes, why, matched, identifiers,
                tuple(sorted(judged.standing.get(row.id, NOWHERE)[1])), where.headings, where.lines,
            )
        )  # fmt: skip
        if len(hits) == k:
            break
    return tuple(hits)


def _snippet(chunk: Chunk, wanted: frozenset[str], keys: frozenset[str]) -> str:
    """With the identifiers of these keys where the chunk spells them out, else with the most wanted terms."""
    text = _shown(chunk)
    if keys and (spelled := spellings(text, keys)):
        return snippet(text, spelled, lambda piece: (word for word in spelled if word in piece))
    return snippet(text, wanted, _terms_of_piece)


def _chunks(records: Records, fused: Sequence[Fused], batch: int) -> Iterator[tuple[Fused, Chunk]]:
    """Those that are still there."""
    for start in range(0, len(fused), batch):
        rows = fused[start : start + batch]
        chunks = records.chunks([row.id for row in rows])
        yield from ((row, chunks[row.id]) for row in rows if row.id in chunks)


def _terms(text: str) -> frozenset[str]:
    return frozenset().union(*map(_terms_of_piece, text.split()))


@lru_cache(REMEMBERED)
def _terms_of_piece(piece: str) -> frozenset[str]:
    return frozenset(terms(piece))


def _shown(chunk: Chunk) -> str:
    """What a snippet is cut from: of a picture, what its first mention says before what is read in it."""
    said = [text for m in chunk.mentions for text in (m.caption, m.alt, m.paragraph) if text]
    return "\n".join(filter(None, (chunk.text, *said[:1], read_text(chunk), *said[1:])))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
