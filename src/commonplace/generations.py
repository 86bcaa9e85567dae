"""The next generation of a collection: built beside the live one from what is stored, flipped to at once, kept to roll
back to.

A kill while it is built leaves the live one as it was, and the same command goes on from there. Texts, OCR and the
towers' outputs are reused, so that a change of code, dimension, analyser or store calls no model.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from commonplace.assembly import Assembly, draft_manifest, open_generation, store_location, tower_outputs, towers_of
from commonplace.errors import CollectionError, CorruptCollection, UsageError
from commonplace.generation import (
    FORMAT,
    Golden,
    Identity,
    Manifest,
    read_manifest,
    write_golden,
    write_identity,
    write_manifest,
)
from commonplace.home.base import Home
from commonplace.home.files import Files
from commonplace.home.records import Records
from commonplace.ingest import wording
from commonplace.profiles import Code
from commonplace.stores import remove_store
from commonplace.types import MEDIUM, Medium
from commonplace.vectors.normalise import unit_rows
from commonplace.vectors.transforms import Transform

if TYPE_CHECKING:
    from commonplace.config import Settings
    from commonplace.encoders.base import Encoder
    from commonplace.evaluation.golden import Questions
    from commonplace.spaces.space import Space

Progress = Callable[[int, int, str], None]

BATCH = 256


@dataclass(frozen=True, slots=True)
class LaneChange:
    """dim: None for all that the tower has. method: how to get there, if the space was trained for it or not."""

    code: Code = field(default_factory=Code)
    dim: int | None = None
    method: Literal["truncate", "pca"] = "truncate"


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different in the next generation.

    model  name of a space, None for the same
    lanes  dense lane -> its code and dimension; the others stay as they are
    """

    model: str | None = None
    lanes: Mapping[str, LaneChange] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Built:
    """A generation that was built, or returned to."""

    generation: str
    chunks: int
    encoded: int
    """Pictures and recordings that a tower looked at anew."""
    agreement: float | None = None
    """Of 20 sampled chunks: share of the 10 nearest, in both generations; None where spaces differ."""
    golden: Golden | None = None
    """What it answers, where there were questions."""


def begin(opened: Assembly, change: Change, home: Home) -> tuple[Assembly, bool]:
    """A generation that is to be built, and whether it was begun before. It has records of its own to read from, those
    of `home`, so that `opened` may be closed meanwhile."""
    from commonplace.spaces.registry import canonical, load_space

    files, url = home.files, home.url
    name = canonical(change.model) if change.model else opened.identity.space
    space = load_space(name)
    manifest = _target(opened.manifest, change, space, url)
    wanted = {"manifest": asdict(manifest), "change": asdict(change), "records": opened.records.version()}
    number = _begun(files, wanted, url)
    resumed = number is not None
    if number is None:
        number = f"{max(map(int, generations(files))) + 1:04d}"
        _fit(opened, manifest, change, files / "generations" / number, space)
        (files / "generations" / number / "building.json").write_json(wanted)
    generation = files / "generations" / number
    manifest = read_manifest(generation)
    store = open_generation(generation, manifest, url, create=True)
    return Assembly(home, Identity(FORMAT, number, name), manifest, Records(home.database()), store, space), resumed


def construct(made: Assembly, settings: Settings, progress: Progress, *, resumed: bool) -> int:
    """Write all chunks into a generation that was begun; how many pictures and recordings its towers had to look at."""
    encoded = _encode_media(made, settings, progress)
    fill(made, settings, progress, only_missing=resumed)
    return encoded


def flip(opened: Assembly, made: Assembly, encoded: int, *, questions: Questions | None = None) -> Built:
    """Compare a generation that is whole with the live one, and make it the live one.

    Raises CollectionError, with the live generation as it was, if the new one does not hold what the live one does, or
    answers the questions worse.
    """
    chunks, agreed, golden = made.store.count(), agreement(opened, made), None
    if agreed is not None:
        with suppress(FileNotFoundError):  # the same scores
            (made.generation / "calibration.npz").write((opened.generation / "calibration.npz").read())
    made.measure()
    if questions is not None:
        golden = questions.compared(opened, made)
        write_golden(made.generation, golden)
    made.store.flush()
    (made.generation / "building.json").remove()
    whole = opened.store.count() == chunks  # else there is nothing to return to
    if whole:
        _leave(opened)
    else:
        opened.store.close()  # it is removed
    write_identity(opened.home.files, made.identity)  # the one moment at which searches see another generation
    kept = {made.identity.generation, *([opened.identity.generation] if whole else [])}
    for name in generations(opened.home.files):
        if name not in kept:
            _remove(opened.home.files / "generations" / name, opened.home.url)
    return Built(made.identity.generation, chunks, encoded, agreed, golden)


def fill(
    made: Assembly,
    settings: Settings,
    progress: Progress = lambda done, total, name: None,
    *,
    only_missing: bool = False,
) -> int:
    """Bring the store of a generation to what the records say; how many chunks it then has."""
    wanted, held = made.records.chunk_ids(), set(made.store.ids())
    made.store.delete(held.difference(wanted))
    ids = [id for id in wanted if not (only_missing and id in held)]
    missing, pipeline, done = iter(ids), made.pipeline(settings), len(wanted) - len(ids)
    while batch := list(islice(missing, BATCH)):
        pipeline.index(list(made.records.chunks(batch).values()), {})
        made.store.optimize()
        done += len(batch)
        progress(done, len(wanted), "chunks")
    progress(done, len(wanted), "their index")
    made.store.optimize(complete=True)
    if (count := made.store.count()) != len(wanted):
        raise CollectionError(
            f"the new generation holds {count} chunks, the records {len(wanted)}; expected as many. The collection "
            "is as it was. Run it again; if it stays, run `commonplace doctor`."
        )
    return len(wanted)


def rollback(opened: Assembly, settings: Settings, progress: Progress) -> Built:
    """Return to the generation before; what was added since is brought into it first."""
    files, current = opened.home.files, opened.identity.generation
    left = {name: (files / "generations" / name / "left.json").read_json() for name in generations(files, "left.json")}
    left.pop(current, None)
    if not left:
        raise UsageError(f"{opened.home} has no generation to return to; expected one from before the last rebuild.")
    name = max(left, key=lambda name: float(left[name]["at"]))
    fields, generation = left[name], files / "generations" / name
    identity, manifest = Identity(FORMAT, name, fields["space"]), read_manifest(generation)
    if fields["records"] == opened.records.version():
        chunks = len(opened.records.chunk_ids())
    else:
        from commonplace.spaces.registry import load_space

        store = open_generation(generation, manifest, opened.home.url, create=True)
        made = Assembly(opened.home, identity, manifest, opened.records, store, load_space(identity.space))
        try:
            chunks = fill(made, settings, progress)
            made.measure()
            store.flush()
        finally:
            store.close()
    _leave(opened)
    write_identity(files, identity)
    return Built(name, chunks, 0)


def generations(files: Files, marked: str = "manifest.json") -> list[str]:
    """Those that have a file of this name."""
    return (files / "generations").having(marked)


# -- steps


def _target(held: Manifest, change: Change, space: Space, url: str) -> Manifest:
    """The manifest of the new generation, but for the matrix of a PCA."""
    manifest = draft_manifest(space, url, Code())
    lanes = dict(manifest.lanes)
    for lane, draft in lanes.items():
        kept = held.lanes.get(lane, draft)
        if lane in change.lanes or kept.fingerprint != draft.fingerprint:
            code = change.lanes[lane].code if lane in change.lanes else kept.code
            kept = replace(draft, **asdict(code))
        lanes[lane] = kept
    return replace(manifest, lanes=lanes)


def _fit(opened: Assembly, manifest: Manifest, change: Change, generation: Files, space: Space) -> None:
    """Write the manifest, with the transforms of the lanes, fitted where need be."""
    generation.remove()
    lanes = dict(manifest.lanes)
    for lane, wanted in lanes.items():
        asked = change.lanes.get(lane, LaneChange())
        if asked.dim is not None and asked.dim != wanted.dim:
            transform = Transform.fit(asked.method, tower_outputs(opened.records, space, lane)[1], asked.dim)
            transform.save(generation, lane)
            lanes[lane] = replace(wanted, dim=transform.dim, transforms=(transform.name,))
        elif wanted.transforms:  # as in the generation before
            with suppress(FileNotFoundError):
                (generation / f"pca-{lane}.npy").write((opened.generation / f"pca-{lane}.npy").read())
    write_manifest(generation, replace(manifest, lanes=lanes))


def _begun(files: Files, wanted: Mapping[str, Any], url: str) -> str | None:
    """The generation that was being built for the same change when it was stopped; others half built are removed."""
    for name in generations(files, "building.json"):
        generation = files / "generations" / name
        with suppress(CorruptCollection):
            if (generation / "building.json").read_json() == json.loads(json.dumps(wanted)):
                return name
        _remove(generation, url)
    return None


def _encode_media(made: Assembly, settings: Settings, progress: Progress) -> int:
    """Pictures and recordings that the space's towers have not had, from their files; one whose file is gone stays
    without."""
    towers = {medium: tower.stored for medium, tower in made.space.media.items()}
    documents = {d.id: d for medium, tower in towers.items() for d in made.records.unseen(medium, tower.fingerprint)}
    if not documents:
        return 0
    from commonplace.ingest.reading import Job, Prepared
    from commonplace.ingest.sound import decoder
    from commonplace.ingest.workers import Done, Failed, Workers

    if "audio" in towers:
        decoder()
    place, prints = made.home.workers, {medium: tower.fingerprint for medium, tower in towers.items()}
    jobs = [Job(d.source, d.path, d.root, d.stamp, "", place, prints) for d in documents.values()]
    workers = Workers("commonplace.ingest.reading:read", settings.workers, settings.limits)
    pending: dict[Medium, dict[str, Any]] = {medium: {} for medium in towers}
    encoded = done = 0
    try:
        for job, message in workers.run(jobs):
            if isinstance(message, Prepared) and message.media is not None and message.media.item is not None:
                medium = MEDIUM[message.draft.modality]
                pending[medium][message.media.hash] = message.media.item
                if len(pending[medium]) >= towers[medium].batch_size:
                    encoded += _keep(made.records, towers[medium], pending[medium])
            if isinstance(message, Done | Failed):
                done += 1
                progress(done, len(jobs), job.source)
        encoded += sum(_keep(made.records, tower, pending[medium]) for medium, tower in towers.items())
    finally:
        workers.close()
    return encoded


def _keep(records: Records, encoder: Encoder, pending: dict[str, Any]) -> int:
    count = len(pending)
    if pending:
        vectors = encoder.encode(pending.values())
        with records.transaction():
            records.put_vectors(encoder.fingerprint, list(pending), vectors)
        pending.clear()
    return count


def agreement(opened: Assembly, made: Assembly) -> float | None:
    """Sampled chunks must have the same neighbours in both, and the same BM25 scores. None where the live one is not
    whole, or the new one does not hold the same vectors and words in another form."""

    def content(manifest: Manifest) -> object:
        return manifest.wording, {lane: (held.fingerprint, held.transforms) for lane, held in manifest.lanes.items()}

    if content(opened.manifest) != content(made.manifest) or opened.store.count() != made.store.count():
        return None
    ids = opened.records.chunk_ids()
    sample = random.Random(0).sample(ids, min(20, len(ids)))
    keys = opened.records.base_keys(sample).values()
    shared = total = 0
    for lane in made.manifest.lanes:
        wanted = sorted(key for words, media in keys if (key := media if lane == "media" else words) is not None)
        for tower in towers_of(made.space, lane):
            kept = opened.records.vectors(tower.stored.fingerprint, wanted)
            for query in tower.finish(unit_rows(np.stack(list(kept.values())))) if kept else ():
                before, after = ({hit.id for hit in each.store.dense(lane, query, 10)} for each in (opened, made))
                shared, total = shared + len(before & after), total + len(before)
    chunks = opened.records.chunks(sample)
    for chunk in chunks.values():
        terms = dict(list(wording.terms(chunk).items())[:4])
        was, now = ([hit.score for hit in each.store.sparse(terms, 10)] for each in (opened, made))
        if not np.allclose(was, now, rtol=1e-3):
            raise CollectionError(
                f"BM25 scores of the new store are {now[:3]}, those of the old one {was[:3]}; expected the same. "
                "The collection is as it was. Run `commonplace doctor`, then try again."
            )
    agreed = shared / total if total else 1.0
    if agreed < 0.9:  # half floats and codes move a few neighbours, lost vectors move many
        raise CollectionError(
            f"of the nearest chunks, {agreed:.0%} are the same in the old and the new store; expected nearly all. "
            "The collection is as it was. Run `commonplace doctor`, then try again."
        )
    return agreed


def _leave(opened: Assembly) -> None:
    fields = {"records": opened.records.version(), "space": opened.identity.space, "at": time.time()}
    (opened.generation / "left.json").write_json(fields)


def _remove(generation: Files, url: str) -> None:
    """With its store; one on a server that cannot be reached stays there."""
    with suppress(CollectionError, UsageError):
        manifest = read_manifest(generation)
        remove_store(manifest.store, store_location(generation, manifest, url))
    generation.remove()
