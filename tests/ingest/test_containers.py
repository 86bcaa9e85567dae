"""A zip container is judged by its directory, and by its contents where the directory may lie."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from commonplace.errors import UnreadableFile
from commonplace.ingest import containers
from commonplace.ingest.containers import open_zip


def archive(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def refused(path: Path, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        open_zip(path)


def test_an_ordinary_container_opens(tmp_path: Path) -> None:
    with open_zip(archive(tmp_path / "a.docx", {"word/document.xml": b"<w/>", "../../etc/passwd": b"x"})) as opened:
        assert opened.read("word/document.xml") == b"<w/>"


def test_a_member_that_grows_a_thousandfold_is_a_bomb(tmp_path: Path) -> None:
    path = archive(tmp_path / "bomb.docx", {"word/document.xml": bytes(100 << 20)})
    assert path.stat().st_size < 200_000
    refused(path, r"'word/document.xml' .* to 104,857,600 bytes, more than 200-fold: a zip bomb\?")


def test_a_small_member_may_grow_a_thousandfold(tmp_path: Path) -> None:
    with open_zip(archive(tmp_path / "blank.docx", {"media/blank.bmp": bytes(10 << 20)})) as opened:
        assert len(opened.read("media/blank.bmp")) == 10 << 20


def test_many_members_that_are_harmless_alone_are_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_BYTES", 1000)
    refused(archive(tmp_path / "a.docx", {"a.xml": bytes(400), "b.xml": bytes(601)}), "unpacks to 1,001 bytes")


def test_a_member_too_large_for_one_xml_tree_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_MEMBER_BYTES", 1000)
    refused(archive(tmp_path / "a.docx", {"a.xml": bytes(1001)}), "unpacks to 1,001 bytes; at most 1,000 are read")


def test_more_members_than_any_document_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_MEMBERS", 2)
    refused(archive(tmp_path / "a.epub", {"a": b"", "b": b"", "c": b""}), "3 members; at most 2")


def test_a_directory_that_hides_a_bomb_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MAX_MEMBER_BYTES", 16 << 20)
    path = archive(tmp_path / "liar.docx", {"a.xml": bytes(20 << 20)})
    size = struct.pack("<L", 20 << 20)
    data = path.read_bytes()
    assert data.count(size) == 2  # in the member's own header and in the directory
    path.write_bytes(data.replace(size, struct.pack("<L", 1 << 20)))
    refused(path, "'a.xml' in the container is damaged")


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.docx", {"media/photo.jpeg": bytes(range(256)) * 2000}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[200_000] ^= 1
    path.write_bytes(data)
    refused(path, "'media/photo.jpeg' in the container is damaged: Bad CRC-32")


def test_an_encrypted_member_asks_for_an_unlocked_copy(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.epub", {"chapter.xhtml": b"secret"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption in the directory
    path.write_bytes(data)
    refused(path, r"encrypted\. Give an unlocked copy")


def test_unusual_packing_is_refused(tmp_path: Path) -> None:
    refused(archive(tmp_path / "a.docx", {"a.xml": b"text" * 99}, zipfile.ZIP_LZMA), "packed by a method")


def test_a_truncated_container_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.docx", {"a.xml": zlib.compress(bytes(9999)) * 100})
    path.write_bytes(path.read_bytes()[:-30])
    refused(path, "damaged or truncated container")
