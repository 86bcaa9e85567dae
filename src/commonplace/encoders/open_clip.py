"""open_clip's checkpoints: CLIP, SigLIP, SigLIP 2, MobileCLIP, CoCa. Each tower is built and loaded by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from commonplace.encoders.base import Kind, Towers
from commonplace.encoders.inputs import pictures, texts
from commonplace.encoders.shelf import find
from commonplace.encoders.torch_tower import RUN, TorchEncoder, shorter, tensors
from commonplace.errors import ModelError, UnknownName
from commonplace.lazy import require

OPTIONS = RUN
FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "model.safetensors")
_TEXT = ("text_projection", "positional_embedding", "token_embedding", "transformer", "ln_final")
"""Where the text tower's tensors lie in checkpoints of the first layout, which has no `text.` before them."""


def towers(reference: str, options: Mapping[str, str]) -> Towers:
    """Of `MODEL/TAG` as open_clip lists them, once pulled, or of a folder in the hub's layout."""
    checkpoint = find("open_clip", reference)
    config = checkpoint.json("open_clip_config.json")
    try:
        dim = int(config["model_cfg"]["embed_dim"])
    except (KeyError, TypeError, ValueError) as error:
        raise checkpoint.error("has an open_clip_config.json without model_cfg.embed_dim", "Copy it again") from error
    files = checkpoint.weights(*FILES)
    made = {m: OpenClipEncoder(checkpoint, m, dim, options) for m in ("text", "image")}
    made["image"].pixels = shorter(config["model_cfg"].get("vision_cfg"), "image_size", 224)
    scale, bias = checkpoint.scale("logit_scale", files), checkpoint.number("logit_bias", files=files)
    return Towers.trained(made, scale, bias, default=100)


def repository(reference: str) -> str:
    """The hub's repository of `MODEL/TAG`. Raises UnknownName with the nearest, ModelError for a pickle."""
    open_clip = require("open_clip", extra="clip")
    model, _, tag = reference.partition("/")
    known = open_clip.list_pretrained(as_str=False)
    if (model, tag) not in known:
        near = get_close_matches(reference, ["/".join(pair) for pair in known], n=3, cutoff=0.3)
        raise UnknownName(f"open_clip knows no {reference!r}. Did you mean: {', '.join(near)}?")
    source = open_clip.get_pretrained_cfg(model, tag).get("hf_hub", "").partition("/")
    if not source[0]:
        raise ModelError(
            f"open_clip:{reference} is published as a pickle only, which is never loaded. Choose another tag."
        )
    return "/".join((source[0], source[2].partition("/")[0]))


class OpenClipEncoder(TorchEncoder):
    family, extra = "open_clip", "clip"

    def _open(self, device: str, dtype: Any) -> None:
        open_clip = require("open_clip", extra=self.extra)
        from open_clip import model as parts  # type: ignore[import-not-found, unused-ignore]
        from open_clip import transform
        from open_clip.transformer import LayerNormFp32  # type: ignore[import-not-found, unused-ignore]

        config = self.checkpoint.json("open_clip_config.json")
        model = config["model_cfg"]
        shape = {"embed_dim": self.dim, "quick_gelu": model.get("quick_gelu", False), "cast_dtype": dtype}
        if self.modality == "text":
            tower = parts._build_text_tower(text_cfg={**model["text_cfg"], "hf_model_pretrained": False}, **shape)
            self._tokenize = open_clip.get_tokenizer(f"local-dir:{self.checkpoint.folder}")
        else:
            vision = {**model["vision_cfg"], "timm_model_pretrained": False}
            tower = parts._build_vision_tower(vision_cfg=vision, **shape)
            steps = transform.merge_preprocess_dict(transform.PreprocessCfg(), config.get("preprocess_cfg") or {})
            steps["size"] = getattr(tower, "image_size", steps["size"])
            self.preprocessing = steps
            self._transform = transform.image_transform_v2(transform.PreprocessCfg(**steps), is_train=False)
        part, named = ("text.", "text") if self.modality == "text" else ("visual.", "picture")
        weights = tensors(self.checkpoint.weights(*FILES), part, _second_layout)
        if not weights:
            raise self.checkpoint.error(f"holds no {named} tower", "Use a checkpoint that has both towers")
        tower.load_state_dict(weights)
        self._tower = tower.eval().to(device, dtype)
        for part in tower.modules():
            if isinstance(part, LayerNormFp32):  # of bfloat16 towers: it computes in float32
                part.float()
        self._dtype = dtype

    def _infer(self, batch: Sequence[Any], kind: Kind) -> Any:
        del kind  # CLIP reads questions and captions alike
        if self.modality == "text":
            items = self._tokenize(texts(batch, self.name)).to(self._device)
        else:
            shown = [self._transform(picture) for picture in pictures(batch, self.name)]
            items = self._torch.stack(shown).to(self._device, self._dtype)
        rows = self._tower(items)
        return rows[0] if isinstance(rows, tuple) else rows  # CoCa's towers answer with their tokens too


def _second_layout(name: str) -> str:
    return f"text.{name}" if name.startswith(_TEXT) else name
