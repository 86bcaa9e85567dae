"""`onnx:PATH`: what `commonplace models optimize` wrote, under ONNX Runtime, without torch. Also our own folders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonplace.encoders.base import ForeignEncoder, Kind, Towers
from commonplace.encoders.inputs import pictures, texts
from commonplace.encoders.onnx import open_session
from commonplace.encoders.shelf import file_hash
from commonplace.errors import ModelError
from commonplace.types import Vectors

if TYPE_CHECKING:
    from commonplace.spaces.space import Space

OPTIONS: frozenset[str] = frozenset()
CARD = "space.json"


def towers(reference: str, options: Mapping[str, str]) -> Towers | Space:
    del options
    folder = Path(reference).expanduser()
    if (folder / "text.json").exists():
        from commonplace.spaces.registry import bundled

        return bundled(folder)
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        made = {m: ExportedEncoder(folder, card, m) for m in card["towers"]}
        return Towers(made, float(card["temperature"]), float(card["bias"]), card["scores"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{reference} holds no exported space ({type(error).__name__}: {error}); expected the {CARD} that "
            "`commonplace models optimize NAME --out FOLDER` writes."
        ) from error


class ExportedEncoder(ForeignEncoder):
    """One tower of one input: token ids (n, t), or pixels (n, 3, h, w)."""

    def __init__(self, folder: Path, card: Mapping[str, Any], modality: str) -> None:
        tower = card["towers"][modality]
        described = json.dumps(
            [card["files"][tower["file"]], tower, card["files"].get("tokenizer.json")], sort_keys=True
        )
        super().__init__(
            f"onnx:{card['name']}", modality, int(card["dim"]), sha256(described.encode()).hexdigest()[:32]
        )
        self._folder, self._card, self._steps = folder, card, tower["preprocessing"]
        self.batch_size = 64 if modality == "text" else 8
        if modality == "image":
            self.pixels = min(self._steps["size"])

    def _load(self) -> None:
        path = self._folder / self._card["towers"][self.modality]["file"]
        if not path.exists() or file_hash(path) != self._card["files"][path.name]:
            raise ModelError(f"{path} is not the file that was exported. Run `commonplace models optimize` again.")
        self._session = open_session(path, None)
        if self.modality == "text":
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
            self._tokenizer.enable_truncation(self._steps["tokens"])
            fixed = self._steps["tokens"] if self._steps["fixed"] else None
            self._tokenizer.enable_padding(length=fixed, pad_id=self._steps["pad"], direction="right")

    def _forward(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        if self.modality == "text":
            before = self._steps["prompts"].get(kind, "")
            tokens = self._tokenizer.encode_batch_fast([before + text for text in texts(batch, self.name)])
            return self._run(np.array([encoding.ids for encoding in tokens], np.int64))
        # One at a time: the activations of a run share one scale, and a vector must not depend on its neighbours.
        return np.concatenate([self._run(pixels(picture, self._steps)[None]) for picture in pictures(batch, self.name)])

    def _run(self, items: NDArray[Any]) -> Vectors:
        rows: Vectors = self._session.run(None, {self._session.get_inputs()[0].name: items})[0]
        return rows


def pixels(picture: Any, steps: Mapping[str, Any]) -> NDArray[np.float32]:
    """(3, h, w) of an RGB picture: resized to `size` (h, w), squashed or by its shorter side and cut in the middle."""
    from PIL.Image import Resampling

    height, width = steps["size"]
    target = (width, height)
    if steps["fit"] == "shortest":
        scale = max(width / picture.width, height / picture.height)
        target = (max(width, int(picture.width * scale)), max(height, int(picture.height * scale)))
    resized = picture.resize(target, Resampling[steps["resampling"].upper()])
    left, top = round((target[0] - width) / 2), round((target[1] - height) / 2)
    cut = resized.crop((left, top, left + width, top + height))
    channels = np.asarray(cut).transpose(2, 0, 1)
    mean, std = (np.array(steps[name], np.float32)[:, None, None] for name in ("mean", "std"))
    return np.ascontiguousarray(channels * (1 / (255 * std)) - mean / std, np.float32)
