"""Why a hit was found, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from commonplace.types import Evidence, Modality


def reason(
    lanes: Mapping[str, Evidence], matched: Sequence[str], wanted: int, identifiers: Sequence[str], modality: Modality
) -> str:
    """matched  terms of the query that the hit says, of `wanted` different ones"""
    parts = []
    if identifiers:
        parts.append("holds " + ", ".join(identifiers[:3]))
    elif matched and "bm25" in lanes:
        parts.append(f"says {len(matched)} of {wanted} words of the query")
    if "text" in lanes and lanes["text"].rank <= 10:
        parts.append(f"its words mean something near ({_ordinal(lanes['text'].rank)} by meaning)")
    if "media" in lanes and lanes["media"].rank <= 10:
        verb, noun = ("sounds", "sound") if modality == "audio" else ("looks", "looks")
        parts.append(f"{verb} like it ({_ordinal(lanes['media'].rank)} by {noun})")
    if "rerank" in lanes:
        parts.append(f"{_ordinal(lanes['rerank'].rank)} when read with the query")
    if not parts and lanes:
        lane, row = min(lanes.items(), key=lambda item: item[1].rank)
        parts.append(f"{_ordinal(row.rank)} of lane {lane}")
    return "; ".join(parts)


def _ordinal(rank: int) -> str:
    suffix = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{suffix}"
