"""A loss whose gradients are known as soon as its value is.

A loss over all pairs of b images and b texts has b x b logits, but its gradients have only b x d numbers. Where they
have a closed form they are summed up tile by tile in the forward pass, so that no logit waits for the backward pass
(autograd would keep every tile's: tiling alone saves nothing).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from commonplace.errors import CommonplaceError, DimensionMismatch, InvalidVector, UsageError
from commonplace.training.losses import ring
from commonplace.training.losses.texts import Negatives
from commonplace.training.losses.tiles import Batch


@dataclass(frozen=True, slots=True)
class Solution:
    """A loss and its gradients, those that were wanted; `images` and `texts` (b, d) still lack the factor scale / b."""

    loss: Tensor
    images: Tensor | None = None
    texts: Tensor | None = None
    bias: Tensor | None = None


def closed_form(
    solve: Callable[[Batch], Solution],
    images: Tensor,
    texts: Tensor,
    log_scale: Tensor,
    bias: Tensor | None,
    negatives: Negatives | None,
    tile: int | None,
    group: ring.Group,
) -> Tensor:
    """The loss that `solve` finds, differentiable once in images, texts, log_scale and bias.

    Raises UsageError, DimensionMismatch, or, for anything that is NaN or infinite, InvalidVector.
    """
    negatives = negatives or Negatives()
    inputs = {"images": images, "texts": texts, "log_scale": log_scale, "bias": bias}
    ring.agree(_problem(images, texts, log_scale, bias, negatives, tile), images, group)
    wants = [torch.is_grad_enabled() and x is not None and x.requires_grad for x in inputs.values()]
    dtype = torch.promote_types(torch.promote_types(images.dtype, texts.dtype), torch.float32)

    def run() -> tuple[Tensor | None, ...]:
        batch = Batch(
            images.to(dtype),
            texts.to(dtype),
            scale=log_scale.exp().item(),
            bias=torch.zeros((), dtype=dtype, device=images.device) if bias is None else bias.to(images.device, dtype),
            negatives=negatives.on(images.device),
            # Smaller tiles fit a cache, but threads that wait for each other after each cost more on a busy machine.
            tile=tile or (2048 if images.device.type == "cpu" else 4096),
            group=group,
            wants_gradients=any(wants),
            wants_text_gradients=wants[1],
        )
        with torch.autocast(images.device.type, enabled=False):
            solution = solve(batch)
        factor = batch.scale / len(images)
        d_images, d_texts = (None if x is None else x.mul_(factor) for x in (solution.images, solution.texts))
        zero = torch.zeros_like(solution.loss)
        # log_scale stretches every logit as the length of the images does.
        d_log_scale = zero if d_images is None else batch.dots(batch.images, d_images).sum()
        d_bias = zero if solution.bias is None else solution.bias
        scalars = ring.mean(torch.stack([solution.loss, d_log_scale, d_bias]), group)
        if not scalars.isfinite().all():
            raise InvalidVector(_culprit(inputs | {"bank": batch.negatives.bank}))
        loss, d_log_scale, d_bias = scalars.unbind()
        d_scalars = (None if x is None else d.to(x).view_as(x) for x, d in ((log_scale, d_log_scale), (bias, d_bias)))
        return loss, d_images, d_texts, *d_scalars

    result: Tensor = _ClosedForm.apply(run, *inputs.values())  # type: ignore[no-untyped-call, unused-ignore]
    return result


class _ClosedForm(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    @staticmethod
    def forward(ctx: Any, run: Callable[[], tuple[Tensor, ...]], *_inputs: Tensor | None) -> Tensor:
        loss, *gradients = run()
        ctx.save_for_backward(*gradients)
        return loss

    @staticmethod
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise UsageError(
                "a second derivative of a contrastive loss was asked for (create_graph=True); it has only the first. "
                "Use softmax_oracle or sigmoid_oracle, whose memory grows with the square of the batch."
            )
        needed = zip(ctx.saved_tensors, ctx.needs_input_grad[1:], strict=True)
        return None, *(gradient * outer if needs else None for gradient, needs in needed)


def _problem(
    images: Tensor, texts: Tensor, log_scale: Tensor, bias: Tensor | None, negatives: Negatives, tile: int | None
) -> CommonplaceError | None:
    shapes = f"got images {tuple(images.shape)} and texts {tuple(texts.shape)}"
    if images.ndim != 2 or texts.ndim != 2:
        return UsageError(f"{shapes}; expected (b, d) for both. Pool the tokens of each item to one vector.")
    if len(images) != len(texts):
        return UsageError(f"{shapes}; expected one text for each image, row by row. Further texts go in the bank.")
    if len(images) == 0:
        return UsageError(f"{shapes}; expected at least one pair. Skip the batch.")
    if images.shape[1] != texts.shape[1]:
        return DimensionMismatch(f"{shapes}; expected one dimension d. Project both towers into one space.")
    for name, scalar in (("log_scale", log_scale), ("bias", bias)):
        if scalar is not None and scalar.numel() != 1:
            return UsageError(f"got a {name} of shape {tuple(scalar.shape)}; expected one number.")
    if tile is not None and tile < 1:
        return UsageError(f"got tile={tile}; expected the side of a tile, 1 or more, or None for the default.")
    return negatives.problem(texts)


def _culprit(inputs: dict[str, Tensor | None]) -> str:
    for name, tensor in inputs.items():
        if tensor is not None and not tensor.isfinite().all():
            rows = f" in row {int((~tensor.isfinite()).nonzero()[0, 0])} of {len(tensor)}" if tensor.ndim == 2 else ""
            return f"{name}: NaN or infinite{rows}; expected finite numbers. Go back to the last good checkpoint."
    return (
        "the loss is NaN or infinite though this process's inputs are finite: the logits overflow, "
        "or another process has NaN. Lower log_scale, or go back to the last good checkpoint."
    )
