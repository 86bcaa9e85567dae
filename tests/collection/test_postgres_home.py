"""A collection in Postgres: any machine searches it, one at a time writes, and nothing of it lies on a disk here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from stores.servers import Server

from commonplace.collection import Collection
from commonplace.config import Settings
from commonplace.errors import CollectionError, CollectionLocked, MissingCollection
from commonplace.generations import Change, LaneChange
from commonplace.profiles import Code
from commonplace.stores.networked import Location

pytestmark = pytest.mark.postgres

NOTES = {f"note-{number}.md": f"# Note {number}\n\nValve {number * 31} opens.\n" for number in range(6)}


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """A command on a machine of its own: another home, another working directory."""
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "commonplace", *arguments], cwd=home, text=True, start_new_session=True,
        env={**os.environ, "HOME": str(home), "COMMONPLACE_LOCK_WAIT": "0.2"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.fixture
def url(place: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a collection that leaves nothing at home."""
    monkeypatch.setenv("COMMONPLACE_HOME", str(tmp_path / "home"))
    yield place("postgres")
    assert not (tmp_path / "home").exists()


def admin(server: Server, *statements: str) -> None:
    import psycopg

    with psycopg.connect(server.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_what_one_machine_adds_another_finds_changes_and_takes_away(
    url: str, folder: Callable[..., Path], tmp_path: Path
) -> None:
    root = folder("notes", NOTES | {"page.md": "# Harbour\n\n![the old breakwater](dawn.png)\n"})
    Image.new("RGB", (200, 200), "teal").save(root / "dawn.png")
    with start(tmp_path / "elsewhere", "add", str(root), "-c", url, "--json") as adding:
        out, err = adding.communicate(timeout=300)
    assert adding.returncode == 0, err
    assert json.loads(out)["chunks"] == {"image": 1, "text": 6}
    assert not (tmp_path / "elsewhere" / ".commonplace").exists()
    with Collection(url) as here:
        hit = here.search("breakwater", modality="image").hits[0]
        assert (hit.source, hit.appears_in) == ("notes/dawn.png", ("notes/page.md",))
        assert here.thumbnail(here.get(hit.id))
        assert here.search("valve", filter="source=notes/note-[13].md").hits[1].source[:10] == "notes/note"
        assert here.remove("notes/note-1.md") == 1
        here.rebuild(Change(lanes={"text": LaneChange(Code("half"))}))
        assert (here.status().generation, here.status().path) == ("0002", here.home.named)
        here.rollback()
        assert here.status().documents == {"indexed": 7}
        assert here.update().documents == 1
        assert here.doctor() == []


def test_an_open_collection_sees_what_others_write(url: str, folder: Callable[..., Path]) -> None:
    with Collection(url) as reader, Collection(url) as writer:
        writer.add(folder("notes", NOTES))
        assert reader.search("valve 31").hits[0].source == "notes/note-1.md"
        writer.add(folder("late", {"otter.md": "# Otter\n\nThe otter sleeps.\n"}))
        assert reader.search("otter").hits[0].source == "late/otter.md"
        for profile in ("half", "float"):  # the generation that the reader had open is removed
            writer.rebuild(Change(lanes={"text": LaneChange(Code(profile))}))
        assert reader.search("otter").hits[0].source == "late/otter.md"
        assert reader.status().generation == "0003"


def test_a_killed_writer_holds_nobody_up_and_loses_nothing(
    url: str, folder: Callable[..., Path], tmp_path: Path
) -> None:
    root = folder("notes", NOTES)
    with Collection(url) as watching:
        watching.add(root)
        for file in root.iterdir():
            file.write_text(file.read_text() + "\nOne more line.\n")
        process = start(tmp_path / "elsewhere", "update", "-c", url)
        while not any(document.state == "writing" for document in watching.documents()):
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        assert watching.search("valve 31").hits[0].source == "notes/note-1.md"  # what it was stays findable
        assert watching.update().failed == ()
        assert watching.status().documents == {"indexed": len(NOTES)}
        assert watching.status().chunks == {"text": len(NOTES)}
        assert watching.doctor() == []


def test_a_role_that_may_only_read_searches_and_is_told_why_it_cannot_write(
    postgres: Server, url: str, folder: Callable[..., Path]
) -> None:
    with Collection(url) as collection:
        collection.add(folder("notes", NOTES))
    admin(postgres, "DROP ROLE IF EXISTS visitor", "CREATE ROLE visitor LOGIN", "GRANT pg_read_all_data TO visitor")
    with Collection(url.replace("postgres@", "visitor@")) as visitor:
        assert visitor.search("valve 31").hits[0].source == "notes/note-1.md"
        assert visitor.status().documents == {"indexed": len(NOTES)}
        with pytest.raises(CollectionError, match="permission denied"):
            visitor.remove("notes")
    with Collection(f"{url}&options=-c%20default_transaction_read_only%3Don") as frozen:
        assert frozen.search("valve 31").hits
        with pytest.raises(CollectionError, match="read-only: searching works, writing does not"):
            frozen.remove("notes")


def test_a_writer_that_lost_its_connection_goes_on_unless_another_came_between(
    postgres: Server, url: str, folder: Callable[..., Path]
) -> None:
    cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name LIKE '%process%'"
    with Collection(url) as one, Collection(url, settings=Settings(lock_wait=0)) as two:
        one.add(folder("notes", NOTES))
        with one.home.writing():
            admin(postgres, cut)
            assert one.remove("notes/note-0.md") == 1
            with pytest.raises(CollectionLocked), two.home.writing():
                pass
            admin(postgres, cut)
            with two.home.writing(), pytest.raises(CollectionLocked, match=r"broke, and process .* writes there now"):
                one.documents()


@pytest.fixture
def kept(folder: Callable[..., Path], tmp_path: Path) -> Path:
    """A collection in a folder, closed."""
    root = folder("notes", NOTES | {"page.md": "# Harbour\n\nCold.\n\n![the old breakwater](dawn.png)\n"})
    Image.new("RGB", (200, 200), "teal").save(root / "dawn.png")
    with Collection(tmp_path / "kept") as collection:
        collection.add(root)
    return collection.path


def test_an_export_a_folder_and_postgres_hold_the_same(
    url: str, kept: Path, tmp_path: Path, folder: Callable[..., Path], place: Callable[[str], str]
) -> None:
    with Collection(url) as there:
        built = there.import_from(kept)
        assert (built.encoded, built.agreement) == (0, 1.0)
        assert there.doctor() == []
        chunks, status = list(there.chunks()), there.status()
        found = [hit.id for hit in there.search("the old breakwater").hits]
        there.export(tmp_path / "export")  # while it is open
    with Collection(place("postgres")) as again:
        again.import_from(tmp_path / "export")
        assert list(again.chunks()) == chunks
        assert again.add(folder("late", {"otter.md": "# Otter\n\nIt sleeps.\n"})).documents == 1  # with a new number
    with Collection(tmp_path / "back") as back:
        assert back.import_from(url).agreement == 1.0
        assert list(back.chunks()) == chunks
        assert (back.status().documents, back.status().chunks) == (status.documents, status.chunks)
        assert [hit.id for hit in back.search("the old breakwater").hits] == found


def test_records_that_an_earlier_version_kept_here_are_not_overlooked(
    place: Callable[[str], str], kept: Path, tmp_path: Path
) -> None:
    with Collection(place("postgres"), settings=Settings(home=tmp_path)) as collection:
        with pytest.raises(MissingCollection, match=r"commonplace add PATH... -c postgresql://postgres@/"):
            collection.status()
        collection.path.symlink_to(kept)
        for use in (collection.status, lambda: collection.add(kept)):
            with pytest.raises(CollectionError, match=r"Move them with: commonplace import .* -c 'postgresql://"):
                use()
        collection.import_from(collection.path)
        assert collection.status().documents == {"indexed": len(NOTES) + 2}


def test_what_a_server_lost_is_found_and_mended_by_the_doctor(
    url: str, folder: Callable[..., Path], postgres: Server
) -> None:
    with Collection(url) as notes:
        notes.add(folder("notes", NOTES))
        schema = f"{Location.parse(url).name}_0001"
        admin(postgres, f"DELETE FROM {schema}.lane_text", f"DELETE FROM {schema}.chunks WHERE document = 1")
        assert notes.doctor() == ["1 chunks are not in the store. Run `commonplace doctor --repair`."]
        assert notes.doctor(repair=True) == [
            "1 chunks are not in the store. Mended.",
            "the store has 1 vectors of lane 'text', the records know of 6. Mended.",
        ]
        assert notes.doctor() == []
        assert notes.search("valve 31", lanes=["text"]).hits[0].source == "notes/note-1.md"
