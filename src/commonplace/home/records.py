"""The records of a collection: documents, chunks, mentions, cached readings of pictures, base vectors.

The caches are keyed by content, so that a renamed file costs no model call; `sweep` drops the entries that no chunk
needs any more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from commonplace.home.database import Database, marks, upsert
from commonplace.home.rows import (
    Document,
    Reading,
    Root,
    State,
    chunk_of,
    document_of,
    dump_locator,
    mention_of,
    path_bytes,
    path_of,
    word_of,
)
from commonplace.types import Chunk, Medium, Mention, Modality, Vectors
from commonplace.vectors.normalise import unit_rows

WORDS = frozenset({"text", "bm25", "identifier"})
COULD: dict[tuple[bool, bool], frozenset[str]] = {
    (False, False): frozenset(),
    (True, False): WORDS,
    (False, True): frozenset({"media"}),
    (True, True): WORDS | {"media"},
}
"""Whether a chunk has words, and something for a tower of the media lane -> the lanes that could find it."""
_MEDIUM = "CASE WHEN modality IN ('audio', 'video') THEN modality ELSE 'image' END"
"""As `types.MEDIUM`."""

_ORPHANS = {
    "pictures": "hash NOT IN (SELECT media FROM chunks WHERE media IS NOT NULL)",
    "vectors": "key NOT IN (SELECT media FROM chunks WHERE media IS NOT NULL) "
    "AND key NOT IN (SELECT words_key FROM chunks WHERE words_key IS NOT NULL)",
    "labels": "media NOT IN (SELECT media FROM chunks WHERE media IS NOT NULL)",
    "chunks": "document NOT IN (SELECT id FROM documents)",
    "mentions": "document NOT IN (SELECT id FROM documents)",
}
"""Table -> which of its rows nothing needs."""


_PUT_CHUNK = upsert(
    "chunks", "id", "document", "revision", "position", "modality", "locator", "title", "text", "own", "media",
    "words_key",
)  # fmt: skip
_PUT_PICTURE = upsert("pictures", "hash", "reader", "width", "height", "words", "thumbnail")
_PUT_VECTOR = upsert("vectors", "encoder, key", "vector")

BATCH = 500
"""Keys that are asked for at once."""


class Records:
    """Reads and writes the records. One writer at a time: the collection's lock sees to that."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        return self._db.transaction()

    def damaged_files(self) -> list[tuple[Path, str]]:
        """Files of which a part is unreadable, with what is said of it; reads them whole."""
        return self._db.damaged_files()

    def version(self) -> str:
        """Changes whenever a document is added, read again or removed."""
        row = self._db.execute(
            "SELECT max(id) AS last, count(*) AS n, sum(revision) AS read, "
            "count(*) FILTER (WHERE state = 'writing') AS writing FROM documents"
        ).fetchone()
        return "-".join(str(row[name] or 0) for name in ("last", "n", "read", "writing"))

    def orphans(self, *, remove: bool = False) -> dict[str, int]:
        """What is left of documents that are gone, table by table."""
        found: dict[str, int] = {}
        for table, where in _ORPHANS.items():
            if count := self._count(f"{table} WHERE {where}"):
                found[table] = count
            if remove:
                self._db.execute(f"DELETE FROM {table} WHERE {where}")
        return found

    def _count(self, rows: str, values: Sequence[Any] = ()) -> int:
        return int(self._db.execute(f"SELECT count(*) AS n FROM {rows}", values).fetchone()["n"])

    def _ids(self, rows: str, values: Sequence[Any] = ()) -> list[Any]:
        return [row["id"] for row in self._db.execute(f"SELECT id FROM {rows}", values)]

    # -- roots

    def roots(self) -> list[Root]:
        rows = self._db.execute("SELECT * FROM roots ORDER BY id")
        return [Root(row["id"], row["name"], path_of(row["path"]), json.loads(row["options"])) for row in rows]

    def put_root(self, path: Path, name: str, options: dict[str, Any]) -> Root:
        """Register a root; a second one of the same name is called `name~2`. Known ones take the new options."""
        taken = {root.name: root for root in self.roots()}
        known = any(root.path == path for root in taken.values())
        wanted, number = name, 1
        while not known and name in taken:
            number += 1
            name = f"{wanted}~{number}"
        self._db.execute(
            "INSERT INTO roots (name, path, options) VALUES (?, ?, ?) "
            "ON CONFLICT (path) DO UPDATE SET options = excluded.options",
            (name, path_bytes(path), json.dumps(options)),
        )
        return next(root for root in self.roots() if root.path == path)

    def drop_empty_roots(self) -> None:
        self._db.execute("DELETE FROM roots WHERE id NOT IN (SELECT root FROM documents)")

    # -- documents

    def documents(self, state: State | None = None) -> Iterator[Document]:
        where, values = ("WHERE state = ?", (state,)) if state else ("", ())
        for row in self._db.execute(f"SELECT * FROM documents {where} ORDER BY source", values).fetchall():
            yield document_of(row)

    def document(self, source: str) -> Document | None:
        row = self._db.execute("SELECT * FROM documents WHERE source = ?", (source,)).fetchone()
        return document_of(row) if row else None

    def documents_like(self, glob: str) -> list[int]:
        """Ids of the documents whose source matches a glob (`*`, `?`, `[..]`; `*` crosses folders)."""
        condition, value = self._db.glob("source", glob)
        return self._ids(f"documents WHERE {condition}", (value,))

    def begin_document(self, source: str, root: int, path: Path, stamp: str) -> Document:
        """A new revision of a document: what it had stays findable until `end_document`."""
        self._db.execute(
            "INSERT INTO documents (source, root, path, stamp, state) VALUES (?, ?, ?, ?, 'writing') "
            "ON CONFLICT (source) DO UPDATE SET root = excluded.root, path = excluded.path, "
            "stamp = excluded.stamp, state = 'writing', reason = '', revision = documents.revision + 1",
            (source, root, path_bytes(path), stamp),
        )
        found = self.document(source)
        assert found is not None
        self._db.execute("DELETE FROM mentions WHERE document = ?", (found.id,))
        return found

    def update_document(self, document: int, **columns: Any) -> None:
        for name in ("notes", "tags"):
            if name in columns:
                columns[name] = json.dumps(columns[name])
        names = ", ".join(f"{name} = ?" for name in columns)
        self._db.execute(f"UPDATE documents SET {names} WHERE id = ?", (*columns.values(), document))

    def delete_document(self, document: int) -> None:
        """The rows of a document; its points must have left the store before. Links to it are open again."""
        self._db.execute(
            "UPDATE mentions SET picture = NULL WHERE picture = (SELECT source FROM documents WHERE id = ?)",
            (document,),
        )
        for table, column in (("chunks", "document"), ("mentions", "document"), ("documents", "id")):
            self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (document,))

    def read_again(self, chunk_ids: Iterable[str]) -> None:
        """The documents of these chunks wait for the next `update` as if reading them had been cut short."""
        self._db.executemany(
            "UPDATE documents SET state = 'writing' WHERE id = (SELECT document FROM chunks WHERE id = ?)",
            ((id,) for id in chunk_ids),
        )

    def stale_chunks(self, document: int, revision: int) -> list[str]:
        """Chunks of a document that its current revision no longer has."""
        return self._ids("chunks WHERE document = ? AND revision != ?", (document, revision))

    # -- chunks

    def put_chunk(self, chunk: Chunk, document: Document, position: int, own: Mention) -> None:
        """`own` is what the document itself says of a picture in it: alt text, caption, paragraph."""
        self._db.execute(
            _PUT_CHUNK,
            (
                chunk.id, document.id, document.revision, position, chunk.modality, dump_locator(chunk.locator),
                chunk.title, chunk.text, json.dumps(asdict(own)), chunk.media, None,
            ),
        )  # fmt: skip

    def base_keys(self, ids: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
        """Chunk id -> keys of its base vectors: of its words, of its media."""
        rows = self._db.execute(f"SELECT id, words_key, media FROM chunks WHERE id IN ({marks(ids)})", tuple(ids))
        return {row["id"]: (row["words_key"], row["media"]) for row in rows}

    def put_words_keys(self, keys: Iterable[tuple[str, str | None]]) -> None:
        """(chunk id, key of its base vector in the text lane)."""
        self._db.executemany("UPDATE chunks SET words_key = ? WHERE id = ?", ((key, id) for id, key in keys))

    def delete_chunks(self, ids: Sequence[str]) -> None:
        self._db.executemany("DELETE FROM chunks WHERE id = ?", ((id,) for id in ids))

    def chunk_ids(self, document: int | None = None) -> list[str]:
        where, values = ("WHERE document = ?", (document,)) if document is not None else ("", ())
        return self._ids(f"chunks {where} ORDER BY id", values)

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Chunk id -> chunk with the words and mentions of its picture, as far as they are there; in order."""
        rows = self._db.execute(
            "SELECT chunks.*, documents.source, pictures.words AS words FROM chunks "
            "JOIN documents ON documents.id = chunks.document "
            f"LEFT JOIN pictures ON pictures.hash = chunks.media WHERE chunks.id IN ({marks(ids)}) ORDER BY chunks.id",
            tuple(ids),
        ).fetchall()
        said = self._mentions_of({row["source"] for row in rows if row["media"] is not None})
        return {row["id"]: chunk_of(row, said[row["source"]] if row["media"] is not None else ()) for row in rows}

    def every_chunk(self) -> Iterator[Chunk]:
        """In the order of ids, a batch in memory at a time."""
        ids = self.chunk_ids()
        for start in range(0, len(ids), BATCH):
            yield from self.chunks(ids[start : start + BATCH]).values()

    def sources(self, ids: Sequence[str]) -> dict[str, str]:
        """Chunk id -> source of its document."""
        wanted = set(ids)
        rows = self._db.execute("SELECT chunks.id, source FROM chunks JOIN documents ON documents.id = document")
        return {row["id"]: row["source"] for row in rows if row["id"] in wanted}

    def standing(self, ids: Iterable[str], media: Iterable[Medium]) -> dict[str, tuple[str, frozenset[str]]]:
        """Chunk id -> what stands for its document and all copies of that, and the lanes that could find the chunk:
        without words BM25 has nothing to match.

        media  what the space has towers for
        """
        wanted, seen = list(ids), list(media)
        rows = self._db.execute(
            "SELECT chunks.id, content, source, words_key IS NOT NULL AS words, "
            f"media IS NOT NULL AND {_MEDIUM} IN ({marks(seen)}) AS media FROM chunks "
            f"JOIN documents ON documents.id = document WHERE chunks.id IN ({marks(wanted)})",
            (*seen, *wanted),
        )
        # Of a document that failed when it was read again, the chunks of an earlier content are left.
        return {
            row["id"]: (row["content"] or row["source"], COULD[bool(row["words"]), bool(row["media"])]) for row in rows
        }

    def count_chunks(self) -> dict[Modality, int]:
        rows = self._db.execute("SELECT modality, count(*) AS n FROM chunks GROUP BY modality ORDER BY modality")
        return {row["modality"]: row["n"] for row in rows}

    # -- mentions: how pages speak of the picture files they embed

    def put_mention(self, document: int, target: str, picture: str | None, mention: Mention) -> None:
        row = (document, target, picture, json.dumps(asdict(mention)))
        self._db.execute("INSERT INTO mentions (document, target, picture, mention) VALUES (?, ?, ?, ?)", row)

    def open_mentions(self) -> list[tuple[int, str, str]]:
        """(row, page source, target) of the mentions whose picture is not in the collection, or not yet."""
        rows = self._db.execute(
            "SELECT mentions.rowid AS row, source, target FROM mentions JOIN documents ON documents.id = document "
            "WHERE picture IS NULL"
        )
        return [(row["row"], row["source"], row["target"]) for row in rows]

    def resolve_mentions(self, resolved: Iterable[tuple[int, str]]) -> None:
        """(row, source of the picture)."""
        self._db.executemany("UPDATE mentions SET picture = ? WHERE rowid = ?", ((p, row) for row, p in resolved))

    def mentioned_by(self, document: int) -> set[str]:
        rows = self._db.execute(
            "SELECT DISTINCT picture FROM mentions WHERE document = ? AND picture IS NOT NULL", (document,)
        )
        return {row["picture"] for row in rows}

    def _mentions_of(self, pictures: Collection[str]) -> dict[str, list[Mention]]:
        """Source of a picture file -> what pages say of it."""
        found: dict[str, list[Mention]] = {picture: [] for picture in pictures}
        rows = self._db.execute(
            f"SELECT picture, mention FROM mentions WHERE picture IN ({marks(found)}) ORDER BY document, rowid",
            tuple(found),
        )
        for row in rows:
            found[row["picture"]].append(mention_of(row["mention"]))
        return found

    # -- caches keyed by content

    def put_reading(self, reading: Reading, reader: str) -> None:
        words = json.dumps([asdict(word) for word in reading.words])
        row = (reading.hash, reader, reading.width, reading.height, words, reading.thumbnail)
        self._db.execute(_PUT_PICTURE, row)

    def reading(self, hash: str) -> Reading | None:
        row = self._db.execute("SELECT * FROM pictures WHERE hash = ?", (hash,)).fetchone()
        if row is None:
            return None
        words = tuple(word_of(word) for word in json.loads(row["words"]))
        return Reading(hash, row["width"], row["height"], words, row["thumbnail"])

    def has_reading(self, hash: str, reader: str) -> bool:
        """Whether `reader` read a picture; "" stands for any."""
        return self._count("pictures WHERE hash = ? AND ? IN (reader, '')", (hash, reader)) > 0

    def put_vectors(self, encoder: str, keys: Sequence[str], vectors: Vectors) -> None:
        """Base vectors (n, d) of one encoder, kept as float16."""
        rows = ((encoder, key, row.astype(np.float16).tobytes()) for key, row in zip(keys, vectors, strict=True))
        self._db.executemany(_PUT_VECTOR, rows)

    def vectors(self, encoder: str, keys: Iterable[str]) -> dict[str, Vectors]:
        """Key -> (d,) float32, as far as they are there."""
        found: dict[str, Vectors] = {}
        keys = iter(keys)
        while batch := list(islice(keys, BATCH)):
            rows = self._db.execute(
                f"SELECT key, vector FROM vectors WHERE encoder = ? AND key IN ({marks(batch)})", (encoder, *batch)
            )
            stored = {row["key"]: row["vector"] for row in rows}
            found |= {key: np.frombuffer(stored[key], np.float16).astype(np.float32) for key in batch if key in stored}
        return found

    def has_vector(self, encoder: str, key: str) -> bool:
        return self._count("vectors WHERE encoder = ? AND key = ?", (encoder, key)) > 0

    def lane_vectors(self, lane: str, encoder: str) -> tuple[list[str], Vectors]:
        """Ids of the chunks that have a base vector of a dense lane, in order, and their vectors (n, d), unit rows."""
        key = "words_key" if lane == "text" else "media"
        rows = self._db.execute(
            f"SELECT id, vector FROM chunks JOIN vectors ON key = {key} AND encoder = ? ORDER BY id", (encoder,)
        ).fetchall()
        if not rows:
            return [], np.empty((0, 0), np.float32)
        ids = [row["id"] for row in rows]
        return ids, unit_rows(np.stack([np.frombuffer(row["vector"], np.float16) for row in rows]))

    def count_lane(self, lane: str, encoder: str) -> int:
        """How many chunks have a base vector of a dense lane."""
        key = "words_key" if lane == "text" else "media"
        return self._count(f"chunks JOIN vectors ON key = {key} AND encoder = ?", (encoder,))

    def unseen(self, medium: Medium, encoder: str) -> list[Document]:
        """Documents with something for a tower that it has not had."""
        rows = self._db.execute(
            "SELECT DISTINCT documents.* FROM documents JOIN chunks ON chunks.document = documents.id "
            f"WHERE media IS NOT NULL AND {_MEDIUM} = ? AND NOT EXISTS "
            "(SELECT 1 FROM vectors WHERE encoder = ? AND key = media) ORDER BY source",
            (medium, encoder),
        )
        return [document_of(row) for row in rows]

    def unread_pictures(self) -> list[str]:
        """Ids of the chunks whose picture has neither words nor thumbnail in the cache."""
        unread = "media NOT IN (SELECT hash FROM pictures)"
        return self._ids(f"chunks WHERE media IS NOT NULL AND {_MEDIUM} = 'image' AND {unread} ORDER BY id")

    def put_labels(self, labels: Mapping[str, tuple[str, float]]) -> None:
        """Content hash of a picture -> its label and how likely that is. Labels from before are gone."""
        self._db.execute("DELETE FROM labels")
        self._db.executemany("INSERT INTO labels VALUES (?, ?, ?)", ((media, *of) for media, of in labels.items()))

    def label(self, media: str) -> str | None:
        row = self._db.execute("SELECT label FROM labels WHERE media = ?", (media,)).fetchone()
        return row["label"] if row else None

    def pictures(self) -> dict[str, list[str]]:
        """Content hash of each picture -> the chunks that show it."""
        found: dict[str, list[str]] = {}
        pictures = f"media IS NOT NULL AND {_MEDIUM} = 'image'"
        for row in self._db.execute(f"SELECT media, id FROM chunks WHERE {pictures} ORDER BY id"):
            found.setdefault(row["media"], []).append(row["id"])
        return found

    def sweep(self) -> None:
        """Drop readings, thumbnails, labels and base vectors that no chunk needs."""
        for table in ("pictures", "vectors", "labels"):
            self._db.execute(f"DELETE FROM {table} WHERE {_ORPHANS[table]}")
