"""A collection without its store, as files that anything reads: SQLite, described in docs/stores.md.

Everything else can be made of them without a model: `export` writes them, `restore` makes a collection of them, and a
backup is both. They are copied as one moment saw them, also while another process writes.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path

from commonplace.assembly import draft_manifest
from commonplace.database import FILES
from commonplace.errors import CollectionError, MissingCollection, UsageError
from commonplace.generation import FORMAT, Identity, generation_folder, read_identity, write_identity, write_manifest
from commonplace.profiles import Code


def export(folder: Path, target: Path) -> None:
    """Copy the records, caches and towers' outputs of a collection into an empty folder."""
    identity = read_identity(folder)
    if identity is None:
        raise MissingCollection(f"there is no collection in {folder}. Create one with: commonplace add PATH...")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} is not empty; expected a new folder. Name another.")
    for file in FILES.values():
        (target / file).parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        pairs = [
            [stack.enter_context(closing(sqlite3.connect(place / file))) for place in (folder, target)]
            for file in FILES.values()
        ]
        for _ in range(5):
            before = [there.execute("PRAGMA data_version").fetchone() for there, _ in pairs]
            for there, here in pairs:
                there.backup(here)
            if [there.execute("PRAGMA data_version").fetchone() for there, _ in pairs] == before:
                write_identity(target, Identity(FORMAT, "0001", identity.space))  # last: it is whole now
                return
            time.sleep(0.5)  # else a chunk may be in one file and its vector not in the other
    shutil.rmtree(target)
    raise CollectionError(f"{folder} was written to during every copy; expected a second of rest. Try again later.")


def restore(source: Path, folder: Path) -> None:
    """The records of an export in a new collection; `Collection.rebuild` then makes its store."""
    from commonplace.spaces.registry import load_space

    if source != folder:
        export(source, folder)
    identity = read_identity(folder)
    assert identity is not None
    manifest = draft_manifest(load_space(identity.space), "", Code())
    write_manifest(generation_folder(folder, identity), manifest)
