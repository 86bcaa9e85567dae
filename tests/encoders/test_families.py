"""Checkpoints in the hub's layout through the code that users run, against the libraries' own forward passes.

`make test-models` has the libraries; elsewhere these tests are skipped.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encoders import checkpoints
from PIL import Image

from commonplace.encoders.base import Sound
from commonplace.errors import DimensionMismatch, ModelError, UsageError
from commonplace.spaces.registry import load_space
from commonplace.types import Vectors
from commonplace.vectors.normalise import unit_rows

pytestmark = pytest.mark.clip
for module in ("open_clip", "transformers", "sentence_transformers"):
    pytest.importorskip(module, reason=f"needs {module}: make test-models")

TEXTS = ["a cat", "the dog in the line chart", "outbound traffic spikes " * 30, "Ünï \U0001f600"]
MAKERS: dict[str, Callable[[Path], Path]] = {
    "open_clip": checkpoints.open_clip,
    "open_clip-siglip": lambda folder: checkpoints.open_clip(folder, kind="siglip"),
    "open_clip-coca": lambda folder: checkpoints.open_clip(folder, kind="coca"),
    "transformers-clip": checkpoints.clip,
    "transformers-siglip": checkpoints.siglip,
    "transformers-siglip2": lambda folder: checkpoints.siglip(folder, second=True),
    "transformers-clap": checkpoints.clap,
    "transformers-pe-audio": checkpoints.pe_audio,
    "sentence-transformers": checkpoints.sentences,
    "sentence-transformers-pictures": lambda folder: checkpoints.sentences(folder, pictures=True),
}
PICTURES = ["open_clip", "open_clip-siglip", "open_clip-coca", "transformers-clip", "transformers-siglip",
            "transformers-siglip2", "sentence-transformers-pictures"]  # fmt: skip


def family(kind: str) -> str:
    return "sentence-transformers" if kind.startswith("sentence") else kind.partition("-")[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a checkpoint of this kind, saved once."""
    folder, known = tmp_path_factory.mktemp("checkpoints"), dict[str, Path]()

    def make(kind: str) -> Path:
        if kind not in known:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the libraries that save it
                known[kind] = MAKERS[kind](folder / kind)
        return known[kind]

    return make


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setenv("COMMONPLACE_DEVICE", "cpu")
    return tmp_path / "shelf"


@pytest.fixture
def pictures() -> list[Image.Image]:
    random = np.random.default_rng(1)
    noise = [Image.fromarray(random.integers(0, 256, (h, w, 3), np.uint8)) for h, w in ((40, 60), (33, 32), (90, 30))]
    return [*noise, Image.new("RGB", (30, 90), "red")]


def sounds(kind: str) -> list[Sound]:
    """At the rate that the checkpoint was made for."""
    random, rate = np.random.default_rng(1), 16_000 if kind.endswith("pe-audio") else 48_000
    return [Sound(random.standard_normal(n).astype(np.float32) / 3, rate) for n in (9_000, 20_000, 500)]


def theirs(kind: str, folder: Path, pictures: list[Image.Image]) -> dict[str, Any]:
    """Modality -> vectors, as each library's documentation says."""
    import torch

    with torch.inference_mode():
        if kind.startswith("open_clip"):
            import open_clip

            model, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
            tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
            model.eval()
            shown = torch.stack([transform(picture) for picture in pictures])
            return {"text": model.encode_text(tokenizer(TEXTS)), "image": model.encode_image(shown)}
        if kind.startswith("sentence"):
            import sentence_transformers

            model = sentence_transformers.SentenceTransformer(str(folder))
            answers = {"text": model.encode_document(TEXTS), "query": model.encode_query(TEXTS)}
            return answers | ({"image": model.encode(pictures)} if kind.endswith("pictures") else {})
        import transformers

        model = transformers.AutoModel.from_pretrained(folder).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        if kind.endswith("pe-audio"):
            features = transformers.AutoFeatureExtractor.from_pretrained(folder)
            rows: dict[str, list[Any]] = {"text": [], "audio": []}
            for text, sound in zip(TEXTS, (*sounds("pe-audio"), sounds("pe-audio")[0]), strict=True):
                heard = features([sound.samples], sampling_rate=sound.rate, return_tensors="pt")
                tokens = tokenizer([text], truncation=True, return_tensors="pt")
                answer = model(**tokens, input_values=heard["input_values"])
                rows["text"].append(answer.text_audio_embeds[0].numpy())
                rows["audio"].append(answer.audio_embeds[0].numpy())
            return {"text": rows["text"], "audio": rows["audio"][:3]}
        if "siglip" in kind:
            tokens = tokenizer(
                TEXTS, padding="max_length", max_length=16, truncation=True, padding_side="right", return_tensors="pt"
            )
            answers = {"text": model.get_text_features(input_ids=tokens["input_ids"])}
        else:
            answers = {
                "text": model.get_text_features(**tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt"))
            }
        if kind.endswith("clap"):
            features = transformers.AutoFeatureExtractor.from_pretrained(folder)
            heard = features([sound.samples for sound in sounds(kind)], sampling_rate=48_000, return_tensors="pt")
            answers["audio"] = model.get_audio_features(**heard)
        else:
            processor = transformers.AutoImageProcessor.from_pretrained(folder)
            answers["image"] = model.get_image_features(**processor(images=pictures, return_tensors="pt"))
        return {m: getattr(answer, "pooler_output", answer) for m, answer in answers.items()}


def unit(rows: Any) -> Vectors:
    return unit_rows(np.asarray(rows, np.float32))


@pytest.mark.parametrize("kind", MAKERS)
def test_vectors_are_those_of_the_library(kind: str, made: Callable[[str], Path], pictures: list[Image.Image]) -> None:
    space = load_space(f"{family(kind)}:{made(kind)}")
    expected = theirs(kind, made(kind), pictures)
    items: dict[str, list[Any]] = {"text": TEXTS, "image": pictures, "audio": sounds(kind)}
    assert space.encoders.keys() == expected.keys() - {"query"}
    for modality in space.encoders:
        assert space.encode(modality, items[modality]) == pytest.approx(unit(expected[modality]), abs=1e-5)
    if "query" in expected:
        assert space.encode_query(TEXTS) == pytest.approx(unit(expected["query"]), abs=1e-5)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_vector_does_not_depend_on_its_batch(
    kind: str, made: Callable[[str], Path], pictures: list[Image.Image]
) -> None:
    space = load_space(f"{family(kind)}:{made(kind)}")
    items: dict[str, list[Any]] = {"text": TEXTS, "image": pictures, "audio": sounds(kind)}
    for modality in space.encoders:
        together = space.encode(modality, items[modality])
        assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(together)), abs=1e-5)
        backwards = space.encode(modality, items[modality][::-1])[::-1]
        assert together == pytest.approx(backwards, abs=1e-5)
        assert together[1:2] == pytest.approx(space.encode(modality, items[modality][1:2]), abs=1e-5)


@pytest.mark.parametrize("kind", ["open_clip", "transformers-clip", "transformers-siglip"])
def test_a_search_by_words_loads_the_text_tower_alone(kind: str, made: Callable[[str], Path]) -> None:
    space = load_space(f"{family(kind)}:{made(kind)}")
    space.encode_query(["a cat"])
    assert {m: encoder.loaded for m, encoder in space.encoders.items()} == {"text": True, "image": False}  # type: ignore[attr-defined]


def test_scales_biases_and_scores_are_read_from_the_checkpoint(made: Callable[[str], Path]) -> None:
    found = {
        kind: (space.temperature, space.bias, space.scores)
        for kind in ("open_clip", "open_clip-siglip", "transformers-siglip2")
        for space in [load_space(f"{family(kind)}:{made(kind)}")]
    }
    expected: dict[str, Any] = {
        "open_clip": (pytest.approx(0.01), 0.0, "softmax"),  # a logit scale of 100
        "open_clip-siglip": (pytest.approx(0.01), -10.0, "sigmoid"),
        "transformers-siglip2": (pytest.approx(np.exp(-4.7)), -12.0, "sigmoid"),
    }
    assert found == expected


def test_zero_shot_equals_the_usual_open_clip_code(
    made: Callable[[str], Path], pictures: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip
    import torch

    from commonplace import zero_shot

    labels = ["a diagram", "a dog", "a cat"]
    folder = made("open_clip")
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    with torch.no_grad():
        image_features = model.encode_image(preprocess(pictures[0]).unsqueeze(0))
        text_features = model.encode_text(tokenizer(labels))
        image_features /= image_features.norm(dim=-1, keepdim=True)
        text_features /= text_features.norm(dim=-1, keepdim=True)
        expected = (100.0 * image_features @ text_features.T).softmax(dim=-1)[0]
    monkeypatch.setitem(zero_shot.TEMPLATES, "image", ("{}",))  # the snippet has one prompt a label
    answer = dict(zero_shot.classify(pictures[0], labels, space=f"open_clip:{folder}"))
    assert [answer[label] for label in labels] == pytest.approx(expected.tolist(), abs=1e-5)


def test_a_long_sound_is_the_mean_of_its_windows(made: Callable[[str], Path]) -> None:
    space = load_space(f"transformers:{made('transformers-clap')}")
    random = np.random.default_rng(0)
    first, second = (random.standard_normal(480_000).astype(np.float32) / 3 for _ in range(2))  # ten seconds each
    parts = space.encode_audio([Sound(first, 48_000), Sound(second, 48_000)])
    whole = space.encode_audio([Sound(np.concatenate([first, second]), 48_000)])
    assert whole == pytest.approx(unit(parts.sum(axis=0, keepdims=True)), abs=1e-5)


def test_sounds_of_another_rate_are_resampled(made: Callable[[str], Path]) -> None:
    space = load_space(f"transformers:{made('transformers-clap')}")
    at = {rate: np.sin(2 * np.pi * 440 * np.arange(rate) / rate).astype(np.float32) for rate in (48_000, 24_000)}
    vectors = space.encode_audio([Sound(samples, rate) for rate, samples in at.items()])
    assert float(vectors[0] @ vectors[1]) > 0.999


def test_matryoshka_takes_the_first_dimensions(made: Callable[[str], Path]) -> None:
    folder = made("sentence-transformers")
    whole, cut = load_space(f"sentence-transformers:{folder}"), load_space(f"sentence-transformers:{folder}?dim=8")
    assert (whole.dim, cut.dim) == (32, 8)
    assert cut.encode_text(TEXTS) == pytest.approx(unit(whole.encode_text(TEXTS)[:, :8]), abs=1e-5)
    assert whole.anchor != cut.anchor  # vectors that do not compare have different fingerprints
    with pytest.raises(DimensionMismatch, match="has 1 to 32 dimensions, not 33"):
        load_space(f"sentence-transformers:{folder}?dim=33")


@pytest.mark.parametrize("kind", ["open_clip", "transformers-clip"])
def test_a_checkpoint_without_a_text_tower_is_refused(kind: str, made: Callable[[str], Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "pictures-only"
    shutil.copytree(made(kind), folder)
    (path,) = folder.glob("*.safetensors")
    kept = {name: tensor for name, tensor in load_file(path).items() if name.startswith(("visual", "vision"))}
    save_file(kept, path, metadata={"format": "pt"})
    space = load_space(f"{family(kind)}:{folder}")
    with pytest.raises(ModelError, match=r"holds no (whole )?text tower"):
        space.encode_text(["a cat"])


def test_a_tower_that_gives_all_things_the_same_vector_is_refused(made: Callable[[str], Path], tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "broken"
    shutil.copytree(made("open_clip"), folder)
    path = folder / "open_clip_model.safetensors"
    tensors = load_file(path)
    tensors["ln_final.weight"] = torch.zeros_like(tensors["ln_final.weight"])
    tensors["ln_final.bias"] = torch.ones_like(tensors["ln_final.bias"])
    save_file(tensors, path)
    with pytest.raises(ModelError, match=r"gives all things nearly the same vector \(mean-vector share 1\.0000"):
        load_space(f"open_clip:{folder}").encode_text(["a cat"])


def test_a_device_that_is_not_there_is_named(made: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=r"device 'tpu' is not there; this machine has: .*cpu"):
        load_space(f"open_clip:{made('open_clip')}?device=tpu").encode_text(["a"])


def test_a_text_model_is_sent_to_the_right_family(made: Callable[[str], Path]) -> None:
    folder = made("sentence-transformers")
    with pytest.raises(ModelError, match=r"of the type 'bert'.*write sentence-transformers:"):
        load_space(f"transformers:{folder}")


def test_anything_but_an_rgb_picture_is_refused(made: Callable[[str], Path]) -> None:
    space = load_space(f"open_clip:{made('open_clip')}")
    with pytest.raises(UsageError, match="encodes PIL pictures of mode RGB, got mode L"):
        space.encode_image([Image.new("L", (8, 8))])


def test_a_collection_pairs_a_specialist_with_a_shared_space(
    made: Callable[[str], Path], folder: Callable[..., Path], tmp_path: Path
) -> None:
    from commonplace.collection import Collection

    root = folder("notes", {"boats.md": "# Boats\n\nThe ferry leaves at noon."})
    Image.effect_noise((64, 64), 90).convert("RGB").save(root / "noise.png")
    name = f"bundled+open_clip:{made('open_clip')}"
    with Collection(tmp_path / "paired", model=name) as collection:
        assert collection.add(root).failed == ()
        by_words = collection.search("when does the ferry leave")
        assert by_words.hits[0].source == "notes/boats.md"
        assert {"text", "media"} <= by_words.lanes.keys()
        by_picture = collection.search(image=root / "noise.png", mode="dense")
        assert by_picture.hits[0].source == "notes/noise.png"
        assert by_picture.lanes["text"] == "its encoder reads no pictures"
    dims = {lane: held["dim"] for lane, held in _manifest(tmp_path / "paired")["lanes"].items()}
    assert dims == {"text": 384, "media": 48}


def test_a_model_that_cannot_be_used_leaves_no_collection(
    made: Callable[[str], Path], folder: Callable[..., Path], tmp_path: Path
) -> None:
    from commonplace.collection import Collection

    broken = tmp_path / "cut-short"
    shutil.copytree(made("open_clip"), broken)
    path = broken / "open_clip_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"only a part of open_clip_model\.safetensors"):
        Collection(tmp_path / "never", model=f"open_clip:{broken}").add(folder("notes", {"a.md": "text"}))
    assert not (tmp_path / "never" / "collection.json").exists()


@pytest.mark.parametrize("kind", ["open_clip", "transformers-siglip", "sentence-transformers"])
def test_an_exported_model_is_close_to_the_original_and_needs_no_torch(
    kind: str, made: Callable[[str], Path], tmp_path: Path, pictures: list[Image.Image]
) -> None:
    from commonplace.training.optimize import optimize

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = optimize(f"{family(kind)}:{made(kind)}", tmp_path / "out")
    assert all(cosines["cosine minimum"] > 0.99 for cosines in figures.values())
    exact, small = load_space(f"{family(kind)}:{made(kind)}"), load_space(f"onnx:{tmp_path / 'out'}")
    assert (small.dim, small.scores, small.bias) == (exact.dim, exact.scores, exact.bias)
    assert small.temperature == pytest.approx(exact.temperature)
    items: dict[str, list[Any]] = {"text": TEXTS[:2], "image": pictures}
    for modality in small.encoders:
        cosines = (exact.encode(modality, items[modality]) * small.encode(modality, items[modality])).sum(axis=1)
        assert cosines.min() > 0.98  # of an image, resized by Pillow instead of torchvision


def _manifest(path: Path) -> Any:
    import json

    return json.loads((path / "generations" / "0001" / "manifest.json").read_text())
