"""CLIP, SigLIP, SigLIP 2, CLAP and PE audio-video in the layout of transformers; only the tower that is asked loads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from commonplace.encoders.base import Kind, Towers
from commonplace.encoders.shelf import find
from commonplace.encoders.torch_tower import TorchEncoder, pictures, resampled, shorter, texts
from commonplace.lazy import require

OPTIONS = frozenset({"device"})


@dataclass(frozen=True, slots=True)
class Architecture:
    """How one `model_type` is read.

    towers    modality -> class of transformers that loads this tower and no other
    output    what each tower answers in; "{}" stands for its modality
    scale     tensor of the logit scale, stored as its logarithm
    fixed     texts are padded to the whole context and read without a mask, as the model was trained
    reserved  positions that the table has and no token can use
    """

    towers: Mapping[str, str]
    output: str = "{}_embeds"
    scores: Literal["softmax", "sigmoid"] = "softmax"
    scale: str = "logit_scale"
    fixed: bool = False
    reserved: int = 0


_SIGLIP = {"output": "pooler_output", "scores": "sigmoid", "fixed": True}
ARCHITECTURES = {
    "clip": Architecture({"text": "CLIPTextModelWithProjection", "image": "CLIPVisionModelWithProjection"}),
    "siglip": Architecture({"text": "SiglipTextModel", "image": "SiglipVisionModel"}, **_SIGLIP),  # type: ignore[arg-type]
    "siglip2": Architecture({"text": "Siglip2TextModel", "image": "Siglip2VisionModel"}, **_SIGLIP),  # type: ignore[arg-type]
    "clap": Architecture(
        {"text": "ClapTextModelWithProjection", "audio": "ClapAudioModelWithProjection"},
        scale="logit_scale_a",
        reserved=2,
    ),
    "pe_audio": Architecture({"text": "PeAudioModel", "audio": "PeAudioModel"}, scores="sigmoid"),
    "pe_audio_video": Architecture({"text": "PeAudioVideoModel", "audio": "PeAudioVideoModel"}, scores="sigmoid"),
}


def towers(reference: str, options: Mapping[str, str]) -> Towers:
    """Of a repository of the hub, once pulled, or of a folder in its layout."""
    checkpoint = find("transformers", reference)
    config = checkpoint.json("config.json")
    kind = config.get("model_type")
    if kind not in ARCHITECTURES:
        raise checkpoint.error(
            f"is of the type {kind!r}, which is no shared space that we know",
            f"Known are {', '.join(ARCHITECTURES)}; for a text model write sentence-transformers:{reference}",
        )
    architecture = ARCHITECTURES[kind]
    files = checkpoint.weights()
    if kind.startswith("pe_"):
        before = "audio_model." if kind == "pe_audio_video" else ""
        scale = checkpoint.number(f"{before}text_audio_logit_scale", files=files)
        bias = checkpoint.number(f"{before}text_audio_logit_bias", files=files)
        encoder: type[TransformersEncoder] = PerceptionEncoder
    else:
        log_scale = checkpoint.number(architecture.scale, files=files)
        scale = math.exp(log_scale) if log_scale is not None else None
        bias = checkpoint.number("logit_bias", files=files)
        encoder = TransformersEncoder
    dim = _dim(config, kind)
    made = {m: encoder("transformers", checkpoint, m, dim, options, "transformers") for m in architecture.towers}
    if "image" in made:
        made["image"].pixels = shorter(config.get("vision_config"), "image_size", 512 if kind == "siglip2" else 224)
    return Towers(
        {**made},
        temperature=1 / scale if scale else 0.01,
        bias=bias or 0.0,
        scores=architecture.scores,
    )


def _dim(config: dict[str, Any], kind: str) -> int:
    """Length of the vectors. Configurations leave out what is the library's default."""
    text = config.get("text_config") or {}
    if kind.startswith("siglip"):
        return int(text.get("projection_size") or text.get("hidden_size") or 768)
    if kind.startswith("pe_"):
        return int(text.get("hidden_size") or 1024)
    return int(config.get("projection_dim") or 512)


_PART = {"text": "text_config", "image": "vision_config", "audio": "audio_config"}


class TransformersEncoder(TorchEncoder):
    _architecture: Architecture
    _own_config = True
    """Whether the tower's class takes the configuration of its part, not of the whole model."""

    def _open(self, device: str, dtype: Any) -> None:
        library = require("transformers", extra=self.extra)
        folder = str(self.checkpoint.folder)
        self._config = self.checkpoint.json("config.json")
        self._architecture = ARCHITECTURES[self._config["model_type"]]
        here = {"local_files_only": True, "trust_remote_code": False}
        config = library.AutoConfig.from_pretrained(folder, **here)
        if self._own_config:
            whole, config = config, getattr(config, _PART[self.modality])
            if hasattr(whole, "projection_dim"):  # the part's own may be the library's default
                config.projection_dim = whole.projection_dim
        # transformers fills what a checkpoint lacks with random numbers and only logs it
        self._tower, loading = getattr(library, self._architecture.towers[self.modality]).from_pretrained(
            folder, config=config, dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
        if missing := sorted(loading["missing_keys"]):
            raise self.checkpoint.error(
                f"holds no whole {self.modality} tower ({len(missing)} tensors are missing, such as {missing[0]})",
                "Use a checkpoint that has both towers",
            )
        self._tower = self._tower.eval().to(device)
        self._dtype = dtype
        if self.modality == "text":
            self._tokenizer = library.AutoTokenizer.from_pretrained(folder, **here)
        elif self.modality == "image":
            self._processor = library.AutoImageProcessor.from_pretrained(folder, **here)
        else:
            self._processor = library.AutoFeatureExtractor.from_pretrained(folder, **here)

    def _infer(self, batch: Sequence[Any], kind: Kind) -> Any:
        del kind
        if self.modality == "audio":
            return self._hear(batch)
        if self.modality == "text":
            inputs = self._tokens(batch)
        else:
            inputs = self._processor(images=pictures(batch, self.name), return_tensors="pt")
        return self._run(inputs)

    def _run(self, inputs: Any) -> Any:
        floating = {key: value.to(self._dtype) for key, value in inputs.items() if value.is_floating_point()}
        placed = {key: value.to(self._device) for key, value in (dict(inputs) | floating).items()}
        return getattr(self._tower(**placed), self._architecture.output.format(self.modality))

    def _tokens(self, batch: Sequence[Any]) -> dict[str, Any]:
        limit = self._tower.config.max_position_embeddings - self._architecture.reserved
        padding = "max_length" if self._architecture.fixed else True
        items = texts(batch, self.name)
        tokens = self._tokenizer(
            items, padding=padding, padding_side="right", truncation=True, max_length=limit, return_tensors="pt"
        )
        wanted = ("input_ids",) if self._architecture.fixed else ("input_ids", "attention_mask")
        return {key: tokens[key] for key in wanted}

    def _hear(self, batch: Sequence[Any]) -> Any:
        """Sounds longer than CLAP's window are read as several, whose unit vectors add up; its own code takes a part at
        random."""
        rate = self._processor.sampling_rate
        most = self._processor.nb_max_samples
        windows, owners = [], []
        for owner, wave in enumerate(resampled(batch, rate, self.name)):
            parts = [wave[start : start + most] for start in range(0, len(wave), most)]
            if len(parts) > 1 and len(parts[-1]) < rate:
                parts.pop()
            windows += parts
            owners += [owner] * len(parts)
        inputs = self._processor(windows, sampling_rate=rate, return_tensors="pt")
        inputs["is_longer"] = self._torch.zeros_like(inputs["is_longer"])
        rows = self._torch.nn.functional.normalize(self._run(inputs), dim=-1)
        sums = rows.new_zeros(len(batch), rows.shape[1])
        return sums.index_add_(0, self._torch.tensor(owners, device=rows.device), rows)


class PerceptionEncoder(TransformersEncoder):
    """PE audio-video: the pair of heads that reads sounds and the words for them."""

    _own_config = False

    def _tokens(self, batch: Sequence[Any]) -> dict[str, Any]:
        limit = self._tower.config.text_config.max_position_embeddings
        return dict(
            self._tokenizer(
                texts(batch, self.name), padding=True, truncation=True, max_length=min(limit, 512), return_tensors="pt"
            )
        )

    def _run(self, inputs: Any) -> Any:
        holder = getattr(self._tower, "audio_model", self._tower)
        placed = {key: value.to(self._device) for key, value in inputs.items()}
        if self.modality == "audio":
            return holder.get_audio_embeds(placed["input_values"].to(self._dtype), placed.get("padding_mask"))
        states = holder.text_model(**placed, output_hidden_states=True).hidden_states[-1]
        return holder.text_audio_head(states[:, 0])

    def _hear(self, batch: Sequence[Any]) -> Any:
        rate = self._processor.sampling_rate
        # One at a time: padding moved a vector, and a sound must not depend on its neighbours.
        waves = resampled(batch, rate, self.name)
        rows = [self._run(self._processor([wave], sampling_rate=rate, return_tensors="pt")) for wave in waves]
        return self._torch.cat(rows)
