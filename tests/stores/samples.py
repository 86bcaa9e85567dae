"""Small vectors, ids and shorthands that the tests of stores share."""

from __future__ import annotations

import math

import numpy as np

from commonplace.stores.points import Schema, Scored
from commonplace.types import Vectors

SCHEMA = Schema({"text": 4, "media": 4})
E = np.eye(4, dtype=np.float32)
FIRST, SECOND, THIRD, LAST = f"{1:016x}", f"{2:016x}", f"{3:016x}", "f" * 16


def leaning(degrees: float) -> Vectors:
    """A unit vector at an angle to the first axis."""
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), 0, 0], np.float32)


def found(hits: list[Scored]) -> list[str]:
    return [hit.id for hit in hits]


def scores(hits: list[Scored]) -> list[float]:
    return [hit.score for hit in hits]
