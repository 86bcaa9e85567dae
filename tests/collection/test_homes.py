"""What every home of a collection promises of its files and records, whatever keeps them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from commonplace.config import Settings
from commonplace.errors import CorruptCollection
from commonplace.home.base import FolderHome, Home, home_of, look
from commonplace.home.database import TABLES
from commonplace.home.records import Records
from commonplace.home.rows import Document, Reading
from commonplace.types import Chunk, Locator, Mention, Word

SOURCES = ("notes/a.md", "notes/b+(1).md", "notes/sub/c.txt", "notes/Ä 100%.md", "other/a.md")


@pytest.fixture
def home(anywhere: str | Path) -> Iterator[Home]:
    with closing(home_of(anywhere, Settings.from_environment())) as made:
        made.database(create=True)
        yield made


@pytest.fixture
def records(home: Home) -> Records:
    return Records(home.database())


def filled(records: Records) -> list[Document]:
    root = records.put_root(Path(os.fsdecode(b"/no\xff unicode")), "notes", {"include": ["*.md"]})
    documents = [records.begin_document(source, root.id, Path("/x") / source, "1:2") for source in SOURCES]
    for document in documents:
        for position in range(2):
            id = f"{document.id:08x}{position:08x}"
            chunk = Chunk(
                id, document.source, "text", Locator(page=position + 1), "T", f"text {id}", media=f"m{position}"
            )
            records.put_chunk(chunk, document, position, Mention(document.source, alt="own"))
            records.put_words_keys([(id, f"w{id}" if position else None)])
    for picture in ("notes/b+(1).md", "notes/a.md", "notes/a.md"):
        records.put_mention(documents[0].id, "one.png", picture, Mention(SOURCES[0], paragraph=f"of {picture}"))
    records.put_mention(documents[1].id, "none.png", None, Mention(SOURCES[1], alt="not there"))
    records.put_reading(Reading("m0", 3, 4, (Word("said", 0.9, (0, 0, 1, 1)),), b"\x00webp"), "ocr-1")
    records.put_vectors("tower", ["m0", "m1"], np.eye(2, 4, dtype=np.float32))
    records.put_labels({"m1": ("diagram", 0.75)})
    return documents


def rows(records: Records) -> dict[str, list[dict[str, object]]]:
    tables = {table: records._db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    return {
        table: sorted(({name: row[name] for name in row.keys()} for row in found), key=repr)  # noqa: SIM118 - no dict
        for table, found in tables.items()
    }


def test_files_are_written_found_and_removed_by_name(home: Home) -> None:
    generations = home.files / "generations"
    for name in ("0002", "0001"):
        (generations / name / "manifest.json").write_json({"n": name})
    (generations / "0002" / "left.json").write(b"{}")
    (generations / "0001" / "manifest.json").write_json({"n": "again"})
    assert generations.having("manifest.json") == ["0001", "0002"]
    assert generations.having("left.json") == ["0002"]
    assert (generations / "0001" / "manifest.json").read_json() == {"n": "again"}
    assert (generations / "0001").name == "0001"
    (generations / "0002").remove()
    (generations / "0002").remove()
    assert generations.having("manifest.json") == ["0001"]
    with pytest.raises(FileNotFoundError):
        (generations / "0002" / "left.json").read()


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", None])
def test_a_file_that_is_not_what_was_written_is_corrupt(home: Home, content: bytes | None) -> None:
    file = home.files / "collection.json"
    if content is not None:
        file.write(content)
    assert file.exists() == (content is not None)
    with pytest.raises(CorruptCollection, match=r"collection\.json.* cannot be read"):
        file.read_json()


def test_documents_chunks_and_caches_come_back_as_they_were(records: Records) -> None:
    documents = filled(records)
    assert [document.source for document in records.documents()] == sorted(SOURCES)
    assert records.roots()[0].path == Path(os.fsdecode(b"/no\xff unicode"))
    first = records.chunk_ids(documents[0].id)[0]
    chunk = records.chunks([first, "none"])[first]
    assert chunk.words == (Word("said", 0.9, (0, 0, 1, 1)),)
    assert [mention.alt or mention.paragraph for mention in chunk.mentions] == ["own"] + ["of notes/a.md"] * 2
    assert records.standing([first], ["image"])[first] == (documents[0].source, frozenset({"media"}))
    assert list(records.vectors("tower", ["m1", "none", "m0"])) == ["m1", "m0"]
    assert records.lane_vectors("media", "tower")[0] == records.chunk_ids()
    assert (records.has_reading("m0", "ocr-1"), records.has_reading("m0", "ocr-2")) == (True, False)
    assert (records.has_reading("m0", ""), records.has_vector("tower", "m2")) == (True, False)
    assert records.label("m1") == "diagram"
    assert [target for _, _, target in records.open_mentions()] == ["none.png"]
    records.resolve_mentions([(row, "notes/a.md") for row, _, _ in records.open_mentions()])
    assert records.open_mentions() == []
    assert records.chunks([]) == {}


def test_globs_match_as_shells_do(records: Records) -> None:
    documents = {document.id: document.source for document in filled(records)}
    for glob, expected in {
        "notes/*": SOURCES[:4], "*.md": (*SOURCES[:2], *SOURCES[3:]), "notes/?.md": SOURCES[:1],
        "[on]*/a.md": ("notes/a.md", "other/a.md"), "notes/b+(1).md": SOURCES[1:2], "*100%*": SOURCES[3:4],
        "notes/[b-c]*": SOURCES[1:2], "notes/a": (), "[": (),
    }.items():  # fmt: skip
        assert sorted(documents[id] for id in records.documents_like(glob)) == sorted(expected), glob


def test_another_revision_takes_the_place_of_the_last(records: Records) -> None:
    document = filled(records)[0]
    before = records.version()
    again = records.begin_document(document.source, document.root, document.path, "3:4")
    assert (again.id, again.revision, again.state) == (document.id, document.revision + 1, "writing")
    assert records.stale_chunks(again.id, again.revision) == records.chunk_ids(again.id)
    assert records.version() != before
    records.delete_document(document.id)
    assert records.orphans() == {}
    assert len(list(records.documents())) == len(SOURCES) - 1


def test_a_transaction_that_fails_leaves_nothing(records: Records) -> None:
    filled(records)
    before = rows(records)

    def fail() -> None:
        with records.transaction():
            records.put_labels({})
            records.delete_chunks(records.chunk_ids())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(records) == before


def test_records_are_copied_from_any_home_to_any_other(home: Home, records: Records, tmp_path: Path) -> None:
    filled(records)
    with closing(FolderHome(tmp_path / "copy")) as folder:
        folder.database(create=True).copy_from(home.database())
        copy = Records(folder.database())
        assert rows(copy) == rows(records)
        with records.transaction():
            records.put_labels({"m0": ("photo", 0.5)})
        home.database().copy_from(folder.database())
        assert rows(copy) == rows(records)
    late = records.begin_document("notes/late.md", 1, Path("/x"), "1:2")
    assert late.id == len(SOURCES) + 1  # numbers go on behind those that were copied


def test_workers_look_at_what_the_home_knows(home: Home, records: Records) -> None:
    filled(records)
    with closing(look(home.workers)) as beside:
        assert Records(beside).has_reading("m0", "ocr-1")
        assert Records(beside).has_vector("tower", "m1")
        assert not Records(beside).has_vector("another", "m1")
