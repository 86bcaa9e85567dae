"""Bytes to text. One rule for all that is stored: valid Unicode, without NUL and without surrogates."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

SAMPLE = 1 << 20
"""Bytes on which the encoding is decided."""

LONGEST_LINE = 1 << 16
"""Characters; a longer line comes in pieces."""

Lines = Iterator[tuple[int, str]]
"""Line number, from 1, and the line without its end."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]+")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins like it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is met in practice. Among all of its 90 candidates charset-normalizer takes "résumé" for UTF-16 and
# German for Central European.
_LEGACY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1255", "cp1256", "koi8_r"]
_LEGACY += ["shift_jis", "euc_jp", "euc_kr", "gb18030", "big5"]
_STRAY_BYTES = "commonplace.stray-bytes"


def _stray_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 in a file that is: read them as Windows Latin, so that none is lost."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_STRAY_BYTES, _stray_bytes)


def clean_text(text: str) -> str:
    """`text` as every store can keep it: NUL and lone surrogates removed."""
    return _UNSTORABLE.sub("", text)


def detect_encoding(sample: bytes) -> str:
    """The codec of a text that begins with `sample`: by its mark, else UTF-8, UTF-16 by its zeros, or a legacy one."""
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return encoding
    zeros = sample[1::2].count(0), sample[0::2].count(0)
    if max(zeros) > len(sample) / 4 and min(zeros) < len(sample) / 100:
        return "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
    return "utf-8" if _is_mostly_utf8(sample) else _legacy_encoding(sample)


def _is_mostly_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # incremental: the sample may end inside a character
        return True
    except UnicodeDecodeError:
        text = sample.decode("utf-8", "replace")
        return sum(character >= "\x80" for character in text) > 2 * text.count("\ufffd")


def _legacy_encoding(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(sample[: SAMPLE // 16], cp_isolation=_LEGACY)
    best = matches.best()
    if best is None:
        return "cp1252"
    # Short Western texts decode equally well as several code pages: then the commonest is the likeliest.
    western = any("cp1252" in match.could_be_from_charset and match.chaos <= best.chaos for match in matches)
    return "cp1252" if western else best.encoding


def decode(data: bytes, encoding: str | None = None) -> str:
    """`data` as clean text with `\\n` line ends. encoding: what a page says of itself; a wrong one is ignored."""
    try:
        codec = codecs.lookup(encoding).name if encoding else detect_encoding(data[:SAMPLE])
        text = data.decode(codec, _errors(codec))
    except (LookupError, UnicodeError):
        text = data.decode("utf-8", _STRAY_BYTES)
    return clean_text(text.removeprefix("\ufeff")).replace("\r\n", "\n").replace("\r", "\n")


def _errors(codec: str) -> str:
    return _STRAY_BYTES if codec.startswith("utf-8") else "replace"


def read_lines(path: Path) -> Lines:
    """The lines of a text file of any size, in bounded memory. A piece of a long line has the line's number."""
    with path.open("rb") as file:
        encoding = detect_encoding(file.read(SAMPLE))
    number, goes_on = 0, False
    with path.open(encoding=encoding, errors=_errors(encoding)) as lines:
        while piece := lines.readline(LONGEST_LINE):
            if not goes_on:
                number += 1
            goes_on = not piece.endswith("\n")
            yield number, clean_text(piece.removesuffix("\n"))
