"""What a worker does with one file: detect, read, chunk, open its pictures and read the words in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.errors import NotADocument, UnreadableFile
from commonplace.home.base import look
from commonplace.home.records import Records
from commonplace.ingest.chunking import drafts
from commonplace.ingest.elements import Draft, Front, Note, PictureLink
from commonplace.ingest.formats import detect, reader
from commonplace.ingest.walk import stamp
from commonplace.types import MEDIUM, RECORDINGS, Medium, Word

if TYPE_CHECKING:
    from PIL.Image import Image

    from commonplace.encoders.base import Sound, Video
    from commonplace.ingest.ocr import PictureReader

PIXELS_SIDE = 512
"""Pixels: what travels to the picture tower, at least what any of them looks at."""
THUMBNAIL_SIDE = 768
"""Pixels: enough to recognise a dashboard in a result list, some 20 KB as WebP."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read."""

    source: str
    path: Path
    root: int
    stamp: str
    known_content: str = ""
    """Hash of the bytes that the collection has of it, or empty: equal bytes are not read again."""
    home: str | Path = ""
    """Where the collection is that may know its pictures."""
    towers: Mapping[Medium, str] = field(default_factory=dict)
    """Of the media lane, by fingerprint: pixels, sound and frames travel only where a vector of theirs is missing."""


@dataclass(frozen=True, slots=True)
class Opened:
    content: str
    format: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The file was touched, its bytes are the same."""


@dataclass(frozen=True, slots=True)
class NothingToRead:
    """The file is no document."""

    reason: str


@dataclass(frozen=True, slots=True)
class Media:
    """The picture of a draft, or the recording that it is.

    words  that OCR read in a picture; None where the collection has read it before, and of recordings
    item   for the tower; None where the collection has its vector, or no such tower
    """

    hash: str
    width: int = 0
    height: int = 0
    words: tuple[Word, ...] | None = None
    reader: str = ""
    thumbnail: bytes = b""
    item: Image | Sound | Video | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft with its media opened. `draft.picture` is gone: it may be large and nobody needs it any more."""

    draft: Draft
    media: Media | None = None


def read(job: Job) -> Iterator[Opened | Unchanged | NothingToRead | Front | Note | PictureLink | Prepared]:
    """The messages of one file. Raises UnreadableFile or OSError where it must give up."""
    before = stamp(job.path.stat())
    content = hash_file(job.path)
    if content == job.known_content:
        yield Unchanged()
        return
    try:
        format = detect(job.path)
    except NotADocument as error:
        yield NothingToRead(str(error))
        return
    yield Opened(content, format)
    elements = reader(format)(job.path)
    links: list[PictureLink | Front | Note] = []

    def only_content() -> Iterator[Any]:
        for element in elements:
            if isinstance(element, PictureLink | Front | Note):
                links.append(element)
            else:
                yield element

    for draft in drafts(only_content()):
        yield from links
        links.clear()
        try:
            yield _recorded(draft, job, content) if draft.modality in RECORDINGS else _prepared(draft, job)
        except UnreadableFile as error:
            if format == "image":
                raise
            if draft.modality in RECORDINGS:
                yield Note(f"found by its name and tags alone: {error}")
                yield Prepared(draft)
                continue
            place = f" on page {draft.locator.page}" if draft.locator.page else ""
            yield Note(f"a picture{place} was left out: {error}")
            if draft.text:
                yield Prepared(replace(draft, picture=None))
    yield from links
    if stamp(job.path.stat()) != before:
        raise UnreadableFile("it changed while it was read; add it again when it is complete")


def hash_file(path: Path) -> str:
    """sha256 of the bytes, as 32 hex digits."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()[:32]


def _prepared(draft: Draft, job: Job) -> Prepared:
    """With its picture opened, unless the collection has seen those bytes before."""
    if draft.picture is None:
        return Prepared(draft)
    from commonplace.ingest.pictures import open_picture, thumbnail

    data, draft = draft.picture, replace(draft, picture=None)
    hash = sha256(data).hexdigest()[:32]
    # A table that was drawn is searched by its cells: they are more exact than OCR of its picture.
    reader = picture_reader() if draft.modality != "table" else None
    fingerprint = reader.fingerprint if reader else ""
    was_read, wanted = _records(job.home).has_reading(hash, fingerprint), _wanted(job, "image", hash)
    if was_read and not wanted:
        return Prepared(draft, Media(hash))
    image = open_picture(data, max_side=None)
    pixels = _reduced(image, PIXELS_SIDE) if wanted else None
    if was_read:
        return Prepared(draft, Media(hash, item=pixels))
    words = reader.read(image) if reader else ()
    small = thumbnail(image, THUMBNAIL_SIDE)
    return Prepared(draft, Media(hash, image.width, image.height, words, fingerprint, small, pixels))


def _recorded(draft: Draft, job: Job, content: str) -> Prepared:
    """With its sound or frames, where they are wanted. A recording is a whole file, so its hash is the file's."""
    if not _wanted(job, MEDIUM[draft.modality], content):
        return Prepared(draft, Media(content))
    if draft.modality == "audio":
        from commonplace.ingest.sound import open_sound

        return Prepared(draft, Media(content, item=open_sound(job.path)))
    from commonplace.ingest.video import open_video

    return Prepared(draft, Media(content, item=open_video(job.path)))


def _wanted(job: Job, medium: Medium, hash: str) -> bool:
    """Whether the space has a tower for this that has not had it yet."""
    return medium in job.towers and not _records(job.home).has_vector(job.towers[medium], hash)


@cache
def _records(home: str | Path) -> Records:
    """Read, beside the parent that writes: a miss only costs time."""
    return Records(look(home))


def _reduced(image: Image, side: int) -> Image:
    """At most `side` pixels long: what travels to the encoder stays small."""
    small = image.copy()
    small.thumbnail((side, side), reducing_gap=2.0)
    return small


@cache
def picture_reader() -> PictureReader:
    from commonplace.ingest.ocr import PictureReader

    return PictureReader()
