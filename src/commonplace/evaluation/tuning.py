"""`tune` on a collection: its vectors, its queries, what to recommend, and the proof that is kept."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from commonplace.assembly import tower_outputs
from commonplace.errors import UsageError
from commonplace.evaluation.tune import Interval, K, Limits, Measured, choose, exact, memory_of
from commonplace.profiles import BITS, PROFILES, Code, Profile
from commonplace.stores import qdrant_requests
from commonplace.types import Chunk, Vectors

if TYPE_CHECKING:
    from commonplace.assembly import Assembly
    from commonplace.evaluation.questions import Question

NO_LIMITS = Limits()
QUERIES = 300
"""Made of the collection's own words, for choosing; as many others prove what was chosen."""
DIMS = (256, 128)
"""Tried besides all of them."""
FEWEST = 100
"""Chunks of a lane below which nothing is measured."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """lane -> every setting that was measured, and the recommended one; None where none is good enough."""

    measured: dict[str, list[Measured]]
    chosen: dict[str, Measured | None]
    seconds: float


def tune(
    opened: Assembly,
    *,
    lanes: Sequence[str] = (),
    dims: Sequence[int] = DIMS,
    limits: Limits = NO_LIMITS,
    questions: Sequence[Question] = (),
    progress: Callable[[str], None] = lambda name: None,
) -> Tuned:
    """Measure the lanes; limits hold for each by its share of the vectors. Raises UsageError without vectors."""
    began = time.monotonic()
    postgres = opened.manifest.store == "postgres"
    profiles: tuple[Profile, ...] = ("float", "half", "binary") if postgres else PROFILES
    held = {lane: tower_outputs(opened.records, opened.space, lane) for lane in opened.manifest.lanes}
    total = sum(vectors.size for _, vectors in held.values())
    measured: dict[str, list[Measured]] = {}
    chosen: dict[str, Measured | None] = {}
    for lane, (ids, vectors) in held.items():
        if (lanes and lane not in lanes) or len(ids) < FEWEST:
            continue
        asked, answers = _queries(opened, lane, ids, questions, part=0)
        share = vectors.size / total
        measured[lane], chosen[lane] = choose(
            lane, vectors, asked, dims=dims, profiles=profiles, right=_right(opened, ids, answers), progress=progress,
            limits=Limits(None if limits.memory is None else int(limits.memory * share), limits.p95),
            graph=len(ids) > qdrant_requests.worth_indexing(opened.manifest.schema),
        )  # fmt: skip
    if not measured:
        raise UsageError(
            f"no lane of this collection has {FEWEST} vectors; expected more to measure on. Add your documents "
            "first; until then the profile `float` costs nothing."
        )
    return Tuned(measured, chosen, round(time.monotonic() - began, 1))


def prove(opened: Assembly, tuned: Tuned) -> dict[str, Any]:
    """Measured on the live generation, on queries that chose nothing; kept in it as `proof.json`."""
    proof: dict[str, Any] = {}
    for lane, chosen in tuned.chosen.items():
        if chosen is None:
            continue
        ids, vectors = tower_outputs(opened.records, opened.space, lane)
        asked, _ = _queries(opened, lane, ids, (), part=1)
        truth = exact(vectors, asked)
        shares, seconds = [], []
        for query, wanted in zip(asked, truth, strict=True):
            began = time.perf_counter()
            hits = opened.store.dense(lane, query, K)
            seconds.append(time.perf_counter() - began)
            shares.append(len({hit.id for hit in hits} & {ids[row] for row in wanted}) / len(wanted))
        p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
        proof[lane] = {
            "setting": chosen.name, "predicted": asdict(chosen.recall), "recall": asdict(Interval.of(shares)),
            "p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3), "vectors": len(ids),
            "memory": chosen.memory, "date": datetime.now(UTC).date().isoformat(),
        }  # fmt: skip
    (opened.generation / "proof.json").write_json(proof)
    return proof


def within_memory(opened: Assembly, budget: int) -> dict[str, Code]:
    """Lane -> the largest profile whose codes fit together, originals on disk where they do not. UsageError if none."""
    from commonplace.profiles import OVERSAMPLING

    sizes = {lane: (opened.store.count(lane=lane), held.dim) for lane, held in opened.manifest.lanes.items()}
    if opened.manifest.store == "postgres":
        raise UsageError("a memory budget is for Qdrant; Postgres keeps its own. Use --profile half or binary.")
    for profile in PROFILES:
        code = Code(profile, OVERSAMPLING[profile])
        if sum(memory_of(n, dim, code) for n, dim in sizes.values()) <= budget:
            return dict.fromkeys(sizes, Code(profile, code.oversampling, on_disk=BITS[profile] < 16))
    least = sum(memory_of(n, dim, Code("binary")) for n, dim in sizes.values())
    raise UsageError(
        f"one bit a dimension needs {least >> 20} MiB, the budget is {budget >> 20} MiB. Fewer dimensions need less: "
        "`commonplace rebuild --dim N`, or `commonplace tune --memory`."
    )


# -- queries


def _queries(
    opened: Assembly, lane: str, ids: Sequence[str], questions: Sequence[Question], *, part: int
) -> tuple[Vectors, list[Question]]:
    """Vectors (q, d) of the user's questions, then of made ones; and those questions. Parts 0 and 1 share none."""
    order = random.Random(7).sample(list(ids), min(len(ids), 2 * QUERIES))
    chosen = order[part::2]
    found = [_made(chunk) for chunk in opened.records.chunks(chosen).values()]
    asked = [question for question in questions if question.query and question.gold]
    texts = [question.query for question in asked] + sorted({text for text in found if text})
    tower = opened.space.words if lane == "text" else opened.space.encoders["text"]
    return tower.encode(texts[: max(QUERIES, len(asked))], kind="query"), asked


def _made(chunk: Chunk) -> str:
    """What one might ask to find this chunk: what pages say of a picture, a sentence of a text."""
    said = next((text for mention in chunk.mentions for text in (mention.caption, mention.alt) if text), "")
    read = " ".join(word.text for word in chunk.words[:3])
    sentences = [part.strip() for part in chunk.text.replace("\n", ". ").split(". ") if len(part.split()) > 3]
    sentence = sentences[len(sentences) // 2] if sentences else ""
    return " ".join((said or sentence or " ".join(chunk.locator.headings[-1:]) or read).split()[:24])


def _right(opened: Assembly, ids: Sequence[str], questions: Sequence[Question]) -> list[frozenset[int]]:
    """Of each question, the rows of the chunks that answer it."""
    if not questions:
        return []
    sources = opened.records.sources(ids)
    return [frozenset(row for row, id in enumerate(ids) if question.answered_by(sources[id])) for question in questions]
