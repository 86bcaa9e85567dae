"""What the system and SQLite raise while a collection is in use, turned into errors that say what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from commonplace.errors import CollectionError, CorruptCollection

P = ParamSpec("P")
R = TypeVar("R")

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_SQL_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_SQL_DENIED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}
_SQL_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

DAMAGED = "Restore the folder from a backup, or delete it and `add` the documents again."


class _Kept(Protocol):
    @property
    def home(self) -> object:
        """`str` of it is where the collection is."""


S = TypeVar("S", bound=_Kept)


def explained(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A method of a collection whose low-level failures come out as CollectionError."""

    @wraps(method)
    def wrapper(self: S, *arguments: P.args, **named: P.kwargs) -> R:
        try:
            return method(self, *arguments, **named)
        except (OSError, sqlite3.Error) as error:
            explanation = _explanation(self.home, error)
            if explanation is None:
                raise
            raise explanation from error

    return cast(Callable[Concatenate[S, P], R], wrapper)


def is_damage(error: sqlite3.Error) -> bool:
    return _sql_code(error) in _SQL_DAMAGED


def _explanation(place: object, error: Any) -> CollectionError | None:
    system, sql = getattr(error, "errno", None), _sql_code(error)
    if system in _FULL or sql in _SQL_FULL:
        return CollectionError(
            f"cannot write in {place} ({error}): the disk is full or failing. "
            "Free some space and run it again; what was added before is safe."
        )
    if system in _DENIED or sql in _SQL_DENIED:
        return CollectionError(
            f"no permission to write in {place} ({error}). Searching writes there too: "
            "give this user write permission, or work on a copy of the folder."
        )
    if sql in _SQL_DAMAGED:
        return CorruptCollection(
            f"the records in {place} are damaged ({error}); expected SQLite files written by commonplace. {DAMAGED}"
        )
    return None


def _sql_code(error: Any) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # without the details of extended codes
