"""Postgres with pgvector, one SQL schema a store: `postgresql://user@host/database?collection=name`.

    chunks               payload; tags and identifiers as 64-bit hashes, since GIN refuses long texts
    lane_<name>          vectors of a dense lane, with one HNSW index
    postings, terms      BM25 weights of chunks; how many chunks have a term. `counts.n`: how many have words
    migrations, meta     which statements of MIGRATIONS have run; what the store was made for

Writes are transactions that take turns, so the counts are true whatever is killed. Options of the URL but
`collection` are libpq's.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from itertools import islice
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonplace.errors import (
    CollectionError,
    CommonplaceError,
    CorruptCollection,
    FilterError,
    MissingCollection,
    NewerCollection,
    UsageError,
)
from commonplace.lazy import require
from commonplace.stores import checks
from commonplace.stores.base import SPARE, Point, Schema, Scored, Store, whole_ties
from commonplace.stores.filters import And, Eq, Exists, Filter, In, Not, Or, Range, SourceGlob, format
from commonplace.stores.networked import Location, persistently
from commonplace.types import Vectors

T = TypeVar("T")

BATCH = 1_000
WAIT = 15.0
"""Seconds for a free connection to the server."""
WORTH_INDEXING = 5_000
"""Where fewer vectors are there, or pass a filter, all are compared: exactly, in a few milliseconds."""
M, EF_CONSTRUCT = 16, 128
FARTHEST = 1_000_000
"""Index tuples that a filtered scan may visit. pgvector's 20,000 starve a filter that passes little."""
GRAPH_LIMIT = {"float": 4_000, "half": 4_000, "binary": 64_000}
"""Dimensions that pgvector can index, by profile."""

MIGRATIONS = (
    """
    CREATE TABLE meta (name text PRIMARY KEY, value jsonb NOT NULL);
    CREATE TABLE chunks (
      id bigint PRIMARY KEY, document bigint NOT NULL, modality text NOT NULL,
      tags bigint[] NOT NULL, date bigint, identifiers bigint[] NOT NULL);
    CREATE INDEX chunks_document ON chunks (document);
    CREATE INDEX chunks_modality ON chunks (modality);
    CREATE INDEX chunks_date ON chunks (date);
    CREATE INDEX chunks_tags ON chunks USING gin (tags);
    CREATE INDEX chunks_identifiers ON chunks USING gin (identifiers);
    CREATE TABLE postings (term bigint, id bigint, weight real NOT NULL, PRIMARY KEY (term, id) INCLUDE (weight));
    CREATE INDEX postings_id ON postings (id);
    CREATE TABLE terms (term bigint PRIMARY KEY, df bigint NOT NULL);
    CREATE TABLE counts (n bigint NOT NULL);
    INSERT INTO counts VALUES (0);
    """,
)

SPARSE = """
WITH asked (term, weight) AS (SELECT * FROM unnest(%s::bigint[], %s::float8[])),
weighed AS (
  SELECT term, weight * ln(1 + (n - df + 0.5::float8) / (df + 0.5::float8)) AS weight
  FROM asked JOIN terms USING (term), counts WHERE df > 0)
SELECT id, sum(weighed.weight * postings.weight)::real::float8 AS score
FROM weighed JOIN postings USING (term) {where} GROUP BY id ORDER BY score DESC, id LIMIT {limit}
"""

FORGET = """
WITH gone AS (DELETE FROM postings WHERE id = ANY(%s) RETURNING term, id),
less AS (SELECT term, count(*) AS n FROM gone GROUP BY term),
lowered AS (UPDATE terms SET df = df - less.n FROM less WHERE terms.term = less.term)
UPDATE counts SET n = n - (SELECT count(DISTINCT id) FROM gone)
"""


class PostgresStore(Store):
    """See `Store`. Threads and processes may share it."""

    def __init__(self, location: Location, schema: Schema, pool: Any) -> None:
        self.schema, self._location, self._pool = schema, location, pool
        self._closed = False
        self._graphs: set[str] = self._run(self._find_graphs)

    @classmethod
    def create(cls, location: str, schema: Schema) -> Self:
        """See `create_store`."""
        checks.check_schema(schema)
        for lane in schema.dims:
            if (profile := schema.code(lane).profile) not in GRAPH_LIMIT:
                raise UsageError(
                    f"Postgres has no profile {profile!r} for lane {lane!r}: pgvector indexes half floats and bits. "
                    "Use --profile half (2x smaller) or binary (32x, with the vectors on disk for a second look)."
                )
        place = _parse(location)
        with _errors(place), _connect(place) as connection:
            _check_server(connection, place, create=True)
            if _has_table(connection, place, "meta"):
                raise UsageError(
                    f"cannot create a store in {place.url}: something is there. Open it, or choose another "
                    "`?collection=NAME`."
                )
            if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (place.name,)).fetchone():
                connection.execute(f"CREATE SCHEMA {_quoted(place.name)}")
            _set_path(connection, place)
            _migrate(connection, create=True)
            connection.execute("INSERT INTO meta VALUES ('schema', %s)", (json.dumps(checks.dump_schema(schema)),))
            for lane, dim in schema.dims.items():
                kind, width = ("vector", 4) if schema.code(lane).profile == "float" else ("halfvec", 2)
                connection.execute(f"CREATE TABLE {_table(lane)} (id bigint PRIMARY KEY, v {kind}({dim}) NOT NULL)")
                if width * dim < 7_000:  # in the row itself: out of line, each comparison is a look-up
                    connection.execute(f"ALTER TABLE {_table(lane)} ALTER v SET STORAGE plain")
        return cls.open(location, schema)

    @classmethod
    def open(cls, location: str, schema: Schema) -> Self:
        """See `open_store`."""
        place = _parse(location)
        with _errors(place), _connect(place) as connection:
            _check_server(connection, place)
            if not _has_table(connection, place, "meta"):
                raise MissingCollection(f"no store in {place.url}. `commonplace add` makes one.")
            _set_path(connection, place)
            _migrate(connection)
            held = connection.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
            try:
                made = checks.load_schema(held[0])
            except (TypeError, KeyError, ValueError, AttributeError) as error:
                raise CorruptCollection(
                    f"the store in {place.url} does not say what it was made for ({error})."
                ) from None
        checks.check_same(f"the store in {place.url}", made, schema)
        pools = require("psycopg_pool", extra="postgres")
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # what goes wrong is raised, and tried again
        pool = pools.ConnectionPool(
            _conninfo(place), min_size=1, max_size=8, timeout=WAIT, open=True, kwargs={"prepare_threshold": None},
            configure=lambda connection: _configure(connection, place, schema),
        )  # fmt: skip
        try:
            return cls(place, schema, pool)
        except BaseException:
            pool.close()
            raise

    @classmethod
    def remove(cls, location: str) -> None:
        """See `remove_store`."""
        place = _parse(location)
        with _errors(place), _connect(place) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {_quoted(place.name)} CASCADE")

    # -- writing

    def upsert(self, points: Sequence[Point]) -> None:
        checks.check_points(self.schema, points)
        latest = list({point.id: point for point in points}.values())
        for start in range(0, len(latest), BATCH):
            batch = latest[start : start + BATCH]
            self._run(self._write, _numbers(point.id for point in batch), batch)

    def delete(self, ids: Iterable[str]) -> None:
        numbers = iter(_numbers(ids))
        while batch := list(islice(numbers, BATCH)):
            self._run(self._write, batch, ())

    def _write(self, connection: Any, numbers: Sequence[int], points: Sequence[Point]) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema()))")  # one at a time: no deadlocks
        connection.execute(FORGET, (numbers,))
        for table in ("chunks", *map(_table, self.schema.dims)):
            connection.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", (numbers,))
        with connection.cursor().copy("COPY chunks FROM STDIN") as copy:
            for number, point in zip(numbers, points, strict=False):  # none when chunks are deleted
                keys = (_hashes(point.tags), _hashes(point.identifiers))
                copy.write_row((number, point.document, point.modality, keys[0], point.date, keys[1]))
        for lane in self.schema.dims:
            rows = [(n, p.vectors[lane]) for n, p in zip(numbers, points, strict=False) if lane in p.vectors]
            if rows:
                _copy(connection, _table(lane), self._vector_rows(lane, rows))
        bags = [(n, p.terms) for n, p in zip(numbers, points, strict=False) if p.terms]
        if bags:
            _copy(connection, "postings", _posting_rows(bags))
            df = Counter(term for _, terms in bags for term in terms)
            connection.execute(
                "INSERT INTO terms SELECT * FROM unnest(%s::bigint[], %s::bigint[]) "
                "ON CONFLICT (term) DO UPDATE SET df = terms.df + excluded.df",
                (list(df), list(df.values())),
            )
            connection.execute("UPDATE counts SET n = n + %s", (len(bags),))

    def _vector_rows(self, lane: str, rows: Sequence[tuple[int, Vectors]]) -> NDArray[Any]:
        number = ">f4" if self.schema.code(lane).profile == "float" else ">f2"
        dim = self.schema.dims[lane]
        fields = [("n", ">i2"), ("l0", ">i4"), ("id", ">i8"), ("l1", ">i4"), ("dim", ">i2"), ("unused", ">i2")]
        made = np.zeros(len(rows), np.dtype([*fields, ("v", number, (dim,))]))
        made["n"], made["l0"], made["l1"], made["dim"] = 2, 8, 4 + dim * int(number[-1]), dim
        made["id"], made["v"] = [row[0] for row in rows], np.stack([row[1] for row in rows])
        return made

    def optimize(self, *, complete: bool = False) -> None:
        """Builds the indexes of vectors that are missing: much faster for all at once than while they are written."""
        if not complete:
            return
        for lane, dim in self.schema.dims.items():
            code = self.schema.code(lane)
            if lane in self._graphs or code.ef == 0 or dim > GRAPH_LIMIT[code.profile]:
                continue
            if self._run(_value, f"SELECT count(*) FROM {_table(lane)}") >= WORTH_INDEXING:
                self._run(self._build, lane)
                self._graphs.add(lane)
        self._run(self._tidy)

    def _build(self, connection: Any, lane: str) -> None:
        rows, dim = _value(connection, f"SELECT count(*) FROM {_table(lane)}"), self.schema.dims[lane]
        megabytes = min(4_096, max(64, rows * (2 * dim + 600) >> 20))
        # The graph must fit, or building it takes ten times as long.
        connection.execute(f"SET LOCAL maintenance_work_mem = '{megabytes}MB'")
        connection.execute("SET LOCAL statement_timeout = 0")
        operators = "bit_hamming_ops" if self.schema.code(lane).profile == "binary" else "halfvec_ip_ops"
        connection.execute(
            f"CREATE INDEX {_quoted(f'lane_{lane}_hnsw')} ON {_table(lane)} "
            f"USING hnsw ({self._indexed(lane)} {operators}) WITH (m = {M}, ef_construction = {EF_CONSTRUCT})"
        )

    def _tidy(self, connection: Any) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema()))")
        connection.execute("DELETE FROM terms WHERE df <= 0")
        for table in ("chunks", "postings", "terms", *map(_table, self.schema.dims)):
            connection.execute(f"ANALYZE {table}")

    def flush(self) -> None:
        """Every transaction that was acknowledged is on disk already."""

    # -- asking

    def dense(
        self, lane: str, query: Vectors, k: int, *, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        checks.check_query(self.schema, lane, query, k)
        text = str(np.asarray(query, np.float32).tolist())
        exact = exact or lane not in self._graphs or (where is not None and self._passing(where) < WORTH_INDEXING)

        def best(limit: int) -> list[Scored]:
            if exact:
                return self._exactly(lane, text, limit, where)
            found = self._run(self._nearly, lane, text, limit, where)
            # A scan gives up at FARTHEST or when its memory is full: k rows come back whenever k match.
            return found if len(found) == limit else self._exactly(lane, text, limit, where)

        return [Scored(hit.id, min(1.0, max(-1.0, hit.score))) for hit in whole_ties(best, k)]

    def _exactly(self, lane: str, query: str, limit: int, where: Filter | None) -> list[Scored]:
        joined, values = _where(where)
        # Of the negative, so that no index that orders by the product is used.
        statement = (
            f"SELECT id, -(v <#> %s::{self._type(lane)}) AS score FROM {_table(lane)} {joined} "
            f"ORDER BY score DESC, id LIMIT {limit}"
        )
        return _scored(self._run(_rows, statement, (query, *values)))

    def _nearly(self, connection: Any, lane: str, query: str, limit: int, where: Filter | None) -> list[Scored]:
        code = self.schema.code(lane)
        candidates = int(limit * code.oversampling) if code.profile == "binary" else limit + SPARE
        if candidates > code.ef:
            connection.execute(f"SET LOCAL hnsw.ef_search = {min(candidates, 1_000)}")
        statement, values = self._near(lane, query, candidates, where)
        return _scored(connection.execute(f"{statement} ORDER BY score DESC, id LIMIT {limit}", values))

    def _near(self, lane: str, query: str, candidates: int, where: Filter | None) -> tuple[str, list[Any]]:
        """Candidates by the index, and their scores by the vectors themselves."""
        joined, values = _where(where)
        dim = self.schema.dims[lane]
        asked = f"%s::halfvec({dim})"
        if self.schema.code(lane).profile == "binary":
            distance = f"{self._indexed(lane)} <~> binary_quantize({asked})"
        else:
            distance = f"{self._indexed(lane)} <#> {asked}"
        statement = (
            f"WITH near AS MATERIALIZED "
            f"(SELECT id, v FROM {_table(lane)} {joined} ORDER BY {distance} LIMIT {candidates}) "
            f"SELECT id, -(v <#> %s::{self._type(lane)}) AS score FROM near"
        )
        return statement, [*values, query, query]

    def _passing(self, where: Filter) -> int:
        """How many chunks pass, at most WORTH_INDEXING."""
        joined, values = _where(where, alone=True)
        statement = f"SELECT count(*) FROM (SELECT 1 FROM chunks {joined} LIMIT {WORTH_INDEXING}) AS passing"
        return int(self._run(_value, statement, values))

    def sparse(self, terms: Mapping[int, float], k: int, *, where: Filter | None = None) -> list[Scored]:
        checks.check_terms_query(terms, k)
        joined, values = _where(where)
        statement = SPARSE.format(where=joined, limit=k)
        asked = (list(terms), [float(weight) for weight in terms.values()], *values)
        return _scored(self._run(_rows, statement, asked)) if terms else []

    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        asked = list(set(terms))

        def counted(connection: Any) -> tuple[int, dict[int, int]]:
            (chunks,) = connection.execute("SELECT n FROM counts").fetchone()
            rows = connection.execute("SELECT term, df FROM terms WHERE term = ANY(%s) AND df > 0", (asked,))
            return chunks, dict(rows.fetchall())

        return self._run(counted)

    def candidates(
        self, queries: Mapping[str, Vectors], terms: Mapping[int, float], k: int, *, where: Filter | None = None
    ) -> dict[str, list[Scored]]:
        """One statement, one round trip, where every lane has a graph and nothing is filtered."""
        if where is not None or not terms or not self._graphs.issuperset(queries):
            return super().candidates(queries, terms, k, where=where)
        checks.check_terms_query(terms, k)
        limit, parts, values = k + SPARE, [], list[Any]()
        for lane, query in queries.items():
            checks.check_query(self.schema, lane, query, k)
            factor = self.schema.code(lane).oversampling
            statement, asked = self._near(lane, str(np.asarray(query, np.float32).tolist()), int(limit * factor), None)
            parts.append(
                f"(SELECT '{lane}', id, score FROM ({statement}) AS near ORDER BY score DESC, id LIMIT {limit})"
            )
            values += asked
        parts.append(f"(SELECT 'bm25', id, score FROM ({SPARSE.format(where='', limit=k)}) AS sparse)")
        values += [list(terms), [float(weight) for weight in terms.values()]]
        found: dict[str, list[Scored]] = {lane: [] for lane in (*queries, "bm25")}
        for lane, number, score in self._run(_rows, " UNION ALL ".join(parts), values):
            found[lane].append(Scored(_id(number), min(1.0, score) if lane in queries else score))
        for lane, hits in found.items():
            hits.sort(key=lambda hit: (-hit.score, hit.id))
            cut = lane in queries and len(hits) > k and hits[k - 1].score == hits[-1].score  # ties go on behind it
            found[lane] = self.dense(lane, queries[lane], k) if cut else hits[:k]
        return found

    def matching(self, identifiers: Iterable[str], k: int, *, where: Filter | None = None) -> dict[str, set[str]]:
        checks.check_k(k)
        wanted = {_hash(identifier): identifier for identifier in identifiers}
        condition, values = _condition(where) if where is not None else ("true", [])
        statement = (
            "SELECT id, ARRAY(SELECT unnest(identifiers) INTERSECT SELECT unnest(%s::bigint[])) AS held FROM chunks "
            f"WHERE identifiers && %s::bigint[] AND {condition} ORDER BY cardinality(ARRAY(SELECT unnest(identifiers) "
            f"INTERSECT SELECT unnest(%s::bigint[]))) DESC, id LIMIT {k}"
        )
        keys = list(wanted)
        rows = self._run(_rows, statement, (keys, keys, *values, keys))
        return {_id(number): {wanted[key] for key in held} for number, held in rows}

    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        joined, values = _where(where, alone=lane is None)
        table = "chunks" if lane is None else "postings" if lane == "bm25" else _table(lane)
        statement = f"SELECT count({'DISTINCT id' if lane == 'bm25' else '*'}) FROM {table} {joined}"
        return int(self._run(_value, statement, values))

    def ids(self) -> Iterator[str]:
        last: int | None = None
        while True:
            after = "" if last is None else f"WHERE id > {last}"
            statement = f"SELECT id FROM chunks {after} ORDER BY id LIMIT 10000"
            rows = self._run(_rows, statement)
            yield from (_id(row[0]) for row in rows)
            if not rows:
                return
            last = rows[-1][0]

    def vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        checks.check_lane(self.schema, lane)
        number = ">f4" if self.schema.code(lane).profile == "float" else ">f2"

        def read(connection: Any) -> dict[str, Vectors]:
            rows = connection.cursor(binary=True).execute(
                f"SELECT id, v FROM {_table(lane)} WHERE id = ANY(%s)", (_numbers(ids),)
            )
            return {_id(n): np.frombuffer(value, number, offset=4).astype(np.float32) for n, value in rows}

        return self._run(read)

    def close(self) -> None:
        self._closed = True
        self._pool.close()

    # -- inside

    def _run(self, act: Callable[..., T], *arguments: Any) -> T:
        """What `act` returns of a connection and these arguments, in one transaction."""
        if self._closed:
            raise CollectionError(f"the store in {self._location.url} is closed. Open it again to use it.")

        def once() -> T:
            with self._pool.connection() as connection:
                return act(connection, *arguments)

        with _errors(self._location):
            return persistently(once, _is_transient)

    def _find_graphs(self, connection: Any) -> set[str]:
        rows = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")
        names = {row[0] for row in rows}
        return {lane for lane in self.schema.dims if f"lane_{lane}_hnsw" in names}

    def _type(self, lane: str) -> str:
        return f"{'vector' if self.schema.code(lane).profile == 'float' else 'halfvec'}({self.schema.dims[lane]})"

    def _indexed(self, lane: str) -> str:
        """The expression that a lane's index holds."""
        dim = self.schema.dims[lane]
        return (
            f"(binary_quantize(v)::bit({dim}))"
            if self.schema.code(lane).profile == "binary"
            else f"(v::halfvec({dim}))"
        )


# -- the server


def _parse(location: str) -> Location:
    place = Location.parse(str(location))
    if not place.name.isidentifier() or len(place.name) > 60:
        raise UsageError(f"{place.name!r} is no name of a collection in Postgres; expected letters, digits and _.")
    return place


def _conninfo(place: Location) -> str:
    """What libpq understands: without our option, with the password."""
    psycopg = require("psycopg", extra="postgres")
    url = place.url.partition("?")[0]
    libpq = {name: value for name, value in place.options.items() if name != "collection"}
    secret = {"password": place.secret} if place.secret else {}
    try:
        made: str = psycopg.conninfo.make_conninfo(url, **{"connect_timeout": "10", **libpq, **secret})
    except psycopg.ProgrammingError as error:
        raise UsageError(f"{place.url} is no URL that Postgres understands ({' '.join(str(error).split())}).") from None
    return made


def _connect(place: Location) -> Any:
    return require("psycopg", extra="postgres").connect(_conninfo(place))


def _configure(connection: Any, place: Location, schema: Schema) -> None:
    _set_path(connection, place)
    widest = max((schema.code(lane).ef for lane in schema.dims), default=0) or 40
    settings = {"jit": "off", "hnsw.iterative_scan": "relaxed_order", "hnsw.max_scan_tuples": FARTHEST}
    for name, value in (settings | {"hnsw.ef_search": widest}).items():
        connection.execute(f"SET {name} = {value}")
    connection.commit()


def _set_path(connection: Any, place: Location) -> None:
    vector = _value(connection, "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'")
    connection.execute(f"SET search_path TO {_quoted(place.name)}, {vector}, public")


def _check_server(connection: Any, place: Location, *, create: bool = False) -> None:
    held = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if held is None and create:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        held = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
    if held is None:
        raise MissingCollection(f"no store in {place.url}: it has no pgvector. `commonplace add` makes one.")
    if tuple(map(int, held[0].split(".")[:2])) < (0, 8):
        raise UsageError(
            f"{place.url} has pgvector {held[0]}; expected 0.8 or newer: older ones return too few rows behind a "
            "filter. Install it on the server and run: ALTER EXTENSION vector UPDATE"
        )


def _has_table(connection: Any, place: Location, table: str) -> bool:
    return bool(_value(connection, "SELECT to_regclass(%s) IS NOT NULL", (f"{_quoted(place.name)}.{table}",)))


def _migrate(connection: Any, *, create: bool = False) -> None:
    if create:
        connection.execute(
            "CREATE TABLE migrations (version int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())"
        )
    done = _value(connection, "SELECT coalesce(max(version), 0) FROM migrations")
    if done > len(MIGRATIONS):
        raise NewerCollection(
            f"this store has format {done}, this version reads up to {len(MIGRATIONS)}. "
            "Upgrade: pip install --upgrade commonplace"
        )
    for version, statements in enumerate(MIGRATIONS[done:], start=done + 1):
        connection.execute(statements)
        connection.execute("INSERT INTO migrations VALUES (%s)", (version,))


@contextmanager
def _errors(place: Location) -> Iterator[None]:
    """What the server says, as one of our errors with the next step."""
    psycopg = require("psycopg", extra="postgres")
    try:
        yield
    except CommonplaceError:
        raise
    except psycopg.Error as error:
        said = " ".join(str(error).split())[:300]
        state = error.sqlstate or ""
        if state == "25006":
            next_step = "It is read-only: searching works, writing does not. Name the primary server."
        elif state == "57014":
            next_step = "It took longer than `statement_timeout`. Raise it for this role, or try again."
        elif state in ("53100", "53200"):
            next_step = "The server is full. Free some space and go on; what was added before is safe."
        elif state in ("42501", "28P01", "28000", "3D000"):
            next_step = (
                "The role must be able to connect and, for a new collection, to create in the database "
                "(GRANT CREATE ON DATABASE), where pgvector is installed. See docs/stores.md."
            )
        elif _is_transient(error) or "couldn't get a connection" in said:
            next_step = "Check that it runs and can be reached, then run it again; what was added before is safe."
        else:
            next_step = "Try again; if it stays, run `commonplace doctor`."
        raise CollectionError(f"Postgres at {place.url} failed: {said}. {next_step}") from error


def _is_transient(error: Exception) -> bool:
    """The connection broke, the server restarts, or two writers met."""
    psycopg, pools = require("psycopg", extra="postgres"), require("psycopg_pool", extra="postgres")
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, pools.PoolTimeout | pools.PoolClosed):
        return False
    state = error.sqlstate or "08000"
    return state[:2] in ("08", "40", "57") and state != "57014"


# -- statements


def _where(where: Filter | None, *, alone: bool = False) -> tuple[str, list[Any]]:
    if where is None:
        return "", []
    condition, values = _condition(where)
    return f"{'' if alone else 'JOIN chunks USING (id) '}WHERE {condition}", values


def _condition(where: Filter) -> tuple[str, list[Any]]:
    """Two truth values: a comparison with NULL would be a third."""
    match where:
        case Eq(field, value):
            return _condition(In(field, (value,)))
        case In("tags", values):
            return "tags && %s::bigint[]", [[_hash(str(value)) for value in values]]
        case In(field, values):
            return f"{field} = ANY(%s::{'text' if field == 'modality' else 'bigint'}[])", [list(values)]
        case Range(_, low, high):
            bounds = [f" AND date {sign} {bound}" for sign, bound in ((">=", low), ("<", high)) if bound is not None]
            return f"(date IS NOT NULL{''.join(bounds)})", []
        case Exists(field):
            return {"tags": "cardinality(tags) > 0", "date": "date IS NOT NULL"}.get(field, "true"), []
        case And(parts) | Or(parts):
            made = [_condition(part) for part in parts]
            word = " AND " if isinstance(where, And) else " OR "
            return f"({word.join(text for text, _ in made)})", [value for _, held in made for value in held]
        case Not(part):
            text, held = _condition(part)
            return f"NOT ({text})", held
        case SourceGlob():
            raise FilterError(f"a store knows no sources, got {format(where)!r}. Pass the filter through `resolve`.")


def _copy(connection: Any, table: str, rows: NDArray[Any]) -> None:
    """Rows (n,) of a structured dtype that is laid out as COPY's binary format is."""
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff")


def _posting_rows(bags: Sequence[tuple[int, Mapping[int, float]]]) -> NDArray[Any]:
    fields = [("n", ">i2"), ("l0", ">i4"), ("term", ">i8"), ("l1", ">i4"), ("id", ">i8"), ("l2", ">i4"), ("w", ">f4")]
    rows = np.zeros(sum(len(terms) for _, terms in bags), np.dtype(fields))
    rows["n"], rows["l0"], rows["l1"], rows["l2"] = 3, 8, 8, 4
    rows["term"] = [term for _, terms in bags for term in terms]
    rows["id"] = np.repeat([number for number, _ in bags], [len(terms) for _, terms in bags])
    rows["w"] = [weight for _, terms in bags for weight in terms.values()]
    return rows


def _scored(rows: Iterable[tuple[int, float]]) -> list[Scored]:
    return [Scored(_id(number), float(score)) for number, score in rows]


def _rows(connection: Any, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    return list(connection.execute(statement, values).fetchall())


def _value(connection: Any, statement: str, values: Sequence[Any] = ()) -> Any:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


def _numbers(ids: Iterable[str]) -> list[int]:
    """Signed, in the order of the ids."""
    return [checks.number_of(chunk_id) - 2**63 for chunk_id in ids]


def _id(number: int) -> str:
    return checks.id_of(number + 2**63)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def _hashes(texts: Iterable[str]) -> list[int]:
    return [_hash(text) for text in texts]


def _table(lane: str) -> str:
    return _quoted(f"lane_{lane}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
