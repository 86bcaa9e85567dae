"""The inside of a worker process: jobs in, messages out, until the parent goes. See `workers`."""

from __future__ import annotations

import json
import math
import os
import pickle
import signal
import sys
import time
from typing import IO, Any

from commonplace.errors import CommonplaceError, UnreadableFile
from commonplace.ingest.workers import Done, Failed, Limits
from commonplace.lazy import load

try:
    import resource
except ImportError:  # Windows has no such limits; that on silence still holds there
    resource = None  # type: ignore[assignment]


def serve(target: str, limits: Limits) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    answers: IO[bytes] = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # RLIMIT_DATA counts private memory; RLIMIT_AS would count every mapped model and library too.
        resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))
    run = load(target)

    def answer(message: Any) -> None:
        pickle.dump(message, answers)
        answers.flush()

    while True:
        try:
            job = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        began = time.process_time()
        try:
            _limit_step(limits)
            for message in run(job):
                if time.process_time() - began > limits.total:
                    raise UnreadableFile(f"took more than {limits.total} s of CPU; stopped. Split it.")
                answer(message)
                _limit_step(limits)
            answer(Done())
        except MemoryError:
            answer(Failed(f"needs more than {limits.memory / 2**30:.1f} GiB of memory to read", fatal=True))
        except BrokenPipeError:
            return
        except Exception as error:
            known = isinstance(error, CommonplaceError | OSError)
            answer(Failed(_one_line(error) if known else f"{type(error).__name__}: {_one_line(error)}"))


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__


def _limit_step(limits: Limits) -> None:
    """The system ends this process by SIGXCPU if the next message takes longer, wherever it hangs."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        until = math.ceil(time.process_time()) + limits.step
        resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))


if __name__ == "__main__":
    serve(sys.argv[1], Limits(**json.loads(sys.argv[2])))
