"""Stores by name. Listing them imports nothing."""

from __future__ import annotations

from os import PathLike
from typing import cast

from commonplace.errors import UnknownName
from commonplace.lazy import look_up
from commonplace.stores.base import Store
from commonplace.stores.points import Schema

STORES = {
    "qdrant-edge": "commonplace.stores.qdrant_edge:QdrantEdgeStore",
    "qdrant": "commonplace.stores.qdrant_server:QdrantServerStore",
    "postgres": "commonplace.stores.postgres:PostgresStore",
}
SCHEMES = {"postgresql": "postgres", "postgres": "postgres", "qdrant": "qdrant", "qdrants": "qdrant"}
"""Scheme of a URL -> the store that it names. What is no URL is a folder of the embedded store."""


def store_of(location: str) -> str:
    """The name of the store for a URL or a folder. Raises UnknownName for a URL of anything else."""
    scheme, is_url, _ = location.partition("://")
    if not is_url:
        return "qdrant-edge"
    if scheme not in SCHEMES:
        raise UnknownName(
            f"no store is reached by {scheme}://; expected a folder, qdrant://, qdrants:// or postgresql://"
        )
    return SCHEMES[scheme]


def create_store(name: str, location: str | PathLike[str], schema: Schema) -> Store:
    """A new, empty store at `location`; it appears there whole or not at all. UsageError if something is there."""
    return cast(Store, look_up(STORES, name, kind="store").create(location, schema))


def open_store(name: str, location: str | PathLike[str], schema: Schema) -> Store:
    """Open what `create_store` made.

    Raises MissingCollection, CollectionLocked, NewerCollection, CorruptCollection, or SpaceMismatch where the store
    was made for another schema.
    """
    return cast(Store, look_up(STORES, name, kind="store").open(location, schema))


def remove_store(name: str, location: str | PathLike[str]) -> None:
    """Remove a closed store with all that is in it; one that is not there is no error."""
    look_up(STORES, name, kind="store").remove(location)
