"""Where a collection is at home: the place of its records and small files, and who may write there."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from commonplace.errors import MissingCollection, UsageError
from commonplace.generation import read_identity
from commonplace.home.database import Database, SqliteDatabase
from commonplace.home.files import Files, Folder
from commonplace.home.lock import CollectionLock
from commonplace.ingest.textfile import clean_text
from commonplace.lazy import load
from commonplace.stores import store_of
from commonplace.stores.networked import Location, folder_of

if TYPE_CHECKING:
    from commonplace.config import Settings

_POSTGRES = "commonplace.home.postgres"


class Home(ABC):
    """Messages name it by its `str`.

    files    `collection.json`, and what each generation knows of itself
    url      of the store, with its password where it has one; "" for the embedded one
    folder   on this machine: its own, or what is remembered of it here
    named    how `-c` names it
    workers  what `look` understands
    """

    files: Files
    url: str
    folder: Path
    named: str
    workers: str | Path

    @abstractmethod
    def database(self, *, create: bool = False) -> Database:
        """The records, open until `close`. create: make what is not there."""

    def hold(self, *, create: bool = False) -> None:
        """Until `close`, where one process at a time must have it.

        Raises MissingCollection where there is none and none is to be made, and CollectionLocked.
        """
        if not create and read_identity(self.files) is None:
            raise MissingCollection(
                f"there is no collection in {self}. Create one with: commonplace add PATH... -c {self.named}"
            )

    @abstractmethod
    def writing(self) -> AbstractContextManager[None]:
        """Nobody else writes within. Raises CollectionLocked."""

    @abstractmethod
    def another(self) -> Self:
        """The same place, opened apart."""

    def release(self) -> None:  # noqa: B027 - most homes keep nobody out
        """Let others open it, where one process at a time must have it, until it is used again."""

    def stamp(self) -> str:
        """Another than before once somebody has written, where others may."""
        return ""

    @abstractmethod
    def free(self) -> bool:
        """Whether an export or a new collection may be written here."""

    @abstractmethod
    def bytes(self) -> int:
        """What it takes on disk."""

    @abstractmethod
    def close(self) -> None:
        """Idempotent."""


class FolderHome(Home):
    """In a folder, which one process at a time may have open."""

    def __init__(self, folder: Path, lock_wait: float = 0.0, url: str = "") -> None:
        self.folder = self.workers = Path(os.path.abspath(folder.expanduser()))
        self.files, self.url, self._lock_wait = Folder(self.folder), url, lock_wait
        self.named = Location.parse(url).url if url else str(self.folder)
        self._lock: CollectionLock | None = None
        self._database: SqliteDatabase | None = None

    def __str__(self) -> str:
        return str(self.folder)

    def database(self, *, create: bool = False) -> Database:
        if self._database is None:
            self._database = SqliteDatabase.open(self.folder, create=create)
        return self._database

    def hold(self, *, create: bool = False) -> None:
        if clean_text(str(self.folder)) != str(self.folder):
            raise UsageError(
                f"{self.folder!r} is no valid Unicode; expected a folder that the store can name. Rename it."
            )
        super().hold(create=create)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{self} cannot be made ({error.strerror}); expected a folder. Choose another.") from error
        if self._lock is None:
            self._lock = CollectionLock(self.folder, self._lock_wait)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Whoever holds it is alone, but a build lets others search. A new collection has nobody else."""
        known = (self.files / "collection.json").exists()
        with closing(CollectionLock(self.folder, self._lock_wait, "lock-writing")) if known else nullcontext():
            yield

    def another(self) -> Self:
        return type(self)(self.folder, self._lock_wait, self.url)

    def release(self) -> None:
        self.close()

    def free(self) -> bool:
        return not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir()))

    def bytes(self) -> int:
        return sum(f.stat().st_blocks * 512 for f in self.folder.rglob("*") if f.is_file())

    def close(self) -> None:
        database, self._database = self._database, None
        lock, self._lock = self._lock, None
        try:
            if database is not None:
                database.close()
        finally:
            if lock is not None:
                lock.close()


def home_of(place: str | Path, settings: Settings) -> Home:
    """Of a collection in a folder or at the URL of a store. Opens nothing. Raises UnknownName and UsageError."""
    url = place if isinstance(place, str) and "://" in place else ""
    if store_of(url) == "postgres":
        return cast(Home, load(f"{_POSTGRES}:PostgresHome")(url, settings))
    folder = settings.home / folder_of(url) if url else Path(place)
    return FolderHome(folder, settings.lock_wait, url)


def look(workers: str | Path) -> Database:
    """What a home's pictures and their vectors are, for a process that reads beside the one that has it."""
    if isinstance(workers, Path):
        return SqliteDatabase.look(workers)
    return cast(Database, load(f"{_POSTGRES}:PostgresDatabase")(workers))
