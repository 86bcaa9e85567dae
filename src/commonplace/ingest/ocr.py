"""Read the words in pictures: PP-OCR's small models, which RapidOCR's wheel carries, on one thread.

RapidOCR's own pipeline spends most of its time on pixels that tell nothing: it enlarges every picture until its short
side has 736 pixels, asks a third model whether each line stands on its head, and pads every word to the width of a
line. Here a glance at low resolution tells whether there is text at all, the detector then sees the picture at the
size at which its text is legible, and each line is read at its own width. `benchmarks/ocr.py` has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from commonplace.errors import ModelError
from commonplace.types import Box, Word

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from PIL.Image import Image

Pixels = NDArray[np.uint8]
"""(height, width, 3), blue first: the models were trained on what OpenCV opens."""
Floats = NDArray[np.float32]
Quad = NDArray[np.float32]
"""(4, 2) corners of a line of text in pixels, clockwise from its top left."""

_VERSION = 1  # of this file: change it when the same picture would give other words
_DETECTOR, _RECOGNISER = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
_EDGE = 16  # levels between neighbouring pixels: fainter strokes are not legible
_STEP = 32  # the detector halves its input five times
_OVERLAP = 64  # pixels that neighbouring tiles share, so that no line is lost between them
_LINE_HEIGHT = 48  # of what the recogniser sees
_WIDEST = 40  # heights: a wider line is read in pieces
_SMALLEST = 8  # pixels: nothing can be written in less


@dataclass(frozen=True, slots=True)
class OcrSettings:
    """The defaults are the cheapest that lost nothing on the development corpus: docs/decisions/032-ocr.md."""

    glance: int | None = 120_000
    """Pixels at which the detector looks whether there is text at all; None: always at full size."""
    pixels: int = 700_000
    """What a picture is enlarged or reduced towards for the detector."""
    enlarge: float = 2.0
    """A small picture is enlarged at most so far."""
    reduce: float = 0.5
    """A large one is reduced at most so far."""
    tile: int = 750_000
    """Pixels of a tile: what bounds the memory. In large empty areas the detector loses sight of a few small words."""
    tiles: int = 16
    """A picture that would need more of them is reduced further: what bounds the time."""
    squeeze: float = 1.0
    """Width of a line for the recogniser, as a share of its true proportion: less is faster."""
    batch: int = 1920
    """Pixels of line width that are recognised in one run."""
    confidence: float = 0.5
    """Lines that are read with less are icons and textures."""


DEFAULTS = OcrSettings()


class PictureReader:
    """Reads pictures one after the other on one thread; workers are processes, each with a reader of its own.

    The models load with the first picture. Raises ModelError where RapidOCR is another release than we know.
    """

    def __init__(self, settings: OcrSettings = DEFAULTS) -> None:
        self._settings = settings

    @cached_property
    def fingerprint(self) -> str:
        """Changes whenever the same picture could give other words."""
        parts = f"{_VERSION} {_DETECTOR} {_RECOGNISER} {asdict(self._settings)}"
        return f"ppocr-{blake2b(parts.encode(), digest_size=6).hexdigest()}"

    def read(self, image: Image) -> tuple[Word, ...]:
        """The lines of text of an RGB picture in reading order: rows from the top, each from the left."""
        if min(image.size) < _SMALLEST:
            return ()
        pixels = np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])
        if not self._has_text(pixels):
            return ()
        quads = _in_reading_order(self._detect(pixels))
        read = self._recognise(_upright(pixels, quad) for quad in quads)
        return tuple(
            Word(text, round(confidence, 3), _box(quad, image.size))
            for quad, (text, confidence) in zip(quads, read, strict=True)
            if confidence >= self._settings.confidence and text.strip()
        )

    # -- detection

    def _has_text(self, pixels: Pixels) -> bool:
        """A glance. Below a third of its size small text is not seen; above half of it nothing would be saved."""
        area = pixels.shape[0] * pixels.shape[1]
        scale = max(math.sqrt((self._settings.glance or area) / area), 0.35)
        return scale > 0.5 or float(self._probabilities(_resized(pixels, scale)).max()) > 0.6

    def _detect(self, pixels: Pixels) -> list[Quad]:
        from rapidocr.ch_ppocr_det.utils import DBPostProcess

        settings, (height, width) = self._settings, pixels.shape[:2]
        scale = min(max(math.sqrt(settings.pixels / (height * width)), settings.reduce), settings.enlarge)
        scale = min(scale, math.sqrt(settings.tiles * settings.tile / (height * width)))
        small = _resized(pixels, scale)
        text = np.zeros(small.shape[:2], np.float32)
        for tile in _tiles(small.shape[0], small.shape[1], settings.tile):
            np.maximum(text[tile], self._probabilities(small[tile]), out=text[tile])
        postprocess = DBPostProcess(
            thresh=0.3, box_thresh=0.5, max_candidates=4000, unclip_ratio=1.6, use_dilation=True
        )
        quads, _ = postprocess(text[None, None], (height, width))
        return [np.asarray(quad, np.float32) for quad in quads]

    def _probabilities(self, pixels: Pixels) -> Floats:
        """(height, width) how surely each pixel belongs to the core of a line of text."""
        height, width = pixels.shape[:2]
        if not _has_edges(pixels):  # the detector dreams of text in empty areas
            return np.zeros((height, width), np.float32)
        padded = np.pad(pixels, ((0, -height % _STEP), (0, -width % _STEP), (0, 0)), mode="edge")
        (text,) = self._detector.run(None, {"x": _normalised(padded)[None]})
        return np.asarray(text[0, 0, :height, :width])

    # -- recognition

    def _recognise(self, lines: Iterable[Pixels]) -> list[tuple[str, float]]:
        """Text and confidence of each line. Those of like width share a run, so that little padding is computed."""
        pieces = [(i, self._scaled(piece)) for i, line in enumerate(lines) for piece in _pieces(line)]
        by_width = sorted(range(len(pieces)), key=lambda j: pieces[j][1].shape[1])
        read: dict[int, tuple[str, float]] = {}
        for run in _runs([pieces[j][1].shape[1] for j in by_width], self._settings.batch):
            chosen = by_width[run]
            read |= zip(chosen, self._run([pieces[j][1] for j in chosen]), strict=True)
        of_line: dict[int, list[tuple[str, float]]] = {}
        for j, (i, _) in enumerate(pieces):
            of_line.setdefault(i, []).append(read[j])
        return [(" ".join(text for text, _ in parts), min(sure for _, sure in parts)) for parts in of_line.values()]

    def _scaled(self, line: Pixels) -> Pixels:
        import cv2

        width = math.ceil(_LINE_HEIGHT * line.shape[1] / line.shape[0] * self._settings.squeeze)
        return np.asarray(cv2.resize(line, (max(width, _SMALLEST), _LINE_HEIGHT)), np.uint8)

    def _run(self, lines: Sequence[Pixels]) -> Iterator[tuple[str, float]]:
        """CTC: per step the likeliest character; repetitions and blanks (0) go; confidence is the mean of the rest."""
        widest = max(line.shape[1] for line in lines)
        batch = np.zeros((len(lines), 3, _LINE_HEIGHT, -(-widest // _SMALLEST) * _SMALLEST), np.float32)
        for row, line in zip(batch, lines, strict=True):
            row[:, :, : line.shape[1]] = _normalised(line)
        (steps,) = self._recogniser.run(None, {"x": batch})
        for likelihoods, best in zip(steps, steps.argmax(axis=2), strict=True):
            kept = np.flatnonzero((best != 0) & (best != np.r_[-1, best[:-1]]))
            text = "".join(self._characters[character] for character in best[kept])
            yield text, float(likelihoods[kept, best[kept]].mean()) if len(kept) else 0.0

    # -- models

    @cached_property
    def _detector(self) -> InferenceSession:
        return _session(_DETECTOR)

    @cached_property
    def _recogniser(self) -> InferenceSession:
        return _session(_RECOGNISER)

    @cached_property
    def _characters(self) -> list[str]:
        known = self._recogniser.get_modelmeta().custom_metadata_map["character"]
        return ["", *known.splitlines(), " "]


def _session(model: str) -> InferenceSession:
    import cv2
    from onnxruntime import InferenceSession, SessionOptions

    cv2.setNumThreads(1)
    package = find_spec("rapidocr")
    path = Path(package.origin or "").parent / "models" / model if package else Path(model)
    if not path.exists():
        raise ModelError(f"no OCR model at {path}; expected it in RapidOCR 3.10. Try: pip install 'rapidocr==3.10.*'")
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Inputs are bounded (a tile, a run), so the arena is too: without it, pages come and go at 12 % of the time.
    options.enable_mem_pattern = False  # every shape is another one: remembered patterns are only memory
    options.log_severity_level = 3
    return InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _has_edges(pixels: Pixels) -> bool:
    import cv2

    return pixels.shape[1] > 1 and bool(cv2.absdiff(pixels[:, 1:], pixels[:, :-1]).max() >= _EDGE)


def _normalised(pixels: Pixels) -> Floats:
    """(3, height, width) between -1 and 1."""
    return pixels.transpose(2, 0, 1).astype(np.float32) / np.float32(127.5) - np.float32(1)


def _resized(pixels: Pixels, scale: float) -> Pixels:
    import cv2

    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=way), np.uint8)


def _tiles(height: int, width: int, most: int) -> Iterator[tuple[slice, slice]]:
    """Overlapping tiles of at most `most` pixels that cover height x width; one where that is enough."""
    tall = max(math.isqrt(most), most // width)
    for rows in _spans(height, tall):
        for columns in _spans(width, most // (rows.stop - rows.start)):
            yield rows, columns


def _spans(length: int, most: int) -> Iterator[slice]:
    """As few equal windows of at most `most` as cover `length`, overlapping by _OVERLAP."""
    count = 1 if length <= most else math.ceil((length - _OVERLAP) / (most - _OVERLAP))
    size = math.ceil((length + (count - 1) * _OVERLAP) / count)
    for i in range(count):
        begin = i * (size - _OVERLAP)
        yield slice(begin, min(begin + size, length))


def _runs(widths: Sequence[int], most: int) -> Iterator[slice]:
    """Slices of ascending widths whose padded area stays within `most` columns; a line alone may exceed it."""
    begin = 0
    for end in range(1, len(widths) + 1):
        if end == len(widths) or widths[end] * (end + 1 - begin) > most:
            yield slice(begin, end)
            begin = end


def _upright(pixels: Pixels, quad: Quad) -> Pixels:
    """The line as a picture of its own, horizontal; text that runs upwards is turned."""
    from rapidocr.utils.process_img import get_rotate_crop_image

    return np.asarray(get_rotate_crop_image(pixels, quad), np.uint8)


def _pieces(line: Pixels) -> list[Pixels]:
    """The line, cut where it is calmest into pieces of bearable width."""
    height, width = line.shape[:2]
    count = math.ceil(width / (height * _WIDEST))
    if count == 1:
        return [line]
    gap = max(1, height // 3)  # between words, not letters
    contrast = np.convolve(line.std(axis=(0, 2)), np.ones(gap), mode="same")
    cuts = []
    for middle in (i * width // count for i in range(1, count)):
        begin = max(0, middle - 3 * height)
        cuts.append(begin + int(contrast[begin : middle + 3 * height].argmin()))
    return [piece for piece in np.split(line, cuts, axis=1) if piece.shape[1]]


def _in_reading_order(quads: Sequence[Quad]) -> list[Quad]:
    """Rows from the top, each from the left. Of a row are quads whose middle lies in its first quad's middle half."""
    rows: list[list[Quad]] = []
    for quad in sorted(quads, key=lambda quad: float(quad[:, 1].mean())):
        first = rows[-1][0] if rows else quad
        reach = min(np.ptp(first[:, 1]), np.ptp(quad[:, 1])) / 2
        if rows and quad[:, 1].mean() - first[:, 1].mean() < reach:
            rows[-1].append(quad)
        else:
            rows.append([quad])
    return [quad for row in rows for quad in sorted(row, key=lambda quad: float(quad[:, 0].min()))]


def _box(quad: Quad, size: tuple[int, int]) -> Box:
    left, top = (quad.min(axis=0) / size).clip(0, 1)
    right, bottom = (quad.max(axis=0) / size).clip(0, 1)
    return (round(float(left), 4), round(float(top), 4), round(float(right), 4), round(float(bottom), 4))
