"""A sensor of the user's own in a space: its features, projected by ridge regression to the vectors of words for them.

Binding to a frozen anchor is what ImageBind does (arXiv 2305.05665); here the features are the user's and the fit is in
closed form, its one number chosen by leaving each pair out in turn (Golub, Heath and Wahba 1979: one singular value
decomposition does for all of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonplace.encoders.base import Encoder, Kind
from commonplace.errors import DimensionMismatch, InvalidVector, UsageError
from commonplace.types import Vectors

if TYPE_CHECKING:
    from commonplace.spaces.space import Features, Space

FEWEST = 8
"""Pairs; below that nothing can be left out."""
STRENGTHS = np.logspace(-3, 4, 15)


class BoundEncoder(Encoder):
    """features (f,) -> (features - mean) / spread @ weights + bias, at unit length."""

    opened = False

    def __init__(
        self, name: str, modality: str, encode: Features, anchor: str, arrays: Sequence[NDArray[np.float64]]
    ) -> None:
        self._encode, (self._mean, self._spread, self._weights, self._bias) = encode, arrays
        self.name, self.modality, self.dim = name or modality, modality, len(self._bias)
        self.fingerprint = sha256(anchor.encode() + b"".join(a.tobytes() for a in arrays)).hexdigest()[:32]

    def _encode_batch(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        del kind
        features = checked(self._encode(list(batch)), len(batch), self.modality)
        if features.shape[1] != len(self._mean):
            raise DimensionMismatch(
                f"{self.modality}: got {features.shape[1]} features, bound with {len(self._mean)}. Use one function."
            )
        return np.asarray((features - self._mean) / self._spread @ self._weights + self._bias, np.float32)


def fitted(space: Space, modality: str, encode: Features, pairs: list[tuple[Any, str]], name: str) -> BoundEncoder:
    """The encoder of `Space.bind`. Raises UsageError for too few pairs or a modality that is there."""
    if modality in space.encoders:
        raise UsageError(f"space {space.name!r} has an encoder of {modality!r}; choose another name.")
    texts = [text for _, text in pairs]
    if len(pairs) < FEWEST or len(set(texts)) < 2:
        raise UsageError(
            f"got {len(pairs)} pairs with {len(set(texts))} different texts; expected {FEWEST} of two texts at least."
        )
    features = checked(encode([item for item, _ in pairs]), len(pairs), modality)
    different = list(dict.fromkeys(texts))
    vectors = dict(zip(different, space.encode_text(different), strict=True))
    targets = np.stack([vectors[text] for text in texts]).astype(np.float64)
    mean, bias = features.mean(axis=0), targets.mean(axis=0)
    spread = np.maximum(features.std(axis=0), 1e-9)
    weights = _ridge((features - mean) / spread, targets - bias)
    return BoundEncoder(name, modality, encode, space.anchor, (mean, spread, weights, bias))


def _ridge(features: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """(f, d) with the strength of least squared error of pairs that are left out. Both inputs are centred."""
    u, s, v = np.linalg.svd(features, full_matrices=False)
    share = s**2 / (s**2 + STRENGTHS[:, None])
    aligned = u.T @ targets

    def left_out(strength: int) -> float:
        residuals = targets - (u * share[strength]) @ aligned
        leverage = (u**2 @ share[strength])[:, None] + 1 / len(u)  # the mean was fitted too
        return float(((residuals / np.maximum(1 - leverage, 1e-3)) ** 2).sum())

    best = min(range(len(STRENGTHS)), key=left_out)
    weights: NDArray[np.float64] = v.T @ ((s / (s**2 + STRENGTHS[best]))[:, None] * aligned)
    return weights


def checked(features: Any, count: int, modality: str) -> NDArray[np.float64]:
    """(count, f) finite numbers. Raises DimensionMismatch and InvalidVector."""
    array = np.asarray(features, np.float64)
    if array.ndim != 2 or len(array) != count or not array.shape[1]:
        raise DimensionMismatch(f"{modality}: {count} items gave features {array.shape}; expected ({count}, f).")
    if not np.isfinite(array).all():
        raise InvalidVector(
            f"{modality}: the features of item {int(np.argwhere(~np.isfinite(array))[0][0])} are not finite."
        )
    return array
