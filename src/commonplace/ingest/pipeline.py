"""From files to searchable chunks: workers read, the towers encode, records and store are written in step.

The order of writing makes a kill harmless: rows first, then points, and only then is a document called indexed. A
document found "writing" at the next start is read again; its chunk ids come out the same, its pictures and vectors
are in the caches, so nothing is there twice and little is done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from commonplace.encoders.base import Encoder
from commonplace.home.records import Records
from commonplace.home.rows import Document, Reading, chunk_id, utc_seconds
from commonplace.ingest import wording
from commonplace.ingest.elements import NOWHERE, Draft, Front, Note, PictureLink
from commonplace.ingest.links import PictureSources, is_picture
from commonplace.ingest.reading import Job, Media, NothingToRead, Opened, Prepared, Unchanged
from commonplace.ingest.scan import Problem
from commonplace.ingest.walk import Skipped
from commonplace.ingest.workers import Done, Failed, Limits, Workers
from commonplace.stores.base import Store
from commonplace.stores.filters import label_tag
from commonplace.stores.points import Point
from commonplace.types import MEDIUM, RECORDINGS, Chunk, Medium, Mention, Modality, Vectors
from commonplace.vectors.normalise import unit_rows

Progress = Callable[[int, int, str], None]
"""Called with (files done, files in all, source of the last one)."""

BATCH = 64
"""Chunks that are encoded and written together: enough to fill the encoder, little to lose."""
HEAVY = 16
"""How many chunks one with sound or frames counts for: they are some 20 MB."""


@dataclass(frozen=True, slots=True)
class AddReport:
    """What an `add` did. Every file is counted in exactly one of documents, unchanged, skipped and failed."""

    documents: int = 0
    chunks: dict[Modality, int] = field(default_factory=dict)
    skipped: tuple[Problem, ...] = ()
    failed: tuple[Problem, ...] = ()
    unchanged: int = 0
    removed: int = 0
    seconds: float = 0.0
    encoded: int = 0
    """Texts, pictures and recordings that a tower looked at anew."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Not counted above: how many files and folders were "hidden", "ignored" (.gitignore) or "excluded"."""


@dataclass(slots=True)
class _Open:
    """A document that is being read."""

    document: Document
    position: int = 0
    notes: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """What it says of pictures that are not there: words of its own, then, for its next passage."""


class Pipeline:
    """Writes documents into one collection.

    text, media  the towers of the two dense lanes; `media` by what they take, empty for a collection without that lane
    """

    def __init__(
        self,
        records: Records,
        store: Store,
        text: Encoder,
        media: Mapping[Medium, Encoder],
        *,
        workers: int,
        limits: Limits,
    ) -> None:
        self._records, self._store = records, store
        self._text, self._media = text, media
        self._workers = Workers("commonplace.ingest.reading:read", workers, limits)
        self._open: dict[str, _Open] = {}
        self._pending: list[tuple[Chunk, Media | None]] = []
        self._weight = 0
        self._ended: list[_Open] = []
        self._changed_mentions: set[str] = set()
        self._encoded = 0

    def run(self, jobs: Sequence[Job], progress: Progress) -> AddReport:
        """Read the files of `jobs` and index them."""
        # Pages before pictures: a picture's words include what pages say of it, and are then encoded once.
        jobs = sorted(jobs, key=lambda job: (is_picture(job.source), job.source))
        if jobs:
            self._pictures = self._picture_sources(job.source for job in jobs)
            self._changed_mentions |= self._resolve_mentions(self._pictures)
        done, unchanged, failed = 0, 0, list[Problem]()
        skipped: list[tuple[Skipped, int]] = []
        counted: dict[Modality, int] = {}
        try:
            for job, message in self._workers.run(jobs):
                match message:
                    case Opened():
                        self._begin(job, message)
                    case Unchanged():
                        unchanged += 1
                        known = self._records.document(job.source)
                        assert known is not None
                        self._records.update_document(known.id, stamp=job.stamp)
                    case NothingToRead(reason):
                        skipped.append((Skipped(job.source, job.path, reason, job.stamp), job.root))
                    case Front():
                        self._front(self._open[job.source], message)
                    case Note():
                        self._open[job.source].notes.append(message.text)
                    case PictureLink():
                        self._link(self._open[job.source], message)
                    case Prepared():
                        self._take(self._open[job.source], message, counted)
                    case Done() | Failed():
                        done += 1
                        if isinstance(message, Failed):
                            failed.append(Problem(job.source, message.reason))
                            self._fail(job, message.reason)
                        elif opened := self._open.pop(job.source, None):
                            if opened.unseen:
                                self._take(opened, Prepared(Draft("text", NOWHERE)), counted)
                            self._ended.append(opened)
                        progress(done, len(jobs), job.source)
                if self._weight >= BATCH:
                    self._flush()
            self._flush()
            self.skip(skipped)
            self._refresh_mentioned()
            self._store.optimize(complete=True)
        finally:
            self._workers.close()
        passed = tuple(Problem(found.source, found.reason) for found, _ in skipped)
        documents = len(jobs) - unchanged - len(failed) - len(passed)
        return AddReport(documents, counted, passed, tuple(failed), unchanged, encoded=self._encoded)

    def skip(self, skipped: Iterable[tuple[Skipped, int]]) -> None:
        """The account keeps the reason; what the collection had of such a file, each with its root, goes."""
        for found, root in skipped:
            known = self._records.document(found.source)
            if known is not None and known.state != "skipped":
                self.remove([known])
            with self._records.transaction():
                document = self._records.begin_document(found.source, root, found.path, found.stamp)
                self._records.update_document(document.id, state="skipped", reason=found.reason)

    def remove(self, documents: Iterable[Document]) -> int:
        """Documents leave the store first, then the records, then the caches that only they needed."""
        count = 0
        for document in documents:
            self._changed_mentions |= self._records.mentioned_by(document.id)
            self._store.delete(self._records.chunk_ids(document.id))
            with self._records.transaction():
                self._records.delete_document(document.id)
            count += 1
        if count:
            self._changed_mentions |= self._resolve_mentions(self._picture_sources())
            self._refresh_mentioned()
            with self._records.transaction():
                self._records.drop_empty_roots()
                self._records.sweep()
        return count

    def index(self, chunks: Sequence[Chunk], items: Mapping[str, Any]) -> None:
        """Write the points of chunks, encoding only what has no base vector yet.

        items  content hash -> the picture, sound or frames; what is missing stays without a vector
        """
        texts = {chunk.id: wording.passage(chunk) for chunk in chunks}
        keys = {id: _key(text) for id, text in texts.items() if text}
        text_vectors = self._encode(self._text, {key: texts[id] for id, key in keys.items()})
        media_vectors: dict[str, Vectors] = {}
        for medium, tower in self._media.items():
            wanted = {chunk.media for chunk in chunks if chunk.media and MEDIUM[chunk.modality] == medium}
            media_vectors |= self._encode(tower, {hash: items.get(hash) for hash in wanted})
        documents = {source: self._records.document(source) for source in {chunk.source for chunk in chunks}}
        points = []
        for chunk in chunks:
            self._changed_mentions.discard(chunk.source)  # as `chunk` has them all
            document = documents[chunk.source]
            assert document is not None
            vectors = {}
            if chunk.id in keys:
                vectors["text"] = text_vectors[keys[chunk.id]]
            if chunk.media in media_vectors:
                vectors["media"] = media_vectors[chunk.media]
            label = self._records.label(chunk.media) if chunk.media else None
            tags = document.tags + ((label_tag(label),) if label else ())
            points.append(
                Point(
                    chunk.id, document.id, chunk.modality, vectors, wording.terms(chunk),
                    wording.identifiers(chunk), tags, document.date,
                )
            )  # fmt: skip
        self._store.upsert(points)
        with self._records.transaction():
            self._records.put_words_keys((chunk.id, keys.get(chunk.id)) for chunk in chunks)

    def label(self, labels: Mapping[str, tuple[str, float]]) -> None:
        """Pictures (by content hash) get these labels and lose the ones they had, in the records and in the store.

        Rows first, then points: stopped half-way, the same call goes on from there.
        """
        with self._records.transaction():
            self._records.put_labels(labels)
        ids = [id for shown in self._records.pictures().values() for id in shown]
        for start in range(0, len(ids), BATCH):
            self.index(list(self._records.chunks(ids[start : start + BATCH]).values()), {})
        self._store.flush()

    # -- one document

    def _begin(self, job: Job, opened: Opened) -> None:
        known = self._records.document(job.source)
        if known is not None:
            self._changed_mentions |= self._records.mentioned_by(known.id)
        with self._records.transaction():
            document = self._records.begin_document(job.source, job.root, job.path, job.stamp)
            date = int(int(job.stamp.split(":")[1]) / 1e9)
            title = PurePosixPath(job.source).stem  # of the source, not of the path: that need not be valid Unicode
            self._records.update_document(
                document.id, content=opened.content, format=opened.format, title=title, tags=(), date=date
            )
        self._open[job.source] = _Open(replace(document, title=title, tags=(), date=date))

    def _front(self, opened: _Open, front: Front) -> None:
        values: dict[str, Any] = {"tags": front.tags}
        if front.title:
            values["title"] = front.title
        if (date := utc_seconds(front.date)) is not None:
            values["date"] = date
        self._records.update_document(opened.document.id, **values)
        opened.document = replace(opened.document, **values)

    def _link(self, opened: _Open, link: PictureLink) -> None:
        page = opened.document.source
        picture = self._pictures.find(page, link.target)
        mention = Mention(page, link.alt, link.caption, link.locator.headings, link.paragraph)
        with self._records.transaction():
            self._records.put_mention(opened.document.id, link.target, picture, mention)
        if picture is None:
            opened.unseen += filter(None, (link.caption, link.alt))
        else:
            self._changed_mentions.add(picture)

    def _take(self, opened: _Open, prepared: Prepared, counted: dict[Modality, int]) -> None:
        draft, media = prepared.draft, prepared.media
        document = opened.document
        if draft.modality == "text" and opened.unseen:
            said = (words for words in dict.fromkeys(opened.unseen) if words not in draft.text)
            draft = replace(draft, text="\n\n".join(filter(None, (draft.text, *said))))
            opened.unseen.clear()
        hash = media.hash if media else None
        content = sha256(f"{draft.text}\x00{hash or ''}".encode()).hexdigest()
        id = chunk_id(document.source, draft.locator, content)
        chunk = Chunk(id, document.source, draft.modality, draft.locator, document.title, draft.text, media=hash)
        own = Mention(document.source, draft.alt, draft.caption, draft.locator.headings, draft.paragraph)
        with self._records.transaction():
            if media is not None and media.words is not None:
                reading = Reading(media.hash, media.width, media.height, media.words, media.thumbnail)
                self._records.put_reading(reading, media.reader)
            self._records.put_chunk(chunk, document, opened.position, own)
        opened.position += 1
        counted[draft.modality] = counted.get(draft.modality, 0) + 1
        self._pending.append((chunk, media))
        heavy = draft.modality in RECORDINGS and media is not None and media.item is not None
        self._weight += HEAVY if heavy else 1

    def _fail(self, job: Job, reason: str) -> None:
        """The account keeps the reason; what an earlier revision had stays findable."""
        opened = self._open.pop(job.source, None)
        document = opened.document if opened else None
        with self._records.transaction():
            if document is None:
                document = self._records.begin_document(job.source, job.root, job.path, job.stamp)
            self._records.update_document(document.id, state="failed", reason=reason, content="")

    def _end(self, opened: _Open) -> None:
        document = opened.document
        stale = self._records.stale_chunks(document.id, document.revision)
        self._store.delete(stale)
        with self._records.transaction():
            self._records.delete_chunks(stale)
            self._records.update_document(document.id, state="indexed", reason="", notes=tuple(opened.notes))
            if stale:
                self._records.sweep()

    # -- batches

    def _flush(self) -> None:
        pending, self._pending, self._weight = self._pending, [], 0
        chunks = self._records.chunks([chunk.id for chunk, _ in pending])
        items = {media.hash: media.item for _, media in pending if media and media.item is not None}
        if chunks:
            self.index(list(chunks.values()), items)
            self._store.optimize()
        ended, self._ended = self._ended, []
        for opened in ended:
            self._end(opened)

    def _encode(self, encoder: Encoder, items: dict[str, Any]) -> dict[str, Vectors]:
        """Key -> unit vector (d,); what the base has is not computed again. None marks an item that must be there."""
        stored = encoder.stored
        found = self._records.vectors(stored.fingerprint, items)
        missing = {key: item for key, item in items.items() if key not in found and item is not None}
        if missing:
            vectors = stored.encode(missing.values())
            self._encoded += len(missing)
            with self._records.transaction():
                self._records.put_vectors(stored.fingerprint, list(missing), vectors)
            # Through float16 and back, so that a resumed `add` writes the same point as an unbroken one.
            found |= self._records.vectors(stored.fingerprint, missing)
        if not found:
            return {}
        return dict(zip(found, encoder.finish(unit_rows(np.stack(list(found.values())))), strict=True))

    # -- mentions

    def _picture_sources(self, expected: Iterable[str] = ()) -> PictureSources:
        known = (document.source for document in self._records.documents() if document.state != "skipped")
        return PictureSources(filter(is_picture, (*known, *expected)))

    def _resolve_mentions(self, sources: PictureSources) -> set[str]:
        """Join the open links of pages to picture files; returns the pictures that gained one."""
        links = self._records.open_mentions()
        found = [(row, picture) for row, page, target in links if (picture := sources.find(page, target))]
        with self._records.transaction():
            self._records.resolve_mentions(found)
        return {picture for _, picture in found}

    def _refresh_mentioned(self) -> None:
        """Pictures that pages speak of in new words get new words; their pixels are not looked at again."""
        changed, self._changed_mentions = self._changed_mentions, set()
        for source in sorted(changed):
            document = self._records.document(source)
            if document is not None and document.state == "indexed":
                chunks = self._records.chunks(self._records.chunk_ids(document.id))
                self.index(list(chunks.values()), {})


def _key(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]
