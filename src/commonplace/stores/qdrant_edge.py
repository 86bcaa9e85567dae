"""The embedded store: the Qdrant engine in this process, one folder on disk.

    store/schema.json       what the store was made for
    store/engine/           the engine's own files; its write-ahead log carries the lock
    store/engine-*/         a copy that is being indexed, and what it is about to replace
    store/statistics.npz    document frequencies; there only while nothing has been written since
    store/unindexed         there while something was written since the last index
    store/holder.json       who has it open

What the engine would do to us, and what is done about it here, is in docs/decisions/041-embedded-engine.md.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, Self

import qdrant_edge as qdrant

from commonplace.errors import (
    CollectionError,
    CorruptCollection,
    MissingCollection,
    NewerCollection,
    UsageError,
)
from commonplace.stores import checks, qdrant_requests
from commonplace.stores.guards import OPENING, RESERVE, bytes_in, copy_tree, engine_errors, refuse_full_disk
from commonplace.stores.points import Point, Schema
from commonplace.stores.qdrant import QdrantStore
from commonplace.stores.statistics import Statistics

FORMAT = 1

INDEX = """
import sys, qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
shard.optimize()
shard.flush()
shard.close()
"""


class QdrantEdgeStore(QdrantStore):
    """See `Store`. One process at a time; threads may share it, but take turns. Not to be used across a fork."""

    q = qdrant

    def __init__(self, folder: Path, schema: Schema, shard: qdrant.EdgeShard) -> None:
        super().__init__(schema)
        self._folder = folder
        self._shard: qdrant.EdgeShard | None = shard
        self._asking = threading.Lock()  # it holds the GIL in each call: turns cost nothing
        self._pid = os.getpid()
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
            shard = qdrant.EdgeShard.create(str(partial / "engine"), qdrant_requests.config(qdrant, schema))
            for field, index in qdrant_requests.payload_indexes(qdrant).items():
                shard.update(qdrant.UpdateOperation.create_field_index(field, index))
            shard.flush()  # a kill between a change of schema and a flush can leave what does not open again
            shard.close()
            Statistics().save(partial / "statistics.npz", census=[0] * (2 + len(schema.dims)))
            (partial / "schema.json").write_text(json.dumps({"format": FORMAT, **checks.dump_schema(schema)}))
            partial.rename(folder)
        return cls.open(folder, schema)

    @classmethod
    def open(cls, location: str | os.PathLike[str], schema: Schema) -> Self:
        """See `open_store`."""
        folder = Path(location)
        checks.check_same(f"the store in {folder}", _read_schema(folder), schema)
        put_away = (folder / "statistics.npz").exists()  # else opening finishes writes
        refuse_full_disk(folder, reserve=OPENING if put_away else RESERVE)
        engine, replaced = folder / "engine", folder / "engine-replaced"
        if not engine.exists() and replaced.exists():  # a kill between two renames
            replaced.rename(engine)
        with engine_errors(folder, opening=True):
            shard = qdrant.EdgeShard.load(str(engine))
            try:
                store = cls(folder, schema, shard)
            except BaseException:
                shard.close()
                raise
        for left in folder.glob("engine-*"):
            shutil.rmtree(left, ignore_errors=True)
        with suppress(OSError):
            holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": " ".join(sys.argv)[:200]}
            store._holder_file.write_text(json.dumps(holder))
        return store

    @classmethod
    def remove(cls, location: str | os.PathLike[str]) -> None:
        """See `remove_store`."""
        shutil.rmtree(location, ignore_errors=True)

    def optimize(self, *, complete: bool = False) -> None:
        with self._writing, engine_errors(self._folder):
            points, worth = self._live.info().points_count, qdrant_requests.worth_indexing(self.schema)
            # A step indexes everything anew; one at each half of growth keeps all of them near three full builds.
            due = self._unindexed >= max(worth, (points - self._unindexed) // 2)
            behind = points >= worth and self._unindexed_file.exists()
            if due or (complete and (behind or self._dead > points // 5)):
                refuse_full_disk(self._folder, 2 * bytes_in(self._folder))
                if points >= worth:
                    self._index_apart()
                elif self._live.optimize():
                    self.flush()  # so that the log, and what a restart replays, stay short
                self._unindexed = self._dead = 0
                self._unindexed_file.unlink(missing_ok=True)

    def _index_apart(self) -> None:
        """On a copy, in a process of its own: the engine would hold the GIL for as long as it builds a graph, minutes.
        Searches go on meanwhile, and what is interrupted leaves all as it was."""
        self.flush()
        engine, replaced = self._folder / "engine", self._folder / "engine-replaced"
        copy = self._folder / f"engine-{os.getpid()}"  # of a killed process another one may still be at work
        try:
            copy_tree(engine, copy)
            command = [sys.executable, "-c", INDEX, str(copy)]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
                try:
                    _, said = process.communicate()
                except BaseException:
                    process.kill()  # before the copy that it writes into is removed
                    process.wait()
                    raise
            if (code := process.returncode) != 0:
                killed = f"its process was killed by signal {-code}; memory or disk may be full"
                raise OSError(said.strip().rpartition("\n")[2] if code > 0 else killed)
            with self._asking:
                shard, self._shard = self._live, None
                shard.close()
                engine.rename(replaced)
                copy.rename(engine)
                self._shard = qdrant.EdgeShard.load(str(engine))
            shutil.rmtree(replaced, ignore_errors=True)
        finally:
            shutil.rmtree(copy, ignore_errors=True)

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
    def _unindexed_file(self) -> Path:
        return self._folder / "unindexed"

    @property
    def _holder_file(self) -> Path:
        return self._folder / "holder.json"

    def _errors(self) -> AbstractContextManager[None]:
        return engine_errors(self._folder)

    def _update(self, points: Sequence[Point], gone: Sequence[int], replaced: int) -> None:
        refuse_full_disk(self._folder, 4 * (sum(map(_size, points)) + 64 * len(gone)))
        self._statistics_file.unlink(missing_ok=True)
        self._unindexed_file.touch()
        operation = (
            qdrant.UpdateOperation.delete_points(list(gone))
            if gone
            else qdrant.UpdateOperation.upsert_points([qdrant_requests.point(qdrant, point) for point in points])
        )
        try:
            self._live.update(operation)
        except BaseException:
            self._failed = True  # the engine may have written a part now, and finish from its log at the next opening
            raise
        self._dead += replaced
        self._unindexed += len(points)

    def _query(self, request: Any) -> list[Any]:
        with self._asking:
            return self._live.query(request)

    def _scroll(self, request: Any) -> tuple[list[Any], Any]:
        with self._asking:
            return self._live.scroll(request)

    def _count(self, request: Any) -> int:
        with self._asking:
            return int(self._live.count(request))

    def _retrieve(self, numbers: Sequence[int], lane: str) -> list[Any]:
        with self._asking:
            return self._live.retrieve(list(numbers), with_payload=False, with_vector=[lane])


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
        return checks.load_schema(found)
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


def _size(point: Point) -> int:
    texts = sum(map(len, point.tags)) + sum(map(len, point.identifiers))
    return sum(vector.nbytes for vector in point.vectors.values()) + 16 * len(point.terms) + 4 * texts + 256
