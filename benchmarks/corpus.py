"""The main job on real documents: add a folder, add it again, answer questions with known answers.

    python benchmarks/corpus.py CORPUS QUESTIONS.jsonl [--collection FOLDER] [--ocr-cache COLLECTION] [--ocr 40]

Prints the account, what `add` cost (CPU, rates, peak memory with all children), what a second `add` cost, what OCR
costs a picture, and recall and MRR by kind for each set of lanes. With a collection that is there already, only the
questions are asked; `--ocr-cache` takes what OCR read from an earlier one, and the CPU of readers is then without it.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from statistics import mean, median
from time import process_time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from common import Usage, save, table

from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.evaluation.measures import CUTOFFS, Outcome, by_kind, false_positive_rate, lost_rate
from commonplace.evaluation.questions import read_questions
from commonplace.evaluation.run import ask
from commonplace.ingest.links import is_picture
from commonplace.ingest.ocr import PictureReader
from commonplace.ingest.pictures import open_picture

LANES = {
    "BM25 alone": ["bm25"],
    "dense text alone": ["text"],
    "pictures alone": ["media"],
    "identifiers alone": ["identifier"],
    "BM25 + dense": ["bm25", "text"],
    "BM25 + dense, RRF": ["bm25", "text"],
    "everything": ["text", "media", "bm25", "identifier"],
}


def build(corpus: Path, folder: Path, cache: Path | None) -> None:
    if cache is not None:  # what OCR has read stays valid whatever tower encodes it
        shutil.copytree(cache / "cache", folder / "cache")
    calls = Counter[str]()
    encode = Encoder.encode

    def counted(self: Encoder, items: Any, kind: Any = "document") -> Any:
        items = list(items)
        calls[self.modality] += len(items)
        return encode(self, items, kind)

    Encoder.encode = counted  # type: ignore[method-assign]
    rows: list[dict[str, Any]] = []
    with Collection(folder) as collection:
        for name in ("first", "second"):
            calls.clear()
            with Usage() as usage:
                report = collection.add(corpus)
            files = report.documents + report.unchanged + len(report.failed) + len(report.skipped)
            pictures = sum(is_picture(document.source) for document in collection.documents())
            rows.append(
                {
                    "add": name, "files": files, "indexed": report.documents, "unchanged": report.unchanged,
                    "skipped": len(report.skipped), "failed": len(report.failed), "wall s": round(usage.wall, 2),
                    "CPU s, towers and store": round(usage.own, 1), "CPU s, readers": round(usage.children, 1),
                    "pages/s": round((files - pictures) / usage.wall, 2), "pictures/s": round(pictures / usage.wall, 2),
                    "peak MiB": usage.peak >> 20, "texts encoded": calls["text"], "pictures encoded": calls["image"],
                }
            )  # fmt: skip
            for problem in report.skipped + report.failed:
                print(f"  {problem.source}: {problem.reason}")
        chunks = collection.status().chunks
    Encoder.encode = encode  # type: ignore[method-assign]
    on_disk = {str(path.relative_to(corpus)) for path in corpus.rglob("*") if path.is_file()}
    print(f"{len(on_disk)} files in the folder, chunks: {chunks}" + (f", OCR from {cache}" if cache else ""))
    print("\n".join(table([row]) for row in rows))
    print(f"second add: {1000 * float(rows[1]['wall s']) / files:.2f} s per 1,000 files")
    save("corpus-add", chunks=chunks, ocr_cached=cache is not None, rows=rows)


def ocr(corpus: Path, count: int) -> None:
    """CPU seconds that reading the words of a picture takes, on a sample."""
    pictures = sorted(path for path in corpus.rglob("*") if is_picture(path.name))
    reader = PictureReader()
    reader.read(open_picture(pictures[0]))  # loads the models
    seconds = []
    for path in random.Random(0).sample(pictures, min(count, len(pictures))):
        image = open_picture(path)
        before = process_time()
        reader.read(image)
        seconds.append(process_time() - before)
    print(f"OCR: {mean(seconds):.2f} CPU s a picture, median {median(seconds):.2f} (sample of {len(seconds)})")
    save("corpus-ocr", pictures=len(seconds), mean=mean(seconds), median=median(seconds))


def evaluate(folder: Path, questions_file: Path) -> None:
    questions = read_questions(questions_file)
    rows: list[dict[str, Any]] = []
    with Collection(folder) as collection:
        for name, lanes in LANES.items():
            outcomes = ask(collection.search, questions, lanes=lanes, fusion="rrf" if name.endswith("RRF") else None)
            for kind, found in by_kind(outcomes).items():
                rows.append(
                    {"lanes": name, "kind": kind, "n": found["questions"]}
                    | {f"recall@{k}": found[f"recall@{k}"] for k in CUTOFFS}
                    | {"MRR@10": found["mrr@10"]}
                )
        print(table(rows))
        false, lost = false_positive_rate(outcomes), lost_rate(outcomes)
        print(f"\nunanswerable but answered: {false}, answerable but lost: {lost}")
        failures(outcomes)
    save("corpus-questions", rows=rows, false_positive_rate=false, lost_rate=lost)


def failures(outcomes: list[Outcome]) -> None:
    """The questions that everything together did not answer, for those who want to improve it."""
    print("\nnot among the first ten:")
    for outcome in outcomes:
        if outcome.question.gold and (outcome.rank is None or outcome.rank > 10):
            print(f"  {outcome.question.kind:10} {outcome.question.query!r} (rank {outcome.rank})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--collection", type=Path)
    parser.add_argument("--ocr-cache", type=Path, help="An earlier collection of the same pictures.")
    parser.add_argument("--ocr", type=int, default=40, help="Pictures of the sample that OCR is timed on; 0: none.")
    arguments = parser.parse_args()
    where = arguments.collection or Path(tempfile.mkdtemp()) / "collection"
    if not (where / "collection.json").exists():
        build(arguments.corpus, where, arguments.ocr_cache)
        if arguments.ocr:
            ocr(arguments.corpus, arguments.ocr)
    evaluate(where, arguments.questions)
