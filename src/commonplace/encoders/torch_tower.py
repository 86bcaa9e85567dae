"""What towers under torch share: the device, one thread in the model at a time, vectors back as numpy."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from typing import Any

from commonplace.encoders.base import ForeignEncoder, Kind, Sound
from commonplace.encoders.shelf import Checkpoint
from commonplace.errors import CommonplaceError, ModelError, UsageError
from commonplace.lazy import require

BATCH = {"text": 64, "image": 16, "audio": 4}


class TorchEncoder(ForeignEncoder):
    """One tower of a checkpoint. Subclasses write `_open`, which loads it and nothing else, and `_infer`.

    float32 on the CPU and on Apple's GPU; bfloat16 where a CUDA device computes in it.
    """

    def __init__(
        self, family: str, checkpoint: Checkpoint, modality: str, dim: int, options: Mapping[str, str], extra: str
    ) -> None:
        named = {key: value for key, value in options.items() if key != "device"}
        described = f"{family} {checkpoint.fingerprint} {modality} {dim} {sorted(named.items())}"
        super().__init__(checkpoint.name, modality, dim, sha256(described.encode()).hexdigest()[:32])
        self.checkpoint, self.options, self.extra = checkpoint, options, extra
        self.batch_size = BATCH[modality]

    @abstractmethod
    def _open(self, device: str, dtype: Any) -> None:
        """Put the tower on the device, ready for `_infer`."""

    @abstractmethod
    def _infer(self, batch: Sequence[Any], kind: Kind) -> Any:
        """(n, width) torch tensor; gradients are off."""

    def _load(self) -> None:
        self._torch = torch = require("torch", extra=self.extra)
        self._device = device = pick_device(torch, self.options.get("device"))
        dtype = torch.bfloat16 if device.startswith("cuda") and torch.cuda.is_bf16_supported() else torch.float32
        try:
            with _quiet():
                self._open(device, dtype)
        except (CommonplaceError, MemoryError):
            raise
        except Exception as error:  # each library raises its own for a file that does not fit
            raise ModelError(
                f"{self.name}: the {self.modality} tower cannot be loaded: {' '.join(str(error).split())[:400]}. "
                "Check that the checkpoint is whole and of this family; code that it brings along is never run."
            ) from error

    def _forward(self, batch: Sequence[Any], kind: Kind) -> Any:
        with self._torch.inference_mode():
            return self._infer(batch, kind).float().cpu().numpy()


@contextmanager
def _quiet() -> Iterator[None]:
    """transformers lists each tensor of the other tower as unexpected, and draws bars where no terminal is."""
    logging = _optional("transformers.utils.logging")
    if logging is None:
        yield
        return
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


def _optional(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        return None


def pick_device(torch: Any, wanted: str | None = None) -> str:
    """`wanted`, else COMMONPLACE_DEVICE, else the first of cuda, mps and cpu that is there."""
    wanted = wanted or os.environ.get("COMMONPLACE_DEVICE")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted is None:
        return next(device for device, available in there.items() if available)
    if not there.get(wanted.partition(":")[0]):
        found = ", ".join(device for device, available in there.items() if available)
        raise UsageError(f"device {wanted!r} is not there; this machine has: {found}. Choose one of them.")
    return wanted


def shorter(config: Any, key: str, default: int) -> int:
    """The side of a picture, or the shorter of two, from a configuration that may leave it out."""
    value = config.get(key, default) if isinstance(config, dict) else default
    return int(min(value)) if isinstance(value, list) else int(value)


def texts(batch: Sequence[Any], name: str) -> list[str]:
    """The batch as str that every tokenizer takes: lone surrogates have no UTF-8 form."""
    for item in batch:
        if not isinstance(item, str):
            raise UsageError(f"{name} encodes str, got {type(item).__name__}. Pass the text itself.")
    return [item.encode("utf-8", "replace").decode("utf-8") for item in batch]


def pictures(batch: Sequence[Any], name: str) -> list[Any]:
    for item in batch:
        if getattr(item, "mode", None) != "RGB":
            came = f"mode {item.mode}" if hasattr(item, "mode") else type(item).__name__
            raise UsageError(f"{name} encodes PIL pictures of mode RGB, got {came}. Open them with `ingest.pictures`.")
    return list(batch)


def resampled(batch: Sequence[Any], rate: int, name: str) -> list[Any]:
    """Each `Sound` as samples (n,) at `rate`, by its spectrum."""
    import numpy as np

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
