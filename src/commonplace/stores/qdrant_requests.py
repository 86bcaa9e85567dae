"""How our points, queries and filters look to Qdrant: the one place that says so.

`q` is the vocabulary that they are written in: the embedded engine's own module, or the client's, which
`qdrant_server` gives the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from commonplace.profiles import Code
from commonplace.stores.checks import number_of
from commonplace.stores.filters import And, Eq, Exists, Filter, In, Not, Or, Range, SourceGlob, unresolved
from commonplace.stores.points import Point, Schema
from commonplace.types import Vectors

SPARSE = "bm25"
IDENTIFIERS = "identifiers"
M, EF_CONSTRUCT = 16, 128
SCAN_KB, INDEX_KB = 30_000, 10_000
"""Where a segment, or what a filter leaves of it, has fewer kilobytes of vectors than SCAN_KB, all are compared:
exactly, in at most 1.5 ms (4 behind a filter), and without a graph to build. INDEX_KB is what a segment grows to beside
an indexed one."""
ACORN_BELOW = 0.5
"""Measured: 0.9945 of the true top 10 of 72k sentences. Where a filter lets less than half pass, the graph falls apart
(0.81 at 20 %); ACORN looks past the gaps (arXiv 2403.04871): 1.00 at five times the cost."""


def vector_params(q: Any, lane: str, schema: Schema) -> Any:
    """Every vector is named from the start: adding one later to a store of several segments can break it."""
    # TurboQuant turns the vectors before it cuts them: what repairs the few bits of pictures' vectors, whose mean is
    # far from zero, and costs those of texts nothing (docs/decisions/081).
    dim, code = schema.dims[lane], schema.code(lane)
    bits = {"int8": "Bits8", "compact": "Bits2", "binary": "Bits1"}.get(code.profile)
    quantised = bits and q.TurboQuantQuantizationConfig(bits=getattr(q.TurboQuantBitSize, bits), memory=q.Memory.Pinned)
    return q.EdgeVectorParams(
        dim,
        q.Distance.Cosine,
        datatype=q.VectorStorageDatatype.Float16 if code.profile == "half" else q.VectorStorageDatatype.Float32,
        quantization_config=quantised,
        hnsw_config=hnsw(q, schema, 0 if code.ef == 0 else M),
        memory=q.Memory.Cold if code.on_disk else q.Memory.Cached,
    )


def hnsw(q: Any, schema: Schema, m: int = M) -> Any:
    return q.HnswIndexConfig(m=m, ef_construct=EF_CONSTRUCT, full_scan_threshold=schema.compared_kb or SCAN_KB)


def config(q: Any, schema: Schema) -> Any:
    return q.EdgeConfig(
        vectors={lane: vector_params(q, lane, schema) for lane in schema.dims},
        # No IDF modifier: the engine's IDF counts deleted chunks. Query weights come with ours.
        sparse_vectors={SPARSE: q.EdgeSparseVectorParams()},
        hnsw_config=hnsw(q, schema),
        # One segment with an index and one that takes writes: every further one adds its search to each query.
        optimizers=q.EdgeOptimizersConfig(default_segment_number=2, indexing_threshold=schema.compared_kb or INDEX_KB),
        wal_enabled=True,  # also what keeps a second process out
    )


def worth_indexing(schema: Schema) -> int:
    """Points from which on an index is faster than comparing all."""
    return (schema.compared_kb or SCAN_KB) * 1024 // (4 * max(schema.dims.values(), default=1))


def payload_indexes(q: Any) -> dict[str, Any]:
    """Field -> its index."""
    keyword, integer = q.KeywordIndexParams, q.IntegerIndexParams
    return {
        "document": integer(lookup=True, range=False),
        "modality": keyword(),
        "tags": keyword(),
        "date": integer(lookup=False, range=True),
        IDENTIFIERS: keyword(),
    }


def dense(q: Any, lane: str, query: Vectors, limit: int, where: Filter | None, code: Code, *, exact: bool) -> Any:
    coded = code.profile not in ("float", "half")
    # Left out, rescoring does not happen: it is always said.
    rescored = q.QuantizationSearchParams(ignore=exact, rescore=True, oversampling=float(code.oversampling))
    return q.QueryRequest(
        limit=limit,
        query=q.Query.Nearest(query.tolist(), using=lane),
        filter=condition(q, where),
        params=q.SearchParams(
            exact=exact,
            hnsw_ef=max(limit, code.ef),
            quantization=rescored if coded else None,
            acorn=q.AcornSearchParams(enable=where is not None, max_selectivity=ACORN_BELOW),
        ),
    )


def sparse(q: Any, weights: Mapping[int, float], limit: int, where: Filter | None) -> Any:
    return q.QueryRequest(
        limit=limit,
        query=q.Query.Nearest(q.SparseVector(list(weights), list(weights.values())), using=SPARSE),
        filter=condition(q, where),
    )


def holding(q: Any, identifiers: Sequence[str], limit: int, where: Filter | None, *, exactly: int | None = None) -> Any:
    """Chunks, by id, that hold any of the identifiers, or exactly so many of them."""
    must: list[Any] = [] if where is None else [_condition(q, where)]
    must_not: list[Any] = []
    if exactly is None:
        must += [q.FieldCondition(IDENTIFIERS, match=q.MatchAny(list(identifiers)))]
    else:
        each = [q.FieldCondition(IDENTIFIERS, match=q.MatchValue(identifier)) for identifier in identifiers]
        must += [q.Filter(min_should=q.MinShould(each, exactly))]
        must_not += [q.Filter(min_should=q.MinShould(each, exactly + 1))]
    return q.ScrollRequest(
        limit=limit, filter=q.Filter(must=must, must_not=must_not), with_payload=[IDENTIFIERS], with_vector=False
    )


def count(q: Any, where: Filter | None, lane: str | None = None) -> Any:
    must = [] if lane is None else [q.Filter(must=[q.HasVectorCondition(lane)])]
    must += [] if where is None else [_condition(q, where)]
    return q.CountRequest(exact=True, filter=q.Filter(must=must) if must else None)


def condition(q: Any, where: Filter | None) -> Any:
    """A filter of Qdrant. Raises FilterError for a source glob, which only a collection can resolve."""
    return None if where is None else _condition(q, where)


def _condition(q: Any, where: Filter) -> Any:
    match where:
        case Eq(field, value):
            return q.Filter(must=[q.FieldCondition(field, match=q.MatchValue(value))])
        case In(field, values):
            return q.Filter(must=[q.FieldCondition(field, match=q.MatchAny(list(values)))])
        case Range(field, low, high):
            return q.Filter(must=[q.FieldCondition(field, range=q.RangeFloat(gte=low, lt=high))])
        case Exists(field):
            return q.Filter(must_not=[q.IsEmptyCondition(field)])
        case And(parts):
            return q.Filter(must=[_condition(q, part) for part in parts])
        case Or(parts):
            return q.Filter(should=[_condition(q, part) for part in parts])
        case Not(part):
            return q.Filter(must_not=[_condition(q, part)])
        case SourceGlob():
            raise unresolved(where)


def point(q: Any, point: Point) -> Any:
    # An empty sparse vector would count as one, an empty array not as missing: what is not there is left out.
    vectors: dict[str, Any] = dict(point.vectors)
    if point.terms:
        vectors[SPARSE] = q.SparseVector(list(point.terms), list(point.terms.values()))
    payload: dict[str, int | str | list[str]] = {"document": point.document, "modality": point.modality}
    if point.tags:
        payload["tags"] = list(point.tags)
    if point.identifiers:
        payload[IDENTIFIERS] = list(point.identifiers)
    if point.date is not None:
        payload["date"] = point.date
    return q.Point(number_of(point.id), vectors, payload)
