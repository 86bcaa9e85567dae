"""What `export`, `import` and `doctor --repair` promise."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from collection.test_generations import QUERY, ids, stop_at

from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.errors import MissingCollection, MissingExtra, UsageError
from commonplace.portable import ExportFormat
from commonplace.stores.guards import copy_tree


@pytest.fixture
def mine(handbook_path: Path, tmp_path: Path) -> Iterator[Collection]:
    copy_tree(handbook_path, tmp_path / "mine")
    with Collection(tmp_path / "mine") as collection:
        yield collection


@pytest.fixture
def no_documents_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = Encoder.encode

    def refused(self: Encoder, items: object, kind: str = "document") -> object:
        assert kind == "query", "a model was called"
        return encode(self, items, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoder, "encode", refused)


@pytest.mark.parametrize("format", get_args(ExportFormat))
@pytest.mark.usefixtures("no_documents_encoded")
def test_an_export_becomes_the_same_collection_without_a_model_call(
    mine: Collection, tmp_path: Path, format: ExportFormat
) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow", reason="needs pip install 'commonplace[parquet]'")
    before, status = ids(mine), mine.status()
    Collection(mine.path).export(tmp_path / "export", format)  # of another holder, while `mine` is open
    with Collection(tmp_path / "again") as again:
        built = again.import_from(tmp_path / "export")
        assert built.chunks == sum(status.chunks.values())
        assert ids(again) == before
        assert again.status().documents == status.documents
        assert again.doctor() == []
        chunk = again.get(before[0])
        assert chunk == mine.get(before[0])
        with pytest.raises(UsageError, match="no generation to return to"):
            again.rollback()


def test_parquet_is_read_by_others_and_vectors_are_lists_of_numbers(mine: Collection, tmp_path: Path) -> None:
    if find_spec("pyarrow") is None:
        with pytest.raises(MissingExtra, match=r"pip install 'commonplace\[parquet\]'"):
            mine.export(tmp_path / "export", "parquet")
        return
    parquet = import_module("pyarrow.parquet")
    mine.export(tmp_path / "export", "parquet")
    opened = mine._open()
    chunks = parquet.read_table(tmp_path / "export" / "chunks.parquet").to_pylist()
    assert {row["id"] for row in chunks} == set(opened.records.chunk_ids())
    tower = opened.space.words.stored.fingerprint
    for file in (tmp_path / "export").glob("vectors-*.parquet"):
        table = parquet.read_table(file)
        assert str(table.schema.field("vector").type) == "fixed_size_list<element: float>[384]"
        if table["encoder"][0].as_py() == tower:
            found = {row["key"]: row["vector"] for row in table.to_pylist()}
            key = next(row["words_key"] for row in chunks if row["words_key"])
            np.testing.assert_array_equal(found[key], opened.records.vectors(tower, [key])[key])
    pictures = parquet.read_table(tmp_path / "export" / "pictures.parquet").to_pylist()
    assert {f"{row['hash']}.webp" for row in pictures} == {f.name for f in (tmp_path / "export" / "media").iterdir()}
    (tmp_path / "export" / "chunks.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match=r"chunks\.parquet cannot be read"):
        Collection(tmp_path / "again").import_from(tmp_path / "export")


def test_an_import_that_was_stopped_goes_on(mine: Collection, tmp_path: Path) -> None:
    before = ids(mine)
    mine.export(tmp_path / "export")
    with pytest.raises(KeyboardInterrupt), Collection(tmp_path / "again") as again:
        again.import_from(tmp_path / "export", stop_at(1))
    with pytest.raises(UsageError, match="is not empty"), Collection(tmp_path / "again") as again:
        again.import_from(mine.path)
    with Collection(tmp_path / "again") as again:
        again.import_from(tmp_path / "export")
        assert ids(again) == before
        with pytest.raises(UsageError, match="is not empty"):
            again.import_from(tmp_path / "export")


def test_an_export_wants_a_collection_and_an_empty_folder(mine: Collection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not empty"):
        mine.export(mine.path)
    with pytest.raises(MissingCollection):
        Collection(tmp_path / "none").export(tmp_path / "export")
    with pytest.raises(MissingCollection), Collection(tmp_path / "new") as new:
        new.import_from(tmp_path / "nowhere")


@pytest.mark.usefixtures("no_documents_encoded")
def test_doctor_finds_and_mends_what_differs_between_records_caches_and_store(mine: Collection) -> None:
    assert mine.doctor() == []
    before = ids(mine)
    store, some = mine._open().store, mine._open().records.chunk_ids()
    stray = store.vectors("text", some)
    store.delete(some[:3])
    assert mine.doctor() == ["3 chunks are not in the store. Run `commonplace doctor --repair`."]
    assert mine.doctor(repair=True) == ["3 chunks are not in the store. Mended."]
    assert mine.doctor() == []
    assert len(store.vectors("text", some)) == len(stray)
    mine.close()
    with sqlite3.connect(mine.path / "base" / "vectors.sqlite") as base:
        base.execute("INSERT INTO vectors VALUES ('tower', 'nobody', x'00')")
    base.close()
    assert mine.doctor(repair=True) == ["1 rows of vectors belong to nothing. Mended."]
    assert mine.doctor() == []
    assert ids(mine) == before


def test_doctor_counts_each_lane(mine: Collection) -> None:
    from dataclasses import replace

    opened = mine._open()
    pipeline = opened.pipeline(mine.settings)
    upsert = opened.store.upsert
    chunk = next(c for c in opened.records.chunks(opened.records.chunk_ids()).values() if c.modality == "text")
    opened.store.upsert = lambda points: upsert([replace(p, vectors={}) for p in points])  # type: ignore[method-assign]
    pipeline.index([chunk], {})
    del opened.store.upsert
    (complaint,) = mine.doctor(repair=True)
    assert "vectors of lane 'text', the records know of" in complaint
    assert mine.doctor() == []


def test_a_picture_that_the_cache_lost_is_read_again(mine: Collection, folder: Callable[..., Path]) -> None:
    del folder
    mine.close()
    with sqlite3.connect(mine.path / "cache" / "pictures.sqlite") as cache:
        cache.execute("DELETE FROM pictures WHERE hash = (SELECT min(hash) FROM pictures)")
    cache.close()
    (complaint,) = mine.doctor(repair=True)
    assert complaint.startswith("1 pictures have neither words nor thumbnail in the cache. Run `commonplace update`")
    assert "documents were not read to the end" in " ".join(mine.doctor())


def test_the_queries_of_these_tests_find_something(mine: Collection) -> None:
    assert len(mine.search(QUERY).hits) == 10
