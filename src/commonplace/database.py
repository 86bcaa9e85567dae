"""The SQLite files of a collection: opened, made where they are new, checked.

Three files behind one connection: `documents.sqlite` is what a user would miss, `cache/pictures.sqlite` can be made
anew by OCR, `base/vectors.sqlite` by the towers. So damage to the first is an error, and to the others a delay.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from commonplace.errors import CorruptCollection
from commonplace.failures import DAMAGED, is_damage

FILES = {"main": "documents.sqlite", "cache": "cache/pictures.sqlite", "base": "base/vectors.sqlite"}
"""Name of the database within the connection -> file."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS main.roots (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, path BLOB NOT NULL UNIQUE, options TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS main.documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE, root INTEGER NOT NULL, path BLOB NOT NULL,
  stamp TEXT NOT NULL, content TEXT NOT NULL DEFAULT '', format TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '[]',
  title TEXT NOT NULL DEFAULT '', tags TEXT NOT NULL DEFAULT '[]', date INTEGER, revision INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS main.chunks (
  id TEXT PRIMARY KEY, document INTEGER NOT NULL, revision INTEGER NOT NULL, position INTEGER NOT NULL,
  modality TEXT NOT NULL, locator TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
  own TEXT NOT NULL, media TEXT, words_key TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS main.chunks_document ON chunks (document, position);
CREATE INDEX IF NOT EXISTS main.chunks_media ON chunks (media) WHERE media IS NOT NULL;
CREATE TABLE IF NOT EXISTS main.mentions (
  document INTEGER NOT NULL, target TEXT NOT NULL, picture TEXT, mention TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS main.labels (media TEXT PRIMARY KEY, label TEXT NOT NULL, probability REAL NOT NULL);
CREATE INDEX IF NOT EXISTS main.mentions_document ON mentions (document);
CREATE INDEX IF NOT EXISTS main.mentions_picture ON mentions (picture);
"""

CACHES = """
CREATE TABLE IF NOT EXISTS cache.pictures (
  hash TEXT PRIMARY KEY, reader TEXT NOT NULL, width INTEGER, height INTEGER, words TEXT NOT NULL, thumbnail BLOB);
CREATE TABLE IF NOT EXISTS base.vectors (
  encoder TEXT NOT NULL, key TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (encoder, key)) WITHOUT ROWID;
"""


def connect(folder: Path, *, create: bool) -> sqlite3.Connection:
    """The records of the collection in `folder`. Raises CorruptCollection where they are gone and not to be created."""
    main = folder / FILES["main"]
    if not create and not main.exists():
        raise CorruptCollection(f"{main} is gone; expected the records of the collection. {DAMAGED}")
    database = sqlite3.connect(main, isolation_level=None, check_same_thread=False)
    database.row_factory = sqlite3.Row
    try:
        _set_up(database, "main")
        database.executescript(SCHEMA)
        whole = [_attach(database, folder, "cache", "pictures"), _attach(database, folder, "base", "vectors")]
        if not all(whole):
            # Words and vectors of pictures are only in the caches: their documents wait for the next `update`.
            database.execute(
                "UPDATE documents SET state = 'writing' "
                "WHERE state = 'indexed' AND id IN (SELECT document FROM chunks WHERE media NOT NULL)"
            )
        database.executescript(CACHES)
    except BaseException:
        database.close()
        raise
    return database


def damaged_files(database: sqlite3.Connection, folder: Path) -> list[tuple[Path, str]]:
    """Files of which SQLite finds a part unreadable, with what it says; reads them whole."""
    found = []
    for name, file in FILES.items():
        try:
            verdict = database.execute(f"PRAGMA {name}.quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            verdict = str(error)
        if verdict != "ok":
            found.append((folder / file, " ".join(verdict.split())))
    return found


def _attach(database: sqlite3.Connection, folder: Path, name: str, table: str) -> bool:
    """Whether `table` was there already."""
    file = folder / FILES[name]
    file.parent.mkdir(exist_ok=True)
    try:
        database.execute(f"ATTACH ? AS {name}", (str(file),))
        _set_up(database, name)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        with suppress(sqlite3.OperationalError):  # it depends on the damage how far it came
            database.execute(f"DETACH {name}")
        for each in file.parent.glob(f"{file.name}*"):  # with its log
            each.unlink()
        database.execute(f"ATTACH ? AS {name}", (str(file),))
        _set_up(database, name)
    return database.execute(f"SELECT 1 FROM {name}.sqlite_schema WHERE name = ?", (table,)).fetchone() is not None


def _set_up(database: sqlite3.Connection, name: str) -> None:
    database.execute(f"PRAGMA {name}.journal_mode = WAL")
    database.execute(f"PRAGMA {name}.synchronous = NORMAL")
