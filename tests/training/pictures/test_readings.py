"""Pictures are read once, whoever asks again, and whatever stops in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.training.picture_tower import Backbone, PictureShape, Reader  # noqa: E402
from commonplace.training.pictures.readings import CHUNK, Readings, fill  # noqa: E402

pytestmark = pytest.mark.train

SMALL = PictureShape(width=8, heads=2, layers=2, merge=1)
WIDTH = sum(SMALL.reading)


@pytest.fixture
def reader() -> Reader:
    torch.manual_seed(0)
    made: Reader = Reader(Backbone(SMALL), SMALL).eval()
    return made


def draw(key: str) -> tuple[Image.Image, list[str]]:
    """At the top of a module, so that another process finds it."""
    return Image.new("RGB", (40, 30), key), [f"a {key} picture"]


def test_a_picture_is_read_once(reader: Reader, tmp_path: Path) -> None:
    asked: list[str] = []

    def noted(key: str) -> tuple[Image.Image, list[str]]:
        asked.append(key)
        return draw(key)

    fill(Readings(tmp_path, "x", WIDTH), reader, ["red", "blue"], noted, processes=1)
    again = Readings(tmp_path, "x", WIDTH)
    fill(again, reader, ["green", "blue", "red", "green"], noted, processes=1)
    assert asked == ["red", "blue", "green"]
    assert again.places == {"red": 0, "blue": 1, "green": 2}
    assert again.said["green"] == ["a green picture"]
    expected = reader(torch.tensor(np.asarray(Image.new("RGB", (224, 224), "blue")))[None])[0]
    assert np.allclose(again.rows()[1], expected.detach(), atol=1e-2)


def test_rows_without_keys_are_written_anew(reader: Reader, tmp_path: Path) -> None:
    """A process that ended between rows and keys, or within a line."""
    whole = Readings(tmp_path, "x", WIDTH)
    fill(whole, reader, ["red", "blue"], draw, processes=1)
    first = whole.keys_path.read_text().splitlines()[0]
    whole.keys_path.write_text(f'{first}\n["bl')
    cut = Readings(tmp_path, "x", WIDTH)
    assert list(cut.places) == ["red"]
    fill(cut, reader, ["blue"], draw, processes=1)
    assert list(Readings(tmp_path, "x", WIDTH).places) == ["red", "blue"]
    assert cut.rows()[1].tolist() == whole.rows()[1].tolist()


def test_several_processes_read_what_one_reads(reader: Reader, tmp_path: Path) -> None:
    keys = [f"#{n:06x}" for n in range(0, 0xFFFFFF, 0xFFFFFF // (CHUNK + 8))]
    one, two = (Readings(tmp_path, name, WIDTH) for name in ("one", "two"))
    fill(one, reader, keys, draw, processes=1)
    fill(two, reader, keys, draw, processes=2)
    assert one.places == two.places
    assert np.abs(one.rows().astype(np.float32) - two.rows()).max() < 1e-2
