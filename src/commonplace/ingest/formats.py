"""Which reader a file needs: by what it holds first, by its name second."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from commonplace.errors import NotADocument, UnreadableFile
from commonplace.ingest.elements import Element, Front, Note
from commonplace.ingest.links import is_picture
from commonplace.ingest.textfile import detect_encoding
from commonplace.lazy import look_up

Reader = Callable[[Path], Iterator[Front | Element | Note]]

FORMATS = {
    "markdown": "commonplace.ingest.readers.markdown:read",
    "rst": "commonplace.ingest.readers.restructuredtext:read",
    "asciidoc": "commonplace.ingest.readers.asciidoc:read",
    "html": "commonplace.ingest.readers.html:read",
    "text": "commonplace.ingest.readers.plain:read",
    "code": "commonplace.ingest.readers.plain:read_code",
    "config": "commonplace.ingest.readers.plain:read_code",
    "json": "commonplace.ingest.readers.data:read_json",
    "jsonl": "commonplace.ingest.readers.data:read_jsonl",
    "notebook": "commonplace.ingest.readers.notebook:read",
    "yaml": "commonplace.ingest.readers.data:read_yaml",
    "toml": "commonplace.ingest.readers.data:read_toml",
    "csv": "commonplace.ingest.readers.delimited:read",
    "pdf": "commonplace.ingest.readers.pdf:read",
    "docx": "commonplace.ingest.readers.docx:read",
    "pptx": "commonplace.ingest.readers.pptx:read",
    "xlsx": "commonplace.ingest.readers.xlsx:read",
    "epub": "commonplace.ingest.readers.epub:read",
    "image": "commonplace.ingest.readers.image:read",
    "audio": "commonplace.ingest.readers.audio:read",
    "video": "commonplace.ingest.readers.video:read",
}

_TEXT_SUFFIXES = {
    "markdown": "md markdown mdown mkd mdx qmd rmd",
    "rst": "rst rest",
    "asciidoc": "adoc asciidoc asc",
    "html": "html htm xhtml",
    "text": "txt text log out",
    "json": "json geojson webmanifest",
    "jsonl": "jsonl ndjson",
    "notebook": "ipynb",
    "yaml": "yaml yml",
    "toml": "toml",
    "csv": "csv tsv",
    "config": "ini conf cfg cnf properties env service reg desktop",
    "code": "py pyi rb pl pm php lua r jl js mjs cjs jsx ts tsx vue svelte css scss less c h cc cpp cxx hpp hh m mm cs "
    "java kt kts scala groovy gradle go rs swift dart zig nim ex exs erl hs ml mli fs clj lisp el vb pas f90 asm s sh "
    "bash zsh fish ps1 psm1 bat cmd sql graphql proto thrift tf hcl nix cmake mk dockerfile makefile jenkinsfile xml "
    "xsd xsl tex bib diff patch awk sed vim",
}
_BUNDLED = frozenset({"js", "mjs", "cjs", "css", "map"})
_LONGEST_MEAN = 500
"""Characters of a line, on average, up to which scripts and styles were written by somebody: what is packed for
browsers, such as the search index of a site, has lines of thousands."""
_BY_SUFFIX = {suffix: name for name, suffixes in _TEXT_SUFFIXES.items() for suffix in suffixes.split()}

VIDEO = re.compile(rb"(?s)....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI ")
# What a file begins with. A dot stands for any byte.
_SIGNATURES = (
    ("pdf", rb".{0,1019}?%PDF-"),
    ("image", rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|II\+\0|MM\0\+"),
    ("image", rb"BM....\0\0\0\0|....ftyp(heic|heix|hevc|hevx|heim|heis|mif1|msf1|avif|avis)"),
    ("audio", rb"RIFF....WAVE|FORM....AIF[FC]|fLaC|OggS|ID3|\xff[\xfb\xfa\xf3\xf2\xf1\xf9]|....ftypM4[AB] "),
    ("audio", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # ASF, the container of WMA
    ("video", VIDEO.pattern),  # after the pictures and sounds that are in the same container
)
_UNREAD = (
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "an archive; unpack it and add the folder"),
    (rb"\x7fELF|MZ|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", "a program, which is not read"),
    (rb"SQLite format 3\0", "a database; export what should be found as CSV"),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_CONTAINERS = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "xlsx",
    "META-INF/container.xml": "epub",
}
"""Format by a member that only it has."""

_HTML = re.compile(r"(?s)\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*)*<(?:!DOCTYPE\s+html|html)\b", re.IGNORECASE)
_CONTROLS = bytes(range(0x20)).translate(None, b"\t\n\f\r\b\x1b")

_HEAD = 1 << 16


def reader(format_name: str) -> Reader:
    """The reader of a format in FORMATS. Raises UnknownName."""
    read: Reader = look_up(FORMATS, format_name, kind="format")
    return read


def detect(path: Path) -> str:
    """The format of a file, a name in FORMATS. A name that contradicts the content is overruled.

    Raises NotADocument for a file that is empty, packed for browsers, or binary and of no format that is read;
    UnreadableFile where its name or its beginning says that it should be one that is.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise NotADocument("empty file")
    for name, signature in _SIGNATURES:
        if re.match(signature, head, re.DOTALL):
            return name
    if head.startswith(b"PK\x03\x04"):
        return _zip_format(path)
    if head.startswith(_OLD_OFFICE):
        raise UnreadableFile("an encrypted or old Office file; save it without a password as docx, xlsx or pptx")
    for signature, what in _UNREAD:
        if re.match(signature, head):
            raise NotADocument(what)
    if not _is_text(head):
        promised = path.suffix[1:].lower() in {*FORMATS, *_BY_SUFFIX} or is_picture(path.name)
        raise (UnreadableFile if promised else NotADocument)(
            f"binary content of no known format (it begins with {head[:8].hex(' ')}); expected text or a document"
        )
    return _text_format(path, head)


def _zip_format(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile(f"a damaged ZIP container ({error}); expected a whole file, copy it again") from error
    for member, name in _CONTAINERS.items():
        if member in members:
            return name
    raise NotADocument("a ZIP archive that is no docx, pptx, xlsx or epub; unpack it and add the folder")


def _text_format(path: Path, head: bytes) -> str:
    from commonplace.ingest.svg import is_svg  # brings lxml, which a search does without

    beginning = head[:4096].decode(detect_encoding(head), "replace").lstrip("\ufeff")
    suffix = path.suffix[1:].lower() or path.name.lower()  # a Makefile is its own suffix
    if is_svg(head):
        return "image"
    if suffix in _BUNDLED and len(head) > _LONGEST_MEAN * (head.count(b"\n") + 1):
        raise NotADocument("packed for browsers, without lines; the sources that it was made of can be added")
    named = _BY_SUFFIX.get(suffix)
    if named in (None, "text") and _HTML.match(beginning):
        return "html"
    if named is None and beginning.startswith("#!"):
        return "code"
    return named or "text"


def _is_text(head: bytes) -> bool:
    """Whether bytes decode to text: a stray NUL is forgiven, binary formats are full of control characters."""
    encoding = detect_encoding(head)
    if encoding.startswith(("utf-16", "utf-32")):
        text = head.decode(encoding, "replace")
        return sum(not (c.isprintable() or c.isspace()) for c in text) <= len(text) / 20
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls <= len(head) / (10 if encoding.startswith("utf-8") else 100)
