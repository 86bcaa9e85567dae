from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.training.pictures.measured import Group, Sets, ranks  # noqa: E402

pytestmark = pytest.mark.train


def test_ranks_count_the_pictures_that_are_nearer() -> None:
    texts = torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.8, 0.0], [0.9, 0.8, 0.7]])
    assert ranks(torch.eye(3), texts, torch.arange(3)).tolist() == [0, 1, 2]


def test_a_tower_that_sees_all_is_measured_as_such_and_one_that_takes_each_for_another_is_not() -> None:
    """Four pictures in four directions, each said to be its own; two of them are of two kinds."""
    rows, texts = np.eye(4, dtype=np.float16), torch.eye(4)
    sets = Sets(
        dev=Group([0, 1], [[0], [1]], []),
        held=Group([2, 3], [[2], [3]], ["table", "map"]),
        test=Group([2, 3], [[2], [3]], ["table", "map"]),
        prompts={"table": [2], "map": [3]},
    )
    right, swapped = torch.nn.Identity(), lambda vectors: vectors[:, [1, 0, 3, 2]]
    figures = sets.measure(right, rows, texts)
    assert (figures["dev recall@1"], figures["looks recall@1"], figures["zero-shot"]) == (1, 1, 1)
    assert figures["choice"] == 1
    figures = sets.measure(swapped, rows, texts)
    assert (figures["dev recall@1"], figures["looks recall@1"], figures["zero-shot"]) == (0, 0, 0)
    found = sets.calibrated(right, rows, texts, [0, 1])
    assert found["temperature"] < 0.1  # sure, where all is right
    assert found["none"] == pytest.approx(1 / found["temperature"] - np.log(2), rel=0.01)  # what a right label leaves
