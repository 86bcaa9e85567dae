"""Books: chapters in the order of the spine, pictures from inside the container."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ingest.office import LAUGHS, of, png, rewrite, without_front  # type: ignore[import-not-found, unused-ignore]

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Front, Note, Passage, Picture
from commonplace.ingest.readers.epub import read

CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Tides and
 ferries</dc:title><dc:creator>Ingrid Lund</dc:creator><dc:language>en</dc:language>
<dc:date>2026-03</dc:date></metadata>
<manifest>
<item id="two" href="text/two.xhtml"/><item id="one" href="text/one%20and.xhtml"/><item id="image" href="art/quay.png"/>
<item id="toc" href="toc.xhtml" properties="nav"/></manifest>
<spine><itemref idref="toc"/><itemref idref="one"/><itemref idref="two"/><itemref idref="unknown"/></spine></package>"""


def page(body: str) -> str:
    return f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html>'


def book(path: Path, **changes: Any) -> Path:
    members: dict[str, Any] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": PACKAGE,
        "OEBPS/toc.xhtml": page("<nav><ol><li>contents</li></ol></nav>"),
        "OEBPS/text/one and.xhtml": page(
            '<h1>The quay</h1><p>At low tide.</p><img src="../art/quay.png" alt="A pontoon"/>'
        ),
        "OEBPS/text/two.xhtml": page('<h1>The ship</h1><p>At high tide.</p><img src="../art/quay.png" alt="again"/>'),
        "OEBPS/art/quay.png": png(),
    }
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return rewrite(path, changes) if changes else path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.epub"


def test_front_tells_title_author_language_and_date(path: Path) -> None:
    front = next(read(book(path)))
    assert front == Front("Tides and ferries", ("Ingrid Lund", "en"), datetime(2026, 3, 1, tzinfo=UTC))


def test_chapters_come_in_the_order_of_the_spine(path: Path) -> None:
    found = of(Passage, list(read(book(path))))
    assert [(passage.text, passage.locator.headings) for passage in found] == [
        ("At low tide.", ("The quay",)),
        ("At high tide.", ("The ship",)),
    ]


def test_a_picture_in_the_book_comes_once_with_its_surroundings(path: Path) -> None:
    (picture,) = of(Picture, list(read(book(path))))
    assert (picture.data, picture.alt, picture.locator.headings) == (png(), "A pontoon", ("The quay",))
    assert picture.paragraph == "At low tide."


def test_missing_chapters_and_pictures_are_noted(path: Path) -> None:
    opf = PACKAGE.replace("text/two.xhtml", "text/three.xhtml")
    one = page('<p>At low tide.</p><img src="../art/none.png"/>')
    found = without_front(list(read(book(path, **{"OEBPS/book.opf": opf, "OEBPS/text/one and.xhtml": one}))))
    assert [note.text.split(" in it")[0] for note in of(Note, found)] == [
        "picture none.png skipped: not an EPUB: OEBPS/art/none.png is missing",
        "chapter OEBPS/text/three.xhtml is missing in the book",
    ]
    assert len(of(Passage, found)) == 1


def test_a_picture_that_points_out_of_the_book_opens_no_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png("blue"))
    one = page(f'<p>text</p><img src="{tmp_path}/secret.png"/><img src="../../../secret.png"/>')
    found = list(read(book(path, **{"OEBPS/text/one and.xhtml": one})))
    assert [picture.data for picture in of(Picture, found)] == [png()]  # of the second chapter


def test_a_book_under_copy_protection_is_refused_and_scrambled_fonts_are_not(path: Path) -> None:
    lock = '<encryption><CipherData><CipherReference URI="{}"/></CipherData></encryption>'
    assert len(list(read(book(path, **{"META-INF/encryption.xml": lock.format("OEBPS/font.otf")})))) == 4
    with pytest.raises(UnreadableFile, match="copy protection"):
        list(read(book(path, **{"META-INF/encryption.xml": lock.format("OEBPS/text/one%20and.xhtml")})))


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("META-INF/container.xml", "<broken", "not an EPUB: the package document is missing"),
        ("META-INF/container.xml", CONTAINER.replace("book.opf", "none.opf"), "OEBPS/none.opf is missing"),
        ("OEBPS/book.opf", PACKAGE[:200], "its package document cannot be read"),
    ],
)
def test_a_damaged_book_is_refused_with_the_reason(name: str, data: str, reason: str, path: Path) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        list(read(book(path, **{name: data})))


def test_an_entity_bomb_does_not_go_off(path: Path) -> None:
    chapter = LAUGHS.replace("DOCTYPE x", "DOCTYPE html") + page("<p>before &l9; after</p>").partition("?>")[2]
    found = of(Passage, list(read(book(path, **{"OEBPS/text/one and.xhtml": chapter}))))
    assert sum(len(passage.text) for passage in found) < 1000
    package = LAUGHS + PACKAGE.partition("?>")[2].replace("Ingrid Lund", "&l9;")
    with pytest.raises(UnreadableFile, match="its package document cannot be read"):
        list(read(book(path, **{"OEBPS/book.opf": package})))
