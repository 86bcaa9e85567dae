"""The embedded store: the Qdrant engine in this process, one folder on disk.

    store/schema.json       what the store was made for
    store/engine/           the engine's own files; its write-ahead log carries the lock
    store/statistics.npz    document frequencies; there only while nothing has been written since
    store/holder.json       who has it open

What the engine would do to us, and what is done about it here, is in docs/decisions/041-embedded-engine.md.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import sys
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import qdrant_edge as qdrant

from commonplace.errors import (
    CollectionError,
    CorruptCollection,
    MissingCollection,
    NewerCollection,
    SpaceMismatch,
    UsageError,
)
from commonplace.stores import checks, qdrant_requests
from commonplace.stores.base import Point, Schema, Scored, Store
from commonplace.stores.filters import Filter, storable
from commonplace.stores.guards import OPENING, RESERVE, bytes_in, engine_errors, refuse_full_disk
from commonplace.stores.statistics import Statistics
from commonplace.types import Vectors

FORMAT = 1
STEP = 512
"""Points a call hands to the engine: it holds the GIL throughout, so no call may be long."""
PAGE = 4096
"""Points a scroll reads at a time, and the most that are looked at to complete a group of ties."""
SPARE = 8


class QdrantEdgeStore(Store):
    """See `Store`. One process at a time; threads may share it, but take turns. Not to be used across a fork."""

    def __init__(self, folder: Path, schema: Schema, shard: qdrant.EdgeShard) -> None:
        self.schema = schema
        self._folder = folder
        self._shard: qdrant.EdgeShard | None = shard
        self._pid = os.getpid()
        self._writing = threading.RLock()
        self._unindexed = self._dead = 0
        self._failed = False
        self._statistics = Statistics.load(self._statistics_file, self._census())
        _OPEN.add(self)

    @classmethod
    def create(cls, location: str | os.PathLike[str], schema: Schema) -> Self:
        """See `create_store`. The folder is made beside its place and moved there when it is whole."""
        checks.check_schema(schema)
        folder = Path(location)
        if folder.exists():
            raise UsageError(
                f"cannot create a store in {folder}: something is there. Open it, or choose another place."
            )
        partial = folder.with_name(folder.name + ".partial")
        with engine_errors(folder):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            refuse_full_disk(partial)
            shard = qdrant.EdgeShard.create(str(partial / "engine"), qdrant_requests.config(schema))
            for operation in qdrant_requests.payload_indexes():
                shard.update(operation)
            shard.flush()  # a kill between a change of schema and a flush can leave what does not open again
            shard.close()
            Statistics().save(partial / "statistics.npz", census=[0] * (2 + len(schema.dims)))
            (partial / "schema.json").write_text(json.dumps({"format": FORMAT, "dims": dict(schema.dims)}))
            partial.rename(folder)
        return cls.open(folder, schema)

    @classmethod
    def open(cls, location: str | os.PathLike[str], schema: Schema) -> Self:
        """See `open_store`."""
        folder = Path(location)
        found = _read_schema(folder)
        if dict(found.dims) != dict(schema.dims):
            raise SpaceMismatch(
                f"the store in {folder} was made for {dict(found.dims)} (lane: dimension), asked for: "
                f"{dict(schema.dims)}. Open it with the encoders it was made with, or make a new collection."
            )
        put_away = (folder / "statistics.npz").exists()  # else opening finishes writes
        refuse_full_disk(folder, reserve=OPENING if put_away else RESERVE)
        with engine_errors(folder, opening=True):
            shard = qdrant.EdgeShard.load(str(folder / "engine"))
            try:
                store = cls(folder, found, shard)
            except BaseException:
                shard.close()
                raise
        with suppress(OSError):
            holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": " ".join(sys.argv)[:200]}
            store._holder_file.write_text(json.dumps(holder))
        return store

    def upsert(self, points: Sequence[Point]) -> None:
        checks.check_points(self.schema, points)
        latest = list({point.id: point for point in points}.values())
        for start in range(0, len(latest), STEP):
            batch = latest[start : start + STEP]
            self._write(
                [checks.number_of(point.id) for point in batch],
                qdrant_requests.upsert(batch),
                added=[point.terms.keys() for point in batch],
                size=sum(_size(point) for point in batch),
            )
            self._unindexed += len(batch)

    def delete(self, ids: Iterable[str]) -> None:
        numbers = iter([checks.number_of(chunk_id) for chunk_id in ids])
        while batch := list(islice(numbers, STEP)):
            self._write(batch, qdrant_requests.delete(batch), added=[], size=len(batch) * 64)

    def dense(
        self, lane: str, query: Vectors, k: int, *, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        checks.check_query(self.schema, lane, query, k)
        query = np.asarray(query, np.float32)
        found = self._top(lambda limit: qdrant_requests.dense(lane, query, limit, where, exact=exact), k)
        return [Scored(hit.id, min(1.0, max(-1.0, hit.score))) for hit in found]

    def sparse(self, terms: Mapping[int, float], k: int, *, where: Filter | None = None) -> list[Scored]:
        checks.check_terms_query(terms, k)
        weights = self._counted().weigh(terms)
        return self._top(lambda limit: qdrant_requests.sparse(weights, limit, where), k) if weights else []

    def matching(self, identifiers: Iterable[str], k: int, *, where: Filter | None = None) -> dict[str, set[str]]:
        checks.check_k(k)
        wanted = sorted({identifier for identifier in identifiers if storable(identifier)})  # no chunk holds others
        if not wanted:
            return {}
        with engine_errors(self._folder):
            records: list[Any] = self._live.scroll(qdrant_requests.holding(wanted, k + 1, where))[0]
            if len(records) > k:  # then those with most of them, level by level
                records = []
                for exactly in range(len(wanted), 0, -1):
                    request = qdrant_requests.holding(wanted, k - len(records), where, exactly=exactly)
                    records += self._live.scroll(request)[0]
                    if len(records) == k:
                        break
        held = {checks.id_of(record.id): set(wanted).intersection(_identifiers(record)) for record in records}
        return dict(sorted(held.items(), key=lambda item: (-len(item[1]), item[0])))

    def count(self, where: Filter | None = None) -> int:
        with engine_errors(self._folder):
            return int(self._live.count(qdrant_requests.count(where)))

    def ids(self) -> Iterator[str]:
        for record in self._scroll(with_vector=False):
            yield checks.id_of(record.id)

    def vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        checks.check_lane(self.schema, lane)
        found: dict[str, Vectors] = {}
        numbers = iter([checks.number_of(chunk_id) for chunk_id in ids])
        while batch := list(islice(numbers, STEP)):
            with engine_errors(self._folder):
                for record in self._retrieve(batch, lane):
                    if lane in record.vector:
                        found[checks.id_of(record.id)] = np.asarray(record.vector[lane], np.float32)
        return found

    def optimize(self, *, complete: bool = False) -> None:
        with self._writing, engine_errors(self._folder):
            points, worth = self._live.info().points_count, qdrant_requests.worth_indexing(self.schema)
            # A step indexes everything anew; one at each half of growth keeps all of them near three full builds.
            due = self._unindexed >= max(worth, (points - self._unindexed) // 2)
            if due or (complete and (points >= worth or self._dead > points // 5)):
                refuse_full_disk(self._folder, bytes_in(self._folder))
                changed = self._live.optimize()
                self._unindexed = self._dead = 0
                if changed:
                    self.flush()  # so that the log, and what a restart replays, stay short

    def flush(self) -> None:
        with self._writing, engine_errors(self._folder):
            self._live.flush()
            if self._failed:
                return  # without the file they are counted again
            with suppress(OSError):
                self._counted().save(self._statistics_file, self._census())

    def close(self) -> None:
        if self._shard is None or os.getpid() != self._pid:
            return
        with self._writing:
            try:
                if not self._statistics_file.exists():  # something was written
                    self.flush()
            finally:
                shard, self._shard = self._shard, None
                shard.close()
                self._holder_file.unlink(missing_ok=True)

    @property
    def _live(self) -> qdrant.EdgeShard:
        if os.getpid() != self._pid:
            raise CollectionError(
                f"the store in {self._folder} was opened by process {self._pid} and is used in its fork {os.getpid()}; "
                "the engine's threads did not come along. Open it after the fork, or start processes with 'spawn'."
            )
        if self._shard is None:
            raise CollectionError(f"the store in {self._folder} is closed. Open it again to use it.")
        return self._shard

    @property
    def _statistics_file(self) -> Path:
        return self._folder / "statistics.npz"

    @property
    def _holder_file(self) -> Path:
        return self._folder / "holder.json"

    def _write(
        self, numbers: Sequence[int], operation: qdrant.UpdateOperation, added: Sequence[Collection[int]], size: int
    ) -> None:
        """One engine call, and the statistics kept true to it."""
        with self._writing, engine_errors(self._folder):
            refuse_full_disk(self._folder, 4 * size)
            statistics = self._counted()
            replaced = self._retrieve(numbers, qdrant_requests.SPARSE)
            self._statistics_file.unlink(missing_ok=True)
            try:
                self._live.update(operation)
            except BaseException:
                # The engine may have written a part now, and finish from its log at the next opening.
                self._statistics, self._failed = None, True
                raise
            self._dead += len(replaced)
            statistics.remove(_terms(record) for record in replaced)
            statistics.add(added)

    def _census(self) -> list[int]:
        """How many chunks there are, and how many have words and each dense lane."""
        return [int(self._live.count(request)) for request in qdrant_requests.census(self.schema)]

    def _counted(self) -> Statistics:
        with self._writing:
            if self._statistics is None:
                statistics = Statistics()
                statistics.add(_terms(record) for record in self._scroll(with_vector=[qdrant_requests.SPARSE]))
                self._statistics = statistics
            return self._statistics

    def _top(self, request: Callable[[int], qdrant.QueryRequest], k: int) -> list[Scored]:
        """The engine returns equal scores in any order: look behind the cut until its group of ties is whole."""
        limit = k + SPARE
        with engine_errors(self._folder):
            hits: list[Any] = self._live.query(request(limit))
            while len(hits) == limit < PAGE and hits[k - 1].score == hits[-1].score:
                limit *= 8
                hits = self._live.query(request(limit))
        found = [Scored(checks.id_of(hit.id), hit.score) for hit in hits]
        return sorted(found, key=lambda hit: (-hit.score, hit.id))[:k]

    def _retrieve(self, numbers: Sequence[int], lane: str) -> list[Any]:
        return list(self._live.retrieve(list(numbers), with_payload=False, with_vector=[lane]))

    def _scroll(self, with_vector: bool | list[str]) -> Iterator[Any]:
        offset = None
        while True:
            request = qdrant.ScrollRequest(offset=offset, limit=PAGE, with_payload=False, with_vector=with_vector)
            with engine_errors(self._folder):
                records, offset = self._live.scroll(request)
            yield from records
            if offset is None:
                return


_OPEN: weakref.WeakSet[QdrantEdgeStore] = weakref.WeakSet()


def _leak_in_fork() -> None:
    """A shard writes its buffers out when it is dropped: dropped at the end of a fork, it would write old ones over
    what its parent has written since. So a fork keeps it for ever."""
    for store in _OPEN:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(store._shard))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leak_in_fork)


def _read_schema(folder: Path) -> Schema:
    try:
        found = json.loads((folder / "schema.json").read_text())
        if found["format"] > FORMAT:
            raise NewerCollection(
                f"the store in {folder} has format {found['format']}, this version reads up to {FORMAT}. "
                "Upgrade: pip install --upgrade commonplace"
            )
        return Schema({str(lane): int(dim) for lane, dim in found["dims"].items()})
    except FileNotFoundError:
        if not folder.exists():
            raise MissingCollection(f"no store in {folder}. `commonplace add` makes one.") from None
        raise CorruptCollection(
            f"{folder} is no whole store: schema.json is missing. Remove it and add again."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptCollection(
            f"schema.json of the store in {folder} is damaged ({error}). Remove the store and add again."
        ) from None


def _terms(record: Any) -> Collection[int]:
    sparse = record.vector.get(qdrant_requests.SPARSE)
    return sparse.indices if sparse is not None else ()


def _identifiers(record: Any) -> list[str]:
    return list(record.payload[qdrant_requests.IDENTIFIERS])


def _size(point: Point) -> int:
    texts = sum(map(len, point.tags)) + sum(map(len, point.identifiers))
    return sum(vector.nbytes for vector in point.vectors.values()) + 16 * len(point.terms) + 4 * texts + 256
