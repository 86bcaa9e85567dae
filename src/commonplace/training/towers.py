# mypy: allow-subclassing-any
# torch is absent where the project is checked without the [train] extra, and its classes are Any there.
"""The text and picture towers as torch modules: what recipes train and `export` turns into ONNX.

Axes: b items of a batch, t tokens, h heads, d model width, e dimension of the shared space (384).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SPACE_DIM = 384
PIXELS = 224
"""Side of the squashed picture that the picture tower reads."""


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
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d))


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
        return self.norm2(x + self.fc2(F.gelu(self.fc1(x))))


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


@dataclass(frozen=True)
class PictureShape:
    patch: int = 14
    width: int = 384
    heads: int = 6
    layers: int = 12
    hidden: int = 768
    """Width of the head's hidden layers."""

    @property
    def features(self) -> int:
        """What the head reads: the class token, the mean patch, and `colours`."""
        return 2 * self.width + 3 * 4**2 + 4**3


class PictureBlock(nn.Module):
    """DINOv2's block: the norm comes first, and each residual branch is scaled."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attention = Attention(width, heads)
        self.scale1 = nn.Parameter(torch.ones(width))
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)
        self.scale2 = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.scale1 * self.attention(self.norm1(x))
        return x + self.scale2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Backbone(nn.Module):
    """A vision transformer: pixels to one vector a token, the class token first, then patches in rows."""

    def __init__(self, shape: PictureShape = PictureShape()) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, shape.width, shape.patch, shape.patch)
        self.start = nn.Parameter(torch.zeros(1, 1, shape.width))
        """The class token, its position included."""
        self.positions = nn.Parameter(torch.zeros(1, (PIXELS // shape.patch) ** 2, shape.width))
        self.blocks = nn.ModuleList(PictureBlock(shape.width, shape.heads) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width, eps=1e-6)
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 3, 224, 224) in 0-1; returns (b, 257, d)."""
        x = self.patches((pixels - self.mean) / self.deviation).flatten(2).transpose(1, 2) + self.positions
        x = torch.cat([self.start.expand(x.shape[0], -1, -1), x], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def colours(pixels: Tensor) -> Tensor:
    """Plain colour numbers, for a backbone that was trained to ignore colour.

    pixels (b, 3, 224, 224) in 0-1; returns (b, 112): the mean colour of 4x4 fields, then the square root of a
    4x4x4 RGB histogram in which each pixel is shared among the eight nearest bins (thin curves count, not vanish).
    """
    fields = F.avg_pool2d(pixels, PIXELS // 4).flatten(1)
    levels = torch.arange(4, dtype=pixels.dtype)
    red, green, blue = (1 - (3 * pixels.flatten(2)[..., None] - levels).abs()).clamp(min=0).unbind(1)
    pairs = (red[..., :, None] * green[..., None, :]).flatten(2)
    histogram = pairs.transpose(1, 2) @ blue / pixels[0, 0].numel()
    return torch.cat([fields, histogram.flatten(1).clamp(min=0).sqrt()], dim=1)


class PictureHead(nn.Module):
    """Pooled backbone features and colours to unit vectors of the shared space."""

    def __init__(self, features: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("deviation", torch.ones(features))
        """Of the training features, so that each enters at unit variance."""
        self.dropout = nn.Dropout(dropout)
        self.fc1 = nn.Linear(features, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.projection = nn.Linear(hidden, SPACE_DIM)

    def forward(self, features: Tensor) -> Tensor:
        """features (b, f); returns (b, e), unit rows."""
        x = self.dropout((features - self.mean) / self.deviation)
        x = self.dropout(F.gelu(self.fc1(x)))
        x = self.dropout(x + F.gelu(self.fc2(x)))
        return F.normalize(self.projection(x), dim=-1)


class PictureTower(nn.Module):
    """Raw pixels to unit vectors: the backbone's class token and mean patch, colours, and the head."""

    def __init__(self, backbone: Backbone, head: PictureHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def features(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, 2d + 112), the input of the head."""
        scaled = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        tokens = self.backbone(scaled)
        return torch.cat([tokens[:, 0], tokens[:, 1:].mean(1), colours(scaled)], dim=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, e), unit rows."""
        unit: Tensor = self.head(self.features(pixels))
        return unit
