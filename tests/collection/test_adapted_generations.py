"""An adapter on a collection that is there: the next generation, made of the vectors that are stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commonplace.collection import Collection
from commonplace.generations import Change
from commonplace.spaces.heads import Head, save
from commonplace.spaces.registry import load_space


def test_an_adapter_looks_at_no_picture_and_can_be_taken_back(folder: Callable[..., Path], tmp_path: Path) -> None:
    root = folder("notes", {"boats.md": "# Boats\n\nThe ferry leaves at noon."})
    Image.new("RGB", (64, 64), "navy").save(root / "sea.png")
    bias = np.zeros(384, np.float32)
    bias[0] = 1.0  # moves every picture the same way: enough to see that the head is applied
    head = Head({"W": np.zeros((384, 384), np.float32), "b": bias})
    encoder = load_space("bundled").encoders["image"]
    save(tmp_path / "adapter", "bundled", {"image": encoder.fingerprint}, {"image": head})
    with Collection(tmp_path / "collection") as collection:
        collection.add(root)
        before = media_score(collection)
        built = collection.rebuild(Change(model=f"adapter:{tmp_path / 'adapter'}"))
        assert built.encoded == 0
        expected = head(encoder.encode([Image.new("RGB", (64, 64), "navy")])) @ asked()
        assert media_score(collection) == pytest.approx(float(expected[0]), abs=2e-3)  # vectors are kept as halves
        assert media_score(collection) != pytest.approx(before, abs=2e-3)
        collection.rollback()
        assert media_score(collection) == pytest.approx(before, abs=1e-4)


def asked() -> Any:
    return load_space("bundled").encode_query(["dark blue water"])[0]


def media_score(collection: Collection) -> float:
    (hit,) = collection.search("dark blue water", lanes=["media"]).hits
    return hit.lanes["media"].score
