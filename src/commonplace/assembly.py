"""The parts of an open collection, joined: records, store, towers, words, ranking."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from commonplace.encoders.onnx import general_words
from commonplace.errors import CorruptCollection, SpaceMismatch
from commonplace.failures import DAMAGED
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
from commonplace.ingest.wording import Wording
from commonplace.lexical.analyser import Analyser
from commonplace.lexical.bm25 import term_id
from commonplace.ranking.calibration import SAMPLE, Calibration, calibrate
from commonplace.records import Records
from commonplace.search import Fusion, Searcher
from commonplace.stores import create_store, open_store
from commonplace.stores.base import Schema, Store
from commonplace.types import Vectors

if TYPE_CHECKING:
    from commonplace.config import Settings
    from commonplace.ingest.pipeline import Pipeline
    from commonplace.spaces.space import Space

STORE = "qdrant-edge"
DEFAULT_SPACE = "bundled"


class Assembly:
    """The parts of an open collection. Towers load when first used."""

    def __init__(
        self, folder: Path, identity: Identity, manifest: Manifest, records: Records, store: Store, space: Space
    ) -> None:
        self.folder, self.identity, self.manifest = folder, identity, manifest
        self.records, self.store, self.space = records, store, space
        self.wording = Wording(Analyser())
        self._searcher: Searcher | None = None

    @classmethod
    def open(cls, folder: Path, model: str | None) -> Self:
        from commonplace.spaces.registry import load_space

        identity = read_identity(folder)
        created = identity is None
        if identity is None:
            identity = Identity(FORMAT, "0001", model or DEFAULT_SPACE)
        elif model is not None and model != identity.space:
            raise SpaceMismatch(
                f"{folder} holds vectors of {identity.space!r}, not of {model!r}; they would not compare. "
                f"Leave the model out, or make another collection with --model {model}."
            )
        space = load_space(identity.space)
        generation = generation_folder(folder, identity)
        expected = _manifest(space)
        records = Records(folder, create=created)
        try:
            if created:
                write_manifest(generation, expected)
                if not (generation / "store").exists():
                    create_store(STORE, generation / "store", _schema(expected)).close()
                write_identity(folder, identity)  # last: a collection exists once this file does
            manifest = read_manifest(generation)
            _check(folder, manifest, expected)
            if not (generation / "store").exists():
                raise CorruptCollection(f"{generation / 'store'} is gone; expected the vectors. {DAMAGED}")
            store = open_store(manifest.store, generation / "store", _schema(manifest))
        except BaseException:
            records.close()
            raise
        return cls(folder, identity, manifest, records, store, space)

    def close(self) -> None:
        try:
            self.store.close()
        finally:
            self.records.close()

    def pipeline(self, settings: Settings) -> Pipeline:
        from commonplace.ingest.pipeline import Pipeline

        return Pipeline(
            self.folder, self.records, self.store, self.wording, self.space.encoders["text"],
            self.space.encoders.get("image"), workers=settings.workers, limits=settings.limits,
        )  # fmt: skip

    def searcher(self) -> Searcher:
        if self._searcher is None:
            encoders = self.space.encoders
            self._searcher = Searcher(
                self.records, self.store, self.wording, encoders["text"], encoders.get("image"),
                Calibration.load(self._calibration_file), Fusion(),
            )  # fmt: skip
        return self._searcher

    # -- what the collection knows of its own scores

    def measure(self) -> None:
        """Calibrate anew once the collection has grown or shrunk by a fifth."""
        self._searcher = None  # what it remembers may have changed
        if not (chunks := self.store.count()):
            return
        known = Calibration.load(self._calibration_file)
        if known is not None and not known.outdated(chunks):
            return
        ids = sorted(self.store.ids())
        text = self.space.encoders["text"]

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
        first = {term_id(terms[0]) for word in words if (terms := self.wording.analyser.terms(word))}
        return len(self.store.frequencies(first)[1]) / len(first)

    @property
    def _calibration_file(self) -> Path:
        return generation_folder(self.folder, self.identity) / "calibration.npz"


def _manifest(space: Space) -> Manifest:
    lanes = {"text": space.encoders["text"]} | ({"media": space.encoders["image"]} if "image" in space.encoders else {})
    return Manifest(
        STORE,
        {lane: LaneManifest(encoder.name, encoder.fingerprint, encoder.dim) for lane, encoder in lanes.items()},
        Wording(Analyser()).fingerprint,
    )


def _schema(manifest: Manifest) -> Schema:
    return Schema({lane: values.dim for lane, values in manifest.lanes.items()})


def _check(folder: Path, manifest: Manifest, expected: Manifest) -> None:
    """Vectors of different towers, or words of different analysers, never meet."""
    for lane, values in expected.lanes.items():
        held = manifest.lanes.get(lane)
        if held is None or held.fingerprint != values.fingerprint:
            raise SpaceMismatch(
                f"lane {lane!r} of {folder} holds vectors of {held.encoder if held else 'nothing'} "
                f"({held.fingerprint[:12] if held else '-'}), this release encodes with {values.encoder} "
                f"({values.fingerprint[:12]}). Add the documents to a new collection, or use the release that made it."
            )
    if manifest.wording != expected.wording:
        raise SpaceMismatch(
            f"the words of {folder} were analysed by {manifest.wording}, this release uses {expected.wording}. "
            "Add the documents to a new collection, or use the release that made it."
        )
