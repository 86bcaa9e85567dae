"""The bundled towers under ONNX Runtime: `models/NAME.onnx`, described by `models/NAME.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.encoders.base import Encoder, Kind
from commonplace.encoders.inputs import pictures, texts
from commonplace.errors import ModelError
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

MODELS = Path(__file__).parent.parent / "models"
MAX_THREADS = 4
"""A tower this small gains nothing from more cores."""


def read_card(path: Path) -> dict[str, Any]:
    """The description beside a model. Raises ModelError if it is missing."""
    try:
        card: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ModelError(f"no model at {path}. Reinstall commonplace, or name another folder of models.") from error
    return card


def fingerprint(card: dict[str, Any]) -> str:
    """32 hex digits over the hashes of a model's files and its preprocessing, both as its card states them.

    The card carries the result, so that no start-up hashes 23 MB.
    """
    described = json.dumps([card["files"], card["preprocessing"]], sort_keys=True)
    return sha256(described.encode()).hexdigest()[:32]


class OnnxEncoder(Encoder):
    """A tower with one input and one output. The card is read at once, the weights at the first `encode`.

    models   the folder that holds the tower and its card
    threads  of one call; None = one a core, at most MAX_THREADS
    """

    def __init__(self, name: str, models: Path = MODELS, threads: int | None = None) -> None:
        self.card = read_card(models / f"{name}.json")
        self.name = self.card["name"]
        self.dim = self.card["dim"]
        self.fingerprint = self.card["fingerprint"]
        self.path = models / f"{name}.onnx"
        self._threads = threads
        self._lock = Lock()
        self._session: Any = None

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._session is not None

    def _run(self, batch: NDArray[Any]) -> Vectors:
        if self._session is None:
            with self._lock:
                self._session = self._session or open_session(self.path, self._threads)
        vectors: Vectors = self._session.run(None, {self._session.get_inputs()[0].name: batch})[0]
        return vectors


def open_session(path: Path, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    options.intra_op_num_threads = threads or min(MAX_THREADS, cores)
    # Spinning threads burn a laptop's core between calls; the arena keeps the largest batch's memory for ever.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a different class for each thing wrong with a file
        raise ModelError(f"{path} cannot be loaded: {error}. Reinstall commonplace.") from error


class TextEncoder(OnnxEncoder):
    """Text of any length: longer than one window is read as overlapping windows, whose unit vectors are averaged.

    What lies beyond MAX_CHARACTERS or MAX_WINDOWS does not count: a chunk is a few hundred words, and a megabyte
    handed in by mistake must not take minutes. An empty string has a vector too, that of a text without words.
    """

    modality = "text"
    batch_size = 512
    MAX_CHARACTERS = 32_768
    MAX_WINDOWS = 16
    TOKENS_PER_RUN = 512
    """Padding included. What a run touches stays in the cache: 4,096 took 1.4 times the CPU per text."""

    def __init__(self, name: str = "text", models: Path = MODELS, threads: int | None = None) -> None:
        super().__init__(name, models, threads)
        self._tokenizer_path = models / f"{name}.tokenizer.json"

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._tokenizer_path))
        tokenizer.enable_truncation(self.card["preprocessing"]["tokens"], stride=self.card["preprocessing"]["overlap"])
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # a page about BERT may say "[PAD]"
        return tokenizer

    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        del kind  # this tower reads questions and passages alike
        read = [text[: self.MAX_CHARACTERS] for text in texts(batch, self.name)]
        windows: list[list[int]] = []
        owners: list[int] = []
        for owner, encoding in enumerate(self._tokenizer.encode_batch_fast(read)):
            mine = [encoding, *encoding.overflowing][: self.MAX_WINDOWS]
            windows += [window.ids for window in mine]
            owners += [owner] * len(mine)
        rows = np.empty((len(windows), self.dim), np.float32)
        for chosen in self._runs(windows):
            ids = np.zeros((len(chosen), len(windows[chosen[-1]])), np.int64)
            for row, window in enumerate(chosen):
                ids[row, : len(windows[window])] = windows[window]
            rows[chosen] = self._run(ids)
        sums = np.zeros((len(batch), self.dim), np.float32)
        np.add.at(sums, owners, unit_rows(rows))
        return sums

    def _runs(self, windows: list[list[int]]) -> Iterator[list[int]]:
        """Indices of windows that run together, shortest first, so that little is padding."""
        run: list[int] = []
        for index in sorted(range(len(windows)), key=lambda index: len(windows[index])):
            if run and (len(run) + 1) * len(windows[index]) > self.TOKENS_PER_RUN:
                yield run
                run = []
            run.append(index)
        yield run


class ImageEncoder(OnnxEncoder):
    """RGB pictures (PIL), squashed to a square: documentation pictures lose less by that than by a crop."""

    modality = "image"
    batch_size = 8

    def __init__(self, name: str = "image", models: Path = MODELS, threads: int | None = None) -> None:
        super().__init__(name, models, threads)
        self.pixels = self.card["preprocessing"]["pixels"]

    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        del kind
        # One at a time: what a run touches stays in the cache. Eight at once took 1.25 times the CPU.
        rows = [self._run(squash(picture, self.pixels)[None]) for picture in pictures(batch, self.name)]
        return np.concatenate(rows)


def squash(picture: Any, side: int) -> NDArray[np.uint8]:
    """(side, side, 3) of an RGB PIL picture."""
    from PIL.Image import Resampling

    return np.asarray(picture.resize((side, side), Resampling.BICUBIC, reducing_gap=2.0))


def general_words(models: Path = MODELS) -> list[str]:
    """The plain words of four letters and more that the text tower knows: some 20,000 of general English."""
    vocabulary = json.loads((models / "text.tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return [word for word in vocabulary if len(word) >= 4 and word.isascii() and word.isalpha() and word.islower()]
