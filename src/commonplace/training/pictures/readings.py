"""What the frozen part of the tower makes of pictures: made once, by all cores, and kept."""

from __future__ import annotations

import json
import logging
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from commonplace.encoders.onnx import squash
from commonplace.training.data import Pair, Pictures
from commonplace.training.picture_tower import PIXELS

log = logging.getLogger(__name__)
Said = list[str]
Draw = Callable[[str], tuple[Image.Image, Said]]
"""A key -> its picture, RGB, and what is said of it. Another process may get it."""
CHUNK = 32


class Stored:
    """Draws the pictures of docpairs by id; what is said of them is known elsewhere."""

    def __init__(self, data: Path, known: Mapping[str, Pair]) -> None:
        self.data, self.known = data, known

    @cached_property
    def pictures(self) -> Pictures:
        """Opened by the process that reads from them."""
        return Pictures(self.data)

    def __call__(self, key: str) -> tuple[Image.Image, Said]:
        return self.pictures[self.known[key]], []

    def close(self) -> None:
        self.pictures.close()


class Readings:
    """Rows (n, r) float16 by key, and what is said of each. `NAME.f16` grows, then `NAME.jsonl` says what it holds."""

    def __init__(self, folder: Path, name: str, width: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.rows_path, self.keys_path = folder / f"{name}.f16", folder / f"{name}.jsonl"
        self.width = width
        self.rows_path.touch()
        self.keys_path.touch()
        text = self.keys_path.read_text()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # a process ended within a line
            self.keys_path.write_text(whole)
        lines = [json.loads(line) for line in whole.splitlines()]
        self.said: dict[str, Said] = dict(lines)
        self.places = {key: place for place, (key, _) in enumerate(lines)}

    def rows(self) -> NDArray[np.float16]:
        """All of them, in the order of `places`, read when touched."""
        shape = (len(self.places), self.width)
        return np.memmap(self.rows_path, np.float16, "r", shape=shape) if shape[0] else np.empty(shape, np.float16)

    def add(self, keys: Sequence[str], rows: NDArray[np.float16], said: Sequence[Said]) -> None:
        """A process that ends in between leaves rows without keys: they are written anew."""
        with self.rows_path.open("r+b") as file:
            file.seek(len(self.places) * self.width * 2)
            file.write(rows.tobytes())
        with self.keys_path.open("a") as lines:
            lines.writelines(json.dumps([key, each]) + "\n" for key, each in zip(keys, said, strict=True))
        for key, each in zip(keys, said, strict=True):
            self.places[key] = len(self.places)
            self.said[key] = each


def fill(readings: Readings, reader: nn.Module, keys: Sequence[str], draw: Draw, processes: int | None = None) -> None:
    """Read the pictures of those keys that are not there yet.

    processes  None = as many as torch has threads
    """
    missing = [key for key in dict.fromkeys(keys) if key not in readings.places]
    total = len(readings.places) + len(missing)
    chunks = [missing[start : start + CHUNK] for start in range(0, len(missing), CHUNK)]
    for made in _in_processes(chunks, reader, draw, min(processes or torch.get_num_threads(), len(chunks))):
        readings.add(*made)
        log.info("%s: %d of %d pictures read", readings.rows_path.stem, len(readings.places), total)


Made = tuple[Sequence[str], NDArray[np.float16], list[Said]]


def _in_processes(chunks: Sequence[Sequence[str]], reader: nn.Module, draw: Draw, processes: int) -> Iterator[Made]:
    if processes < 2:
        yield from (_read(chunk, reader, draw) for chunk in chunks)
        return
    spawned = multiprocessing.get_context("spawn")  # a fork of a process that has used torch's threads hangs
    with ProcessPoolExecutor(processes, spawned, _begin, (reader, draw)) as pool:
        yield from pool.map(_read_mine, chunks)


_mine: tuple[nn.Module, Draw]


def _begin(reader: nn.Module, draw: Draw) -> None:
    """What a process of the pool keeps from one chunk to the next."""
    global _mine
    _mine = reader, draw
    torch.set_num_threads(1)


def _read_mine(keys: Sequence[str]) -> Made:
    return _read(keys, *_mine)


def _read(keys: Sequence[str], reader: nn.Module, draw: Draw) -> Made:
    pictures, said = zip(*map(draw, keys), strict=True)
    pixels = torch.tensor(np.stack([squash(picture, PIXELS) for picture in pictures]))
    with torch.inference_mode():
        rows = torch.cat([reader(pixels[i : i + 4]).half() for i in range(0, len(pixels), 4)])
    return keys, rows.numpy(), list(said)
