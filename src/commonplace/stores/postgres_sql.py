"""How our points, queries and filters look to Postgres: the one place that says so.

chunks               payload, and which terms a chunk has; tags and identifiers as 64-bit hashes, since GIN refuses
                     long texts
lane_<name>          vectors of a dense lane, with one HNSW index
postings, terms      BM25 weights of chunks; how many chunks have a term. `counts.n`: how many have words
migrations, meta     which statements of MIGRATIONS have run; what the store was made for
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.profiles import Code, Profile
from commonplace.stores import checks
from commonplace.stores.base import SPARE
from commonplace.stores.filters import And, Eq, Exists, Filter, In, Not, Or, Range, SourceGlob, unresolved
from commonplace.stores.points import Point
from commonplace.types import Vectors

M, EF_CONSTRUCT = 16, 128
GRAPH_LIMIT: Mapping[Profile, int] = {"float": 4_000, "half": 4_000, "binary": 64_000}
"""Dimensions that pgvector can index, by profile; it has no index for the others."""

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
    "ALTER TABLE terms ADD top real NOT NULL DEFAULT 'Infinity'",  # no posting of the term weighs more
    """
    ALTER TABLE chunks ADD terms bigint[] NOT NULL DEFAULT '{}';
    UPDATE chunks SET terms = held.terms
      FROM (SELECT id, array_agg(term) AS terms FROM postings GROUP BY id) AS held WHERE chunks.id = held.id;
    DROP INDEX postings_id;
    ALTER TABLE terms SET (fillfactor = 50);  -- their counts change with every batch
    """,
    # Whoever deletes chunks, and be it by hand, their postings go and the counts stay true.
    """
    DELETE FROM postings WHERE id NOT IN (SELECT id FROM chunks);
    DELETE FROM terms;
    INSERT INTO terms SELECT term, count(*), max(weight) FROM postings GROUP BY term;
    UPDATE counts SET n = (SELECT count(*) FROM chunks WHERE terms <> '{}');
    CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
      WITH held AS (SELECT id, unnest(terms) AS term FROM gone),
      dropped AS (DELETE FROM postings USING held WHERE postings.term = held.term AND postings.id = held.id),
      less AS (SELECT term, count(*) AS n FROM held GROUP BY term),
      lowered AS (UPDATE terms SET df = df - less.n FROM less WHERE terms.term = less.term)
      UPDATE counts SET n = n - (SELECT count(*) FROM gone WHERE terms <> '{}');
      RETURN NULL;
    END $$;
    CREATE TRIGGER forget AFTER DELETE ON chunks REFERENCING OLD TABLE AS gone
      FOR EACH STATEMENT EXECUTE FUNCTION forget();
    """,
)

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext(current_schema()))"
"""Writers take turns: no deadlocks."""

SPARSE = """
WITH asked (term, weight) AS (SELECT * FROM unnest(%s::bigint[], %s::float8[])),
known AS (
  SELECT term, df, top, weight * ln(1 + (n - df + 0.5::float8) / (df + 0.5::float8)) AS weight
  FROM asked JOIN terms USING (term), counts WHERE df > 0),
weighed AS MATERIALIZED (
  SELECT term, weight, sum(df) OVER (ORDER BY df, term) - df < {limit} AS rare,
    sum(weight * top) OVER (ORDER BY df DESC, term DESC) AS most
  FROM known),
rare AS MATERIALIZED (
  SELECT id, sum(weighed.weight * postings.weight) AS score
  FROM (SELECT * FROM weighed WHERE rare) AS weighed JOIN postings USING (term) {where} GROUP BY id),
enough AS MATERIALIZED (
  SELECT coalesce((SELECT 0.999999 * score FROM rare ORDER BY score DESC OFFSET {limit} - 1 LIMIT 1), 0) AS enough),
common AS MATERIALIZED (
  SELECT term, weight, most, most >= enough AS needed FROM weighed, enough WHERE NOT rare),
read AS MATERIALIZED (
  SELECT id, sum(score) AS score FROM (
    SELECT id, score FROM rare
    UNION ALL
    SELECT id, common.weight * postings.weight
    FROM (SELECT * FROM common WHERE needed) AS common JOIN postings USING (term) {where}
  ) AS parts GROUP BY id
  HAVING sum(score) + coalesce((SELECT max(most) FROM common WHERE NOT needed), 0) >= (SELECT enough FROM enough))
SELECT id, sum(score)::real::float8 AS score FROM (
  SELECT id, score FROM read
  UNION ALL
  SELECT id, common.weight * found.weight FROM common CROSS JOIN LATERAL (
    SELECT id, weight FROM postings WHERE term = common.term AND id = ANY(ARRAY(SELECT id FROM read))) AS found
  WHERE NOT needed
) AS parts GROUP BY id ORDER BY score DESC, id LIMIT {limit}
"""
"""The top by BM25, exactly, without reading every chunk that says "the" (MaxScore: Turtle and Flood 1995). The rarest
terms are summed first, which gives a score that is `enough` to be among the best. Common terms are read as long as a
chunk of those and more common ones alone could have that much (`most`); in the others, only chunks are looked up that
could still get there."""

COUNT_IN = """
INSERT INTO terms SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::real[])
ON CONFLICT (term) DO UPDATE SET df = terms.df + excluded.df, top = greatest(terms.top, excluded.top)
"""

HOLDING = """
SELECT id, held FROM (
  SELECT id, ARRAY(SELECT unnest(identifiers) INTERSECT SELECT unnest(%s::bigint[])) AS held
  FROM chunks WHERE identifiers && %s::bigint[] AND {condition}) AS holding
ORDER BY cardinality(held) DESC, id LIMIT {limit}
"""

Statement = tuple[str, list[Any]]
"""SQL, and the values of its marks."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The table of a dense lane: full floats for the profile `float`, else halves; indexed as halves or as bits."""

    name: str
    dim: int
    code: Code

    @property
    def table(self) -> str:
        return quoted(f"lane_{self.name}")

    @property
    def index(self) -> str:
        return f"lane_{self.name}_hnsw"

    @property
    def number(self) -> str:
        """NumPy's type of one value, as the server sends it."""
        return ">f4" if self.code.profile == "float" else ">f2"

    @property
    def type(self) -> str:
        return f"{'vector' if self.code.profile == 'float' else 'halfvec'}({self.dim})"

    @property
    def indexed(self) -> str:
        """The expression that the index holds."""
        as_bits = self.code.profile == "binary"
        return f"(binary_quantize(v)::bit({self.dim}))" if as_bits else f"(v::halfvec({self.dim}))"

    @property
    def indexable(self) -> bool:
        return self.code.ef > 0 and self.dim <= GRAPH_LIMIT[self.code.profile]

    def create(self) -> list[str]:
        made = [f"CREATE TABLE {self.table} (id bigint PRIMARY KEY, v {self.type} NOT NULL)"]
        if self.dim * int(self.number[-1]) < 7_000:  # in the row itself: out of line, each comparison is a look-up
            made.append(f"ALTER TABLE {self.table} ALTER v SET STORAGE plain")
        return made

    def create_index(self) -> str:
        operators = "bit_hamming_ops" if self.code.profile == "binary" else "halfvec_ip_ops"
        return (
            f"CREATE INDEX {quoted(self.index)} ON {self.table} USING hnsw ({self.indexed} {operators}) "
            f"WITH (m = {M}, ef_construction = {EF_CONSTRUCT})"
        )

    def candidates(self, limit: int) -> int:
        """How many the index gives for `limit` that are compared in full."""
        return int(limit * self.code.oversampling) if self.code.profile == "binary" else limit + SPARE

    def nearest(self, query: Vectors, limit: int, filter: Filter | None, *, exact: bool) -> Statement:
        """Ids and cosines, best first: of all, or of the candidates that the index gives."""
        joined, values = where(filter)
        text = str(np.asarray(query, np.float32).tolist())
        # Of the negative, so that no index that orders by the product is used.
        cosine, order = f"-(v <#> %s::{self.type}) AS score", f"ORDER BY score DESC, id LIMIT {limit}"
        if exact:
            return f"SELECT id, {cosine} FROM {self.table} {joined} {order}", [text, *values]
        asked = f"%s::halfvec({self.dim})"
        distance = f"<~> binary_quantize({asked})" if self.code.profile == "binary" else f"<#> {asked}"
        near = (
            f"SELECT id, v FROM {self.table} {joined} ORDER BY {self.indexed} {distance} LIMIT {self.candidates(limit)}"
        )
        return f"WITH near AS MATERIALIZED ({near}) SELECT id, {cosine} FROM near {order}", [*values, text, text]

    def rows(self, numbers: Sequence[int], vectors: Sequence[Vectors]) -> NDArray[Any]:
        """For `copy`."""
        width = self.dim * int(self.number[-1])
        fields = [("n", ">i2"), ("l0", ">i4"), ("id", ">i8"), ("l1", ">i4"), ("dim", ">i2"), ("unused", ">i2")]
        made = np.zeros(len(numbers), np.dtype([*fields, ("v", self.number, (self.dim,))]))
        made["n"], made["l0"], made["l1"], made["dim"] = 2, 8, 4 + width, self.dim
        made["id"], made["v"] = numbers, np.stack(vectors)
        return made


def sparse(terms: Mapping[int, float], limit: int, filter: Filter | None) -> Statement:
    """Ids and BM25 scores, best first."""
    joined, values = where(filter)
    asked = [list(terms), [float(weight) for weight in terms.values()]]
    return SPARSE.format(where=joined, limit=limit), [*asked, *values, *values]


def holding(keys: Sequence[int], limit: int, filter: Filter | None) -> Statement:
    """Ids, and which of the hashed identifiers each holds; those with most of them first."""
    held, values = condition(filter) if filter is not None else ("true", [])
    return HOLDING.format(condition=held, limit=limit), [list(keys), list(keys), *values]


def where(filter: Filter | None, *, alone: bool = False) -> Statement:
    """alone: of `chunks` itself, not of a table that is to be joined to it."""
    if filter is None:
        return "", []
    text, values = condition(filter)
    return f"{'' if alone else 'JOIN chunks USING (id) '}WHERE {text}", values


def condition(filter: Filter) -> Statement:
    """Two truth values: a comparison with NULL would be a third."""
    match filter:
        case Eq(field, value):
            return condition(In(field, (value,)))
        case In("tags", values):
            return "tags && %s::bigint[]", [[hashed(str(value)) for value in values]]
        case In(field, values):
            return f"{field} = ANY(%s::{'text' if field == 'modality' else 'bigint'}[])", [list(values)]
        case Range(_, low, high):
            bounds = [f" AND date {sign} {bound}" for sign, bound in ((">=", low), ("<", high)) if bound is not None]
            return f"(date IS NOT NULL{''.join(bounds)})", []
        case Exists(field):
            return {"tags": "cardinality(tags) > 0", "date": "date IS NOT NULL"}.get(field, "true"), []
        case And(parts) | Or(parts):
            made = [condition(part) for part in parts]
            word = " AND " if isinstance(filter, And) else " OR "
            return f"({word.join(text for text, _ in made)})", [value for _, held in made for value in held]
        case Not(part):
            text, held = condition(part)
            return f"NOT ({text})", held
        case SourceGlob():
            raise unresolved(filter)


def copy(connection: Any, table: str, rows: NDArray[Any]) -> None:
    """Rows (n,) of a structured dtype that is laid out as COPY's binary format is."""
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copying:
        copying.write(b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff")


def chunk_line(number: int, point: Point) -> str:
    """For COPY's text format."""
    keys = [map(hashed, point.tags), map(hashed, point.identifiers), point.terms]
    tags, identifiers, terms = (f"{{{','.join(map(str, each))}}}" for each in keys)
    date = r"\N" if point.date is None else point.date
    return f"{number}\t{point.document}\t{point.modality}\t{tags}\t{date}\t{identifiers}\t{terms}\n"


def posting_rows(bags: Sequence[tuple[int, Mapping[int, float]]]) -> NDArray[Any]:
    """Of (chunk, term -> weight), for `copy`: by term, as the index that they go into is ordered."""
    fields = [("n", ">i2"), ("l0", ">i4"), ("term", ">i8"), ("l1", ">i4"), ("id", ">i8"), ("l2", ">i4"), ("w", ">f4")]
    rows = np.zeros(sum(len(terms) for _, terms in bags), np.dtype(fields))
    rows["n"], rows["l0"], rows["l1"], rows["l2"] = 3, 8, 8, 4
    rows["term"] = [term for _, terms in bags for term in terms]
    rows["id"] = np.repeat([number for number, _ in bags], [len(terms) for _, terms in bags])
    rows["w"] = [weight for _, terms in bags for weight in terms.values()]
    return rows[np.lexsort((rows["id"], rows["term"]))]


def numbers_of(ids: Iterable[str]) -> list[int]:
    """Signed, in the order of the ids."""
    return [checks.number_of(chunk_id) - 2**63 for chunk_id in ids]


def id_of(number: int) -> str:
    return checks.id_of(number + 2**63)


def hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
