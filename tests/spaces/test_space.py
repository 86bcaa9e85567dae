from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commonplace.encoders.base import Encoder, Kind
from commonplace.encoders.onnx import MODELS, ImageEncoder, TextEncoder
from commonplace.errors import DimensionMismatch, ModelError, SpaceMismatch, UnknownName, UsageError
from commonplace.spaces import registry
from commonplace.spaces.heads import Head, save
from commonplace.spaces.presets import PRESETS
from commonplace.spaces.registry import SPACES, load_space
from commonplace.spaces.space import Space, as_precision
from commonplace.vectors.normalise import unit_rows


@pytest.fixture(scope="module")
def space() -> Space:
    return load_space("bundled")


class Shorter(Encoder):
    """An encoder of another space: 3 dimensions."""

    name, modality, dim, fingerprint = "shorter", "image", 3, "f"

    def _encode_batch(self, batch: object, kind: Kind) -> np.typing.NDArray[np.float32]:
        raise NotImplementedError


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_space_of_the_table_loads(name: str) -> None:
    space = load_space(name)
    assert space.name == name
    assert "text" in space.encoders


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no space named 'bundle'\. Did you mean: bundled"):
        load_space("bundle")


def test_the_bundled_image_tower_was_trained_against_the_bundled_text_tower(space: Space) -> None:
    image = space.encoders["image"]
    assert isinstance(image, ImageEncoder)
    assert image.card["anchor"] == space.encoders["text"].fingerprint == space.anchor


def test_a_text_query_leaves_the_image_tower_unloaded() -> None:
    space = load_space("bundled")
    space.encode_query(["a diagram"])
    image, text = space.encoders["image"], space.encoders["text"]
    assert isinstance(image, ImageEncoder)
    assert isinstance(text, TextEncoder)
    assert text.loaded
    assert not image.loaded


def test_a_tower_trained_against_another_text_tower_is_refused() -> None:
    encoders = {"text": TextEncoder(), "image": ImageEncoder()}
    with pytest.raises(SpaceMismatch, match="trained against the text tower 0123, space 'mixed' has"):
        Space("mixed", encoders, temperature=0.05, anchors={"image": "0123"})


def test_encoders_of_different_length_make_no_space() -> None:
    with pytest.raises(DimensionMismatch, match=r"'shorter' makes 3-d vectors.* 384-d"):
        Space("mixed", {"text": TextEncoder(), "image": Shorter()}, temperature=0.05)


def test_words_and_pictures_have_vectors_of_one_length(space: Space) -> None:
    words, pictures = space.encode_text(["a white square"]), space.encode_image([Image.new("RGB", (64, 64), "white")])
    assert words.shape == pictures.shape == (1, space.dim)


def test_queries_and_documents_are_texts_of_that_kind(space: Space) -> None:
    assert (space.encode_query(["a"]) == space.encode_text(["a"], kind="query")).all()
    assert (space.encode_document(["a"]) == space.encode_text(["a"], kind="document")).all()


def test_a_modality_without_an_encoder_is_named(space: Space) -> None:
    with pytest.raises(UsageError, match="space 'bundled' has no audio encoder, only text, image"):
        space.encode_audio([np.zeros(16_000)])


@pytest.mark.parametrize("dim", [1, 128, 384])
def test_fewer_dimensions_are_the_first_ones_at_unit_length(space: Space, dim: int) -> None:
    whole, short = space.encode_text(["a load balancer"]), space.encode_text(["a load balancer"], dim=dim)
    assert short.shape == (1, dim)
    assert np.linalg.norm(short) == pytest.approx(1, abs=1e-6)
    assert whole[:, :dim] / np.linalg.norm(whole[:, :dim]) == pytest.approx(short, abs=1e-6)


@pytest.mark.parametrize("dim", [0, -1, 385])
def test_dimensions_that_a_space_does_not_have_are_refused(space: Space, dim: int) -> None:
    with pytest.raises(DimensionMismatch, match=rf"asked for {dim} dimensions.* 1 to 384"):
        space.encode_text(["a"], dim=dim)


def test_int8_is_127_times_each_value_rounded() -> None:
    vectors = np.array([[0.6, -0.8], [1.0, 0.0]], np.float32)
    small = as_precision(vectors, "int8")
    assert small.dtype == np.int8
    assert small.tolist() == [[76, -102], [127, 0]]  # 76.2 and -101.6


def test_binary_is_one_bit_a_dimension_set_where_the_value_is_positive() -> None:
    vectors = np.array([[0.5, -0.5, 0.0, 0.1, -0.1, -0.1, -0.1, 0.2, 0.3]], np.float32)
    packed = as_precision(vectors, "binary")
    assert packed.dtype == np.uint8
    assert packed.tolist() == [[0b10010001, 0b10000000]]


def test_int8_keeps_cosines(space: Space) -> None:
    texts = ["a line chart", "a bar chart", "bread", "SELECT name FROM users"]
    exact = space.encode_text(texts)
    small = space.encode_text(texts, precision="int8").astype(np.float32) / np.float32(127)
    assert unit_rows(small) @ unit_rows(small).T == pytest.approx(exact @ exact.T, abs=0.01)
    # Lengths are rounded too: 384 errors of up to 1/254 add .002, and .0045 of deviation, to a vector's own product.
    assert small @ small.T == pytest.approx(exact @ exact.T, abs=0.016)


def test_an_unknown_precision_is_refused(space: Space) -> None:
    with pytest.raises(UsageError, match="no precision named 'int4'"):
        space.encode_text(["a"], precision="int4")  # type: ignore[arg-type]


# -- names


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("bundled", ["bundled"]),
        ("bundled+open_clip:ViT-B-32/laion2b", ["bundled", "open_clip:ViT-B-32/laion2b"]),
        ("onnx:/a+b/c+transformers:x/y", ["onnx:/a+b/c", "transformers:x/y"]),  # a plus in a path joins nothing
    ],
)
def test_a_name_may_join_two_spaces(name: str, parts: list[str]) -> None:
    assert registry.parts(name) == parts


def test_options_follow_a_question_mark() -> None:
    assert registry.split("sentence-transformers:BAAI/bge-m3?dim=256&device=cpu") == (
        "sentence-transformers",
        "BAAI/bge-m3",
        {"dim": "256", "device": "cpu"},
    )


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("siglip", UnknownName, r"no space named 'siglip'\. Did you mean: siglip2"),
        ("sentence_transformers:x", UnknownName, "Did you mean: sentence-transformers:..."),
        ("open_clip:", UsageError, "names no model"),
        ("open_clip:x/y?dim=3", UsageError, "open_clip has no option 'dim'; choose from: compile, device, dtype"),
        ("sentence-transformers:x?dim=many", UsageError, "expected a whole number"),
        ("bundled+bundled+bundled", UsageError, "joins 3 spaces; expected at most two"),
        ("open_clip:ViT-B-32/laion2b_s34b_b79k", ModelError, "commonplace models pull"),
        ("adapter:/nowhere", ModelError, "holds no adapter"),
        ("onnx:/nowhere", ModelError, "holds no exported space"),
    ],
)
def test_a_name_that_leads_nowhere_says_what_to_do(
    name: str, error: type[Exception], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path))
    with pytest.raises(error, match=said):
        load_space(name)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_presets_are_names_of_known_families(preset: str) -> None:
    for part in registry.parts(registry.canonical(preset)):
        if part not in SPACES:
            registry.split(part)


def test_a_folder_of_our_own_towers_is_a_space() -> None:
    assert load_space(f"onnx:{MODELS}").anchor == load_space("bundled").anchor


def test_the_words_of_a_pairing_are_read_by_the_specialist(space: Space) -> None:
    pair = load_space(f"bundled+onnx:{MODELS}")
    assert pair.words is pair.specialist
    assert pair.encoders["text"] is not pair.specialist
    assert space.words is space.encoders["text"]


# -- files


def test_files_are_opened_as_they_are_encoded(space: Space, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (6, 8, 3), np.uint8)
    picture = Image.fromarray(blocks).resize((2400, 1800), Image.Resampling.BICUBIC)
    picture.save(tmp_path / "large.jpg", quality=95)
    by_file, by_name, whole = space.encode_image([tmp_path / "large.jpg", str(tmp_path / "large.jpg"), picture])
    assert (by_file == by_name).all()
    assert float(by_file @ whole) > 0.99  # decoded at a quarter


# -- adapters


def test_a_head_of_zeros_changes_nothing(space: Space) -> None:
    vectors = space.encode_text(["a", "b"])
    zero = Head({"W": np.zeros((384, 384), np.float32), "b": np.zeros(384, np.float32)})
    assert zero(vectors) == pytest.approx(vectors, abs=1e-6)


def test_an_adapter_is_a_space_whose_pictures_pass_through_its_head(space: Space, tmp_path: Path) -> None:
    image = space.encoders["image"]
    turn = np.roll(np.eye(384, dtype=np.float32), 1, axis=1) - np.eye(384, dtype=np.float32)  # x + x turn: x, shifted
    save(
        tmp_path, "bundled", {"image": image.fingerprint}, {"image": Head({"W": turn, "b": np.zeros(384, np.float32)})}
    )
    adapted = load_space(f"adapter:{tmp_path}")
    white = Image.new("RGB", (64, 64), "white")
    assert adapted.encode_image([white]) == pytest.approx(np.roll(space.encode_image([white]), 1, axis=1), abs=1e-5)
    assert adapted.encoders["image"].fingerprint != image.fingerprint
    assert adapted.encoders["image"].stored.fingerprint == image.fingerprint
    assert adapted.anchor == space.anchor


def test_an_adapter_of_another_tower_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "bundled", {"image": "0" * 32}, {"image": Head({"W": np.zeros((384, 384), np.float32)})})
    with pytest.raises(SpaceMismatch, match="was fitted on the image encoder 000000000000"):
        load_space(f"adapter:{tmp_path}")
