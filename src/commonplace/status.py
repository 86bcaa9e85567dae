"""What a collection holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from commonplace.assembly import Assembly
from commonplace.generation import Golden, read_golden
from commonplace.ingest.scan import Problem
from commonplace.types import Modality


@dataclass(frozen=True, slots=True)
class Status:
    """What a collection holds, and how each file ended."""

    path: str
    """Its folder or URL."""
    space: str
    documents: dict[str, int]
    """State -> number of files."""
    chunks: dict[Modality, int]
    problems: tuple[Problem, ...]
    """Files that were skipped or failed."""
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Source -> parts of an indexed file that could not be read."""
    bytes: int = 0
    generation: str = ""
    store: str = ""
    """Name of the store, or its URL."""
    vectors: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Lane -> dimension and code of its vectors, and what `tune` proved of them."""
    golden: Golden | None = None
    """How the questions of its last `rebuild` were answered."""


def status(opened: Assembly) -> Status:
    documents = list(opened.records.documents())
    return Status(
        str(opened.home), opened.identity.space, dict(Counter(document.state for document in documents)),
        opened.records.count_chunks(),
        tuple(Problem(d.source, d.reason) for d in documents if d.state in ("failed", "skipped")),
        {d.source: d.notes for d in documents if d.notes and d.state == "indexed"},
        opened.home.bytes(), opened.identity.generation, opened.manifest.location or opened.manifest.store,
        opened.vectors_in_words(), read_golden(opened.generation),
    )  # fmt: skip
