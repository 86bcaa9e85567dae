"""The picture tower in torch: what is read once, and what is trained on it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.training.picture_tower import Backbone, PictureShape, PictureTower, fours  # noqa: E402
from commonplace.training.plain import LOOKS  # noqa: E402

pytestmark = pytest.mark.train

SMALL = PictureShape(width=8, heads=2, layers=3, merge=1, inner=16, hidden=32, queries=2)


@pytest.fixture
def backbone() -> Backbone:
    torch.manual_seed(0)
    made: Backbone = Backbone(SMALL).eval()
    return made


@pytest.fixture
def tower(backbone: Backbone) -> PictureTower:
    made: PictureTower = PictureTower(backbone, SMALL).eval()
    return made


def test_neighbours_are_taken_two_by_two() -> None:
    square = torch.arange(16).view(1, 16, 1)
    assert fours(square, 4)[0, :, :, 0].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]


def test_a_tower_that_was_not_trained_goes_on_with_one_patch_of_four(backbone: Backbone, tower: PictureTower) -> None:
    pixels = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    x = backbone.blocks[0](backbone.embedding(pixels.permute(0, 3, 1, 2) / 255))
    x = torch.cat([x[:, :1], x[:, 1:].view(2, 16, 16, 8)[:, ::2, ::2].flatten(1, 2)], dim=1)
    for block in backbone.blocks[1:]:
        x = block(x)
    features = tower.looker.features(tower.reader(pixels))
    start = features[:, -SMALL.whole :][:, : SMALL.width]
    assert torch.allclose(start, backbone.norm(x)[:, 0], atol=1e-5)


def test_a_cell_of_the_head_is_where_it_is_in_the_picture(tower: PictureTower) -> None:
    """Red in the second cell of the first row: the plain numbers of its four quarters, and of no other."""
    pixels = torch.zeros((1, 224, 224, 3), dtype=torch.uint8)
    pixels[:, :56, 56:112, 0] = 255
    cells = tower.looker.features(tower.reader(pixels))[0, : -SMALL.whole].view(16, SMALL.cell)
    red = cells[:, 2 * SMALL.width :].view(16, 4, LOOKS)[..., 0]
    assert red[1].min() > 0.99
    assert red[[0, *range(2, 16)]].max() < 0.01


def test_the_head_takes_its_scale_from_features_of_each_kind(tower: PictureTower) -> None:
    head = tower.looker.head
    kinds = [np.full((3, len(head.mean)), value, np.float16) for value in (0, 2)]
    head.scale_to(kinds)
    assert set(head.mean.tolist()) == {1.0}
    assert head.deviation.tolist() == pytest.approx([1.001] * len(head.mean))


def test_what_is_trained_leaves_the_reader_alone(tower: PictureTower) -> None:
    pixels = torch.randint(0, 256, (2, 224, 224, 3), dtype=torch.uint8)
    reading = tower.reader(pixels).detach()
    tower.looker(reading).sum().backward()
    moved = {name for name, weight in tower.named_parameters() if weight.grad is not None}
    assert {name.partition(".")[0] for name in moved} == {"looker"}
    assert "looker.colour.weight" in moved
