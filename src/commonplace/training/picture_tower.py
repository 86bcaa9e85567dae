# mypy: allow-subclassing-any
# torch is absent where the project is checked without the [train] extra, and its classes are Any there.
"""The picture tower as torch modules: a part that reads pixels and is left as it is, and a part that is trained.

Axes: b pictures, t tokens, d model width, e dimension of the shared space (384).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from commonplace.training.plain import COLOURS, LOOKS, looks
from commonplace.training.towers import SPACE_DIM, Attention

PIXELS = 224
"""Side of the squashed picture that the picture tower reads."""


@dataclass(frozen=True)
class PictureShape:
    patch: int = 14
    width: int = 384
    heads: int = 6
    layers: int = 12
    merge: int = 6
    """The layer before which four neighbouring patches become one token, and from which on layers are trained."""
    grid: int = 4
    """Cells a side into which the head pools tokens."""
    inner: int = 256
    """Width of the head's tokens."""
    queries: int = 4
    place: int = 32
    """Numbers that are kept of each cell at its place, beside what attention pools."""
    hidden: int = 512

    @property
    def side(self) -> int:
        """Patches a side."""
        return PIXELS // self.patch

    @property
    def reading(self) -> tuple[int, int, int]:
        """How many numbers `Reader` makes of each kind: tokens, `looks` of fields and of the whole."""
        return (self.side**2 + 1) * self.width, self.side**2 // 4 * LOOKS, COLOURS

    @property
    def cell(self) -> int:
        """What the head knows of a cell: its mean token at the end and before merging, and `looks` of its quarters."""
        return 2 * self.width + (self.side // 2 // self.grid) ** 2 * LOOKS

    @property
    def whole(self) -> int:
        """What the head knows of the picture: the class token, its largest tokens, and `looks`."""
        return 2 * self.width + COLOURS


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
        out: Tensor = x + self.scale2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))
        return out


class Embedding(nn.Module):
    """Pixels to tokens: the class token first, then patches in rows, each with its position."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: PictureShape) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, shape.width, shape.patch, shape.patch)
        self.start = nn.Parameter(torch.zeros(1, 1, shape.width))
        """The class token, its position included."""
        self.positions = nn.Parameter(torch.zeros(1, shape.side**2, shape.width))
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 3, 224, 224) in 0-1; returns (b, t, d)."""
        x = self.patches((pixels - self.mean) / self.deviation).flatten(2).transpose(1, 2) + self.positions
        return torch.cat([self.start.expand(x.shape[0], -1, -1), x], dim=1)


class Backbone(nn.Module):
    """A vision transformer: pixels (b, 3, 224, 224) in 0-1 to one vector a token (b, t, d)."""

    def __init__(self, shape: PictureShape = PictureShape()) -> None:
        super().__init__()
        self.embedding = Embedding(shape)
        self.blocks = nn.ModuleList(PictureBlock(shape.width, shape.heads) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width, eps=1e-6)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.embedding(pixels)
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.norm(x)
        return out


def fours(x: Tensor, side: int) -> Tensor:
    """(b, side^2, d) in rows of a square; returns (b, side^2 / 4, 4, d): neighbours two by two."""
    b, _, d = x.shape
    half = side // 2
    return x.view(b, half, 2, half, 2, d).permute(0, 1, 3, 2, 4, 5).reshape(b, half * half, 4, d)


class Reader(nn.Module):
    """What is left as DINOv2's authors trained it, and plain numbers: made once of each picture that is trained on."""

    def __init__(self, backbone: Backbone, shape: PictureShape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding, self.blocks = backbone.embedding, backbone.blocks[: shape.merge]

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, sum of `shape.reading`)."""
        shape: PictureShape = self.shape
        scaled = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        x = self.embedding(scaled)
        for block in self.blocks:
            x = block(x)
        fields, whole = looks(scaled, 2 * shape.patch)
        return torch.cat([x.flatten(1), fields.flatten(1), whole], dim=1)


class PictureHead(nn.Module):
    """What is known of a picture's cells and of the whole, joined by attention, to unit vectors of the space.

    Colour, place and count have to meet before anything is pooled: a mean has forgotten which of two lines was red.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: PictureShape = PictureShape(), dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.grid**2 * shape.cell + shape.whole))
        self.register_buffer("deviation", torch.ones(shape.grid**2 * shape.cell + shape.whole))
        """Of the training features, so that each enters at unit variance."""
        self.dropout = nn.Dropout(dropout)
        self.of_cell = nn.Linear(shape.cell, shape.inner)
        self.of_whole = nn.Linear(shape.whole, shape.inner)
        self.positions = nn.Parameter(torch.randn(shape.grid**2 + 1, shape.inner) * 0.02)
        self.queries = nn.Linear(shape.inner, shape.queries, bias=False)
        self.place = nn.Linear(shape.inner, shape.place)
        pooled = (shape.queries + 1) * shape.inner + shape.grid**2 * shape.place
        self.fc1 = nn.Linear(pooled + shape.whole, shape.hidden)
        self.fc2 = nn.Linear(shape.hidden, shape.hidden)
        self.projection = nn.Linear(shape.hidden, SPACE_DIM)

    def scale_to(self, features: Iterable[NDArray[np.float16]]) -> None:
        """Take mean and deviation from some of the features (n, f), of each kind of picture up to 2,000."""
        some = np.concatenate([of[:: 1 + len(of) // 2_000] for of in features]).astype(np.float32)
        self.mean.copy_(torch.tensor(some.mean(0)))
        self.deviation.copy_(torch.tensor(some.std(0) + 1e-3))

    def forward(self, features: Tensor) -> Tensor:
        """features (b, f): the cells' in rows, then the whole's; returns (b, e), unit rows."""
        shape = self.shape
        x = (features - self.mean) / self.deviation
        cells, whole = x[:, : -shape.whole], x[:, -shape.whole :]
        cells = self.of_cell(cells.reshape(-1, shape.grid**2, shape.cell))
        tokens = F.gelu(torch.cat([self.of_whole(whole)[:, None], cells], dim=1) + self.positions)
        tokens = self.dropout(tokens)
        pooled = self.queries(tokens).softmax(dim=1).transpose(1, 2) @ tokens
        places = F.gelu(self.place(tokens[:, 1:])).flatten(1)
        x = torch.cat([tokens[:, 0], pooled.flatten(1), places, self.dropout(whole)], dim=1)
        x = self.dropout(F.gelu(self.fc1(x)))
        x = self.dropout(x + F.gelu(self.fc2(x)))
        return F.normalize(self.projection(x), dim=-1)


class Looker(nn.Module):
    """What is trained: four patches become one token, the last blocks, and the head.

    A token of four patches enters with the plain numbers of its field, so that attention can bind colour to shape.
    """

    def __init__(self, backbone: Backbone, shape: PictureShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.merge = nn.Linear(4 * shape.width, shape.width)
        self.colour = nn.Linear(LOOKS, shape.width, bias=False)
        for added in (self.merge.weight, self.merge.bias, self.colour.weight):
            nn.init.zeros_(added)
        self.blocks = backbone.blocks[shape.merge :]
        self.norm = backbone.norm
        self.head = PictureHead(shape, dropout)

    def features(self, reading: Tensor) -> Tensor:
        """reading (b, r), of `Reader`; returns (b, f), the input of the head."""
        shape: PictureShape = self.shape
        tokens, fields, whole = torch.split(reading, list(shape.reading), dim=1)
        tokens = tokens.reshape(-1, shape.side**2 + 1, shape.width)
        fields = fields.reshape(-1, shape.side**2 // 4, LOOKS)
        four = fours(tokens[:, 1:], shape.side)
        # One of the four, and what is learned beside it: later layers know such tokens, what a mean is they do not; and
        # in 8 bits a matrix that holds that one as well would keep nothing of the rest.
        x = torch.cat([tokens[:, :1], four[:, :, 0] + self.merge(four.flatten(2)) + self.colour(fields)], dim=1)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x)
        cells = [
            fours(x[:, 1:], shape.side // 2).mean(2),
            fours(four.mean(2), shape.side // 2).mean(2),
            fours(fields, shape.side // 2).flatten(2),
        ]
        return torch.cat([torch.cat(cells, dim=2).flatten(1), x[:, 0], x[:, 1:].amax(1), whole], dim=1)

    def forward(self, reading: Tensor) -> Tensor:
        """reading (b, r), of `Reader`; returns (b, e), unit rows."""
        unit: Tensor = self.head(self.features(reading))
        return unit


class PictureTower(nn.Module):
    """Raw pixels to unit vectors."""

    def __init__(self, backbone: Backbone, shape: PictureShape = PictureShape(), dropout: float = 0.0) -> None:
        super().__init__()
        self.reader = Reader(backbone, shape)
        self.looker = Looker(backbone, shape, dropout)

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, e), unit rows."""
        unit: Tensor = self.looker(self.reader(pixels))
        return unit
