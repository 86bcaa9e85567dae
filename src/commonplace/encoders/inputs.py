"""What callers hand to an encoder, checked and in the form that models take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from commonplace.encoders.base import Sound, Video
from commonplace.errors import UsageError


def texts(batch: Sequence[Any], name: str) -> list[str]:
    """The batch as str that every tokenizer takes: lone surrogates have no UTF-8 form."""
    for item in batch:
        if not isinstance(item, str):
            raise UsageError(f"{name} encodes str, got {type(item).__name__}. Pass the text itself.")
    return [item.encode("utf-8", "replace").decode("utf-8") for item in batch]


def pictures(batch: Sequence[Any], name: str) -> list[Any]:
    """The batch as it is: RGB pictures of PIL."""
    for item in batch:
        if getattr(item, "mode", None) != "RGB":
            came = f"mode {item.mode}" if hasattr(item, "mode") else type(item).__name__
            raise UsageError(f"{name} encodes PIL pictures of mode RGB, got {came}. Open them with `ingest.pictures`.")
    return list(batch)


def videos(batch: Sequence[Any], name: str) -> list[Any]:
    """The frames of each `Video`."""
    for item in batch:
        if not isinstance(item, Video) or getattr(item.frames, "ndim", 0) != 4 or item.frames.shape[-1] != 3:
            raise UsageError(f"{name} encodes Video(frames (t, h, w, 3)), got {type(item).__name__}.")
    return [item.frames for item in batch]


def resampled(batch: Sequence[Any], rate: int, name: str) -> list[Any]:
    """Each `Sound` as samples (n,) at `rate`, by its spectrum."""
    waves = []
    for item in batch:
        if not isinstance(item, Sound):
            raise UsageError(f"{name} encodes Sound(samples, rate), got {type(item).__name__}.")
        wave = np.asarray(item.samples, np.float32).reshape(-1)
        if not len(wave) or item.rate < 1:
            raise UsageError(
                f"{name} got {len(wave)} samples at {item.rate} Hz; expected at least one, at 1 Hz or more."
            )
        count = max(1, round(len(wave) * rate / item.rate))
        if count != len(wave):
            wave = (np.fft.irfft(np.fft.rfft(wave)[: count // 2 + 1], count) * (count / len(wave))).astype(np.float32)
        waves.append(wave)
    return waves
