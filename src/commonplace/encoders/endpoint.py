"""Embedding services over HTTP: OpenAI's shape for text, Jina's and vLLM's for text and pictures.

    openai:https://api.openai.com/v1#text-embedding-3-small?dim=512
    jina:http://127.0.0.1:8000/v1#jina-clip-v2

The key comes from the environment and goes to its own service only: OPENAI_API_KEY to api.openai.com, JINA_API_KEY to
api.jina.ai, COMMONPLACE_API_KEY to any other; redirects are not followed.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from hashlib import sha256
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from commonplace.encoders.base import ForeignEncoder, Kind, Towers
from commonplace.encoders.inputs import pictures, texts
from commonplace.encoders.shelf import offline, remembered
from commonplace.errors import DimensionMismatch, InvalidVector, ModelError, UsageError
from commonplace.types import Vectors

OPTIONS = frozenset({"dim", "query", "document", "task", "temperature", "timeout"})
KEYS = {"api.openai.com": "OPENAI_API_KEY", "api.jina.ai": "JINA_API_KEY"}
TRIES = 5
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
"""Seconds between tries: doubled each time, or what the service asks for."""
MOST_BYTES = 2**28
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


def openai(reference: str, options: Mapping[str, str]) -> Towers:
    """Text through `URL#model`. query, document: words put before each text; dim: asked of the service."""
    return _towers("openai", ("text",), reference, options)


def jina(reference: str, options: Mapping[str, str]) -> Towers:
    """Text and pictures through `URL#model`. task: "retrieval" asks for retrieval.query and retrieval.passage."""
    return _towers("jina", ("text", "image"), reference, options)


def _towers(family: str, modalities: tuple[str, ...], reference: str, options: Mapping[str, str]) -> Towers:
    url, _, model = reference.partition("#")
    where = urlsplit(url)
    if where.scheme not in ("http", "https") or not where.hostname or not model or where.username:
        raise UsageError(
            f"{family}:{reference}; expected {family}:https://HOST/v1#MODEL. Keys come from the environment."
        )
    try:
        temperature, timeout = float(options.get("temperature", 0.05)), float(options.get("timeout", 60))
    except ValueError as error:
        raise UsageError(f"{family}:{reference}: temperature and timeout are numbers ({error}).") from error
    service = Service(f"{family}:{reference}", url.rstrip("/") + "/embeddings", model, options, timeout)
    said = f"{family} {url} {model} {sorted((k, v) for k, v in options.items() if k != 'timeout')}"
    dim = int(options.get("dim", 0)) or remembered(f"dim {said}", lambda: len(service.ask(["dimensions"], "query")[0]))
    fingerprint = sha256(said.encode()).hexdigest()[:32]
    made = {m: EndpointEncoder(service, m, dim, fingerprint) for m in modalities}
    return Towers(made, temperature)


class EndpointEncoder(ForeignEncoder):
    """The fingerprint is of the address and the options: what runs behind an address, nobody can hash."""

    def __init__(self, service: Service, modality: str, dim: int, fingerprint: str) -> None:
        super().__init__(service.name, modality, dim, sha256(f"{fingerprint} {modality}".encode()).hexdigest()[:32])
        self._service = service
        self.batch_size = 64 if modality == "text" else 8

    def _load(self) -> None:
        pass

    def _forward(self, batch: Sequence[Any], kind: Kind) -> Vectors:
        if self.modality == "text":
            before = self._service.options.get(kind, "")
            items: list[Any] = [before + text for text in texts(batch, self.name)]
            items = [{"text": text} for text in items] if self.name.startswith("jina:") else items
        else:
            items = [{"image": _png(picture)} for picture in pictures(batch, self.name)]
        rows = self._service.ask(items, kind)
        widths = {len(row) for row in rows}
        if widths != {self.dim}:
            raise DimensionMismatch(
                f"{self.name} answered with vectors of {', '.join(map(str, sorted(widths)))} numbers; expected "
                f"{self.dim}. Check the model and `dim`."
            )
        vectors = np.array(rows, np.float32)
        if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise InvalidVector(f"{self.name} answered with NaN, infinity or a zero vector. Nothing of it was kept.")
        return vectors


class Service:
    """One address that is asked for vectors, patiently."""

    def __init__(self, name: str, url: str, model: str, options: Mapping[str, str], timeout: float) -> None:
        self.name, self.url, self.options = name, url, options
        self._model, self._timeout = model, timeout
        self._opener = urllib.request.build_opener(_NoRedirects)

    def ask(self, items: Sequence[Any], kind: Kind) -> list[Any]:
        """One vector each, in order. Raises ModelError once a try more is no use."""
        if offline() and not _loopback(self.url):
            raise UsageError(f"{self.name} is elsewhere and the offline switch is set. Unset COMMONPLACE_OFFLINE.")
        body: dict[str, Any] = {"model": self._model, "input": list(items), "encoding_format": "float"}
        if "dim" in self.options:
            body["dimensions"] = int(self.options["dim"])
        if "task" in self.options:
            body["task"] = f"{self.options['task']}.{'query' if kind == 'query' else 'passage'}"
        answer = self._post(json.dumps(body).encode())
        try:
            rows = sorted(answer["data"], key=lambda row: row.get("index", 0))
            vectors = [_numbers(row["embedding"]) for row in rows]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{self.name} answered without data[].embedding ({type(error).__name__}). Is {self.url} its address?"
            ) from error
        if len(vectors) != len(items):
            raise ModelError(f"{self.name} answered {len(items)} items with {len(vectors)} vectors. Nothing was kept.")
        return vectors

    def _post(self, body: bytes) -> Any:
        headers = {"Content-Type": "application/json", "User-Agent": "commonplace"}
        if key := self._key():
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url, body, headers)
        for attempt in range(TRIES):
            wait = min(FIRST_WAIT * 2**attempt, LONGEST_WAIT) * (1 + random.random() / 4)
            try:
                with self._opener.open(request, timeout=self._timeout) as response:
                    received = response.read(MOST_BYTES + 1)
                if len(received) > MOST_BYTES:
                    raise ModelError(f"{self.name} answered with more than {MOST_BYTES:,} bytes. Send fewer items.")
                return json.loads(received)
            except urllib.error.HTTPError as error:
                with error:
                    told = " ".join(error.read(2000).decode("utf-8", "replace").split())[:300]
                what = f"HTTP {error.code} {error.reason}: {told or 'no words'}"
                if error.code not in _AGAIN:
                    hint = (
                        "Set the key in the environment" if error.code in (401, 403) else "Check the address and model"
                    )
                    raise ModelError(f"{self.name} answered {what}. {hint}; see docs/models.md.") from error
                asked = error.headers.get("Retry-After", "")
                wait = min(float(asked), LONGEST_WAIT) if asked.replace(".", "", 1).isdecimal() else wait
            except (OSError, HTTPException, ValueError) as error:  # timeouts, broken connections, half an answer
                what = f"{type(error).__name__}: {getattr(error, 'reason', None) or error}"
            if attempt + 1 < TRIES:
                time.sleep(wait)
        raise ModelError(f"{self.name} gave no answer in {TRIES} tries; the last: {what}. Try again later.")

    def _key(self) -> str | None:
        where = urlsplit(self.url)
        variable = KEYS.get(where.hostname or "", "COMMONPLACE_API_KEY")
        key = os.environ.get(variable)
        if key and where.scheme == "http" and not _loopback(self.url):
            raise UsageError(f"{self.name}: {variable} would cross the network in the clear. Use https.")
        return key


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Another host must not be sent the key."""


def _numbers(embedding: Any) -> Sequence[float]:
    if isinstance(embedding, str):
        return [float(x) for x in np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")]
    return [float(x) for x in embedding]


def _png(picture: Any) -> str:
    """Base64 of at most 1024 pixels a side: services scale down themselves, and charge for what they get."""
    from commonplace.ingest.pictures import encode_png

    if max(picture.size) > 1024:
        picture = picture.copy()
        picture.thumbnail((1024, 1024))
    return base64.b64encode(encode_png(picture)).decode()


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")
