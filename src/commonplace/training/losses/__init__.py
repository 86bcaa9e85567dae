"""Contrastive losses whose memory grows with the batch, not with its square.

Each loss is written twice: as the few lines beside the paper's equation (`*_oracle`), and tile by tile with the
gradients in closed form (`softmax_loss`, `sigmoid_loss` and the modules that hold their learnable scalars).
"""

from commonplace.lazy import require

require("torch", extra="train")

from commonplace.training.losses.sigmoid import SigmoidLoss, sigmoid_loss, sigmoid_oracle  # noqa: E402
from commonplace.training.losses.softmax import SoftmaxLoss, softmax_loss, softmax_oracle  # noqa: E402
from commonplace.training.losses.texts import Negatives  # noqa: E402

__all__ = [
    "Negatives",
    "SigmoidLoss",
    "SoftmaxLoss",
    "sigmoid_loss",
    "sigmoid_oracle",
    "softmax_loss",
    "softmax_oracle",
]
