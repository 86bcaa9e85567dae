"""What is in a collection: documents are added, brought up to date and removed, pictures labelled."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from commonplace.assembly import Assembly
from commonplace.config import Settings
from commonplace.diagnosis import disagreement
from commonplace.errors import UsageError
from commonplace.home.records import Records
from commonplace.home.rows import Document, Root
from commonplace.ingest.pipeline import AddReport, Progress
from commonplace.ingest.scan import Plan, Problem, scan
from commonplace.ingest.walk import source_of
from commonplace.vectors.normalise import unit_rows
from commonplace.zero_shot import NONE, Judge


def absolute(paths: Sequence[str | Path], own: Path) -> list[Path]:
    """What is to be added, not resolved: links keep their names. own: the collection's folder, which is no document.

    Raises UsageError.
    """
    roots = [Path(os.path.abspath(Path(path).expanduser())) for path in paths]
    for root in roots:
        if not os.path.lexists(root):
            raise UsageError(f"{root} does not exist; expected a file or folder to add. Check the path.")
        if root == own or own in root.parents:
            raise UsageError(f"{root} is this collection's own folder; expected documents. Add another folder.")
    return roots


def add(
    opened: Assembly,
    settings: Settings,
    roots: Sequence[Path],
    include: Sequence[str],
    exclude: Sequence[str],
    retry: bool,
    progress: Progress,
) -> AddReport:
    """See `Collection.add`."""
    options = {"include": list(include), "exclude": list(exclude)}
    with opened.records.transaction():
        outermost = _outermost(roots, opened.records)
        registered = [opened.records.put_root(root, source_of(root.name), options) for root in outermost]
    return _ingest(opened, settings, registered, retry, progress, only=roots)[0]


def update(opened: Assembly, settings: Settings, retry: bool, progress: Progress) -> AddReport:
    """See `Collection.update`."""
    if retry:
        lost, strays = disagreement(opened)
        opened.store.delete(strays)
        opened.records.read_again(lost)
    roots = opened.records.roots()
    # A root that is gone as a whole may be a disk that is not mounted: that must not empty the collection.
    present = [root for root in roots if os.path.lexists(root.path)]
    absent = tuple(
        Problem(root.name, f"{root.path} is not there, its documents were kept; `remove` them if it is gone for good")
        for root in roots
        if root not in present
    )
    report, plan = _ingest(opened, settings, present, retry, progress)
    walked = {root.id for root in present}
    gone = [d for d in opened.records.documents() if d.root in walked and d.source not in plan.seen]
    removed = opened.pipeline(settings).remove(gone)
    return replace(report, removed=removed, skipped=report.skipped + absent)


def remove(opened: Assembly, settings: Settings, sources: Sequence[str]) -> int:
    """See `Collection.remove`."""
    chosen: dict[int, Document] = {}
    for source in sources:
        prefix = source.rstrip("/") + "/"
        matching = [d for d in opened.records.documents() if d.source == source or d.source.startswith(prefix)]
        if not matching:
            raise UsageError(f"no document {source!r} in {opened.home}. `commonplace status --documents` lists them.")
        chosen |= {document.id: document for document in matching}
    return opened.pipeline(settings).remove(chosen.values())


def label(opened: Assembly, settings: Settings, labels: Sequence[str], least: float) -> dict[str, int]:
    """See `Collection.label`."""
    if "image" not in opened.space.encoders:
        raise UsageError(f"{opened.space.name!r} has no encoder of pictures; labels are theirs. Use another space.")
    judge = Judge(opened.space, labels, none_of_these=True)
    encoder = opened.space.encoders["image"]
    vectors = opened.records.vectors(encoder.stored.fingerprint, opened.records.pictures())
    judged = judge(encoder.finish(unit_rows(np.stack(list(vectors.values()))))) if vectors else []
    best = {
        media: next(found for found in answer if found[0] != NONE)
        for media, answer in zip(vectors, judged, strict=True)
    }
    kept = {media: found for media, found in best.items() if found[1] >= least}
    opened.pipeline(settings).label(kept)
    counts = Counter(label for label, _ in kept.values())
    return {label: counts[label] for label in judge.labels if label != NONE}


def _ingest(
    opened: Assembly,
    settings: Settings,
    roots: Sequence[Root],
    retry: bool,
    progress: Progress,
    only: Sequence[Path] = (),
) -> tuple[AddReport, Plan]:
    began = time.monotonic()
    own = opened.home.folder
    plan = scan(opened.records, roots, max_bytes=settings.max_bytes, collection=own, only=only, retry=retry)
    pipeline = opened.pipeline(settings)
    pipeline.skip(plan.skipped)
    towers = {medium: tower.stored.fingerprint for medium, tower in opened.space.media.items()}
    jobs = [replace(job, home=opened.home.workers, towers=towers) for job in plan.to_read]
    report = pipeline.run(jobs, progress)
    unread = (Problem(skipped.source, skipped.reason) for skipped, _ in plan.skipped)
    opened.measure()
    if jobs:
        opened.store.flush()
    report = replace(
        report,
        skipped=tuple(sorted((*unread, *report.skipped), key=lambda problem: problem.source)),
        failed=report.failed + tuple(plan.still_failed),
        unchanged=report.unchanged + plan.unchanged,
        left_out=dict(plan.left_out),
        seconds=round(time.monotonic() - began, 3),
    )
    return report, plan


def _outermost(paths: Sequence[Path], records: Records) -> list[Path]:
    """A path inside a root that is there already belongs to that root: its files are not kept twice."""
    known = [root.path for root in records.roots()]
    return list(
        dict.fromkeys(next((root for root in known if root == path or root in path.parents), path) for path in paths)
    )
