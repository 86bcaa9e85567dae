"""`kill -9` at random moments of an `add`: nothing is lost, nothing is there twice, the next `add` completes."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from commonplace.collection import Collection
from commonplace.ingest.reading import hash_file

FILES, SECTIONS = 40, 4
ROUNDS = int(os.environ.get("COMMONPLACE_TEST_KILLS", "6"))
"""`make test-all` sets 20."""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    root = tmp_path / "notes"
    root.mkdir()
    for number in range(FILES):
        sections = "\n\n".join(f"## {n}\n\nNote {number}: valve {number * 31 + n} opens." for n in range(SECTIONS))
        (root / f"note-{number:02}.md").write_text(f"# Note {number}\n\n{sections}\n")
    return root


def start_add(root: Path, collection: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "commonplace", "add", str(root), "-c", str(collection), "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def kill_all(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def chunks_written(collection: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{(collection / 'documents.sqlite').as_uri()}?mode=ro", uri=True)) as records:
            return int(records.execute("SELECT count(*) FROM chunks").fetchone()[0])
    except sqlite3.Error:
        return 0  # not there yet


@pytest.mark.timeout(900)
def test_kills_at_random_moments_lose_nothing_and_double_nothing(documents: Path, tmp_path: Path) -> None:
    path = tmp_path / "collection"
    moments = random.Random(4)
    acknowledged: set[str] = set()
    for _ in range(ROUNDS):
        process = start_add(documents, path)
        # A moment of the work, not of the clock: a busy machine would be killed while it starts, every time.
        enough = chunks_written(path) + moments.randrange(FILES * SECTIONS)
        while process.poll() is None and chunks_written(path) < enough:
            time.sleep(0.02)
        time.sleep(moments.uniform(0, 0.3))
        if process.poll() is None:
            kill_all(process)
        process.communicate()
        if (path / "collection.json").exists():
            with Collection(path) as collection:
                documented = [d for d in collection.documents() if d.state == "indexed"]
                indexed = {d.source for d in documented if d.content == hash_file(d.path)}  # as the file is now
                assert acknowledged <= indexed, "an indexed document was lost"
                acknowledged = indexed
        if len(acknowledged) == FILES:  # it outran the killer: change everything and go on killing
            for file in documents.iterdir():
                file.write_text(file.read_text() + "\nOne more line.\n")
            acknowledged = set()
    process = start_add(documents, path)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    assert json.loads(out)["failed"] == []
    with Collection(path) as collection:
        assert collection.status().documents == {"indexed": FILES}
        assert collection.doctor() == []
        chunks = collection.status().chunks["text"]
        for number in (0, FILES // 2, FILES - 1):
            assert collection.search(f"note {number}", k=1).hits[0].source == f"notes/note-{number:02}.md"
    with Collection(tmp_path / "unbroken") as unbroken:
        unbroken.add(documents)
        assert unbroken.status().chunks["text"] == chunks  # nothing twice, nothing missing


def test_a_worker_that_is_killed_fails_one_file_and_not_the_add(documents: Path, tmp_path: Path) -> None:
    import psutil

    process = start_add(documents, tmp_path / "collection")
    try:
        deadline = time.monotonic() + 60
        killed = False
        while not killed and process.poll() is None and time.monotonic() < deadline:
            for child in psutil.Process(process.pid).children(recursive=True):
                if "commonplace.ingest.worker" in " ".join(child.cmdline()):
                    child.kill()
                    killed = True
                    break
            time.sleep(0.01)
        assert killed
        out, _ = process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            kill_all(process)
    report = json.loads(out)
    assert process.returncode == 1
    assert len(report["failed"]) == 1
    assert "killed" in report["failed"][0]["reason"]
    assert report["documents"] == FILES - 1
