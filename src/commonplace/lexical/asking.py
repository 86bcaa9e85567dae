"""What a query demands besides its words: "quoted phrases" that a hit must say, and -words that it must not."""

from __future__ import annotations

import re
from dataclasses import dataclass

from commonplace.lexical.analyser import terms

_OPERATOR = re.compile(
    r'(?<!\S)(-?)["\u201c\u201d]([^"\u201c\u201d]+)["\u201c\u201d](?!\S)|(?<!\S)-([^\W\d_]{2,})(?!\S)'
)
_HUMP = re.compile(r"[a-z][A-Z]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query taken apart. `words` is what the lanes are asked for: phrases are in it, what is excluded is not."""

    words: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def asked(query: str) -> Asked:
    """`-word` excludes only where something else is asked for; -reloadEnvironment and -a.b are flags, not words."""
    phrases: list[str] = []
    excluded: list[str] = []

    def take(match: re.Match[str]) -> str:
        minus, phrase, word = match.groups()
        if word and _HUMP.search(word):
            return match[0]
        if minus or word:
            excluded.append(phrase or word)
            return " "
        phrases.append(phrase)
        return f" {phrase} "

    words = " ".join(_OPERATOR.sub(take, query).split())
    return Asked(words, tuple(phrases), tuple(excluded)) if words else Asked(query)


def says(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` stand in `text` one after the other, in any spelling that the analyser folds."""
    wanted, found = terms(phrase), terms(text)
    width = len(wanted)
    return any(found[i : i + width] == wanted for i in range(len(found) - width + 1)) if wanted else True
