"""`commonplace tune --apply` on a collection: what it takes, and whether its prediction holds on other queries.

    python benchmarks/tune.py COLLECTION [--questions FILE.jsonl] [--memory 200M] [--p95 5] [--html PAGE.html]
    python benchmarks/tune.py VECTORS.npy [--points 50000] [--memory 200M] [--p95 5] [--html PAGE.html]

Works on a copy: the collection may be in use. Predicted is the recall of the recommended setting on the queries that
chose it; measured is that of the generation which was built, on as many others. Vectors are those of
benchmarks/passages.py, a draw of them by a seed, taken through what the command does with the vectors of a lane; one
half of the queries at their end chooses, and the other half measures what was chosen in a store of its own.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from common import Usage, save, table
from million import QUERIES

from commonplace.cli.common import Size
from commonplace.collection import Collection
from commonplace.evaluation.picture import page
from commonplace.evaluation.picture import table as tuned_table
from commonplace.evaluation.questions import Question, read_questions
from commonplace.evaluation.tune import Interval, Limits, at_widths, choose
from commonplace.evaluation.tuning import DIMS, Tuned
from commonplace.stores.points import Schema
from commonplace.stores.qdrant_requests import worth_indexing
from commonplace.vectors.normalise import unit_rows


class Proven(NamedTuple):
    """Of a setting that was built; latencies in milliseconds."""

    vectors: int
    recall: Interval
    p50: float
    p95: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("of", type=Path, metavar="COLLECTION|VECTORS.npy")
    arguments.add_argument("--questions", type=Path)
    arguments.add_argument("--points", type=int, default=50_000)
    arguments.add_argument("--memory", type=lambda text: Size().convert(text, None, None))
    arguments.add_argument("--p95", type=float)
    arguments.add_argument("--html", type=Path, help="Write the table and its picture here.")
    options = arguments.parse_args()
    limits = Limits(options.memory, options.p95)
    if options.of.suffix == ".npy":
        tuned, proof, tuning, applying = on_vectors(options.of, options.points, limits)
    else:
        asked = read_questions(options.questions) if options.questions else []
        tuned, proof, tuning, applying = on_collection(options.of, asked, limits)
    print(tuned_table(tuned))
    if options.html is not None:
        options.html.write_text(page(tuned), encoding="utf-8")
    rows = []
    for lane, chosen in tuned.chosen.items():
        if chosen is None:
            continue
        predicted, measured = chosen.recall, proof[lane]
        rows.append(
            {
                "lane": lane, "vectors": measured.vectors, "setting": chosen.name,
                "predicted recall@10": predicted.mean, "measured on others": measured.recall.mean,
                "points apart": 100 * (measured.recall.mean - predicted.mean),
                "95 %": f"{measured.recall.low:.4f}-{measured.recall.high:.4f}", "labelled": str(chosen.labelled),
                "MB in memory": chosen.memory / 1e6, "p50 ms": measured.p50, "p95 ms": measured.p95,
            }
        )  # fmt: skip
    print(table(rows))
    spent = f"tune: {tuning.wall:.0f} s, {tuning.cpu:.0f} CPU s"
    print(f"{spent}; what it chose, built and proved: {applying.wall:.0f} s, {applying.cpu:.0f} CPU s")
    save("tune", wall=tuning.wall, cpu=tuning.cpu, applied_wall=applying.wall, applied_cpu=applying.cpu, rows=rows)


def on_collection(folder: Path, asked: list[Question], limits: Limits) -> tuple[Tuned, dict[str, Proven], Usage, Usage]:
    with tempfile.TemporaryDirectory(prefix="commonplace-tune-") as scratch:
        Collection(folder).export(f"{scratch}/export")
        with Collection(f"{scratch}/copy") as collection:
            collection.import_from(f"{scratch}/export")
            shutil.rmtree(f"{scratch}/export")
            with Usage() as tuning:
                tuned = collection.tune(limits=limits, questions=asked, progress=print)
            with Usage() as applying:
                proof = collection.apply(tuned)
            assert {lane: held.get("proof") for lane, held in collection.status().vectors.items()} == proof
    proven = {
        lane: Proven(held["vectors"], Interval(**held["recall"]), held["p50_ms"], held["p95_ms"])
        for lane, held in proof.items()
    }
    return tuned, proven, tuning, applying


def on_vectors(file: Path, points: int, limits: Limits) -> tuple[Tuned, dict[str, Proven], Usage, Usage]:
    held = np.load(file, mmap_mode="r")
    drawn = np.sort(np.random.default_rng(0).choice(len(held) - QUERIES, points, replace=False))
    vectors, queries = unit_rows(held[drawn].astype(np.float32)), unit_rows(held[-QUERIES:].astype(np.float32))
    graph = points > worth_indexing(Schema({"text": vectors.shape[1]}))
    with Usage() as tuning:
        found, chosen = choose(
            "text", vectors, queries[::2], limits=limits, graph=graph, dims=DIMS, progress=lambda name: print(name)
        )
    proven = {}
    with Usage() as applying:
        if chosen is not None:
            (built,) = at_widths(chosen, vectors, queries[1::2], [chosen.code.ef])
            proven["text"] = Proven(points, built.recall, built.p50, built.p95)
    return Tuned({"text": found}, {"text": chosen}, round(tuning.wall, 1)), proven, tuning, applying


if __name__ == "__main__":
    main()
