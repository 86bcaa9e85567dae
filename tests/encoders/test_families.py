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

from commonplace.encoders.base import Sound, Video
from commonplace.encoders.torch_tower import pick_dtype
from commonplace.errors import DimensionMismatch, ModelError, UnknownName, UsageError
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
    "open_clip-mobile": lambda folder: checkpoints.open_clip(folder, kind="mobile"),
    "transformers-clip": checkpoints.clip,
    "transformers-siglip": checkpoints.siglip,
    "transformers-siglip2": lambda folder: checkpoints.siglip(folder, second=True),
    "transformers-clap": checkpoints.clap,
    "transformers-pe-audio": lambda folder: checkpoints.perception(folder, "pe_audio"),
    "transformers-pe-video": lambda folder: checkpoints.perception(folder, "pe_video"),
    "transformers-pe-audio-video": lambda folder: checkpoints.perception(folder, "pe_audio_video"),
    "sentence-transformers": checkpoints.sentences,
    "sentence-transformers-pictures": lambda folder: checkpoints.sentences(folder, pictures=True),
}


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


def items(kind: str, pictures: list[Image.Image]) -> dict[str, list[Any]]:
    """Modality -> what is encoded; sounds at the rate that the checkpoint was made for."""
    random, rate = np.random.default_rng(1), 16_000 if "pe-audio" in kind else 48_000
    sounds = [Sound(random.standard_normal(n).astype(np.float32) / 3, rate) for n in (9_000, 20_000, 500)]
    videos = [Video(random.integers(0, 256, (t, 40, 56, 3), np.uint8)) for t in (5, 2, 7)]
    return {"text": TEXTS, "image": pictures, "audio": sounds, "video": videos}


def perception(kind: str, folder: Path) -> dict[str, Any]:
    """The rows of PE's own forward pass: of words for sounds, of words for videos, of sounds, of videos."""
    import torch
    import transformers

    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    given, rows = items(kind, []), dict[str, list[Any]]()
    for text, sound, video in zip(TEXTS, *([*given[m], given[m][0]] for m in ("audio", "video")), strict=True):
        inputs = dict(tokenizer([text], truncation=True, return_tensors="pt"))
        if "audio" in kind:
            features = transformers.AutoFeatureExtractor.from_pretrained(folder)
            heard = features([sound.samples], sampling_rate=sound.rate, return_tensors="pt")
            inputs["input_values"] = heard["input_values"]
        if "video" in kind:
            processor = transformers.AutoVideoProcessor.from_pretrained(folder)
            seen = processor(videos=[torch.from_numpy(video.frames).permute(0, 3, 1, 2)], return_tensors="pt")
            inputs["pixel_values_videos"] = seen["pixel_values_videos"]
        answer = model(**inputs)
        for name in ("text_audio", "text_video", "audio", "video"):
            if (found := getattr(answer, f"{name}_embeds", None)) is not None:
                rows.setdefault(name, []).append(found[0].numpy())
    return {name: unit(found[: len(TEXTS) if name.startswith("text") else 3]) for name, found in rows.items()}


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

        if "pe-" in kind:
            rows = perception(kind, folder)
            if kind.endswith("pe-audio-video"):
                none = {name: np.zeros_like(found) for name, found in rows.items()}
                return {
                    "text": np.hstack([rows["text_audio"], rows["text_video"], none["text_audio"]]),
                    "audio": np.hstack([rows["audio"], none["audio"], rows["audio"]]),
                    "video": np.hstack([none["video"], rows["video"], rows["video"]]),
                }
            return {name.partition("_")[0]: found for name, found in rows.items()}
        model = transformers.AutoModel.from_pretrained(folder).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
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
            sounds = [sound.samples for sound in items(kind, pictures)["audio"]]
            heard = features(sounds, sampling_rate=48_000, return_tensors="pt")
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
    given = items(kind, pictures)
    assert space.encoders.keys() == expected.keys() - {"query"}
    for modality in space.encoders:
        assert space.encode(modality, given[modality]) == pytest.approx(unit(expected[modality]), abs=1e-5)
    if "query" in expected:
        assert space.encode_query(TEXTS) == pytest.approx(unit(expected["query"]), abs=1e-5)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_vector_does_not_depend_on_its_batch(
    kind: str, made: Callable[[str], Path], pictures: list[Image.Image]
) -> None:
    space = load_space(f"{family(kind)}:{made(kind)}")
    given = items(kind, pictures)
    for modality in space.encoders:
        together = space.encode(modality, given[modality])
        assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(len(together)), abs=1e-5)
        backwards = space.encode(modality, given[modality][::-1])[::-1]
        assert together == pytest.approx(backwards, abs=1e-5)
        assert together[1:2] == pytest.approx(space.encode(modality, given[modality][1:2]), abs=1e-5)


def test_words_sounds_and_videos_have_half_the_cosines_that_each_pair_was_trained_with(
    made: Callable[[str], Path],
) -> None:
    import torch

    kind = "transformers-pe-audio-video"
    space, given = load_space(f"transformers:{made(kind)}"), items(kind, [])
    with torch.inference_mode():
        rows = perception(kind, made(kind))
    words, sounds, videos = (space.encode(modality, given[modality]) for modality in ("text", "audio", "video"))
    assert 2 * words @ sounds.T == pytest.approx(rows["text_audio"] @ rows["audio"].T, abs=1e-5)
    assert 2 * words @ videos.T == pytest.approx(rows["text_video"] @ rows["video"].T, abs=1e-5)
    assert 2 * sounds @ videos.T == pytest.approx(rows["audio"] @ rows["video"].T, abs=1e-5)
    assert space.temperature == pytest.approx(1 / 40)  # a scale of 20, on half the cosines
    assert space.bias == -3.0


@pytest.mark.parametrize(
    "kind", ["open_clip", "transformers-clip", "transformers-siglip", "transformers-pe-audio-video"]
)
def test_a_search_by_words_loads_the_text_tower_alone(kind: str, made: Callable[[str], Path]) -> None:
    space = load_space(f"{family(kind)}:{made(kind)}")
    space.encode_query(["a cat"])
    assert [m for m, encoder in space.encoders.items() if encoder.loaded] == ["text"]  # type: ignore[attr-defined]


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


def test_the_number_format_is_chosen_by_the_device() -> None:
    import torch

    assert pick_dtype(torch, "cpu") is pick_dtype(torch, "mps") is torch.float32
    assert pick_dtype(torch, "cpu", "bfloat16") is torch.bfloat16
    with pytest.raises(UsageError, match="dtype='float16'; choose from: float32, bfloat16"):
        pick_dtype(torch, "cpu", "float16")


@pytest.mark.parametrize("kind", ["open_clip", "transformers-clip"])
def test_bfloat16_keeps_vectors_and_fingerprint(
    kind: str, made: Callable[[str], Path], pictures: list[Image.Image]
) -> None:
    exact, brief = (load_space(f"{family(kind)}:{made(kind)}?dtype={dtype}") for dtype in ("float32", "bfloat16"))
    assert (exact.encode_image(pictures) * brief.encode_image(pictures)).sum(axis=1).min() > 0.99
    assert (exact.encode_text(TEXTS) * brief.encode_text(TEXTS)).sum(axis=1).min() > 0.99
    assert exact.anchor == brief.anchor


def test_a_device_that_is_not_there_is_named(made: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=r"device 'tpu' is not there; this machine has: .*cpu"):
        load_space(f"open_clip:{made('open_clip')}?device=tpu").encode_text(["a"])


def test_a_tag_that_open_clip_does_not_know_is_answered_with_the_nearest() -> None:
    from commonplace.encoders.open_clip import repository

    with pytest.raises(UnknownName, match=r"knows no 'ViT-B-32/laion2b_s34b'. Did you mean: .*laion2b_s34b_b79k"):
        repository("ViT-B-32/laion2b_s34b")


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


def test_a_sound_is_a_query_where_the_space_hears(
    made: Callable[[str], Path], folder: Callable[..., Path], tmp_path: Path
) -> None:
    import soundfile

    from commonplace.collection import Collection

    root, clap = folder("notes", {"rain.md": "rain on a roof", "dog.md": "a dog barks"}), made("transformers-clap")
    soundfile.write(tmp_path / "noise.flac", np.random.default_rng(0).standard_normal(8_000) / 8, 8_000)
    with Collection(tmp_path / "c", model=f"transformers:{clap}") as collection:
        collection.add(root)
        found = collection.search(audio=tmp_path / "noise.flac")
        assert (len(found.hits), found.lanes["bm25"]) == (2, "no words in the query")
        with pytest.raises(UsageError, match="has no encoder of image; expected words"):
            collection.search(image=Image.new("RGB", (8, 8)))
        with pytest.raises(UsageError, match=r"gone\.wav cannot be read \(No such file or directory\)"):
            collection.search(audio=tmp_path / "gone.wav")
    with Collection(tmp_path / "pair", model=f"bundled+transformers:{clap}") as collection:
        collection.add(root)
        assert collection.search(audio=tmp_path / "noise.flac").lanes["text"] == "its encoder reads no sounds"


@pytest.mark.parametrize("kind", ["transformers-clap", "transformers-pe-audio-video"])
def test_recordings_in_a_collection_have_the_vectors_of_their_files(
    kind: str, made: Callable[[str], Path], folder: Callable[..., Path], tmp_path: Path
) -> None:
    import soundfile
    from ingest.test_sound_and_video import write_video

    from commonplace.collection import Collection

    root, name = folder("notes", {"rain.md": "rain on a roof"}), f"transformers:{made(kind)}"
    soundfile.write(root / "yard.flac", np.random.default_rng(0).standard_normal(8_000) / 8, 8_000)
    write_video(root / "dark.mp4", [10] * 20)
    with Collection(tmp_path / "c", model=f"bundled+{name}") as collection:
        assert collection.add(root).failed == ()
        assert collection.search(audio=root / "yard.flac").hits[0].source == "notes/yard.flac"
        hits = collection.search("a dog barks", lanes=["media"]).hits
    space = load_space(name)
    (asked,) = space.encode_query(["a dog barks"])
    files = {"audio": root / "yard.flac", "video": root / "dark.mp4"}
    assert {hit.source: hit.lanes["media"].score for hit in hits} == pytest.approx(
        {f"notes/{file.name}": asked @ space.encode(m, [file])[0] for m, file in files.items() if m in space.encoders},
        abs=2e-3,  # kept as halves
    )


def test_sounds_and_videos_are_embedded_from_their_files(made: Callable[[str], Path], tmp_path: Path) -> None:
    import json

    import soundfile
    from click.testing import CliRunner
    from ingest.test_sound_and_video import write_video

    from commonplace.cli import main

    folder, tone = made("transformers-pe-audio-video"), np.sin(np.arange(8_000) / 9).astype(np.float32) / 2
    soundfile.write(tmp_path / "tone.wav", tone, 8_000, subtype="FLOAT")
    write_video(tmp_path / "dark.mp4", [10] * 20)
    words = ["embed", "a tone", "--audio", tmp_path / "tone.wav", "--video", tmp_path / "dark.mp4", "--json"]
    answer = CliRunner().invoke(main, [*map(str, words), "--model", f"transformers:{folder}"])
    rows = {Path(row["item"]).name: np.array(row["vector"]) for row in json.loads(answer.stdout)}
    assert list(rows) == ["a tone", "tone.wav", "dark.mp4"]
    space = load_space(f"transformers:{folder}")
    assert rows["tone.wav"] == pytest.approx(space.encode_audio([Sound(tone, 8_000)])[0], abs=1e-5)
    assert rows["dark.mp4"].shape == (space.dim,)


def test_an_adapter_is_fitted_on_sounds(made: Callable[[str], Path], tmp_path: Path) -> None:
    """Six pitches under names of their own: what a head can learn of any encoder that tells them apart."""
    import json

    import soundfile

    from commonplace.training.adapter import train_adapter

    random, rows = np.random.default_rng(0), []
    for number in range(60):
        pitch = 200 * 2 ** (number % 6)
        tone = np.sin(2 * np.pi * pitch * np.arange(4_000) / 16_000) / 3 + random.standard_normal(4_000) / 50
        soundfile.write(tmp_path / f"{number}.wav", tone, 16_000)
        rows.append({"text": ["cat", "line", "rain", "select", "users", "alarm"][number % 6], "audio": f"{number}.wav"})
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    figures = train_adapter(
        tmp_path / "pairs.jsonl", tmp_path / "head", model=f"transformers:{made('transformers-pe-audio')}"
    )
    assert (list(figures), figures["audio"]["pairs"], figures["audio"]["kept"]) == (["audio"], 60, True)
    adapted = load_space(f"adapter:{tmp_path / 'head'}")
    assert adapted.encoders["audio"].stored is not adapted.encoders["audio"]


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
    given = items(kind, pictures)
    for modality in small.encoders:
        cosines = (exact.encode(modality, given[modality]) * small.encode(modality, given[modality])).sum(axis=1)
        assert cosines.min() > 0.98  # of an image, resized by Pillow instead of torchvision


def _manifest(path: Path) -> Any:
    import json

    return json.loads((path / "generations" / "0001" / "manifest.json").read_text())
