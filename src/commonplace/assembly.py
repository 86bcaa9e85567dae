"""The parts of an open collection, joined: records, store, towers, words, ranking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from commonplace.config import store_key
from commonplace.encoders.onnx import general_words
from commonplace.errors import CorruptCollection, MissingCollection, SpaceMismatch
from commonplace.generation import (
    FORMAT,
    Identity,
    LaneManifest,
    Manifest,
    generation_folder,
    read_identity,
    read_manifest,
    write_identity,
    write_manifest,
)
from commonplace.home.base import Home
from commonplace.home.files import Files, Folder
from commonplace.home.records import Records
from commonplace.ingest import wording
from commonplace.lexical.analyser import terms
from commonplace.lexical.bm25 import term_id
from commonplace.profiles import OVERSAMPLING, Code, Profile
from commonplace.ranking.calibration import SAMPLE, Calibration, calibrate
from commonplace.searching.searcher import Searcher
from commonplace.stores import create_store, open_store, store_of
from commonplace.stores.base import Store
from commonplace.stores.networked import Location, replaced_path, with_options, with_secret
from commonplace.types import Vectors
from commonplace.vectors.transforms import Transform

if TYPE_CHECKING:
    from commonplace.config import Settings
    from commonplace.encoders.base import Encoder
    from commonplace.ingest.pipeline import Pipeline
    from commonplace.spaces.space import Space

DEFAULT_SPACE = "bundled"


class Assembly:
    """The parts of an open collection. Towers load when first used."""

    def __init__(
        self, home: Home, identity: Identity, manifest: Manifest, records: Records, store: Store, space: Space
    ) -> None:
        self.home, self.identity, self.manifest = home, identity, manifest
        self.records, self.store, self.space = records, store, space
        self._searcher: Searcher | None = None

    @classmethod
    def open(cls, home: Home, model: str | None, *, profile: Profile = "float", checked: bool = True) -> Self:
        """profile  of the vectors of a new collection
        checked  whether to refuse what other towers or words made: only a rebuild can do something about it
        """
        from commonplace.spaces.registry import canonical, load_space

        model = canonical(model) if model else None
        identity = read_identity(home.files)
        created = identity is None
        if identity is None:
            identity = Identity(FORMAT, "0001", model or DEFAULT_SPACE)
        elif model is not None and model != identity.space:
            raise SpaceMismatch(
                f"{home} holds vectors of {identity.space!r}, not of {model!r}; they would not compare. "
                f"Leave the model out, or make another collection with --model {model}."
            )
        space = load_space(identity.space)
        if created:
            space.load()  # a model that cannot be used must leave nothing behind
        generation = generation_folder(home.files, identity)
        expected = draft_manifest(space, home.url, Code(profile, OVERSAMPLING[profile]))
        records = Records(home.database(create=created))
        if created:
            write_manifest(generation, expected)
            open_generation(generation, expected, home.url, create=True).close()
            write_identity(home.files, identity)  # last: a collection exists once this file does
        manifest = read_manifest(generation)
        if checked:
            _check(home, manifest, expected)
        store = open_generation(generation, manifest, home.url, create=not checked)
        return cls(home, identity, manifest, records, store, space)

    def close(self) -> None:
        self.store.close()

    def pipeline(self, settings: Settings) -> Pipeline:
        from commonplace.ingest.pipeline import Pipeline

        return Pipeline(
            self.records, self.store, self.space.words, self.space.media,
            workers=settings.workers, limits=settings.limits,
        )  # fmt: skip

    def searcher(self) -> Searcher:
        if self._searcher is None:
            calibration = Calibration.load(self._calibration_file)
            self._searcher = Searcher(self.records, self.store, self.space, calibration)
        return self._searcher

    # -- what the collection knows of its own scores

    def forget(self) -> None:
        """What was remembered of the collection, as somebody has written."""
        self._searcher = None

    def measure(self) -> None:
        """Calibrate anew once the collection has grown or shrunk by a fifth."""
        self.forget()
        if not (chunks := self.store.count()):
            return
        known = Calibration.load(self._calibration_file)
        if known is not None and not known.outdated(chunks):
            return
        ids = sorted(self.store.ids())
        text = self.space.words

        def best(query: Vectors) -> float | None:
            rows = self.store.dense("text", query, 1)
            return rows[0].score if rows else None

        calibrate(
            {lane: self._sample(lane, ids) for lane in self.store.schema.dims},
            lambda queries: text.encode(queries, kind="query"), best, self._everyday(), chunks,
        ).save(self._calibration_file)  # fmt: skip

    def _sample(self, lane: str, ids: Sequence[str]) -> Vectors:
        """(n, d) of a lane, spread over the collection: ids are hashes, so any stretch of them is a fair sample."""
        found: list[Vectors] = []
        for start in range(0, len(ids), SAMPLE):
            found += self.store.vectors(lane, ids[start : start + SAMPLE]).values()
            if len(found) >= SAMPLE or (lane == "text" and found):
                break
        return np.stack(found[:SAMPLE]) if found else np.empty((0, self.store.schema.dims[lane]), np.float32)

    def _everyday(self) -> float:
        """Share of everyday English words that some chunk has."""
        words = general_words()[:5000:10]
        first = {term_id(found[0]) for word in words if (found := terms(word))}
        return len(self.store.frequencies(first)[1]) / len(first)

    @property
    def _calibration_file(self) -> Files:
        return self.generation / "calibration.npz"

    def vectors_in_words(self) -> dict[str, dict[str, Any]]:
        """Lane -> dimension, code, and the proof that `tune` left."""
        try:
            proof = (self.generation / "proof.json").read_json()
        except CorruptCollection:
            proof = {}
        return {
            lane: {"dim": held.dim, **asdict(held.code)} | ({"proof": proof[lane]} if lane in proof else {})
            for lane, held in self.manifest.lanes.items()
        }

    @property
    def generation(self) -> Files:
        return generation_folder(self.home.files, self.identity)


def towers_of(space: Space, lane: str) -> list[Encoder]:
    """What makes the vectors of a dense lane; none where the space has no such lane."""
    return [space.words] if lane == "text" else list(space.media.values())


def lane_fingerprint(towers: Sequence[Encoder]) -> str:
    """Of all towers of a lane together."""
    first, *others = [tower.fingerprint for tower in towers]
    return sha256(" ".join((first, *others)).encode()).hexdigest()[:32] if others else first


def tower_outputs(records: Records, space: Space, lane: str) -> tuple[list[str], Vectors]:
    """Ids of the chunks that have a vector in a dense lane, and those vectors (n, d), before any transform."""
    ids: list[str] = []
    rows: list[Vectors] = []
    for tower in towers_of(space, lane):
        own, vectors = records.lane_vectors(lane, tower.stored.fingerprint)
        if own:
            ids += own
            rows.append(tower.finish(vectors))
    return ids, np.concatenate(rows) if rows else np.empty((0, towers_of(space, lane)[0].dim), np.float32)


def draft_manifest(space: Space, url: str, code: Code) -> Manifest:
    """Of a generation of this space, without transforms."""
    lanes = {lane: towers for lane in ("text", "media") if (towers := towers_of(space, lane))}
    return Manifest(
        store_of(url),
        {
            lane: LaneManifest(towers[0].name, lane_fingerprint(towers), towers[0].dim, (), *astuple(code))
            for lane, towers in lanes.items()
        },
        wording.FINGERPRINT,
        Location.parse(url).url if url else "",
    )


def open_generation(generation: Files, manifest: Manifest, url: str, *, create: bool = False) -> Store:
    """The store of a generation, behind its transforms. create: make it if it is not there."""
    place = store_location(generation, manifest, url)
    try:
        store = open_store(manifest.store, place, manifest.schema)
    except MissingCollection as error:
        if not create:
            raise CorruptCollection(
                f"the vectors of {generation} are gone ({error}) Run `commonplace rebuild`: it makes them anew."
            ) from error
        store = create_store(manifest.store, place, manifest.schema)
    store.transforms = {
        lane: Transform.load(held.transforms[0], generation, lane)
        for lane, held in manifest.lanes.items()
        if held.transforms
    }
    return store


def store_location(generation: Files, manifest: Manifest, url: str) -> str | Path:
    """Where a generation's store is. On a server each has a name of its own, from that of the collection."""
    if manifest.store == "qdrant-edge":
        return _folder(generation) / "store"
    known = Location.parse(manifest.location)
    secret = (Location.parse(url).secret if url else "") or store_key()
    number = generation.name
    if manifest.store == "postgres":
        return with_secret(with_options(known.url, collection=f"{known.name}_{number}"), secret)
    named = replaced_path(known.url, f"{known.path}-{number}")
    return with_secret(with_options(named, statistics=str(_folder(generation) / "statistics.npz")), secret)


def _folder(generation: Files) -> Path:
    assert isinstance(generation, Folder), "only Postgres keeps the records elsewhere"
    return generation.path


def _check(home: Home, manifest: Manifest, expected: Manifest) -> None:
    """Vectors of different towers, or words of different analysers, never meet."""
    for lane, values in expected.lanes.items():
        held = manifest.lanes.get(lane)
        if held is None or held.fingerprint != values.fingerprint:
            raise SpaceMismatch(
                f"lane {lane!r} of {home} holds vectors of {held.encoder if held else 'nothing'} "
                f"({held.fingerprint[:12] if held else '-'}), this release encodes with {values.encoder} "
                f"({values.fingerprint[:12]}). `commonplace rebuild` makes them anew."
            )
    if manifest.wording != expected.wording:
        raise SpaceMismatch(
            f"the words of {home} were analysed by {manifest.wording}, this release uses {expected.wording}. "
            "`commonplace rebuild` makes them anew."
        )
