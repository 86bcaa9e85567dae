"""One safe way to open a picture: every mode becomes RGB on white, upright; the absurd and the damaged are refused."""

from __future__ import annotations

import base64
import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from commonplace.errors import UnreadableFile
from commonplace.ingest.pictures import MAX_PIXELS, encode_png, open_picture, picture_size, thumbnail
from commonplace.ingest.svg import svg_words

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes}>{body}</svg>'
# 64 x 32, left half red, right half blue, as libheif writes it
HEIC = base64.b85decode(
    "0000SW^{RQXk}?*00000ZE0pPXk}?*ZE0a<0004fZDn*}000000000XXk=`10000000000aA{+700000000000000000000B57=IV*mgE07O6l0RRC2"
    "00001p#T8@00000003$L001LtX>Mi!000000RR916=`l}WdZ;I000310BCk&F#rGn01j|zbZr0t000010002}X>f9I0002pX>en20001XXm(>m0RwOV0"
    "058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDDnbDP18@KU0|1Z!00RI30{|YNAb|yz>g1-mxCm%4AOHXZ10VnZ0{"
    "|gn00967L;=Bbz=;3=025<xY;ta6Y<K_x01W^JfB*mh6lrsCWdHyG00000KmY&$KmY&$C}V74Z~y=RKmY&$0RR91AOHXW0RR91000000{{R2-~a#s0ss"
    "I25O8UDX#fBK00RgJ2mk;87-?{AVE_OC000000RRC7fdT^sga7~la&2T`bN~PVW+(x#6M*;-;iv!nO(_5Rb<Ype%!!Hr`qNTJ_*6Up)``RNN=37*d3~P"
    "$2jU${q)NBOlD-}DHnIPm;@ian8Qvo<iDh!cKkVhi#=fcCJMLq8eX3Dy|2LYUxW?h9+-!O~pAxt"
)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def svg(body: str, attributes: str = 'width="100" height="50"') -> bytes:
    return SVG.format(attributes=attributes, body=body).encode()


def png_declaring(width: int, height: int) -> bytes:
    """A few hundred bytes that claim to be a grey picture of that size."""

    def part(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = part(b"IHDR", header) + part(b"IDAT", zlib.compress(bytes(100_000))) + part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 100, (100, 100, 100)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 255), (255, 0, 0)),
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("I;16", 0x6400, (0x64, 0x64, 0x64)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
    ],
)
def test_every_mode_becomes_rgb_on_white(mode: str, colour: Any, seen: tuple[int, int, int]) -> None:
    image = open_picture(encoded(Image.new(mode, (3, 2), colour), "TIFF" if mode == "CMYK" else "PNG"))
    assert (image.mode, image.size, image.getpixel((1, 1))) == ("RGB", (3, 2), seen)


def test_a_transparent_palette_entry_shows_the_white_below() -> None:
    image = Image.new("P", (2, 1), 1)
    image.putpalette([0, 0, 0, 0, 0, 255])
    image.putpixel((0, 0), 0)
    opened = open_picture(encoded(image, "GIF", transparency=0))
    assert [opened.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 255)]


def test_values_without_a_scale_are_stretched_from_black_to_white() -> None:
    heights = Image.fromarray(np.array([[-5.0, 0.0, 5.0]], np.float32))
    opened = open_picture(encoded(heights, "TIFF"))
    assert [opened.getpixel((x, 0)) for x in range(3)] == [(0, 0, 0), (127, 127, 127), (255, 255, 255)]


def test_a_photo_that_was_taken_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees to the right
    opened = open_picture(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif))
    assert opened.size == (20, 40)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_seen_at_its_middle(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), (0, 0, 50 * step)) for step in range(5)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], lossless=True)
    assert open_picture(data).getpixel((0, 0)) == (0, 0, 100)


def test_a_tiff_of_many_pages_is_seen_at_its_first() -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    assert open_picture(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])).getpixel((0, 0)) == (
        255,
        0,
        0,
    )


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "AVIF"])
def test_a_longest_side_is_kept_in_every_format(format: str) -> None:
    data = encoded(Image.new("RGB", (1000, 400), "green"), format)
    assert open_picture(data, max_side=100).size == (100, 40)
    assert open_picture(data, max_side=2000).size == (1000, 400)
    assert picture_size(data) == (1000, 400)


def test_a_single_pixel_and_a_thin_strip_are_pictures() -> None:
    assert open_picture(encoded(Image.new("RGB", (1, 1)))).size == (1, 1)
    assert open_picture(encoded(Image.new("RGB", (20_000, 1))), max_side=100).size == (100, 1)


@pytest.mark.parametrize("read", [open_picture, picture_size])
@pytest.mark.parametrize("side", [50_000, 14_000])
def test_a_png_bomb_is_refused_before_it_is_decoded(read: Any, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableFile, match="Scale it down"):
        read(png_declaring(side, side))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as programs do that work with large scans
    with pytest.raises(UnreadableFile, match=f"declares {side:,} x {side:,} pixels"):
        read(png_declaring(side, side))


def test_the_largest_picture_is_one_that_pillow_would_only_warn_of() -> None:
    assert 13_000 * 13_000 <= MAX_PIXELS < 14_000 * 14_000
    assert picture_size(png_declaring(13_000, 13_000)) == (13_000, 13_000)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "AVIF"])
def test_a_truncated_picture_is_damaged_not_half_grey(format: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), format)
    with pytest.raises(UnreadableFile, match=r"damaged picture|not a picture"):
        open_picture(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"%PDF-1.7 not a picture", "not a picture in a known format: it begins with b'%PDF-1.7"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture in a known format"),
        (b"\x89PNG\r\n\x1a\n", "damaged|not a picture"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        open_picture(data)


def test_a_path_is_opened_like_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "with no picture's name.txt"
    path.write_bytes(encoded(Image.new("RGB", (5, 4), "red")))
    assert open_picture(path).getpixel((0, 0)) == (255, 0, 0)


def test_heic_is_opened_where_its_extra_is_installed() -> None:
    pytest.importorskip("pi_heif")
    image = open_picture(HEIC)
    left, right = np.asarray(image)[16, [4, 60]].tolist()
    assert image.size == (64, 32)
    assert (left, right) == ([254, 0, 0], [0, 0, 254])


def test_thumbnails_and_pngs_open_again() -> None:
    image = Image.new("RGB", (300, 100), "red")
    assert Image.open(BytesIO(thumbnail(image, 64))).size == (64, 21)
    assert Image.open(BytesIO(thumbnail(image, 640))).size == (300, 100)
    assert open_picture(encode_png(image)).tobytes() == image.tobytes()


# SVG


def test_an_svg_is_drawn_on_white_at_the_side_that_is_asked() -> None:
    data = svg('<rect width="50" height="50" fill="red"/>')
    image = open_picture(data, max_side=200)
    assert (image.size, image.getpixel((50, 50)), image.getpixel((150, 50))) == (
        (200, 100),
        (255, 0, 0),
        (255, 255, 255),
    )
    assert open_picture(data).size == picture_size(data) == (1024, 512)  # a small one is enlarged for OCR


def test_an_svg_without_a_size_is_drawn_by_its_view_box() -> None:
    assert open_picture(svg("<g/>", 'viewBox="-5 -5 40 10"'), max_side=80).size == (80, 20)
    assert open_picture(svg("<g/>", 'width="100%" height="100%" viewBox="0 0 40 10"'), max_side=80).size == (80, 20)
    assert max(open_picture(svg("<g/>", ""), max_side=80).size) == 80


def test_text_in_a_family_that_no_machine_has_is_drawn_all_the_same() -> None:
    image = open_picture(svg('<text y="40" font-size="40" font-family="No Such Family">WWW</text>'))
    assert np.asarray(image).min() < 64


def test_an_svg_never_opens_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(encoded(Image.new("RGB", (8, 8), "red")))
    for target in (str(secret), secret.as_uri()):
        image = open_picture(svg(f'<image href="{target}" xlink:href="{target}" width="100" height="50"/>'))
        assert np.asarray(image).min() == 255


def test_a_picture_inside_an_svg_is_drawn() -> None:
    inner = base64.b64encode(encoded(Image.new("RGB", (8, 8), "red"))).decode()
    data = svg(f'<image xlink:href="data:image/png;base64,{inner}" width="50" height="50"/>')
    assert open_picture(data, max_side=100).getpixel((25, 25)) == (255, 0, 0)


def laughs(levels: int) -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]>' + svg(f"<text>&l{levels - 1};</text>").decode()


@pytest.mark.parametrize(
    "data",
    [
        laughs(10).encode(),
        svg("<g>" * 100_000),
        svg("<g>" * 230 + "</g>" * 230),
        svg(
            '<g id="a0"><path d="M0 0h1"/></g>'
            + "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))
        ),
        svg('<g id="b0"/>' + "".join(f'<g id="b{n}"><use href="#b{n - 1}"/></g>' for n in range(1, 5000))),
    ],
    ids=["entities", "unclosed depth", "depth", "exploding use", "chain of uses"],
)
def test_an_svg_bomb_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"damaged SVG|draws more than"):
        open_picture(data)


def test_the_words_of_an_svg_are_told_once_each_in_order() -> None:
    body = (
        "<title>Load balancer</title><desc>Two servers behind one address</desc><style>text {fill: red}</style>"
        "<g><text><tspan>app</tspan> <tspan>server 1</tspan></text><text>app server 1</text></g><text/>"
        "<switch><foreignObject><div>health check</div></foreignObject><text>health...</text></switch>"
    )
    words = svg_words(svg(body))
    assert words.title == "Load balancer"
    assert words.description == "Two servers behind one address"
    assert words.labels == ("app server 1", "health check")


def test_words_that_an_entity_names_are_told() -> None:
    data = b'<!DOCTYPE svg [<!ENTITY host "node-7">]>' + svg("<text>&host; &lt;up&gt;</text>")
    assert svg_words(data).labels == ("node-7 <up>",)
