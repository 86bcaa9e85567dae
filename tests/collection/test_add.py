"""What `add`, `update` and `remove` promise: idempotent, incremental, accounted, nothing left behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from commonplace.collection import Collection
from commonplace.config import Settings
from commonplace.encoders.base import Encoder
from commonplace.errors import CollectionLocked, MissingCollection, SpaceMismatch, UsageError
from commonplace.home.database import TABLES

Folder = Callable[..., Path]
NOTES = {
    "relay.md": "# Relay\n\nRestart the relay after noon.\n",
    "pump.md": "# Pump\n\nThe pump leaks when the valve is cold.\n",
    "sub/cable.txt": "Cable 7 runs below the quay.\n",
}


def sources(collection: Collection) -> list[str]:
    return [document.source for document in collection.documents()]


def found(collection: Collection, query: str) -> str:
    return collection.search(query, k=1).hits[0].source


@pytest.fixture
def encoder_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of items of every call of any tower from here on."""
    calls: list[int] = []
    encode = Encoder.encode

    def counted(self: Encoder, items: object, kind: str = "document") -> object:
        held: list[object] = list(items)  # type: ignore[call-overload]
        calls.append(len(held))
        return encode(self, held, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(Encoder, "encode", counted)
    return calls


def test_sources_are_named_from_the_added_folder_on(collection: Collection, folder: Folder) -> None:
    report = collection.add(folder("notes", NOTES))
    assert report.documents == 3
    assert report.chunks == {"text": 3}
    assert sources(collection) == ["notes/pump.md", "notes/relay.md", "notes/sub/cable.txt"]


def test_a_second_root_of_the_same_name_is_told_apart(collection: Collection, folder: Folder) -> None:
    collection.add(folder("a/notes", {"x.md": "one"}), folder("b/notes", {"x.md": "two"}))
    assert sources(collection) == ["notes/x.md", "notes~2/x.md"]


def test_a_folder_inside_an_added_one_is_not_kept_twice(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    report = collection.add(root / "sub")
    assert (report.documents, report.unchanged) == (0, 1)
    assert len(sources(collection)) == 3


def test_adding_again_calls_no_model(collection: Collection, folder: Folder, encoder_calls: list[int]) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    encoder_calls.clear()
    report = collection.add(root)
    assert (report.documents, report.unchanged, report.failed) == (0, 3, ())
    assert encoder_calls == []


def test_a_touched_file_is_read_no_further_than_its_hash(
    collection: Collection, folder: Folder, encoder_calls: list[int]
) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    encoder_calls.clear()
    (root / "relay.md").touch()
    report = collection.add(root)
    assert (report.documents, report.unchanged) == (0, 3)
    assert encoder_calls == []
    assert collection.add(root).unchanged == 3  # the new times were recorded


def test_a_changed_file_replaces_what_it_was(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    (root / "relay.md").write_text("# Relay\n\nThe relay was replaced by a thyristor.\n")
    report = collection.add(root)
    assert (report.documents, report.unchanged) == (1, 2)
    assert found(collection, "thyristor") == "notes/relay.md"
    assert not any("noon" in hit.snippet for hit in collection.search("restart after noon").hits)


def test_update_notices_new_renamed_and_deleted_files(
    collection: Collection, folder: Folder, encoder_calls: list[int]
) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    (root / "pump.md").unlink()
    (root / "relay.md").rename(root / "moved.md")
    encoder_calls.clear()
    report = collection.update()
    assert sources(collection) == ["notes/moved.md", "notes/sub/cable.txt"]
    assert report.removed == 2
    assert encoder_calls == []  # a rename costs no model call


def test_update_keeps_everything_when_a_whole_root_is_gone(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    root.rename(root.with_name("unmounted"))
    report = collection.update()
    assert len(sources(collection)) == 3
    assert [problem.source for problem in report.skipped] == ["notes"]


def test_a_removed_document_leaves_nothing_behind(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    Image.new("RGB", (300, 200), "teal").save(root / "teal.png")
    collection.add(root)
    assert collection.remove("notes") == 4
    assert collection.search("relay").hits == ()
    for table in TABLES:
        rows = collection.home.database().execute(f"SELECT count(*) AS n FROM {table}").fetchone()
        assert rows["n"] == 0, table


def test_removing_what_is_not_there_is_an_error_that_says_how_to_look(collection: Collection, folder: Folder) -> None:
    collection.add(folder("notes", NOTES))
    with pytest.raises(UsageError, match="status --documents"):
        collection.remove("notes/none.md")


def test_a_picture_is_found_by_what_its_page_says_and_names_the_page(collection: Collection, folder: Folder) -> None:
    root = folder("notes", {"page.md": "# Harbour\n\n![the old breakwater at dawn](img/one.png)\n"})
    (root / "img").mkdir()
    Image.new("RGB", (200, 200), "teal").save(root / "img" / "one.png")
    collection.add(root)
    hit = collection.search("breakwater at dawn", modality="image").hits[0]
    assert hit.source == "notes/img/one.png"
    assert hit.appears_in == ("notes/page.md",)


def test_a_page_that_changes_what_it_says_of_a_picture_changes_how_the_picture_is_found(
    collection: Collection, folder: Folder
) -> None:
    root = folder("notes", {"page.md": "![the breakwater](one.png)\n"})
    Image.new("RGB", (200, 200), "teal").save(root / "one.png")
    collection.add(root)
    (root / "page.md").write_text("![a lighthouse keeper](one.png)\n")
    collection.add(root)
    keeper = collection.search("lighthouse keeper", modality="image", lanes=["bm25"]).hits
    assert [hit.source for hit in keeper] == ["notes/one.png"]
    assert collection.search("breakwater", modality="image", lanes=["bm25"]).hits == ()


def test_a_link_to_a_picture_that_comes_later_is_joined_then(collection: Collection, folder: Folder) -> None:
    root = folder("notes", {"page.md": "![the breakwater](one.png)\n"})
    collection.add(root)
    Image.new("RGB", (200, 200), "teal").save(root / "one.png")
    collection.add(root)
    assert collection.search("breakwater", modality="image").hits[0].appears_in == ("notes/page.md",)


def test_a_picture_that_moves_is_joined_to_its_page_where_it_is_now(collection: Collection, folder: Folder) -> None:
    root = folder("notes", {"page.md": "![the breakwater](/img/one.png)\n"})
    (root / "img").mkdir()
    Image.new("RGB", (200, 200), "teal").save(root / "img" / "one.png")
    collection.add(root)
    (root / "static").mkdir()
    (root / "img").rename(root / "static" / "img")
    collection.update()
    hit = collection.search("breakwater", modality="image").hits[0]
    assert (hit.source, hit.appears_in) == ("notes/static/img/one.png", ("notes/page.md",))


def test_what_a_page_says_of_a_picture_that_is_not_there_is_found_in_the_page(
    collection: Collection, folder: Folder
) -> None:
    pages = {"a.md": "# Quay\n\nIt was cold.\n\n![the old breakwater](none.png)\n", "b.md": "![a buoy](none.png)\n"}
    root = folder("notes", pages)
    assert collection.add(root).chunks == {"text": 2}
    for words, source in (("old breakwater", "notes/a.md"), ("buoy", "notes/b.md")):
        hit = collection.search(words, lanes=["bm25"]).hits[0]
        assert (hit.source, words in hit.snippet) == (source, True)


def test_a_missing_path_is_an_error_before_anything_is_written(collection: Collection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        collection.add(tmp_path / "none")
    assert not collection.path.exists()


def test_only_add_makes_a_collection(collection: Collection) -> None:
    for use in (lambda: collection.search("x"), collection.status, collection.update, collection.doctor):
        with pytest.raises(MissingCollection, match="commonplace add"):
            use()
    assert not collection.path.exists()


def test_a_collection_does_not_add_itself(folder: Folder) -> None:
    root = folder("notes", NOTES)
    with Collection(root / "kept") as inside:
        inside.add(root)
        assert len(inside.documents()) == 3
        assert inside.add(root).unchanged == 3
        with pytest.raises(UsageError, match="own folder"):
            inside.add(root / "kept")


def test_the_account_keeps_what_was_skipped_and_why(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    (root / "odd.bin").write_bytes(bytes(range(256)) * 20)
    (root / "empty.md").touch()
    report = collection.add(root)
    assert {problem.source for problem in report.failed + report.skipped} == {"notes/odd.bin", "notes/empty.md"}
    assert {problem.source for problem in collection.status().problems} == {"notes/odd.bin", "notes/empty.md"}
    assert all(problem.reason for problem in collection.status().problems)
    again = collection.add(root)
    assert (again.documents, again.unchanged) == (0, 3)
    assert len(again.failed + again.skipped) == 2  # still said, not read again


def test_what_is_no_document_is_skipped_and_what_is_a_damaged_one_fails(collection: Collection, folder: Folder) -> None:
    """So that a folder of source code, with its empty and its binary files, is added without a failure."""
    root = folder("code", {"a.py": "valve = 1", "__init__.py": "", "cut.pdf": "%PDF-1.7"})
    (root / "font.woff2").write_bytes(b"wOF2\0\1" + bytes(50))
    (root / "tool").write_bytes(b"\x7fELF" + bytes(50))
    (root / "picture.png").write_bytes(bytes(50))
    report = collection.add(root)
    assert [problem.source for problem in report.skipped] == ["code/__init__.py", "code/font.woff2", "code/tool"]
    assert {problem.source for problem in report.failed} == {"code/cut.pdf", "code/picture.png"}
    assert report.documents == 1


def test_a_file_that_was_emptied_is_no_longer_found(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    (root / "relay.md").write_text("")
    assert [problem.source for problem in collection.update().skipped] == ["notes/relay.md"]
    assert not collection.search("relay", mode="lexical").hits
    assert collection.doctor() == []


def test_two_processes_on_one_collection_are_told_apart(collection: Collection, folder: Folder) -> None:
    collection.add(folder("notes", NOTES))
    with Collection(collection.home.named, settings=Settings(lock_wait=0.1)) as second:

        def interfere(*_: object) -> None:
            with pytest.raises(CollectionLocked, match=r"process \d+"):
                second.remove("notes")

        collection.add(folder("late", {"otter.md": "# Otter\n"}), progress=interfere)


def test_a_collection_keeps_the_space_it_was_made_with(collection: Collection, folder: Folder) -> None:
    collection.add(folder("notes", NOTES))
    collection.close()
    with pytest.raises(SpaceMismatch, match="'bundled'"), Collection(collection.home.named, "other") as other:
        other.search("relay")


def test_a_copied_collection_is_the_same_collection(folder: Folder, tmp_path: Path) -> None:
    with Collection(tmp_path / "collection") as collection:
        collection.add(folder("notes", NOTES))
    shutil.copytree(tmp_path / "collection", tmp_path / "copy")
    with Collection(tmp_path / "copy") as copy:
        assert found(copy, "relay") == "notes/relay.md"


def test_filters_reach_the_store(collection: Collection, folder: Folder) -> None:
    files = {"a.md": "---\ntags: [runbook]\ndate: 2026-01-05\n---\n# Valve\n\nthe valve", "b.txt": "the valve"}
    collection.add(folder("notes", files))
    for expression, expected in {
        "source=notes/*.md": ["notes/a.md"], "tag=runbook": ["notes/a.md"], "not tag=runbook": ["notes/b.txt"],
        "date<2026-02-01": ["notes/a.md"], "modality=image": [],
    }.items():  # fmt: skip
        assert [hit.source for hit in collection.search("valve", filter=expression).hits] == expected, expression


def test_the_doctor_finds_nothing_wrong_after_all_this(collection: Collection, folder: Folder) -> None:
    root = folder("notes", NOTES)
    collection.add(root)
    (root / "relay.md").write_text("changed")
    collection.update()
    collection.remove("notes/pump.md")
    assert collection.doctor() == []
