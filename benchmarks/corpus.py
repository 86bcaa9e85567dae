"""The main job on real documents: add a folder, add it again, answer questions with known answers.

    python benchmarks/corpus.py CORPUS QUESTIONS.jsonl [--collection FOLDER]

Prints what `add` cost, what a second `add` cost, and recall and MRR by kind for each set of lanes. With a collection
that is there already, only the questions are asked.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from common import Usage, save, table

from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.evaluation.measures import Outcome, by_kind, false_positive_rate, lost_rate
from commonplace.evaluation.questions import read_questions
from commonplace.evaluation.run import ask

LANES = {
    "BM25 alone": ["bm25"],
    "dense text alone": ["text"],
    "pictures alone": ["media"],
    "identifiers alone": ["identifier"],
    "BM25 + dense": ["bm25", "text"],
    "everything": ["text", "media", "bm25", "identifier"],
}


def build(corpus: Path, folder: Path) -> None:
    calls: list[int] = []
    encode = Encoder.encode

    def counted(self: Encoder, items: Any, kind: Any = "document") -> Any:
        calls.append(len(items := list(items)))
        return encode(self, items, kind)

    Encoder.encode = counted  # type: ignore[method-assign]
    with Collection(folder) as collection:
        with Usage() as first:
            report = collection.add(corpus)
        files = report.documents + len(report.failed) + len(report.skipped)
        pictures = report.chunks.get("image", 0) + report.chunks.get("page", 0)
        print(f"{files} files: {report.documents} indexed, {len(report.skipped)} skipped, {len(report.failed)} failed")
        for problem in report.skipped + report.failed:
            print(f"  {problem.source}: {problem.reason}")
        calls.clear()
        with Usage() as second:
            again = collection.add(corpus)
        assert again.documents == 0
    rows = [
        {
            "add": name, "wall s": round(usage.wall, 1), "CPU s": round(usage.cpu, 1), "files/s": files / usage.wall,
            "pictures/CPU s": pictures / usage.cpu, "peak MiB": round(usage.peak / 2**20), "model calls": count,
        }
        for name, usage, count in (("first", first, len(report.chunks)), ("second", second, len(calls)))
    ]  # fmt: skip
    rows[0]["model calls"] = "-"
    print(table(rows))
    save(
        "corpus-add", files=files, chunks=report.chunks, wall=first.wall, cpu=first.cpu, peak=first.peak,
        again_wall=second.wall, again_model_calls=len(calls),
    )  # fmt: skip


def evaluate(folder: Path, questions_file: Path) -> None:
    questions = read_questions(questions_file)
    rows: list[dict[str, Any]] = []
    with Collection(folder) as collection:
        for name, lanes in LANES.items():
            outcomes = ask(collection, questions, lanes=lanes)
            for kind, found in by_kind(outcomes).items():
                rows.append(
                    {"lanes": name, "kind": kind, "n": found.questions}
                    | {f"recall@{k}": value for k, value in found.recall.items()}
                    | {"MRR@10": found.mrr}
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
    arguments = parser.parse_args()
    where = arguments.collection or Path(tempfile.mkdtemp()) / "collection"
    if not (where / "collection.json").exists():
        build(arguments.corpus, where)
    evaluate(where, arguments.questions)
