"""A video file as a document: its length. What it shows is for the space's encoder of videos, if it has one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from commonplace.ingest.elements import Element, Recording
from commonplace.ingest.video import seconds


def read(path: Path) -> Iterator[Element]:
    """Raises UnreadableFile where no frame can be expected of it."""
    yield Recording(seconds(path), modality="video")
