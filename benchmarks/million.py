"""Dense search at size: the embedded store at each profile beside faiss HNSW, usearch, LanceDB and a one-bit scan.

    python benchmarks/million.py [--vectors FILE.npy] [--points 1000000] [--dim 384] [--engines float,..] [--minutes 30]

pip install faiss-cpu usearch lancedb for the peers; those that are missing are left out. benchmarks/passages.py makes
the file; without one the vectors are clustered ones, made by a seed. Every engine builds in a process of its own, and
is asked in another that has only opened what was built: its memory is what that process grew by, apart what is mapped
from files, which the system may drop. One thread asks, k = 10; each engine is given its width step by step, and the
first that finds 99 % is reported, or its best. All graphs have m = 16 and ef_construction = 128.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
from common import cpu, save, table
from stores import clustered

from commonplace.evaluation.tune import exact
from commonplace.profiles import Code
from commonplace.stores import create_store, open_store
from commonplace.stores.base import SPARE
from commonplace.stores.guards import bytes_in
from commonplace.stores.points import Point, Schema
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

QUERIES, K, ENOUGH = 500, 10, 0.99
M, EF_CONSTRUCTION = 16, 128
WIDTHS = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096)
Search = Callable[[Vectors], list[int]]


class Engine(NamedTuple):
    build: Callable[[Vectors, Path], None]
    """Into a folder that is there and empty."""
    opened: Callable[[Path], Callable[[int], Search]]
    """Of a folder that was built: what searches at a width."""


def ours(profile: str, *, graph: bool = True) -> Engine:
    """Codes in memory, originals on disk. A scan's width, and that of one bit, is how many are compared in full."""

    def schema(dim: int, factor: float = 1.0, ef: int = 128) -> Schema:
        code = Code(profile, factor, ef if graph else 0, on_disk=profile != "float")  # type: ignore[arg-type]
        return Schema({"text": dim}, {"text": code})

    def build(vectors: Vectors, folder: Path) -> None:
        with create_store("qdrant-edge", folder / "store", schema(vectors.shape[1])) as store:
            for start in range(0, len(vectors), 512):
                rows = range(start, min(start + 512, len(vectors)))
                store.upsert([Point(f"{n:016x}", n, "text", {"text": vectors[n]}) for n in rows])
            store.optimize(complete=True)
        (folder / "dim").write_text(str(vectors.shape[1]))

    def opened(folder: Path) -> Callable[[int], Search]:
        dim = int((folder / "dim").read_text())
        store = open_store("qdrant-edge", folder / "store", schema(dim))

        def at(width: int) -> Search:
            store.schema = schema(dim, 2.0 if profile == "int8" else width / (K + SPARE), width)
            return lambda query: [int(hit.id, 16) for hit in store.dense("text", query, K)]

        return at

    return Engine(build, opened)


def faiss() -> Engine:
    import faiss as engine

    engine.omp_set_num_threads(1)

    def build(vectors: Vectors, folder: Path) -> None:
        index = engine.IndexHNSWFlat(vectors.shape[1], M, engine.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        index.add(vectors)
        engine.write_index(index, str(folder / "faiss"))

    def opened(folder: Path) -> Callable[[int], Search]:
        index = engine.read_index(str(folder / "faiss"))

        def at(width: int) -> Search:
            index.hnsw.efSearch = width
            return lambda query: index.search(query[None], K)[1][0].tolist()

        return at

    return Engine(build, opened)


def usearch() -> Engine:
    from usearch.index import Index

    def build(vectors: Vectors, folder: Path) -> None:
        index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=M, expansion_add=EF_CONSTRUCTION)
        index.add(np.arange(len(vectors)), vectors, threads=1)
        index.save(str(folder / "usearch"))

    def opened(folder: Path) -> Callable[[int], Search]:
        index = Index.restore(str(folder / "usearch"))

        def at(width: int) -> Search:
            index.expansion_search = width
            return lambda query: index.search(query, K).keys.tolist()

        return at

    return Engine(build, opened)


def lancedb() -> Engine:
    import lancedb as engine
    import pyarrow as arrow

    def build(vectors: Vectors, folder: Path) -> None:
        rows = arrow.table(
            {
                "id": arrow.array(range(len(vectors))),
                "vector": arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.ravel()), vectors.shape[1]),
            }
        )
        made = engine.connect(folder / "lance").create_table("t", rows)
        made.create_index(
            metric="dot", index_type="IVF_HNSW_SQ", num_partitions=1, m=M, ef_construction=EF_CONSTRUCTION
        )

    def opened(folder: Path) -> Callable[[int], Search]:
        made = engine.connect(folder / "lance").open_table("t")

        def at(width: int) -> Search:
            return lambda query: made.search(query).limit(K).ef(width).refine_factor(2).to_arrow()["id"].to_pylist()

        return at

    return Engine(build, opened)


def one_bit_scan() -> Engine:
    """Hamming distance of all, then the vectors themselves: faiss's flat binary index as the physical reference."""
    import faiss as engine

    engine.omp_set_num_threads(1)

    def build(vectors: Vectors, folder: Path) -> None:
        index = engine.IndexBinaryFlat(vectors.shape[1])
        index.add(np.packbits(vectors > 0, axis=1))
        engine.write_index_binary(index, str(folder / "bits"))
        np.save(folder / "originals.npy", vectors)

    def opened(folder: Path) -> Callable[[int], Search]:
        index = engine.read_index_binary(str(folder / "bits"))
        originals = np.load(folder / "originals.npy", mmap_mode="r")

        def at(width: int) -> Search:
            def search(query: Vectors) -> list[int]:
                near = index.search(np.packbits(query > 0)[None], width)[1][0]
                return [int(row) for row in near[np.argsort(-(originals[near] @ query))[:K]]]

            return search

        return at

    return Engine(build, opened)


ENGINES: dict[str, Callable[[], Engine]] = {
    "float": lambda: ours("float"),
    "int8": lambda: ours("int8"),
    "compact": lambda: ours("compact"),
    "binary": lambda: ours("binary"),
    "binary-scan": lambda: ours("binary", graph=False),
    "faiss": faiss,
    "usearch": usearch,
    "lancedb": lancedb,
    "one-bit-scan": one_bit_scan,
}


def vectors_of(file: Path, points: int) -> tuple[Vectors, Vectors]:
    """(n, d) and (QUERIES, d) unit rows."""
    rows = np.load(file, mmap_mode="r")
    return unit_rows(rows[:-QUERIES][:points].astype(np.float32)), unit_rows(rows[-QUERIES:].astype(np.float32))


def write_truth(file: Path, points: int, target: Path) -> None:
    np.save(target, exact(*vectors_of(file, points)))


def build(name: str, file: Path, points: int, folder: Path, minutes: int) -> dict[str, float]:
    if minutes:
        resource.setrlimit(resource.RLIMIT_CPU, (60 * minutes, 60 * minutes))
    made, (vectors, _) = ENGINES[name](), vectors_of(file, points)
    began, before = time.perf_counter(), sum(cpu())
    made.build(vectors, folder)
    spent = {"build s": time.perf_counter() - began, "CPU s": sum(cpu()) - before}
    return spent | {"disk MiB": bytes_in(folder) / 2**20}


def ask(name: str, file: Path, folder: Path, truth: Path) -> dict[str, float]:
    """At the first width that finds enough, or the widest."""
    queries, wanted = vectors_of(file, 0)[1], np.load(truth).tolist()
    made, before = ENGINES[name](), psutil.Process().memory_info()
    at = made.opened(folder)
    for row in measured(at, queries, wanted):
        found = f"recall@10 {row['recall@10']:.3f}, p50 {row['p50 ms']:.2f} ms, {row['CPU ms']:.2f} CPU ms"
        print(f"{name}, width {row['width']}: {found}", flush=True)
        if row["recall@10"] >= ENOUGH:
            break
    after = psutil.Process().memory_info()
    mapped = after.shared - before.shared
    return {"MiB": (after.rss - before.rss - mapped) / 2**20, "mapped MiB": mapped / 2**20, **row}


def measured(at: Callable[[int], Search], queries: Vectors, truth: list[list[int]]) -> Iterator[dict[str, float]]:
    for width in WIDTHS:
        search, seconds, found = at(width), [], 0
        for query in queries[:50]:
            search(query)
        before = time.process_time()
        for query, wanted in zip(queries, truth, strict=True):
            began = time.perf_counter()
            answer = search(query)
            seconds.append(time.perf_counter() - began)
            found += len(set(answer) & set(wanted))
        spent = (time.process_time() - before) / len(queries) * 1e3
        p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
        recall = found / (K * len(truth))
        yield {"width": width, "recall@10": recall, "p50 ms": p50, "p99 ms": p99, "CPU ms": spent}


def alone(act: Callable[..., Any], *arguments: Any) -> Any:
    """What `act` returns, of a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(act, *arguments).result()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--points", type=int, default=1_000_000)
    arguments.add_argument("--vectors", type=Path, help=f"(n, d); the last {QUERIES} rows are the queries")
    arguments.add_argument("--dim", type=int, default=384, help="Of the clustered vectors.")
    arguments.add_argument("--engines", default=",".join(ENGINES))
    arguments.add_argument("--minutes", type=int, default=0, help="CPU that a build may take; 0 for no limit")
    options = arguments.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="commonplace-million-") as scratch:
        file = options.vectors or Path(scratch) / "vectors.npy"
        if options.vectors is None:
            np.save(file, clustered(options.points + QUERIES, options.dim, np.random.default_rng(0)))
        dim = np.load(file, mmap_mode="r").shape[1]
        truth = Path(scratch) / "truth.npy"
        alone(write_truth, file, options.points, truth)
        for name in options.engines.split(","):
            folder = Path(scratch) / name
            folder.mkdir()
            try:
                built = alone(build, name, file, options.points, folder, options.minutes)
                row = {"engine": name, **built, **alone(ask, name, file, folder, truth)}
            except ModuleNotFoundError as error:
                print(f"{name}: {error}")
                continue
            except BrokenProcessPool:
                print(f"{name}: not built within {options.minutes} CPU minutes")
                continue
            finally:
                shutil.rmtree(folder)
            results.append(row)
            print(table(results[-1:]), flush=True)
            save("million", points=options.points, dim=dim, clustered=options.vectors is None, **row)
    print("\n" + table(results))


if __name__ == "__main__":
    main()
