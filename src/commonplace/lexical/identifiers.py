"""Find the identifiers in a text: strings that somebody copies from a log, a ticket or a screen and looks for exactly.

What has a shape of its own anywhere (URLs, UUIDs, Windows paths, advisories) is searched for; everything else is
decided token by token, by the first kind that fits. Ordinary prose has none, hyphenated words included; a plain word
is an identifier only to somebody who asks for it alone, which `keys.query_keys` decides.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "url", "host", "email", "uuid", "hash", "advisory", "ticket", "ip", "mac", "path", "file", "version", "hex",
    "number", "flag", "dotted", "key", "name", "sku",
]  # fmt: skip
"""key: snake, camel or kebab case; name: UpperCamelCase, which products have as well as classes."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """`text` is the searched text[span[0]:span[1]]."""

    kind: Kind
    text: str
    span: tuple[int, int]


_URL = re.compile(r"(?i)(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,15}://([^\s<>\"'`\\^{}|\[\]/?#]+)[^\s<>\"'`\\^{}|\[\]]*")
_WINDOWS_PATH = re.compile(
    r"(?:(?<!\w)[A-Za-z]:|\\\\[\w.$-]+|%\w+%|(?<!\w)HK(?:LM|CU|EY_\w+))(?:\\[\w.$%()+~@-]+(?: [\w.$%()+~@-]+(?=\\))*)+"
)
_ADVISORY = re.compile(
    r"(?i)(?<![\w-])(?:CVE[-_ ]?\d{4}[-_ ]\d{4,7}|CWE[-_ ]?\d{1,5}|GHSA(?:[-_ ][0-9a-z]{4}){3}|RFC[-_ ]?\d{1,5}"
    r"|PEP[-_ ]?\d{1,4}|KB[-_ ]?\d{6,7})(?!\w)"
)
_UUID = re.compile(  # whole, or at least its first three blocks
    r"(?i)(?<![0-9a-z])[0-9a-f]{8}(?:([-_ ])[0-9a-f]{4}){2,3}(?:\1[0-9a-f]{12}|(?!\1[0-9a-f]))(?![0-9a-z])"
)

_TOKEN = re.compile(r"[^\s\"'`<>()\[\]{}|,;=*!?\u2018-\u201f\u3000-\u3002]+")
_LONGEST = 512  # a longer token is a blob; deciding on it could cost more than linear time
_BORDER = ".:-\u2026"  # what a sentence leaves at the ends of a token

_ADDRESS = re.compile(r"(?i)((?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]*(?::[0-9a-f.]*){2,8})(:\d{1,5}|/\d{1,3})?")
_PATH = re.compile(r"(?:[A-Za-z]:|[~$%]\w*%?|\.{1,2})?(?:/[\w.@+%~-]+)+/?|[\w.@+%~-]+(?:/[\w.@+%~-]+)+/?")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:-\w+)*(?:\.\w+(?:-\w+)*)+")
_CAMEL = re.compile(r"[a-z][a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+")
_UPPER_CAMEL = re.compile(r"[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+")
_SNAKE = re.compile(r"_*[A-Za-z0-9]+(?:_+[A-Za-z0-9]+)+_*")
_KEBAB = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)+")
_CODE = re.compile(r"(?=(?:[A-Za-z]*\d){2})(?:[A-Za-z]{1,6}\d{2,}[A-Za-z]?|\d*[A-Za-z]+\d+[A-Za-z][A-Za-z0-9]*)")
_NUMBERED = re.compile(r"(?!(?:19|20)\d\ds?$)\w*(?:\d{3}|[a-z]\d+[a-z]|\d[a-z]+\d)")  # but mid-1990s
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d*)?$")
_SIZE = re.compile(r"(?i)\d+x\d+")
_LETTER = re.compile(r"[^\W\d_]")
_PROSE = {
    "a", "an", "and", "as", "at", "be", "by", "do", "for", "go", "in", "is", "it", "no", "non", "not", "of", "off",
    "on", "one", "or", "out", "so", "the", "time", "to", "two", "up", "us", "you",
}  # fmt: skip
_FILE = re.compile(
    r"(?i)[\w.@+~-]*[\w@+~-]\.(?:[chr]|cc|cpp|hpp|cs|css|scss|go|java|jar|war|class|js|mjs|jsx|ts|tsx|vue|kt|lua|php|pl|pm"
    r"|py|pyi|ipynb|rb|rs|scala|sh|bash|zsh|fish|bat|cmd|ps1|psm1|sql|swift|md|mdx|rst|adoc|asciidoc|txt|tex|log|html?"
    r"|xhtml|xml|xsd|xsl|svg|json5?|jsonl|jsonc|ya?ml|toml|ini|cfg|conf|config|cnf|env|properties|service|socket|timer"
    r"|rules|policy|lock|plist|csv|tsv|parquet|db|sqlite3?|bak|tmp|pid|sock|diff|patch|tf|tfvars|hcl|proto|graphql|tpl"
    r"|tmpl|j2|mk|cmake|gradle|png|jpe?g|gif|webp|bmp|tiff?|ico|heic|psd|drawio|vsdx|puml|mmd|pdf|docx?|xlsx?|pptx?|odt"
    r"|ods|odp|epub|rtf|eml|msg|mp[34]|wav|flac|ogg|m4a|mkv|mov|avi|webm|zip|gz|tgz|bz2|xz|zst|7z|rar|tar|iso|img|vmdk"
    r"|qcow2|ova|deb|rpm|msi|exe|dll|so|dylib|bin|dmg|apk|whl|pcap|pem|crt|cer|key|csr|p12|pfx|jks|ovpn|onnx|pt|ckpt"
    r"|safetensors|dat|out|dump)(?:\.(?:gz|bz2|xz|zst|bak|old|orig|\d{1,3}))?"
)


_SEARCHED: tuple[tuple[Kind, re.Pattern[str]], ...] = (("url", _URL), ("path", _WINDOWS_PATH), ("advisory", _ADVISORY))


def find(text: str) -> list[Identifier]:
    """All identifiers in the order of the text; a path or URL also yields its file name, a URL its host."""
    found = [Identifier("uuid", match[0], match.span()) for match in _UUID.finditer(text) if _LETTER.search(match[0])]
    for kind, pattern in _SEARCHED:
        for match in pattern.finditer(text):
            found += _with_parts(kind, _without_punctuation(match[0]), match.start())
        text = pattern.sub(lambda match: " " * len(match[0]), text)
    for match in _TOKEN.finditer(text):
        if len(match[0]) <= _LONGEST:
            found += _in_token(match[0], match.start())
    return sorted(found, key=lambda identifier: (identifier.span[0], -identifier.span[1]))


def _without_punctuation(text: str) -> str:
    """What a sentence or a Markdown link leaves after a URL; its own brackets stay."""
    while text[-1] in _BORDER + ",;!*_" or (text[-1] == ")" and "(" not in text):
        text = text[:-1]
    return text


def _in_token(token: str, start: int) -> Iterator[Identifier]:
    trimmed = token.rstrip(_BORDER)
    candidates = [(token, start)] if token.endswith("::") else []
    candidates += [(trimmed, start), (trimmed.lstrip(_BORDER), start + len(trimmed) - len(trimmed.lstrip(_BORDER)))]
    for candidate, offset in candidates:
        if kind := _kind(candidate):
            yield from _with_parts(kind, candidate, offset)
            return
    for separator in "@:/":
        if separator in token:
            for part in token.split(separator):
                yield from _in_token(part, start)
                start += len(part) + 1
            return


def _with_parts(kind: Kind, text: str, start: int) -> Iterator[Identifier]:
    yield Identifier(kind, text, (start, start + len(text)))
    if kind == "url" and (match := _URL.match(text)):
        yield Identifier("host", match[1], (start + match.start(1), start + match.end(1)))
    if kind in ("url", "path"):
        location = re.split("[?#]", text)[0]
        name = re.split(r"[/\\]", location)[-1]
        end = start + len(location)
        if _FILE.fullmatch(name):
            yield Identifier("file", name, (end - len(name), end))
        for segment in re.finditer(r"[^/\\=&?#]+", text):
            if (inner := _kind(segment[0])) in ("hash", "ticket", "version", "number"):
                yield Identifier(inner, segment[0], (start + segment.start(), start + segment.end()))
    if kind == "ip" and (match := _ADDRESS.fullmatch(text)) and match[2]:
        yield Identifier("ip", match[1], (start, start + match.end(1)))


def _kind(token: str) -> Kind | None:
    if len(token) < 3 or (token.isalpha() and (token[1:].islower() or token.isupper())):
        return None  # most words
    if _UUID.fullmatch(token) or _DATE.match(token):  # UUIDs are searched for, also inside longer names
        return None
    return next((kind for kind, fits in _KINDS if fits(token)), None)


def _is_address(token: str) -> bool:
    match = _ADDRESS.fullmatch(token)
    if not match or not re.search("[0-9a-f]", match[1], re.IGNORECASE):
        return False  # "::" is everybody's address
    try:
        return bool(ipaddress.ip_address(match[1]))
    except ValueError:
        return False


def _is_path(token: str) -> bool:
    if "/" not in token or not _PATH.fullmatch(token) or not _LETTER.search(token):
        return False
    if token[0] in "/~$%." or token[1] == ":":
        return len(token.strip("/")) > 2
    # and/or, TCP/IP and 24/7 are prose; docs/setup.md and conf.d/sites/default are not.
    return bool(_FILE.fullmatch(token.rsplit("/", 1)[-1])) or (token.count("/") > 1 and bool(re.search("[._-]", token)))


def _is_dotted(token: str) -> bool:
    """hw.ncpu, a.b.c, Foo.getBar; neither e.g. nor U.S.A nor a sentence.End without its space."""
    if not _DOTTED.fullmatch(token):
        return False
    parts = token.split(".")
    if len(parts) > 2:
        return any(len(part) > 2 for part in parts)
    marked = any("_" in part or _CAMEL.fullmatch(part) or _UPPER_CAMEL.fullmatch(part) for part in parts)
    return marked or (token.islower() and all(len(part) > 1 for part in parts) and len(token) > 6)


def _is_kebab(token: str) -> bool:
    """nifi-12345 and katib-suggestion-composer; neither load-balancer nor state-of-the-art nor utf-8 nor mid-1990s."""
    if not _KEBAB.fullmatch(token):
        return False
    parts = token.casefold().split("-")
    if any(_NUMBERED.match(part) for part in parts):
        return True
    return len(parts) > 2 and not _PROSE.intersection(parts) and all(len(part) > 1 for part in parts)


def _fits(pattern: str | re.Pattern[str]) -> Callable[[str], object]:
    return re.compile(pattern).fullmatch


_KINDS: tuple[tuple[Kind, Callable[[str], object]], ...] = (
    ("mac", _fits(r"(?i)[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4,30}")),
    ("mac", _fits(r"(?i)(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}")),
    ("ip", _is_address),
    ("email", _fits(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("flag", _fits(r"--[A-Za-z][\w.-]+|-(?=\w*[._]\w|\w*[a-z][A-Z])[A-Za-z][\w.-]+")),  # "-word" excludes a word
    ("path", _is_path),
    ("file", _fits(_FILE)),
    ("version", _fits(r"(?i)(?:v\d{1,4}(?:\.\d{1,5}){1,3}|\d{1,4}(?:\.\d{1,5}){2,3})(?:[-+.~_]?[A-Za-z][\w.+-]*)?")),
    ("hex", _fits(r"0[xX][0-9a-fA-F]{2,64}")),
    ("hash", _fits(r"(?i)(?=[0-9]*[a-f])(?=[a-f]*\d)(?:[0-9a-f]{7,128}|[0-9A-F]{7,128})")),
    ("uuid", _fits(r"(?i)(?=.*[a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){0,3}-[0-9a-f]{1,12}")),
    ("number", _fits(r"\d{6,}(?:-\d+)*")),
    ("ticket", _fits(r"[A-Z][A-Z0-9]{1,9}-\d{1,6}|#\d{2,7}")),
    ("sku", _fits(r"(?=(?:[A-Z-]*\d){2})(?=[\d-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)+")),
    ("sku", lambda token: len(token) > 3 and _CODE.fullmatch(token) and not _SIZE.fullmatch(token)),
    ("dotted", _is_dotted),
    ("key", lambda token: _SNAKE.fullmatch(token) and _LETTER.search(token)),
    ("key", lambda token: len(token) > 5 and _CAMEL.fullmatch(token)),  # macOS is no key
    ("key", _is_kebab),
    ("name", _fits(_UPPER_CAMEL)),
)
