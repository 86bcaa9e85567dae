"""The training loop: what it learns, keeps, resumes and refuses."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

import torch

from commonplace.errors import ModelError
from commonplace.training.fit import Plan, fit

pytestmark = pytest.mark.train
PLAN = Plan(steps=60, learning_rate=0.1, log_every=20, measure_every=20)


def line() -> Any:
    torch.manual_seed(0)
    return torch.nn.Linear(2, 1)


def loss_of(module: Any) -> Callable[[int], Any]:
    """Learn to add two numbers; the batch follows from the step."""

    def loss(step: int) -> Any:
        x = torch.randn(8, 2, generator=torch.Generator().manual_seed(step))
        error = (module(x) - x.sum(1, keepdim=True)).square().mean()
        return error, {"error": error.detach()}

    return loss


def test_it_learns_and_draws_its_curves(tmp_path: Path) -> None:
    module = line()
    figures = fit(module, loss_of(module), PLAN, tmp_path, measure=lambda: {"weight": float(module.weight.sum())})
    assert figures["weight"] == pytest.approx(2, abs=0.2)
    with (tmp_path / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) / 10
    assert [row["step"] for row in rows if row["weight"]] == ["20", "40", "60"]
    assert (tmp_path / "report.html").read_text().count("<svg") == 4  # loss, error, gradient norm, weight


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path: Path) -> None:
    whole, halves = line(), line()
    fit(whole, loss_of(whole), PLAN, tmp_path / "whole")

    def killed(step: int) -> Any:
        if step == 30:
            raise KeyboardInterrupt
        return loss_of(halves)(step)

    often = Plan(**{**vars(PLAN), "save_seconds": 0})
    with pytest.raises(KeyboardInterrupt):
        fit(halves, killed, often, tmp_path / "halves")
    halves = line()
    fit(halves, loss_of(halves), often, tmp_path / "halves", resume=True)
    assert torch.equal(whole.weight, halves.weight)


def test_a_loss_that_is_no_number_stops_and_leaves_the_last_good_state(tmp_path: Path) -> None:
    module = line()

    def breaks(step: int) -> Any:
        value, parts = loss_of(module)(step)
        return (value * float("nan") if step == 5 else value), parts

    with pytest.raises(ModelError, match=r"step 5 has loss nan"):
        fit(module, breaks, Plan(**{**vars(PLAN), "save_seconds": 0}), tmp_path)
    kept = torch.load(tmp_path / "state.pt", weights_only=True)
    assert kept["step"] == 5
    assert torch.equal(kept["module"]["weight"], module.weight)


def test_the_figures_are_those_of_the_last_measurement(tmp_path: Path) -> None:
    seen: list[float] = []

    def measure() -> dict[str, float]:
        seen.append(float(module.weight.detach().norm()))
        return {"norm": seen[-1]}

    module = line()
    figures = fit(module, loss_of(module), PLAN, tmp_path, measure=measure)
    assert len(seen) == 3
    assert figures == {"norm": float(module.weight.detach().norm())}


def test_the_learning_rate_warms_up_and_decays() -> None:
    plan = Plan(steps=100, learning_rate=1, warm_up=0.1)
    assert [plan.rate(step) for step in (0, 9, 10)] == pytest.approx([0.1, 1, 1])
    assert plan.rate(55) == pytest.approx(0.5)
    assert plan.rate(99) < 0.001


def test_each_weight_learns_at_its_share_of_the_rate(tmp_path: Path) -> None:
    module = line()
    before = {name: weight.detach().clone() for name, weight in module.named_parameters()}
    plan = Plan(**{**vars(PLAN), "share": lambda name: 0.0 if name == "weight" else 1.0})
    fit(module, loss_of(module), plan, tmp_path)
    assert torch.equal(module.weight, before["weight"])
    assert not torch.equal(module.bias, before["bias"])
