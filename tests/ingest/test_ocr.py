"""What is read in pictures, where, at what cost; the models are the real ones."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from commonplace.errors import ModelError
from commonplace.ingest import ocr
from commonplace.ingest.ocr import OcrSettings, PictureReader
from commonplace.types import Word


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    return PictureReader()


def picture(
    lines: dict[tuple[int, int], str],
    size: tuple[int, int] = (640, 200),
    *,
    height: int = 18,
    ink: str = "black",
    paper: str = "white",
) -> Image.Image:
    """Lines of text at their top left corners."""
    image = Image.new("RGB", size, paper)
    draw = ImageDraw.Draw(image)
    for corner, text in lines.items():
        draw.text(corner, text, fill=ink, font=ImageFont.load_default(height))
    return image


class Watched:
    """A model, and the pixels of each of its runs."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.pixels: list[int] = []

    def run(self, names: None, feeds: dict[str, Any]) -> Any:
        self.pixels.append(feeds["x"].shape[2] * feeds["x"].shape[3])
        return self.model.run(names, feeds)


def texts(words: tuple[Word, ...]) -> list[str]:
    return [word.text for word in words]


@pytest.mark.parametrize(
    ("ink", "paper"),
    [("black", "white"), ("#d0d0d0", "#1e1e1e"), ("white", "#0b5394"), ("#777777", "white"), ("red", "black")],
)
def test_light_and_dark_screens_are_read(reader: PictureReader, ink: str, paper: str) -> None:
    words = reader.read(picture({(20, 30): "Connection refused by 10.142.0.27"}, ink=ink, paper=paper))
    assert texts(words) == ["Connection refused by 10.142.0.27"]
    assert words[0].confidence > 0.9


@pytest.mark.parametrize("height", [11, 30, 90])
def test_small_and_large_letters_are_read(reader: PictureReader, height: int) -> None:
    image = picture({(20, 30): "Tunnel 321470"}, (40 + 9 * height, 60 + 2 * height), height=height)
    assert texts(reader.read(image)) == ["Tunnel 321470"]


def test_a_box_lies_around_its_line_in_shares_of_the_picture(reader: PictureReader) -> None:
    image = picture({(300, 120): "hello world"}, (800, 400), height=24)
    (word,) = reader.read(image)
    left, top, right, bottom = word.bbox or pytest.fail("no box")
    ink = ImageDraw.Draw(image).textbbox((300, 120), "hello world", font=ImageFont.load_default(24))
    assert ink[0] - 24 < left * 800 < ink[0] < ink[2] < right * 800 < ink[2] + 24
    assert ink[1] - 24 < top * 400 < ink[1] < ink[3] < bottom * 400 < ink[3] + 24


def test_lines_come_row_by_row_from_the_left(reader: PictureReader) -> None:
    image = picture({(330, 20): "second", (20, 24): "first", (330, 100): "fourth", (20, 96): "third"})
    assert texts(reader.read(image)) == ["first", "second", "third", "fourth"]


def test_a_picture_without_text_has_no_words_and_costs_little(
    reader: PictureReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = Watched(reader._detector)
    monkeypatch.setitem(reader.__dict__, "_detector", detector)
    random = np.random.default_rng(0)
    clouds = Image.fromarray(random.integers(0, 255, (9, 16, 3), dtype=np.uint8))
    assert reader.read(clouds.resize((1920, 1080), Image.Resampling.BICUBIC)) == ()
    assert detector.pixels == []  # nothing in it has an edge
    shapes = Image.new("RGB", (1920, 1080), "#335577")
    ImageDraw.Draw(shapes).ellipse((300, 200, 1200, 900), fill="#aa3322")
    assert reader.read(shapes) == ()
    assert sum(detector.pixels) < 0.5 * 1920 * 1080


def test_empty_areas_beside_the_text_are_no_trouble(reader: PictureReader) -> None:
    """The detector dreams of text in wide empty areas, so much that it once crowded out the words."""
    block = {(40, 40 + 40 * line): f"line {line} of 4711" for line in range(6)}
    image = picture(block, (5_120, 2_880), height=28)
    assert texts(reader.read(image)) == list(block.values())


@pytest.mark.parametrize("size", [(1, 1), (7, 500), (20_000, 9), (9, 20_000), (8, 8)])
def test_absurd_shapes_are_bearable(reader: PictureReader, size: tuple[int, int]) -> None:
    assert reader.read(Image.new("RGB", size, "white")) == ()


def test_a_line_that_no_run_could_hold_is_read_in_pieces(reader: PictureReader) -> None:
    sentence = " ".join(f"word{n}" for n in range(100, 200))
    words = reader.read(picture({(10, 10): sentence}, (9_000, 40), height=18))
    assert " ".join(texts(words)).split() == sentence.split()


def test_modes_other_than_rgb_are_taken(reader: PictureReader) -> None:
    image = picture({(20, 30): "grey and sharp"})
    assert texts(reader.read(image.convert("L"))) == texts(reader.read(image)) == ["grey and sharp"]


def test_reading_twice_gives_the_same(reader: PictureReader) -> None:
    image = picture({(20, 30): "same again 42", (20, 90): "and again"})
    assert reader.read(image) == reader.read(image)


def test_reading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    PictureReader().read(picture({(20, 30): "quiet"}))
    assert capfd.readouterr() == ("", "")


def test_the_fingerprint_follows_the_settings() -> None:
    assert PictureReader().fingerprint == PictureReader(OcrSettings()).fingerprint
    assert PictureReader().fingerprint != PictureReader(OcrSettings(pixels=1)).fingerprint


def test_another_release_of_rapidocr_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_DETECTOR", "PP-OCRv9_det_small.onnx")
    with pytest.raises(ModelError, match=r"no OCR model at .*PP-OCRv9.*pip install 'rapidocr==3\.10"):
        PictureReader().read(picture({(20, 30): "x"}))


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.integers(20_000, 2_000_000))
def test_tiles_cover_every_pixel_within_their_bound(height: int, width: int, most: int) -> None:
    covered = np.zeros((height, width), bool)
    for rows, columns in ocr._tiles(height, width, most):
        covered[rows, columns] = True
        assert (rows.stop - rows.start) * (columns.stop - columns.start) <= most
    assert covered.all()


@given(st.integers(1, 9_000), st.integers(130, 900))
def test_neighbouring_tiles_share_a_margin(length: int, most: int) -> None:
    spans = list(ocr._spans(length, most))
    assert (spans[0].start, spans[-1].stop) == (0, length)
    assert all(left.stop - right.start == 64 for left, right in pairwise(spans))


@given(st.lists(st.integers(8, 2_000), max_size=60).map(sorted), st.integers(100, 3_000))
def test_runs_take_every_line_once_and_bound_the_padding(widths: list[int], most: int) -> None:
    runs = list(ocr._runs(widths, most))
    assert [width for run in runs for width in widths[run]] == widths
    for run in runs:
        assert run.stop - run.start == 1 or max(widths[run]) * (run.stop - run.start) <= most
