"""A collection: what you keep, and the one object that joins records, store, towers and ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar, cast

from commonplace.assembly import Assembly
from commonplace.config import Settings
from commonplace.errors import UsageError
from commonplace.failures import explained
from commonplace.generation import read_identity
from commonplace.home.base import home_of
from commonplace.home.rows import Document
from commonplace.profiles import Code, Profile
from commonplace.searching.lanes import Mode
from commonplace.searching.searcher import filter_of, query_of
from commonplace.stores.filters import Filter
from commonplace.types import Chunk, SearchResult

if TYPE_CHECKING:
    from PIL.Image import Image

    from commonplace.evaluation.golden import Questions
    from commonplace.evaluation.tuning import Tuned
    from commonplace.generations import Built, Change
    from commonplace.ingest.pipeline import AddReport, Progress
    from commonplace.portable import ExportFormat
    from commonplace.ranking.fusion import FusionName
    from commonplace.ranking.rerank import Reranker
    from commonplace.status import Status

P = ParamSpec("P")
R = TypeVar("R")


def _alone(method: Callable[Concatenate[Collection, P], R]) -> Callable[Concatenate[Collection, P], R]:
    """A method that writes, with nobody else writing meanwhile."""

    @wraps(method)
    def wrapper(self: Collection, *arguments: P.args, **named: P.kwargs) -> R:
        with self.home.writing():
            return method(self, *arguments, **named)

    return explained(cast("Callable[Concatenate[Collection, P], R]", wrapper))


class Collection:
    """Documents in a place of their own, searchable. Use it as a context manager, or `close` it.

    Nothing is created before the first `add`; anything else on a missing collection raises MissingCollection.
    One process at a time may hold it, or, in Postgres, write it: CollectionLocked names the other one.
    """

    def __init__(
        self,
        path: str | Path,
        model: str | None = None,
        settings: Settings | None = None,
        *,
        profile: Profile = "float",
    ) -> None:
        """path  a folder, or the URL of a store on a server; model, profile  of a new collection"""
        self.settings = settings or Settings.from_environment()
        self.home = home_of(path, self.settings)
        self._model, self._profile = model, profile
        self._opened: Assembly | None = None
        self._stamp = ""

    @property
    def path(self) -> Path:
        """The folder of the collection, or what this machine remembers of one that is elsewhere."""
        return self.home.folder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Idempotent."""
        try:
            self._close_generation()
        finally:
            self.home.close()

    # -- writing

    @_alone
    def add(
        self,
        *paths: str | Path,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        retry: bool = False,
        progress: Progress | None = None,
    ) -> AddReport:
        """Add files and folders; what is there and unchanged is left alone.

        include, exclude  globs as in .gitignore, for the files of folders
        retry             read files again that failed before though they have not changed since

        Raises UsageError for a path that does not exist, before anything is written. A file that cannot be read
        fails alone: it is in the report's `failed`.
        """
        from commonplace.keeping import absolute, add

        roots = absolute(paths, self.path)
        opened = self._open(create=True)
        return add(opened, self.settings, roots, include, exclude, retry, progress or _silent)

    @_alone
    def update(self, *, retry: bool = False, progress: Progress | None = None) -> AddReport:
        """Walk everything that was added again: new and changed files are read, those that are gone are removed.

        retry  also read those again that failed, and mend what `doctor` complains of
        """
        from commonplace.keeping import update

        return update(self._open(), self.settings, retry, progress or _silent)

    @_alone
    def remove(self, *sources: str) -> int:
        """Remove documents: by source, or everything below a folder. Returns how many; UsageError if none matches."""
        from commonplace.keeping import remove

        return remove(self._open(), self.settings, sources)

    @_alone
    def label(self, *labels: str, least: float = 0.5) -> dict[str, int]:
        """Give each picture the label that fits it best, to be filtered by as `label=...`; labels from before go.

        least  pictures keep no label that is less likely than this, `none of these` being one more possibility
        Returns label -> number of pictures. Raises UsageError without labels, or where the space has no pictures.
        """
        from commonplace.keeping import label

        return label(self._open(), self.settings, labels, least)

    # -- reading

    @explained
    def search(
        self,
        text: str = "",
        *,
        image: str | Path | Image | None = None,
        audio: str | Path | None = None,
        k: int = 10,
        filter: str | Filter | None = None,
        modality: str | Sequence[str] | None = None,
        mode: Mode = "hybrid",
        lanes: Iterable[str] | None = None,
        fusion: FusionName | None = None,
        min_confidence: float | None = None,
        rerank: str | Path | Reranker | None = None,
    ) -> SearchResult:
        """The k best chunks for words, a picture or a sound, or both.

        audio     a sound file, where the collection's space has an encoder of sounds
        filter    an expression such as `source=docs/*.md and date>=2026-01-01`, or a Filter
        modality  only chunks of these modalities
        mode      "dense": by meaning and looks; "lexical": by words and identifiers; "hybrid": by all of them
        lanes     restrict the lanes of `mode` further
        fusion    "calibrated", or "rrf" and "dbsf" for comparison: their scores are no probabilities
        min_confidence  leave out hits below it; without it the nearest are there even if nothing answers
        rerank    folder of an ONNX cross-encoder that reads the first hits again, or a Reranker

        "Quoted words" must stand in a hit as they are, and -excluded ones must not.
        """
        if image is not None and audio is not None:
            raise UsageError("a picture and a sound came; expected one of them. Search twice.")
        if not text.strip() and image is None and audio is None:
            raise UsageError(
                "nothing to search for; expected text, a picture or a sound. Give a query or --image FILE."
            )
        if k < 1:
            raise UsageError(f"k = {k}; expected at least 1.")
        opened = self._open()
        where = filter_of(filter, modality, opened.records)
        if isinstance(rerank, str | Path):
            from commonplace.ranking.rerank import cross_encoder

            rerank = cross_encoder(str(rerank))
        return opened.searcher().search(
            query_of(text, image, audio), k, where, mode, lanes=lanes, fusion=fusion, min_confidence=min_confidence,
            reranker=rerank,
        )  # fmt: skip

    @explained
    def get(self, id: str) -> Chunk:
        """The chunk with this id. Raises UsageError if there is none."""
        chunk = self._open().records.chunks([id]).get(id)
        if chunk is None:
            raise UsageError(f"no chunk {id!r} in {self.home}; expected an id that `search` printed.")
        return chunk

    @explained
    def chunks(self) -> Iterator[Chunk]:
        """Every chunk, in the order of ids."""
        return self._open().records.every_chunk()

    @explained
    def document(self, source: str) -> Document | None:
        return self._open().records.document(source)

    @explained
    def thumbnail(self, chunk: Chunk) -> bytes | None:
        """A small WebP of the chunk's picture, if it has one."""
        reading = self._open().records.reading(chunk.media) if chunk.media else None
        return reading.thumbnail if reading else None

    @explained
    def documents(self) -> list[Document]:
        return list(self._open().records.documents())

    @explained
    def status(self) -> Status:
        from commonplace.status import status

        return status(self._open())

    @explained
    def doctor(self, *, repair: bool = False) -> list[str]:
        """What is wrong, in words, each with the next step; empty when records, caches and store agree.

        repair  mend what can be mended from what is stored; the rest waits for the next `update`
        """
        from commonplace.diagnosis import diagnose

        with self.home.writing() if repair else nullcontext():
            return diagnose(self._open(), self.settings, repair=repair)

    # -- generations

    @_alone
    def rebuild(
        self, change: Change | None = None, progress: Progress | None = None, *, questions: Questions | None = None
    ) -> Built:
        """Build the next generation beside this one, from what is stored, and flip to it. Without a change: after a
        new release brought other towers or words, or where the vectors were lost. Meanwhile nobody can write, but
        everybody search; other processes only where this one has not opened the collection for something else.

        questions  must be answered no worse than before: see `commonplace.evaluation.golden`
        """
        from commonplace.generations import Change, begin, construct, flip

        in_use = self._opened is not None
        with closing(self.home.another()) as home:
            made, resumed = begin(self._open(rebuilding=True), change or Change(), home)
            with closing(made):
                if not in_use:
                    self._close_generation()
                    self.home.release()
                encoded = construct(made, self.settings, progress or _silent, resumed=resumed)
                built = flip(self._open(rebuilding=True), made, encoded, questions=questions)
        self._close_generation()
        return built

    @_alone
    def rollback(self, progress: Progress | None = None) -> Built:
        """Return to the generation before the last rebuild, with what was added since."""
        from commonplace.generations import rollback

        built = rollback(self._open(rebuilding=True), self.settings, progress or _silent)
        self._close_generation()
        return built

    @explained
    def export(self, target: str | Path, format: ExportFormat = "sqlite") -> None:
        """Copy all but the store into an empty folder, in a documented format; also while another process has this
        collection open."""
        from commonplace.portable import export

        with closing(self.home.another()) as mine:
            export(mine, Path(target), format)

    @explained
    def import_from(
        self, source: str | Path, progress: Progress | None = None, *, questions: Questions | None = None
    ) -> Built:
        """Make this collection, which must be new, of an export or of another collection, by its folder or URL. No
        model is called for the same towers. Stopped half-way, it goes on when it is called again.

        questions  must be answered no worse than by the other collection
        """
        from commonplace.generations import agreement, generations
        from commonplace.portable import as_sqlite, restore

        with as_sqlite(source) as place, Collection(place, settings=self.settings) as other:
            whole = bool(generations(other.home.files))  # not an export
            with other.home.writing() if whole else nullcontext():
                restore(other.home, self.home, str(source))
                built = self.rebuild(progress=progress)
                if not whole:
                    return built
                there, here = other._open(), self._open()
                golden = questions.compared(there, here) if questions else None
                return replace(built, agreement=agreement(there, here), golden=golden)

    def within(self, budget: int) -> dict[str, Code]:
        """Lane -> the largest profile that fits in so many bytes together."""
        from commonplace.evaluation.tuning import within_memory

        return within_memory(self._open(), budget)

    def tune(self, **options: Any) -> Tuned:
        """What each size of vectors costs; the options are those of `commonplace.evaluation.tuning.tune`."""
        from commonplace.evaluation.tuning import tune

        return tune(self._open(), **options)

    def apply(
        self, tuned: Tuned, progress: Progress | None = None, *, questions: Questions | None = None
    ) -> dict[str, Any]:
        """Build the recommended settings as the next generation; lane -> its proof, on queries that chose nothing."""
        from commonplace.evaluation.tuning import prove
        from commonplace.generations import Change, LaneChange

        lanes = {
            lane: LaneChange(chosen.code, chosen.dim, "pca" if chosen.method == "pca" else "truncate")
            for lane, chosen in tuned.chosen.items()
            if chosen is not None
        }
        self.rebuild(Change(lanes=lanes), progress, questions=questions)
        return prove(self._open(), tuned)

    # -- inside

    def _close_generation(self) -> None:
        """The next call opens the generation that `collection.json` names."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _open(self, *, create: bool = False, rebuilding: bool = False) -> Assembly:
        stamp = self.home.stamp()
        if self._opened is not None and stamp != self._stamp:
            if read_identity(self.home.files) == self._opened.identity:
                self._opened.forget()
            else:
                self._close_generation()
        self._stamp = stamp
        if self._opened is not None:
            return self._opened
        self.home.hold(create=create)
        try:
            self._opened = Assembly.open(self.home, self._model, profile=self._profile, checked=not rebuilding)
        except BaseException:
            self.close()
            raise
        return self._opened


def _silent(done: int, total: int, name: str) -> None:
    """Progress that nobody watches."""
