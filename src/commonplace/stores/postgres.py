"""Postgres with pgvector, one SQL schema a store: `postgresql://user@host/database?collection=name`.

Writes are transactions that take turns, so the counts are true whatever is killed. Options of the URL but
`collection` are libpq's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any, Self

import numpy as np

from commonplace.errors import CorruptCollection, MissingCollection, UsageError
from commonplace.stores import checks
from commonplace.stores import postgres_server as servers
from commonplace.stores import postgres_sql as sql
from commonplace.stores.base import SPARE, Store, whole_ties
from commonplace.stores.filters import Filter
from commonplace.stores.points import Point, Schema, Scored
from commonplace.types import Vectors

BATCH = 1_000
WORTH_INDEXING = 5_000
"""Where fewer vectors are there, or pass a filter, all are compared: exactly, in a few milliseconds."""
FARTHEST = 1_000_000
"""Index tuples that a filtered scan may visit. pgvector's 20,000 starve a filter that passes little."""


class PostgresStore(Store):
    """See `Store`. Threads and processes may share it."""

    def __init__(self, server: servers.Server, schema: Schema) -> None:
        self.schema, self._server = schema, server
        self._lanes, self._widest = _lanes(schema), _widest(schema)
        names = {name for (name,) in self._ask("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")}
        self._graphs = {name for name, lane in self._lanes.items() if lane.index in names}

    @classmethod
    def create(cls, location: str, schema: Schema) -> Self:
        """See `create_store`."""
        checks.check_schema(schema)
        for name in schema.dims:
            if (profile := schema.code(name).profile) not in sql.GRAPH_LIMIT:
                raise UsageError(
                    f"Postgres has no profile {profile!r} for lane {name!r}: pgvector indexes half floats and bits. "
                    "Use --profile half (2x smaller) or binary (32x, with the vectors on disk for a second look)."
                )
        place = servers.parse(location)
        with servers.connected(place) as connection:
            servers.check_pgvector(connection, place, create=True)
            if servers.has_table(connection, place, "meta"):
                raise UsageError(
                    f"cannot create a store in {place.url}: something is there. Open it, or choose another "
                    "`?collection=NAME`."
                )
            if not servers.value(connection, "SELECT 1 FROM pg_namespace WHERE nspname = %s", (place.name,)):
                connection.execute(f"CREATE SCHEMA {sql.quoted(place.name)}")
            servers.enter(connection, place)
            servers.migrate(connection, create=True)
            connection.execute("INSERT INTO meta VALUES ('schema', %s)", (json.dumps(checks.dump_schema(schema)),))
            for lane in _lanes(schema).values():
                for statement in lane.create():
                    connection.execute(statement)
        return cls.open(location, schema)

    @classmethod
    def open(cls, location: str, schema: Schema) -> Self:
        """See `open_store`."""
        place = servers.parse(location)
        with servers.connected(place) as connection:
            servers.check_pgvector(connection, place)
            if not servers.has_table(connection, place, "meta"):
                raise MissingCollection(f"no store in {place.url}. `commonplace add` makes one.")
            servers.enter(connection, place)
            servers.migrate(connection)
            held = servers.value(connection, "SELECT value FROM meta WHERE name = 'schema'")
        try:
            made = checks.load_schema(held)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise CorruptCollection(f"the store in {place.url} does not say what it was made for ({error}).") from None
        checks.check_same(f"the store in {place.url}", made, schema)
        settings: dict[str, str | int] = {
            "jit": "off", "hnsw.iterative_scan": "relaxed_order", "hnsw.max_scan_tuples": FARTHEST,
            "hnsw.ef_search": _widest(schema),
        }  # fmt: skip
        server = servers.Server(place, settings)
        try:
            return cls(server, schema)
        except BaseException:
            server.close()
            raise

    @classmethod
    def remove(cls, location: str) -> None:
        """See `remove_store`."""
        place = servers.parse(location)
        with servers.connected(place) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {sql.quoted(place.name)} CASCADE")

    # -- writing

    def _upsert(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), BATCH):
            batch = points[start : start + BATCH]
            self._server.transact(self._write, sql.numbers_of(point.id for point in batch), batch)

    def delete(self, ids: Iterable[str]) -> None:
        numbers = iter(sql.numbers_of(ids))
        while batch := list(islice(numbers, BATCH)):
            self._server.transact(self._write, batch, ())

    def _write(self, connection: Any, numbers: Sequence[int], points: Sequence[Point]) -> None:
        """Forget the chunks of these numbers, and write those of `points`: all of them, or none to delete."""
        connection.execute(sql.ONE_AT_A_TIME)
        for table in ("chunks", *(lane.table for lane in self._lanes.values())):
            connection.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", (numbers,))
        if not points:
            return
        pairs = list(zip(numbers, points, strict=True))
        with connection.cursor().copy("COPY chunks FROM STDIN") as copying:
            copying.write("".join(sql.chunk_line(number, point) for number, point in pairs))
        for name, lane in self._lanes.items():
            if held := [(number, point.vectors[name]) for number, point in pairs if name in point.vectors]:
                sql.copy(connection, lane.table, lane.rows(*zip(*held, strict=True)))
        if bags := [(number, point.terms) for number, point in pairs if point.terms]:
            rows = sql.posting_rows(bags)
            sql.copy(connection, "postings", rows)
            terms, first, df = np.unique(rows["term"], return_index=True, return_counts=True)
            top = np.maximum.reduceat(rows["w"], first)
            connection.execute(sql.COUNT_IN, (terms.tolist(), df.tolist(), top.tolist()))
            connection.execute("UPDATE counts SET n = n + %s", (len(bags),))

    def optimize(self, *, complete: bool = False) -> None:
        """Builds the indexes of vectors that are missing: much faster for all at once than while they are written."""
        if not complete:
            return
        for name, lane in self._lanes.items():
            if name not in self._graphs and lane.indexable and self.count(lane=name) >= WORTH_INDEXING:
                self._server.transact(self._build, lane)
                self._graphs.add(name)
        self._server.run(self._tidy)

    def _build(self, connection: Any, lane: sql.Lane) -> None:
        rows = servers.value(connection, f"SELECT count(*) FROM {lane.table}")
        megabytes = min(4_096, max(64, rows * (2 * lane.dim + 600) >> 20))
        # The graph must fit, or building it takes ten times as long.
        connection.execute(f"SET LOCAL maintenance_work_mem = '{megabytes}MB'")
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute(lane.create_index())

    def _tidy(self, connection: Any) -> None:
        with connection.transaction():
            connection.execute(sql.ONE_AT_A_TIME)
            connection.execute("DELETE FROM terms WHERE df <= 0")
        for table in ("chunks", "postings", "terms", *(lane.table for lane in self._lanes.values())):
            connection.execute(f"VACUUM (ANALYZE) {table}")  # postings of vacuumed pages are read in the index alone

    def flush(self) -> None:
        """Every transaction that was acknowledged is on disk already."""

    # -- asking

    def _dense(self, lane: str, query: Vectors, k: int, where: Filter | None, *, exact: bool = False) -> list[Scored]:
        compared = {lane} if exact else self._compared_in_full([lane], where)

        def best(limit: int) -> list[Scored]:
            found = self._search({lane: query}, {}, limit, where, compared)[lane]
            # A scan gives up at FARTHEST or when its memory is full: k rows come back whenever k match.
            short = lane not in compared and len(found) < limit
            return self._search({lane: query}, {}, limit, where, {lane})[lane] if short else found

        return whole_ties(best, k)

    def _sparse(self, terms: Mapping[int, float], k: int, where: Filter | None) -> list[Scored]:
        return self._search({}, terms, k, where)["bm25"]

    def _candidates(
        self, queries: Mapping[str, Vectors], terms: Mapping[int, float], k: int, where: Filter | None
    ) -> dict[str, list[Scored]]:
        """In one statement, but for a lane whose list ends in ties or is short."""
        compared = self._compared_in_full(queries, where)
        found = self._search(queries, terms, k + SPARE, where, compared)
        for lane, query in queries.items():
            hits = found[lane]
            tied = len(hits) > k and hits[k - 1].score == hits[-1].score
            if tied or (lane not in compared and len(hits) < k + SPARE):
                found[lane] = self._dense(lane, query, k, where)
        return {lane: hits[:k] for lane, hits in found.items()}

    def _compared_in_full(self, lanes: Iterable[str], where: Filter | None) -> set[str]:
        """Those of the lanes whose vectors are few, or become few by the filter."""
        without = set(lanes) - self._graphs
        if where is None or without == set(lanes):
            return without
        filtered, values = sql.where(where, alone=True)
        passing = f"SELECT 1 FROM chunks {filtered} LIMIT {WORTH_INDEXING}"
        (passed,) = self._ask(f"SELECT count(*) FROM ({passing}) AS passing", values)[0]
        return set(lanes) if passed < WORTH_INDEXING else without

    def _search(
        self,
        queries: Mapping[str, Vectors],
        terms: Mapping[int, float],
        limit: int,
        where: Filter | None,
        compared: Collection[str] = (),
    ) -> dict[str, list[Scored]]:
        """Lane -> its best, in one statement. compared: lanes that do without their index."""
        parts = {
            lane: self._lanes[lane].nearest(query, limit, where, exact=lane in compared)
            for lane, query in queries.items()
        }
        if terms:
            parts["bm25"] = sql.sparse(terms, limit, where)
        if not parts:
            return {}
        union = " UNION ALL ".join(
            f"(SELECT '{name}', id, score FROM ({text}) AS part)" for name, (text, _) in parts.items()
        )
        values = [value for _, held in parts.values() for value in held]
        wide = max((self._lanes[lane].candidates(limit) for lane in queries if lane not in compared), default=0)

        def select(connection: Any) -> list[Any]:
            if wide > self._widest:
                connection.execute(f"SET LOCAL hnsw.ef_search = {min(wide, 1_000)}")
            return servers.rows(connection, union, values)

        found: dict[str, list[Scored]] = {name: [] for name in parts}
        run = self._server.transact if wide > self._widest else self._server.run
        for name, number, score in run(select):
            found[name].append(Scored(sql.id_of(number), score if name == "bm25" else min(1.0, max(-1.0, score))))
        return {name: sorted(hits, key=lambda hit: (-hit.score, hit.id)) for name, hits in found.items()}

    def frequencies(self, terms: Iterable[int]) -> tuple[int, dict[int, int]]:
        rows = self._ask(
            "SELECT n, term, df FROM counts LEFT JOIN terms ON term = ANY(%s) AND df > 0", (list(set(terms)),)
        )
        return rows[0][0], {term: df for _, term, df in rows if term is not None}

    def _matching(self, identifiers: Set[str], k: int, where: Filter | None) -> dict[str, set[str]]:
        wanted = {sql.hashed(identifier): identifier for identifier in identifiers}
        rows = self._ask(*sql.holding(list(wanted), k, where))
        return {sql.id_of(number): {wanted[key] for key in held} for number, held in rows}

    def count(self, where: Filter | None = None, *, lane: str | None = None) -> int:
        table = "chunks" if lane is None or lane == "bm25" else self._lanes[lane].table
        worded = "FILTER (WHERE terms <> '{}')" if lane == "bm25" else ""
        filtered, values = sql.where(where, alone=table == "chunks")
        return int(self._ask(f"SELECT count(*) {worded} FROM {table} {filtered}", values)[0][0])

    def ids(self) -> Iterator[str]:
        after = ""
        while rows := self._ask(f"SELECT id FROM chunks {after} ORDER BY id LIMIT 10000"):
            yield from (sql.id_of(number) for (number,) in rows)
            after = f"WHERE id > {rows[-1][0]}"

    def _vectors(self, lane: str, ids: Sequence[str]) -> dict[str, Vectors]:
        held = self._lanes[lane]

        def read(connection: Any) -> dict[str, Vectors]:
            rows = connection.cursor(binary=True).execute(
                f"SELECT id, v FROM {held.table} WHERE id = ANY(%s)", (sql.numbers_of(ids),)
            )
            return {sql.id_of(n): np.frombuffer(value, held.number, offset=4).astype(np.float32) for n, value in rows}

        return self._server.run(read)

    def close(self) -> None:
        self._server.close()

    def _ask(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._server.run(servers.rows, statement, values)


def _lanes(schema: Schema) -> dict[str, sql.Lane]:
    return {name: sql.Lane(name, dim, schema.code(name)) for name, dim in schema.dims.items()}


def _widest(schema: Schema) -> int:
    """How widely a connection searches every graph, unless a query needs more."""
    return max((schema.code(lane).ef for lane in schema.dims), default=0) or 40
