"""Fewer dimensions: what the vectors and queries of a lane go through after their tower."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import TYPE_CHECKING, Self

import numpy as np

from commonplace.errors import CorruptCollection, DimensionMismatch, UsageError
from commonplace.failures import DAMAGED
from commonplace.types import Vectors
from commonplace.vectors.normalise import truncate, unit_rows

if TYPE_CHECKING:
    from commonplace.home.files import Files

MOST_ROWS = 100_000
"""Rows that a PCA is fitted on; more do not change it."""


@dataclass(frozen=True, slots=True, eq=False)
class Transform:
    """`truncate:256` keeps the first dimensions, which must be trained for it; `pca:256:HASH` those that hold most.

    name    says what it does and, by the hash of its matrix, with which numbers: the fingerprint in the manifest
    matrix  (d, dim) with orthonormal columns, None for a truncation
    """

    name: str
    dim: int
    matrix: Vectors | None = None

    def __call__(self, vectors: Vectors) -> Vectors:
        """(..., d) -> (..., dim), at length 1 again."""
        return truncate(vectors, self.dim) if self.matrix is None else unit_rows(vectors @ self.matrix)

    @classmethod
    def fit(cls, method: str, vectors: Vectors, dim: int) -> Self:
        """method  "truncate" or "pca"; vectors (n, d) unit rows, what a PCA is fitted on.

        The PCA is not centred: the product of two vectors, not their distance from the mean, is what ranks.
        """
        n, d = vectors.shape
        if not 1 <= dim < d:
            raise DimensionMismatch(f"asked for {dim} dimensions of vectors that have {d}; expected 1 to {d - 1}.")
        if method == "truncate":
            return cls(f"truncate:{dim}", dim)
        if method != "pca":
            raise UsageError(f"no way named {method!r} to fewer dimensions; choose from: truncate, pca.")
        if n < dim:
            raise UsageError(f"a PCA to {dim} dimensions needs as many vectors, there are {n}. Use truncate.")
        sample = vectors[:: -(-n // MOST_ROWS)].astype(np.float64)
        _, axes = np.linalg.eigh(sample.T @ sample)
        matrix = np.ascontiguousarray(axes[:, ::-1][:, :dim], np.float32)
        return cls(f"pca:{dim}:{_hash(matrix)}", dim, matrix)

    def save(self, folder: Files, lane: str) -> None:
        if self.matrix is not None:
            content = BytesIO()
            np.save(content, self.matrix)
            (folder / f"pca-{lane}.npy").write(content.getvalue())

    @classmethod
    def load(cls, name: str, folder: Files, lane: str) -> Self:
        """The transform that a manifest names. Raises CorruptCollection where its matrix is another."""
        method, dim, *fingerprint = name.split(":")
        if method == "truncate":
            return cls(name, int(dim))
        file = folder / f"pca-{lane}.npy"
        try:
            matrix = np.load(BytesIO(file.read()), allow_pickle=False)
        except (OSError, ValueError) as error:
            raise CorruptCollection(f"{file} cannot be read ({error}). {DAMAGED}") from error
        if [_hash(matrix)] != fingerprint:
            raise CorruptCollection(f"{file} is not the matrix that its generation was built with. {DAMAGED}")
        return cls(name, int(dim), matrix)


def _hash(matrix: Vectors) -> str:
    return sha256(matrix.tobytes()).hexdigest()[:16]
