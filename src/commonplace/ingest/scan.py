"""What there is to do: the files of the roots, held against what the collection knows of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from commonplace.home.records import Records
from commonplace.home.rows import Document, Root
from commonplace.ingest.reading import Job
from commonplace.ingest.walk import Skipped, walk


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is not in the collection, and why."""

    source: str
    reason: str


@dataclass(slots=True)
class Plan:
    """Every file of the roots is in exactly one of to_read, skipped, still_failed and unchanged."""

    to_read: list[Job] = field(default_factory=list)
    skipped: list[tuple[Skipped, int]] = field(default_factory=list)
    still_failed: list[Problem] = field(default_factory=list)
    """Failed before and not changed since: reading them again would fail again."""
    unchanged: int = 0
    seen: set[str] = field(default_factory=set)
    """Every source met, whatever became of it."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Files and folders that were passed over: "hidden", "ignored" by a .gitignore, "excluded" by the caller."""


def scan(
    records: Records,
    roots: Sequence[Root],
    *,
    max_bytes: int,
    collection: Path,
    only: Sequence[Path] = (),
    retry: bool = False,
) -> Plan:
    """Walk the roots without reading a file; a file is unchanged while its size and times are.

    collection  the collection's own folder, which is never part of itself
    only        restrict to these paths and what lies below them
    """
    known = {document.source: document for document in records.documents()}
    plan = Plan()
    for root in roots:
        include, exclude = root.options["include"], root.options["exclude"]
        for item in walk(root.path, include, exclude, max_bytes, plan.left_out):
            if item.path.is_relative_to(collection) or (only and not any(map(item.path.is_relative_to, only))):
                continue
            # The walk names sources after the root's folder; a second folder of that name is called `name~2`.
            _, slash, rest = item.source.partition("/")
            source = root.name + slash + rest
            plan.seen.add(source)
            if isinstance(item, Skipped):
                plan.skipped.append((Skipped(source, item.path, item.reason), root.id))
            else:
                _file(plan, known.get(source), Job(source, item.path, root.id, item.stamp), retry)
    return plan


def _file(plan: Plan, document: Document | None, found: Job, retry: bool) -> None:
    same = document is not None and document.stamp == found.stamp
    if document is not None and same and document.state == "indexed":
        plan.unchanged += 1
    elif document is not None and same and document.state == "skipped" and not retry:
        plan.skipped.append((Skipped(found.source, found.path, document.reason, found.stamp), found.root))
    elif document is not None and same and document.state == "failed" and not retry:
        plan.still_failed.append(Problem(found.source, document.reason))
    else:
        known = document.content if document is not None and document.state == "indexed" else ""
        plan.to_read.append(replace(found, known_content=known))
