"""The whole tower is trained from pixels, which are moved and scaled but keep their colours."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.training.picture_tower import Backbone, PictureShape, PictureTower  # noqa: E402
from commonplace.training.pictures.recipe import Config  # noqa: E402
from commonplace.training.pictures.whole import MOVED, Pixels, Whole, nudged  # noqa: E402

pytestmark = pytest.mark.train

SMALL = PictureShape(width=8, heads=2, layers=2, merge=1)


@pytest.fixture
def pictures() -> Any:
    return torch.randint(0, 256, (3, 224, 224, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture
def tower() -> PictureTower:
    torch.manual_seed(0)
    made: PictureTower = PictureTower(Backbone(SMALL), SMALL).eval()
    return made


def test_pixels_survive_being_kept_as_halves(tower: PictureTower, pictures: Any) -> None:
    kept = Pixels()(pictures).half()
    assert kept.shape == (3, Pixels.width)
    assert torch.allclose(Whole(tower).eval()(kept.float()), tower(pictures), atol=1e-5)


def test_the_first_layer_learns_too(tower: PictureTower, pictures: Any) -> None:
    Whole(tower).train()(Pixels()(pictures).float()).square().mean().backward()
    gradient = tower.reader.embedding.patches.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


def test_a_picture_is_nudged_not_recoloured() -> None:
    torch.manual_seed(0)
    halves = torch.zeros(8, 224, 224, 3)
    halves[:, :, 112:] = torch.tensor([255.0, 128.0, 0.0])
    seen = nudged(halves)
    assert seen.shape == halves.shape
    assert torch.allclose(seen[:, :, -1], halves[:, :, -1])
    assert torch.allclose(seen[:, :, 0], halves[:, :, 0])
    edges = (seen[:, 0, :, 0] > 127).float().argmax(1)
    assert len(set(edges.tolist())) > 1
    assert ((edges - 112).abs() <= 224 * MOVED + 2).all()


def test_earlier_layers_move_less() -> None:
    share = Config().share
    names = ["tower.reader.embedding.start", "tower.reader.blocks.0.fc1.bias", "tower.reader.blocks.5.fc1.bias"]
    names += ["tower.looker.blocks.0.fc1.bias", "tower.looker.blocks.5.fc1.bias", "tower.looker.head.fc1.bias"]
    shares = [share(f"model.{name}") for name in names]
    assert shares == sorted(shares)
    assert len(set(shares)) == len(shares)
    assert share("model.blocks.5.fc1.bias") == share("model.tower.looker.blocks.5.fc1.bias")
