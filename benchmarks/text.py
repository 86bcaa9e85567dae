"""The text tower beside MiniLM, its sentence teacher and a static table: does it find, and what does it cost?

    python benchmarks/text.py --weights WHEELS --data DATA --corpus CORPUS [--towers FOLDER] [--cache FOLDER]
                              [--part quality|speed|rerank] [--wordnet data.noun]

quality  nDCG@10 and recall@10 on held-out documentation, on questions written for it (questions.heldout.tsv), on the
         concept questions of the development corpus (tuned on), man pages and a dictionary
speed    CPU-seconds per 1,000 texts, one thread; a query; loading; resident memory
rerank   whether the cross-encoder over the first 30 passages pays
The vectors of what does not change are kept in --cache.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import save, table
from numpy.typing import NDArray

from commonplace.encoders.onnx import MODELS, TextEncoder
from commonplace.evaluation.questions import read_questions
from commonplace.ingest.chunking import drafts
from commonplace.ingest.elements import Front, Note, PictureLink
from commonplace.ingest.formats import detect, reader
from commonplace.training.data import Passage, passages
from commonplace.training.teachers import PairTeacher, SentenceTeacher
from commonplace.training.text import start_tower, write_float
from commonplace.training.text_pairs import HELD_OUT, head, passage_id
from commonplace.vectors.normalise import truncate, unit_rows

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str], bool], Vectors]
GALLERY, ASKED = 600, 100
"""Passages and headings of each held-out repository."""
HELD_OUT_QUESTIONS = Path(__file__).with_name("questions.heldout.tsv")


@dataclass(frozen=True)
class Set:
    """Queries and documents; gold: the documents that answer a query."""

    name: str
    queries: list[str]
    documents: list[str]
    gold: list[set[int]]
    technical: bool = True


def held_out(data: Path) -> list[Set]:
    """Headings of each held-out repository, and the written questions of all four."""
    by_id: dict[str, Passage] = {}
    by_repository: dict[str, list[Passage]] = defaultdict(list)
    for split in ("dev", "train"):
        for passage in passages(data, split):  # type: ignore[arg-type]
            if passage.repository in HELD_OUT:
                by_repository[passage.repository].append(passage)
    wanted = dict(line.split("\t") for line in HELD_OUT_QUESTIONS.read_text("utf-8").splitlines())
    sets, asked, gold, documents = [], [], [], []
    for repository, mine in sorted(by_repository.items()):
        chance = random.Random(repository)
        questions = [passage for passage in mine if passage_id(passage) in wanted]
        gallery = list(dict.fromkeys(questions + chance.sample(mine, min(GALLERY, len(mine)))))
        above = [head(passage).replace(" › ", " ") for passage in gallery]
        titled = [place for place, words in enumerate(above) if len(set(words.lower().split())) >= 3]
        chosen = chance.sample(titled, min(ASKED, len(titled)))
        texts = [passage.text for passage in gallery]
        answers = [{place for place, words in enumerate(above) if words == above[one]} for one in chosen]
        sets.append(Set(f"headings, {repository}", [above[one] for one in chosen], texts, answers))
        for place, passage in enumerate(gallery[: len(questions)]):
            asked.append(wanted[passage_id(passage)])
            gold.append({len(documents) + place})
        documents += texts
        by_id |= {passage_id(passage): passage for passage in questions}
    return [*sets, Set("written questions, held-out repositories", asked, documents, gold)]


def concepts(corpus: Path, questions: Path, most: int = 900) -> tuple[Set, list[str]]:
    """Concept questions over passages as a collection cuts them: those of all gold pages and of some others.

    Returns the page of each passage too: a page counts once, at its best passage.
    """
    asked = [question for question in read_questions(questions) if question.kind == "concept" and question.gold]
    wanted = {gold for question in asked for gold in question.gold}
    files = sorted(path for path in corpus.rglob("*") if path.suffix in (".md", ".rst", ".html"))
    random.Random(0).shuffle(files)
    files.sort(key=lambda path: str(path.relative_to(corpus)) not in wanted)
    documents, pages = [], []
    for path in files:
        if len(documents) >= most and str(path.relative_to(corpus)) not in wanted:
            break
        title, content = "", []
        for element in reader(detect(path))(path):
            if isinstance(element, Front):
                title = element.title or title
            elif not isinstance(element, PictureLink | Note):
                content.append(element)
        for draft in drafts(content):
            if draft.text.strip():
                above = " › ".join(dict.fromkeys(filter(None, (title, *draft.locator.headings))))
                documents.append(f"{above}\n{draft.text}".strip())
                pages.append(str(path.relative_to(corpus)))
    gold = [{place for place, page in enumerate(pages) if page in question.gold} for question in asked]
    return Set("concept questions (tuned on)", [question.query for question in asked], documents, gold), pages


def manual(pages: int = 500, asked: int = 200) -> Set:
    """Man pages of sections 1 and 8: the line under NAME finds the beginning of the DESCRIPTION."""
    names, texts = [], []
    for path in sorted(Path("/usr/share/man").glob("man[18]/*.gz")):
        if path.is_symlink():
            continue
        source = re.sub(
            r"^[.\'](?!SH)[^\n]*\n",
            "",
            gzip.decompress(path.read_bytes()).decode("utf-8", "replace"),
            flags=re.MULTILINE,
        )
        parts = dict(re.findall(r'^\.SH "?([^"\n]+?)"? *\n(.*?)(?=^\.SH|\Z)', source, flags=re.MULTILINE | re.DOTALL))
        plain = {
            key: " ".join(re.sub(r"\\f[BIRP]|\\\(..|\\[&|^]", "", text).replace("\\-", "-").split())
            for key, text in parts.items()
        }
        name, _, said = plain.get("NAME", "").partition(" - ")
        text = plain.get("DESCRIPTION", "")[:500]
        if 3 <= len(said.split()) <= 20 and len(text) > 100 and name not in names:
            names.append(name)
            texts.append((said, text))
    chosen = random.Random(0).sample(texts, min(pages, len(texts)))
    return Set(
        "man pages, NAME -> DESCRIPTION",
        [said for said, _ in chosen[:asked]],
        [text for _, text in chosen],
        [{place} for place in range(asked)][: len(chosen)],
    )


def dictionary(nouns: Path, entries: int = 2_000, asked: int = 400) -> Set:
    """WordNet 3.0 (Debian's wordnet-base): a definition finds the words that it defines. General English."""
    rows = []
    for line in nouns.read_text("ascii").splitlines():
        if line[0] != " ":
            fields, _, gloss = line.partition(" | ")
            parts = fields.split()
            words = [parts[4 + 2 * place].replace("_", " ") for place in range(int(parts[3], 16))]
            definition = gloss.split(";")[0].strip()
            if len(definition.split()) >= 6 and words[0].islower():
                rows.append((definition, ", ".join(words)))
    chosen = random.Random(0).sample(rows, entries)
    return Set(
        "dictionary, definition -> words (general)",
        [row[0] for row in chosen[:asked]],
        [row[1] for row in chosen],
        [{place} for place in range(asked)],
        technical=False,
    )


def measure(cosines: Vectors, gold: Sequence[set[int]], pages: Sequence[str] | None = None) -> Vectors:
    """(n, 2): nDCG@10 and recall@10 of each query; one right answer is enough for recall where pages are asked for."""
    rows = []
    for scores, answers in zip(cosines, gold, strict=True):
        order = np.argsort(-scores, kind="stable")
        if pages is not None:
            found = list(dict.fromkeys(pages[place] for place in order))
            right = {pages[place] for place in answers}
            hits = [page in right for page in found[:10]]
            best = sum(1 / np.log2(rank + 2) for rank in range(min(10, len(right))))
        else:
            hits = [int(place) in answers for place in order[:10]]
            best = sum(1 / np.log2(rank + 2) for rank in range(min(10, len(answers))))
        gain = sum(hit / np.log2(rank + 2) for rank, hit in enumerate(hits))
        rows.append((gain / best, float(any(hits)) if pages is not None else sum(hits) / min(10, len(answers))))
    return np.array(rows)


def interval(differences: Vectors, draws: int = 10_000) -> str:
    """Mean and 95 % interval of paired differences, in points, by bootstrap over the queries."""
    chance = np.random.default_rng(0)
    means = differences[chance.integers(0, len(differences), (draws, len(differences)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{100 * differences.mean():+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


class Cache:
    """Vectors by the model's name and the texts; within a run no text is encoded twice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[tuple[str, bool], dict[str, Vectors]] = defaultdict(dict)
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, name: str, encode: Encode, texts: Sequence[str], query: bool) -> Vectors:
        known = self.known[name, query]
        path = self.folder / f"{sha256(json.dumps([name, query, list(texts)]).encode()).hexdigest()[:24]}.npy"
        if not path.exists():
            if missing := [text for text in dict.fromkeys(texts) if text not in known]:
                known.update(zip(missing, encode(missing, query), strict=True))
            np.save(path, np.stack([known[text] for text in texts]).astype(np.float16))
        rows = unit_rows(np.load(path).astype(np.float32))
        known.update(zip(texts, rows, strict=True))
        return rows


def static_table(weights: Path, texts: Sequence[str]) -> Encode:
    """As model2vec distils: each token through MiniLM alone, PCA to 256, weighted by rarity, averaged."""
    tower, tokenizer = start_tower(weights), TextEncoder()._tokenizer
    with torch.inference_mode():
        rows = torch.tensor([[101, token, 102] for token in range(tower.words.num_embeddings)])
        vectors = np.concatenate([tower(some).numpy() for some in rows.split(512)])
    vectors = vectors - vectors.mean(0)
    vectors = vectors @ np.linalg.svd(vectors[::4], full_matrices=False)[2][:256].T
    counts = np.ones(len(vectors))
    for encoding in tokenizer.encode_batch_fast(list(texts)):
        np.add.at(counts, encoding.ids[1:-1], 1)
    vectors *= (1e-3 / (1e-3 + counts / counts.sum()))[:, None]

    def encode(texts: Sequence[str], query: bool) -> Vectors:
        del query
        found = [vectors[e.ids[1:-1] or [101]].mean(0) for e in tokenizer.encode_batch_fast(list(texts))]
        return unit_rows(np.stack(found).astype(np.float32))

    return encode


def quality(arguments: argparse.Namespace, models: dict[str, Encode]) -> None:
    cache = Cache(arguments.cache)
    sets = held_out(arguments.data)
    concept, pages = concepts(arguments.corpus, arguments.data / "questions.dev.jsonl")
    sets += [concept, manual()] + ([dictionary(arguments.wordnet)] if arguments.wordnet else [])
    models["static table"] = static_table(arguments.weights, sets[0].documents + sets[1].documents)
    every: dict[str, dict[str, Vectors]] = {}
    for one in sets:
        paged = pages if one is concept else None
        scores = every[one.name] = {}
        for name, encode in models.items():
            asked, found = (
                cache(name, encode, texts, query) for texts, query in ((one.queries, True), (one.documents, False))
            )
            scores[name] = measure(asked @ found.T, one.gold, paged)
            if name.startswith("commonplace"):
                for dim in (256, 128):
                    cut = measure(truncate(asked, dim) @ truncate(found, dim).T, one.gold, paged)
                    scores[f"{name}, {dim} dimensions"] = cut
        print(f"{one.name}: {len(one.queries)} queries, {len(one.documents)} documents", flush=True)
    mine, base = next(iter(models)), "MiniLM"
    rows: list[dict[str, Any]] = []
    for title, column in (("nDCG@10", 0), ("recall@10", 1)):
        pooled = {"technical sets, pooled": [one for one in sets if one.technical and one is not concept]}
        for name, group in {**{one.name: [one] for one in sets}, **pooled}.items():
            joined = {
                model: np.concatenate([every[one.name][model][:, column] for one in group])
                for model in every[sets[0].name]
            }
            row = {"set": name, "measure": title}
            row |= {model: f"{100 * values.mean():.1f}" for model, values in joined.items()}
            rows.append(row | {f"{mine} - {base}": interval(joined[mine] - joined[base])})
    print(table(rows))
    save("text, quality", tower=arguments.towers.name, rows=rows)


def speed(arguments: argparse.Namespace, models: dict[str, Encode]) -> None:
    tokenizer = TextEncoder(models=arguments.towers)._tokenizer
    texts = [passage.text for _, passage in zip(range(6_000), passages(arguments.data, "dev"), strict=False)]
    lengths = [len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts)]
    samples = {
        32: [text for text, n in zip(texts, lengths, strict=True) if 28 <= n <= 36][:128],
        128: [text for text, n in zip(texts, lengths, strict=True) if 115 <= n <= 140][:32],
    }
    rows = []
    for name, encode in models.items():
        row: dict[str, Any] = {"model": name}
        for tokens, sample in samples.items():
            encode(sample[:16], False)
            spent = []
            for _ in range(3):
                began = time.process_time()
                encode(sample, False)
                spent.append(time.process_time() - began)
            row[f"CPU s per 1k texts of {tokens} tokens"] = round(min(spent) / len(sample) * 1000, 2)
        waits = []
        for query in samples[32][:100]:
            began = time.process_time()
            encode([" ".join(query.split()[:8])], True)
            waits.append(1000 * (time.process_time() - began))
        row["query p50, CPU ms"] = round(statistics.median(waits), 2)
        rows.append(row)
    print(table(rows))
    code = (
        "import time,sys,resource,pathlib; import numpy, onnxruntime, tokenizers\n"
        "from commonplace.encoders.onnx import TextEncoder\n"
        "rss=lambda: int(open('/proc/self/statm').read().split()[1])*4096\n"
        "before,began=rss(),time.process_time(); e=TextEncoder(models=pathlib.Path(sys.argv[1]),threads=1)\n"
        "e.encode(['a']); loaded=time.process_time()-began\n"
        "e.encode(['words '*300]*64)\n"
        "print(loaded,(rss()-before)/2**20)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(arguments.towers)], capture_output=True, text=True, check=True
    )
    load, resident = map(float, run.stdout.split())
    print(f"load with the first text: {load:.2f} CPU-s; resident memory of the encoder: {resident:.0f} MiB")
    save("text, speed", rows=rows, load=load, resident=resident)


def rerank(arguments: argparse.Namespace, models: dict[str, Encode], depth: int = 30) -> None:
    """The cross-encoder alone, and its ranks fused with the tower's, over the tower's first passages."""
    cache, teacher = Cache(arguments.cache), PairTeacher(arguments.weights)
    mine = next(iter(models))
    concept, pages = concepts(arguments.corpus, arguments.data / "questions.dev.jsonl")
    chosen = held_out(arguments.data)[-1]
    some = sorted(random.Random(0).sample(range(len(chosen.queries)), min(45, len(chosen.queries))))
    rows = []
    for one, paged, kept in ((concept, pages, range(len(concept.queries))), (chosen, None, some)):
        cosines = cache(mine, models[mine], one.queries, True) @ cache(mine, models[mine], one.documents, False).T
        again, fused, waits = cosines.copy(), cosines.copy(), []
        for row in kept:
            first = np.argsort(-cosines[row])[:depth]
            began = time.process_time()
            scores = teacher.score([(one.queries[row], one.documents[place]) for place in first])
            waits.append(time.process_time() - began)
            again[row, first] = 10 + scores / 100
            ranks = np.argsort(np.argsort(-scores))
            fused[row, first] = 10 + 1 / (5 + np.arange(len(first))) + 1 / (5 + ranks)
        before, after, mixed = (
            measure(scores[list(kept)], [one.gold[row] for row in kept], paged)[:, 0]
            for scores in (cosines, again, fused)
        )
        rows.append(
            {
                "set": one.name,
                "questions": len(before),
                "tower": f"{100 * before.mean():.1f}",
                "cross-encoder": f"{100 * after.mean():.1f}, {interval(after - before)}",
                "fused by rank": f"{100 * mixed.mean():.1f}, {interval(mixed - before)}",
                "CPU s a query": round(statistics.median(waits), 2),
            }
        )
    print(table(rows))
    save("text, rerank", rows=rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("weights", "data", "corpus"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--towers", type=Path, default=MODELS)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path)
    parser.add_argument("--part", choices=("quality", "speed", "rerank"), action="append")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tower, bge = TextEncoder(models=arguments.towers, threads=1), SentenceTeacher(arguments.weights)
    minilm = arguments.cache / "minilm"
    if not (minilm / "text.onnx").exists():
        write_float(start_tower(arguments.weights), arguments.weights, minilm)
    onnx = TextEncoder(models=minilm, threads=1)
    parts = arguments.part or ["quality", "speed", "rerank"]
    models: dict[str, Encode] = {
        f"{tower.name} {tower.fingerprint[:6]}": lambda texts, query: tower.encode(texts),
        "MiniLM": lambda texts, query: onnx.encode(texts),
        "bge-small int8": lambda texts, query: bge.encode(texts, query=query),
    }
    if "quality" in parts:
        quality(arguments, dict(models))
    if "rerank" in parts:
        rerank(arguments, models)
    if "speed" in parts:
        exact = start_tower(arguments.weights)

        def in_torch(texts: Sequence[str], query: bool) -> Vectors:
            """As sentence-transformers runs it: batches of 32, sorted by length, padded to the longest."""
            del query
            encodings = sorted((e.ids for e in tower._tokenizer.encode_batch_fast(list(texts))), key=len, reverse=True)
            rows = []
            with torch.inference_mode():
                for low in range(0, len(encodings), 32):
                    some = encodings[low : low + 32]
                    rows.append(exact(torch.tensor([ids + [0] * (len(some[0]) - len(ids)) for ids in some])).numpy())
            return np.concatenate(rows)

        speed(arguments, {**models, "MiniLM, torch": in_torch})


if __name__ == "__main__":
    main()
