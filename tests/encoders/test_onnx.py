"""The bundled towers as they ship."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from commonplace.encoders import ENCODERS
from commonplace.encoders.onnx import MODELS, ImageEncoder, OnnxEncoder, TextEncoder, fingerprint, read_card
from commonplace.errors import ModelError, UsageError
from commonplace.lazy import load

SENTENCES = [
    "The firewall dropped the connection.",
    "A packet was refused by the packet filter.",
    "Bread is baked at 230 degrees.",
    "how do I rotate the signing key",
    "kubectl get pods --all-namespaces -o wide",
    "x",
    "Die Straße ist naß. 東京は日本の首都です。",
    " ".join(["outbound traffic rises every night at two"] * 40),
]
PROBES = json.loads((Path(__file__).parent / "minilm_cosines.json").read_text("utf-8"))
"""Sentences and the cosines between them under all-MiniLM-L6-v2 in float32 (see tests/training)."""


@pytest.fixture(scope="module")
def text() -> TextEncoder:
    return TextEncoder()


@pytest.fixture(scope="module")
def image() -> ImageEncoder:
    return ImageEncoder()


def picture(seed: int, size: tuple[int, int] = (320, 200)) -> Image.Image:
    chance = random.Random(seed)
    canvas = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(canvas)
    for _ in range(12):
        left, top = chance.randrange(size[0]), chance.randrange(size[1])
        colour = tuple(chance.randrange(256) for _ in range(3))
        draw.rectangle((left, top, left + chance.randrange(90), top + chance.randrange(60)), fill=colour)
    return canvas


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_of_the_table_states_what_it_is(name: str) -> None:
    encoder: OnnxEncoder = load(ENCODERS[name])()
    assert encoder.dim == 384
    assert encoder.modality == name.removeprefix("bundled-")


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_no_items_give_no_rows(name: str) -> None:
    assert load(ENCODERS[name])().encode([]).shape == (0, 384)


@pytest.mark.parametrize("tower", ["text", "image"])
def test_a_card_states_the_hashes_of_its_files_and_the_fingerprint_that_follows_from_them(tower: str) -> None:
    card = read_card(MODELS / f"{tower}.json")
    assert card["files"] == {name: sha256((MODELS / name).read_bytes()).hexdigest() for name in card["files"]}
    assert f"{tower}.onnx" in card["files"]
    assert card["fingerprint"] == fingerprint(card)


def test_a_fingerprint_follows_the_weights_and_the_preprocessing_and_nothing_else() -> None:
    card = read_card(MODELS / "text.json")
    assert fingerprint({**card, "licence": "another"}) == card["fingerprint"]
    assert fingerprint({**card, "preprocessing": {**card["preprocessing"], "tokens": 128}}) != card["fingerprint"]
    assert fingerprint({**card, "files": {**card["files"], "text.onnx": "0" * 64}}) != card["fingerprint"]


def test_the_towers_fit_their_share_of_the_wheel() -> None:
    sizes = {tower: (MODELS / f"{tower}.onnx").stat().st_size / 1e6 for tower in ("text", "image")}
    assert sizes["text"] <= 25
    assert sizes["image"] <= 27


def test_a_folder_without_models_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*text\.json"):
        TextEncoder(models=tmp_path)


def test_a_damaged_model_is_named_when_it_is_first_used(tmp_path: Path) -> None:
    for name in ("text.json", "text.tokenizer.json"):
        (tmp_path / name).write_bytes((MODELS / name).read_bytes())
    (tmp_path / "text.onnx").write_bytes((MODELS / "text.onnx").read_bytes()[:1000])
    encoder = TextEncoder(models=tmp_path)
    with pytest.raises(ModelError, match=r"text\.onnx cannot be loaded"):
        encoder.encode(["a"])


def test_rows_are_unit_vectors_of_float32_in_input_order(text: TextEncoder) -> None:
    rows = text.encode(SENTENCES)
    assert rows.dtype == np.float32
    assert rows.shape == (len(SENTENCES), 384)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)
    backwards = text.encode(SENTENCES[::-1])
    assert (rows * backwards[::-1]).sum(1).min() > 0.9999


def test_a_vector_does_not_depend_on_what_else_is_in_the_batch(text: TextEncoder) -> None:
    together = text.encode(SENTENCES)
    alone = np.concatenate([text.encode([sentence]) for sentence in SENTENCES])
    assert (together * alone).sum(1).min() > 0.998


def test_cosines_of_general_text_stay_near_those_of_the_starting_weights(text: TextEncoder) -> None:
    """Training that forgets, or a file of other weights, would move them further."""
    rows = text.encode(PROBES["sentences"])
    assert rows @ rows.T == pytest.approx(np.array(PROBES["cosines"]), abs=0.12)


def test_the_first_dimensions_are_good_by_themselves(text: TextEncoder) -> None:
    """Half of 384 random dimensions would keep half of a vector's length; the rotation puts most of it first."""
    energy = (text.encode(PROBES["sentences"]) ** 2).mean(0).cumsum() * 384
    assert energy[127] / energy[-1] > 0.6
    assert energy[255] / energy[-1] > 0.85


def test_a_question_is_nearer_to_its_answer_than_to_other_text(text: TextEncoder) -> None:
    question = text.encode(["why was my network packet blocked"], kind="query")[0]
    scores = text.encode(SENTENCES) @ question
    assert set(scores.argsort()[-2:]) == {0, 1}


@pytest.mark.parametrize(
    "odd",
    [
        "",
        " \n\t ",
        "\0",
        "a\0b",
        "\ud800",
        "broken \udfff half",
        "👩‍👩‍👧‍👦🔥",
        "!!!???...",
        "\u202e\u200b",
        "ﷺ" * 300,
        "é" * 5000,
        "[PAD] [MASK]",
    ],
    ids=ascii,
)
def test_any_string_has_a_vector(text: TextEncoder, odd: str) -> None:
    assert np.linalg.norm(text.encode([odd])) == pytest.approx(1, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=80), min_size=1, max_size=4))
def test_any_batch_of_strings_has_unit_vectors(strings: list[str]) -> None:
    rows = TEXT.encode(strings)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)


TEXT = TextEncoder()


def test_special_tokens_in_a_text_are_words_like_any_other(text: TextEncoder) -> None:
    """Read as padding, "[PAD]" would be masked away and leave the vector of an empty text."""
    empty, padding = text.encode(["", "[PAD]"])
    assert empty @ padding < 0.9


def test_a_megabyte_is_read_up_to_the_cap(text: TextEncoder) -> None:
    long = "the archive grows by one line a second. " * 26_000
    assert len(long) > 1_000_000
    whole, start = text.encode([long, long[: TextEncoder.MAX_CHARACTERS]])
    assert whole @ start > 0.9999


def test_text_beyond_the_first_window_counts(text: TextEncoder) -> None:
    filler = "The build server compiles the project again. " * 40
    with_end, without_end, end = text.encode([filler + "Penguins live in Antarctica. " * 40, filler, "penguins"])
    assert with_end @ end > without_end @ end + 0.1


def test_a_text_encoder_refuses_what_is_no_text(text: TextEncoder) -> None:
    with pytest.raises(UsageError, match="encodes str, got bytes"):
        text.encode([b"bytes"])


def test_pictures_have_unit_vectors_in_input_order_whatever_their_shape(image: ImageEncoder) -> None:
    pictures = [picture(1), picture(2, (1, 1)), picture(3, (3000, 20)), picture(4, (50, 900))]
    rows = image.encode(pictures)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-6)
    alone = np.concatenate([image.encode([one]) for one in pictures[::-1]])[::-1]
    assert (rows * alone).sum(1).min() > 0.995


def test_different_pictures_have_different_vectors(image: ImageEncoder) -> None:
    rows = image.encode(
        [picture(1), Image.new("RGB", (300, 200), "white"), Image.effect_noise((300, 200), 90).convert("RGB")]
    )
    cosines = rows @ rows.T
    assert cosines[np.triu_indices(3, 1)].max() < 0.95


def test_a_smaller_copy_of_a_picture_stays_near(image: ImageEncoder) -> None:
    original = picture(5, (1200, 800))
    copy, other = original.resize((400, 267)), picture(6, (1200, 800))
    row, copied, another = image.encode([original, copy, other])
    assert row @ copied > 0.97
    assert row @ copied > row @ another


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK"])
def test_a_picture_encoder_asks_for_rgb(image: ImageEncoder, mode: str) -> None:
    with pytest.raises(UsageError, match=f"mode RGB, got mode {mode}"):
        image.encode([Image.new(mode, (20, 20))])


def test_a_picture_encoder_refuses_what_is_no_picture(image: ImageEncoder) -> None:
    with pytest.raises(UsageError, match="got str"):
        image.encode(["photo.png"])
