"""Child processes that read one file each, with a limit on memory and time: a bad file fails alone.

A worker is `python -m commonplace.ingest.worker`, so that it never imports the caller's main module. It takes pickled
jobs on its standard input and answers with messages on its standard output, one by one: a pipe that nobody empties
stops the worker, which bounds what is held of a large document. It lives as long as its parent: the end of its
input ends it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from queue import Empty, Queue
from typing import Any


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost."""

    memory: int = 3 * 2**30
    """Bytes of private memory of a worker, models included."""
    step: int = 300
    """CPU seconds without a message: time in which a busy machine lets others run does not count."""
    total: int = 3600
    """CPU seconds for the whole file."""
    silence: float = 1800
    """Seconds without a message, however little CPU they took: a disk that does not answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """A job has ended well."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A job has ended badly; `reason` is for the account. The worker is replaced where `fatal`."""

    reason: str
    fatal: bool = False


class Workers:
    """Runs jobs on up to `count` worker processes, each started when first needed.

    target  "module:function": a generator function of one job, run in the worker
    """

    def __init__(self, target: str, count: int, limits: Limits = Limits()) -> None:
        self._target, self._count, self._limits = target, count, limits
        self._idle: list[_Worker] = []

    def run(self, jobs: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """(job, message) as they come; the last message of each job is Done or Failed."""
        waiting = iter(jobs)
        busy: dict[_Worker, Any] = {}
        # Bounded: a reader thread blocks here, then its pipe fills, then the worker waits.
        # Deep enough that workers go on reading while the caller encodes a batch.
        inbox: Queue[tuple[_Worker, Any]] = Queue(maxsize=16 * self._count)
        try:
            while True:
                while len(busy) < self._count and (job := next(waiting, None)) is not None:
                    worker = self._idle.pop() if self._idle else _Worker(self._target, self._limits)
                    worker.start(job, inbox)
                    busy[worker] = job
                if not busy:
                    return
                for worker in [worker for worker in busy if worker.silent_since() > self._limits.silence]:
                    worker.kill()  # its thread sees the pipe close and reports
                try:
                    worker, message = inbox.get(timeout=1)
                except Empty:
                    continue
                yield busy[worker], message
                if isinstance(message, Done | Failed):
                    del busy[worker]
                    if isinstance(message, Failed) and message.fatal:
                        worker.kill()
                    else:
                        self._idle.append(worker)
        finally:
            for worker in busy:
                worker.abandon(inbox)

    def close(self) -> None:
        for worker in self._idle:
            worker.kill()
        self._idle.clear()


class _Worker:
    """One child process, and the thread that reads its answers."""

    def __init__(self, target: str, limits: Limits) -> None:
        self._limits = limits
        self._process = subprocess.Popen(
            [sys.executable, "-m", "commonplace.ingest.worker", target, json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._heard = math.inf

    def start(self, job: Any, inbox: Queue[tuple[_Worker, Any]]) -> None:
        self._heard = time.monotonic()
        self._thread = threading.Thread(target=self._converse, args=(job, inbox), daemon=True)
        self._thread.start()

    def _converse(self, job: Any, inbox: Queue[tuple[_Worker, Any]]) -> None:
        try:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            pickle.dump(job, self._process.stdin)
            self._process.stdin.flush()
            while True:
                message = pickle.load(self._process.stdout)
                self._heard = math.inf  # waiting for the caller to take it is not the worker's fault
                inbox.put((self, message))
                self._heard = time.monotonic()
                if isinstance(message, Done | Failed):
                    return
        except (OSError, EOFError, pickle.UnpicklingError, ValueError):
            inbox.put((self, Failed(self._death(), fatal=True)))

    def silent_since(self) -> float:
        """Seconds."""
        return time.monotonic() - self._heard

    def _death(self) -> str:
        code = self._process.wait()
        if self.silent_since() > self._limits.silence:
            return f"gave no result for {self._limits.silence:g} s; stopped. Does its disk answer?"
        if code == -getattr(signal, "SIGXCPU", 0):
            return f"took more than {self._limits.step} s of CPU without a result; stopped. Is the file damaged?"
        if code == -signal.SIGKILL:
            return "its reader was killed, probably for lack of memory"
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return f"its reader crashed ({name}); the file is probably damaged"

    def abandon(self, inbox: Queue[tuple[_Worker, Any]]) -> None:
        """Kill it while its thread may be waiting for room in the inbox."""
        self.kill()
        while self._thread.is_alive():
            with contextlib.suppress(Empty):
                inbox.get_nowait()
            self._thread.join(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()
