"""The training loop that recipes share: resumable, watched by curves, and stopped by the first loss that is no number.

In its folder: `state.pt` (weights, optimiser, figures so far), `curves.csv`, and `report.html`, which draws them.
"""

from __future__ import annotations

import csv
import html
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from commonplace.errors import ModelError

log = logging.getLogger(__name__)
Figures = dict[str, float]


@dataclass(frozen=True)
class Plan:
    """AdamW under a learning rate that rises linearly during `warm_up` (a share of the steps) and falls as a cosine."""

    steps: int
    learning_rate: float
    warm_up: float = 0.06
    weight_decay: float = 0.01
    """Of matrices; norms, biases and single numbers do not decay."""
    clip: float = 1.0
    """Largest norm of the gradient of a step."""
    log_every: int = 20
    measure_every: int = 0
    """Steps between two calls of `measure`; 0 = only after the last."""
    save_seconds: float = 120.0
    share: Callable[[str], float] = field(default=lambda name: 1.0, repr=False)
    """Of the learning rate, by the name of a parameter: earlier layers move less."""

    def rate(self, step: int) -> float:
        """The share of the learning rate at a step, 0 <= step < steps."""
        warm = max(1, round(self.warm_up * self.steps))
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.steps - warm)))


def fit(
    module: Any,
    loss: Callable[[int], tuple[Tensor, Mapping[str, float | Tensor]]],
    plan: Plan,
    out: Path,
    *,
    measure: Callable[[], Figures] | None = None,
    resume: bool = False,
    title: str = "training",
) -> Figures:
    """Train the parameters of `module` that want gradients; returns the last figures of `measure`.

    loss     of a step, with what it is made of (without gradients) for the curves. It chooses its batch by the step's
             number alone, so that a resumed run sees what an uninterrupted one would have seen.
    measure  called without gradients, the module in eval mode
    resume   go on from `out/state.pt` where there is one; otherwise it is written anew
    Raises ModelError at a loss or gradient that is not finite: `out/state.pt` is then the last good state.
    """
    out.mkdir(parents=True, exist_ok=True)
    trained = [p for p in module.parameters() if p.requires_grad]
    groups: dict[tuple[float, float], list[Tensor]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            decay = plan.weight_decay if parameter.ndim >= 2 else 0.0
            groups.setdefault((plan.share(name), decay), []).append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": group, "share": share, "weight_decay": decay} for (share, decay), group in groups.items()],
        lr=plan.learning_rate,
    )
    state: dict[str, Any] = {"step": 0, "seconds": 0.0, "rows": [], "figures": {}}
    if resume and (out / "state.pt").exists():
        state = torch.load(out / "state.pt", weights_only=True)
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        log.info("%s: resumed at step %d of %d", title, state["step"], plan.steps)
    before, began, saved = state["seconds"], time.monotonic(), time.monotonic()

    def save() -> None:
        state["seconds"] = before + time.monotonic() - began
        _write(out / "state.pt", {**state, "module": module.state_dict(), "optimizer": optimizer.state_dict()})
        _report(out, title, plan, state["rows"])

    while state["step"] < plan.steps:
        step = state["step"]
        module.train()
        torch.manual_seed(step)  # dropout too repeats after a resume
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * plan.rate(step) * group["share"]
        made, parts = loss(step)
        optimizer.zero_grad(set_to_none=True)
        made.backward()  # type: ignore[no-untyped-call, unused-ignore]
        value, norm = float(made.detach()), float(torch.nn.utils.clip_grad_norm_(trained, plan.clip))
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise ModelError(
                f"{title}: step {step} has loss {value} and gradient norm {norm}, expected finite numbers. "
                f"The last good state is {out / 'state.pt'}: resume from it with a lower learning rate."
            )
        optimizer.step()
        state["step"] = step + 1
        last = state["step"] == plan.steps
        row = {"step": state["step"], "seconds": round(before + time.monotonic() - began, 1), "loss": value}
        row |= {name: float(part) for name, part in parts.items()} | {"gradient norm": norm}
        if measure and (last or (plan.measure_every and state["step"] % plan.measure_every == 0)):
            module.eval()
            with torch.no_grad():
                found = measure()
            row |= found
            state["figures"] = found
        if last or step % plan.log_every == 0 or len(row) > 4 + len(parts):
            state["rows"].append(row)
            log.info("%s: %s", title, ", ".join(f"{name} {number:.4g}" for name, number in row.items()))
        if last or time.monotonic() - saved > plan.save_seconds:
            save()
            saved = time.monotonic()
    module.eval()
    figures: Figures = state["figures"]
    return figures


def _write(path: Path, state: dict[str, Any]) -> None:
    """At once or not at all: a run that is killed while it saves must resume."""
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def _report(out: Path, title: str, plan: Plan, rows: list[Figures]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (out / "curves.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    drawn = "".join(_curve(name, rows) for name in names if name not in ("step", "seconds"))
    (out / "report.html").write_text(
        f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title>"
        "<style>body{font:14px system-ui;margin:2em}figure{display:inline-block;margin:1em}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(str(plan))}</p>{drawn}",
        "utf-8",
    )


def _curve(name: str, rows: list[Figures]) -> str:
    """One figure over the steps as SVG, its first and last value in words."""
    points = [(row["step"], row[name]) for row in rows if name in row]
    steps, values = [step for step, _ in points], [value for _, value in points]
    low, wide, high = min(values), max(steps[-1] - steps[0], 1), max(max(values) - min(values), 1e-12)
    line = " ".join(f"{(s - steps[0]) / wide * 360:.1f},{140 - (v - low) / high * 130:.1f}" for s, v in points)
    return (
        f"<figure><figcaption>{html.escape(name)}: {values[0]:.4g} to {values[-1]:.4g}</figcaption>"
        f'<svg width=360 height=145><polyline fill=none stroke=teal points="{line}"/></svg></figure>'
    )
