"""A golden set from a collection's own chunks: known items of every kind, and questions that nothing answers.

Known items are easier than what people ask, so compare settings by them, not collections. What no script can make
(paraphrases, looks of a picture nobody described) is yours to add to the file.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from commonplace.lexical.analyser import terms
from commonplace.lexical.identifiers import find
from commonplace.lexical.keys import exact
from commonplace.types import Chunk

FOREIGN = (
    "Chromebook", "COBOL", "Modbus", "Terraform", "iCloud", "thermostat", "Fortran", "satellite", "Minecraft",
    "barcode", "violin", "greenhouse", "Klingon", "FoundationDB", "PlayStation", "harvester", "telescope", "SAP",
    "aquarium", "lawnmower", "Bluetooth", "parachute", "dishwasher", "Zigbee", "Solidity", "tractor",
)  # fmt: skip
"""Things that few collections speak of; those that one does are left out."""

Counts = Callable[[str], list[int]]
"""Words -> in how many chunks each of their terms is."""

_KINDS_OF_ID = ("uuid", "hash", "advisory", "ticket", "ip", "mac", "path", "hex", "flag", "dotted", "key", "sku")


def make(chunks: Sequence[Chunk], per_kind: int = 25, seed: int = 0) -> list[dict[str, Any]]:
    """Questions as `eval` reads them; at most `per_kind` of each kind, fewer where the collection has no more."""
    draw = random.Random(seed)
    frequency = Counter(term for chunk in chunks for term in set(terms(_body(chunk))))

    def counts(words: str) -> list[int]:
        return [frequency[term] for term in terms(words)]

    made: list[dict[str, Any]] = []
    known_items = {  # each is drawn from when its turn comes: the order of draws is what a seed stands for
        "heading": _headings(chunks),
        "passage": _passages(chunks, draw, counts),
        "caption": _captions(chunks),
        "ocr": _read(chunks, counts),
        "identifier": _identifiers(chunks, draw),
    }
    for kind, items in known_items.items():
        golds: dict[str, set[str]] = defaultdict(set)
        for query, source in items:
            golds[query].add(source)
        clear = sorted(query for query, sources in golds.items() if len(sources) <= 2)
        chosen = draw.sample(clear, min(per_kind, len(clear)))
        made += [{"kind": kind, "query": query, "gold": sorted(golds[query])} for query in chosen]
    answerable = [row["query"] for row in made if row["kind"] in ("heading", "passage")]
    nowhere = islice(_unanswerable(answerable, draw, counts), per_kind)
    made += [{"kind": "unanswerable", "query": query, "gold": []} for query in nowhere]
    return [{"qid": f"{row['kind'][0]}{number:03}", **row} for number, row in enumerate(made, start=1)]


def _body(chunk: Chunk) -> str:
    said = (text for mention in chunk.mentions for text in (mention.alt, mention.caption, mention.paragraph))
    return "\n".join((chunk.title, *chunk.locator.headings, chunk.text, *said, *(word.text for word in chunk.words)))


def _headings(chunks: Iterable[Chunk]) -> Iterator[tuple[str, str]]:
    """Heading and the one above it, as somebody would type them."""
    for chunk in chunks:
        path = [re.sub(r"[`*#:]+", "", heading).strip() for heading in (chunk.title, *chunk.locator.headings)]
        query = " ".join(dict.fromkeys(path[-2:])).lower()
        if 3 <= len(query.split()) <= 10:
            yield query, chunk.source


def _passages(chunks: Iterable[Chunk], draw: random.Random, counts: Counts) -> Iterator[tuple[str, str]]:
    """Some words of a sentence, in their order, the rarer the likelier."""
    for chunk in chunks:
        sentences = [text.split() for text in re.split(r"(?<=[.!?])\s+", chunk.text) if 8 <= len(text.split()) <= 30]
        if chunk.modality == "text" and sentences:
            words = [word.strip(".,;:!?()\"'`*") for word in draw.choice(sentences)]
            plain = [word for word in words if word.isalpha() and len(word) > 3]
            rarest = set(sorted(plain, key=lambda word: min(counts(word)))[:6])
            if len(rarest) >= 4:
                yield " ".join(word.lower() for word in plain if word in rarest), chunk.source


def _captions(chunks: Iterable[Chunk]) -> Iterator[tuple[str, str]]:
    for chunk in chunks:
        for mention in chunk.mentions:
            for text in (mention.caption, mention.alt):
                if 3 <= len(text.split()) <= 15:
                    yield text, chunk.source


def _read(chunks: Iterable[Chunk], counts: Counts) -> Iterator[tuple[str, str]]:
    """Lines that OCR is sure of, with something rare in them."""
    for chunk in chunks:
        for word in chunk.words:
            if word.confidence > 0.9 and 2 <= len(word.text.split()) <= 8 and 1 in counts(word.text):
                yield word.text, chunk.source


def _identifiers(chunks: Iterable[Chunk], draw: random.Random) -> Iterator[tuple[str, str]]:
    """As written, or spelled otherwise: in the other case, with spaces for its separators."""
    spelled: dict[str, str] = {}
    for chunk in chunks:
        for found in find(_body(chunk)):
            if found.kind in _KINDS_OF_ID and len(found.text) > 5:
                form = exact(found)
                if form not in spelled:
                    respelled = (found.text.swapcase(), re.sub(r"[-_]", " ", found.text))
                    spelled[form] = draw.choice((found.text, found.text, *respelled))
                yield spelled[form], chunk.source


def _unanswerable(queries: Sequence[str], draw: random.Random, counts: Counts) -> Iterator[str]:
    """Questions of the collection in which one word is a thing that it never speaks of."""
    foreign = [word for word in FOREIGN if not any(counts(word))]
    for query in draw.sample(queries, len(queries)) if foreign else ():
        words = query.split()
        rarest = min(range(len(words)), key=lambda i: min(counts(words[i]), default=1 << 30))
        words[rarest] = draw.choice(foreign)
        yield " ".join(words)
