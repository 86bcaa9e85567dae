"""Sizes of vectors. Apart from the stores, so that the command line can name them without loading NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Profile = Literal["float", "half", "int8", "compact", "binary"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
BITS: Mapping[Profile, int] = {"float": 32, "half": 16, "int8": 8, "compact": 2, "binary": 1}
"""Per dimension, of what a search looks through."""


@dataclass(frozen=True, slots=True)
class Code:
    """At what size the vectors of a lane are searched. Coded ones are always compared again by their originals.

    oversampling  so many times k chunks are taken by their codes, then compared in full
    ef            how widely a graph is searched; 0 for none: all are compared by their codes
    on_disk       originals stay on disk until they are compared; codes are kept in memory
    """

    profile: Profile = "float"
    oversampling: float = 1.0
    ef: int = 128
    on_disk: bool = False


OVERSAMPLING: Mapping[Profile, float] = {"float": 1, "half": 1, "int8": 2, "compact": 4, "binary": 8}
"""Where nobody measured: enough for less than 1 % loss on MiniLM's vectors. `commonplace tune` measures."""
