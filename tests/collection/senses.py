"""A space that hears and sees a little, as a user might register one: pitch, and brightness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from commonplace.encoders.base import Encoder, Kind, Towers
from commonplace.spaces.space import Space
from commonplace.types import Vectors

WORDS = ("low", "high", "dark", "bright")
PITCH = 1_000
"""Hz between low and high."""


class Sense(Encoder):
    """(low, high, dark, bright, 0.1): how much of each there is; the last keeps vectors from being zero."""

    dim = 5

    def __init__(self, modality: str) -> None:
        self.name, self.modality, self.fingerprint = "senses", modality, f"{modality}-1"

    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        del kind
        return np.array([[*getattr(self, self.modality)(item), 0.1] for item in batch], np.float32)

    def text(self, item: str) -> list[float]:
        return [float(word in item.split()) for word in WORDS]

    def audio(self, item: Any) -> list[float]:
        power = np.abs(np.fft.rfft(item.samples)) ** 2
        low = np.fft.rfftfreq(len(item.samples), 1 / item.rate) < PITCH
        whole = power.sum() or 1.0  # silence is neither
        return [power[low].sum() / whole, power[~low].sum() / whole, 0, 0]

    def video(self, item: Any) -> list[float]:
        light = item.frames.mean() / 255
        return [0, 0, 1 - light, light]


def senses() -> Space:
    return Space("senses", *Towers({m: Sense(m) for m in ("text", "audio", "video")}, 0.01))
