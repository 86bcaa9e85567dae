"""A collection in another place: an export, which is files that anything reads, a backup, another store.

What is copied are the records, caches and outputs of the towers, as one moment saw them, also while another process
writes: all else can be made of them without a model. In a folder they are SQLite, described in docs/stores.md.
"""

from __future__ import annotations

from commonplace.assembly import draft_manifest
from commonplace.errors import MissingCollection, UsageError
from commonplace.generation import FORMAT, Identity, generation_folder, read_identity, write_identity, write_manifest
from commonplace.home import Home
from commonplace.profiles import Code
from commonplace.records import Records


def export(source: Home, target: Home) -> None:
    """Everything but the store, into a place where nothing is."""
    identity = _identity(source)
    if not target.free():
        raise _occupied(target)
    target.database(create=True).copy_from(source.database())
    write_identity(target.files, identity)  # last: it is whole now


def restore(source: Home, target: Home) -> None:
    """A new collection of another, or of an export; `Collection.rebuild` then makes its store. What was begun from
    the same records is completed."""
    from commonplace.spaces.registry import load_space

    identity = _identity(source)
    generation = generation_folder(target.files, identity)
    origin = {"from": source.named, "records": Records(source.database()).version()}
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
        raise MissingCollection(f"there is no collection in {source}. Create one with: commonplace add PATH...")
    return Identity(FORMAT, "0001", identity.space)


def _occupied(target: Home) -> UsageError:
    return UsageError(f"{target} is not empty; expected a new place. Name another.")
