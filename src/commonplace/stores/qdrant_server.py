"""A Qdrant server or cluster: `qdrant://host:6333/collection`, `qdrants://` with TLS, over gRPC.

    ?grpc_port=6334&timeout=30                     seconds
    ?shards=4&replicas=2&write_consistency=1       of a new collection
    ?consistency=majority                          of reads: all, quorum, majority or a number of replicas
    ?statistics=FILE                               where document frequencies are kept between openings

The key is the password of the URL: `qdrants://:KEY@host/collection`. Requests are those of the embedded engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self, TypeVar

from commonplace.errors import CollectionError, CommonplaceError, MissingCollection, NewerCollection, UsageError
from commonplace.lazy import require
from commonplace.stores import checks, qdrant_requests
from commonplace.stores.networked import Location, persistently
from commonplace.stores.points import Point, Schema
from commonplace.stores.qdrant import QdrantStore
from commonplace.stores.statistics import Statistics

T = TypeVar("T")

FORMAT = 1
NUMBERS = {
    "shards": "shard_number",
    "replicas": "replication_factor",
    "write_consistency": "write_consistency_factor",
}
WHOLE = frozenset({"grpc_port", "timeout", *NUMBERS})
OPTIONS = WHOLE | {"consistency", "statistics"}


class QdrantServerStore(QdrantStore):
    """See `Store`. Processes may share it; each counts document frequencies for itself, once and by its own writes."""

    def __init__(self, location: Location, schema: Schema, client: Any) -> None:
        super().__init__(schema)
        self.q = vocabulary()
        self._location, self._client, self._name = location, client, location.name
        file = location.options.get("statistics")
        self._file = Path(file) if file else None
        consistency = location.options.get("consistency")
        number = int(consistency) if consistency and consistency.isdigit() else consistency
        self._reading = {"consistency": number} if number else {}
        if self._file is not None and self._file.exists():
            self._statistics = Statistics.load(self._file, None)
            if self._statistics is not None and self._statistics.census != self._census():
                self._statistics = None  # somebody else has written: they are counted anew

    @classmethod
    def create(cls, location: str, schema: Schema) -> Self:
        """See `create_store`."""
        checks.check_schema(schema)
        place, q = _parse(location), vocabulary()
        with _errors(place), _closing(connect(place)) as client:
            if client.collection_exists(place.name):
                raise UsageError(
                    f"cannot create a store in {place.url}: something is there. Open it, or choose another name."
                )
            made, wanted = qdrant_requests.config(q, schema), place.options
            client.create_collection(
                place.name, **made, **{theirs: int(wanted[ours]) for ours, theirs in NUMBERS.items() if ours in wanted},
                metadata={"commonplace": FORMAT, **checks.dump_schema(schema)},
            )  # fmt: skip
        return cls.open(location, schema)

    @classmethod
    def open(cls, location: str, schema: Schema) -> Self:
        """See `open_store`."""
        place = _parse(location)
        with _errors(place):
            client = connect(place)
            try:
                if not client.collection_exists(place.name):
                    raise MissingCollection(f"no store in {place.url}. `commonplace add` makes one.")
                info = client.get_collection(place.name)
                held = info.config.metadata or {}
                if "commonplace" not in held:
                    raise UsageError(f"{place.url} was not made by commonplace. Choose another name in the URL.")
                if held["commonplace"] > FORMAT:
                    raise NewerCollection(
                        f"the store in {place.url} has format {held['commonplace']}, this version reads up to "
                        f"{FORMAT}. Upgrade: pip install --upgrade commonplace"
                    )
                checks.check_same(f"the store in {place.url}", checks.load_schema(held), schema)
                for field, index in qdrant_requests.payload_indexes(vocabulary()).items():
                    if field not in info.payload_schema:  # a new one, or one whose creation was cut short
                        client.create_payload_index(place.name, field, index, wait=True)
                return cls(place, schema, client)
            except BaseException:
                client.close()
                raise

    @classmethod
    def remove(cls, location: str) -> None:
        """See `remove_store`."""
        place = _parse(location)
        with _errors(place), _closing(connect(place)) as client:
            client.delete_collection(place.name)

    def optimize(self, *, complete: bool = False) -> None:
        """The server indexes by itself, in the background."""

    def flush(self) -> None:
        """Every write was acknowledged from the server's log."""
        if self._file is not None and self._client is not None:
            with self._errors():
                self._counted().save(self._file, self._census())

    def close(self) -> None:
        if self._client is None:
            return
        try:
            self.flush()
        finally:
            client, self._client = self._client, None
            client.close()

    # -- how a request travels

    def _errors(self) -> AbstractContextManager[None]:
        return _errors(self._location)

    def _update(self, points: Sequence[Point], gone: Sequence[int], replaced: int) -> None:  # noqa: ARG002
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        if gone:
            self._call(lambda client: client.delete(self._name, points_selector=list(gone), wait=True))
        elif points:
            made = [qdrant_requests.point(self.q, point) for point in points]
            self._call(lambda client: client.upsert(self._name, points=made, wait=True))

    def _query(self, request: Any) -> list[Any]:
        return list(self._call(lambda client: client.query_points(self._name, **request, **self._reading)).points)

    def _scroll(self, request: Any) -> tuple[list[Any], Any]:
        records, offset = self._call(lambda client: client.scroll(self._name, **request, **self._reading))
        return records, offset

    def _count(self, request: Any) -> int:
        return int(self._call(lambda client: client.count(self._name, **request)).count)

    def _retrieve(self, numbers: Sequence[int], lane: str) -> list[Any]:
        return list(
            self._call(
                lambda client: client.retrieve(
                    self._name, list(numbers), with_payload=False, with_vectors=[lane], **self._reading
                )
            )
        )

    def _call(self, act: Callable[[Any], T]) -> T:
        if self._client is None:
            raise CollectionError(f"the store in {self._location.url} is closed. Open it again to use it.")
        return persistently(lambda: act(self._client), _is_transient)


def connect(location: Location) -> Any:
    """The client of a server; tests put qdrant-client's local mode in its place."""
    port = int(location.options.get("grpc_port", 6334))
    return require("qdrant_client", extra="qdrant").QdrantClient(
        host=location.host or "localhost", port=location.port or 6333, grpc_port=port, prefer_grpc=True,
        https=location.url.startswith("qdrants:"), api_key=location.secret or None,
        timeout=int(location.options.get("timeout", 30)), check_compatibility=False,
    )  # fmt: skip


def vocabulary() -> Any:
    """The client's models under the words of the embedded engine, as far as `qdrant_requests` uses them."""
    m = require("qdrant_client.models", extra="qdrant")

    def names(enum: Any) -> SimpleNamespace:
        return SimpleNamespace(**{each.name.replace("_", "").lower(): each for each in enum})

    memory, bits, types, distance = map(names, (m.Memory, m.TurboQuantBitSize, m.Datatype, m.Distance))
    return SimpleNamespace(
        Memory=SimpleNamespace(Cold=memory.cold, Cached=memory.cached, Pinned=memory.pinned),
        TurboQuantBitSize=SimpleNamespace(Bits1=bits.bits1, Bits2=bits.bits2, Bits8=bits.bits8),
        VectorStorageDatatype=SimpleNamespace(Float16=types.float16, Float32=types.float32),
        Distance=SimpleNamespace(Cosine=distance.cosine),
        TurboQuantQuantizationConfig=lambda **of: m.TurboQuantization(turbo=m.TurboQuantQuantizationConfig(**of)),
        EdgeVectorParams=lambda size, distance, **of: m.VectorParams(size=size, distance=distance, **of),
        EdgeSparseVectorParams=m.SparseVectorParams,
        HnswIndexConfig=m.HnswConfigDiff,
        # How many segments there are, and when a new one is indexed, is the server's own affair.
        EdgeOptimizersConfig=lambda **_: None,
        EdgeConfig=lambda vectors, sparse_vectors, hnsw_config, **_: {
            "vectors_config": vectors, "sparse_vectors_config": sparse_vectors, "hnsw_config": hnsw_config,
        },
        KeywordIndexParams=lambda: m.KeywordIndexParams(type="keyword"),
        IntegerIndexParams=lambda **of: m.IntegerIndexParams(type="integer", **of),
        Query=SimpleNamespace(Nearest=lambda query, using: {"query": query, "using": using}),
        QueryRequest=lambda limit, query, filter, params=None: {
            "limit": limit, **query, "query_filter": filter, "search_params": params, "with_payload": False,
        },
        ScrollRequest=lambda filter=None, with_vector=False, **of: {
            "scroll_filter": filter, "with_vectors": with_vector, **of,
        },
        CountRequest=lambda exact, filter: {"exact": exact, "count_filter": filter},
        SearchParams=m.SearchParams, QuantizationSearchParams=m.QuantizationSearchParams,
        AcornSearchParams=m.AcornSearchParams, Filter=m.Filter,
        FieldCondition=lambda key, **of: m.FieldCondition(key=key, **of),
        MatchValue=lambda value: m.MatchValue(value=value), MatchAny=lambda any: m.MatchAny(any=any),
        MinShould=lambda conditions, least: m.MinShould(conditions=conditions, min_count=least),
        RangeFloat=m.Range, IsEmptyCondition=lambda key: m.IsEmptyCondition(is_empty=m.PayloadField(key=key)),
        HasVectorCondition=lambda lane: m.HasVectorCondition(has_vector=lane),
        SparseVector=lambda indices, values: m.SparseVector(indices=indices, values=values),
        Point=lambda id, vectors, payload: m.PointStruct(
            id=id, payload=payload,
            vector={lane: v if isinstance(v, m.SparseVector) else v.tolist() for lane, v in vectors.items()},
        ),
    )  # fmt: skip


def _parse(location: str) -> Location:
    place = Location.parse(str(location), OPTIONS)
    if not place.name or "/" in place.name:
        raise UsageError(f"{place.url} names no collection; expected qdrant://host:6333/name")
    for name in WHOLE & place.options.keys():
        if not place.options[name].isdecimal():
            raise UsageError(f"{name}={place.options[name]!r} in {place.url}; expected a whole number.")
    consistency = place.options.get("consistency", "all")
    if consistency not in ("all", "quorum", "majority") and not consistency.isdecimal():
        raise UsageError(f"consistency={consistency!r} in {place.url}; expected all, quorum, majority or a number.")
    return place


@contextmanager
def _closing(client: Any) -> Iterator[Any]:
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _errors(location: Location) -> Iterator[None]:
    """What the client raises, as one of our errors with the next step."""
    try:
        yield
    except (CommonplaceError, OSError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        next_step = (
            "Check that it runs and can be reached, then run it again; what was added before is safe."
            if _is_transient(error)
            else "Check the URL and its key; if it stays, run `commonplace doctor`."
        )
        raise CollectionError(f"Qdrant at {location.url} failed: {said}. {next_step}") from error


def _is_transient(error: Exception) -> bool:
    """The connection broke or the server is busy; by name, as gRPC and HTTP each have their own classes."""
    code = getattr(error, "code", None)
    status = getattr(code() if callable(code) else None, "name", "")
    http = getattr(error, "status_code", None) or 0
    return (
        status in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED")
        or http == 429
        or http >= 500
        or type(error).__name__ in ("ResponseHandlingException", "ResourceExhaustedResponse")
    )
