"""What the benchmarks share: which commit, which machine, how a row is kept."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

RESULTS = Path(__file__).parent / "results.jsonl"


def commit() -> str:
    """The short hash of the commit that was measured, with a + where files differ from it."""
    run = ["git", "-C", str(Path(__file__).parent)]
    short = subprocess.run([*run, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    dirty = subprocess.run([*run, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False).stdout
    return short.strip() + ("+" if dirty.strip() else "")


def save(benchmark: str, **figures: Any) -> None:
    """Append one row; the tables of docs/benchmarks.md are made of these."""
    row = {
        "benchmark": benchmark,
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        **figures,
    }
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def table(rows: list[dict[str, Any]]) -> str:
    """Rows with the same keys as a Markdown table."""
    names = list(rows[0])
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    cells = ([f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows)
    lines += ["| " + " | ".join(row) + " |" for row in cells]
    return "\n".join(lines)


class Usage:
    """Wall and CPU seconds, own and of children that ended, and peak memory of the process tree, of a `with` block.

    Memory is the sum of proportional set sizes, so that shared pages count once, sampled five times a second.
    """

    def __enter__(self) -> Self:
        self.peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()
        self._began, self._cpu_began = time.perf_counter(), cpu()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall = time.perf_counter() - self._began
        self.own, self.children = (now - then for now, then in zip(cpu(), self._cpu_began, strict=True))
        self.cpu = self.own + self.children
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.2):
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue  # it ended between the two calls
            self.peak = max(self.peak, total)


def cpu() -> tuple[float, float]:
    """Seconds of this process, and of its children that have ended."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    own, children = (usage.ru_utime + usage.ru_stime for usage in both)
    return own, children
