"""Models of sentence-transformers: text, and pictures or sound where the model takes them, with its own prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from commonplace.encoders.base import Kind, Towers
from commonplace.encoders.inputs import pictures, resampled, texts
from commonplace.encoders.shelf import Checkpoint, find
from commonplace.encoders.torch_tower import RUN, TorchEncoder
from commonplace.errors import DimensionMismatch
from commonplace.lazy import require

OPTIONS = RUN | {"dim"}


def towers(reference: str, options: Mapping[str, str]) -> Towers:
    """Of a repository of the hub, once pulled, or of a folder in its layout. `dim` cuts vectors (Matryoshka)."""
    checkpoint = find("sentence-transformers", reference)
    width, modalities = _shape(checkpoint)
    dim = int(options.get("dim", width))
    if not 1 <= dim <= width:
        raise DimensionMismatch(f"{checkpoint.name} has 1 to {width} dimensions, not {dim}. Ask for fewer.")
    made = {m: SentenceEncoder(checkpoint, m, dim, options) for m in modalities}
    files = [path for path in checkpoint.files if path.suffix == ".safetensors"]
    scale, bias = checkpoint.scale("logit_scale", files), checkpoint.number("logit_bias", files=files)
    return Towers.trained(made, scale, bias, default=20)


def _shape(checkpoint: Checkpoint) -> tuple[int, list[str]]:
    """Length of the vectors and what can be encoded, from the configurations of the modules alone."""
    width, modalities = 0, ["text"]
    try:
        modules = json.loads((checkpoint.folder / "modules.json").read_text("utf-8"))
        for module in modules:
            kind = module["type"].rpartition(".")[2]
            place = f"{module['path']}/" if module["path"] else ""
            if kind == "Pooling":
                config = checkpoint.json(f"{place}config.json")
                width = config.get("embedding_dimension") or config["word_embedding_dimension"]
            elif kind == "Dense":
                width = checkpoint.json(f"{place}config.json")["out_features"]
            elif kind == "CLIPModel":
                width = checkpoint.json(f"{place}config.json").get("projection_dim", 512)
                modalities = ["text", "image"]
            elif kind == "Transformer":
                config = checkpoint.json(f"{place}sentence_bert_config.json")
                taken = config.get("modality_config") or {"text": {}}
                modalities = [m for m in ("text", "image", "audio") if m in taken]
                base = checkpoint.json(f"{place}config.json")
                width = base.get("projection_dim") or base.get("hidden_size") or 0
                if base.get("model_type", "").startswith("siglip"):
                    width = (base.get("text_config") or {}).get("hidden_size", 768)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise checkpoint.error(
            f"is no model of sentence-transformers ({type(error).__name__}: {error})",
            "It needs a modules.json and the configurations that it names",
        ) from error
    if not width or "text" not in modalities:
        raise checkpoint.error("does not say how long its vectors are, or takes no text", "Use another model")
    return int(width), modalities


@lru_cache(maxsize=2)
def _model(library: Any, folder: str, device: str, dtype: Any) -> Any:
    """One model for all modalities of it."""
    kwargs = {"use_safetensors": True, "dtype": dtype}
    return library.SentenceTransformer(
        folder, device=device, trust_remote_code=False, local_files_only=True, model_kwargs=kwargs
    )


class SentenceEncoder(TorchEncoder):
    family = extra = "sentence-transformers"

    def _open(self, device: str, dtype: Any) -> None:
        library = require("sentence_transformers", extra=self.extra)
        self._tower = _model(library, str(self.checkpoint.folder), device, dtype)

    def _infer(self, batch: Sequence[Any], kind: Kind) -> Any:
        items: list[Any]
        if self.modality == "text":
            items = texts(batch, self.name)
        elif self.modality == "image":
            items = pictures(batch, self.name)
        else:
            rate = 16_000
            items = [{"array": wave, "sampling_rate": rate} for wave in resampled(batch, rate, self.name)]
        encode = self._tower.encode_query if kind == "query" else self._tower.encode_document
        rows = encode(items, convert_to_tensor=True, show_progress_bar=False, batch_size=len(items))
        return self._torch.nn.functional.normalize(rows[:, : self.dim].float(), dim=-1)
