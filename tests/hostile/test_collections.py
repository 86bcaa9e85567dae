"""Collections that are newer, damaged, incomplete or in use: one line that says what to do, or a repair."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile.ground import copied, run, run_apart, told

from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.home.database import FILES


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of a text and a picture, closed."""
    from PIL import Image

    root = tmp_path_factory.mktemp("kept") / "docs"
    root.mkdir()
    (root / "valve.md").write_text("# Valve\n\nThe bypass valve is open.")
    Image.new("RGB", (200, 100), "teal").save(root / "teal.png")
    with Collection(root.parent / "collection") as collection:
        collection.add(root)
    return root.parent / "collection"


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    """A copy of one's own to damage."""
    return copied(kept, tmp_path / "collection")


def garbage(file: Path) -> None:
    file.write_bytes(b"\xde\xad\xbe\xef" * 2048)


def cut_off(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


STORE = "generations/0001/store"
MANIFEST = "generations/0001/manifest.json"


def edit(name: str, **fields: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        file = path / name
        file.write_text(json.dumps(json.loads(file.read_text()) | fields))

    return change


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        (path / name).write_text((path / name).read_text().replace(old, new))

    return change


def emptied(path: Path) -> None:
    shutil.rmtree(path / STORE)
    (path / STORE).mkdir()


def all_garbage(path: Path) -> None:
    for file in (path / STORE).rglob("*"):
        if file.is_file():
            garbage(file)


DAMAGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a newer format": (edit("collection.json", format=99), "format 99, this release reads up to .*pip install -U"),
    "no JSON": (lambda path: garbage(path / "collection.json"), "collection.json cannot be read"),
    "JSON of something else": (lambda path: (path / "collection.json").write_text("[]"), "it holds list"),
    "an unknown space": (edit("collection.json", space="zeppelin"), "'zeppelin'"),
    "a manifest cut off": (lambda path: cut_off(path / MANIFEST), "manifest.json cannot be read"),
    "a manifest of other fields": (edit(MANIFEST, lanes={"text": {}}), "manifest.json cannot be read"),
    "another tower": (replaced(MANIFEST, '"fingerprint": "', '"fingerprint": "old-'), "holds vectors of"),
    "no records": (lambda path: (path / FILES["main"]).unlink(), "documents.sqlite is gone"),
    "records that are none": (lambda path: garbage(path / FILES["main"]), "damaged"),
    "no store": (lambda path: shutil.rmtree(path / STORE), "vectors of .* are gone.*rebuild"),
    "an empty store": (emptied, "store is no whole store: schema.json is missing"),
    "a store of garbage": (all_garbage, "store.* damaged|cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_cannot_be_used_is_one_line_with_the_next_step(damage: str, path: Path) -> None:
    do, message = DAMAGED[damage]
    do(path)
    before = {file: file.stat().st_size for file in path.rglob("*.json")}
    said = told(run("search", "valve", "-c", path))
    assert re.search(message, said), said
    assert re.search(r"(?i)pip install|backup|delete|did you mean|another|again|anew", said), said
    assert told(run("status", "-c", path)) == said
    assert {file: file.stat().st_size for file in path.rglob("*.json")} == before, "nothing was written"


@pytest.mark.parametrize("damage", [garbage, Path.unlink])
@pytest.mark.parametrize("cache", ["cache", "base"])
def test_a_cache_that_is_damaged_or_gone_is_made_anew(cache: str, damage: Callable[[Path], None], path: Path) -> None:
    for log in path.glob(f"{cache}/*-*"):
        log.unlink()
    damage(path / FILES[cache])
    assert run("search", "bypass valve", "-c", path, "-n", "1").stdout.startswith(" 1. docs/valve.md")
    assert run("update", "-c", path).exit_code == 0
    run("doctor", "--repair", "-c", path)  # a copy of each vector, of which the store has the other
    assert run("doctor", "-c", path).stdout == "everything agrees\n"
    with Collection(path) as collection:
        picture = collection.search("valve", modality="image", lanes=["media"]).hits[0]
        assert collection.thumbnail(collection.get(picture.id))


def test_pages_of_a_cache_that_are_damaged_are_found_by_the_doctor(path: Path) -> None:
    file = path / FILES["base"]
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * 4096)
    said = run("doctor", "-c", path)
    assert said.exit_code == 1
    assert "vectors.sqlite is damaged" in said.stdout
    assert "Remove it and run `commonplace update`" in said.stdout
    file.unlink()
    assert run("update", "-c", path).exit_code == 0
    run("doctor", "--repair", "-c", path)
    assert run("doctor", "-c", path).exit_code == 0


def test_points_that_are_lost_or_strange_are_mended(path: Path) -> None:
    from commonplace.stores import open_store
    from commonplace.stores.points import Schema

    with Collection(path) as collection:
        dims = {lane: collection._open().store.schema.dims[lane] for lane in ("text", "media")}
        lost = collection.search("bypass valve", k=1).hits[0].id
    store = open_store("qdrant-edge", path / STORE, Schema(dims))
    store.delete([lost])
    store.close()
    said = run("doctor", "-c", path)
    assert (said.exit_code, "1 chunks are not in the store" in said.stdout) == (1, True)
    assert run("update", "--retry", "-c", path).exit_code == 0
    assert run("doctor", "-c", path).exit_code == 0
    assert run("search", "bypass valve", "-c", path, "-n", "1").stdout.startswith(" 1. docs/valve.md")


def test_a_second_process_is_told_who_has_the_collection(path: Path) -> None:
    with Collection(path) as collection:
        collection.status()
        done = run_apart("search", "valve", "-c", path, env={"COMMONPLACE_LOCK_WAIT": "0.2"})
        assert (done.returncode, done.stdout) == (2, "")
        assert f"in use by process {os.getpid()}" in done.stderr
        assert "Wait until that has ended" in done.stderr
    assert run_apart("search", "valve", "-c", path, env={"COMMONPLACE_LOCK_WAIT": "0.2"}).returncode == 0


def test_a_process_that_ends_soon_is_waited_for(path: Path) -> None:
    import threading

    collection = Collection(path)
    collection.status()
    threading.Timer(0.5, collection.close).start()
    assert run_apart("search", "valve", "-c", path, env={"COMMONPLACE_LOCK_WAIT": "60"}).returncode == 0


def test_a_lock_that_a_dead_process_left_holds_nobody(path: Path) -> None:
    (path / "lock.json").write_text('{"pid": 1')
    assert run("search", "valve", "-c", path).exit_code == 0


def test_an_add_that_was_interrupted_before_its_first_document_is_no_obstacle(path: Path) -> None:
    root = path.parent / "again"
    copied(path, root)
    (root / "collection.json").unlink()
    said = run("search", "valve", "-c", root)
    assert (said.exit_code, "there is no collection" in said.stderr) == (2, True)
    document = path.parent / "one.md"
    document.write_text("One sluice.")
    assert run("add", document, "-c", root).exit_code == 0
    assert run("doctor", "-c", root).exit_code == 0


def test_the_towers_are_not_asked_by_a_collection_that_nothing_was_changed_in(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(*_: object) -> None:
        raise AssertionError("a tower was asked")

    monkeypatch.setattr(Encoder, "encode", encode)
    assert run("update", "-c", path).exit_code == 0
    assert run("doctor", "-c", path).exit_code == 0
