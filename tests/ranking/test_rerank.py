import pytest

from commonplace.errors import ModelError
from commonplace.ranking.fusion import Fused
from commonplace.ranking.rerank import CrossEncoder, reranked

FUSED = [Fused("a", 0.5, {}), Fused("b", 0.3, {}), Fused("c", 0.1, {}), Fused("d", 0.05, {})]


def test_a_better_reading_moves_up_and_probability_is_shared_anew() -> None:
    rows = reranked(FUSED, {"a": -4.0, "b": 5.0, "c": -4.0})
    assert [row.id for row in rows] == ["b", "a", "c", "d"]
    assert sum(row.score for row in rows[:3]) == pytest.approx(0.9)
    assert rows[0].evidence["rerank"].rank == 1


def test_what_was_not_read_keeps_its_place_behind() -> None:
    assert [row.id for row in reranked(FUSED, {"c": 1.0})][-3:] == ["a", "b", "d"]


def test_equal_readings_change_nothing() -> None:
    rows = reranked(FUSED, dict.fromkeys("abcd", 7.0))
    assert [(row.id, round(row.score, 9)) for row in rows] == [(row.id, row.score) for row in FUSED]


def test_a_folder_without_a_model_says_what_is_missing(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ModelError, match=r"model\.onnx"):
        CrossEncoder(tmp_path)
