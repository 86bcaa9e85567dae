"""Where stores are made, and servers to make them on; for all tests."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from stores import servers

from commonplace.stores import qdrant_server as qdrant_server_module
from commonplace.stores.networked import Location


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """In memory where there is room: hundreds of stores are made, and a disk takes a second to sync one."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30):
        yield tmp_path_factory.mktemp("stores")
        return
    with tempfile.TemporaryDirectory(prefix="commonplace-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server]:
    """One server for all tests. Those that kill or change a server start their own."""
    if why := servers.missing():
        pytest.skip(why)
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def qdrant_server(scratch: Path) -> Iterator[None]:
    """The server that COMMONPLACE_TEST_QDRANT names, or else qdrant-client's local mode: requests of the same shape,
    answered by a slow imitation."""
    if "COMMONPLACE_TEST_QDRANT" in os.environ:
        yield
        return
    client = pytest.importorskip("qdrant_client", reason="needs pip install 'commonplace[qdrant]'")

    real = qdrant_server_module.connect

    def local(location: Location) -> Any:
        if location.port is not None:  # a test that means a server of its own
            return real(location)
        folder = scratch / "qdrant" / location.name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _Quiet(client.QdrantClient(path=str(folder)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qdrant_server_module, "connect", local)
        yield


class _Quiet:
    """Local mode warns that it does without indexes."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return method(*arguments, **named)

        return call


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, scratch: Path) -> Callable[[str], str | Path]:
    """Kind of store -> where a new one can be made."""
    numbers = count()

    def make(kind: str) -> str | Path:
        match kind:
            case "postgres":
                server: servers.Server = request.getfixturevalue("postgres")
                return server.url(collection=f"store_{next(numbers)}")
            case "qdrant":
                request.getfixturevalue("qdrant_server")
                server_url = os.environ.get("COMMONPLACE_TEST_QDRANT", "qdrant://localhost").rstrip("/")
                return f"{server_url}/test-{uuid4().hex}?statistics={scratch}/{next(numbers)}.npz"
        return Path(tempfile.mkdtemp(dir=scratch)) / "store"

    return make
