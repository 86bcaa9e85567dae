from __future__ import annotations

import subprocess
import sys
import wave
import zipfile
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from PIL import Image

from commonplace.errors import NotADocument, UnknownName, UnreadableFile
from commonplace.ingest.formats import FORMATS, detect, reader

SVG = '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>'


def saved(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.md", "# A", "markdown"),
        ("README.MD", "# A", "markdown"),
        ("a.rst", "A\n=", "rst"),
        ("a.adoc", "= A", "asciidoc"),
        ("a.html", "<p>a", "html"),
        ("a.txt", "plain words", "text"),
        ("a.log", "2024-01-01 started", "text"),
        ("a.py", "x = 1", "code"),
        ("Makefile", "all:\n\ttrue", "code"),
        ("a.json", "{}", "json"),
        ("a.jsonl", "{}\n{}", "jsonl"),
        ("a.yml", "a: 1", "yaml"),
        ("a.toml", "a = 1", "toml"),
        ("a.csv", "a,b", "csv"),
        ("a.tsv", "a\tb", "csv"),
        ("a.ini", "[a]", "config"),
        ("LICENSE", "You may", "text"),
        ("notes.xyz", "an unknown ending, but words", "text"),
        ("run", "#!/bin/sh\ntrue", "code"),
        ("saved", "<!DOCTYPE html><p>a", "html"),
    ],
)
def test_text_is_told_apart_by_its_name(tmp_path: Path, name: str, content: str, expected: str) -> None:
    assert detect(saved(tmp_path / name, content)) == expected


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_a_picture_is_a_picture_whatever_its_name(tmp_path: Path, kind: str) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "picture.txt", kind)
    assert detect(tmp_path / "picture.txt") == "image"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        (b"\n\n junk of a mail gateway \n%PDF-1.4\n", "pdf"),
        (SVG.encode(), "image"),
        (SVG.encode("utf-16"), "image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image"),
        (b"fLaC\0\0\0\x22", "audio"),
        (b"ID3\x04\0\0\0\0\0\0", "audio"),
        (b"\xff\xfb\x90\x64\0\0", "audio"),
        (b"OggS\0\x02", "audio"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "audio"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", "video"),
        (b"\x1a\x45\xdf\xa3\x9f", "video"),
    ],
)
def test_the_content_overrules_the_name(tmp_path: Path, content: bytes, expected: str) -> None:
    assert detect(saved(tmp_path / "misnamed.md", content)) == expected


def test_a_real_wave_file_is_sound(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.bin"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\0\0" * 10)
    assert detect(tmp_path / "a.bin") == "audio"


def test_office_files_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "a.zip"))
    pptx.Presentation().save(str(tmp_path / "b.docx"))
    openpyxl.Workbook().save(tmp_path / "c.docx")
    with zipfile.ZipFile(tmp_path / "d.docx", "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", "<container/>")
    assert [detect(tmp_path / name) for name in ("a.zip", "b.docx", "c.docx", "d.docx")] == [
        "docx", "pptx", "xlsx", "epub",
    ]  # fmt: skip


def test_text_under_a_binary_name_is_text(tmp_path: Path) -> None:
    assert detect(saved(tmp_path / "not-really.pdf", "the server answered: not found")) == "text"
    assert detect(saved(tmp_path / "error.docx", "<html><body>502 Bad Gateway")) == "html"


def test_a_stray_nul_does_not_make_a_text_binary(tmp_path: Path) -> None:
    assert detect(saved(tmp_path / "a.md", "# Title\0\n\n" + "words and words " * 10)) == "markdown"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"\0" * 100, "binary content of no known format (it begins with 00 00 00 00 00 00 00 00); "
         "expected text or a document"),
        (b"\x7fELF\x02\x01\x01" + bytes(50), "a program, which is not read"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "an archive; unpack it and add the folder"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(50),
         "an encrypted or old Office file; save it without a password as docx, xlsx or pptx"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        detect(saved(tmp_path / "a.md", content))
    assert str(refused.value) == reason


def test_a_file_whose_name_promises_no_document_is_none(tmp_path: Path) -> None:
    for name, promises in {"a.bin": False, "font.woff2": False, "a.pdf": True, "a.png": True, "a.md": True}.items():
        with pytest.raises(UnreadableFile) as refused:
            detect(saved(tmp_path / name, bytes(100)))
        assert isinstance(refused.value, NotADocument) is not promises, name


def test_scripts_and_styles_that_were_packed_for_browsers_are_no_documents(tmp_path: Path) -> None:
    packed = "/* a licence */\n" + "function a(b){return b.map(c=>c+1)};" * 100
    for name in ("site.min.js", "searchindex.js", "app.css", "app.js.map"):
        with pytest.raises(NotADocument, match="packed for browsers"):
            detect(saved(tmp_path / name, packed))
    assert detect(saved(tmp_path / "written.js", packed.replace(";", ";\n"))) == "code"
    assert detect(saved(tmp_path / "dump.sql", packed)) == "code"  # rows of a table are long
    assert detect(saved(tmp_path / "words.txt", packed)) == "text"


def test_archives_and_damaged_containers_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.txt", "words")
    with pytest.raises(UnreadableFile, match=r"a ZIP archive that is no docx"):
        detect(tmp_path / "a.zip")
    whole = (tmp_path / "a.zip").read_bytes()
    with pytest.raises(UnreadableFile, match=r"a damaged ZIP container"):
        detect(saved(tmp_path / "b.docx", whole[: len(whole) // 2]))


def test_random_bytes_are_not_taken_for_text(tmp_path: Path) -> None:
    from random import Random

    for seed in range(20):
        with pytest.raises(UnreadableFile):
            detect(saved(tmp_path / "a.txt", b"~" + Random(seed).randbytes(4000)))


def test_every_format_names_a_reader_that_exists() -> None:
    for name, target in FORMATS.items():
        assert callable(reader(name)), target


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no format named 'markdwon'\. Did you mean: markdown"):
        reader("markdwon")


def test_telling_formats_apart_imports_no_parser() -> None:
    heavy = {"lxml", "docutils", "markdown_it", "yaml", "charset_normalizer", "pypdfium2", "PIL"}
    code = "import sys, commonplace.ingest.formats; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not heavy & loaded
