"""What each profile loses at 768 dimensions, on real vectors: two models joined.

    python benchmarks/joined.py CORPUS QUESTIONS.jsonl WHEELS [--texts 3000] [--pictures 600]

Texts: passages of the corpus, those of the questions' pages first, by our text tower and bge-small, joined; asked with
the questions and with sentences of other passages. Pictures: class token and mean patch of DINOv2, joined; a sixth of
the pictures ask for the others, as these vectors know no words. WHEELS is the folder of the training wheels.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from common import Usage, save, table

from commonplace.encoders.onnx import TextEncoder, squash
from commonplace.errors import UnreadableFile
from commonplace.evaluation.questions import Question, read_questions
from commonplace.evaluation.tune import Limits, Measured, measure_lane, recommended
from commonplace.ingest.chunking import drafts
from commonplace.ingest.elements import Front, Note, PictureLink
from commonplace.ingest.formats import detect, reader
from commonplace.ingest.links import is_picture
from commonplace.ingest.pictures import open_picture
from commonplace.training.picture_tower import PIXELS
from commonplace.training.starting_weights import backbone
from commonplace.training.teachers import SentenceTeacher
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

BATCH = 8


def passages(corpus: Path, questions: Sequence[Question], most: int) -> list[tuple[str, str]]:
    """Source and text of each; gold pages first."""
    files = [path for path in sorted(corpus.rglob("*")) if path.suffix in (".md", ".rst", ".html")]
    random.Random(0).shuffle(files)
    wanted = {gold for question in questions for gold in question.gold}
    files.sort(key=lambda path: str(path.relative_to(corpus)) not in wanted)
    found: list[tuple[str, str]] = []
    for path in files:
        elements = (e for e in reader(detect(path))(path) if not isinstance(e, PictureLink | Front | Note))
        found += [(str(path.relative_to(corpus)), draft.text) for draft in drafts(elements) if draft.text.strip()]
        if len(found) >= most:
            break
    return found[:most]


def sentence(text: str) -> str:
    """One from the middle, as `commonplace tune` asks."""
    parts = [part.strip() for part in text.replace("\n", ". ").split(". ") if len(part.split()) > 3]
    return " ".join(parts[len(parts) // 2].split()[:24]) if parts else ""


def joined_texts(texts: Sequence[str], tower: TextEncoder, bge: SentenceTeacher, *, query: bool) -> Vectors:
    both = [tower.encode(texts, "query" if query else "document"), bge.encode(texts, query=query)]
    return unit_rows(np.hstack(both))


def joined_pictures(corpus: Path, weights: Path, most: int) -> Vectors:
    files = sorted(path for path in corpus.rglob("*") if is_picture(path.name))
    random.Random(0).shuffle(files)
    pictures = []
    for path in files[:most]:
        try:
            pictures.append(squash(open_picture(path), PIXELS))
        except UnreadableFile:
            continue
    model, rows = backbone(weights), []
    with torch.inference_mode():
        for start in range(0, len(pictures), BATCH):
            pixels = torch.tensor(np.stack(pictures[start : start + BATCH])).permute(0, 3, 1, 2) / 255
            tokens = model(pixels)
            both = torch.stack([tokens[:, 0], tokens[:, 1:].mean(1)], dim=1)
            rows.append((both / both.norm(dim=2, keepdim=True)).flatten(1).numpy())
    return unit_rows(np.concatenate(rows))


def report(lane: str, measured: list[Measured]) -> None:
    best = recommended(measured, Limits())
    rows = [
        {
            "lane": lane, "setting": each.name + (" <- recommended" if each == best else ""),
            "recall@10": f"{each.recall.mean:.4f} ({each.recall.low:.4f}-{each.recall.high:.4f})",
            "labelled": "-" if each.labelled is None else f"{each.labelled:.3f}",
            "bytes": each.memory, "p50 ms": each.p50,
        }
        for each in measured
    ]  # fmt: skip
    print(table(rows), flush=True)
    save("joined", lane=lane, rows=rows)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("corpus", type=Path)
    arguments.add_argument("questions", type=Path)
    arguments.add_argument("weights", type=Path, metavar="WHEELS")
    arguments.add_argument("--texts", type=int, default=3_000)
    arguments.add_argument("--pictures", type=int, default=600)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    with Usage() as usage:
        questions = [question for question in read_questions(options.questions) if question.gold]
        held = passages(options.corpus, questions, options.texts)
        right = [
            frozenset(row for row, (source, _) in enumerate(held) if question.answered_by(source))
            for question in questions
        ]
        asked = [(question.query, rows) for question, rows in zip(questions, right, strict=True) if rows]
        made = {sentence(text) for _, text in random.Random(1).sample(held, min(200, len(held)))} - {""}
        tower, bge = TextEncoder(threads=1), SentenceTeacher(options.weights)
        queries = joined_texts([query for query, _ in asked] + sorted(made), tower, bge, query=True)
        vectors = joined_texts([text for _, text in held], tower, bge, query=False)
        print(f"texts: {vectors.shape}, {len(queries)} queries, {len(asked)} of them with known answers", flush=True)
        report("text", measure_lane("text", vectors, queries, right=[rows for _, rows in asked]))
        pictures = joined_pictures(options.corpus, options.weights, options.pictures)
        some = len(pictures) // 6
        print(f"pictures: {pictures[some:].shape}, {some} queries", flush=True)
        report("media", measure_lane("media", pictures[some:], pictures[:some]))
    print(f"{usage.wall:.0f} s, {usage.cpu:.0f} CPU s")


if __name__ == "__main__":
    main()
