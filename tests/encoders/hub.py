"""A model hub and an embedding service on this machine: real HTTP, with the faults that real ones have."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

COMMIT = sha1(b"the only commit").hexdigest()


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server of its own port, on a thread."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr."""

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def hub(repositories: dict[str, dict[str, bytes]], licence: str = "mit", stated: str | None = None) -> type[Quiet]:
    """A handler for repositories of files. `stated` is the hash that is told of every weight file."""

    class Hub(Quiet):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            for repository, files in repositories.items():
                if path.startswith(f"/api/models/{repository}/tree/"):
                    rows = [{"type": "file", "path": name, **self.told(name, body)} for name, body in files.items()]
                    return self.answer(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})
                if path.startswith(f"/api/models/{repository}"):
                    siblings = [{"rfilename": name, **self.told(name, body)} for name, body in files.items()]
                    info = {"id": repository, "sha": COMMIT, "siblings": siblings, "cardData": {"license": licence}}
                    return self.answer(200, json.dumps(info).encode(), {"Content-Type": "application/json"})
                place = f"/{repository}/resolve/{COMMIT}/"
                if path.startswith(place) and path.removeprefix(place) in files:
                    body = files[path.removeprefix(place)]
                    return self.answer(200, body, {"ETag": f'"{sha1(body).hexdigest()}"', "X-Repo-Commit": COMMIT})
            return self.answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})

        do_HEAD = do_GET

        def told(self, name: str, body: bytes) -> dict[str, Any]:
            plain: dict[str, Any] = {"size": len(body), "blobId": sha1(body).hexdigest(), "oid": sha1(body).hexdigest()}
            if not name.endswith(".safetensors"):
                return plain
            digest = stated or sha256(body).hexdigest()
            return plain | {"lfs": {"sha256": digest, "oid": digest, "size": len(body), "pointerSize": 134}}

    return Hub


def service(respond: Callable[[dict[str, Any]], Any]) -> type[Quiet]:
    """A handler of POST /embeddings. `respond` gets the request's body and answers with a body, or with
    (status, body, headers); what was asked, and with which headers, is kept in `asked`."""

    class Service(Quiet):
        asked: ClassVar[list[tuple[dict[str, Any], dict[str, str]]]] = []

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.asked.append((body, dict(self.headers)))
            answer = respond(body)
            status, body, headers = answer if isinstance(answer, tuple) else (200, answer, {})
            self.answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers)

    return Service
