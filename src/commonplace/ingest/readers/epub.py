"""EPUB: the chapters in the order of the spine, read as HTML, with the pictures that lie in the book."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

from commonplace.errors import UnreadableFile
from commonplace.ingest.containers import open_zip
from commonplace.ingest.elements import Element, Front, Note, Picture, PictureLink
from commonplace.ingest.readers import html
from commonplace.ingest.readers.office import Pictures, damage_explained, parse
from commonplace.ingest.textfile import clean_text

_DC = "{http://purl.org/dc/elements/1.1/}"


def read(path: Path) -> Iterator[Front | Element | Note]:
    """Authors, language and subjects are the tags. Raises UnreadableFile for books under copy protection."""
    with open_zip(path) as book, damage_explained():
        package_name, package = _package(book)
        folder = posixpath.dirname(package_name)
        chapters = [posixpath.normpath(posixpath.join(folder, unquote(href))) for href in _spine(package)]
        _refuse_protected(book, chapters)
        yield _front(package)
        pictures = Pictures()
        for chapter in chapters:
            if chapter not in book.NameToInfo:
                yield Note(f"chapter {chapter} is missing in the book")
                continue
            try:
                for element in html.elements(book.read(chapter)):
                    yield from _embedded(book, chapter, element, pictures)
            except UnreadableFile as error:
                yield Note(f"chapter {chapter} skipped: {error}")


def _package(book: ZipFile) -> tuple[str, Any]:
    """Name and root of the package document, to which META-INF/container.xml leads."""
    rootfile = parse(_member(book, "META-INF/container.xml")).find(".//{*}rootfile")
    name = unquote(rootfile.get("full-path", "")) if rootfile is not None else ""
    package = parse(_member(book, name))
    if not len(package):
        raise UnreadableFile("damaged EPUB: its package document cannot be read. Export the book again.")
    return name, package


def _member(book: ZipFile, name: str) -> bytes:
    if name not in book.NameToInfo:
        raise UnreadableFile(f"not an EPUB: {name or 'the package document'} is missing in it. Export the book again.")
    return book.read(name)


def _spine(package: Any) -> Iterator[str]:
    """The documents of the book in the order of reading, without its table of contents."""
    manifest = {item.get("id"): item for item in package.iterfind("{*}manifest/{*}item")}
    for reference in package.iterfind("{*}spine/{*}itemref"):
        item = manifest.get(reference.get("idref"))
        if item is not None and "nav" not in item.get("properties", "").split():
            yield item.get("href", "")


def _refuse_protected(book: ZipFile, chapters: list[str]) -> None:
    """Fonts are often scrambled, which does not matter; chapters are only by copy protection."""
    if "META-INF/encryption.xml" in book.NameToInfo:
        references = parse(book.read("META-INF/encryption.xml")).iter("{*}CipherReference")
        locked = {unquote(one.get("URI", "")) for one in references}
        if locked.intersection(chapters):
            raise UnreadableFile("the book is under copy protection (DRM). Give a copy without it.")


def _front(package: Any) -> Front:
    def told(name: str) -> list[str]:
        texts = (" ".join("".join(one.itertext()).split()) for one in package.iterfind(f"{{*}}metadata/{_DC}{name}"))
        return [clean_text(text) for text in texts if text]

    title = next(iter(told("title")), "")
    return Front(title, (*told("creator"), *told("language"), *told("subject")), _date(next(iter(told("date")), "")))


def _date(text: str) -> datetime | None:
    """Dublin Core dates are ISO 8601, of which the day and the month may be missing."""
    for missing in ("", "-01", "-01-01"):
        try:
            moment = datetime.fromisoformat(text + missing)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _embedded(book: ZipFile, chapter: str, element: Element | Note, pictures: Pictures) -> Iterator[Element | Note]:
    """The element; of a link to a picture in the book, the picture."""
    if not isinstance(element, PictureLink):
        yield element
        return
    name = posixpath.normpath(posixpath.join(posixpath.dirname(chapter), element.target))
    for found in pictures.take(name, lambda: _member(book, name), element.locator, element.alt):
        if isinstance(found, Picture):
            found = replace(found, caption=element.caption, paragraph=element.paragraph)
        yield found
