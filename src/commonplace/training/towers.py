# mypy: allow-subclassing-any
# torch is absent where the project is checked without the [train] extra, and its classes are Any there.
"""The text and picture towers as torch modules: what recipes train and `export` turns into ONNX.

Axes: b items of a batch, t tokens, h heads, d model width, e dimension of the shared space (384).
"""

from __future__ import annotations

import math
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
    middle: int = 6
    """The layer whose outcome the head reads beside the last: colour and line are fainter in later ones."""
    grid: int = 4
    """Cells a side into which patches are pooled."""
    inner: int = 256
    """Width of the head's tokens."""
    queries: int = 4
    place: int = 32
    """Numbers that are kept of each cell at its place, beside what attention pools."""
    hidden: int = 512

    @property
    def cell(self) -> int:
        """What is known of a cell: the mean of its patches in the last and the middle layer, and `looks`."""
        return 2 * self.width + 4 * LOOKS

    @property
    def whole(self) -> int:
        """What is known of the picture: the class token, its largest patches, and `colours`."""
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
        return x + self.scale2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Backbone(nn.Module):
    """A vision transformer: pixels to one vector a token, the class token first, then patches in rows."""

    mean: Tensor
    deviation: Tensor

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
        return self.both(pixels, 0)[0]

    def both(self, pixels: Tensor, middle: int) -> tuple[Tensor, Tensor]:
        """As `forward`, and what enters layer `middle`."""
        x = self.patches((pixels - self.mean) / self.deviation).flatten(2).transpose(1, 2) + self.positions
        x = between = torch.cat([self.start.expand(x.shape[0], -1, -1), x], dim=1)
        for number, block in enumerate(self.blocks):
            between = x if number == middle else between
            x = block(x)
        return self.norm(x), between


HUES, LEVELS, EDGES = 12, 4, 4
SHARES = 2 * HUES + LEVELS
"""Dark and light pixels of each hue, and colourless ones of each lightness."""
LOOKS = SHARES + 3 + EDGES + 1
COLOURS = SHARES + LEVELS**3


def shares(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """What share of each pixel is of which hue, dark or light, or of which grey; and how light it is.

    A hue counts fully from a third of full colour on: the thin curves of a chart are washed out when it is scaled.

    pixels (b, 3, h, w) in 0-1; returns (b, 28, h, w) and (b, 1, h, w)
    """
    red, green, blue = pixels.unbind(1)
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    x, y = red - (green + blue) / 2, (green - blue) * 0.75**0.5
    colour = (x * x + y * y).sqrt().clamp(min=1e-4)  # not + 1e-8: the exporter drops what is nearly 0
    strength = (4 * colour - 0.2).clamp(0, 1)[:, None]
    angles = torch.arange(HUES) * (2 * math.pi / HUES)
    edge = math.cos(2 * math.pi / HUES)  # a hue reaches as far as the middle of the next one
    towards = x[:, None] * angles.cos()[:, None, None] + y[:, None] * angles.sin()[:, None, None]
    hues = (towards / colour[:, None] - edge).clamp(min=0) / (1 - edge) * strength
    dark = ((0.55 - light) * 5).clamp(0, 1)[:, None]
    levels = torch.arange(LEVELS, dtype=pixels.dtype)[:, None, None]
    greys = (1 - ((LEVELS - 1) * light[:, None] - levels).abs()).clamp(min=0) * (1 - strength)
    return torch.cat([hues * dark, hues * (1 - dark), greys], dim=1), light[:, None]


def looks(pixels: Tensor, grid: int) -> tuple[Tensor, Tensor]:
    """Plain numbers of colour and line, for a backbone that was trained to ignore colour.

    pixels (b, 3, 224, 224) in 0-1
    returns (b, grid^2, 4 LOOKS), of the four quarters of each cell: shares of hues and greys (square roots, so that
    little counts), mean colour, edges in four directions, contrast;
    and (b, COLOURS), of the picture: shares, and a soft 4x4x4 RGB histogram, square roots too.
    """
    maps, light = shares(pixels)
    more = F.pad(light, (0, 1, 0, 1), mode="replicate")
    here, right, below, across = more[..., :-1, :-1], more[..., :-1, 1:], more[..., 1:, :-1], more[..., 1:, 1:]
    edges = torch.cat([here - right, here - below, here - across, right - below], dim=1).abs()
    size = PIXELS // (2 * grid)
    part = F.avg_pool2d(maps, size).clamp(min=0)
    means = F.avg_pool2d(torch.cat([pixels, edges, light, light * light], dim=1), size)
    contrast = (means[:, -1:] - means[:, -2:-1] ** 2).clamp(min=0).sqrt()
    fields = torch.cat([part.sqrt(), means[:, :3], means[:, 3:-2].clamp(min=0).sqrt(), contrast], dim=1)
    b, n = fields.shape[:2]
    cells = fields.view(b, n, grid, 2, grid, 2).permute(0, 2, 4, 1, 3, 5).reshape(b, grid * grid, 4 * n)
    levels = torch.arange(LEVELS, dtype=pixels.dtype)
    red, green, blue = (1 - ((LEVELS - 1) * pixels.flatten(2)[..., None] - levels).abs()).clamp(min=0).unbind(1)
    pairs = (red[..., :, None] * green[..., None, :]).flatten(2)
    histogram = (pairs.transpose(1, 2) @ blue / pixels[0, 0].numel()).flatten(1).clamp(min=0).sqrt()
    return cells, torch.cat([part.mean((2, 3)).sqrt(), histogram], dim=1)


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


class PictureTower(nn.Module):
    """Raw pixels to unit vectors: the backbone, colour and line, and the head."""

    def __init__(self, backbone: Backbone, head: PictureHead) -> None:
        super().__init__()
        self.backbone = backbone
        self.head = head

    def features(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, f), the input of the head."""
        shape: PictureShape = self.head.shape
        scaled = pixels.permute(0, 3, 1, 2).to(torch.float32) / 255
        last, middle = self.backbone.both(scaled, shape.middle)
        cells, whole = looks(scaled, shape.grid)
        side = PIXELS // shape.patch

        def pooled(tokens: Tensor) -> Tensor:
            patches = tokens[:, 1:].transpose(1, 2).reshape(-1, shape.width, side, side)
            return F.avg_pool2d(patches, side // shape.grid).flatten(2).transpose(1, 2)

        cells = torch.cat([pooled(last), pooled(middle), cells], dim=2)
        return torch.cat([cells.flatten(1), last[:, 0], last[:, 1:].amax(1), whole], dim=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, e), unit rows."""
        unit: Tensor = self.head(self.features(pixels))
        return unit
