# mypy: allow-subclassing-any
"""The whole picture tower from pixels, for a GPU: nothing is read beforehand, so that the first half is trained too."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from commonplace.training.picture_tower import PIXELS, PictureTower

MOVED, SCALED = 0.04, 0.08
"""By how much of its side a picture is moved at most, and enlarged or made smaller."""


class Pixels(nn.Module):
    """In place of `Reader`: what is kept of a picture is the picture. Bytes are whole numbers in float16 as well."""

    width = PIXELS * PIXELS * 3

    def forward(self, pixels: Tensor) -> Tensor:
        """pixels (b, 224, 224, 3) uint8; returns (b, `width`)."""
        return pixels.flatten(1)


class Whole(nn.Module):
    """Rows of `Pixels`, on the CPU, to unit vectors there; the tower runs where a GPU is, in bfloat16."""

    def __init__(self, tower: PictureTower) -> None:
        super().__init__()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.tower = tower.to(self.device)

    def forward(self, rows: Tensor) -> Tensor:
        """rows (b, `Pixels.width`); returns (b, e)."""
        pixels = rows.to(self.device).view(-1, PIXELS, PIXELS, 3)
        if self.training:
            pixels = nudged(pixels)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            vectors = self.tower(pixels)
        return F.normalize(vectors.float().cpu(), dim=-1)


def nudged(pixels: Tensor) -> Tensor:
    """Each picture (b, h, w, 3) a little larger or smaller, and moved. Never another colour: captions say colours."""
    b = len(pixels)
    across = torch.zeros(b, 2, 3, device=pixels.device)
    across[:, 0, 0], across[:, 1, 1] = (1 + SCALED * (2 * torch.rand(2, b) - 1)).to(pixels.device)
    across[:, :, 2] = (2 * MOVED * (2 * torch.rand(b, 2) - 1)).to(pixels.device)
    shown = pixels.permute(0, 3, 1, 2)
    places = F.affine_grid(across, list(shown.shape), align_corners=False)
    return F.grid_sample(shown, places, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)
