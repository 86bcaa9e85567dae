"""Warm search over 50,000 chunks: p50 and p95, and what each stage takes.

    python benchmarks/search.py PASSAGES.jsonl.xz [--chunks 50000] [--collection FOLDER]

Makes a folder of text files from the passages (one JSON object a line with t, h and p), adds it once, and asks 300
queries made of headings and words of the passages, each after a warm-up.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from common import Usage, save, table

from commonplace.collection import Collection

QUERIES = 300


def write_pages(passages: Path, folder: Path, count: int) -> list[str]:
    """One page a repository and title; returns headings to ask for."""
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
            count -= 1
            if not count:
                break
    for number, ((repository, title), parts) in enumerate(pages.items()):
        path = folder / repository.replace("/", "__") / f"{number:05}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {title}\n\n" + "\n".join(parts), encoding="utf-8")
    return random.Random(0).sample(asked, QUERIES)


def quantile(values: list[float], q: float) -> float:
    return sorted(values)[int(q * (len(values) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passages", type=Path)
    parser.add_argument("--chunks", type=int, default=50_000)
    parser.add_argument("--collection", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        pages = Path(scratch) / "pages"
        queries = write_pages(arguments.passages, pages, arguments.chunks)
        with Collection(arguments.collection or Path(scratch) / "collection") as collection:
            with Usage() as adding:
                report = collection.add(pages)
            spent = f"{adding.wall:.0f} s, {adding.cpu:.0f} CPU s, {adding.peak / 2**20:.0f} MiB"
            print(f"add: {report.documents} documents, {spent}")
            for query in queries[:20]:
                collection.search(query)
            totals: list[float] = []
            stages: dict[str, list[float]] = defaultdict(list)
            for query in queries:
                result = collection.search(query)
                totals.append(result.ms)
                for stage, ms in (result.explanation or {})["ms"].items():
                    stages[stage].append(ms)
            chunks = sum(collection.status().chunks.values())
    rows = [
        {"stage": name, "p50 ms": quantile(values, 0.5), "p95 ms": quantile(values, 0.95)}
        for name, values in stages.items()
    ]
    rows.append({"stage": "all", "p50 ms": quantile(totals, 0.5), "p95 ms": quantile(totals, 0.95)})
    mean = statistics.mean(totals)
    for row in rows:
        values = stages.get(str(row["stage"]), totals)
        row["share"] = f"{statistics.mean(values) / mean:.0%}"
    print(f"{chunks} chunks")
    print(table(rows))
    save("search", chunks=chunks, rows=rows, add_wall=adding.wall, add_cpu=adding.cpu, add_peak=adding.peak)


if __name__ == "__main__":
    main()
