"""What the tests run in processes of their own: `python scripts.py ROLE FOLDER ...`, one line of output per event."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from commonplace.errors import CommonplaceError
from commonplace.stores import create_store, open_store, qdrant_requests
from commonplace.stores.base import Store
from commonplace.stores.filters import Eq
from commonplace.stores.guards import copy_tree
from commonplace.stores.points import Point, Schema
from commonplace.stores.qdrant_edge import QdrantEdgeStore

DIM = 32
SCHEMA = Schema({"text": DIM})
WIDE = Schema({"text": 768})
BATCH = 25
CYCLE = 2_000
"""Points the writer goes round and round on, so that it replaces as well as adds."""


def point(number: int, batch: int) -> Point:
    """Chunk `number` as batch `batch` writes it."""
    vector = np.random.default_rng([number, batch]).standard_normal(DIM)
    return Point(
        f"{number:016x}",
        document=batch,
        modality="text",
        vectors={"text": (vector / np.linalg.norm(vector)).astype(np.float32)},
        terms={1: 1.0, 10 + batch % 50: 1.0},
        tags=("all",),
    )


def numbers(batch: int) -> list[int]:
    return [(batch * BATCH + i) % CYCLE for i in range(BATCH)]


def write(folder: Path, first: str) -> None:
    """Batches from `first` on, each acknowledged by a line, until killed; indexes are rebuilt all the while."""
    qdrant_requests.SCAN_KB = 10
    with open_store("qdrant-edge", folder, SCHEMA) as store:
        batch = int(first)
        while True:
            store.upsert([point(number, batch) for number in numbers(batch)])
            print(batch, flush=True)
            batch += 1
            if batch % 7 == 0:
                store.optimize(complete=True)
            if batch % 40 == 0:
                store.flush()


def fork(folder: Path) -> None:
    """A fork uses the store and ends, its parent writes on."""
    warnings.simplefilter("ignore")  # of Python 3.12: forking with threads, which is the point
    store = open_store("qdrant-edge", folder, SCHEMA)
    store.upsert([point(n, 0) for n in range(100)])
    ready, go = os.pipe()
    if (child := os.fork()) == 0:
        os.read(ready, 1)
        _report(store.count)
        store.close()
        sys.exit()
    store.upsert([point(n, 1) for n in range(50, 200)])
    store.delete([f"{n:016x}" for n in range(10)])
    os.write(go, b".")
    print("ended with", os.waitpid(child, 0)[1])
    store.upsert([point(n, 2) for n in range(200, 300)])
    store.close()


def fill(folder: Path, limit: str) -> None:
    """Write until an error; with `limit`, no file made after the first points may grow beyond so many bytes."""
    store = create_store("qdrant-edge", folder, WIDE)
    vectors = np.eye(WIDE.dims["text"], dtype=np.float32)
    written = 0

    def until_full() -> None:
        nonlocal written
        while written < 40_000:
            numbers = range(written, written + 200)
            store.upsert([Point(f"{n:016x}", 1, "text", {"text": vectors[n % len(vectors)]}) for n in numbers])
            written += 200
            if int(limit):
                resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))

    _report(until_full)
    print("written", written, "of which found", store.count())
    _report(store.close)


def damage(folder: Path, seed: str, cases: str) -> None:
    """Truncate, empty or remove one file of a closed store at a time; what opens must be whole."""
    randomness = random.Random(int(seed))
    qdrant_requests.SCAN_KB = qdrant_requests.INDEX_KB = 10
    whole = folder.with_name("whole")
    with create_store("qdrant-edge", whole, SCHEMA) as store:
        store.upsert([point(n, 0) for n in range(400)])
        store.optimize(complete=True)
        store.upsert([point(n, 1) for n in range(400, 450)])
    for case in range(int(cases)):
        shutil.rmtree(folder, ignore_errors=True)
        copy_tree(whole, folder)
        files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "statistics.npz")
        named = [folder / "schema.json", folder / "engine" / "edge_config.json"]
        file = named[case] if case < len(named) else randomness.choice(files)
        harm = randomness.choice(["empty", "half", "gone"])
        if harm == "gone":
            file.unlink()
        else:
            os.truncate(file, 0 if harm == "empty" else file.stat().st_size // 2)
        print(harm, file.relative_to(folder), end=": ", flush=True)
        _report(lambda: _use(folder))


def _use(folder: Path) -> None:
    with QdrantEdgeStore.open(folder, SCHEMA) as store:
        print(_census(store), end=" ")


def _census(store: Store) -> list[int]:
    hits = store.dense("text", point(7, 0).vectors["text"], 500, exact=True)
    return [
        store.count(),
        store.count(Eq("tags", "all")),
        len(list(store.ids())),
        len(hits),
        len(store.sparse({1: 1.0}, 500)),
        len(store.vectors("text", [f"{n:016x}" for n in range(450)])),
    ]


def _report(act: Callable[[], object]) -> None:
    try:
        act()
        print("ok", flush=True)
    except CommonplaceError as error:
        print(f"{type(error).__name__}: {error}", flush=True)


def use(folder: Path, user: str = "") -> None:
    """Open a store and count what it finds, as another user where root can become one."""
    if user and os.geteuid() == 0:
        os.setuid(int(user))
    _report(lambda: _use(folder))


ROLES: dict[str, Callable[..., None]] = {"write": write, "fork": fork, "fill": fill, "damage": damage, "use": use}

if __name__ == "__main__":
    role, place, *rest = sys.argv[1:]
    ROLES[role](Path(place), *rest)
