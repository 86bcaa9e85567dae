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


def export(source: Home, target: Home) -> None:
    """Everything but the store, into a place where nothing is."""
    write_identity(target.files, _copied(source, target))  # last: it is whole now


def restore(source: Home, target: Home) -> None:
    """A new collection of another, or of an export; `Collection.rebuild` then makes its store."""
    from commonplace.spaces.registry import load_space

    identity = _copied(source, target)
    manifest = draft_manifest(load_space(identity.space), target.url, Code())
    write_manifest(generation_folder(target.files, identity), manifest)
    write_identity(target.files, identity)


def _copied(source: Home, target: Home) -> Identity:
    identity = read_identity(source.files)
    if identity is None:
        raise MissingCollection(f"there is no collection in {source}. Create one with: commonplace add PATH...")
    if not target.free():
        raise UsageError(f"{target} is not empty; expected a new place. Name another.")
    target.database(create=True).copy_from(source.database())
    return Identity(FORMAT, "0001", identity.space)
