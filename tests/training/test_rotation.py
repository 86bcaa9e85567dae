from __future__ import annotations

import numpy as np
import pytest

from commonplace.training import rotation


def test_the_map_that_ships_is_orthogonal() -> None:
    shipped = rotation.load()
    assert shipped.shape == (384, 384)
    assert shipped @ shipped.T == pytest.approx(np.eye(384), abs=1e-5)


def test_directions_come_strongest_first_without_centring() -> None:
    """Twice (0, 3) and once (1, 0): with the mean taken away, the strongest direction would be (-1, 3)."""
    vectors = np.array([[0, 3], [0, 3], [1, 0]], np.float32)
    assert rotation.fit(vectors) == pytest.approx(np.array([[0, 1], [1, 0]]))


def test_a_direction_points_where_its_largest_entry_is_positive() -> None:
    vectors = np.array([[-3, -4]], np.float32)
    assert rotation.fit(vectors)[0] == pytest.approx([0.6, 0.8])


def test_cosines_stay_what_they_were() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)
    turned = vectors @ rotation.fit(vectors).T
    assert turned @ turned.T == pytest.approx(vectors @ vectors.T, abs=1e-4)
