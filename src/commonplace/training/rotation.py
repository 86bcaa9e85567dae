"""The fixed orthogonal map of the space, fitted once on the first text tower's vectors.

Cosines stay what they were; the first 256 or 128 dimensions become good by themselves and int8 wastes no range.
It is PCA without centring: the mean carries meaning, and taking it away was measured to hurt retrieval.
Every later text tower is trained in this basis. Fitting it again would make a new space.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commonplace.types import Vectors

FILE = Path(__file__).parent / "rotation.npy"


def load() -> NDArray[np.float32]:
    """The map (384, 384) of the bundled space, as it was fitted by `rotation_run`."""
    return np.asarray(np.load(FILE), np.float32)


def fit(vectors: Vectors) -> NDArray[np.float32]:
    """Rows of the result (d, d) are the principal directions of `vectors` (n, d), the strongest first.

    Multiply with it to map a column vector. Each direction's sign is chosen so that its largest entry is positive.
    """
    _, directions = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
    rows = directions.T[::-1]
    largest = rows[np.arange(len(rows)), np.abs(rows).argmax(1)]
    return np.asarray(rows * np.sign(largest)[:, None], np.float32)
