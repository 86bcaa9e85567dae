"""What a collection knows of its own scores, so that lanes can be compared: measured by each collection for itself.

A raw cosine says little: pictures and texts lie in different regions of the space (the modality gap), and a vague query
is near everything. So a score is standardised against all chunks of its lane under this very query, which needs no
scan: with the mean m and covariance C of the lane's vectors, the cosines of query q have mean q.m and variance q'Cq.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Self

import numpy as np

from commonplace.types import Vectors

if TYPE_CHECKING:
    from commonplace.home.files import Files

SAMPLE = 4096
"""Vectors of each lane that are looked at, spread over the collection."""
PRIOR = 50.0
"""How many vectors an isotropic cloud around their mean counts for: a few vectors have no covariance of their own."""

SLOPE, BENT = 2.0, 2.0
"""Log odds of asking for looks: by deviations of the examples from their middle, and less 2, since fewer do."""
SPREAD = 0.03
"""Best cosines of queries from elsewhere vary by this much at least."""

LOOKS = (
    "a red box with white letters on the left", "blue line rising to the right on a dark background",
    "two circles joined by arrows", "yellow bars of different height beside a grey table",
    "a photo of a building with trees", "screenshot of a dark window with green text", "round orange logo on white",
    "a tall diagram with dashed lines and boxes", "pie chart with one large purple slice",
    "a grid of small coloured squares", "smiling person next to a cloud", "thin black curve that falls at the end",
)  # fmt: skip
MATTERS = (
    "how to change the password of a user", "restart the service after an update",
    "error when connecting to the server", "list of supported versions", "delete old records once a month",
    "what is the default value of this setting", "install the package on another machine",
    "send an alert to a colleague when it fails", "who may read shared files",
    "move data from one system to another", "limit how much memory a job may use",
    "why does my request take so long",
)  # fmt: skip
"""Queries that describe looks, and queries that do not: examples for the text tower to tell the two apart."""
ELSEWHERE = (
    "recipe for a chocolate cake", "who won the tennis final last summer", "cheap flights to the seaside in spring",
    "how to teach a dog to sit", "what helps against a headache", "when do apple trees bloom",
    "poem about the sea at night", "biography of a famous painter", "how to knit a warm scarf",
    "calories in a bowl of rice", "the best films of last year", "which wine goes with fish",
    "how to change a bicycle tyre", "opening hours of the museum", "lyrics of an old love song",
    "history of the roman empire", "exercises for a stiff neck", "how to plant roses in the garden",
    "rules of a card game for children", "how far is the moon from the earth", "hotels near the railway station",
    "names for a baby girl", "what do rabbits eat in winter", "how to remove a red wine stain",
)  # fmt: skip
"""Queries of everyday life: most collections answer few of them, so their best cosines are what nothing looks like."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean (d,) and covariance (d, d) of the unit vectors of one lane."""

    mean: Vectors
    covariance: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """vectors (n, d), n at least 1"""
        n, d = vectors.shape
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        isotropic = max(1e-6, 1.0 - float(mean @ mean)) / d
        covariance = (centred.T @ centred + PRIOR * isotropic * np.eye(d)) / (n + PRIOR)
        return cls(mean.astype(np.float32), covariance.astype(np.float32))

    def standardised(self, query: Vectors, cosines: Sequence[float]) -> list[float]:
        """How many standard deviations each cosine with `query` (d,) lies above what a chunk of the lane has."""
        mean, deviation = float(query @ self.mean), float(np.sqrt(query @ self.covariance @ query))
        return [(cosine - mean) / deviation for cosine in cosines]


@dataclass(frozen=True, slots=True)
class Sight:
    """Tells whether a query describes looks: a direction (d,) of the text tower, its middle and scale."""

    direction: Vectors
    middle: float
    scale: float

    @classmethod
    def of(cls, looks: Vectors, matters: Vectors) -> Self:
        """Unit vectors (n, d) of LOOKS and of MATTERS."""
        difference = looks.mean(axis=0) - matters.mean(axis=0)
        direction = difference / max(1e-9, float(np.linalg.norm(difference)))
        a, b = looks @ direction, matters @ direction
        return cls(
            direction.astype(np.float32), float(a.mean() + b.mean()) / 2, float(np.sqrt((a.var() + b.var()) / 2) + 1e-6)
        )

    def probability(self, query: Vectors) -> float:
        """That the query (d,) asks for something that looks as it says."""
        away = (float(query @ self.direction) - self.middle) / self.scale
        return float(1 / (1 + np.exp(-np.clip(SLOPE * away - BENT, -30, 30))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """lanes  dense lane -> the moments of its vectors; a lane without any is missing
    chunks    size of the collection that it was measured on
    """

    lanes: Mapping[str, Moments]
    sight: Sight
    level: float
    spread: float
    """Median and standard deviation of the best cosine in the text lane that queries from elsewhere get."""
    everyday: float
    """Share of everyday English words that the collection has: where few are there, a missing word says little."""
    chunks: int

    def outdated(self, chunks: int) -> bool:
        """Once the collection has changed by a fifth, and by enough to matter."""
        return abs(chunks - self.chunks) > max(0.2 * self.chunks, 50)

    def save(self, file: Files) -> None:
        arrays = {f"{lane}.{name}": getattr(m, name) for lane, m in self.lanes.items() for name in Moments.__slots__}
        numbers = [self.sight.middle, self.sight.scale, self.level, self.spread, self.everyday, self.chunks]
        content = BytesIO()
        np.savez(content, direction=self.sight.direction, numbers=np.array(numbers), **arrays)
        file.write(content.getvalue())

    @classmethod
    def load(cls, file: Files) -> Self | None:
        """None if there is nothing to rely on: it is measured again by the next `add`."""
        try:
            with np.load(BytesIO(file.read()), allow_pickle=False) as arrays:
                lanes = {
                    name.removesuffix(".mean"): Moments(arrays[name], arrays[name.replace(".mean", ".covariance")])
                    for name in arrays.files
                    if name.endswith(".mean")
                }
                middle, scale, level, spread, everyday, chunks = arrays["numbers"].tolist()
                return cls(lanes, Sight(arrays["direction"], middle, scale), level, spread, everyday, int(chunks))
        except Exception:  # a damaged archive raises whatever its bytes lead to
            return None


def calibrate(
    vectors: Mapping[str, Vectors],
    encode: Callable[[Sequence[str]], Vectors],
    best: Callable[[Vectors], float | None],
    everyday: float,
    chunks: int,
) -> Calibration:
    """What a collection's own scores are like.

    vectors  dense lane -> a sample (n, d) of its unit vectors
    encode   the text tower, for queries; 48 short ones
    best     a query's vector (d,) -> the best cosine in the text lane, None where the lane is empty
    """
    examples = encode((*LOOKS, *MATTERS, *ELSEWHERE))
    looks, matters, elsewhere = np.split(examples, (len(LOOKS), len(LOOKS) + len(MATTERS)))
    tops = [top for query in elsewhere if (top := best(query)) is not None] or [0.0]
    lanes = {lane: Moments.of(rows) for lane, rows in vectors.items() if len(rows)}
    spread = max(SPREAD, float(np.std(tops)))
    return Calibration(lanes, Sight.of(looks, matters), float(np.median(tops)), spread, everyday, chunks)
