"""A sound file as a document: its length and its tags."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from tinytag import TinyTag

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Element, Front, Note, Recording
from commonplace.ingest.textfile import clean_text

_TOLD = ("title", "artist", "album", "composer", "genre", "year", "comment")


def read(path: Path) -> Iterator[Front | Element | Note]:
    """Raises UnreadableFile where the sound's length cannot be told: its header is damaged or not of sound."""
    try:
        with path.open("rb") as file:
            tag = TinyTag.get(file_obj=file)  # without its name: what it holds decides
    except Exception as error:  # tinytag's parsers raise anything on damaged input
        raise UnreadableFile(f"damaged sound file: {error or type(error).__name__}. Export it again.") from error
    if not tag.duration:
        raise UnreadableFile(
            "damaged sound file: it holds no sound, or its header does not say how much. Export it again."
        )
    facts = {name: clean_text(str(value)).strip() for name in _TOLD if (value := getattr(tag, name, None))}
    yield Front(
        title=facts.get("title", ""),
        tags=tuple(filter(None, (facts.get("genre"),))),
        date=_date(facts.get("year", "")),
    )
    text = "\n".join(fact for name, fact in facts.items() if fact and name != "year")
    yield Recording(tag.duration, text)


def _date(text: str) -> datetime | None:
    """A year or an ISO date, as tags hold."""
    try:
        moment = datetime.fromisoformat(f"{text}-01-01" if len(text) == 4 else text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
