"""The picture tower alone: from pixels to the right picture, with nothing of the words in or around it.

    python benchmarks/pictures.py DATA --corpus CORPUS --questions QUESTIONS.jsonl [--part real --part scenes ...]

Parts: real (described pictures of four repositories that no recipe trains on), remembered (looks in our words, of
repositories left out), kinds (zero-shot over real pictures), visual (questions of the development corpus), scenes
(seeds, and families, that were not trained on), speed (CPU-seconds a picture beside a ViT-B/32 of random weights).
Needs [train]. What OCR reads in the pictures of `real` is kept in a file: it takes ten minutes the first time.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from common import save, table
from PIL import Image

from commonplace.encoders.onnx import MODELS
from commonplace.evaluation.questions import read_questions
from commonplace.ingest.links import is_picture
from commonplace.ingest.ocr import PictureReader
from commonplace.ingest.pictures import open_picture
from commonplace.spaces.registry import bundled
from commonplace.training.data import Pair, Pictures, pairs
from commonplace.training.pictures.said import HELD_FAMILIES, LEARNED_FAMILIES, looked, said_of
from commonplace.training.scenes import Scene, View, scene
from commonplace.training.scenes import pair as scene_pair
from commonplace.training.scenes.choices import NUMBERS
from commonplace.training.scenes.colours import COLOURS
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows
from commonplace.zero_shot import NONE, Judge

SEED = 5_000_000
"""Scenes from here on are not trained on."""
PAIRS = 400
"""Of scenes that differ in one thing."""
KINDS = sorted({row.kind for row in looked() if row.use == "test"})


def ranks(pictures: Vectors, texts: Vectors, own: Sequence[int]) -> Vectors:
    """From 1. Equal pictures share their places: none is found by its position in the file."""
    cosines = texts @ pictures.T
    mine = cosines[np.arange(len(texts)), list(own)][:, None]
    return np.asarray(1 + (cosines > mine).sum(1) + ((cosines == mine).sum(1) - 1) / 2, np.float32)


def found(name: str, ranked: Vectors, gallery: int) -> dict[str, Any]:
    shares = {f"recall@{k}": float((ranked <= k).mean()) for k in (1, 5, 10, 50)}
    return {"set": name, "texts": len(ranked), "pictures": gallery, **shares, "median rank": float(np.median(ranked))}


class Benchmark:
    def __init__(self, data: Path, models: Path, ocr: Path, corpus: Path | None, questions: Path | None) -> None:
        self.data, self.models, self.ocr, self.corpus, self.questions = data, models, ocr, corpus, questions
        self.space = bundled(models)
        self.seen: dict[str, Vectors] = {}
        self.known = {pair.id: pair for split in ("train", "dev") for pair in pairs(data, split)}

    def pictures(self, ids: Sequence[str]) -> Vectors:
        new = [id for id in ids if id not in self.seen]
        with Pictures(self.data) as stored:
            self.seen |= dict(zip(new, self.encode(stored[self.known[id]] for id in new), strict=True))
        return np.stack([self.seen[id] for id in ids])

    def encode(self, pictures: Iterable[Image.Image]) -> Vectors:
        return np.asarray(self.space.encode_image(pictures))

    def real(self) -> list[dict[str, Any]]:
        """Described pictures of `split: dev`; three ways to find them that know next to nothing; and with OCR's words.

        With both, a picture is the sum of its two unit vectors: for information, lanes are fused otherwise.
        """
        dev = [pair for pair in pairs(self.data, "dev") if pair.described]
        texts = self.space.encode_query([said_of(pair)[0] for pair in dev])
        vectors, own = self.pictures([pair.id for pair in dev]), range(len(dev))
        judge = Judge(self.space, KINDS)
        kinds = self.space.encode_query(judge.labels)[judge.probabilities(vectors).argmax(1)]
        train = [pair for pair in pairs(self.data, "train") if pair.described][::12]
        with Pictures(self.data) as stored:
            colours = [np.stack([histogram(stored[pair]) for pair in each]) for each in (train, dev)]
        targets = self.space.encode_query([said_of(pair)[0] for pair in train])
        fitted = np.linalg.solve(colours[0].T @ colours[0] + np.eye(64) * 0.1, colours[0].T @ targets)
        read = unit_rows(self.space.encode_document(self.words(dev)))
        rows = {
            "picture tower": vectors,
            "baseline: best of 11 kinds": kinds,
            "baseline: colours": colours[1] @ fitted,
            "baseline: OCR's words": read,
            "picture tower and OCR's words": vectors + read,
        }
        return [found(name, ranks(unit_rows(each), texts, own), len(dev)) for name, each in rows.items()]

    def words(self, chosen: Sequence[Pair]) -> list[str]:
        """What OCR reads in pictures, each read once."""
        self.ocr.touch()
        known = dict(json.loads(line) for line in self.ocr.read_text("utf-8").splitlines())
        reader = PictureReader()
        with Pictures(self.data) as stored, self.ocr.open("a", encoding="utf-8") as file:
            for pair in chosen:
                if pair.id not in known:
                    known[pair.id] = " ".join(word.text for word in reader.read(stored[pair]))
                    print(json.dumps([pair.id, known[pair.id]]), file=file, flush=True)
        return [known[pair.id] for pair in chosen]

    def remembered(self) -> list[dict[str, Any]]:
        """Looks in our own words, of repositories left out of training, among those and all pictures of `real`."""
        held = [row for row in looked() if row.use == "held"]
        dev = [pair.id for pair in pairs(self.data, "dev") if pair.described]
        gallery = self.pictures([row.id for row in held] + dev)
        texts = self.space.encode_query([text for row in held for text in row.looks])
        own = [number for number, row in enumerate(held) for _ in row.looks]
        return [found("looks as remembered", ranks(gallery, texts, own), len(gallery))]

    def kinds(self) -> list[dict[str, Any]]:
        """Accuracy by kind, and how `none of these` does when the true kind is among the labels and when it is not."""
        test = [row for row in looked() if row.use == "test"]
        vectors, true = self.pictures([row.id for row in test]), np.array([row.kind for row in test])
        best = np.array([answer[0][0] for answer in Judge(self.space, KINDS)(vectors)])
        rows = [{"kind": k, "n": int((true == k).sum()), "right": float((best == k)[true == k].mean())} for k in KINDS]
        none, judged = {True: 0, False: 0}, {True: 0, False: 0}
        for left_out in KINDS:
            answers = Judge(self.space, [k for k in KINDS if k != left_out], none_of_these=True)(vectors)
            for kind, answer in zip(true, answers, strict=True):
                none[bool(kind == left_out)] += answer[0][0] == NONE
                judged[bool(kind == left_out)] += 1
        for absent, is_label in ((True, "no label"), (False, "a label")):
            share = none[absent] / judged[absent]
            rows.append(
                {"kind": f"none of these, said where the kind is {is_label}", "n": judged[absent], "right": share}
            )
        return [*rows, {"kind": "all", "n": len(test), "right": float((best == true).mean())}]

    def visual(self) -> list[dict[str, Any]]:
        """Questions about looks. They were read while the first tower was made: no judge of progress by themselves."""
        assert self.corpus is not None, "visual needs --corpus"
        assert self.questions is not None, "visual needs --questions"
        paths = [path for path in sorted(self.corpus.rglob("*")) if is_picture(path.name)]
        gallery = self.encode(open_picture(path, 1024) for path in paths)
        asked = [question for question in read_questions(self.questions) if question.kind == "visual"]
        cosines = self.space.encode_query([question.query for question in asked]) @ gallery.T
        ranked = []
        for question, row in zip(asked, cosines, strict=True):
            ends = tuple(f"/{gold}" for gold in question.gold)
            golds = [number for number, path in enumerate(paths) if f"/{path.as_posix()}".endswith(ends)]
            ranked.append(1 + int((row > row[golds].max()).sum()) if golds else len(paths))
        return [found("visual questions", np.asarray(ranked, np.float32), len(paths))]

    def scenes(self) -> list[dict[str, Any]]:
        """Of the families that are trained on; of those that are not, among each other; and minimal pairs.

        Where a true description stands in place of each picture, it is what the text tower alone can tell apart: as
        much as may be expected of a picture tower whose vectors say what the picture shows.
        """
        rows = list[dict[str, Any]]()
        views: tuple[View, ...] = ("description", "looks", "query")
        for families, name in ((LEARNED_FAMILIES, "scenes"), (HELD_FAMILIES, "families left out")):
            alone = [scene(SEED + i, families[i % len(families)]) for i in range(1000)]
            vectors = self.encode(one.image for one in alone)
            said = {view: self.words_of(alone, view) for view in views}
            for view, texts in said.items():
                rows.append(found(f"{name} by {view}", ranks(vectors, texts, range(1000)), 1000))
            ranked = ranks(said["description"], said["looks"], range(1000))
            rows.append(found(f"{name} by looks, descriptions for pictures", ranked, 1000))
        return [*rows, *self.minimal_pairs()]

    def minimal_pairs(self) -> list[dict[str, Any]]:
        """The right one of two pictures that differ in one thing, by what that is."""
        drawn = [scene_pair(SEED + 100_000 + i, LEARNED_FAMILIES[i % len(LEARNED_FAMILIES)]) for i in range(PAIRS)]
        flat = [one for *two, _ in drawn for one in two]
        vectors, described, looks = (
            self.encode(one.image for one in flat), self.words_of(flat, "description"), self.words_of(flat, "looks"),
        )  # fmt: skip
        values = [one.attributes[changed] for one, _, changed in drawn]
        changed = np.array(["a colour" if v in COLOURS else "a count" if v in NUMBERS else "else" for v in values])
        rows = []
        for texts, of, name in (
            (described, vectors, "by description"), (looks, vectors, "by looks"),
            (looks, described, "by looks, descriptions for pictures"),
        ):  # fmt: skip
            cosines = (texts @ of.T).reshape(PAIRS, 2, PAIRS, 2)
            own = np.stack([cosines[i, :, i] for i in range(PAIRS)])  # (pair, text, picture)
            right = np.diagonal(own, axis1=1, axis2=2) > own[:, [0, 1], [1, 0]]
            for what in ("anything", *np.unique(changed)):
                those = right if what == "anything" else right[changed == what]
                row = {"set": f"minimal pairs {name}, {what} changed", "texts": those.size, "pictures": 2}
                row["recall@1"] = float(those.mean())
                rows.append(row | dict.fromkeys(("recall@5", "recall@10", "recall@50", "median rank"), "-"))
        return rows

    def words_of(self, scenes: Sequence[Scene], view: View) -> Vectors:
        return np.asarray(self.space.encode_query([one.captions[view] for one in scenes]))

    def speed(self) -> list[dict[str, Any]]:
        """Of the same pictures, opened from files; one thread each; random weights cost what trained ones do."""
        import torch
        from onnxruntime import InferenceSession, SessionOptions

        from commonplace.encoders.onnx import ImageEncoder, squash
        from commonplace.training.export import to_onnx
        from commonplace.training.picture_tower import Backbone, PictureShape

        assert self.corpus, "speed needs --corpus"
        torch.set_num_threads(1)
        base = Backbone(PictureShape(patch=32, width=768, heads=12, layers=12)).eval()
        options = SessionOptions()
        options.intra_op_num_threads = 1
        exported = to_onnx(base, torch.zeros(2, 3, 224, 224), free_axes=1)
        session = InferenceSession(exported.SerializeToString(), options)
        ours = ImageEncoder(models=self.models, threads=1)
        paths = [path for path in sorted(self.corpus.rglob("*")) if path.suffix in (".png", ".jpg")][::12][:48]

        def floats(pictures: Sequence[Image.Image]) -> Any:
            return (
                np.stack([squash(picture, 224) for picture in pictures]).transpose(0, 3, 1, 2).astype(np.float32) / 255
            )

        def torch_base(pictures: Sequence[Image.Image]) -> None:
            with torch.inference_mode():
                base(torch.tensor(floats(pictures)))

        runs: dict[str, Callable[[Sequence[Image.Image]], Any]] = {
            "opening alone": lambda pictures: None,
            "ours, 8 bits": ours.encode,
            "ViT-B/32, torch": torch_base,
            "ViT-B/32, ONNX Runtime": lambda pictures: session.run(None, {"items": floats(pictures)}),
        }
        rows = []
        for name, run in runs.items():
            run([open_picture(path, 1024) for path in paths[:8]])  # the first call loads
            began = time.process_time()
            for start in range(0, len(paths), 8):
                run([open_picture(path, 1024) for path in paths[start : start + 8]])
            rows.append({"tower": name, "CPU ms a picture": (time.process_time() - began) / len(paths) * 1000})
        return rows


def histogram(picture: Image.Image) -> Vectors:
    """(64,): shares of 4x4x4 colours, square roots."""
    levels = np.asarray(picture.resize((96, 96))).reshape(-1, 3) // 64
    counts = np.bincount(levels @ np.array([16, 4, 1]), minlength=64)
    return np.asarray(np.sqrt(counts / counts.sum()), np.float32)


def main() -> None:
    parts = ("real", "remembered", "kinds", "visual", "scenes", "speed")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--models", type=Path, default=MODELS, help="Folder of the towers; default: the bundled ones.")
    parser.add_argument("--ocr", type=Path, default=Path(tempfile.gettempdir()) / "commonplace-pictures-ocr.jsonl")
    parser.add_argument("--part", action="append", choices=parts)
    arguments = parser.parse_args()
    benchmark = Benchmark(arguments.data, arguments.models, arguments.ocr, arguments.corpus, arguments.questions)
    for part in arguments.part or parts:
        rows = getattr(benchmark, part)()
        print(f"\n{part}\n\n{table(rows)}", flush=True)
        save(f"pictures-{part}", tower=benchmark.space.encoders["image"].fingerprint, rows=rows)


if __name__ == "__main__":
    main()
