"""Several processes, each with its share of the batch, do what one process does with the whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.functional import normalize
from torch.nn.parallel import DistributedDataParallel
from training.losses.batches import LOSSES, Case, case, tiled  # type: ignore[import-not-found, unused-ignore]

from commonplace.errors import CommonplaceError
from commonplace.training.losses import Negatives

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(
        not (dist.is_available() and dist.is_gloo_available()), reason="this torch was built without gloo"
    ),
]

WORLD, SHARE = 3, 10
KINDS = ("plain", "bank", "all")


class Towers(nn.Module):  # type: ignore[misc, unused-ignore]
    """An image and a text tower of one layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.image, self.text = nn.Linear(16, 8), nn.Linear(16, 8)

    def forward(self, images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        return normalize(self.image(images), dim=1), normalize(self.text(texts), dim=1)


def share(whole: Case, rows: slice) -> Case:
    n = whole.negatives
    return Case(
        whole.images.detach()[rows],
        whole.texts.detach()[rows],
        whole.log_scale,
        whole.bias,
        Negatives(n.bank, None if n.ids is None else n.ids[rows], n.bank_ids, n.mask_from, n.soft_from, n.soft_weight),
    )


def step(towers: nn.Module, loss: str, part: Case, **options: Any) -> dict[str, Tensor]:
    """One forward and backward through the towers: the value and every gradient."""
    n = part.negatives
    bank = None if n.bank is None else n.bank[:, :8]
    negatives = Negatives(bank, n.ids, n.bank_ids, n.mask_from, n.soft_from, n.soft_weight)
    for parameter in (*towers.parameters(), part.log_scale, part.bias):
        parameter.grad = None
    images, texts = towers(part.images, part.texts)
    value = tiled(loss, Case(images, texts, part.log_scale, part.bias, negatives), tile=4, **options)
    value.backward()  # type: ignore[no-untyped-call, unused-ignore]
    found = {name.removeprefix("module."): p.grad for name, p in towers.named_parameters()}
    found |= {"log_scale": part.log_scale.grad, "bias": part.bias.grad, "loss": value.detach()}
    return {name: tensor.clone() for name, tensor in found.items() if tensor is not None}


def message(part: Case) -> str:
    try:
        tiled("softmax", part, group=dist.group.WORLD)
    except CommonplaceError as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=WORLD, timeout=timedelta(seconds=120)
    )
    rows = slice(rank * SHARE, (rank + 1) * SHARE)
    found: dict[str, Any] = {}
    for loss in LOSSES:
        for kind in KINDS:
            part = share(case(kind, b=WORLD * SHARE), rows)
            found[f"{loss} {kind}"] = step(DistributedDataParallel(Towers()), loss, part, group=dist.group.WORLD)
    uneven = share(case("plain", b=WORLD * SHARE), slice(0, SHARE + rank // 2))
    found["uneven"] = message(uneven)
    bad = share(case("plain", b=WORLD * SHARE), rows)
    unpaired = Case(bad.images, bad.texts[: SHARE - rank // 2], bad.log_scale, bad.bias, bad.negatives)
    found["unpaired"] = message(unpaired)
    if rank == 1:
        bad.images[4, 4] = float("nan")
    found["nan"] = message(bad)
    torch.save(found, f"{folder}/{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of three processes found."""
    folder: Path = tmp_path_factory.mktemp("ring")
    spawn(process, args=(str(folder),), nprocs=WORLD)  # type: ignore[no-untyped-call, unused-ignore]
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(WORLD)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_three_processes_find_the_value_and_the_gradients_of_one(
    processes: list[dict[str, Any]], loss: str, kind: str
) -> None:
    whole = case(kind, b=WORLD * SHARE)
    expected = step(Towers(), loss, share(whole, slice(None)))
    assert len(expected) == (7 if loss == "sigmoid" else 6)  # two weights, two biases, loss, log_scale (and bias)
    for found in processes:
        assert found[f"{loss} {kind}"].keys() == expected.keys()
        for name, tensor in expected.items():
            torch.testing.assert_close(found[f"{loss} {kind}"][name], tensor, rtol=1e-5, atol=1e-6, msg=name)


def test_uneven_shares_are_refused_in_every_process(processes: list[dict[str, Any]]) -> None:
    for found in processes:
        assert "expected one shape in all. Drop the incomplete last batch." in found["uneven"]
        assert "[(10, 16), (10, 16), (11, 16)]" in found["uneven"]


def test_bad_input_in_one_process_stops_all_of_them(processes: list[dict[str, Any]]) -> None:
    assert "(-1, -1) refused its input" in processes[0]["unpaired"]
    assert "expected one text for each image" in processes[2]["unpaired"]


def test_a_nan_in_one_process_stops_all_and_is_named_where_it_is(processes: list[dict[str, Any]]) -> None:
    assert processes[1]["nan"].startswith("InvalidVector: images: NaN or infinite in row 4 of 10")
    assert "or another process has NaN" in processes[0]["nan"]
