"""Words of a query that a collection has never seen: the sign that it holds no answer.

A name (a product, an acronym, an identifier) that is nowhere has no answer: who asks for it wants that thing and
nothing else. An everyday word that is nowhere says less: documents may say it in other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from commonplace.lexical.analyser import terms

NAMES_BY_CAPITALS = 0.2
"""Share of everyday English words from which on a collection is English: in German every noun has a capital."""
_ENGLISH = frozenset({"and", "are", "for", "how", "is", "of", "the", "to", "what", "where", "which", "who", "with"})
"""A query with one of these is English too."""

_STOP_WORDS = (
    "a about after all also an and any are as at be been before being by can could did do does for from get gets had "
    "has have having her his how i if in into is it its itself just let like make makes me more most my need needs no "
    "not nothing of off on one only onto or other our out over own per she should so some such than that the their "
    "them then there these they this those through to too two under until up upon us use used uses using very via was "
    "we were what when where whether which while who whom whose why will with within without would you your"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
_BORDER = ".,;:!?()[]{}\"'<>`\u2018\u2019\u201c\u201d"
_HYPHENATED = re.compile(r"[^\W\d_]{2,}-[^\W\d_]{2,}")  # pay-as-you-go is a word of its own
_MARKED = re.compile(r"\d|[a-z][A-Z]|[._/:@=]")
_SPELLINGS = (("is", "iz"), ("iz", "is"), ("our", "or"), ("or", "our"), ("tre", "ter"), ("ter", "tre"))
"""British and American."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The words of a query that occur nowhere in a collection."""

    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def unknown(
    query: str, known: Callable[[Iterable[str]], frozenset[str]], met: Iterable[str], everyday: float
) -> Unknown:
    """known     terms -> those that some chunk has
    met       identifiers of the query that the collection has in some form: their words are known
    everyday  share of everyday English words that the collection has
    """
    words = [word.strip(_BORDER) for word in query.split()]
    forms = {word: terms(word) for word in words if word and word.casefold() not in STOP_WORDS}
    others = {word: [terms(other)[:1] for other in _respelled(word)] for word in forms if word.isalpha()}
    present = known(
        {t for each in forms.values() for t in each} | {t for each in others.values() for one in each for t in one}
    )
    english = everyday >= NAMES_BY_CAPITALS or not _ENGLISH.isdisjoint(map(str.casefold, words))
    met_parts = {part for text in met for part in re.findall(r"\w+", text.casefold())}
    names, plain = [], []
    for number, word in enumerate(words):
        found = forms.get(word)
        if not found or found[0] in present or met_parts.intersection(re.findall(r"\w+", word.casefold())):
            continue
        if _HYPHENATED.fullmatch(word) and present.issuperset(found[1:]):
            continue  # six-digit, where six and digit are known
        capital = word[:1].isupper() and (number > 0 or word.isupper()) and len(word) > 1
        if _MARKED.search(word) or (capital and english):
            names.append(word)
        elif not any(present.issuperset(other) for other in others.get(word, ())):
            plain.append(word)
    return Unknown(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(plain)))


def _respelled(word: str) -> Iterator[str]:
    word = word.casefold()
    for ours, theirs in _SPELLINGS:
        for match in re.finditer(ours, word):
            yield word[: match.start()] + theirs + word[match.end() :]
