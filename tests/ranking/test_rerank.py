from pathlib import Path

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


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx"):
        CrossEncoder(tmp_path)


def save_cross_encoder(folder: Path, labels: int = 1) -> None:
    """The smallest that there is: its logit is how often the pair says "yes" (token 1)."""
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    one = helper.make_tensor("one", TensorProto.INT64, [1], [1])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    repeats = helper.make_tensor("repeats", TensorProto.INT64, [2], [1, labels])
    nodes = [
        helper.make_node("Equal", ["input_ids", "one"], ["is"]),
        helper.make_node("Cast", ["is"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["number", "axes"], ["sum"], keepdims=1),
        helper.make_node("Tile", ["sum", "repeats"], ["logits"]),
    ]
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", labels])
    graph = helper.make_graph(nodes, "yes", [ids], [logits], [one, axes, repeats])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx"
    )
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "yes": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))


def test_an_onnx_cross_encoder_reads_pairs_of_different_lengths(tmp_path: Path) -> None:
    save_cross_encoder(tmp_path)
    assert CrossEncoder(tmp_path).scores("is it yes", ["no", "yes and yes, at length", ""]) == [1.0, 3.0, 1.0]


def test_a_model_with_two_labels_is_refused(tmp_path: Path) -> None:
    save_cross_encoder(tmp_path, labels=2)
    with pytest.raises(ModelError, match="one logit a pair"):
        CrossEncoder(tmp_path).scores("q", ["a", "b"])
