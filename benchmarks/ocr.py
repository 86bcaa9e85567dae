"""What OCR costs and finds: settings x CPU-seconds a picture x share of the known strings that are read.

    python benchmarks/ocr.py CORPUS QUESTIONS.jsonl [-n 60] [--only NAME,..]

CPU time is of this process, one thread, models loaded before. `sample` are n pictures of the corpus at random (seed 0),
`gold` those that the questions of kind `ocr` are about; `exact` and `loose` count the questions whose `check` string
was read off a gold picture, as it is or ignoring case, spaces and punctuation. `words` is the share of RapidOCR's
distinct words (of three letters and more) that were read too, and how many others were.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from commonplace.ingest.ocr import DEFAULTS, PictureReader
from commonplace.ingest.pictures import open_picture

Read = Callable[[Image.Image], list[str]]
SUFFIXES = {".png", ".webp", ".gif", ".jpg", ".jpeg"}


def rapidocr() -> Read:
    from rapidocr import RapidOCR

    one = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    engine = RapidOCR(params={"Global.log_level": "error", **one})
    return lambda image: list(getattr(engine(np.asarray(image)[:, :, ::-1]), "txts", None) or ())


def ours(**settings: object) -> Read:
    reader = PictureReader(replace(DEFAULTS, **settings))  # type: ignore[arg-type]
    return lambda image: [word.text for word in reader.read(image)]


VARIANTS: dict[str, Callable[[], Read]] = {
    "RapidOCR 3.10, its defaults": rapidocr,
    "commonplace, its defaults": ours,
    "no glance": lambda: ours(glance=None),
    "pixels 500,000": lambda: ours(pixels=500_000),
    "pixels 1,000,000": lambda: ours(pixels=1_000_000),
    "never enlarged": lambda: ours(enlarge=1.0),
    "tiles of 1,500,000": lambda: ours(tile=1_500_000),
    "squeeze 0.85": lambda: ours(squeeze=0.85),
    "squeeze 0.7": lambda: ours(squeeze=0.7),
    "batch 640": lambda: ours(batch=640),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("-n", type=int, default=60)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    questions = [question for question in map(json.loads, options.questions.open()) if question["kind"] == "ocr"]
    gold = sorted({source for question in questions for source in question["gold"]})
    others = (str(path.relative_to(options.corpus)) for path in options.corpus.rglob("*") if path.suffix in SUFFIXES)
    sample = random.Random(0).sample(sorted(set(others) - set(gold)), options.n)
    names = ["RapidOCR 3.10, its defaults", *filter(None, options.only.split(";"))] if options.only else list(VARIANTS)
    reference: dict[str, list[str]] = {}
    print("| settings | CPU-s a picture | of gold | exact | loose | words | others |\n|---|---|---|---|---|---|---|")
    for name in names:
        read = VARIANTS[name]()
        read(open_picture(options.corpus / gold[0]))  # loads the models
        texts, seconds = {}, {}
        for source in (*sample, *gold):
            image = open_picture(options.corpus / source)
            started = time.process_time()
            texts[source] = read(image)
            seconds[source] = time.process_time() - started
        reference = reference or texts
        cost, cost_gold = (mean(seconds[source] for source in sources) for sources in (sample, gold))
        exact, loose = (sum(found(question, texts, form) for question in questions) for form in (str, squashed))
        shares = [len(words(texts[s]) & ref) / len(ref) for s, lines in reference.items() if (ref := words(lines))]
        more = sum(len(words(texts[source]) - words(reference[source])) for source in texts)
        print(
            f"| {name} | {cost:.2f} | {cost_gold:.2f} | {exact} | {loose} | {mean(shares):.3f} | {more} |", flush=True
        )


def found(question: dict[str, object], texts: dict[str, list[str]], form: Callable[[str], str]) -> bool:
    return any(form(str(question["check"])) in form(" ".join(texts[source])) for source in golds(question))


def golds(question: dict[str, object]) -> Iterator[str]:
    sources = question["gold"]
    assert isinstance(sources, list)
    yield from map(str, sources)


def squashed(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def words(lines: list[str]) -> set[str]:
    return set(re.findall(r"\w{3,}", " ".join(lines).casefold()))


if __name__ == "__main__":
    main()
