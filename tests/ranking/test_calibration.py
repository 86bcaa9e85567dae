from pathlib import Path

import numpy as np
import pytest

from commonplace.home.files import Folder
from commonplace.ranking.calibration import ELSEWHERE, LOOKS, MATTERS, Calibration, Moments, Sight, calibrate
from commonplace.types import Vectors


def unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def cloud(n: int, d: int = 16, seed: int = 0) -> Vectors:
    """Unit vectors around a common direction, some directions wider than others."""
    draw = np.random.default_rng(seed)
    return unit(np.asarray(draw.normal(size=(n, d)) * np.linspace(0.2, 1.5, d) + 1.0, np.float32))


def test_standardised_cosines_of_the_whole_lane_have_mean_0_and_deviation_1() -> None:
    vectors, query = cloud(5000), cloud(1, seed=1)[0]
    values = np.array(Moments.of(vectors).standardised(query, list(vectors @ query)))
    assert values.mean() == pytest.approx(0, abs=1e-3)
    assert values.std() == pytest.approx(1, abs=0.02)


def test_an_offset_of_a_whole_modality_changes_nothing() -> None:
    """The modality gap: the same evidence at another level of cosine is the same evidence."""
    vectors, query = cloud(2000), cloud(1, seed=1)[0]
    far = unit(vectors - 1.5 * vectors.mean(axis=0))
    near_best, far_best = (Moments.of(rows).standardised(query, [max(rows @ query)])[0] for rows in (vectors, far))
    assert max(vectors @ query) - max(far @ query) > 0.2
    assert near_best == pytest.approx(far_best, abs=0.8)


def test_a_single_vector_is_enough_to_standardise_by() -> None:
    only = cloud(1)
    assert Moments.of(only).standardised(only[0], [1.0])[0] > 0 or Moments.of(only).mean == pytest.approx(only[0])
    assert np.isfinite(Moments.of(only).standardised(cloud(1, seed=2)[0], [0.5])).all()


def test_sight_tells_the_two_kinds_of_examples_apart() -> None:
    looks, matters = cloud(12, seed=1), -cloud(12, seed=2)
    sight = Sight.of(looks, matters)
    assert min(sight.probability(row) for row in looks) > 0.9
    assert max(sight.probability(row) for row in matters) < 0.1


def made(chunks: int = 100) -> Calibration:
    encoded = cloud(len(LOOKS) + len(MATTERS) + len(ELSEWHERE))
    return calibrate(
        {"text": cloud(40), "media": cloud(0)}, lambda queries: encoded[: len(queries)], lambda query: 0.25, 0.5, chunks
    )


def test_lanes_without_vectors_have_no_moments() -> None:
    assert set(made().lanes) == {"text"}


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    calibration = made()
    calibration.save(Folder(tmp_path) / "c.npz")
    loaded = Calibration.load(Folder(tmp_path) / "c.npz")
    assert loaded is not None
    assert (loaded.level, loaded.spread, loaded.everyday, loaded.chunks) == (0.25, 0.03, 0.5, 100)
    assert np.array_equal(loaded.lanes["text"].covariance, calibration.lanes["text"].covariance)
    assert loaded.sight.middle == calibration.sight.middle


def test_a_missing_or_damaged_file_is_no_calibration(tmp_path: Path) -> None:
    assert Calibration.load(Folder(tmp_path) / "none.npz") is None
    (Folder(tmp_path) / "c.npz").write(b"PK\x03\x04 nonsense")
    assert Calibration.load(Folder(tmp_path) / "c.npz") is None


def test_it_is_outdated_once_the_collection_changed_by_a_fifth_and_by_enough() -> None:
    assert not made(1000).outdated(1200)
    assert made(1000).outdated(1201)
    assert made(1000).outdated(799)
    assert not made(3).outdated(53)
    assert made(3).outdated(54)
