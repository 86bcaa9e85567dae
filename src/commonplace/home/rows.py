"""What the records hold, and how it is written in rows: lists and small records as JSON, paths as bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from commonplace.types import Chunk, Locator, Mention, Word

State = Literal["writing", "indexed", "skipped", "failed"]


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or file that was added. `name` is how its sources begin."""

    id: int
    name: str
    path: Path
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Document:
    """One source file, and how reading it ended."""

    id: int
    source: str
    root: int
    path: Path
    stamp: str
    """Size and times of the file when it was read: equal means unchanged."""
    content: str
    """Hash of its bytes."""
    format: str
    state: State
    reason: str
    notes: tuple[str, ...]
    title: str
    tags: tuple[str, ...]
    date: int | None
    revision: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What OCR read in one picture, by content hash."""

    hash: str
    width: int
    height: int
    words: tuple[Word, ...]
    thumbnail: bytes


def chunk_id(source: str, locator: Locator, content: str) -> str:
    """The first 16 hex digits of sha256(source, locator, content hash): the same in every store and generation."""
    return sha256("\x00".join((source, dump_locator(locator), content)).encode()).hexdigest()[:16]


def utc_seconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def document_of(row: Any) -> Document:
    return Document(
        row["id"], row["source"], row["root"], path_of(row["path"]), row["stamp"], row["content"], row["format"],
        row["state"], row["reason"], tuple(json.loads(row["notes"])), row["title"], tuple(json.loads(row["tags"])),
        row["date"], row["revision"],
    )  # fmt: skip


def chunk_of(row: Any, said: Sequence[Mention]) -> Chunk:
    """said  what pages say of the picture file that it is part of"""
    own = mention_of(row["own"])
    mentions = (own, *said) if own.alt or own.caption or own.paragraph else tuple(said)
    return Chunk(
        row["id"], row["source"], row["modality"], _load_locator(row["locator"]), row["title"], row["text"],
        tuple(word_of(word) for word in json.loads(row["words"] or "[]")), mentions, row["media"],
    )  # fmt: skip


def dump_locator(locator: Locator) -> str:
    return json.dumps({name: value for name, value in asdict(locator).items() if value not in (None, ())})


def _load_locator(text: str) -> Locator:
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in json.loads(text).items()}
    return Locator(**fields)


def mention_of(text: str) -> Mention:
    fields = json.loads(text)
    return Mention(**{**fields, "headings": tuple(fields["headings"])})


def word_of(fields: dict[str, Any]) -> Word:
    return Word(**{**fields, "bbox": tuple(fields["bbox"]) if fields["bbox"] else None})


def path_bytes(path: Path) -> bytes:
    return os.fsencode(path)  # a file name need not be valid Unicode


def path_of(value: bytes) -> Path:
    return Path(os.fsdecode(value))
