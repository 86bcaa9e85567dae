"""A collection in another place: an export, which is files that anything reads, a backup, another store.

What is copied are the records, caches and outputs of the towers, as one moment saw them, also while another process
writes: all else can be made of them without a model. In a folder they are SQLite or Parquet, see docs/stores.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from commonplace.assembly import draft_manifest
from commonplace.errors import MissingCollection, UsageError
from commonplace.generation import FORMAT, Identity, generation_folder, read_identity, write_identity, write_manifest
from commonplace.home.base import FolderHome, Home
from commonplace.home.records import Records
from commonplace.lazy import require
from commonplace.parquet import from_parquet, is_parquet, to_parquet
from commonplace.profiles import Code

ExportFormat = Literal["sqlite", "parquet"]


def export(source: Home, target: Path, format: ExportFormat = "sqlite") -> None:
    """Everything but the store, into a folder where nothing is."""
    identity = _identity(source)
    if format == "parquet":
        require("pyarrow", extra="parquet")  # before anything is copied
    with closing(FolderHome(target)) as folder:
        if not folder.free():
            raise _occupied(folder)
        if format == "sqlite":
            folder.database(create=True).copy_from(source.database())
            write_identity(folder.files, identity)  # last: it is whole now
            return
    with TemporaryDirectory() as whole:
        export(source, Path(whole))
        to_parquet(Path(whole), target)


@contextmanager
def as_sqlite(source: str | Path) -> Iterator[str | Path]:
    """An export of Parquet files, as SQLite for a while; anything else as it is."""
    if not is_parquet(source):
        yield source
        return
    with TemporaryDirectory() as folder:
        from_parquet(Path(source), Path(folder))
        yield folder


def restore(source: Home, target: Home, named: str) -> None:
    """A new collection of another, or of an export; `Collection.rebuild` then makes its store. What was begun from
    the same records, under the same name, is completed."""
    from commonplace.spaces.registry import load_space

    identity = _identity(source)
    generation = generation_folder(target.files, identity)
    origin = {"from": named, "records": Records(source.database()).version()}
    begun = generation / "imported.json"
    if not target.free() and not (begun.exists() and begun.read_json() == origin):
        raise _occupied(target)
    if read_identity(target.files) is None:
        database = target.database(create=True)
        begun.write_json(origin)
        write_manifest(generation, draft_manifest(load_space(identity.space), target.url, Code()))
        database.copy_from(source.database())
        write_identity(target.files, identity)


def _identity(source: Home) -> Identity:
    """That of a copy."""
    identity = read_identity(source.files)
    if identity is None:
        raise MissingCollection(f"there is no collection in {source}, nor an export of one. Check the place.")
    return Identity(FORMAT, "0001", identity.space)


def _occupied(target: Home) -> UsageError:
    return UsageError(f"{target} is not empty; expected a new place. Name another.")
