# mypy: allow-subclassing-any
# torch is absent where the project is checked without the [train] extra, and its classes are Any there.
"""The text tower as torch modules: what a recipe trains and `export` turns into ONNX.

Axes: b items of a batch, t tokens, h heads, d model width, e dimension of the shared space (384).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

SPACE_DIM = 384


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, penalty: Tensor | None = None) -> Tensor:
        """x (b, t, d); penalty (b, 1, 1, t), added to each key's scores: 0, or very negative where it is padding."""
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) * (d // self.heads) ** -0.5
        if penalty is not None:
            scores = scores + penalty
        out: Tensor = self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d))
        return out


@dataclass(frozen=True)
class TextShape:
    vocabulary: int = 30_522
    tokens: int = 256
    width: int = 384
    heads: int = 12
    layers: int = 6


class TextBlock(nn.Module):
    """BERT's block: the norm comes after each residual sum."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, penalty: Tensor) -> Tensor:
        x = self.norm1(x + self.attention(x, penalty))
        out: Tensor = self.norm2(x + self.fc2(F.gelu(self.fc1(x))))
        return out


class TextTower(nn.Module):
    """Token ids to unit vectors: a BERT encoder, the mean over real tokens, a projection without bias.

    The projection starts as the fixed orthogonal map of the space (see `rotation`), so that cosines are those of
    the starting weights.
    """

    def __init__(self, shape: TextShape = TextShape()) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.positions = nn.Embedding(shape.tokens, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=1e-12)
        self.blocks = nn.ModuleList(TextBlock(shape.width, shape.heads) for _ in range(shape.layers))
        self.projection = nn.Linear(shape.width, SPACE_DIM, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        """ids (b, t), 0 where padded; returns (b, e), unit rows."""
        real = (ids != 0).to(self.words.weight.dtype)
        penalty = (1 - real[:, None, None, :]) * -1e4
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        for block in self.blocks:
            x = block(x, penalty)
        mean = (x * real[..., None]).sum(1) / real.sum(1, keepdim=True)
        return F.normalize(self.projection(mean), dim=-1)
