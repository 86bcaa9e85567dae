"""What an `add` will take, before it: a few files are read and a few passages encoded, and the rest is arithmetic."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commonplace.config import Settings
from commonplace.errors import UnreadableFile
from commonplace.evaluation.tune import disk_of, memory_of
from commonplace.home.files import Folder
from commonplace.profiles import OVERSAMPLING, Code, Profile
from commonplace.stores.guards import bytes_in

if TYPE_CHECKING:
    from commonplace.ingest.elements import Draft
    from commonplace.ingest.pipeline import AddReport, Progress
    from commonplace.spaces.space import Space

T = TypeVar("T")

SAMPLES, LEAST = 40, 2
"""Files that are read, about so many in all, and of each suffix. Shared out by the root of how many there are: then 90
of 100 predictions of the chunks of the development corpus are 10 % low to 23 % high."""
TEXTS, SEEN = 32, 3
"""Passages and pictures that are encoded."""
ROW, PICTURE = 5_000, 16_000
"""Bytes of a chunk in records, BM25 and payload, and of a picture's words and thumbnail: as the development corpus has
them."""
EMPTY = 35_000_000
"""Bytes of a collection without chunks: what the engine sets aside for its indexes."""
WRITING = 0.002
"""Seconds of a chunk in records, words and store: 98 of 50,000, see docs/benchmarks.md."""


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


def predict(
    paths: Sequence[Path],
    space: Space,
    settings: Settings,
    profile: Profile = "float",
    progress: Progress = lambda done, total, name: None,
) -> Prediction:
    """Of adding these files and folders to an empty collection. progress: told of each file that was read."""
    from commonplace.ingest.walk import Skipped, walk

    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        for item in walk(path, (), (), settings.max_bytes):
            if not isinstance(item, Skipped):
                kinds[item.path.suffix.lower()].append(item.path)
    draw, drafts, texts, pictures, reading = random.Random(0), 0.0, 0.0, 0.0, 0.0
    passages: list[str] = []
    stands_for: list[float] = []
    seen: list[bytes] = []
    samples = list(_samples(kinds, draw))
    for number, (file, scale) in enumerate(samples, start=1):
        began = time.perf_counter()
        for draft in _drafts(file):
            drafts += scale
            if draft.text:
                texts += scale
                passages.append(draft.text)
                stands_for.append(scale)
            if draft.picture is not None:
                pictures += scale
                seen.append(draft.picture)
        reading += scale * (time.perf_counter() - began)
        progress(number, len(samples), file.name)
    words = _cost(space.words.encode, draw.choices(passages, stands_for, k=TEXTS) if passages else [])
    ocr, pixels = _costs_of_pictures(space, draw.sample(seen, min(SEEN, len(seen))))
    workers = max(1, settings.workers)
    chunks, calls = round(drafts), round(texts + 2 * pictures)  # pictures once more for what is read in them
    loading = words[0] + ocr[0] + pixels[0]
    encoding = (texts + pictures) * words[1] + pictures * pixels[1]
    seconds = loading + (reading + pictures * ocr[1]) / workers + encoding + WRITING * drafts
    code, lanes = Code(profile, OVERSAMPLING[profile]), (round(texts + pictures), round(pictures))
    return Prediction(
        sum(map(len, kinds.values())), chunks, round(pictures), calls, round(seconds, 1),
        sum(memory_of(n, space.dim, code) for n in lanes),
        EMPTY + sum(disk_of(n, space.dim, code) + 2 * n * space.dim for n in lanes)
        + round(ROW * chunks + PICTURE * pictures),
    )  # fmt: skip


def remember(folder: Path, prediction: Prediction) -> None:
    (Folder(folder) / "plan.json").write_json(asdict(prediction))


def compared(folder: Path, report: AddReport) -> str:
    """A remembered prediction beside what came of it, once; empty without one."""
    file = folder / "plan.json"
    try:
        planned = Prediction(**json.loads(file.read_text(encoding="utf-8")))
        file.unlink()
    except (OSError, ValueError, TypeError):
        return ""
    held_against = {
        "chunks": (planned.chunks, sum(report.chunks.values())),
        "calls": (planned.calls, report.encoded),
        "seconds": (planned.seconds, report.seconds),
        "MB on disk": (planned.disk / 1e6, bytes_in(folder) / 1e6),
    }
    return "planned, and what it was: " + ", ".join(
        f"{name} {before:.0f}, {after:.0f} ({after / before - 1:+.0%})" if before else f"{name} 0, {after:.0f}"
        for name, (before, after) in held_against.items()
    )


def _samples(kinds: Mapping[str, Sequence[Path]], draw: random.Random) -> Iterator[tuple[Path, float]]:
    """Files to read, and how many files of their kind each stands for. kinds: suffix -> files."""
    from commonplace.ingest.links import is_picture

    shares = sum(len(files) ** 0.5 for files in kinds.values())
    for files in kinds.values():
        sample = draw.sample(files, min(len(files), max(LEAST, round(SAMPLES * len(files) ** 0.5 / shares))))
        scale = sum(file.stat().st_size for file in files) / max(1, sum(file.stat().st_size for file in sample))
        if all(is_picture(file.name) for file in sample):
            scale = len(files) / len(sample)  # a picture is one chunk, whatever its size
        yield from ((file, scale) for file in sample)


def _drafts(file: Path) -> list[Draft]:
    from commonplace.ingest.chunking import drafts
    from commonplace.ingest.elements import Front, Note, PictureLink
    from commonplace.ingest.formats import detect, reader

    try:
        elements = reader(detect(file))(file)
        return list(drafts(element for element in elements if not isinstance(element, PictureLink | Front | Note)))
    except (UnreadableFile, OSError):
        return []


def _cost(act: Callable[[Sequence[T]], object], items: Sequence[T]) -> tuple[float, float]:
    """Seconds of loading what `act` needs, and of an item."""
    if not items:
        return 0.0, 0.0
    began = time.perf_counter()
    act(items[:1])
    loaded = time.perf_counter()
    act(items)
    each = (time.perf_counter() - loaded) / len(items)
    return max(0.0, loaded - began - each), each


def _costs_of_pictures(space: Space, pictures: Sequence[bytes]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of OCR, in a worker, and of the picture tower; as `_cost`."""
    if not pictures or "image" not in space.encoders:
        return (0.0, 0.0), (0.0, 0.0)
    from commonplace.ingest.pictures import open_picture
    from commonplace.ingest.reading import picture_reader

    images = [open_picture(data) for data in pictures]
    ocr = _cost(lambda chosen: [picture_reader().read(image) for image in chosen], images)
    return ocr, _cost(space.encode_image, images)
