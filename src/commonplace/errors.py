"""Every error the library raises on purpose. Each message says what came, what was expected and what to do next.

CommonplaceError
├── UsageError               wrong arguments or configuration (exit code 2)
│   ├── UnknownName          a name that is in no registry; suggests the nearest
│   ├── FilterError          a filter expression that does not parse
│   └── MissingExtra         an optional dependency that is not installed
├── CollectionError          the collection cannot be opened or used
│   ├── MissingCollection
│   ├── CollectionLocked     another process holds it; names the holder
│   ├── NewerCollection      written by a newer version
│   └── CorruptCollection
├── ModelError               a model cannot be loaded or does not fit
│   ├── SpaceMismatch        vectors or towers of different spaces meet
│   └── DimensionMismatch
├── InvalidVector            NaN, infinite or zero
└── UnreadableFile           a file that a reader refuses; carries the reason that the account keeps
    └── NotADocument         a file of a kind that has nothing to read: skipped, where others have failed
"""

from __future__ import annotations


class CommonplaceError(Exception):
    """Base of all errors that the library raises on purpose."""


class UsageError(CommonplaceError):
    pass


class UnknownName(UsageError):
    pass


class FilterError(UsageError):
    pass


class MissingExtra(UsageError):
    pass


class CollectionError(CommonplaceError):
    pass


class MissingCollection(CollectionError):
    pass


class CollectionLocked(CollectionError):
    pass


class NewerCollection(CollectionError):
    pass


class CorruptCollection(CollectionError):
    pass


class ModelError(CommonplaceError):
    pass


class SpaceMismatch(ModelError):
    pass


class DimensionMismatch(ModelError):
    pass


class InvalidVector(CommonplaceError):
    pass


class UnreadableFile(CommonplaceError):
    pass


class NotADocument(UnreadableFile):
    pass
