"""Engine failures and full disks, turned into errors that say what to do."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commonplace.errors import CollectionError, CollectionLocked, CommonplaceError, CorruptCollection

RESERVE = 64 << 20
"""Free bytes below which nothing is written. The engine writes through memory maps of sparse files: on a full disk
the kernel kills the process (SIGBUS) instead of returning an error."""
OPENING = 32 << 20
"""The same for opening a store that was closed in order: between 4 and 16 MiB were seen to be needed."""


@contextmanager
def engine_errors(folder: Path, *, opening: bool = False) -> Iterator[None]:
    """What the engine raises, as one of ours. It knows one exception class, and panics, which are no Exception."""
    try:
        yield
    except (CommonplaceError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        message = " ".join(str(error).split())[:300]
        if "WouldBlock" in message:
            raise CollectionLocked(
                f"the store in {folder} is in use by {_holder(folder)}. Wait for it to end or stop it; if it is a "
                "server, send the request to it."
            ) from error
        number = error.errno if isinstance(error, OSError) else _os_error(message)
        if number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
            raise CollectionError(
                f"cannot write the store in {folder}: {message}. Free some space; what was added before is safe."
            ) from error
        if number in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise CollectionError(
                f"no permission to open the store in {folder}: {message}. Opening writes to it, for readers too: give "
                "this user write permission, or work on a copy of the folder."
            ) from error
        if opening or not isinstance(error, Exception):
            raise CorruptCollection(
                f"the store in {folder} is damaged: {message}. Restore the folder from a backup, or remove it and "
                "add the documents again."
            ) from error
        raise CollectionError(
            f"the engine of the store in {folder} failed: {message}. Try again; if it stays, run `commonplace doctor`."
        ) from error


def refuse_full_disk(folder: Path, needed: int = 0, *, reserve: int = RESERVE) -> None:
    """CollectionError unless `needed` bytes fit beside the reserve."""
    free = shutil.disk_usage(folder).free
    if free < reserve + needed:
        raise CollectionError(
            f"the disk of {folder} is full: {free >> 20} MiB are free, {-(-(reserve + needed) >> 20)} MiB are needed. "
            "Free some space and go on; what was added before is safe."
        )


def bytes_in(folder: Path) -> int:
    """Bytes on disk; the engine's files are sparse."""
    return sum(entry.stat().st_blocks * 512 for entry in folder.rglob("*") if entry.is_file())


def copy_tree(source: Path, target: Path) -> None:
    """The engine's files are holes for the most part: these are not written out."""
    shutil.copytree(source, target, copy_function=_copy_sparse)


def _copy_sparse(source: str, target: str) -> None:
    with open(source, "rb") as there, open(target, "wb") as here:
        while block := there.read(1 << 16):
            if block.count(0) == len(block):
                here.seek(len(block), os.SEEK_CUR)
            else:
                here.write(block)
        here.truncate()


def _os_error(message: str) -> int:
    found = re.search(r"os error (\d+)|Os \{ code: (\d+)", message)  # Rust's two ways to say it
    return int(found[1] or found[2]) if found else 0


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / "holder.json").read_text())
        here = " (this process)" if holder["pid"] == os.getpid() else ""
        return f"process {holder['pid']}{here} on {holder['host']} ({holder['command']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
