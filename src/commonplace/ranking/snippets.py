"""The stretch of a text that shows why it was found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_PIECE = re.compile(r"\S+")


def snippet(text: str, wanted: Iterable[str], terms: Callable[[str], Iterable[str]], *, width: int = 240) -> str:
    """The window of about `width` characters with the most different wanted terms; the start where none is there.

    terms  the analyser's: a piece of text -> its terms, so that what matched in the index matches here
    """
    wanted = frozenset(wanted)
    pieces = [(match.start(), match.end(), wanted.intersection(terms(match[0]))) for match in _PIECE.finditer(text)]
    if not pieces:
        return ""
    best_start, best_count = 0, 0
    for first, (start, _, found) in enumerate(pieces):
        if not found:
            continue
        seen: set[str] = set()
        for _, end, others in pieces[first:]:
            if end - start > width:
                break
            seen |= others
        if len(seen) > best_count:
            best_start, best_count = first, len(seen)
    # A few words before the first match, as far as the window has room.
    start = pieces[best_start][0]
    while best_start > 0 and start - pieces[best_start - 1][0] <= width // 5:
        best_start -= 1
    begin, end = pieces[best_start][0], pieces[best_start][1]
    for _, stop, _ in pieces[best_start:]:
        if stop - begin > width:
            break
        end = stop
    shown = " ".join(text[begin:end].split())
    return ("… " if best_start else "") + shown + (" …" if end < len(text.rstrip()) else "")


def marked(text: str, wanted: Iterable[str], terms: Callable[[str], Iterable[str]], mark: Callable[[str], str]) -> str:
    """`text` with every piece that holds a wanted term passed through `mark`."""
    wanted = frozenset(wanted)
    return _PIECE.sub(lambda match: mark(match[0]) if wanted & frozenset(terms(match[0])) else match[0], text)
