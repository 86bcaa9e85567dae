"""Text to terms: one analyser for documents, queries and every store, so that BM25 agrees across engines.

Terms are words of any script, folded in case, width and accents. A code identifier gives itself joined and every
level of its parts, so that its spellings meet each other and the plain words in it:

    snapToGrid, snap_to_grid, snap-to-grid  ->  snaptogrid, snap, to, grid
    nginx/access.log                        ->  nginxaccesslog, nginx, accesslog, access, log
    RFC4389                                 ->  rfc4389, rfc, 4389

There is no stop list (IDF weighs common words) and no length cap (a SHA-256 is a term). No term spans white space:
the terms of a text are those of `text.split()` put together, which is what highlighting relies on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

FINGERPRINT = "words-1-english"
"""Changes whenever the same text would give other terms: documents and queries must be analysed alike."""

# Scripts written without spaces: Thai to Burmese, Khmer, kana, Han. Hangul glues particles to its words.
_UNSPACED = "\u0e00-\u109f\u1780-\u17d3\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_UNSPACED += "\U00020000-\U0003ffff"
# Combining marks are no letters to `re`, yet Indic words are built with them.
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
_WORD = rf"(?:[^\W{_UNSPACED}]|[{_MARKS}])+"
_JOINT = r"[-./\\:@'=+~]"
_COMPOUND = re.compile(rf"[{_UNSPACED}]+|[A-Za-z](?:\+\+|#)(?!\w)|{_WORD}(?:{_JOINT}{{1,3}}{_WORD})*")  # C++ is a word

# Where a compound is taken apart, outermost first. The last level is the humps of camel case; "URLs" has none.
_LEVELS = [re.compile(pattern) for pattern in (r"[/\\:@=+~]+", r"\.+", r"-+", r"_+")]
_LEVELS.append(re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z](?!s\b)[a-z])"))
_CODE = re.compile(r"([^\W\d_]{2,})(\d{2,})|(\d{2,})([^\W\d_]{2,})")  # RFC4389, 3601ms; neither S3 nor 2ece5bfe
_APOSTROPHE = re.compile(r"'s\b|'", re.IGNORECASE)
_SEPARATORS = re.compile(r"((?<=\d)[-./\\:@=+~_]+(?=\d))|[-./\\:@=+~_]+")

_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_HYPHENS_AND_QUOTES = {0x2010: "-", 0x2011: "-", 0x2212: "-", 0x2019: "'", 0x02BC: "'"}
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


def terms(text: str) -> list[str]:
    """Terms in the order of the text, repeated as often as they occur.

    English inflections are folded (Snowball's Porter 2: hosts = hosting = host).
    """
    return [term for word in _COMPOUND.findall(plain(text)) for term in _terms(word)]


def plain(text: str) -> str:
    """Without what the eye does not see or the typist leaves out: width, ligatures, accents, soft hyphens."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_HYPHENS_AND_QUOTES | _INVISIBLE)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))


def joined(word: str) -> str:
    """A compound without its separators; between digits a dot stays, or 1.12 would meet 11.2."""
    return _SEPARATORS.sub(lambda match: "." if match[1] else "", word).casefold()


@lru_cache(maxsize=1 << 16)
def _terms(compound: str) -> tuple[str, ...]:
    if compound[-1] in "+#":
        return (compound.casefold(),)
    if _IS_UNSPACED.match(compound):
        # Overlapping pairs stand in for words, as in Lucene's CJK analyser.
        return tuple(compound[i : i + 2] for i in range(max(1, len(compound) - 1)))
    return tuple(_split(_APOSTROPHE.sub("", compound), 0))


def _split(word: str, level: int) -> Iterator[str]:
    for depth in range(level, len(_LEVELS)):
        parts = [part for part in _LEVELS[depth].split(word) if part]
        if len(parts) > 1:
            yield _stemmed(joined(word))
            for part in parts:
                yield from _split(part, depth + 1)
            return
        word = "".join(parts)
    if word:
        yield _stemmed(word.casefold())
    if code := _CODE.fullmatch(word):
        yield from (part.casefold() for part in code.groups() if part)


def _stemmed(word: str) -> str:
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return word  # words of three letters are mostly acronyms (dns, aws): their s is no plural
    from snowballstemmer import stemmer

    return str(stemmer("english").stemWord(word))  # one each time: it keeps its place in the word, threads would mix
