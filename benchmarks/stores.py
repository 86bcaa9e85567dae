"""How fast a store writes, indexes and answers, and how much of the true top 10 it finds.

    python benchmarks/stores.py [--points 50000] [--store qdrant-edge] [--vectors FILE.npy]

Without a file (n, d) of real vectors it makes clustered ones with the spectrum of sentence vectors. Latencies are of
one thread, k = 10. CPU is of all threads of the engine: the figure to trust when the machine is busy.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from commonplace.stores import STORES, create_store, open_store
from commonplace.stores.filters import Eq, Filter, In, Not, Range
from commonplace.stores.guards import bytes_in
from commonplace.stores.points import Point, Schema, Scored
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

BATCH, QUERIES, START = 256, 200, 1_700_000_000


def clustered(n: int, dim: int, rng: np.random.Generator) -> Vectors:
    """(n, dim) unit rows in clusters of about 50, their variance falling along the axes."""
    spread = (1 / np.sqrt(1 + np.arange(dim) / 20)).astype(np.float32)
    centres = rng.standard_normal((max(8, n // 50), dim), np.float32) * spread
    return unit_rows(centres[rng.integers(len(centres), size=n)] + rng.standard_normal((n, dim), np.float32) * spread)


def chunks(vectors: Vectors, rng: np.random.Generator) -> list[Point]:
    """Twenty chunks a document, a fifth of them pictures, 40 words each from a Zipf vocabulary of 30,000."""
    words = rng.zipf(1.2, size=(len(vectors), 40)) % 30_000
    return [
        Point(
            f"{int(number):016x}",
            document=n // 20,
            modality="image" if n % 5 == 0 else "text",
            vectors={"text": vector} | ({"media": vector} if n % 5 == 0 else {}),
            terms={
                int(word): 2.2 * tf / (tf + 1.2) for word, tf in zip(*np.unique(row, return_counts=True), strict=True)
            },
            identifiers=(f"only-{n}", f"some-{n % 50}"),
            tags=(f"percent-{n % 100}",),
            date=START + n,
        )
        for n, (number, vector, row) in enumerate(
            zip(rng.permutation(len(vectors)) + 2**40, vectors, words, strict=True)
        )
    ]


def timed(name: str, ask: Callable[[int], object], truth: Sequence[set[str]] | None = None) -> None:
    answers, seconds = [], []
    cpu = time.process_time()
    for query in range(QUERIES):
        start = time.perf_counter()
        answers.append(ask(query))
        seconds.append(time.perf_counter() - start)
    cpu = (time.process_time() - cpu) / QUERIES * 1e3
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    recall = ""
    if truth is not None:
        hits = [{hit.id for hit in answer if isinstance(hit, Scored)} for answer in answers if isinstance(answer, list)]
        recall = f"{sum(len(a & b) for a, b in zip(hits, truth, strict=True)) / sum(map(len, truth)):.4f}"
    print(f"{name:34} {p50:8.2f} {p95:8.2f} {cpu:8.2f}   {recall}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--points", type=int, default=50_000)
    arguments.add_argument("--store", choices=sorted(STORES), default="qdrant-edge")
    arguments.add_argument(
        "--vectors", type=Path, help="real vectors, (n, d) float32; the last 200 rows are the queries"
    )
    options = arguments.parse_args()

    rng = np.random.default_rng(0)
    rows = unit_rows(np.load(options.vectors)) if options.vectors else clustered(options.points + QUERIES, 384, rng)
    vectors, queries = rows[:-QUERIES][: options.points], rows[-QUERIES:]
    points = chunks(vectors, rng)
    n, dim = vectors.shape
    folder = Path(tempfile.mkdtemp(prefix="commonplace-benchmark-"))
    schema = Schema({"text": dim, "media": dim})
    try:
        store = create_store(options.store, folder / "store", schema)
        writing, indexing = 0.0, []
        cpu = time.process_time()
        for start in range(0, n, BATCH):
            before = time.perf_counter()
            store.upsert(points[start : start + BATCH])
            between = time.perf_counter()
            store.optimize(complete=start + BATCH >= n)
            writing += between - before
            indexing.append(time.perf_counter() - between)
        cpu = time.process_time() - cpu
        before = time.perf_counter()
        store.close()
        closing = time.perf_counter() - before
        before = time.perf_counter()
        store = open_store(options.store, folder / "store", schema)
        opening = time.perf_counter() - before
        print(f"{options.store}: {n} x {dim}, {bytes_in(folder) >> 20} MiB on disk")
        steps = f"indexing {sum(indexing):.1f} s in all, longest step {max(indexing):.1f} s"
        print(f"upsert {n / writing:.0f}/s; {steps}; CPU of both {cpu:.1f} s")
        print(f"close {closing:.2f} s, open {opening:.2f} s\n")
        print(f"{'':34} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8}   recall@10")

        place = np.arange(n)
        filters: dict[str, tuple[Filter | None, np.ndarray[tuple[int], np.dtype[np.bool_]]]] = {
            "": (None, place >= 0),
            ", 80 % pass": (Not(Eq("modality", "image")), place % 5 != 0),
            ", 40 % (documents)": (In("document", tuple(range(n // 50))), place < n // 50 * 20),
            ", 30 % (dates)": (Range("date", lt=START + n * 3 // 10), place < n * 3 // 10),
            ", 20 %": (Eq("modality", "image"), place % 5 == 0),
            ", 1 %": (Eq("tags", "percent-7"), place % 100 == 7),
        }
        similar = queries @ vectors.T
        asked = [dict(list(points[i * 7 % n].terms.items())[:4]) for i in range(QUERIES)]
        for name, (where, passing) in filters.items():
            best = np.argsort(-np.where(passing, similar, -2), axis=1)[:, :10]
            truth = [{points[i].id for i in row} for row in best]
            timed(f"dense{name}", lambda i, where=where: store.dense("text", queries[i], 10, where=where), truth)  # type: ignore[misc]
        best = np.argsort(-similar, axis=1)[:, :10]
        truth = [{points[i].id for i in row} for row in best]
        timed("dense, exact", lambda i: store.dense("text", queries[i], 10, exact=True), truth)
        for name, (where, _) in filters.items():
            timed(f"sparse, 4 words{name}", lambda i, where=where: store.sparse(asked[i], 10, where=where))  # type: ignore[misc]
        timed("sparse, 40 words", lambda i: store.sparse(points[i * 7 % n].terms, 10))
        timed("identifiers, one chunk", lambda i: store.matching([f"only-{i}", "nowhere"], 10))
        timed("identifiers, 2 % of chunks", lambda i: store.matching([f"some-{i % 50}", f"only-{i}"], 10))
        timed("count, 20 %", lambda i: store.count(Eq("modality", "image")))
        store.close()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
