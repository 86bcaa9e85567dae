"""Video files as a few frames, through the OpenCV that OCR brings anyway; of its sound nothing is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from commonplace.encoders.base import Video
from commonplace.errors import UnreadableFile
from commonplace.ingest.formats import VIDEO
from commonplace.ingest.pictures import MAX_PIXELS

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"})
FRAMES = 16
"""What PE's checkpoints called `-16-frame` were trained on; the others take any number."""
SIDE = 672
"""Pixels of a frame's shorter side, at most: twice what PE looks at."""


def open_video(path: Path, count: int = FRAMES, side: int = SIDE) -> Video:
    """`count` frames evenly from the first to the last, no larger than a shorter side of `side` pixels.

    A video with fewer frames gives those that it has. Raises UnreadableFile with the reason, OSError.
    """
    with _opened(path) as (cv2, capture, total):
        size = [capture.get(of) for of in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        share = min(1.0, side / min(size))
        frames = []
        for number in dict.fromkeys(np.linspace(0, total - 1, count).astype(int).tolist()):
            capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            there, frame = capture.read()
            if there:  # the last ones that a header promises may be missing
                small = cv2.resize(frame, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
                frames.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    if not frames:
        raise UnreadableFile(f"{path.name}: none of its {total} frames can be decoded. Convert it to another codec.")
    return Video(np.stack(frames))


def seconds(path: Path) -> float:
    """Its length, as its header tells. Raises as `open_video`."""
    with _opened(path) as (cv2, capture, total):
        rate = capture.get(cv2.CAP_PROP_FPS)
        return total / rate if rate > 0 else 0.0


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any, int]]:
    """OpenCV, a video of at least one frame, and how many frames it tells of."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet: what is wrong is said below
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    with path.open("rb") as file:
        if not VIDEO.match(file.read(16)):  # FFmpeg would follow the addresses in a playlist
            raise UnreadableFile(f"{path.name} is no video; expected MP4, MOV, WebM, MKV or AVI. Convert it.")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        width, height = (int(capture.get(of)) for of in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if total < 1 or not 0 < width * height <= MAX_PIXELS:
            told = f"{total} frames of {width} x {height} pixels" if capture.isOpened() else "nothing"
            raise UnreadableFile(
                f"damaged video: {path.name} tells of {told}; expected at least one frame, of at most {MAX_PIXELS:,} "
                "pixels. Export it again."
            )
        yield cv2, capture, total
    finally:
        capture.release()
