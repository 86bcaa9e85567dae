"""Memory and time of one step of the contrastive losses, beside open_clip's, forward and backward. Linux.

    python benchmarks/losses.py                   # batch 2k, 8k and 16k on two CPU threads, d = 384, float32
    python benchmarks/losses.py --device cuda     # 65k, 262k and 1M
    python benchmarks/losses.py --batch 16384 --repeat 5

Each case runs in a child process of its own, so that none inherits another's memory. Growth is the peak of resident
memory (on a GPU: of allocated memory) beyond what is held with the inputs in place; the gradients of the features are
in it. Time is the best of the repeats, the cases taking turns: wall seconds, and CPU seconds, which a busy machine
disturbs less. open_clip is no dependency: where it is not installed its columns say n/a. Its
`SigLipLoss(chunk_size=...)` came after release 3.3.0: pip install git+https://github.com/mlfoundations/open_clip
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

THEIRS = {"sigmoid": "SigLipLoss(chunk_size=1024)", "softmax": "ClipLoss()"}
BATCHES = {"cpu": [2048, 8192, 16384], "cuda": [65536, 262144, 1048576]}
DIM = 384
MIB = 2**20


def step_of(loss: str, whose: str) -> Callable[..., Any]:
    """(images, texts, log_scale, bias) -> loss. Raises ImportError or TypeError where open_clip does not have it."""
    if whose == "ours":
        from commonplace.training.losses import sigmoid_loss, softmax_loss

        return sigmoid_loss if loss == "sigmoid" else lambda images, texts, scale, _: softmax_loss(images, texts, scale)
    from open_clip.loss import ClipLoss, SigLipLoss  # type: ignore[import-not-found, unused-ignore]

    if loss == "softmax":
        clip = ClipLoss()
        return lambda images, texts, scale, _: clip(images, texts, scale.exp())
    siglip = SigLipLoss(chunk_size=1024)
    return lambda images, texts, scale, bias: siglip(images, texts, scale.exp(), bias)


def measure(loss: str, whose: str, batch: int, device: str, threads: int) -> dict[str, Any]:
    """One step, in a process where nothing ran before but a small step that loads the libraries."""
    import torch

    try:
        step = step_of(loss, whose)
    except (ImportError, TypeError) as error:
        return {"missing": f"n/a ({error})"}
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    inputs = [torch.empty(batch, DIM, device=device).normal_() for _ in range(2)]
    for features in inputs:
        features.div_(features.norm(dim=1, keepdim=True)).requires_grad_()
    scalars = [torch.tensor(value, device=device, requires_grad=True) for value in (2.303, -9.7)]
    step(*(features[:256] for features in inputs), *scalars).backward()
    for tensor in (*inputs, *scalars):
        tensor.grad = None

    memory = GpuMemory() if device == "cuda" else ResidentMemory()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        value = step(*inputs, *scalars)
        value.backward()
        result = {"loss": value.item()}  # waits for a GPU
    except torch.OutOfMemoryError:
        return {"missing": "out of memory"}
    return result | {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "growth": memory.growth() / MIB,
    }


class ResidentMemory:
    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the record of the peak starts anew
        self.held = self._peak()

    def growth(self) -> int:
        return self._peak() - self.held

    def _peak(self) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


class GpuMemory:
    def __init__(self) -> None:
        import torch

        self.cuda = torch.cuda
        self.cuda.synchronize()
        self.cuda.reset_peak_memory_stats()
        self.held = self.cuda.memory_allocated()

    def growth(self) -> int:
        self.cuda.synchronize()
        return int(self.cuda.max_memory_allocated() - self.held)


def measure_apart(*case: Any) -> dict[str, Any]:
    """`measure` in a child process."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", json.dumps(case)], stdout=subprocess.PIPE, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The least time and the most memory of the repeats."""
    if "missing" in runs[0]:
        return runs[0]
    times = {name: min(run[name] for run in runs) for name in ("wall", "cpu")}
    return times | {"growth": max(run["growth"] for run in runs), "loss": runs[0]["loss"]}


def row(loss: str, batch: int, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    cells = [loss, f"{batch:,}", THEIRS[loss]]
    for name, digits in (("growth", 0), ("wall", 2), ("cpu", 2)):
        mine, other = (None if "missing" in result else result[name] for result in (ours, theirs))
        cells.append(ours["missing"] if mine is None else f"{mine:,.{digits}f}")
        cells.append(theirs["missing"] if other is None else f"{other:,.{digits}f}")
        cells.append("" if mine is None or other is None else f"{mine / other:.2f}")
    return f"| {' | '.join(cells)} |"


def versions(*packages: str) -> Iterator[str]:
    for package in packages:
        with suppress(metadata.PackageNotFoundError):
            yield f"{package} {metadata.version(package)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=sorted(BATCHES), default="cpu")
    parser.add_argument("--batch", type=int, nargs="+", help="batch sizes instead of the device's usual ones")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(measure(*json.loads(arguments.child))))
        return

    setting = f"{arguments.threads} threads, d = {DIM}, float32, best of {arguments.repeat}"
    print(f"{platform.machine()}, {arguments.device}, {setting}, {', '.join(versions('torch', 'open_clip_torch'))}")
    print()
    print("| loss | batch | beside | growth MiB | theirs | ratio | wall s | theirs | ratio | CPU s | theirs | ratio |")
    print("|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for loss in THEIRS:
        for batch in arguments.batch or BATCHES[arguments.device]:
            runs: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
            for _ in range(arguments.repeat):
                for whose, results in runs.items():
                    results.append(measure_apart(loss, whose, batch, arguments.device, arguments.threads))
            ours, theirs = best(runs["ours"]), best(runs["theirs"])
            if "missing" not in theirs and abs(ours["loss"] / theirs["loss"] - 1) > 1e-4:
                sys.exit(f"{loss} at {batch}: we say {ours['loss']}, open_clip {theirs['loss']}: not the same loss")
            print(row(loss, batch, ours, theirs), flush=True)


if __name__ == "__main__":
    main()
