"""`kill -9`, full disks and lost servers while a generation is built: the live one stays, the same command goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from collection.test_generations import QUERY
from stores import servers

from commonplace.collection import Collection
from commonplace.config import Settings
from commonplace.errors import CollectionError
from commonplace.generations import Change, LaneChange
from commonplace.profiles import Code
from commonplace.stores.guards import copy_tree

DYING = """
import atexit, os, signal, sys
from commonplace import generations
from commonplace.cli import main
from commonplace.ingest.pipeline import Pipeline

generations.BATCH = 16
until, written, index = int(sys.argv.pop(1)), 0, Pipeline.index

def dying(self, chunks, pixels):
    global written
    index(self, chunks, pixels)
    written += len(chunks)
    if until and written >= until:
        os.kill(os.getpid(), signal.SIGKILL)

Pipeline.index = dying
atexit.register(lambda: print(written, file=sys.stderr))
main()
"""
"""The command line, killed for real once so many chunks are written; 0 lives, and tells how many it wrote."""


@pytest.fixture
def path(handbook_path: Path, tmp_path: Path) -> Path:
    copy_tree(handbook_path, tmp_path / "mine")
    return tmp_path / "mine"


def run(until: int, *words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", DYING, str(until), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def state(path: str | Path) -> tuple[str, int, list[str]]:
    """The generation, how many chunks it has, and what a search finds."""
    with Collection(path) as collection:
        found = collection.status()
        assert collection.doctor() == []
        return found.generation, sum(found.chunks.values()), [hit.id for hit in collection.search(QUERY).hits]


def test_a_build_that_is_killed_leaves_the_live_one_and_goes_on(path: Path) -> None:
    build = ("rebuild", "--profile", "half", "-c", path, "--json")
    before = state(path)
    killed = run(32, *build)
    assert (killed.returncode, killed.stdout) == (-9, "")
    assert state(path) == before
    done = run(0, *build)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["chunks"] == before[1]
    assert int(done.stderr.split()[-1]) == before[1] - 32  # the rest, and nothing again
    assert state(path) == ("0002", *before[1:])


@pytest.mark.postgres
def test_a_migration_that_is_killed_loses_nothing_and_goes_on(
    path: Path, place: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONPLACE_HOME", str(tmp_path / "home"))
    url = place("postgres")
    move = ("migrate", url, "-c", path, "--json")
    before = state(path)
    assert run(32, *move).returncode == -9
    assert state(path) == before
    done = run(0, *move)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["agreement"] == 1.0
    assert int(done.stderr.split()[-1]) == before[1] - 32
    assert state(url)[1:] == state(path)[1:] == before[1:]
    assert "is not empty; expected a new place" in run(0, *move).stderr


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_a_disk_that_is_full_while_a_generation_is_built_leaves_the_live_one(path: Path) -> None:
    before = state(path)
    build = (sys.executable, "-m", "commonplace", "rebuild", "--profile", "half", "-c", str(path))
    full = subprocess.run(["prlimit", f"--fsize={16 << 20}", *build], capture_output=True, text=True, check=False)
    assert (full.returncode, full.stdout) == (2, "")
    assert "Free some space" in full.stderr
    assert state(path) == before
    assert subprocess.run(build, capture_output=True, check=False).returncode == 0
    assert state(path) == ("0002", *before[1:])


def test_while_a_generation_is_built_others_search_and_are_told_why_they_cannot_add(path: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("The otter sleeps under bridge 9.")
    others: dict[str, subprocess.CompletedProcess[str]] = {}

    def look_in(*_: object) -> None:
        if others:
            return
        for words in (("search", QUERY, "--json"), ("add", str(note))):
            command = [sys.executable, "-m", "commonplace", *words, "-c", str(path)]
            waiting = {**os.environ, "COMMONPLACE_LOCK_WAIT": "0.2"}
            others[words[0]] = subprocess.run(command, capture_output=True, text=True, check=False, env=waiting)

    with Collection(path) as collection:
        collection.rebuild(Change(lanes={"text": LaneChange(Code("half"))}), look_in)
        assert others["search"].returncode == 0, others["search"].stderr
        assert len(json.loads(others["search"].stdout)["hits"]) == 10
        assert others["add"].returncode == 2
        assert f"is being changed by process {os.getpid()}" in others["add"].stderr
        assert collection.add(note).documents == 1


@pytest.mark.postgres
@pytest.mark.parametrize("back", [True, False])
def test_an_add_whose_server_is_killed_waits_for_it_or_goes_on_later(
    folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    if why := servers.missing():
        pytest.skip(why)
    notes = folder("notes", {f"{n:02}.md": f"# Note {n}\n\nValve {n} opens at noon." for n in range(12)})
    monkeypatch.setattr("commonplace.ingest.pipeline.BATCH", 2)
    if not back:
        monkeypatch.setattr("commonplace.stores.networked.BACK_OFF", (0.01,))
        monkeypatch.setattr("commonplace.stores.postgres_server.WAIT", 0.5)
    with servers.postgres() as server:
        url, settings = server.url(collection="notes"), Settings(home=tmp_path / "home")

        def lose(done: int, *_: object) -> None:
            if done == 4:
                server.kill()
                if back:
                    server.start()

        with Collection(url, settings=settings) as collection:
            if back:
                assert collection.add(notes, progress=lose).failed == ()
                assert collection.status().documents == {"indexed": 12}
            else:
                with pytest.raises(CollectionError, match="run it again; what was added before is safe"):
                    collection.add(notes, progress=lose)
                server.start()
        with Collection(url, settings=settings) as collection:
            assert collection.add(notes).failed == ()
            assert collection.status().documents == {"indexed": 12}
            assert collection.doctor() == []
            assert collection.search("valve opens at noon").hits[0].source.startswith("notes/")
