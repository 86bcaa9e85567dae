"""Stores by name. Listing them imports nothing."""

from __future__ import annotations

from os import PathLike
from typing import cast

from commonplace.lazy import look_up
from commonplace.stores.base import Schema, Store

STORES = {"qdrant-edge": "commonplace.stores.qdrant_edge:QdrantEdgeStore"}


def create_store(name: str, location: str | PathLike[str], schema: Schema) -> Store:
    """A new, empty store at `location`; it appears there whole or not at all. UsageError if something is there."""
    return cast(Store, look_up(STORES, name, kind="store").create(location, schema))


def open_store(name: str, location: str | PathLike[str], schema: Schema) -> Store:
    """Open what `create_store` made.

    Raises MissingCollection, CollectionLocked, NewerCollection, CorruptCollection, or SpaceMismatch where the store
    was made for another schema.
    """
    return cast(Store, look_up(STORES, name, kind="store").open(location, schema))
