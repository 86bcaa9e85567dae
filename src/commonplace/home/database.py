"""The tables of a collection's records, and the SQLite files that hold them in a folder.

Three files behind one connection: `documents.sqlite` is what a user would miss, `cache/pictures.sqlite` can be made
anew by OCR, `base/vectors.sqlite` by the towers. So damage to the first is an error, and to the others a delay.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Self

from commonplace.errors import CorruptCollection
from commonplace.failures import DAMAGED, is_damage

FILES = {"main": "documents.sqlite", "cache": "cache/pictures.sqlite", "base": "base/vectors.sqlite"}
"""Name of the database within the connection -> file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS main.roots (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, path BLOB NOT NULL UNIQUE, options TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS main.documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE, root INTEGER NOT NULL, path BLOB NOT NULL,
  stamp TEXT NOT NULL, content TEXT NOT NULL DEFAULT '', format TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '[]',
  title TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '[]', date INTEGER, revision INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS main.chunks (
  id TEXT PRIMARY KEY, document INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
  modality TEXT NOT NULL, locator TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
  own TEXT NOT NULL, media TEXT, words_key TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS main.chunks_document ON chunks (document, position);
CREATE INDEX IF NOT EXISTS main.chunks_media ON chunks (media) WHERE media IS NOT NULL;
CREATE TABLE IF NOT EXISTS main.mentions (
  document INTEGER NOT NULL, target TEXT NOT NULL, picture TEXT, mention TEXT NOT NULL, rowid INTEGER PRIMARY KEY);
CREATE INDEX IF NOT EXISTS main.mentions_document ON mentions (document);
CREATE INDEX IF NOT EXISTS main.mentions_picture ON mentions (picture);
CREATE TABLE IF NOT EXISTS main.labels (media TEXT PRIMARY KEY, label TEXT NOT NULL, probability REAL NOT NULL);
"""

CACHES = """
CREATE TABLE IF NOT EXISTS cache.pictures (
  hash TEXT PRIMARY KEY, reader TEXT NOT NULL, width INTEGER, height INTEGER, words TEXT NOT NULL, thumbnail BLOB);
CREATE TABLE IF NOT EXISTS base.vectors (
  encoder TEXT NOT NULL, key TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (encoder, key)) WITHOUT ROWID;
"""

TABLES = ("roots", "documents", "chunks", "mentions", "labels", "pictures", "vectors")


class Database(ABC):
    """Takes SQL that SQLite and Postgres both understand, with `?` for values; a row gives a column by its name."""

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """A cursor."""

    @abstractmethod
    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[None]:
        """What is read within is of one moment, whoever writes."""

    @abstractmethod
    def stream(self, statement: str) -> Iterator[Any]:
        """Rows that need not fit in memory."""

    @abstractmethod
    def glob(self, column: str, pattern: str) -> tuple[str, str]:
        """A condition that a column matches `*`, `?` and `[..]`, and its value."""

    @abstractmethod
    def close(self) -> None: ...

    def damaged_files(self) -> list[tuple[Path, str]]:
        """Files of which a part is unreadable, with what is said of it; reads them whole. A server looks after its
        own."""
        return []

    def insert(self, table: str, columns: Collection[str], rows: Iterable[Sequence[Any]]) -> None:
        self.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})", rows)

    def copy_from(self, other: Database) -> None:
        """Every row of another database, in place of its own."""
        with other.snapshot(), self.transaction():
            for table in TABLES:
                self.execute(f"DELETE FROM {table}")
                rows = other.stream(f"SELECT * FROM {table}")
                for first in rows:
                    names = list(first.keys())
                    self.insert(table, names, ([row[name] for name in names] for row in chain([first], rows)))


class SqliteDatabase(Database):
    """The records of the collection in a folder."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        self._folder, self._connection = folder, connection

    @classmethod
    def open(cls, folder: Path, *, create: bool) -> Self:
        """Raises CorruptCollection where the records are gone and not to be created."""
        main = folder / FILES["main"]
        if not create and not main.exists():
            raise CorruptCollection(f"{main} is gone; expected the records of the collection. {DAMAGED}")
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder, sqlite3.connect(main, isolation_level=None, check_same_thread=False))
        try:
            made._set_up()
        except BaseException:
            made.close()
            raise
        return made

    @classmethod
    def look(cls, folder: Path) -> Self:
        """At what the caches have, beside the process that writes them."""
        connection = sqlite3.connect(":memory:", uri=True)
        for name in ("cache", "base"):
            connection.execute(f"ATTACH ? AS {name}", (f"{(folder / FILES[name]).as_uri()}?mode=ro",))
        return cls(folder, connection)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # on a full disk SQLite has rolled back by itself
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.transaction("BEGIN"):
            for name in FILES:  # what is seen of a file is settled by the first look at it
                self._connection.execute(f"SELECT 1 FROM {name}.sqlite_schema").fetchone()
            yield

    def stream(self, statement: str) -> Iterator[sqlite3.Row]:
        return self._connection.execute(statement)

    def glob(self, column: str, pattern: str) -> tuple[str, str]:
        return f"{column} GLOB ?", pattern

    def damaged_files(self) -> list[tuple[Path, str]]:
        found = []
        for name, file in FILES.items():
            try:
                verdict = self._connection.execute(f"PRAGMA {name}.quick_check(1)").fetchone()[0]
            except sqlite3.DatabaseError as error:
                verdict = str(error)
            if verdict != "ok":
                found.append((self._folder / file, " ".join(verdict.split())))
        return found

    def close(self) -> None:
        self._connection.close()

    def _set_up(self) -> None:
        self._prepare("main")
        self._connection.executescript(SCHEMA)
        whole = [self._attach("cache", "pictures"), self._attach("base", "vectors")]
        if not all(whole):
            # Words and vectors of pictures are only in the caches: their documents wait for the next `update`.
            self._connection.execute(
                "UPDATE documents SET state = 'writing' "
                "WHERE state = 'indexed' AND id IN (SELECT document FROM chunks WHERE media NOT NULL)"
            )
        self._connection.executescript(CACHES)

    def _attach(self, name: str, table: str) -> bool:
        """Whether `table` was there already."""
        file, execute = self._folder / FILES[name], self._connection.execute
        file.parent.mkdir(exist_ok=True)
        try:
            execute(f"ATTACH ? AS {name}", (str(file),))
            self._prepare(name)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            with suppress(sqlite3.OperationalError):  # it depends on the damage how far it came
                execute(f"DETACH {name}")
            for each in file.parent.glob(f"{file.name}*"):  # with its log
                each.unlink()
            execute(f"ATTACH ? AS {name}", (str(file),))
            self._prepare(name)
        return execute(f"SELECT 1 FROM {name}.sqlite_schema WHERE name = ?", (table,)).fetchone() is not None

    def _prepare(self, name: str) -> None:
        self._connection.execute(f"PRAGMA {name}.journal_mode = WAL")
        self._connection.execute(f"PRAGMA {name}.synchronous = NORMAL")
        # Rows are wide, and a search looks at hundreds: without a copy of their pages in half the time.
        self._connection.execute(f"PRAGMA {name}.mmap_size = {1 << 30}")


def marks(values: Collection[Any]) -> str:
    """For `IN (...)`."""
    return ", ".join("?" * len(values)) or "NULL"


def upsert(table: str, key: str, *columns: str) -> str:
    """A row of all columns, in place of one with the same key."""
    names, kept = (*key.split(", "), *columns), ", ".join(f"{name} = excluded.{name}" for name in columns)
    values = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks(names)})"
    return f"{values} ON CONFLICT ({key}) DO UPDATE SET {kept}"
