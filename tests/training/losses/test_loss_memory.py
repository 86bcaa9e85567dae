"""Bytes, not only values: what the losses hold grows with the batch, never with its square.

Resident memory is what counts in the end, and is measured at full size, each step in a process of its own. Finer
claims count every allocation and release of the CPU allocator, those inside an operator too: these numbers are exact.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch
from torch import Tensor
from torch.nn import functional as F
from training.losses.batches import LOSSES  # type: ignore[import-not-found, unused-ignore]

from commonplace.training.losses import Negatives, SigmoidLoss, SoftmaxLoss, sigmoid_oracle

pytestmark = pytest.mark.train

MIB = 2**20
SIDE = 256
TILE = SIDE * SIDE * 4
"""Bytes of one tile of logits in the exact counts."""

STEP = """
import sys
from pathlib import Path
import torch
from commonplace.training.losses import SigmoidLoss, SoftmaxLoss

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

torch.set_num_threads(1)
loss, b = sys.argv[1], int(sys.argv[2])
module = SoftmaxLoss() if loss == "softmax" else SigmoidLoss(candidates=b)
images, texts = (torch.empty(b, 384).normal_() for _ in range(2))
for features in (images, texts):
    features.div_(features.norm(dim=1, keepdim=True)).requires_grad_()
module(images[:64], texts[:64]).backward()  # loads what the libraries load once
images.grad = texts.grad = None
Path("/proc/self/clear_refs").write_text("5")  # the record of the peak starts anew
held = peak()
module(images, texts).backward()
print(peak() - held)
"""


def resident_growth(loss: str, b: int) -> int:
    """Peak growth in bytes of one step at d = 384, the gradients of the features included, as the system counts it."""
    done = subprocess.run([sys.executable, "-c", STEP, loss, str(b)], stdout=subprocess.PIPE, text=True, check=True)
    return int(done.stdout)


def peak_growth(run: Callable[[], object]) -> int:
    """The most bytes that were allocated at a time, beyond those at the start."""
    with torch.autograd.profiler.profile(profile_memory=True) as profile:
        run()
    assert profile.kineto_results is not None
    changes = [event for event in profile.kineto_results.events() if event.name() == "[memory]"]
    held = peak = 0
    for change in sorted(changes, key=lambda event: event.start_ns()):
        held += change.nbytes()
        peak = max(peak, held)
    return peak


def vectors(n: int, *, seed: int, d: int) -> Tensor:
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def step_growth(loss: str, b: int, d: int, negatives: Negatives) -> int:
    """The same, as the allocator counts it."""
    module = SoftmaxLoss(tile=SIDE) if loss == "softmax" else SigmoidLoss(candidates=b, tile=SIDE)
    images, texts = (vectors(b, seed=seed, d=d).requires_grad_() for seed in (0, 1))
    return peak_growth(lambda: module(images, texts, negatives).backward())


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="resident memory is read from Linux's /proc")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_step_at_16384_pairs_stays_below_150_mib_and_at_twice_that_of_8192(loss: str) -> None:
    half, whole = resident_growth(loss, 8192), resident_growth(loss, 16384)
    assert whole < 150 * MIB  # the logits alone would be 1,024 MiB
    assert whole < 2.2 * half


def test_the_count_sees_a_matrix_of_logits() -> None:
    images, texts = vectors(1024, seed=0, d=32), vectors(1024, seed=1, d=32)
    logits = 1024 * 1024 * 4
    growth = peak_growth(lambda: sigmoid_oracle(images, texts, torch.tensor(2.0), torch.tensor(-7.0)))
    assert logits < growth < 8 * logits


@pytest.mark.parametrize("loss", LOSSES)
def test_masks_and_soft_targets_cost_tiles_and_no_matrix(loss: str) -> None:
    b, d = 4096, 32
    known = Negatives(ids=torch.arange(b) // 2, mask_from=0.9, soft_from=0.3, soft_weight=0.5)
    gradients = 4 * b * d * 4  # of images and texts, as kept and as handed to autograd
    assert step_growth(loss, b, d, known) < gradients + 8 * TILE  # one matrix would be 256 tiles


@pytest.mark.parametrize("loss", LOSSES)
def test_a_bank_of_any_size_adds_nothing(loss: str) -> None:
    small, large = (step_growth(loss, 512, 32, Negatives(bank=vectors(k, seed=2, d=32))) for k in (1024, 65536))
    assert large < small + TILE / 4  # the logits against the larger bank would be 512 tiles
