"""Dense search at size: the embedded store at each profile beside faiss HNSW, usearch, LanceDB and a one-bit scan.

    python benchmarks/million.py [--points 1000000] [--vectors FILE.npy] [--profiles float,int8] [--peers faiss,..]

pip install faiss-cpu usearch lancedb for the peers; those that are missing are left out. Without a file the vectors
are clustered ones, made by a seed. One thread asks, k = 10; each engine is given its width or oversampling step by
step, and the first that finds 99 % is reported, or its best. Memory is what the process grew by; 1M needs 16 GB.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from common import save, table
from stores import clustered

from commonplace.evaluation.tune import exact
from commonplace.profiles import Code
from commonplace.stores import create_store
from commonplace.stores.base import Point, Schema
from commonplace.stores.guards import bytes_in
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

QUERIES, K, ENOUGH = 200, 10, 0.99
Search = Callable[[Vectors], list[int]]
Built = tuple[Callable[[int], Search], list[int]]
"""What searches at a width, and the widths to try."""


def ours(profile: str, vectors: Vectors, folder: Path, *, graph: bool) -> Built:
    code = Code(profile, ef=128 if graph else 0)  # type: ignore[arg-type]
    dim = vectors.shape[1]
    store = create_store("qdrant-edge", folder / "store", Schema({"text": dim}, {"text": code}))
    for start in range(0, len(vectors), 512):
        rows = range(start, min(start + 512, len(vectors)))
        store.upsert([Point(f"{n:016x}", n, "text", {"text": vectors[n]}) for n in rows])
    store.optimize(complete=True)
    store.flush()

    def at(width: int) -> Search:
        ef, factor = (width, 2.0 if profile == "int8" else 8.0) if graph else (0, float(width))
        store.schema = Schema({"text": dim}, {"text": Code(profile, factor, ef)})  # type: ignore[arg-type]
        return lambda query: [int(hit.id, 16) for hit in store.dense("text", query, K)]

    return at, [32, 64, 128, 256, 512] if graph else [1, 2, 4, 8, 16, 32]


def faiss(vectors: Vectors, folder: Path) -> Built:
    import faiss as engine

    index = engine.IndexHNSWFlat(vectors.shape[1], 16, engine.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction = 128
    index.add(vectors)
    engine.write_index(index, str(folder / "faiss"))
    engine.omp_set_num_threads(1)

    def at(width: int) -> Search:
        index.hnsw.efSearch = width
        return lambda query: index.search(query[None], K)[1][0].tolist()

    return at, [32, 64, 128, 256, 512]


def usearch(vectors: Vectors, folder: Path) -> Built:
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f32", connectivity=16, expansion_add=128)
    index.add(np.arange(len(vectors)), vectors)
    index.save(str(folder / "usearch"))

    def at(width: int) -> Search:
        index.expansion_search = width
        return lambda query: index.search(query, K).keys.tolist()

    return at, [32, 64, 128, 256, 512]


def lancedb(vectors: Vectors, folder: Path) -> Built:
    import lancedb as engine
    import pyarrow as arrow

    rows = arrow.table(
        {
            "id": arrow.array(range(len(vectors))),
            "vector": arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.ravel()), vectors.shape[1]),
        }
    )
    made = engine.connect(folder / "lance").create_table("t", rows)
    made.create_index(metric="dot", index_type="IVF_HNSW_SQ", num_partitions=1, m=16, ef_construction=128)

    def at(width: int) -> Search:
        return lambda query: made.search(query).limit(K).ef(width).refine_factor(2).to_arrow()["id"].to_pylist()

    return at, [32, 64, 128, 256, 512]


def one_bit_scan(vectors: Vectors, folder: Path) -> Built:
    """Hamming distance of all, then the vectors themselves: faiss's flat binary index as the physical reference."""
    import faiss as engine

    index = engine.IndexBinaryFlat(vectors.shape[1])
    index.add(np.packbits(vectors > 0, axis=1))
    np.save(folder / "originals.npy", vectors)
    engine.omp_set_num_threads(1)

    def at(width: int) -> Search:
        def search(query: Vectors) -> list[int]:
            near = index.search(np.packbits(query > 0)[None], K * width)[1][0]
            return [int(row) for row in near[np.argsort(-(vectors[near] @ query))[:K]]]

        return search

    return at, [4, 8, 16, 32, 64, 128]


PEERS: dict[str, Callable[[Vectors, Path], Built]] = {
    "faiss": faiss,
    "usearch": usearch,
    "lancedb": lancedb,
    "one_bit_scan": one_bit_scan,
}


def measured(at: Callable[[int], Search], widths: list[int], queries: Vectors, truth: list[list[int]]) -> Iterator[Any]:
    for width in widths:
        search, seconds, found = at(width), [], 0
        cpu = time.process_time()
        for query, wanted in zip(queries, truth, strict=True):
            began = time.perf_counter()
            answer = search(query)
            seconds.append(time.perf_counter() - began)
            found += len(set(answer) & set(wanted))
        cpu = (time.process_time() - cpu) / len(queries) * 1e3
        p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
        yield {"width": width, "recall@10": found / truth_size(truth), "p50 ms": p50, "p99 ms": p99, "CPU ms": cpu}


def truth_size(truth: list[list[int]]) -> int:
    return sum(map(len, truth))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--points", type=int, default=1_000_000)
    arguments.add_argument("--vectors", type=Path, help="(n, d) float32; the last 200 rows are the queries")
    arguments.add_argument("--profiles", default="float,int8,binary,binary-scan")
    arguments.add_argument("--peers", default="faiss,usearch,lancedb,one_bit_scan")
    options = arguments.parse_args()
    rng = np.random.default_rng(0)
    rows = unit_rows(np.load(options.vectors)) if options.vectors else clustered(options.points + QUERIES, 384, rng)
    vectors, queries = np.ascontiguousarray(rows[:-QUERIES][: options.points]), rows[-QUERIES:]
    del rows
    truth = exact(vectors, queries).tolist()
    engines: dict[str, Callable[[Path], Built]] = {}
    for name in filter(None, options.profiles.split(",")):
        profile, _, scan = name.partition("-")
        engines[f"commonplace {name}"] = lambda folder, p=profile, s=scan: ours(p, vectors, folder, graph=not s)  # type: ignore[misc]
    for name in filter(None, options.peers.split(",")):
        engines[name] = lambda folder, peer=PEERS[name]: peer(vectors, folder)  # type: ignore[misc]
    results = []
    for name, build in engines.items():
        folder = Path(tempfile.mkdtemp(prefix="commonplace-million-"))
        before, began, cpu = psutil.Process().memory_info().rss, time.perf_counter(), time.process_time()
        try:
            with suppress(ModuleNotFoundError):
                at, widths = build(folder)
                built = {"build s": time.perf_counter() - began, "CPU s": time.process_time() - cpu}
                best: dict[str, Any] = {}
                for row in measured(at, widths, queries, truth):
                    best = row
                    if row["recall@10"] >= ENOUGH:
                        break
                memory = (psutil.Process().memory_info().rss - before) / 2**20
                results.append({"engine": name, **built, "MiB": memory, "disk MiB": bytes_in(folder) / 2**20, **best})
                print(table(results[-1:]), flush=True)
                del at
        finally:
            shutil.rmtree(folder)
    print("\n" + table(results))
    save("million", points=len(vectors), rows=results)


if __name__ == "__main__":
    main()
