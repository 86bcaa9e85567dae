"""Video files as a few frames, through the OpenCV that OCR brings anyway; of its sound nothing is read."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from commonplace.encoders.base import Video
from commonplace.errors import UnreadableFile
from commonplace.ingest.formats import VIDEO
from commonplace.ingest.pictures import MAX_PIXELS

SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"})


def open_video(path: Path, count: int, side: int) -> Video:
    """`count` frames evenly from the first to the last, no larger than a shorter side of twice `side` pixels.

    A video with fewer frames gives those that it has. Raises UnreadableFile with the reason, OSError.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet: what is wrong is said below
    import cv2

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    with path.open("rb") as file:
        if not VIDEO.match(file.read(16)):  # FFmpeg would follow the addresses in a playlist
            raise UnreadableFile(f"{path.name} is no video; expected MP4, MOV, WebM, MKV or AVI. Convert it.")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        size = [int(capture.get(of)) for of in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)]
        if total < 1 or not 0 < size[0] * size[1] <= MAX_PIXELS:
            told = f"{total} frames of {size[0]} x {size[1]} pixels" if capture.isOpened() else "nothing"
            raise UnreadableFile(
                f"damaged video: {path.name} tells of {told}; expected at least one frame, of at most {MAX_PIXELS:,} "
                "pixels. Export it again."
            )
        share = min(1.0, 2 * side / min(size))
        frames = []
        for number in dict.fromkeys(np.linspace(0, total - 1, count).astype(int).tolist()):
            capture.set(cv2.CAP_PROP_POS_FRAMES, number)
            there, frame = capture.read()
            if there:  # the last ones that a header promises may be missing
                small = cv2.resize(frame, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
                frames.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
    finally:
        capture.release()
    if not frames:
        raise UnreadableFile(f"{path.name}: none of its {total} frames can be decoded. Convert it to another codec.")
    return Video(np.stack(frames))
