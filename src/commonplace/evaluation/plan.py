"""What an `add` will take, before it: a few files are read and a few passages encoded, and the rest is arithmetic."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.config import Settings
from commonplace.errors import UnreadableFile
from commonplace.evaluation.tune import disk_of, memory_of
from commonplace.files import Folder
from commonplace.profiles import OVERSAMPLING, Code, Profile

if TYPE_CHECKING:
    from commonplace.ingest.elements import Draft
    from commonplace.spaces.space import Space

SAMPLES, PER_KIND = 24, 3
"""Files that are read at most, in all and of each suffix."""
ROW, PICTURE = 7_000, 16_000
"""Bytes of a chunk in records, BM25 and payload, and of a picture's words and thumbnail: as the development corpus has
them."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """seconds on this machine, with its workers; calls: items that a tower encodes; memory: of the vectors; bytes."""

    files: int
    chunks: int
    pictures: int
    calls: int
    seconds: float
    memory: int
    disk: int


def predict(paths: Sequence[Path], space: Space, settings: Settings, profile: Profile = "float") -> Prediction:
    """Of adding these files and folders to an empty collection."""
    from commonplace.ingest.walk import Skipped, walk

    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        for item in walk(path, (), (), settings.max_bytes):
            if not isinstance(item, Skipped):
                kinds[item.path.suffix.lower()].append(item.path)
    draw, drafts, texts, pictures, reading = random.Random(0), 0.0, 0.0, 0.0, 0.0
    passages: list[str] = []
    seen: list[bytes] = []
    budget = max(1, min(PER_KIND, SAMPLES // max(1, len(kinds))))
    for files in kinds.values():
        sample = draw.sample(files, min(budget, len(files)))
        scale = sum(file.stat().st_size for file in files) / max(1, sum(file.stat().st_size for file in sample))
        if all(file.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp") for file in sample):
            scale = len(files) / len(sample)  # a picture is one chunk, whatever its size
        began = time.perf_counter()
        for file in sample:
            for draft in _drafts(file):
                drafts += scale
                texts, pictures = texts + scale * bool(draft.text), pictures + scale * (draft.picture is not None)
                passages.append(draft.text) if draft.text else None
                seen.append(draft.picture) if draft.picture is not None else None
        reading += scale * (time.perf_counter() - began)
    per_text = _seconds_of_texts(space, draw.sample(passages, min(32, len(passages))))
    per_ocr, per_pixels = _seconds_of_pictures(space, draw.sample(seen, min(3, len(seen))))
    workers = max(1, settings.workers)
    chunks, calls = round(drafts), round(texts + 2 * pictures)  # pictures once more for what is read in them
    seconds = (reading + pictures * per_ocr) / workers + (texts + pictures) * per_text + pictures * per_pixels
    code, lanes = Code(profile, OVERSAMPLING[profile]), (round(texts + pictures), round(pictures))
    return Prediction(
        sum(map(len, kinds.values())), chunks, round(pictures), calls, round(seconds, 1),
        sum(memory_of(n, space.dim, code) for n in lanes),
        sum(disk_of(n, space.dim, code) + 2 * n * space.dim for n in lanes) + round(ROW * chunks + PICTURE * pictures),
    )  # fmt: skip


def remember(folder: Path, prediction: Prediction) -> None:
    (Folder(folder) / "plan.json").write_json(asdict(prediction))


def compared(folder: Path, chunks: int, seconds: float) -> str:
    """A remembered prediction beside what came of it, once; empty without one."""
    file = folder / "plan.json"
    try:
        planned: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        file.unlink()
        return f"planned: {planned['chunks']} chunks in {planned['seconds']:.0f} s; it was {chunks} in {seconds:.0f} s"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _drafts(file: Path) -> list[Draft]:
    from commonplace.ingest.chunking import drafts
    from commonplace.ingest.elements import Front, Note, PictureLink
    from commonplace.ingest.formats import detect, reader

    try:
        elements = reader(detect(file))(file)
        return list(drafts(element for element in elements if not isinstance(element, PictureLink | Front | Note)))
    except (UnreadableFile, OSError):
        return []


def _seconds_of_texts(space: Space, passages: Sequence[str]) -> float:
    if not passages:
        return 0.0
    space.words.encode(passages[:1])  # loads the tower
    began = time.perf_counter()
    space.words.encode(passages)
    return (time.perf_counter() - began) / len(passages)


def _seconds_of_pictures(space: Space, pictures: Sequence[bytes]) -> tuple[float, float]:
    """Of OCR, in a worker, and of the picture tower."""
    if not pictures or "image" not in space.encoders:
        return 0.0, 0.0
    from commonplace.ingest.pictures import open_picture
    from commonplace.ingest.reading import picture_reader

    images = [open_picture(data) for data in pictures]
    picture_reader().read(images[0])
    space.encode_image(images[:1])
    began = time.perf_counter()
    for image in images:
        picture_reader().read(image)
    between = time.perf_counter()
    space.encode_image(images)
    return (between - began) / len(images), (time.perf_counter() - between) / len(images)
