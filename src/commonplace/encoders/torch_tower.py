"""What towers under torch share: the device, one thread in the model at a time, vectors back as numpy."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from typing import Any, ClassVar

from commonplace.encoders.base import ForeignEncoder, Kind
from commonplace.encoders.shelf import Checkpoint
from commonplace.errors import CommonplaceError, ModelError, UsageError
from commonplace.lazy import require

BATCH = {"text": 64, "image": 16, "audio": 4, "video": 1}
RUN = frozenset({"device", "dtype", "compile"})
"""Options of how a tower runs, which leave its vectors what they are."""


class TorchEncoder(ForeignEncoder):
    """One tower of a checkpoint. Subclasses write `_open`, which loads it and nothing else, and `_infer`.

    family, extra  what spaces of this kind are called, and what installs their libraries
    _tower         the module, once loaded
    """

    family: ClassVar[str]
    extra: ClassVar[str]
    _tower: Any

    def __init__(self, checkpoint: Checkpoint, modality: str, dim: int, options: Mapping[str, str]) -> None:
        named = {key: value for key, value in options.items() if key not in RUN}
        described = f"{self.family} {checkpoint.fingerprint} {modality} {dim} {sorted(named.items())}"
        super().__init__(checkpoint.name, modality, dim, sha256(described.encode()).hexdigest()[:32])
        self.checkpoint, self.options = checkpoint, options
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
        dtype = pick_dtype(torch, device, self.options.get("dtype"))
        try:
            with _quiet():
                self._open(device, dtype)
            if self.options.get("compile") == "yes":
                self._tower.compile()
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


def pick_dtype(torch: Any, device: str, wanted: str | None = None) -> Any:
    """`wanted`, else bfloat16 where a CUDA device computes in it, else float32. float16 is never chosen: CPUs compute
    in it slowly or not at all, and large activations overflow."""
    if wanted not in (None, "float32", "bfloat16"):
        raise UsageError(f"dtype={wanted!r}; choose from: float32, bfloat16.")
    if wanted is None:
        wanted = "bfloat16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "float32"
    return getattr(torch, wanted)


def tensors(files: Iterable[Any], prefix: str, rename: Callable[[str], str] = str) -> dict[str, Any]:
    """The tensors whose name begins with `prefix`, without it; the others stay on disk. `rename` comes first."""
    from safetensors import safe_open

    found = {}
    for path in files:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                if (full := rename(name)).startswith(prefix):
                    found[full.removeprefix(prefix)] = file.get_tensor(name)
    return found


def shorter(config: Any, key: str, default: int) -> int:
    """The side of a picture, or the shorter of two, from a configuration that may leave it out."""
    value = config.get(key, default) if isinstance(config, dict) else default
    return int(min(value)) if isinstance(value, list) else int(value)
