"""`commonplace tune --apply` on a collection: what it takes, and whether its prediction holds on other queries.

    python benchmarks/tune.py COLLECTION [--questions FILE.jsonl] [--memory 200M] [--p95 5] [--html PAGE.html]

Works on a copy: the collection may be in use. The 50,000 chunks of docs/benchmarks.md are what
`benchmarks/search.py --keep FOLDER` makes. Predicted is the recall of the recommended setting on the queries that chose
it; measured is that of the generation which was built, on as many others.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from common import Usage, save, table

from commonplace.cli.common import Size
from commonplace.collection import Collection
from commonplace.evaluation.picture import page
from commonplace.evaluation.picture import table as tuned_table
from commonplace.evaluation.questions import read_questions
from commonplace.evaluation.tune import Limits


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("collection", type=Path)
    arguments.add_argument("--questions", type=Path)
    arguments.add_argument("--memory", type=lambda text: Size().convert(text, None, None))
    arguments.add_argument("--p95", type=float)
    arguments.add_argument("--html", type=Path, help="Write the table and its picture here.")
    options = arguments.parse_args()
    asked = read_questions(options.questions) if options.questions else []
    with tempfile.TemporaryDirectory(prefix="commonplace-tune-") as scratch:
        Collection(options.collection).export(f"{scratch}/export")
        with Collection(f"{scratch}/copy") as collection:
            collection.import_from(f"{scratch}/export")
            shutil.rmtree(f"{scratch}/export")
            with Usage() as tuning:
                tuned = collection.tune(limits=Limits(options.memory, options.p95), questions=asked, progress=print)
            print(tuned_table(tuned))
            if options.html is not None:
                options.html.write_text(page(tuned), encoding="utf-8")
            with Usage() as applying:
                proof = collection.apply(tuned)
            assert {lane: held.get("proof") for lane, held in collection.status().vectors.items()} == proof
    rows = []
    for lane, chosen in tuned.chosen.items():
        if chosen is None:
            continue
        predicted, measured = proof[lane]["predicted"], proof[lane]["recall"]
        rows.append(
            {
                "lane": lane, "vectors": proof[lane]["vectors"], "setting": proof[lane]["setting"],
                "predicted recall@10": predicted["mean"], "measured on others": measured["mean"],
                "points apart": 100 * (measured["mean"] - predicted["mean"]),
                "95 %": f"{measured['low']:.4f}-{measured['high']:.4f}", "labelled": str(chosen.labelled),
                "MB in memory": chosen.memory / 1e6, "p50 ms": proof[lane]["p50_ms"], "p95 ms": proof[lane]["p95_ms"],
            }
        )  # fmt: skip
    print(table(rows))
    spent = f"tune: {tuning.wall:.0f} s, {tuning.cpu:.0f} CPU s"
    print(f"{spent}; what it chose, built and proved: {applying.wall:.0f} s, {applying.cpu:.0f} CPU s")
    save("tune", wall=tuning.wall, cpu=tuning.cpu, applied_wall=applying.wall, applied_cpu=applying.cpu, rows=rows)


if __name__ == "__main__":
    main()
