"""The usual recipe as a peer: MiniLM by sentence-transformers + BM25 by bm25s, fused by RRF (k = 60).

    pip install sentence-transformers bm25s
    python benchmarks/baseline.py COLLECTION QUESTIONS.jsonl --model FOLDER_OF_MINILM

It searches the very same chunks, with their OCR text and what pages say of pictures, read from a collection that
`benchmarks/corpus.py` made; only towers, BM25 and ranking are its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from common import save, table
from sentence_transformers import SentenceTransformer

from commonplace.evaluation.measures import Outcome, by_kind, rank_of_gold
from commonplace.evaluation.questions import read_questions
from commonplace.ingest.wording import Wording
from commonplace.lexical.analyser import Analyser
from commonplace.records import Records

K = 60
DEPTH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--model", default="sentence-transformers/all-MiniLM-L6-v2")
    arguments = parser.parse_args()
    records = Records(arguments.collection)
    wording = Wording(Analyser())
    chunks = [chunk for chunk in records.chunks(records.chunk_ids()).values() if wording.passage(chunk)]
    records.close()
    texts = [wording.passage(chunk) for chunk in chunks]
    sources = [chunk.source for chunk in chunks]
    model = SentenceTransformer(arguments.model, device="cpu")
    vectors = model.encode(texts, normalize_embeddings=True, batch_size=32)
    bm25 = bm25s.BM25()
    bm25.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
    outcomes: dict[str, list[Outcome]] = {"BM25 (bm25s)": [], "MiniLM": [], "MiniLM + BM25, RRF k=60": []}
    for question in read_questions(arguments.questions):
        if not question.gold:
            continue
        cosines = vectors @ model.encode([question.query], normalize_embeddings=True)[0]
        dense = np.argsort(-cosines, kind="stable")[:DEPTH].tolist()
        tokens = bm25s.tokenize([question.query], show_progress=False)
        found, scores = bm25.retrieve(tokens, k=DEPTH, show_progress=False)
        lexical = [int(i) for i, score in zip(found[0], scores[0], strict=True) if score > 0]
        for name, order in zip(outcomes, (lexical, dense, rrf(lexical, dense)), strict=True):
            outcomes[name].append(Outcome(question, rank_of_gold(question, (sources[i] for i in order)), False))
    rows: list[dict[str, Any]] = []
    for name, found_all in outcomes.items():
        for kind, measured in by_kind(found_all).items():
            recalls = {f"recall@{k}": value for k, value in measured.recall.items()}
            rows.append({"peer": name, "kind": kind, "n": measured.questions} | recalls | {"MRR@10": measured.mrr})
    print(table(rows))
    save("baseline", rows=rows)


def rrf(*rankings: list[int]) -> list[int]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, index in enumerate(ranking, start=1):
            scores[index] = scores.get(index, 0.0) + 1 / (K + rank)
    return sorted(scores, key=lambda index: (-scores[index], index))


if __name__ == "__main__":
    main()
