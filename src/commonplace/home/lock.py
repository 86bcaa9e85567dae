"""One process at a time: a lock file that says who holds it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from commonplace.errors import CollectionLocked


class CollectionLock:
    """Held by the operating system, so that it ends with the process however that ends.

    wait  seconds to wait for another holder, as short commands often follow each other
    name  of the file: `lock` to have the collection open, `lock-writing` so that nobody else changes what is in it
    """

    def __init__(self, folder: Path, wait: float, name: str = "lock") -> None:
        self._holder = folder / f"{name}.json"
        self._lock = FileLock(folder / name)
        try:
            self._lock.acquire(timeout=wait, poll_interval=0.05)
        except Timeout:
            doing = "in use" if name == "lock" else "being changed"
            raise CollectionLocked(
                f"{folder} is {doing} by {self._describe_holder()}; expected to have it alone. "
                "Wait until that has ended, or stop it."
            ) from None
        holder = {"pid": os.getpid(), "command": command(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
        with contextlib.suppress(OSError):  # a full disk: the lock itself holds, only its description is missing
            self._holder.write_text(json.dumps(holder), encoding="utf-8")

    def _describe_holder(self) -> str:
        try:
            holder = json.loads(self._holder.read_text(encoding="utf-8"))
            return f"process {holder['pid']} (`{holder['command']}`, since {holder['since']})"
        except (OSError, ValueError, KeyError):
            return "another process"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._holder.unlink()
        self._lock.release()


def command() -> str:
    return " ".join([Path(sys.argv[0]).name or "python", *sys.argv[1:]])[:200]
