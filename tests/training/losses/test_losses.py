"""Both losses say what the papers' equations say, in value and gradient, however they are cut into tiles."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from training.losses.batches import KINDS, LOSSES, Case, case, gradients, oracle, relative, tiled  # type: ignore[import-not-found, unused-ignore]

from commonplace.training.losses import (
    Negatives,
    SigmoidLoss,
    SoftmaxLoss,
    sigmoid_loss,
    sigmoid_oracle,
    softmax_loss,
    softmax_oracle,
)

pytestmark = pytest.mark.train

ONE = torch.tensor(0.0)  # log_scale of a scale of 1
EYE = torch.eye(4)


def log1p_exp(x: float) -> float:
    return math.log1p(math.exp(x))


# --- values derived by hand ------------------------------------------------------------------------------------------


def test_softmax_of_two_orthogonal_pairs_is_a_choice_between_logits_one_and_zero() -> None:
    expected = log1p_exp(-1)  # -log e^1 / (e^1 + e^0), the same for all four choices
    assert softmax_loss(EYE[:2], EYE[:2], ONE).item() == pytest.approx(expected, rel=1e-6)
    assert softmax_oracle(EYE[:2], EYE[:2], ONE).item() == pytest.approx(expected, rel=1e-6)


def test_sigmoid_of_two_orthogonal_pairs_is_a_match_and_a_negative_for_each_image() -> None:
    expected = log1p_exp(-(1 - 2)) + log1p_exp(-2)  # logits: cosine 1 or 0, bias -2
    bias = torch.tensor(-2.0)
    assert sigmoid_loss(EYE[:2], EYE[:2], ONE, bias).item() == pytest.approx(expected, rel=1e-6)
    assert sigmoid_oracle(EYE[:2], EYE[:2], ONE, bias).item() == pytest.approx(expected, rel=1e-6)


def test_softmax_cannot_tell_copies_apart_and_stays_at_the_logarithm_of_the_batch() -> None:
    copies = EYE[:1].expand(128, 4)
    assert softmax_loss(copies, copies, ONE).item() == pytest.approx(math.log(128), rel=1e-6)


def test_a_bank_adds_negatives_for_images_only() -> None:
    bank = EYE[2:]
    to_text, to_image = math.log1p(3 * math.exp(-1)), log1p_exp(-1)  # three other texts, one other image
    assert softmax_loss(EYE[:2], EYE[:2], ONE, Negatives(bank=bank)).item() == pytest.approx(
        (to_text + to_image) / 2, rel=1e-6
    )
    assert sigmoid_loss(EYE[:2], EYE[:2], ONE, torch.tensor(-2.0), Negatives(bank=bank)).item() == pytest.approx(
        log1p_exp(1) + 3 * log1p_exp(-2), rel=1e-6
    )


@pytest.mark.parametrize("same", [Negatives(ids=torch.tensor([7, 7])), Negatives(mask_from=0.99)])
def test_two_images_with_one_caption_are_no_negatives_of_each_other(same: Negatives) -> None:
    images, texts = EYE[:2], EYE[:1].expand(2, 4)  # logits: 1 for the first image, 0 for the second
    assert softmax_loss(images, texts, ONE, same).item() == 0
    assert sigmoid_loss(images, texts, ONE, ONE, same).item() == pytest.approx(
        (log1p_exp(-1) + log1p_exp(0)) / 2, rel=1e-6
    )


def test_a_caption_of_the_same_id_in_the_bank_is_no_negative() -> None:
    known = Negatives(bank=EYE[:1], ids=torch.tensor([3]), bank_ids=torch.tensor([3]))
    assert softmax_loss(EYE[:1], EYE[:1], ONE, known).item() == 0


def test_an_equal_caption_at_full_weight_is_a_match_as_good_as_the_own() -> None:
    images, texts, soft = EYE[:2], EYE[:1].expand(2, 4), Negatives(soft_weight=1.0)
    # Sigmoid: both logits of image 1 are 1, of image 2 are 0, and all four are matches.
    assert sigmoid_loss(images, texts, ONE, ONE, soft).item() == pytest.approx(log1p_exp(-1) + log1p_exp(0), rel=1e-6)
    # Softmax: each image chooses one half of each text: ln 2. Each text one half of each image: logits 1 and 0.
    to_image = log1p_exp(-1) / 2 + log1p_exp(1) / 2
    assert softmax_loss(images, texts, ONE, soft).item() == pytest.approx((math.log(2) + to_image) / 2, rel=1e-6)


def test_affinity_rises_from_the_threshold_to_its_weight() -> None:
    captions = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])  # cosines .8, 0 and .6
    _, affinity = Negatives(soft_from=0.6, soft_weight=0.5).relate((captions, None), (captions, None), same=True)
    assert affinity is not None
    expected = torch.tensor([[0, 0.25, 0], [0.25, 0, 0], [0, 0, 0]])  # .5 * (.8 - .6) / (1 - .6)
    torch.testing.assert_close(affinity, expected, atol=1e-6, rtol=0)


# --- tiles against the oracle ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", [5, 16, 1000])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_tiles_give_the_value_and_every_gradient_of_the_whole_matrix_in_float32(
    loss: str, kind: str, tile: int
) -> None:
    batch = case(kind)
    value, expected = tiled(loss, batch, tile=tile), oracle(loss, batch)
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    inputs = batch.inputs(loss)
    for got, wanted in zip(gradients(value, inputs), gradients(expected, inputs), strict=True):
        assert relative(got, wanted) < 1e-5


@settings(max_examples=60, deadline=None)
@given(
    loss=st.sampled_from(LOSSES),
    kind=st.sampled_from(KINDS),
    b=st.integers(1, 12),
    k=st.integers(1, 9),
    d=st.integers(2, 6),
    tile=st.integers(1, 14),
    seed=st.integers(0, 1000),
    scale=st.floats(0.1, 60),
)
def test_any_size_of_batch_bank_and_tile_agrees_with_the_whole_matrix(
    loss: str, kind: str, b: int, k: int, d: int, tile: int, seed: int, scale: float
) -> None:
    batch = case(kind, b=b, k=k, d=d, seed=seed, scale=scale).to(torch.float64)
    value, expected = tiled(loss, batch, tile=tile), oracle(loss, batch)
    torch.testing.assert_close(value, expected, rtol=1e-9, atol=1e-11)
    inputs = batch.inputs(loss)
    for got, wanted in zip(gradients(value, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_nearly_solved_batch_keeps_the_digits_of_its_small_loss_and_gradients(loss: str) -> None:
    """Logits of 24 are known to 2e-6 and the softmax loss is 1e-9: large terms that cancel must never meet."""
    texts = torch.linalg.qr(torch.randn(32, 32, generator=torch.Generator().manual_seed(0)))[0]
    single = Case(texts, texts, torch.tensor(24.0).log(), torch.tensor(-12.0), Negatives()).to(torch.float32)
    exact = single.to(torch.float64)
    value, expected = tiled(loss, single), oracle(loss, exact)
    assert expected.item() < 1e-3
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)
    inputs = gradients(value, single.inputs(loss)), gradients(expected, exact.inputs(loss))
    for got, wanted in zip(*inputs, strict=True):
        assert relative(got, wanted) < 1e-4


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("loss", LOSSES)
def test_under_autocast_the_logits_are_float32_and_the_features_get_gradients_of_their_own_type(
    loss: str, dtype: torch.dtype
) -> None:
    batch = case("all")
    tower = torch.nn.Linear(16, 16, bias=False)
    with torch.autocast("cpu", dtype=dtype):
        features = torch.nn.functional.normalize(tower(batch.images.detach()), dim=1).to(dtype)
        features.retain_grad()
        half = type(batch)(features, batch.texts, batch.log_scale, batch.bias, batch.negatives)
        value, expected = tiled(loss, half, tile=8), oracle(loss, half)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    inputs = [half.texts, half.log_scale, tower.weight]
    got, wanted = (torch.autograd.grad(x, inputs, retain_graph=True) for x in (value, expected))
    for ours, theirs in zip(got[:2], wanted[:2], strict=True):
        assert relative(ours, theirs) < 1e-5
    step = torch.finfo(dtype).eps
    assert relative(got[2], wanted[2]) < step  # it went through the features' own type
    value.backward()  # type: ignore[no-untyped-call, unused-ignore]
    assert features.grad is not None
    assert features.grad.dtype == dtype


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_times_what_comes_from_outside_and_may_be_asked_for_again(loss: str) -> None:
    batch = case("plain")
    value, inputs = tiled(loss, batch), batch.inputs(loss)
    once = torch.autograd.grad(value, inputs, retain_graph=True)
    again = torch.autograd.grad(3 * value, inputs)
    for first, second in zip(once, again, strict=True):
        torch.testing.assert_close(3 * first, second)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_locked_text_tower_changes_no_gradient_of_the_others(loss: str) -> None:
    free, locked = case("bank"), case("bank")
    locked.texts.requires_grad_(False)
    tiled(loss, free, tile=8).backward()  # type: ignore[no-untyped-call, unused-ignore]
    tiled(loss, locked, tile=8).backward()  # type: ignore[no-untyped-call, unused-ignore]
    assert locked.texts.grad is None
    torch.testing.assert_close(locked.images.grad, free.images.grad)
    torch.testing.assert_close(locked.log_scale.grad, free.log_scale.grad)


@pytest.mark.parametrize("loss", LOSSES)
def test_evaluation_without_gradients_gives_the_same_value(loss: str) -> None:
    batch = case("all")
    with torch.no_grad():
        value = tiled(loss, batch, tile=8)
    assert not value.requires_grad
    assert value.item() == tiled(loss, batch, tile=8).item()


def test_a_bank_may_be_kept_in_half_the_bytes() -> None:
    batch = case("bank")
    assert batch.negatives.bank is not None
    half = batch.negatives.bank.half()
    value = softmax_loss(batch.images, batch.texts, batch.log_scale, Negatives(bank=half), tile=8)
    expected = softmax_oracle(batch.images, batch.texts, batch.log_scale, bank=half.float())
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)


# --- the modules -----------------------------------------------------------------------------------------------------


def test_the_sigmoid_module_starts_by_expecting_one_match_among_the_candidates() -> None:
    module = SigmoidLoss(candidates=1024)
    assert module.log_scale.exp().item() == pytest.approx(10)
    assert torch.sigmoid(module.bias).item() == pytest.approx(1 / 1025)
    batch = case("all")
    assert torch.equal(
        module(batch.images, batch.texts, batch.negatives),
        sigmoid_loss(batch.images, batch.texts, module.log_scale, module.bias, batch.negatives),
    )


def test_the_softmax_module_holds_its_scale_at_a_hundred_and_lets_it_come_down_again() -> None:
    module = SoftmaxLoss(scale=250.0)
    images = torch.nn.functional.normalize(torch.randn(8, 4, generator=torch.Generator().manual_seed(1)), dim=1)
    loss = module(images, images.flip(0))
    assert module.log_scale.exp().item() == pytest.approx(100, rel=1e-5)
    loss.backward()
    assert module.log_scale.grad is not None
    assert module.log_scale.grad.item() > 0  # wrong pairs: a smaller scale is better


@pytest.mark.parametrize("module", [SoftmaxLoss(), SigmoidLoss(candidates=64)], ids=LOSSES)
def test_descending_the_loss_aligns_pairs(module: torch.nn.Module) -> None:
    random = torch.Generator().manual_seed(0)
    texts = torch.nn.functional.normalize(torch.randn(64, 16, generator=random), dim=1)
    pixels = texts @ torch.randn(16, 16, generator=random)  # what the image tower has to undo
    tower = torch.nn.Linear(16, 16)
    torch.nn.init.eye_(tower.weight)
    optimiser = torch.optim.Adam([*tower.parameters(), *module.parameters()], lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        images = torch.nn.functional.normalize(tower(pixels), dim=1)
        module(images, texts).backward()
        optimiser.step()
    nearest = (images @ texts.T).argmax(1)
    assert (nearest == torch.arange(64)).float().mean() > 0.95
