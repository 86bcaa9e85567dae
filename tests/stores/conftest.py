"""Each kind of store in turn, empty and in a place of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stores.samples import SCHEMA

from commonplace.stores import STORES, create_store
from commonplace.stores.base import Store


@pytest.fixture(params=sorted(STORES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is room: hundreds of stores are made, and a disk takes a second to sync one."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30):
        yield tmp_path_factory.mktemp("stores")
        return
    with tempfile.TemporaryDirectory(prefix="commonplace-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def location(scratch: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        yield Path(folder) / "store"


@pytest.fixture
def store(kind: str, location: Path) -> Iterator[Store]:
    with create_store(kind, location, SCHEMA) as store:
        yield store
