"""A Postgres server: how it is reached, what it must have, and what its errors mean for a user."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from commonplace.errors import CollectionError, CommonplaceError, MissingCollection, NewerCollection, UsageError
from commonplace.lazy import require
from commonplace.stores.networked import Location, persistently
from commonplace.stores.postgres_sql import MIGRATIONS, quoted

T = TypeVar("T")

WAIT = 15.0
"""Seconds for a free connection to the server."""
NEXT_STEPS = {
    "25006": "It is read-only: searching works, writing does not. Name the primary server.",
    "57014": "It took longer than `statement_timeout`. Raise it for this role, or try again.",
    **dict.fromkeys(
        ("53100", "53200"), "The server is full. Free some space and go on; what was added before is safe."
    ),
    **dict.fromkeys(
        ("42501", "28P01", "28000", "3D000"),
        "The role must be able to connect and, for a new collection, to create in the database "
        "(GRANT CREATE ON DATABASE), where pgvector is installed. See docs/stores.md.",
    ),
}
"""SQLSTATE -> what to do."""


class Server:
    """One SQL schema of a database, through a pool of connections."""

    def __init__(self, place: Location, settings: Mapping[str, str | int]) -> None:
        """settings  of each connection"""

        def configure(connection: Any) -> None:
            enter(connection, place)
            for name, setting in settings.items():
                connection.execute(f"SET {name} = {setting}")

        self.place, self._closed = place, False
        pools = require("psycopg_pool", extra="postgres")
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # what goes wrong is raised, and tried again
        self._pool = pools.ConnectionPool(
            conninfo(place), min_size=1, max_size=8, timeout=WAIT, open=True, configure=configure,
            kwargs={"prepare_threshold": None, "autocommit": True},
        )  # fmt: skip

    def run(self, act: Callable[..., T], *arguments: Any) -> T:
        """What `act` returns of a connection and these arguments, each statement by itself; once more if the
        connection breaks."""
        if self._closed:
            raise CollectionError(f"the store in {self.place.url} is closed. Open it again to use it.")

        def once() -> T:
            with self._pool.connection() as connection:
                return act(connection, *arguments)

        with errors(self.place):
            return persistently(once, is_transient)

    def transact(self, act: Callable[..., T], *arguments: Any) -> T:
        """The same in one transaction."""

        def whole(connection: Any) -> T:
            with connection.transaction():
                return act(connection, *arguments)

        return self.run(whole)

    def close(self) -> None:
        self._closed = True
        self._pool.close()


def parse(location: str) -> Location:
    place = Location.parse(str(location))
    if not place.name.isidentifier() or len(place.name) > 60:
        raise UsageError(f"{place.name!r} is no name of a collection in Postgres; expected letters, digits and _.")
    return place


@contextmanager
def connected(place: Location) -> Iterator[Any]:
    """One connection and one transaction, without a pool."""
    with errors(place), require("psycopg", extra="postgres").connect(conninfo(place)) as connection:
        yield connection


def enter(connection: Any, place: Location) -> None:
    """Names without a schema are those of this store, and of pgvector."""
    vector = value(connection, "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'")
    connection.execute(f"SET search_path TO {quoted(place.name)}, {vector}, public")


def check_pgvector(connection: Any, place: Location, *, create: bool = False) -> None:
    """Raises MissingCollection without the extension, UsageError where it is too old. create: make it."""
    version = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
    held = value(connection, version)
    if held is None and create:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        held = value(connection, version)
    if held is None:
        raise MissingCollection(f"no store in {place.url}: it has no pgvector. `commonplace add` makes one.")
    if tuple(map(int, held.split(".")[:2])) < (0, 8):
        raise UsageError(
            f"{place.url} has pgvector {held}; expected 0.8 or newer: older ones return too few rows behind a "
            "filter. Install it on the server and run: ALTER EXTENSION vector UPDATE"
        )


def has_table(connection: Any, place: Location, table: str) -> bool:
    return bool(value(connection, "SELECT to_regclass(%s) IS NOT NULL", (f"{quoted(place.name)}.{table}",)))


def migrate(connection: Any, *, create: bool = False) -> None:
    """Run the statements of MIGRATIONS that have not run yet. Raises NewerCollection."""
    if create:
        connection.execute(
            "CREATE TABLE migrations (version int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
        )
    done = value(connection, "SELECT coalesce(max(version), 0) FROM migrations")
    if done > len(MIGRATIONS):
        raise NewerCollection(
            f"this store has format {done}, this version reads up to {len(MIGRATIONS)}. "
            "Upgrade: pip install --upgrade commonplace"
        )
    for version, statements in enumerate(MIGRATIONS[done:], start=done + 1):
        connection.execute(statements)
        connection.execute("INSERT INTO migrations VALUES (%s)", (version,))


def rows(connection: Any, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    return list(connection.execute(statement, values).fetchall())


def value(connection: Any, statement: str, values: Sequence[Any] = ()) -> Any:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


@contextmanager
def errors(place: Location) -> Iterator[None]:
    """What the server says, as one of our errors with the next step."""
    psycopg = require("psycopg", extra="postgres")
    try:
        yield
    except CommonplaceError:
        raise
    except psycopg.Error as error:
        said = " ".join(str(error).split())[:300]
        if is_transient(error) or "couldn't get a connection" in said:
            next_step = "Check that it runs and can be reached, then run it again; what was added before is safe."
        else:
            next_step = "Try again; if it stays, run `commonplace doctor`."
        next_step = NEXT_STEPS.get(error.sqlstate or "", next_step)
        raise CollectionError(f"Postgres at {place.url} failed: {said}. {next_step}") from error


def is_transient(error: Exception) -> bool:
    """The connection broke, the server restarts, or two writers met."""
    psycopg, pools = require("psycopg", extra="postgres"), require("psycopg_pool", extra="postgres")
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, pools.PoolTimeout | pools.PoolClosed):
        return False
    state = error.sqlstate or "08000"
    return state[:2] in ("08", "40", "57") and state != "57014"


def conninfo(place: Location) -> str:
    """What libpq understands: without our option, with the password."""
    psycopg = require("psycopg", extra="postgres")
    url = place.url.partition("?")[0]
    libpq = {name: option for name, option in place.options.items() if name != "collection"}
    secret = {"password": place.secret} if place.secret else {}
    try:
        made: str = psycopg.conninfo.make_conninfo(url, **{"connect_timeout": "10", **libpq, **secret})
    except psycopg.ProgrammingError as error:
        raise UsageError(f"{place.url} is no URL that Postgres understands ({' '.join(str(error).split())}).") from None
    return made
