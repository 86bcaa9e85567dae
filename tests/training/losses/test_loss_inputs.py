"""What the losses refuse, and that they say what came, what was expected and what to do."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch
from torch import Tensor
from training.losses.batches import LOSSES, case, tiled  # type: ignore[import-not-found, unused-ignore]

from commonplace.errors import DimensionMismatch, InvalidVector, UsageError
from commonplace.training.losses import Negatives, sigmoid_loss, softmax_loss

pytestmark = pytest.mark.train

ROWS = torch.eye(4)
SCALE = torch.tensor(2.0)


@pytest.mark.parametrize(
    ("images", "texts", "negatives", "error", "message"),
    [
        (ROWS, ROWS[:3], Negatives(), UsageError, r"images \(4, 4\) and texts \(3, 4\); expected one text for each"),
        (ROWS[:0], ROWS[:0], Negatives(), UsageError, "expected at least one pair. Skip the batch."),
        (ROWS[None], ROWS, Negatives(), UsageError, r"images \(1, 4, 4\) .* expected \(b, d\) for both. Pool"),
        (ROWS, ROWS[:, :3], Negatives(), DimensionMismatch, "expected one dimension d. Project both towers"),
        (ROWS, ROWS, Negatives(bank=ROWS[:, :3]), DimensionMismatch, r"got a bank \(4, 3\) .* expected \(k, 4\)"),
        (ROWS, ROWS, Negatives(ids=torch.arange(3)), UsageError, r"got ids \(3,\) for 4 texts; expected one id"),
        (ROWS, ROWS, Negatives(bank_ids=torch.arange(3)), UsageError, r"got bank_ids \(3,\) for no bank"),
        (ROWS, ROWS, Negatives(bank=ROWS, ids=torch.arange(4)), UsageError, "got ids without bank_ids"),
        (ROWS, ROWS, Negatives(soft_weight=1.5), UsageError, "expected a weight from 0 to 1"),
        (ROWS, ROWS, Negatives(soft_from=1.0, soft_weight=0.5), UsageError, "a cosine from -1 to below 1"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_with_the_next_step(
    images: Tensor, texts: Tensor, negatives: Negatives, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        softmax_loss(images, texts, SCALE, negatives)
    with pytest.raises(error, match=message):
        sigmoid_loss(images, texts, SCALE, -SCALE, negatives)


def test_a_scale_for_each_row_is_refused() -> None:
    with pytest.raises(UsageError, match=r"got a log_scale of shape \(4,\); expected one number"):
        softmax_loss(ROWS, ROWS, torch.ones(4))


def test_a_tile_without_a_side_is_refused() -> None:
    with pytest.raises(UsageError, match="got tile=0; expected the side of a tile"):
        softmax_loss(ROWS, ROWS, SCALE, tile=0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("where", ["images", "texts", "bank"])
@pytest.mark.parametrize("loss", LOSSES)
def test_one_bad_number_is_found_and_its_row_named(loss: str, where: str, value: float) -> None:
    batch = case("bank")
    assert batch.negatives.bank is not None
    with torch.no_grad():
        {"images": batch.images, "texts": batch.texts, "bank": batch.negatives.bank}[where][11, 3] = value
    with pytest.raises(InvalidVector, match=rf"^{where}: NaN or infinite in row 11 of \d+; expected finite numbers"):
        tiled(loss, batch, tile=8)


@pytest.mark.parametrize("name", ["log_scale", "bias"])
def test_a_scalar_that_diverged_is_named(name: str) -> None:
    scalars = {"log_scale": SCALE, "bias": -SCALE} | {name: torch.tensor(float("nan"))}
    with pytest.raises(InvalidVector, match=f"^{name}: NaN or infinite; .* last good checkpoint"):
        sigmoid_loss(ROWS, ROWS, scalars["log_scale"], scalars["bias"])


def test_logits_that_overflow_are_told_from_bad_inputs() -> None:
    with pytest.raises(InvalidVector, match="the logits overflow"):
        softmax_loss(ROWS, ROWS, torch.tensor(100.0))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_second_derivative_is_refused_when_it_is_asked_for(loss: str) -> None:
    batch = case("plain")
    with pytest.raises(
        UsageError, match=r"second derivative .*\(create_graph=True\).* Use softmax_oracle or sigmoid_oracle"
    ):
        torch.autograd.grad(tiled(loss, batch), [batch.images], create_graph=True)
