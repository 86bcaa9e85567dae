"""CLIP, SigLIP, SigLIP 2, CLAP and PE audio-video in the layout of transformers; only the tower that is asked loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commonplace.encoders.base import Kind, Towers
from commonplace.encoders.inputs import pictures, resampled, texts, videos
from commonplace.encoders.shelf import find
from commonplace.encoders.torch_tower import RUN, TorchEncoder, shorter, tensors
from commonplace.lazy import require

OPTIONS = RUN


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
    scale: str = "logit_scale"
    fixed: bool = False
    reserved: int = 0


def _siglip(name: str) -> Architecture:
    return Architecture({"text": f"{name}TextModel", "image": f"{name}VisionModel"}, "pooler_output", fixed=True)


def _perception(*media: str) -> Architecture:
    return Architecture(dict.fromkeys(("text", *media), "AutoModel"))


ARCHITECTURES = {
    "clip": Architecture({"text": "CLIPTextModelWithProjection", "image": "CLIPVisionModelWithProjection"}),
    "siglip": _siglip("Siglip"),
    "siglip2": _siglip("Siglip2"),
    "clap": Architecture(
        {"text": "ClapTextModelWithProjection", "audio": "ClapAudioModelWithProjection"},
        scale="logit_scale_a",
        reserved=2,
    ),
    "pe_audio": _perception("audio"),
    "pe_video": _perception("video"),
    "pe_audio_video": _perception("audio", "video"),
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
        read = "audio_model.text_audio", "text_audio", "text_video"  # one pair's number stands for all
        scale = checkpoint.number(*(f"{pair}_logit_scale" for pair in read), files=files)
        bias = checkpoint.number(*(f"{pair}_logit_bias" for pair in read), files=files)
        if scale and kind == "pe_audio_video":
            scale *= 2  # see PerceptionEncoder: cosines are half of what they were
        encoder: type[TransformersEncoder] = PerceptionEncoder
    else:
        scale = checkpoint.scale(architecture.scale, files)
        bias = checkpoint.number("logit_bias", files=files)
        encoder = TransformersEncoder
    dim = _dim(config, kind)
    made = {m: encoder(checkpoint, m, dim, options) for m in architecture.towers}
    if "image" in made:
        made["image"].pixels = shorter(config.get("vision_config"), "image_size", 512 if kind == "siglip2" else 224)
    return Towers.trained(made, scale, bias, default=100)


def _dim(config: dict[str, Any], kind: str) -> int:
    """Length of the vectors. Configurations leave out what is the library's default."""
    text = config.get("text_config") or {}
    if kind.startswith("siglip"):
        return int(text.get("projection_size") or text.get("hidden_size") or 768)
    if kind.startswith("pe_"):
        return int(text.get("hidden_size") or 1024) * (3 if kind == "pe_audio_video" else 1)
    return int(config.get("projection_dim") or 512)


_PART = {"text": "text_config", "image": "vision_config", "audio": "audio_config", "video": "video_config"}
_PROCESSORS = {"image": "AutoImageProcessor", "audio": "AutoFeatureExtractor", "video": "AutoVideoProcessor"}
_HERE = {"local_files_only": True, "trust_remote_code": False}


class TransformersEncoder(TorchEncoder):
    family = extra = "transformers"

    def _open(self, device: str, dtype: Any) -> None:
        library = require("transformers", extra=self.extra)
        folder = str(self.checkpoint.folder)
        whole = library.AutoConfig.from_pretrained(folder, **_HERE)
        self._architecture = ARCHITECTURES[whole.model_type]
        self._tower, self._dtype = self._load_tower(library, whole, dtype).eval().to(device), dtype
        if self.modality == "text":
            self._tokenizer = library.AutoTokenizer.from_pretrained(folder, **_HERE)
        else:
            self._processor = getattr(library, _PROCESSORS[self.modality]).from_pretrained(folder, **_HERE)

    def _load_tower(self, library: Any, whole: Any, dtype: Any) -> Any:
        """The module of this modality. whole: the configuration of the checkpoint."""
        config = getattr(whole, _PART[self.modality])
        if hasattr(whole, "projection_dim"):  # the part's own may be the library's default
            config.projection_dim = whole.projection_dim
        # transformers fills what a checkpoint lacks with random numbers and only logs it
        tower, loading = getattr(library, self._architecture.towers[self.modality]).from_pretrained(
            str(self.checkpoint.folder), config=config, dtype=dtype, use_safetensors=True, local_files_only=True,
            output_loading_info=True,
        )  # fmt: skip
        if missing := sorted(loading["missing_keys"]):
            raise self.checkpoint.error(
                f"holds no whole {self.modality} tower ({len(missing)} tensors are missing, such as {missing[0]})",
                "Use a checkpoint that has both towers",
            )
        return tower

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
    """PE audio-video and its halves: a transformer for sounds, one for videos, and one for words with a head for each.

    A model with both was trained on three pairs of vectors: words and sounds, words and videos, sounds and videos.
    Laid side by side - words (s, v, 0), sounds (s, 0, s), videos (0, v, v) - each pair has half its own cosine in one
    space. The parts are loaded by themselves: transformers' own class for words alone would load all three.
    """

    def _load_tower(self, library: Any, whole: Any, dtype: Any) -> Any:
        both = whole.model_type == "pe_audio_video"
        parts = whole.audio_video_config if both and self.modality != "text" else whole
        tower = library.AutoModel.from_config(getattr(parts, _PART[self.modality]))
        files = self.checkpoint.weights()
        self._media = [m for m in self._architecture.towers if m != "text"]
        names = {m: f"{m}_model." if both else "" for m in self._media}
        if self.modality == "text":
            tower.load_state_dict(tensors(files, "text_model."))
            heads = {m: f"{names[m]}text_{m}_head." for m in self._media}
        else:
            tower.load_state_dict(tensors(files, f"{names[self.modality]}{self.modality}_encoder."))
            heads = {self.modality: f"{names[self.modality]}{self.modality}_head."}
        self._heads = {
            m: {name: tensor.to(self._device, dtype) for name, tensor in tensors(files, prefix).items()}
            for m, prefix in heads.items()
        }
        if not all(self._heads.values()):
            raise self.checkpoint.error(f"holds no whole head of its {self.modality} tower", "Copy it again")
        return tower.to(dtype)

    def _infer(self, batch: Sequence[Any], kind: Kind) -> Any:
        del kind
        if self.modality == "text":
            inputs = {key: tokens.to(self._device) for key, tokens in self._tokens(batch).items()}
            states = self._tower(**inputs, output_hidden_states=True).hidden_states[-1][:, 0]
        else:
            # One at a time: padding moved a vector, and none may depend on its neighbours.
            states = self._torch.cat([self._tower(**inputs).pooler_output for inputs in self._prepared(batch)])
        blocks = {media: self._projected(media, states) for media in self._heads}
        none = self._torch.zeros_like(next(iter(blocks.values())))
        order = self._media if len(self._media) == 1 else [*self._media, self.modality]  # words have no third block
        return self._torch.cat([blocks.get(media, none) for media in order], dim=1)

    def _prepared(self, batch: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """The arguments of the tower for each item."""
        if self.modality == "audio":
            rate = self._processor.sampling_rate
            for wave in resampled(batch, rate, self.name):
                values = self._processor([wave], sampling_rate=rate, return_tensors="pt")["input_values"]
                yield {"input_values": values.to(self._device, self._dtype)}
        else:
            for frames in videos(batch, self.name):
                values = self._processor(videos=[frames], do_sample_frames=False, return_tensors="pt")
                yield {"pixel_values_videos": values["pixel_values_videos"].to(self._device, self._dtype)}

    def _projected(self, media: str, states: Any) -> Any:
        """(n, d) unit rows: a contrastive head."""
        head, functional = self._heads[media], self._torch.nn.functional
        normed = functional.layer_norm(
            states, states.shape[-1:], head["layer_norm.weight"], head["layer_norm.bias"], eps=1e-6
        )
        return functional.normalize(functional.linear(normed, head["proj.weight"]), dim=-1)

    def _tokens(self, batch: Sequence[Any]) -> dict[str, Any]:
        limit = min(self._tower.config.max_position_embeddings, 512)
        items = texts(batch, self.name)
        return dict(self._tokenizer(items, padding=True, truncation=True, max_length=limit, return_tensors="pt"))
