"""`adapter:FOLDER`: projection heads on frozen encoders, in numpy: nearly free on vectors that are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.encoders.base import Encoder, Kind
from commonplace.errors import ModelError, SpaceMismatch
from commonplace.spaces.space import Space
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

OPTIONS: frozenset[str] = frozenset()


def towers(reference: str, options: Mapping[str, str]) -> Space:
    """The space that the adapter in this folder was fitted on, with its heads. Raises ModelError and SpaceMismatch."""
    from commonplace.spaces.registry import load_space

    del options
    card, heads = read(Path(reference).expanduser())
    base = load_space(card["base"])
    for modality, fingerprint in card["encoders"].items():
        held = base.encoders[modality].fingerprint if modality in base.encoders else "no encoder"
        if held != fingerprint:
            raise SpaceMismatch(
                f"the adapter in {reference} was fitted on the {modality} encoder {fingerprint[:12]} of "
                f"{card['base']!r}, which now has {held[:12]}. Fit it again with `commonplace train --adapter`."
            )
    headed = {m: HeadedEncoder(base.encoders[m], head) for m, head in heads.items()}
    return replace(base, name=f"adapter:{reference}", encoders={**base.encoders, **headed})


@dataclass(frozen=True)
class Head:
    """x + x W + b, or with a hidden layer x + gelu(x A + a) W + b; then unit length. Zeros leave a vector as it is.

    arrays  "W" (h, d), "b" (d,), and with a hidden layer "A" (d, h), "a" (h,)
    """

    arrays: Mapping[str, NDArray[np.float32]]

    def __call__(self, vectors: Vectors) -> Vectors:
        """(n, d) unit rows to (n, d) unit rows."""
        hidden = vectors
        if "A" in self.arrays:
            z = vectors @ self.arrays["A"] + self.arrays["a"]
            hidden = z / (1 + np.exp(-1.702 * z))  # gelu, as CLIP approximates it
        return unit_rows(vectors + hidden @ self.arrays["W"] + self.arrays["b"])

    @property
    def fingerprint(self) -> str:
        return sha256(b"".join(k.encode() + self.arrays[k].tobytes() for k in sorted(self.arrays))).hexdigest()


class HeadedEncoder(Encoder):
    """A frozen encoder with a head. Collections keep the vectors of `stored`, so that another head needs no model."""

    def __init__(self, base: Encoder, head: Head) -> None:
        self.name, self.modality, self.dim = f"{base.name} with an adapter", base.modality, base.dim
        self.fingerprint = sha256(f"{base.fingerprint} {head.fingerprint}".encode()).hexdigest()[:32]
        self.batch_size, self.pixels = base.batch_size, base.pixels
        self._base, self._head = base, head

    @property
    def stored(self) -> Encoder:
        return self._base

    def finish(self, vectors: Vectors) -> Vectors:
        return self._head(vectors)

    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        return self._head(self._base.encode(batch, kind))


def save(folder: Path, base: str, fingerprints: Mapping[str, str], heads: Mapping[str, Head], **card: Any) -> None:
    """`adapter.json` and `heads.npz`. fingerprints: modality -> of the frozen encoder that the head was fitted on."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {f"{modality}.{name}": array for modality, head in heads.items() for name, array in head.arrays.items()}
    np.savez(folder / "heads.npz", **arrays)  # type: ignore[arg-type]
    fields = {"base": base, "encoders": dict(fingerprints), **card}
    (folder / "adapter.json").write_text(json.dumps(fields, indent=1) + "\n", "utf-8")


def read(folder: Path) -> tuple[dict[str, Any], dict[str, Head]]:
    """The card and modality -> head. Raises ModelError for anything but what `save` wrote."""
    try:
        card = json.loads((folder / "adapter.json").read_text("utf-8"))
        heads: dict[str, dict[str, NDArray[np.float32]]] = {}
        with np.load(folder / "heads.npz", allow_pickle=False) as stored:
            for full in stored.files:
                modality, _, name = full.partition(".")
                heads.setdefault(modality, {})[name] = np.asarray(stored[full], np.float32)
        if not isinstance(card["base"], str) or heads.keys() != card["encoders"].keys():
            raise KeyError("base and encoders")
        return card, {modality: Head(arrays) for modality, arrays in heads.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder} holds no adapter ({type(error).__name__}: {error}); expected adapter.json and heads.npz as "
            "`commonplace train --adapter` writes them."
        ) from error
