"""Settings, read from the environment at the edge and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from commonplace.errors import UsageError
from commonplace.ingest.workers import Limits

PREFIX = "COMMONPLACE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this machine is used. All but the limits can be set as COMMONPLACE_<NAME>."""

    workers: int = min(os.cpu_count() or 1, 8)
    """Processes that read files and run OCR."""
    max_bytes: int = 512 * 2**20
    """Larger files are skipped, with this reason."""
    lock_wait: float = 5.0
    """Seconds to wait for another process to let go of the collection."""
    home: Path = Path("~/.commonplace")
    """Where the records of collections are kept whose vectors are on a Qdrant server."""
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        values: dict[str, float] = {}
        for name, kind in (("workers", int), ("max_bytes", int), ("lock_wait", float)):
            text = environment.get(PREFIX + name.upper())
            if text is None:
                continue
            try:
                values[name] = kind(text)
            except ValueError:
                raise UsageError(f"{PREFIX}{name.upper()} is {text!r}; expected a number.") from None
            if values[name] < (1 if name == "workers" else 0):
                raise UsageError(f"{PREFIX}{name.upper()} is {text}; expected more.")
        home = environment.get(PREFIX + "HOME")
        return cls(**values, **({"home": Path(home)} if home else {}))  # type: ignore[arg-type]


def store_key(environment: Mapping[str, str] = os.environ) -> str:
    """The password or key of a store on a server, where its URL does not say it."""
    return environment.get(PREFIX + "STORE_KEY", "")
