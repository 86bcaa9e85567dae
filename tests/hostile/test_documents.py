"""Damaged, encrypted, enormous and mislabelled files in one folder: each ends in the account, none harms the others."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from struct import pack

import docx
import numpy as np
import psutil
import pytest
from hostile.ground import run
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from commonplace.collection import Collection
from commonplace.home.database import SqliteDatabase
from commonplace.ingest.pipeline import AddReport
from commonplace.ingest.reading import Job, Prepared
from commonplace.ingest.walk import stamp
from commonplace.ingest.workers import Done, Limits, Workers
from commonplace.status import Status

HARMLESS = {"valve.md": "# Valve\n\nOpen the bypass valve before noon.\n", "pump.txt": "The pump hums at night.\n"}


def pdf(pages: list[str], password: str | None = None) -> bytes:
    file = BytesIO()
    canvas = Canvas(file, encrypt=password)
    for page in pages:
        canvas.drawString(72, 700, page)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def png_of_zeros(width: int, height: int) -> bytes:
    """A whole, valid picture, black, one bit a pixel."""

    def part(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    packer, row = zlib.compressobj(1), bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row * 500) for _ in range(height // 500)) + packer.flush()
    header = pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", pixels) + part(b"IEND", b"")


def picture(seed: int = 0) -> bytes:
    file = BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (40, 60, 3), np.uint8)
    Image.fromarray(noise).resize((300, 200)).save(file, "PNG")
    return file.getvalue()


def document_with_a_broken_picture(path: Path) -> None:
    """Its picture's header is whole, its pixels are cut off."""
    document = docx.Document()
    document.add_paragraph("The governor keeps the turbine steady.")
    document.add_picture(BytesIO(picture(1)))
    document.save(str(path))
    with zipfile.ZipFile(path) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as broken:
        for name, data in members.items():
            broken.writestr(name, data[: len(data) // 2] if name.endswith(".png") else data)


def zip_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(100 << 20))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hostile") / "docs"
    root.mkdir()
    for name, text in HARMLESS.items():
        (root / name).write_text(text)
    whole = pdf([f"Chapter {n} on the sluice gate." for n in range(1, 9)])
    files = {
        "truncated.pdf": whole[:300],
        "shortened.pdf": whole[: whole.rindex(b"startxref")],
        "encrypted.pdf": pdf(["nobody reads this"], password="secret"),
        "bomb.png": png_of_zeros(50_000, 50_000),
        "truncated.png": picture()[:2000],
        "truncated.jpg": b"\xff\xd8\xff\xe0" + bytes(200),
        "empty.md": b"",
        "nothing.txt": b" \n\n\t\n",
        "picture.md": picture(2),
        "report.txt": pdf(["The penstock was inspected in spring."]),
        "random.png": np.random.default_rng(3).bytes(5000),
        "program.docx": b"\x7fELF" + bytes(500),
        "nul.txt": b"The wicket\x00 gate is shut. \x00 The end.",
        "surrogates.txt": b"A lone surrogate \xed\xa0\x80 beside the draft tube.",
        "surrogates.json": b'{"runner": "the \\ud800 runner blade", "nul": "a\\u0000b"}',
        "surrogates.html": b"<title>x&#xD800;&#0;</title><p>The &#xD800; stay vane &#0; cracked.",
        "surrogates.yaml": b'part: "the \\ud800 scroll case"\n',
    }
    for name, data in files.items():
        (root / name).write_bytes(data)
    zip_bomb(root / "bomb.docx")
    document_with_a_broken_picture(root / "broken-picture.docx")
    with (root / "sparse.log").open("wb") as sparse:
        sparse.truncate(2 << 30)
    return root


@dataclass(frozen=True)
class Added:
    collection: Collection
    root: Path
    first: AddReport
    again: AddReport
    status: Status


@pytest.fixture(scope="module")
def added(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Added]:
    with Collection(tmp_path_factory.mktemp("hostile") / "collection") as collection:
        first = collection.add(root)
        yield Added(collection, root, first, collection.add(root), collection.status())


REFUSED = {
    "truncated.pdf": "damaged or truncated PDF.*Export it again",
    "encrypted.pdf": "(?i)password|encrypted",
    "bomb.png": r"declares 2,500,000,000 pixels; at most .* are opened. Scale it down",
    "truncated.png": "damaged picture: .*truncated.*Export it again",
    "truncated.jpg": "not a picture|damaged picture",
    "bomb.docx": r"more than 200-fold: a zip bomb\? Save the document again",
    "sparse.log": r"2,048\.0 MB, above the limit of 512\.0 MB; raise COMMONPLACE_MAX_BYTES",
    "empty.md": "empty file",
    "random.png": "binary content of no known format .*; expected text or a document",
    "program.docx": "a program, which is not read",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_in_the_account_with_its_reason(name: str, added: Added) -> None:
    report = {p.source: p.reason for p in (*added.first.failed, *added.first.skipped)}
    account = {p.source: p.reason for p in added.status.problems}
    assert re.search(REFUSED[name], account[f"docs/{name}"])
    assert report[f"docs/{name}"] == account[f"docs/{name}"]


FOUND = {
    "bypass valve before noon": "valve.md",
    "pump hums at night": "pump.txt",
    "chapter 2 on the sluice gate": "shortened.pdf",
    "penstock inspected in spring": "report.txt",
    "wicket gate is shut": "nul.txt",
    "lone surrogate beside the draft tube": "surrogates.txt",
    "runner blade": "surrogates.json",
    "stay vane cracked": "surrogates.html",
    "scroll case": "surrogates.yaml",
    "the governor keeps the turbine steady": "broken-picture.docx",
}


@pytest.mark.parametrize("query", FOUND)
def test_all_else_is_found(query: str, added: Added) -> None:
    hits = added.collection.search(query, k=1, mode="lexical").hits
    assert [hit.source for hit in hits] == [f"docs/{FOUND[query]}"]


def test_what_a_file_holds_decides_and_not_its_name(added: Added) -> None:
    formats = {document.source: document.format for document in added.collection.documents()}
    assert formats["docs/picture.md"] == "image"
    assert formats["docs/report.txt"] == "pdf"
    assert added.collection.search(image=added.root / "picture.md", k=1).hits[0].source == "docs/picture.md"


def test_parts_that_were_left_out_are_in_the_account(added: Added) -> None:
    assert "cut off at its end" in added.status.notes["docs/shortened.pdf"][0]
    assert "a picture was left out: damaged picture" in added.status.notes["docs/broken-picture.docx"][0]


def test_every_file_ends_in_exactly_one_place(added: Added) -> None:
    files = {f"docs/{file.name}" for file in added.root.iterdir()}
    indexed = {d.source for d in added.collection.documents() if d.state == "indexed"}
    refused = {problem.source for problem in added.status.problems}
    assert refused == {f"docs/{name}" for name in REFUSED}
    assert indexed == files - refused
    assert added.first.documents == len(indexed)


def test_a_second_add_reads_nothing_and_says_the_same(added: Added) -> None:
    assert (added.again.documents, added.again.chunks) == (0, {})
    assert added.again.unchanged == added.first.documents
    assert sorted(map(str, added.again.failed)) == sorted(map(str, added.first.failed))
    assert added.again.skipped == added.first.skipped


def test_the_collection_agrees_with_itself(added: Added) -> None:
    assert added.collection.doctor() == []


def test_the_command_line_lists_what_failed_and_exits_with_one(root: Path, added: Added) -> None:
    added.collection.close()  # it opens again by itself
    result = run("add", root, "-c", added.collection.path, "--json")
    assert result.exit_code == 1
    assert len(json.loads(result.stdout)["failed"]) == len(added.first.failed)
    plainly = run("add", root, "-c", added.collection.path)
    assert "failed: docs/bomb.png: the picture declares 2,500,000,000 pixels" in plainly.stderr


PAGES = 3_000


def test_three_thousand_pages_stream_through_a_worker_in_bounded_memory(tmp_path: Path) -> None:
    """A worker with half a GiB, models and libraries included, hands page after page to a parent that keeps none."""
    path = tmp_path / "long.pdf"
    path.write_bytes(pdf([f"Page {n} describes gauge {n * 7}." for n in range(1, PAGES + 1)]))
    SqliteDatabase.open(tmp_path, create=True).close()
    job = Job("long.pdf", path, 1, stamp(path.stat()), home=tmp_path)
    workers = Workers("commonplace.ingest.reading:read", 1, Limits(memory=512 << 20))
    before = psutil.Process().memory_info().rss
    pages = set[int]()
    message: object = None
    for _, message in workers.run([job]):
        if isinstance(message, Prepared) and message.draft.locator.page:
            pages.add(message.draft.locator.page)
    workers.close()
    assert isinstance(message, Done), message
    assert pages == set(range(1, PAGES + 1))
    assert psutil.Process().memory_info().rss - before < 64 << 20
