"""A pulled model as ONNX with 8-bit weights: the speed of ONNX Runtime on a CPU, and no torch at query time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from commonplace.encoders.exported import CARD, ExportedEncoder, pixels
from commonplace.encoders.open_clip import OpenClipEncoder
from commonplace.encoders.sanity import TEXTS
from commonplace.encoders.sentence_transformers import SentenceEncoder
from commonplace.encoders.shelf import file_hash
from commonplace.encoders.torch_tower import TorchEncoder
from commonplace.encoders.transformers import PerceptionEncoder, TransformersEncoder
from commonplace.errors import ModelError, UsageError
from commonplace.spaces.registry import load_space
from commonplace.training.export import gate, to_onnx
from commonplace.training.quantise import eight_bits, seven_bits

LEAST = 0.99
"""The least cosine, and that of the first percentile, between float and exported vectors."""
QUANTISERS = {"text": (eight_bits,), "image": (seven_bits, eight_bits)}
"""Modality -> what is tried, the fastest first. Texts run in batches, and must not share a scale."""


class _Tower(nn.Module):  # type: ignore[misc, unused-ignore]
    """One tensor in, rows out."""

    def __init__(self, encoder: TorchEncoder, pad: int) -> None:
        super().__init__()
        self.tower, self.pad = encoder._tower, pad
        self.kind = type(encoder)
        self.output = f"{encoder.modality}_embeds"
        if isinstance(encoder, TransformersEncoder):
            self.output = encoder._architecture.output.format(encoder.modality)
        self.argument = "input_ids" if encoder.modality == "text" else "pixel_values"

    def forward(self, items: Tensor) -> Tensor:
        if self.kind is SentenceEncoder:
            fields = {"input_ids": items, "attention_mask": torch.ne(items, self.pad).long()}
            for part in self.tower:
                fields = part(fields)
            rows: Any = fields["sentence_embedding"]
        elif self.kind is OpenClipEncoder:
            rows = self.tower(items)
        else:
            rows = getattr(self.tower(**{self.argument: items}), self.output)
        return nn.functional.normalize(rows[0] if isinstance(rows, tuple) else rows, dim=-1)


def optimize(name: str, out: Path, probes: list[Any] | None = None) -> dict[str, Any]:
    """Write the towers of `name` to `out`, to be loaded as `onnx:OUT`; returns the cosines of the gate, by modality.

    probes  RGB pictures of the user's own that the gate looks at too
    Raises UsageError for a space without towers of its own under torch, ModelError where the vectors drift.
    """
    space = load_space(name)
    out.mkdir(parents=True, exist_ok=True)
    card: dict[str, Any] = {
        "name": space.name, "dim": space.dim, "temperature": space.temperature, "bias": space.bias,
        "scores": space.scores, "towers": {}, "files": {},
    }  # fmt: skip
    figures = {}
    for modality, encoder in space.encoders.items():
        if modality == "audio" or isinstance(encoder, PerceptionEncoder) or not isinstance(encoder, TorchEncoder):
            raise UsageError(f"{name}: {modality} cannot be exported; expected text and pictures of open_clip, CLIP or "
                             "SigLIP, or text of sentence-transformers.")  # fmt: skip
        encoder.options = {"device": "cpu"}
        encoder.load()
        figures[modality] = _exported(encoder, out, card, _probes(modality, probes))
    fields = json.dumps({**card, "cosines": figures}, indent=1) + "\n"
    (out / CARD).write_text(fields, "utf-8")  # last: it names a whole
    return figures


def _exported(encoder: TorchEncoder, out: Path, card: dict[str, Any], probes: list[Any]) -> dict[str, float]:
    """Write one tower in the fastest form that passes the gate and enter it into the card; returns its cosines."""
    steps, example, free, pad = _text(encoder, out) if encoder.modality == "text" else _image(encoder)
    model, exact = to_onnx(_Tower(encoder, pad), example, free), encoder.encode(probes)
    file = f"{encoder.modality}.onnx"
    card["towers"][encoder.modality] = {"file": file, "preprocessing": steps}
    if encoder.modality == "text":
        card["files"]["tokenizer.json"] = file_hash(out / "tokenizer.json")
    refused = ModelError()
    for quantise in QUANTISERS[encoder.modality]:
        (out / file).write_bytes(quantise(model).SerializeToString())
        card["files"][file] = file_hash(out / file)
        try:
            small = ExportedEncoder(out, card, encoder.modality).encode(probes)
            return gate(exact, small, percentile_1=LEAST, minimum=LEAST)
        except ModelError as error:
            refused = error
    raise refused


def _text(encoder: TorchEncoder, out: Path) -> tuple[dict[str, Any], Tensor, int, int]:
    prompts: dict[str, str] = {}
    if isinstance(encoder, OpenClipEncoder):
        tokens, pad, fixed = int(encoder._tokenize.context_length), 0, True
        (out / "tokenizer.json").write_text(_tokenizer(encoder), "utf-8")
    elif isinstance(encoder, SentenceEncoder):
        tokenizer, fixed = encoder._tower.tokenizer, False
        tokens, pad = int(encoder._tower.max_seq_length or 512), int(tokenizer.pad_token_id)
        tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))
        prompts = {
            kind: text for kind, text in encoder._tower.prompts.items() if kind in ("query", "document") and text
        }
    else:
        assert isinstance(encoder, TransformersEncoder)
        tokens, pad = int(encoder._tower.config.max_position_embeddings), int(encoder._tokenizer.pad_token_id)
        fixed = True
        encoder._tokenizer.backend_tokenizer.save(str(out / "tokenizer.json"))
    steps = {"tokens": tokens, "pad": pad, "fixed": fixed, "prompts": prompts}
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(out / "tokenizer.json"))
    made.enable_truncation(tokens)
    made.enable_padding(length=tokens if fixed else None, pad_id=pad, direction="right")
    example = torch.tensor([encoding.ids for encoding in made.encode_batch(list(TEXTS))])
    return steps, example, 1 if fixed else 2, pad


def _tokenizer(encoder: OpenClipEncoder) -> str:
    """What open_clip's own tokenizer does, or the file that the hub's tokenizers have, as a file."""
    theirs = encoder._tokenize
    if hasattr(theirs, "tokenizer"):
        return str(theirs.tokenizer.backend_tokenizer.to_str())
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    begin, end = "<start_of_text>", "<end_of_text>"
    merges = list(theirs.bpe_ranks)
    made = Tokenizer(models.BPE(vocab=theirs.encoder, merges=merges, end_of_word_suffix="</w>"))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(), normalizers.Lowercase()]
    )
    words = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    ids = [(token, theirs.encoder[token]) for token in (begin, end)]
    made.post_processor = processors.TemplateProcessing(single=f"{begin} $A {end}", special_tokens=ids)
    made.enable_truncation(theirs.context_length)
    made.enable_padding(length=theirs.context_length, pad_id=0)
    for text in TEXTS:
        if made.encode(text).ids != theirs([text])[0].tolist():
            raise ModelError(f"{encoder.name}: its tokenizer cannot be written as a file. Use the model as it is.")
    return str(made.to_str())


def _image(encoder: TorchEncoder) -> tuple[dict[str, Any], Tensor, int, int]:
    if isinstance(encoder, OpenClipEncoder):
        given = encoder.preprocessing
        size = given["size"] if isinstance(given["size"], (list, tuple)) else [given["size"]] * 2
        fit, resampling, mean, std = given["resize_mode"], given["interpolation"], given["mean"], given["std"]
    elif isinstance(encoder, TransformersEncoder) and "Siglip2" not in type(encoder._tower).__name__:
        processor = encoder._processor
        crop = processor.crop_size if getattr(processor, "do_center_crop", False) else processor.size
        size = [int(crop["height"]), int(crop["width"])]
        fit = "shortest" if getattr(processor, "do_center_crop", False) else "squash"
        resampling = {2: "bilinear", 3: "bicubic", 1: "lanczos"}[int(processor.resample)]
        mean, std = processor.image_mean, processor.image_std
    else:
        raise UsageError(f"{encoder.name}: pictures of this model have no fixed size, or are read by "
                         "sentence-transformers; expected open_clip, CLIP or SigLIP.")  # fmt: skip
    steps = {"size": list(size), "fit": fit, "resampling": resampling, "mean": list(mean), "std": list(std)}
    shown = [pixels(picture, steps) for picture in _probes("image", None)[:3]]
    return steps, torch.from_numpy(np.stack(shown)), 1, 0


def _probes(modality: str, own: list[Any] | None) -> list[Any]:
    if modality == "text":
        return [*TEXTS, *(f"{text} {number}" for number, text in enumerate(TEXTS))]
    from PIL import Image

    from commonplace.encoders.sanity import probes

    random = np.random.default_rng(1)
    scenes = [random.integers(0, 256, (side, side, 3), np.uint8) for side in (3, 5, 8, 12)]
    return [
        *probes("image"),
        *(Image.fromarray(s).resize((320, 240), Image.Resampling.BICUBIC) for s in scenes),
        *(own or []),
    ]
