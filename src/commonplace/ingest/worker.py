"""The inside of a worker process: jobs in, messages out, until the parent goes. See `workers`."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import IO, Any

from commonplace.errors import CommonplaceError
from commonplace.ingest.workers import Done, Failed
from commonplace.lazy import load


def serve(target: str, memory: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    answers: IO[bytes] = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    _limit_memory(memory)
    run = load(target)

    def answer(message: Any) -> None:
        pickle.dump(message, answers)
        answers.flush()

    while True:
        try:
            job = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            for message in run(job):
                answer(message)
            answer(Done())
        except MemoryError:
            answer(Failed(f"needs more than {memory / 2**30:.1f} GiB of memory to read", fatal=True))
        except BrokenPipeError:
            return
        except Exception as error:
            known = isinstance(error, CommonplaceError | OSError)
            answer(Failed(_one_line(error) if known else f"{type(error).__name__}: {_one_line(error)}"))


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return " ".join(str(error).split()) or type(error).__name__


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; the time limits still hold there
        return
    # RLIMIT_DATA counts private memory; RLIMIT_AS would count every mapped model and library too.
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
