"""Zip containers (DOCX, PPTX, XLSX, EPUB): what a directory declares is checked before anything is unpacked."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from commonplace.errors import UnreadableFile

MAX_MEMBERS = 50_000
MAX_BYTES = 1 << 30
"""Most bytes that all members together may unpack to."""
MAX_MEMBER_BYTES = 1 << 28
"""Most bytes of one member: the office libraries read a member whole, and its XML tree is several times as large."""
MAX_RATIO = 200
"""Most that a member above `SMALL` may grow: office XML grows tenfold, rarely fiftyfold, a bomb a thousandfold."""
SMALL = 1 << 24

_DEFLATE_RATIO = 1032
"""The most that deflate can grow."""


def open_zip(path: Path) -> zipfile.ZipFile:
    """The archive, its directory checked. Members are never extracted to disk, so their names cannot lead anywhere.

    Raises UnreadableFile for bombs, encrypted or damaged members and what is no zip at all.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise UnreadableFile(f"damaged or truncated container: {error}. Save it again.") from error
    if reason := _refusal(archive.infolist()) or _contradiction(archive):
        archive.close()
        raise UnreadableFile(reason)
    return archive


def _refusal(members: list[zipfile.ZipInfo]) -> str:
    if len(members) > MAX_MEMBERS:
        return f"the container holds {len(members):,} members; at most {MAX_MEMBERS:,} are read. Split the document."
    if (total := sum(member.file_size for member in members)) > MAX_BYTES:
        return f"the container unpacks to {total:,} bytes; at most {MAX_BYTES:,} are read. Split the document."
    for member in members:
        name, size, packed = f"{member.filename!r} in the container", member.file_size, member.compress_size
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return f"{name} is packed by a method that documents do not use. Save it again."
        if member.flag_bits & 1:
            return f"{name} is encrypted. Give an unlocked copy."
        if size > MAX_MEMBER_BYTES:
            return f"{name} unpacks to {size:,} bytes; at most {MAX_MEMBER_BYTES:,} are read. Split the document."
        if size > max(SMALL, MAX_RATIO * packed):
            return (
                f"{name} unpacks from {packed:,} to {size:,} bytes, more than {MAX_RATIO}-fold: a zip bomb? "
                "Save the document again with its own program."
            )
    return ""


def _contradiction(archive: zipfile.ZipFile) -> str:
    """Unpack in pieces what might hold more than the directory says: zipfile's read() would inflate it all."""
    for member in archive.infolist():
        if member.compress_size * _DEFLATE_RATIO > MAX_MEMBER_BYTES:
            try:
                with archive.open(member) as file:
                    while file.read(SMALL):
                        pass
            except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
                return f"{member.filename!r} in the container is damaged: {error}. Save the document again."
    return ""
