"""The embedded store where engines fail: kills, forks, other processes, full disks, damaged files."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from stores.scripts import BATCH, DIM, SCHEMA, WIDE, numbers, point

from commonplace.errors import CollectionLocked, CorruptCollection, NewerCollection
from commonplace.stores import create_store, open_store, qdrant_edge, qdrant_requests
from commonplace.stores.filters import Eq
from commonplace.stores.guards import bytes_in
from commonplace.stores.points import Point, Schema
from commonplace.stores.qdrant import STEP
from commonplace.stores.qdrant_edge import QdrantEdgeStore

KIND = "qdrant-edge"
SCRIPTS = Path(__file__).with_name("scripts.py")


@pytest.fixture
def location(scratch: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield Path(folder) / "store"


def run(role: str, folder: Path, *rest: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS), role, str(folder), *rest]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_after_a_kill_every_acknowledged_point_is_there_once(location: Path) -> None:
    """Six kills at random moments of one growing store, during upserts and index builds alike."""
    randomness = random.Random(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qdrant_requests, "INDEX_KB", 100)
        create_store(KIND, location, SCHEMA).close()
    batch = 0  # all before this one are acknowledged
    for _ in range(6):
        command = [sys.executable, str(SCRIPTS), "write", str(location), str(batch)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            batch = int(writer.stdout.readline()) + 1
            time.sleep(randomness.uniform(0, 1.2))
            writer.kill()
            batch = max([batch, *(int(line) + 1 for line in writer.stdout if line.endswith("\n"))])
        with open_store(KIND, location, SCHEMA) as store:
            last = {number: of for of in range(batch) for number in numbers(of)}
            # The batch that was under way may be there, wholly or in part.
            flying = set(numbers(batch))
            ids = list(store.ids())
            assert len(ids) == len(set(ids)) == store.count()
            assert {f"{n:016x}" for n in last} <= set(ids) <= {f"{n:016x}" for n in last.keys() | flying}
            found = store.vectors("text", [f"{number:016x}" for number in last])
            for number, of in last.items():
                vector = found[f"{number:016x}"]
                candidates = [of, batch] if number in flying else [of]
                assert any(np.allclose(vector, point(number, b).vectors["text"], atol=1e-6) for b in candidates)
            documents = Counter(of for number, of in last.items() if number not in flying)
            for of in list(documents)[-20:]:
                assert store.count(Eq("document", of)) == documents[of]
            # IDF counts the living: term 1 is in every chunk, ln(1 + 0.5 / (N + 0.5)).
            (best, *_) = store.sparse({1: 1.0}, 1)
            assert best.score == pytest.approx(np.log1p(0.5 / (store.count() + 0.5)), rel=1e-4)
    assert batch > 6 * 2


def test_a_second_process_is_told_who_holds_the_store(location: Path) -> None:
    with create_store(KIND, location, SCHEMA) as store:
        told = run("use", location).stdout
        assert told.startswith(f"CollectionLocked: the store in {location} is in use by process {os.getpid()} on ")
        assert "Wait for it to end or stop it" in told
        with pytest.raises(CollectionLocked, match=r"\(this process\)"):
            open_store(KIND, location, SCHEMA)
        store.upsert([point(1, 0)])  # unharmed
    assert run("use", location).stdout == "[1, 1, 1, 1, 1, 1] ok\n"


def test_a_fork_is_refused_and_its_end_leaves_the_store_alone(location: Path) -> None:
    create_store(KIND, location, SCHEMA).close()
    forked = run("fork", location)
    refusal = r"CollectionError: .* was opened by process \d+ and is used in its fork \d+; .*'spawn'"
    assert re.search(refusal, forked.stdout)
    assert "ended with 0" in forked.stdout
    with open_store(KIND, location, SCHEMA) as store:
        assert sorted(store.ids()) == [f"{n:016x}" for n in range(10, 300)]
        assert [store.count(Eq("document", batch)) for batch in range(3)] == [40, 150, 100]


def test_a_full_disk_is_an_error_and_the_store_opens_again(tmp_path: Path) -> None:
    """On a small file system of its own. Without the reserve the kernel kills the process (SIGBUS)."""
    own = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec")
    mount = f"mount -t tmpfs -o size=110m none {tmp_path}"
    if shutil.which(own[0]) is None or subprocess.run([*own, mount], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    python = f"{sys.executable} {SCRIPTS}"
    script = f"{mount}; {python} fill {tmp_path}/store 0; {python} use {tmp_path}/store"
    done = subprocess.run([*own, script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    refused, written, closed, again = done.stdout.splitlines()
    assert re.fullmatch(r"CollectionError: the disk of .* is full: 6\d MiB are free, 6\d MiB are needed\. .*", refused)
    count = int(written.split()[1])
    assert count > 0
    assert written == f"written {count} of which found {count}"
    assert closed == "ok"
    assert again.startswith("SpaceMismatch: ")  # it is asked for another schema than it was made for


def test_a_write_that_the_system_refuses_is_an_error_and_the_store_opens_again(location: Path) -> None:
    done = run("fill", location, str(20 << 20))  # the write-ahead log takes a new file of 32 MiB
    assert done.returncode == 0, done.stderr
    refused, written, *_ = done.stdout.splitlines()
    assert refused.startswith("CollectionError: cannot write the store in ")
    assert refused.endswith("Free some space; what was added before is safe.")
    acknowledged = int(written.split()[1])
    assert acknowledged >= 200
    with open_store(KIND, location, WIDE) as store:
        assert set(store.ids()) >= {f"{n:016x}" for n in range(acknowledged)}
        assert store.count() <= acknowledged + 200


def test_damaged_files_are_reported_or_harmless_but_never_lose_points_in_silence(location: Path) -> None:
    done = run("damage", location, "5", "24")
    assert done.returncode == 0, done.stderr[-2_000:]
    lines = done.stdout.splitlines()
    assert len(lines) == 24
    outcomes = [line.split(": ", 1)[1] for line in lines]
    whole = "[450, 450, 450, 450, 450, 450] ok"
    for line, outcome in zip(lines, outcomes, strict=True):
        assert outcome == whole or outcome.startswith(("CorruptCollection: ", "CollectionError: the engine of ")), line
    assert outcomes[0].startswith("CorruptCollection: ")  # schema.json


def test_a_store_of_a_newer_version_is_left_alone(location: Path) -> None:
    create_store(KIND, location, SCHEMA).close()
    (location / "schema.json").write_text('{"format": 2, "dims": {"text": 32}}')
    with pytest.raises(NewerCollection, match="has format 2, this version reads up to 1"):
        open_store(KIND, location, SCHEMA)


def test_a_folder_that_is_no_store_is_reported(location: Path) -> None:
    location.mkdir()
    with pytest.raises(CorruptCollection, match=r"schema\.json is missing"):
        open_store(KIND, location, SCHEMA)


def test_an_interrupted_creation_leaves_no_store_and_can_be_repeated(location: Path) -> None:
    partial = location.with_name("store.partial")
    (partial / "engine" / "segments").mkdir(parents=True)
    create_store(KIND, location, SCHEMA).close()
    assert not partial.exists()
    assert run("use", location).stdout == "[0, 0, 0, 0, 0, 0] ok\n"


def test_a_user_who_may_not_write_is_told_so(location: Path) -> None:
    create_store(KIND, location, SCHEMA).close()
    for folder in (location.parent, location.parent.parent):
        folder.chmod(0o755)
    for path in [*location.rglob("*"), location]:
        path.chmod(0o555)
    told = run("use", location, "65534").stdout  # nobody
    assert told.startswith(f"CollectionError: no permission to open the store in {location}: ")
    for path in [location, *location.rglob("*")]:
        path.chmod(0o755)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder on a real disk: tmpfs gives large pages to sparse files."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


def test_an_empty_store_is_small_on_disk(disk: Path) -> None:
    create_store(KIND, disk / "store", Schema({"text": 384, "media": 384})).close()
    assert bytes_in(disk) < 2 << 20


def test_indexing_waits_until_it_pays_and_complete_does_the_rest(location: Path) -> None:
    """A step indexes everything anew, so steps come at half of growth; what has no index yet is found all the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qdrant_requests, "SCAN_KB", 500)  # 4,000 vectors of 32 dimensions
        patch.setattr(qdrant_requests, "INDEX_KB", 125)  # 1,000
        store = create_store(KIND, location, SCHEMA)
        assert isinstance(store, QdrantEdgeStore)
        vectors = np.eye(DIM, dtype=np.float32)

        def indexed_after(start: int, stop: int, *, complete: bool = False) -> int:
            store.upsert([Point(f"{n:016x}", 1, "text", {"text": vectors[n % DIM]}) for n in range(start, stop)])
            store.optimize(complete=complete)
            return int(store._live.info().indexed_vectors_count)

        assert indexed_after(0, 3_999) == 0
        assert indexed_after(3_999, 3_999, complete=True) == 0  # all are compared, as fast and exact
        assert indexed_after(3_999, 4_000) == 4_000
        assert indexed_after(4_000, 7_999) == 4_000
        assert len(store.dense("text", vectors[0], 250)) == 250
        assert indexed_after(7_999, 7_999, complete=True) == 7_999
        store.close()


def test_a_small_store_whose_chunks_are_replaced_again_and_again_does_not_grow(disk: Path) -> None:
    location = disk / "store"
    with create_store(KIND, location, SCHEMA) as store:
        sizes = []
        for batch in range(8):
            store.delete(list(store.ids()))
            store.upsert([point(number, batch) for number in range(batch * 2_000, batch * 2_000 + 2_000)])
            store.optimize(complete=True)
            store.flush()
            sizes.append(bytes_in(location / "engine" / "segments"))  # the log goes round in 64 MiB
        assert store.count() == 2_000
    assert sizes[-1] < 1.5 * sizes[0]


def test_long_writes_are_handed_to_the_engine_in_short_steps(location: Path) -> None:
    """The engine holds the GIL throughout a call: a ticking thread must get its turn between the steps."""
    import threading

    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.001):
            ticks.append(time.perf_counter())

    vectors = np.eye(DIM, dtype=np.float32)
    points = [Point(f"{n:016x}", 1, "text", {"text": vectors[n % DIM]}) for n in range(20 * STEP)]
    with create_store(KIND, location, SCHEMA) as store:
        thread = threading.Thread(target=tick)
        thread.start()
        start = time.perf_counter()
        store.upsert(points)
        end = time.perf_counter()
        stop.set()
        thread.join()
    assert sum(start < moment < end for moment in ticks) >= 15


def test_threads_may_share_a_store(location: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with create_store(KIND, location, SCHEMA) as store:

        def work(worker: int) -> None:
            for batch in range(worker * 10, worker * 10 + 10):
                store.upsert([point(n, batch) for n in range(batch * BATCH, batch * BATCH + BATCH)])
                store.dense("text", point(batch * BATCH, batch).vectors["text"], 5)
                store.sparse({1: 1.0}, 5)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert store.count() == 40 * BATCH
        (best, *_) = store.sparse({1: 1.0}, 1)
        assert best.score == pytest.approx(np.log1p(0.5 / (40 * BATCH + 0.5)), rel=1e-4)


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores whose 4,000 vectors are worth a graph: about a second's work."""
    monkeypatch.setattr(qdrant_requests, "SCAN_KB", 500)
    monkeypatch.setattr(qdrant_requests, "INDEX_KB", 125)


def unindexed(location: Path) -> QdrantEdgeStore:
    store = create_store(KIND, location, SCHEMA)
    assert isinstance(store, QdrantEdgeStore)
    vectors = np.random.default_rng(0).standard_normal((4_000, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    store.upsert([Point(f"{n:016x}", 1, "text", {"text": vector}) for n, vector in enumerate(vectors)])
    return store


@pytest.mark.usefixtures("graphs")
def test_searches_go_on_while_an_index_is_built(location: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with unindexed(location) as store, ThreadPoolExecutor(1) as pool:
        query = store.vectors("text", [f"{7:016x}"])[f"{7:016x}"]
        building, answers = pool.submit(store.optimize, complete=True), 0
        while not building.done():
            assert store.dense("text", query, 1)[0].id == f"{7:016x}"
            answers += 1
        building.result()
        assert answers > 5
        assert store._live.info().indexed_vectors_count == 4_000
        assert store.dense("text", query, 1)[0].id == f"{7:016x}"
        assert sorted(file.name for file in location.glob("engine*")) == ["engine"]
        store.upsert([point(1, 1)])
    with open_store(KIND, location, SCHEMA) as store:
        assert store.count() == 4_000
        assert store.sparse({1: 1.0}, 1)[0].id == f"{1:016x}"


@pytest.mark.usefixtures("graphs")
def test_an_index_that_is_stopped_leaves_all_as_it_was_and_is_built_by_the_next(
    location: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt = "import os, signal; os.kill(os.getppid(), signal.SIGINT)"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    with unindexed(location) as store, monkeypatch.context() as while_it_indexes:
        loaded = qdrant_edge.INDEX.replace("shard.optimize()", f"{interrupt}\nshard.optimize()")
        while_it_indexes.setattr(qdrant_edge, "INDEX", loaded)
        with pytest.raises(KeyboardInterrupt):
            store.optimize(complete=True)
        signal.signal(signal.SIGINT, before)
        assert store.count() == 4_000
        assert store._live.info().indexed_vectors_count == 0
    with QdrantEdgeStore.open(location, SCHEMA) as store:
        assert sorted(file.name for file in location.glob("engine*")) == ["engine"]
        store.optimize(complete=True)
        assert store._live.info().indexed_vectors_count == 4_000


def test_a_kill_between_the_two_renames_of_an_index_is_mended(location: Path) -> None:
    with create_store(KIND, location, SCHEMA) as store:
        store.upsert([point(1, 0)])
    (location / "engine").rename(location / "engine-replaced")
    (location / "engine-123").mkdir()
    with open_store(KIND, location, SCHEMA) as store:
        assert store.count() == 1
    assert sorted(file.name for file in location.glob("engine*")) == ["engine"]
