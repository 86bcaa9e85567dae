"""What `doctor` counts: documents, chunks, caches, the towers' outputs and the store must tell the same story."""

from __future__ import annotations

from commonplace.assembly import Assembly, tower_of
from commonplace.config import Settings
from commonplace.database import FILES
from commonplace.failures import DAMAGED


def diagnose(opened: Assembly, settings: Settings, *, repair: bool = False) -> list[str]:
    """What is wrong, each with the next step. repair: mend it from what is stored, and say so."""
    records, store = opened.records, opened.store
    next_step = "Mended." if repair else "Run `commonplace doctor --repair`."
    complaints = [
        f"{file} is damaged ({why}). "
        + (DAMAGED if file.name == FILES["main"] else "Remove it and run `commonplace update`: it is made anew.")
        for file, why in records.damaged_files()
    ]
    if complaints:
        return complaints  # counts of a damaged file say nothing
    lost, strays = disagreement(opened)
    if lost:
        complaints.append(f"{len(lost)} chunks are not in the store. {next_step}")
    if strays:
        complaints.append(f"{len(strays)} points of the store belong to no document. {next_step}")
    towers = {lane: tower_of(opened.space, lane).stored for lane in opened.manifest.lanes}
    expected = {lane: records.count_lane(lane, tower.fingerprint) for lane, tower in towers.items()}
    found = {lane: store.count(lane=lane) for lane in expected}
    differing = {lane for lane in expected if not lost and not strays and found[lane] != expected[lane]}
    complaints += [
        f"the store has {found[lane]} vectors of lane {lane!r}, the records know of {expected[lane]}. {next_step}"
        for lane in sorted(differing)
    ]
    worded = store.count(lane="bm25")
    if not lost and not strays and worded != (chunks := len(ids := records.chunk_ids())):
        batches = (records.chunks(ids[start : start + 500]) for start in range(0, chunks, 500))
        silent = sum(not opened.wording.terms(chunk) for batch in batches for chunk in batch.values())
        if worded != chunks - silent:
            differing.add("bm25")
            complaints.append(f"{worded} chunks of the store have words, {chunks - silent} should. {next_step}")
    for table, count in records.orphans().items():
        complaints.append(f"{count} rows of {table} belong to nothing. {next_step}")
    if unread := records.unread_pictures():
        waits = "Run `commonplace update`: it reads them again." if repair else next_step
        complaints.append(f"{len(unread)} pictures have neither words nor thumbnail in the cache. {waits}")
    if unfinished := list(records.documents("writing")):
        complaints.append(f"{len(unfinished)} documents were not read to the end. Run `commonplace update`.")
    if repair:
        from commonplace.generations import fill

        with records.transaction():
            records.orphans(remove=True)
            records.read_again(unread)
        if lost or strays or differing:
            fill(opened, settings, lambda done, total, name: None, only_missing=not differing)
    return complaints


def disagreement(opened: Assembly) -> tuple[set[str], set[str]]:
    """Chunks of the records that the store has lost, and points of the store that no record knows."""
    in_records, in_store = set(opened.records.chunk_ids()), set(opened.store.ids())
    return in_records - in_store, in_store - in_records
