"""Which size and dimension of vectors cost how much recall, measured on the user's own vectors and queries.

The truth is exact search over the towers' outputs. Codes are those of the engine itself: for each dimension a store is
made in which every profile is a lane without a graph, so that what is lost is lost by the code alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commonplace.profiles import BITS, PROFILES, Code, Profile
from commonplace.stores import create_store
from commonplace.stores.base import Store
from commonplace.stores.points import Point, Schema
from commonplace.types import Vectors
from commonplace.vectors.transforms import Transform

K = 10
LOSS = 0.01
"""The most that a recommended setting may lose, at 95 % confidence."""
OVERSAMPLING = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0)
EF = (64, 128, 256)
GRAPH_BYTES = 2 * 16 * 4 + 60
"""Of a node of the graph: its links on the lowest level, and what the upper ones come to."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over queries and its 95 % confidence interval."""

    mean: float
    low: float
    high: float
    queries: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Interval:
        """Wilson's for shares: where every query found all, a normal approximation would know no doubt."""
        n, mean, z = len(values), float(np.mean(values)), 1.96
        # Neighbours of one query are found or lost together: the sample is as large as the spread says.
        spread = float(np.var(values))
        size = max(n, min(n * K, mean * (1 - mean) / spread * n)) if spread > 0 else n * K
        middle = (mean + z * z / (2 * size)) / (1 + z * z / size)
        half = z / (1 + z * z / size) * np.sqrt(mean * (1 - mean) / size + z * z / (4 * size * size))
        return cls(mean, max(0.0, float(middle - half)), min(1.0, float(middle + half)), n)


@dataclass(frozen=True, slots=True)
class Measured:
    """One setting of one lane: what it finds, what it costs."""

    lane: str
    dim: int
    method: str
    """Of fewer dimensions: "truncate", "pca", or "" for all."""
    code: Code
    recall: Interval
    """Share of the true 10 nearest that are found."""
    p50: float
    p95: float
    """Milliseconds."""
    memory: int
    disk: int
    """Bytes, of the vectors and what is searched in their place."""
    labelled: float | None = None
    """Share of the questions with a right document among the first 10, by this lane alone."""

    @property
    def name(self) -> str:
        cut = f" {self.method} {self.dim}" if self.method else ""
        oversampled = f" x{self.code.oversampling:g}" if self.code.oversampling > 1 else ""
        return f"{self.code.profile}{oversampled}{cut}{f' ef {self.code.ef}' if self.code.ef else ''}"


@dataclass(frozen=True, slots=True)
class Limits:
    """memory in bytes, p95 in milliseconds; None is no limit."""

    memory: int | None = None
    p95: float | None = None


def measure_lane(
    lane: str,
    vectors: Vectors,
    queries: Vectors,
    *,
    dims: Iterable[int] = (),
    profiles: Sequence[Profile] = PROFILES,
    right: Sequence[frozenset[int]] = (),
    progress: Callable[[str], None] = lambda name: None,
) -> list[Measured]:
    """Every profile at every dimension, each at the oversamplings from 1 to where nothing more is found.

    vectors (n, d), queries (q, d)  unit rows
    right    of the first queries: the rows of `vectors` that answer them
    """
    truth = exact(vectors, queries)
    found: list[Measured] = []
    for dim in sorted({vectors.shape[1], *(dim for dim in dims if dim < vectors.shape[1])}, reverse=True):
        transform = _best_transform(vectors, queries, truth, dim)
        rows, asked = (transform(vectors), transform(queries)) if transform else (vectors, queries)
        method = transform.name.partition(":")[0] if transform else ""
        # No code finds more than the vectors that it stands for: where those lose too much, it stops there.
        hopeless = Interval.of(_shared(exact(rows, asked), truth)).high < 1 - LOSS
        worth = profiles[:1] if hopeless else profiles
        with tempfile.TemporaryDirectory(prefix="commonplace-tune-") as folder:
            store = _store_of(Path(folder) / "store", rows, {profile: Code(profile, ef=0) for profile in worth})
            with store:
                for profile in worth:
                    progress(f"{lane}: {profile}, {dim} dimensions")
                    before = -1.0
                    for code in (Code(profile, factor, ef=0) for factor in OVERSAMPLING):
                        store.schema = Schema(store.schema.dims, {**store.schema.codes, profile: code})
                        answers, seconds = _ask(store, profile, asked)
                        measured = _measured(lane, method, code, len(rows), dim, answers, truth, seconds, right)
                        found.append(measured)
                        if BITS[profile] >= 16 or measured.recall.mean <= before + 0.0005:
                            break  # more candidates find nothing more
                        before = measured.recall.mean
    return found


def choose(
    lane: str,
    vectors: Vectors,
    queries: Vectors,
    *,
    limits: Limits,
    graph: bool,
    dims: Iterable[int] = (),
    profiles: Sequence[Profile] = PROFILES,
    right: Sequence[frozenset[int]] = (),
    progress: Callable[[str], None] = lambda name: None,
) -> tuple[list[Measured], Measured | None]:
    """All that was measured, and the recommended setting. graph: so many vectors that one may be worth its memory."""
    found = measure_lane(lane, vectors, queries, dims=dims, profiles=profiles, right=right, progress=progress)
    best = recommended(found, limits)
    if best is None or not graph:
        return found, best
    progress(f"{lane}: {best.name} in a graph")
    graphs = at_widths(best, vectors, queries)
    # A graph costs memory and minutes to build: it must be quicker for it.
    quick = [each for each in graphs if each.p50 < best.p50 / 1.5]
    return found + graphs, recommended(quick, limits) or best


def at_widths(setting: Measured, vectors: Vectors, queries: Vectors, widths: Sequence[int] = EF) -> list[Measured]:
    """The same setting in a store of its own, at each ef; 0 for none, others in a graph that is built for real, as it
    takes minutes only for what was chosen."""
    truth = exact(vectors, queries)
    transform = Transform.fit(setting.method, vectors, setting.dim) if setting.method else None
    rows, asked = (transform(vectors), transform(queries)) if transform else (vectors, queries)
    profile, found = setting.code.profile, list[Measured]()
    codes = [Code(profile, setting.code.oversampling, ef) for ef in widths]
    with (
        tempfile.TemporaryDirectory(prefix="commonplace-tune-") as folder,
        _store_of(Path(folder) / "store", rows, {profile: codes[0]}) as store,
    ):
        for code in codes:
            store.schema = Schema(store.schema.dims, {profile: code})
            answers, seconds = _ask(store, profile, asked)
            found.append(
                _measured(setting.lane, setting.method, code, len(rows), setting.dim, answers, truth, seconds, ())
            )
    return found


def recommended(measured: Sequence[Measured], limits: Limits) -> Measured | None:
    """The smallest in memory that loses less than LOSS at 95 % confidence and keeps the limits; None if none does."""
    fit = [
        each
        for each in measured
        if each.recall.low >= 1 - LOSS
        and (limits.memory is None or each.memory <= limits.memory)
        and (limits.p95 is None or each.p95 <= limits.p95)
    ]
    # Of the same size, the one that looks at least: which of them was quickest in one run is chance.
    return min(
        fit, key=lambda each: (each.memory, each.disk, each.code.oversampling, each.code.ef, each.p95), default=None
    )


def pareto(measured: Iterable[Measured]) -> list[Measured]:
    """Those that none is better than in both memory and recall, smallest first."""
    best: list[Measured] = []
    for each in sorted(measured, key=lambda each: (each.memory, -each.recall.mean)):
        if not best or each.recall.mean > best[-1].recall.mean:
            best.append(each)
    return best


def exact(vectors: Vectors, queries: Vectors, k: int = K) -> NDArray[np.intp]:
    """(q, k) rows of the k nearest vectors of each query, in no order."""
    k = min(k, len(vectors))
    blocks = (queries[start : start + 64] for start in range(0, len(queries), 64))
    return np.concatenate([np.argpartition(-(block @ vectors.T), k - 1, axis=1)[:, :k] for block in blocks])


def memory_of(n: int, dim: int, code: Code) -> int:
    """Bytes that a search must have in memory to be fast: codes and graph, or the vectors themselves."""
    return n * (dim * BITS[code.profile] // 8 + (GRAPH_BYTES if code.ef else 0))


def disk_of(n: int, dim: int, code: Code) -> int:
    originals = BITS[code.profile] if BITS[code.profile] >= 16 else 32
    return n * dim * originals // 8 + (memory_of(n, dim, code) if BITS[code.profile] < 16 else 0)


def _best_transform(vectors: Vectors, queries: Vectors, truth: NDArray[np.intp], dim: int) -> Transform | None:
    """Truncation or PCA, whichever keeps more of the neighbours."""
    if dim == vectors.shape[1]:
        return None
    methods = ("truncate", "pca") if len(vectors) >= dim else ("truncate",)
    made = [Transform.fit(method, vectors, dim) for method in methods]
    kept = [np.mean(_shared(exact(each(vectors), each(queries)), truth)) for each in made]
    return made[int(np.argmax(kept))]


def _store_of(place: Path, rows: Vectors, codes: Mapping[Profile, Code]) -> Store:
    """Every profile as a lane of its own name; indexed however few there are."""
    named = {str(name): code for name, code in codes.items()}
    schema = Schema(dict.fromkeys(named, int(rows.shape[1])), named, compared_kb=10)
    store = create_store("qdrant-edge", place, schema)
    for start in range(0, len(rows), 512):
        store.upsert(
            [
                Point(f"{n:016x}", 1, "text", dict.fromkeys(codes, rows[n]))
                for n in range(start, min(start + 512, len(rows)))
            ]
        )
    store.optimize(complete=True)
    return store


def _ask(store: Store, lane: str, queries: Vectors) -> tuple[list[list[int]], list[float]]:
    """Rows found for each query, and the seconds each took."""
    answers, seconds = [], []
    for query in queries:
        began = time.perf_counter()
        hits = store.dense(lane, query, K)
        seconds.append(time.perf_counter() - began)
        answers.append([int(hit.id, 16) for hit in hits])
    return answers, seconds


def _measured(
    lane: str,
    method: str,
    code: Code,
    n: int,
    dim: int,
    answers: Sequence[Sequence[int]],
    truth: NDArray[np.intp],
    seconds: Sequence[float],
    right: Sequence[frozenset[int]],
) -> Measured:
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    labels = [bool(wanted.intersection(rows)) for wanted, rows in zip(right, answers, strict=False)]
    return Measured(
        lane, dim, method, code, Interval.of(_shared(answers, truth)), round(float(p50), 3), round(float(p95), 3),
        memory_of(n, dim, code), disk_of(n, dim, code), float(np.mean(labels)) if labels else None,
    )  # fmt: skip


def _shared(answers: Sequence[Sequence[int]] | NDArray[np.intp], truth: NDArray[np.intp]) -> list[float]:
    return [
        len(set(mine).intersection(theirs)) / len(theirs) for mine, theirs in zip(answers, truth.tolist(), strict=True)
    ]
