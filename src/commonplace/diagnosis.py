"""What `doctor` counts: documents, chunks, caches, the towers' outputs and the store must tell the same story."""

from __future__ import annotations

from commonplace.assembly import Assembly, towers_of
from commonplace.config import Settings
from commonplace.failures import DAMAGED
from commonplace.home.database import FILES
from commonplace.ingest import wording


def diagnose(opened: Assembly, settings: Settings, *, repair: bool = False) -> list[str]:
    """What is wrong, each with the next step. repair: mend it from what is stored, and say so."""
    from commonplace.generations import fill

    records = opened.records
    next_step = "Mended." if repair else "Run `commonplace doctor --repair`."
    complaints = [
        f"{file} is damaged ({why}). "
        + (DAMAGED if file.name == FILES["main"] else "Remove it and run `commonplace update`: it is made anew.")
        for file, why in records.damaged_files()
    ]
    if complaints:
        return complaints  # counts of a damaged file say nothing
    orphans, unread, unfinished = records.orphans(), records.unread_pictures(), list(records.documents("writing"))
    if repair:
        with records.transaction():
            records.orphans(remove=True)
            records.read_again(unread)
    lost, strays = disagreement(opened)
    if lost:
        complaints.append(f"{len(lost)} chunks are not in the store. {next_step}")
    if strays:
        complaints.append(f"{len(strays)} points of the store belong to no document. {next_step}")
    if repair and (lost or strays):
        fill(opened, settings, only_missing=True)
    if repair or not (lost or strays):  # else the lanes cannot be right
        miscounted = _miscounted(opened)
        complaints += [f"{said} {next_step}" for said in miscounted]
        if repair and miscounted:
            fill(opened, settings)
    complaints += [f"{count} rows of {table} belong to nothing. {next_step}" for table, count in orphans.items()]
    if unread:
        waits = "Run `commonplace update`: it reads them again." if repair else next_step
        complaints.append(f"{len(unread)} pictures have neither words nor thumbnail in the cache. {waits}")
    if unfinished:
        complaints.append(f"{len(unfinished)} documents were not read to the end. Run `commonplace update`.")
    return complaints


def disagreement(opened: Assembly) -> tuple[set[str], set[str]]:
    """Chunks of the records that the store has lost, and points of the store that no record knows."""
    in_records, in_store = set(opened.records.chunk_ids()), set(opened.store.ids())
    return in_records - in_store, in_store - in_records


def _miscounted(opened: Assembly) -> list[str]:
    """Lanes of the store that have more or fewer chunks than the records say."""
    records, store, found = opened.records, opened.store, []
    for lane in opened.manifest.lanes:
        known = sum(records.count_lane(lane, tower.stored.fingerprint) for tower in towers_of(opened.space, lane))
        if (held := store.count(lane=lane)) != known:
            found.append(f"the store has {held} vectors of lane {lane!r}, the records know of {known}.")
    worded = store.count(lane="bm25")
    if worded != len(records.chunk_ids()):  # some may have no words
        wanted = sum(bool(wording.terms(chunk)) for chunk in records.every_chunk())
        if worded != wanted:
            found.append(f"{worded} chunks of the store have words, {wanted} should.")
    return found
