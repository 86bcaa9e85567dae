"""Normal forms of identifiers: what a chunk stores and a query asks for, so that spellings and parts meet.

One keyword field serves them all. The first character of a key says what kind of meeting it is:

    =  as it is written, but for case            =re16-tgk, =10.0.0.1, =access.log
    ~  letters and digits only                   ~re16tgk meets RE16-TGK, ~snaptogrid meets snap_to_grid
    ^  a part of something longer                ^3094 of a CVE, ^nginx/access.log of a path, ^altname of a constant
    ?  with the letters that OCR confuses alike  ?re16tgk0 meets RE16-TGKO; only in words that OCR read
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice, pairwise

from commonplace.lexical.analyser import plain
from commonplace.lexical.identifiers import Identifier, Kind, find

MAX_KEYS = 512
"""A chunk stores no more of them: exact forms come first, then re-spelled ones, parts, OCR forms."""

EXACT, RESPELLED, PART, OCR = 1.0, 0.9, 0.6, 0.4
"""Strength of a meeting by the first character of its key."""
GUESS = 0.5
"""What that is multiplied by where the query may mean ordinary words: a lone word, two or three, a product's name."""

SEGMENTS = 4
"""The last so many names of a path are a part of it that is looked up."""
_LONGEST = 96  # characters; a longer key is stored as its digest
_PREFIXES = (*range(7, 14), 16, 20, 24, 32)  # of hashes and UUIDs: git abbreviates to 7, a first block has 8
_RESPELLED: frozenset[Kind] = frozenset(
    ("uuid", "hash", "advisory", "ticket", "mac", "file", "hex", "flag", "dotted", "key", "name", "sku")
)
_HYPHENATED = re.compile(r"(?<![\w-])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+(?![\w-])")
_NAMING = {
    "argument", "attribute", "class", "command", "constant", "env", "field", "file", "flag", "function", "header",
    "key", "method", "metric", "option", "page", "param", "parameter", "property", "setting", "variable",
}  # fmt: skip
_FUNCTION_WORDS = {
    "a", "about", "all", "an", "and", "any", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from",
    "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "my", "no", "not", "of", "off", "on", "or",
    "our", "out", "so", "than", "that", "the", "their", "then", "there", "this", "to", "up", "was", "we", "what",
    "when", "where", "which", "who", "why", "will", "with", "you",
}  # fmt: skip
_CONFUSABLE = str.maketrans({"o": "0", "l": "1", "i": "1"})
_IDENTIFIER_LIKE = re.compile(r"\d|[^\W_][._:/@-]+[^\W_]")


@dataclass(frozen=True, slots=True)
class QueryKey:
    """A key to look up. `text` is what the query says; `strength` in (0, 1] is what a meeting is worth."""

    key: str
    strength: float
    text: str


def document_keys(text: str, *, file_name: bool = False, ocr: bool = False) -> set[str]:
    """What a chunk stores of a text; `file_name` if the text is the path of its file, `ocr` if OCR read it."""
    text = plain(text)
    found = _of_file(text) if file_name else find(text)
    stem = found[0].text.rsplit(".", 1)[0] if file_name else ""
    keys = chain(
        ("=" + exact(identifier) for identifier in found),
        ("~" + squashed(identifier.text) for identifier in found if identifier.kind in _RESPELLED),
        ("=" + stem.casefold(), "~" + squashed(stem)),
        ("^" + part for identifier in found for part in parts(identifier)),
        ("~" + squashed(match[0]) for match in _HYPHENATED.finditer(text)),
        ("?" + key for key in _confusable_forms(text)) if ocr else (),
    )
    return set(islice(dict.fromkeys(_bounded(key) for key in keys if len(key) > 2), MAX_KEYS))


def query_keys(query: str) -> list[QueryKey]:
    """What to look up for a query, strongest first; nothing for ordinary prose of four words and more."""
    query = plain(query).strip()
    words = query.split()
    found = find(query)
    keys: list[QueryKey] = []
    outer = (0, 0)
    for identifier in found:
        nested = outer[0] <= identifier.span[0] and identifier.span[1] <= outer[1]
        outer = outer if nested else identifier.span
        guess = identifier.kind == "name" and len(words) > 1
        keys += _asked(identifier, query, PART if nested else GUESS if guess else 1.0)
    if len(words) == 1 and not found:
        word = words[0].strip("\"'`.,:;!?()[]{}<>-")
        keys += _forms(word, word.casefold(), GUESS if word.isalpha() else 1.0)
    elif spelled := _spelled_out(words):
        keys += _forms(*spelled)
    best: dict[str, QueryKey] = {}
    for key in sorted(keys, key=lambda key: -key.strength):
        best.setdefault(key.key, key)
    return list(best.values())[:MAX_KEYS]  # a picture's words may be the query


def spellings(text: str, keys: frozenset[str]) -> frozenset[str]:
    """The words of `text` in which it holds identifiers with one of these keys, as it spells them."""
    return frozenset(word for found in find(text) if keys & document_keys(found.text) for word in found.text.split())


def exact(identifier: Identifier) -> str:
    """The one form of every spelling that differs in case or in notation only."""
    text = plain(identifier.text).casefold()
    match identifier.kind:
        case "uuid":
            return re.sub("[_ ]", "-", text)
        case "advisory":
            return re.sub(r"^([a-z]+)-?(?=\d)", r"\1-", re.sub("[_ ]", "-", text))
        case "mac":
            return ":".join(re.findall("..", re.sub("[^0-9a-f]", "", text)))
        case "ip" if ":" in text and "." not in text:
            host, slash, prefix = text.partition("/")
            return ipaddress.ip_address(host).compressed + slash + prefix
        case "path":
            return text.replace("\\", "/").rstrip("/")
        case "url":
            return text.partition("://")[2].rstrip("/")
        case "version":
            return text.removeprefix("v")
        case "flag":
            return text.lstrip("-")
    return text


def squashed(text: str) -> str:
    """Letters and digits only."""
    return re.sub(r"[\W_]+", "", text.casefold())


def confusable(text: str) -> str:
    """`squashed`, with O and 0, l, I and 1, rn and m made alike."""
    return squashed(text).replace("rn", "m").translate(_CONFUSABLE)


def parts(identifier: Identifier) -> Iterator[str]:
    """The forms under which an identifier is known in part; a bounded number."""
    text = exact(identifier)
    match identifier.kind:
        case "hash" | "uuid":
            digits = squashed(text)
            yield from (digits[:length] for length in _PREFIXES if length < len(digits))
        case "advisory" | "ticket":
            tails = re.split("[-#]", text)[1:]
            yield from ("-".join(tails[i:]) for i in range(len(tails)))
        case "version" if text.count(".") > 1:
            yield ".".join(text.split(".")[:2])
        case "path":
            segments = text.strip("/").split("/")
            yield from ("/".join(segments[-n:]) for n in range(2, SEGMENTS + 1) if n < len(segments))
        case "file":
            yield squashed(text.rsplit(".", 1)[0])
        case "dotted" | "flag":
            segments = text.split(".")
            yield from (squashed(".".join(segments[-n:])) for n in range(1, min(5, len(segments))))
        case "key":
            words = re.split("[-_]+", identifier.text)[:8]
            constant = identifier.text.isupper()
            yield from (word.casefold() for word in words if len(word) > 3 and (constant or re.search(r"\d", word)))


def _of_file(path: str) -> list[Identifier]:
    """A file's own name is a file name, whatever its extension; it may hold identifiers in turn."""
    name = re.split(r"[/\\]", path)[-1]
    found = [Identifier("file", name, (len(path) - len(name), len(path)))]
    if name != path:
        found.append(Identifier("path", path, (0, len(path))))
    return found + find(name.rsplit(".", 1)[0])


def _asked(identifier: Identifier, query: str, trust: float) -> Iterator[QueryKey]:
    """The keys of one identifier of a query, and of its spellings by OCR, which loses and adds spaces."""
    kind, text = identifier.kind, identifier.text
    yield from _forms(text, exact(identifier), trust, respelled=kind in _RESPELLED)
    if kind == "path" and len(segments := exact(identifier).strip("/").split("/")) > SEGMENTS:
        yield QueryKey(_bounded("^" + "/".join(segments[-SEGMENTS:])), PART * trust, text)
    digits = squashed(text)
    # A hash, a UUID, or the beginning of one, which may look like something else or like a number.
    if re.fullmatch(r"(?=\d*[a-f])[0-9a-f]{7,}" if kind != "number" else r"\d{7,}", digits):
        known = max(length for length in _PREFIXES if length <= len(digits))
        yield QueryKey("^" + digits[:known], PART * trust, text)
        if kind == "hash":
            abbreviated = range(7, min(13, len(digits)))
            yield from (QueryKey("=" + digits[:length], PART * trust, text) for length in abbreviated)
    if trust < 1.0:
        return
    before, after = query[: identifier.span[0]].split(), query[identifier.span[1] :].split()
    for glued in (text, "".join([*before[-1:], text]), "".join([text, *after[:1]])):
        if len(form := confusable(glued)) > 4:
            yield QueryKey(_bounded("?" + form), OCR * trust, text)


def _forms(text: str, form: str, trust: float, *, respelled: bool = True) -> Iterator[QueryKey]:
    if form:
        yield QueryKey(_bounded("=" + form), EXACT * trust, text)
        yield QueryKey(_bounded("^" + form), PART * trust, text)
    if respelled and len(short := squashed(text)) > 2:
        yield QueryKey(_bounded("~" + short), RESPELLED * trust, text)
        yield QueryKey(_bounded("^" + short), PART * trust, text)


def _spelled_out(words: list[str]) -> tuple[str, str, float] | None:
    """The words of a name written out: "promote resource attributes flag", "orange fr fttp"; with their trust."""
    rest = [word for word in words if word.casefold() not in _NAMING and word.casefold() not in ("the", "a", "an")]
    named = any(word.casefold() in _NAMING for word in words)
    if _FUNCTION_WORDS.intersection(map(str.casefold, rest)) or not 2 <= len(rest) <= (5 if named else 3):
        return None
    return " ".join(rest), "", 1.0 if named else GUESS


def _confusable_forms(text: str) -> Iterator[str]:
    """Of each token and each pair of neighbours that could be an identifier, or could have been one."""
    for line in text.splitlines():
        tokens = line.split()
        for token in chain(tokens, map("".join, pairwise(tokens))):
            if _IDENTIFIER_LIKE.search(token) and 4 < len(form := confusable(token)) <= _LONGEST:
                yield form


def _bounded(key: str) -> str:
    if len(key) <= _LONGEST:
        return key
    return key[0] + blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
