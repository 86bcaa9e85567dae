"""Unit vectors, and the check that a vector deserves to become one."""

from __future__ import annotations

import numpy as np

from commonplace.errors import InvalidVector
from commonplace.types import Vectors


def unit_rows(vectors: Vectors) -> Vectors:
    """Rows (n, d) scaled to length 1 as float32.

    Raises InvalidVector where a row is NaN, infinite or zero: such a row has no direction, and an engine
    that accepts it never finds it again.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        # The largest entry first: squares of float32 overflow from 1e19 on.
        scale = np.abs(vectors).max(axis=-1, keepdims=True, initial=0.0)
        bad = ~np.isfinite(scale) | (scale == 0)
    if bad.any():
        row = int(np.flatnonzero(bad.reshape(-1))[0])
        raise InvalidVector(
            f"vector {row} of {bad.size} is NaN, infinite or zero; expected finite numbers, not all zero. "
            "Check the model that made it with `commonplace doctor`."
        )
    scaled = vectors / scale
    return np.asarray(scaled / np.linalg.norm(scaled, axis=-1, keepdims=True), dtype=np.float32)


def truncate(vectors: Vectors, dim: int) -> Vectors:
    """The first `dim` dimensions of each row, at length 1 again (Matryoshka: arXiv 2205.13147)."""
    return unit_rows(vectors[..., :dim])
