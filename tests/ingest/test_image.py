"""Loose pictures: one element with the file's own bytes, a title and a date where the file has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from commonplace.errors import UnreadableFile
from commonplace.ingest.elements import Front, Picture
from commonplace.ingest.readers import image


def write(path: Path, format: str = "PNG", **options: Any) -> Path:
    Image.new("RGB", (40, 30), "red").save(path, format, **options)
    return path


def test_a_picture_is_its_own_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png")
    assert list(image.read(path)) == [Front(), Picture(path.read_bytes())]


def test_title_and_date_come_from_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "The new pontoon"
    exif.get_ifd(0x8769)[0x9003] = "2026:03:14 02:04:05"
    exif.get_ifd(0x8769)[0x9011] = "+01:00"
    front, picture = image.read(write(tmp_path / "a.jpg", "JPEG", exif=exif))
    assert front == Front("The new pontoon", date=datetime(2026, 3, 14, 2, 4, 5, tzinfo=timezone(timedelta(hours=1))))
    assert isinstance(picture, Picture)
    assert picture.alt == "The new pontoon"


def test_a_date_without_a_zone_is_taken_as_utc_and_what_cameras_write_unasked_is_no_title(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "OLYMPUS DIGITAL CAMERA         "
    exif[0x0132] = "2026:03:14 02:04:05"
    front = next(image.read(write(tmp_path / "a.jpg", "JPEG", exif=exif)))
    assert front == Front(date=datetime(2026, 3, 14, 2, 4, 5, tzinfo=UTC))


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "    :  :     :  :  ", "last summer"])
def test_a_date_that_is_none_is_left_out(written: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0132] = written
    assert next(image.read(write(tmp_path / "a.jpg", "JPEG", exif=exif))) == Front()


def test_a_png_tells_its_title(tmp_path: Path) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "Outbound\ttraffic")
    assert next(image.read(write(tmp_path / "a.png", pnginfo=texts))) == Front("Outbound traffic")


def test_an_svg_tells_the_words_drawn_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><title>Network</title><desc>Two zones and a firewall</desc>'
        "<text>fw-edge-1</text><text>10.0.0.1</text></svg>"
    )
    front, picture = image.read(path)
    assert front == Front("Network")
    assert picture == Picture(
        path.read_bytes(), alt="Network: Two zones and a firewall", paragraph="fw-edge-1\n10.0.0.1"
    )


def test_what_is_no_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    for data, reason in ((b"", "empty"), (b"GIF? no", "not a picture"), (b"<svg><text>", "damaged SVG")):
        path.write_bytes(data)
        with pytest.raises(UnreadableFile, match=reason):
            list(image.read(path))


def test_a_sparse_file_that_calls_itself_a_picture_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with pytest.raises(UnreadableFile, match="a picture of 2,147,483,648 bytes"):
        list(image.read(path))


def test_the_bytes_are_not_decoded(tmp_path: Path) -> None:
    file = BytesIO()
    Image.effect_noise((400, 300), 90).save(file, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(file.getvalue()[:5000])  # half of it: who opens it learns of that
    assert len(list(image.read(path))) == 2
