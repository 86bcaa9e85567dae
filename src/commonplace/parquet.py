"""An export as Parquet and pictures, which DuckDB, pandas or Spark read without us, and back.

TABLE.parquet        the tables of an export's SQLite files, column by column
vectors-N.parquet    of one tower each: `vector` is a list of as many floats as it has dimensions
media/HASH.webp      the thumbnails of the table `pictures`
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from commonplace.errors import UsageError
from commonplace.home.database import FILES, SqliteDatabase
from commonplace.lazy import require

BATCH = 4_096
TYPES = {"INTEGER": "int64", "REAL": "float64", "TEXT": "string", "BLOB": "binary"}


def is_parquet(place: str | Path) -> bool:
    return (Path(place) / "chunks.parquet").exists()


def to_parquet(source: Path, target: Path) -> None:
    """The SQLite files of the export `source`, in the new folder `target`."""
    (target / "media").mkdir(parents=True)
    tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    for file in FILES.values():
        with closing(sqlite3.connect(source / file)) as database:
            for (table,) in _all(database, tables):
                for name, types, rows in _parts(database, table):
                    _write(target / f"{name}.parquet", types, rows)
    with closing(sqlite3.connect(source / FILES["cache"])) as database:
        for hash, thumbnail in database.execute("SELECT hash, thumbnail FROM pictures WHERE thumbnail NOT NULL"):
            (target / "media" / f"{hash}.webp").write_bytes(thumbnail)
    shutil.copy(source / "collection.json", target)  # last: it is whole now


def from_parquet(source: Path, target: Path) -> None:
    """What `to_parquet` wrote, as the SQLite files of an export. Raises UsageError where it is something else."""
    parquet = require("pyarrow.parquet", extra="parquet")
    with closing(SqliteDatabase.open(target, create=True)) as database:
        for path in sorted(source.glob("*.parquet")):
            try:
                for batch in parquet.ParquetFile(path).iter_batches(BATCH):
                    columns = {name: _values(batch.column(name)) for name in batch.schema.names}
                    if path.stem == "pictures":
                        thumbnails = (source / "media" / f"{hash}.webp" for hash in columns["hash"])
                        columns["thumbnail"] = [file.read_bytes() if file.exists() else None for file in thumbnails]
                    with database.transaction():
                        table = path.stem.partition("-")[0]
                        database.insert(table, columns, zip(*columns.values(), strict=True))
            except (ValueError, sqlite3.Error) as error:
                raise UsageError(
                    f"{path} cannot be read ({error}); expected what `commonplace export --format parquet` wrote."
                ) from error
    shutil.copy(source / "collection.json", target)


def _parts(database: sqlite3.Connection, table: str) -> Iterator[tuple[str, dict[str, Any], sqlite3.Cursor]]:
    """The files of a table: name, type of each column, rows."""
    arrow = require("pyarrow", extra="parquet")
    columns = {name: kind for _, name, kind, *_ in _all(database, f"PRAGMA table_info({table})") if name != "thumbnail"}
    types = {name: getattr(arrow, TYPES[kind])() for name, kind in columns.items()}
    select = f"SELECT {', '.join(types)} FROM {table}"
    if table != "vectors":
        yield table, types, database.execute(select)
        return
    towers = _all(database, "SELECT encoder, length(vector) / 2 FROM vectors GROUP BY encoder")
    for number, (encoder, dim) in enumerate(towers):
        types["vector"] = arrow.list_(arrow.float32(), dim)
        yield f"vectors-{number}", types, database.execute(f"{select} WHERE encoder = ? ORDER BY key", (encoder,))


def _write(path: Path, types: dict[str, Any], rows: sqlite3.Cursor) -> None:
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    schema = arrow.schema(types.items())
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := rows.fetchmany(BATCH):
            columns = map(_array, schema.types, zip(*batch, strict=True))
            writer.write_batch(arrow.record_batch(list(columns), schema=schema))


def _array(kind: Any, column: Sequence[Any]) -> Any:
    arrow = require("pyarrow", extra="parquet")
    if not arrow.types.is_fixed_size_list(kind):
        return arrow.array(column, kind)
    numbers = np.frombuffer(b"".join(column), "<f2").astype(np.float32)  # halves are for few to read
    return arrow.FixedSizeListArray.from_arrays(numbers, kind.list_size)


def _values(column: Any) -> list[Any]:
    arrow = require("pyarrow", extra="parquet")
    if not arrow.types.is_fixed_size_list(column.type):
        return list(column.to_pylist())
    rows = column.flatten().to_numpy().reshape(len(column), -1).astype("<f2")
    return [row.tobytes() for row in rows]


def _all(database: sqlite3.Connection, query: str) -> list[Any]:
    return database.execute(query).fetchall()
