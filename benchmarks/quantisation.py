"""What each profile and dimension loses, on the real vectors of a collection: texts and pictures apart.

    python benchmarks/quantisation.py COLLECTION [--questions FILE.jsonl] [--dims 256,128] [--lane text]

Opens a copy: the collection may be in use. Queries are made of the collection, as `commonplace tune` makes them, or the
questions. It also says what plain scalar and binary codes of the engine would have lost, which our profiles are not.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from common import Usage, save, table

from commonplace.assembly import tower_outputs
from commonplace.collection import Collection
from commonplace.evaluation.picture import table as tuned_table
from commonplace.evaluation.questions import read_questions
from commonplace.evaluation.tune import Interval, exact
from commonplace.evaluation.tuning import tune
from commonplace.types import Vectors


def others(vectors: Vectors, queries: Vectors) -> list[dict[str, object]]:
    """recall@10 of the engine's scalar, 2-bit and 1-bit codes at the same oversampling, without a graph."""
    import qdrant_edge as q

    binary, scalar = q.BinaryQuantizationConfig, q.ScalarQuantizationConfig
    wide = q.BinaryQuantizationQueryEncoding.Scalar8Bits
    codes = {
        "scalar int8": scalar(q.ScalarType.Int8, quantile=0.99),
        "2 bit": binary(encoding=q.BinaryQuantizationEncoding.TwoBits, query_encoding=wide),
        "1 bit, 8-bit query": binary(query_encoding=wide),
        "1 bit, 1-bit query": binary(),
    }
    dim, truth, rows = vectors.shape[1], exact(vectors, queries).tolist(), []
    with tempfile.TemporaryDirectory() as folder:
        config = q.EdgeConfig(
            vectors={
                name: q.EdgeVectorParams(dim, q.Distance.Cosine, quantization_config=c) for name, c in codes.items()
            },
            hnsw_config=q.HnswIndexConfig(m=0, ef_construct=4, full_scan_threshold=10),
            optimizers=q.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=10),
        )
        shard = q.EdgeShard.create(f"{folder}/shard", config)
        for start in range(0, len(vectors), 512):
            batch = range(start, min(start + 512, len(vectors)))
            points = [q.Point(n, dict.fromkeys(codes, vectors[n]), {}) for n in batch]
            shard.update(q.UpdateOperation.upsert_points(points))
        shard.optimize()
        for name in codes:
            for factor in (2, 4, 8, 16):
                params = q.SearchParams(
                    quantization=q.QuantizationSearchParams(rescore=True, oversampling=float(factor))
                )
                shares = []
                for query, wanted in zip(queries, truth, strict=True):
                    nearest = q.Query.Nearest(query.tolist(), using=name)
                    hits = shard.query(q.QueryRequest(limit=18, query=nearest, params=params))[:10]
                    shares.append(len({hit.id for hit in hits} & set(wanted)) / len(wanted))
                rows.append({"code": name, "oversampling": factor, "recall@10": Interval.of(shares).mean})
        shard.close()
    return rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("collection", type=Path)
    arguments.add_argument("--questions", type=Path)
    arguments.add_argument("--dims", default="256,128")
    arguments.add_argument("--lane", action="append", choices=["text", "media"])
    options = arguments.parse_args()
    asked = read_questions(options.questions) if options.questions else []
    dims = [int(part) for part in options.dims.split(",") if part]
    with tempfile.TemporaryDirectory() as folder, Usage() as usage:
        Collection(options.collection).export(f"{folder}/export")
        with Collection(f"{folder}/copy") as copy:
            copy.import_from(f"{folder}/export")
            opened = copy._open()
            tuned = tune(opened, lanes=options.lane or (), dims=dims, questions=asked, progress=print)
            print(tuned_table(tuned))
            for lane, chosen in tuned.chosen.items():
                print(f"\n{lane}: {chosen.name if chosen else 'nothing'} is recommended\n")
                _, vectors = tower_outputs(opened.records, opened.space, lane)
                rng = np.random.default_rng(0)
                held_out = rng.permutation(len(vectors))[: min(200, len(vectors) // 4)]
                rest = np.delete(vectors, held_out, axis=0)
                rows = others(rest, vectors[held_out])
                print(table(rows))
                best = [
                    {
                        "setting": each.name,
                        "recall": each.recall.mean,
                        "low": each.recall.low,
                        "labelled": each.labelled,
                    }
                    for each in tuned.measured[lane]
                ]
                save("quantisation", lane=lane, vectors=len(vectors), settings=best, others=rows)
    print(f"\n{usage.wall:.0f} s, {usage.cpu:.0f} CPU s")


if __name__ == "__main__":
    main()
