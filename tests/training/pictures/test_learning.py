"""What the loss teaches: pairs that can be learned, twins that differ in one thing, and one text among several."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch
from torch import Tensor, nn

from commonplace.training.fit import Plan, fit
from commonplace.training.pictures.learning import Learning, Source, Stage
from commonplace.training.pictures.measured import ranks

pytestmark = pytest.mark.train
PLAN = Plan(150, 1e-2)


class Small(nn.Module):  # type: ignore[misc, unused-ignore]
    """Anything that maps rows to unit vectors."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 8)

    def forward(self, rows: Tensor) -> Tensor:
        return nn.functional.normalize(self.layer(rows), dim=-1)


def units(rows: Tensor) -> Tensor:
    return nn.functional.normalize(rows, dim=-1)


def half(rows: Tensor) -> NDArray[np.float16]:
    return np.asarray(rows, np.float16)


@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_pairs_that_can_be_learned_are(loss: Literal["softmax", "sigmoid"], tmp_path: Path) -> None:
    torch.manual_seed(0)
    seen = torch.randn(64, 8)
    texts = units(seen @ torch.randn(8, 8))
    rows = half(seen @ torch.randn(8, 12))
    alone = [[i] for i in range(64)]
    stage = Stage("x", PLAN, 32, (("real", 1.0),), turns=2, bank=16, loss=loss, soft_weight=0.0, average=0.9)
    learning = Learning(Small(), stage, {"real": Source(rows, range(64), alone, alone)}, texts)
    fit(learning, learning.loss, stage.plan, tmp_path)
    found = ranks(learning.average(torch.tensor(rows).float()), texts, torch.arange(64))
    assert float((found < 5).float().mean()) > 0.9


def test_the_two_of_a_minimal_pair_are_told_apart(tmp_path: Path) -> None:
    """Twins share all but one direction of 8, in what is seen and in texts, whose cosine is about .95."""
    torch.manual_seed(0)
    shared, own = torch.randn(16, 1, 8), torch.zeros(16, 2, 8)
    own[:, 0, 0], own[:, 1, 0] = 0.5, -0.5
    seen = (shared + own).flatten(0, 1)
    texts = units(seen @ torch.randn(8, 8))
    rows = half(seen @ torch.randn(8, 12))
    source = Source(rows, range(32), [[i] for i in range(32)], [[2 * i, 2 * i + 1] for i in range(16)])
    stage = Stage("x", PLAN, 16, (("scenes", 1.0),), turns=1, bank=8, average=0.9)
    learning = Learning(Small(), stage, {"scenes": source}, texts)
    assert "twins" in learning.loss(0)[1]
    fit(learning, learning.loss, stage.plan, tmp_path)
    vectors = learning.average(torch.tensor(rows).float())
    cosines = vectors.view(16, 2, -1) @ texts.view(16, 2, -1).transpose(1, 2)
    assert float((cosines.argmax(2) == torch.arange(2)).float().mean()) > 0.9


def test_each_text_of_a_picture_is_learned_in_one_step() -> None:
    """Two texts and two turns: wherever the first begins, the second turn takes the other, so both have a gradient."""
    torch.manual_seed(0)
    texts = units(torch.randn(4, 8))
    source = Source(half(torch.randn(2, 12)), [0, 1], [[0, 1], [2, 3]], [[0], [1]])
    losses = []
    for views in ([[0, 1], [2, 3]], [[1, 0], [3, 2]]):
        torch.manual_seed(1)
        stage = Stage("x", PLAN, 2, (("real", 1.0),), turns=2, bank=1, soft_weight=0.0)
        learning = Learning(Small(), stage, {"real": Source(source.rows, [0, 1], views, source.units)}, texts)
        losses.append(float(learning.loss(0)[0].detach()))
    assert losses[0] == pytest.approx(losses[1])
