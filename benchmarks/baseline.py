"""The usual recipe as a peer: MiniLM by sentence-transformers + BM25 by bm25s, fused by RRF (k = 60).

    pip install sentence-transformers bm25s
    python benchmarks/baseline.py COLLECTION QUESTIONS.jsonl --model FOLDER_OF_MINILM [--vectors CACHE.npz]

It searches the very same chunks, with their OCR text and what pages say of pictures, read from a collection that
`benchmarks/corpus.py` made; only towers, BM25 and ranking are its own. The last rows are the answers of `commonplace`
from that collection.
"""

from __future__ import annotations

import argparse
from hashlib import sha256
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from common import save, table
from sentence_transformers import SentenceTransformer

from commonplace.collection import Collection
from commonplace.evaluation.measures import CUTOFFS, Outcome, by_kind, ranks_of_gold
from commonplace.evaluation.questions import read_questions
from commonplace.evaluation.run import ask
from commonplace.home.database import SqliteDatabase
from commonplace.home.records import Records
from commonplace.ingest.wording import READ_LIMIT, passage, read_text

K = 60
DEPTH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--model", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--vectors", type=Path, help="Keep the vectors of passages here, for the next run.")
    arguments = parser.parse_args()
    database = SqliteDatabase.open(arguments.collection, create=False)
    records = Records(database)
    chunks = [chunk for chunk in records.chunks(records.chunk_ids()).values() if passage(chunk)]
    database.close()
    # All that OCR read: only our text tower leaves most of it out.
    texts = [f"{passage(chunk)}\n{read_text(chunk)[READ_LIMIT:]}" for chunk in chunks]
    sources = [chunk.source for chunk in chunks]
    model = SentenceTransformer(arguments.model, device="cpu")
    vectors = encoded(model, texts, arguments.vectors)
    bm25 = bm25s.BM25()
    bm25.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
    outcomes: dict[str, list[Outcome]] = {"BM25 (bm25s)": [], "MiniLM": [], "MiniLM + BM25, RRF k=60": []}
    questions = [question for question in read_questions(arguments.questions) if question.gold]
    for question in questions:
        cosines = vectors @ model.encode([question.query], normalize_embeddings=True)[0]
        dense = np.argsort(-cosines, kind="stable")[:DEPTH].tolist()
        tokens = bm25s.tokenize([question.query], show_progress=False)
        found, scores = bm25.retrieve(tokens, k=DEPTH, show_progress=False)
        lexical = [int(i) for i, score in zip(found[0], scores[0], strict=True) if score > 0]
        for name, order in zip(outcomes, (lexical, dense, rrf(lexical, dense)), strict=True):
            outcomes[name].append(Outcome(question, ranks_of_gold(question, (sources[i] for i in order)), False))
    with Collection(arguments.collection) as collection:
        outcomes["commonplace"] = ask(collection.search, questions)
    rows: list[dict[str, Any]] = []
    for name, found_all in outcomes.items():
        for kind, measured in by_kind(found_all).items():
            row = {"peer": name, "kind": kind, "n": measured["questions"]}
            row |= {f"recall@{k}": measured[f"recall@{k}"] for k in CUTOFFS}
            rows.append(row | {"MRR@10": measured["mrr@10"]})
    print(table(rows))
    save("baseline", rows=rows)


def encoded(model: SentenceTransformer, texts: list[str], cache: Path | None) -> Any:
    """(n, d) unit rows; those of texts in the cache are not computed again."""
    keys = [sha256(text.encode()).hexdigest() for text in texts]
    known = dict(np.load(cache)) if cache and cache.exists() else {}
    missing = list({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
    for start in range(0, len(missing), 512):
        some = missing[start : start + 512]
        rows = model.encode([text for _, text in some], normalize_embeddings=True, batch_size=32)
        known |= zip((key for key, _ in some), rows, strict=True)
        if cache:  # after each step: this takes a while, and goes on where it was stopped
            np.savez(cache, **known)
    return np.stack([known[key] for key in keys])


def rrf(*rankings: list[int]) -> list[int]:
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, index in enumerate(ranking, start=1):
            scores[index] = scores.get(index, 0.0) + 1 / (K + rank)
    return sorted(scores, key=lambda index: (-scores[index], index))


if __name__ == "__main__":
    main()
