"""A sensor of the user's own in the space of words."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from commonplace.errors import DimensionMismatch, InvalidVector, UsageError
from commonplace.spaces.registry import load_space
from commonplace.spaces.space import Space

WORDS = ["a rising line", "a falling line"]


@pytest.fixture(scope="module")
def space() -> Space:
    return load_space("bundled")


def slopes(items: list[float]) -> list[list[float]]:
    return [[x, x * x] for x in items]


def pairs(count: int = 20) -> list[tuple[float, str]]:
    return [(sign * (1 + i / count), WORDS[sign < 0]) for i in range(count // 2) for sign in (1, -1)]


def test_a_bound_modality_is_found_by_its_words(space: Space) -> None:
    bound = space.bind("slope", slopes, pairs())
    vectors = bound.encode("slope", [1.5, -1.5])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-6)
    scores = bound.encode_query(WORDS) @ vectors.T
    assert scores.argmax(axis=1).tolist() == [0, 1]
    assert "slope" not in space.encoders  # the space itself stays as it was


def test_the_fingerprint_says_what_was_bound_to_what(space: Space) -> None:
    first, same = (space.bind("slope", slopes, pairs()).encoders["slope"].fingerprint for _ in range(2))
    assert first == same
    assert space.bind("slope", slopes, pairs(30)).encoders["slope"].fingerprint != first


@pytest.mark.parametrize(
    ("modality", "given", "encode", "error", "said"),
    [
        ("image", pairs(), slopes, UsageError, "has an encoder of 'image'"),
        ("slope", pairs()[:3], slopes, UsageError, "got 3 pairs with 2 different texts; expected 8"),
        ("slope", [(1.0, "one")] * 20, slopes, UsageError, "20 pairs with 1 different texts"),
        ("slope", pairs(), lambda items: [[1.0]], DimensionMismatch, r"20 items gave features \(1, 1\)"),
        (
            "slope",
            pairs(),
            lambda items: [[float("nan")]] * len(items),
            InvalidVector,
            "features of item 0 are not finite",
        ),
    ],
)
def test_what_cannot_be_bound_is_said(
    space: Space, modality: str, given: list[tuple[float, str]], encode: object, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        space.bind(modality, encode, given)  # type: ignore[arg-type]


def test_other_features_than_were_bound_are_refused(space: Space) -> None:
    width = [2]
    bound = space.bind("slope", lambda items: [[x] * width[0] for x in items], pairs())
    width[0] = 3
    with pytest.raises(DimensionMismatch, match="got 3 features, bound with 2"):
        bound.encode("slope", [1.0])


def test_the_example_finds_series_that_it_has_not_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
    try:
        import bind_series  # type: ignore[import-not-found, unused-ignore]

        figures = bind_series.main(tmp_path)
    finally:
        sys.path.pop(0)
    assert figures["bound"] >= 0.8
    assert "recall@5" in capsys.readouterr().out


def test_a_users_own_encoder_of_sounds_gets_its_files_as_they_are(space: Space) -> None:
    """What opens files for our encoders must not stand between a user and his own function."""
    named = [(f"{sign}.wav", WORDS[sign < 0]) for sign in (1, -1) for _ in range(10)]
    bound = space.bind("audio", lambda items: [[float(item.removesuffix(".wav"))] for item in items], named)
    assert bound.encode_audio(["1.wav", "-1.wav"]).shape == (2, space.dim)
