"""Warm search over 50,000 chunks, all lanes: p50 and p95, and what each stage takes.

    python benchmarks/search.py PASSAGES.jsonl.xz COLLECTION [--chunks 50000] [--keep FOLDER]

Text, words and identifiers are those of real passages (one JSON object a line with r, t, h and p), a twelfth of the
chunks are pictures. Their vectors are drawn from those of COLLECTION, which `benchmarks/corpus.py` made, each turned a
little (cosine to the original about 0.9): encoding so many passages would take half an hour and change no latency.
Queries, made of headings and first words of the passages, are encoded for real; 300 are timed after 20 others, once by
the wall clock and once by CPU, which a busy machine does not distort. What `--keep` made earlier is searched again.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import sqlite3
import tempfile
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from statistics import mean
from time import process_time
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from common import Usage, save, table
from PIL import Image

import commonplace.searching.searcher as searching
from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.home.database import FILES
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

QUERIES, WARMING = 300, 20
PICTURES = 12
"""One chunk in so many is a picture."""
TURN = 0.45
"""Length of what is added to a unit vector."""


def write_pages(passages: Path, folder: Path | None, count: int) -> list[str]:
    """One page a repository and title, and pictures, where there is a folder for them; returns queries."""
    pages: dict[tuple[str, str], list[str]] = defaultdict(list)
    asked = []
    with lzma.open(passages, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number % 12:  # spread over the whole file
                continue
            row = json.loads(line)
            # A passage of its own: a heading keeps it from being joined with its neighbours.
            pages[row["r"], row["t"]].append(f"## {row['h'] or row['t']}\n\n{row['p']}\n")
            asked.append(f"{row['h']} {' '.join(row['p'].split()[:4])}")
            if len(asked) == count - count // PICTURES:
                break
    queries = random.Random(0).sample(asked, QUERIES + WARMING)
    if folder is None:
        return queries
    for number, ((repository, title), parts) in enumerate(pages.items()):
        path = folder / repository.replace("/", "__") / f"{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {title}\n\n" + "\n".join(parts), encoding="utf-8")
    for number in range(count // PICTURES):  # too small for a word: nothing is spent on reading them
        Image.new("RGB", (6, 6), (number % 256, number // 256 % 256, 7)).save(folder / f"picture-{number:05}.png")
    return queries


def pools(collection: Path) -> dict[str, Vectors]:
    """Fingerprint of a tower -> (n, d) unit vectors of real passages or pictures."""
    found: dict[str, list[Vectors]] = defaultdict(list)
    with closing(sqlite3.connect(f"{(collection / FILES['base']).absolute().as_uri()}?mode=ro", uri=True)) as base:
        for encoder, vector in base.execute("SELECT encoder, vector FROM vectors ORDER BY encoder, key"):
            found[encoder].append(np.frombuffer(vector, np.float16).astype(np.float32))
    return {encoder: unit_rows(np.stack(vectors)) for encoder, vectors in found.items()}


def build(pages: Path, collection: Collection, pool: dict[str, Vectors]) -> None:
    encode, rng = Encoder.encode, np.random.default_rng(0)

    def drawn(self: Encoder, items: Any, kind: Any = "document") -> Vectors:
        if kind != "document":
            return encode(self, items, kind)
        if self.fingerprint not in pool:
            raise SystemExit(
                f"COLLECTION has no vectors of {self.name} ({self.fingerprint}): it was made with another tower. Make "
                "it again with benchmarks/corpus.py, or `commonplace rebuild` it."
            )
        chosen = pool[self.fingerprint][rng.integers(len(pool[self.fingerprint]), size=len(list(items)))]
        turns = unit_rows(rng.standard_normal(chosen.shape, np.float32))
        return unit_rows(chosen + np.float32(TURN) * turns)

    Encoder.encode = drawn  # type: ignore[method-assign]
    with Usage() as adding:
        report = collection.add(pages)
    Encoder.encode = encode  # type: ignore[method-assign]
    spent = (
        f"{adding.wall:.0f} s, {adding.own:.0f} CPU s here, {adding.children:.0f} in readers, {adding.peak >> 20} MiB"
    )
    print(f"add without encoding: {report.documents} documents, {len(report.failed)} failed, {spent}", flush=True)
    save("search-add", documents=report.documents, wall=adding.wall, cpu=adding.cpu, peak=adding.peak)


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[int(q * (len(values) - 1))]


def ask(collection: Collection, queries: list[str]) -> dict[str, list[float]]:
    """Stage -> ms of each query, "all" last."""
    stages: dict[str, list[float]] = defaultdict(list)
    for query in queries:
        result = collection.search(query)
        for stage, ms in {**(result.explanation or {})["ms"], "all": result.ms}.items():
            stages[stage].append(ms)
    return {**stages, "all": stages["all"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passages", type=Path)
    parser.add_argument("vectors", type=Path, metavar="COLLECTION")
    parser.add_argument(
        "--chunks", type=int, default=54_000, help="Passages and pictures: a few passages are one chunk."
    )
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch) / "collection"
        pages = None if (folder / "collection.json").exists() else Path(scratch) / "pages"
        queries = write_pages(arguments.passages, pages, arguments.chunks)
        with Collection(folder) as collection:
            if pages is not None:
                build(pages, collection, pools(arguments.vectors))
            else:
                collection.update()  # measures what a release measures that did not make it
            ask(collection, queries[:WARMING])
            wall = ask(collection, queries[WARMING:])
            searching.time = SimpleNamespace(perf_counter=process_time)  # type: ignore[assignment]
            cpu = ask(collection, queries[WARMING:])
            chunks = sum(collection.status().chunks.values())
    rows = [
        {
            "stage": stage, "p50 ms": quantile(wall[stage], 0.5), "p95 ms": quantile(wall[stage], 0.95),
            "CPU ms, p50": quantile(cpu[stage], 0.5), "mean": mean(cpu[stage]),
            "share": f"{mean(cpu[stage]) / mean(cpu['all']):.0%}",
        }
        for stage in wall
    ]  # fmt: skip
    print(f"{chunks} chunks; CPU is of all threads, by stage")
    print(table(rows))
    save("search", chunks=chunks, rows=rows)


if __name__ == "__main__":
    main()
