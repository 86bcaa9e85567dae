"""The records that travel between readers, encoders, stores and ranking. Small, frozen, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Modality = Literal["text", "table", "image", "page", "audio", "video"]
MODALITIES: tuple[Modality, ...] = get_args(Modality)
RECORDINGS: frozenset[Modality] = frozenset({"audio", "video"})

Medium = Literal["image", "audio", "video"]
MEDIA: tuple[Medium, ...] = get_args(Medium)
MEDIUM: dict[Modality, Medium] = {
    "text": "image", "table": "image", "image": "image", "page": "image", "audio": "audio", "video": "video",
}  # fmt: skip
"""What the `media` lane has of a chunk, and which encoder of the space that is for: its picture, sound or frames."""

Lane = Literal["text", "media", "bm25", "identifier"]
LANES: tuple[Lane, ...] = get_args(Lane)

Vectors = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares (0-1) of the page or picture, origin at the top left."""


@dataclass(frozen=True, slots=True)
class Locator:
    """Where in its document a chunk lies. Whatever does not apply is None or empty."""

    page: int | None = None
    """Page, slide or sheet, from 1."""
    bbox: Box | None = None
    headings: tuple[str, ...] = ()
    """Heading path, outermost first."""
    lines: tuple[int, int] | None = None
    """First and last line in a text file, from 1, both included."""
    start: float | None = None
    end: float | None = None
    """Seconds, in a recording."""
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A line of text that OCR read in a picture, or speech recognition heard in a recording."""

    text: str
    confidence: float
    bbox: Box | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """How a page speaks of a picture that it embeds."""

    page: str
    """Source of the page that shows the picture."""
    alt: str = ""
    caption: str = ""
    headings: tuple[str, ...] = ()
    paragraph: str = ""
    """The text around the picture."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The unit of retrieval, as it is stored.

    `text` is what the document itself says here; `words` is what OCR or speech recognition read in it;
    `mentions` is what other pages say of it. `media` is the content hash of its picture, sound or frames, under which
    is kept what towers and OCR made of them.
    """

    id: str
    source: str
    modality: Modality
    locator: Locator
    title: str
    text: str = ""
    words: tuple[Word, ...] = ()
    mentions: tuple[Mention, ...] = ()
    media: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one lane says of one hit. Ranks start at 1; a score grows with relevance, on the lane's own scale.

    probability  that the hit is the answer by this lane alone, if there is one; None where nothing is calibrated
    weight       share of the say that this lane has for this query
    """

    rank: int
    score: float
    probability: float | None = None
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result. `score` is the probability in 0-1 that its document answers the query."""

    rank: int
    score: float
    id: str
    source: str
    modality: Modality
    title: str
    snippet: str
    page: int | None = None
    bbox: Box | None = None
    start: float | None = None
    end: float | None = None
    appears_in: tuple[str, ...] = ()
    lanes: dict[str, Evidence] = field(default_factory=dict)
    why: str = ""
    """One line: what speaks for it."""
    matched: tuple[str, ...] = ()
    """Terms of the query that it says, as the analyser folds them."""
    identifiers: tuple[str, ...] = ()
    """Identifiers of the query that it holds, in this or another spelling."""
    eligible: tuple[str, ...] = ()
    """Lanes that could have found it."""
    headings: tuple[str, ...] = ()
    lines: tuple[int, int] | None = None
    """As in its locator."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What `Collection.search` answers: the hits, and what ran to find them."""

    query: str
    hits: tuple[Hit, ...]
    lanes: dict[str, str]
    """Lane -> its health: "ok", or what was degraded and why."""
    no_match: bool
    ms: float
    explanation: dict[str, Any] | None = None
