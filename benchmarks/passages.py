"""Many vectors of real documentation: headings, sentences, and runs of sentences, by a seed.

    python benchmarks/passages.py DATA OUT.npy [--encode 36000] [--points 300000]

Headings and sentences of whole pages, in seeded order, are encoded by the text tower. Encoding a million texts would
take two hours here, so the rest are passages made of them: 2 to 9 neighbouring sentences of a page, with and without
their heading, whose vector is the normalised mean of the parts' vectors weighted by their words. The tower pools by
mean, so that this is near what it would say of the whole: the script prints how near. The last QUERIES rows are
sentences, headings and whole passages of other pages, all encoded: the queries of benchmarks/million.py.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
from million import QUERIES

from commonplace.encoders.onnx import TextEncoder
from commonplace.training.data import passages
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`\"'(])")
LONGEST, CHECKED = 9, 200

Page = list[tuple[str, str]]
"""Sentence after sentence, each with the heading that it stands under."""


def pages(data: Path, rng: random.Random) -> Iterator[tuple[Page, list[str]]]:
    """Pages in random order, and the passages of each as they are."""
    rows = groupby(passages(data, "train"), key=lambda passage: (passage.repository, passage.title))
    found = [list(page) for _, page in rows]
    rng.shuffle(found)
    for page in found:
        sentences = [
            (passage.heading or passage.title, part) for passage in page for part in SENTENCE.split(passage.text)
        ]
        yield sentences, [passage.text for passage in page]


def encode(tower: TextEncoder, texts: list[str]) -> Vectors:
    """(n, d); shortest first, so that little is padding."""
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    vectors = np.empty((len(texts), tower.dim), np.float32)
    began = time.process_time()
    for start in range(0, len(order), tower.batch_size):
        chosen = order[start : start + tower.batch_size]
        vectors[chosen] = tower.encode([texts[n] for n in chosen])
        if start // tower.batch_size % 50 == 0:
            print(f"{start} of {len(texts)} encoded, {time.process_time() - began:.0f} CPU s", flush=True)
    return vectors


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--encode", type=int, default=36_000, help="So many headings and sentences.")
    arguments.add_argument("--points", type=int, default=300_000)
    options = arguments.parse_args()
    rng, tower = random.Random(0), TextEncoder(threads=1)

    number: dict[str, int] = {}  # of every text that is encoded
    kept: list[Page] = []
    unseen = pages(options.data, rng)
    while len(number) < options.encode:
        page, _ = next(unseen)
        kept.append(page)
        for pair in page:
            for text in pair:
                number.setdefault(text, len(number))
    asked: dict[str, None] = {}
    while len(asked) < QUERIES:
        page, whole = next(unseen)
        if page:
            text = (rng.choice(page)[0], rng.choice(page)[1], rng.choice(whole))[len(asked) % 3]
            asked |= {} if text in number else {text: None}
    vectors, queries = encode(tower, list(number)), encode(tower, list(asked))

    # A run is the parts that it is made of: numbers of its sentences, and of its heading before them or none.
    runs: dict[tuple[int, ...], str] = {}
    for page in kept:
        for first in range(len(page)):
            for last in range(first + 2, min(first + LONGEST, len(page)) + 1):
                sentences = [text for _, text in page[first:last]]
                for head in ([], [page[first][0]]):
                    parts = tuple(number[text] for text in head + sentences)
                    runs[parts] = ". ".join([*head, " ".join(sentences)])
    wanted = options.points - len(number)
    chosen = rng.sample(list(runs), min(wanted, len(runs)))
    words = np.array([len(text.split()) + 1 for text in number], np.float32)
    made = np.empty((len(chosen), tower.dim), np.float32)
    for row, parts in enumerate(chosen):
        made[row] = words[list(parts)] @ vectors[list(parts)]
    made = unit_rows(made)

    sample = rng.sample(range(len(chosen)), min(CHECKED, len(chosen)))
    near = np.sum(made[sample] * encode(tower, [runs[chosen[row]] for row in sample]), axis=1)
    low = np.quantile(near, 0.05)
    print(f"cosine of {len(sample)} runs to their whole text: mean {near.mean():.3f}, 5 % below {low:.3f}")
    rows = np.concatenate([vectors, made])[np.random.default_rng(0).permutation(len(vectors) + len(made))]
    np.save(options.out, np.concatenate([rows, queries]).astype(np.float16))
    print(f"{len(vectors)} encoded, {len(made)} of {len(runs)} possible runs, {len(queries)} queries: {options.out}")


if __name__ == "__main__":
    main()
