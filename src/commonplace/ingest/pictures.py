"""The one safe way to open a picture, whoever sent it: sizes are checked before pixels, every failure has a reason."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import (  # the plugins are named so that Pillow never loads the others
    AvifImagePlugin,  # noqa: F401
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from commonplace.errors import MissingExtra, UnreadableFile
from commonplace.ingest.svg import is_svg, natural_size, rasterise
from commonplace.ingest.textfile import clean_text
from commonplace.lazy import require

MAX_PIXELS = 178_956_970
"""Most pixels that are decoded: where Pillow raises by itself; checked here too, as programs like to lift its limit."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
"""What Pillow decodes for us. Its other plugins are rarely looked after, and some start other programs."""

_ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_IMAGE_DESCRIPTION, _CHANGED, _EXIF_IFD, _TAKEN, _OFFSET = 0x010E, 0x0132, 0x8769, 0x9003, 0x9011
_SVG_SIDES = (1024, 3072)


def open_picture(data: bytes | Path, max_side: int | None = None) -> Image.Image:
    """The picture as RGB, upright, on white; its longest side at most `max_side` pixels where that is given.

    Of an animation the middle frame, of a TIFF the first page. A smaller `max_side` is cheaper: JPEG decodes scaled,
    SVG is drawn at that size (without it at twice its own, within 1024 to 3072 pixels).
    Raises UnreadableFile with the reason; MissingExtra for HEIC where the `heic` extra is not installed.
    """
    data = _bytes(data)
    with _reasons():
        image = _open(data, max_side)
        if image.format == "JPEG" and max_side is not None:
            image.draft(None, _within(image.size, max_side))
        if image.format in _ANIMATED and (frames := getattr(image, "n_frames", 1)) > 1:
            # The frames before are decoded on the way: no more pixels of them than a still picture may have.
            image.seek(min(frames // 2, MAX_PIXELS // (image.width * image.height)))
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        image = _eight_bit(image)
        if max_side is not None and max(image.size) > max_side:
            image = image.resize(_within(image.size, max_side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        if image.mode == "RGB":
            return image
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white


def open_covering(data: bytes | Path, side: int) -> Image.Image:
    """`open_picture`, no larger than needed for a shorter side of twice `side` pixels: JPEG decodes scaled."""
    data = _bytes(data)
    width, height = picture_size(data)
    shorter = max(1, min(width, height))
    return open_picture(data, max(1, max(width, height) * 2 * side // shorter) if shorter > 2 * side else None)


def picture_size(data: bytes | Path) -> tuple[int, int]:
    """Width and height in pixels as the header declares them, rotation not applied; no pixel is decoded.

    Raises as `open_picture` does for all that a header can tell.
    """
    data = _bytes(data)
    with _reasons():
        return _svg_size(data, None) if is_svg(data) else _open(data, None).size


def picture_facts(data: bytes) -> tuple[str, datetime | None]:
    """What a picture that is no SVG says of itself: its title (or description), and when it was taken.

    Raises as `picture_size`.
    """
    with _reasons():
        image = _open(data, None)
        # Of a PNG whose EXIF is not in front of its pixels Pillow would decode them to look behind.
        exif = image.getexif() if image.format != "PNG" or "exif" in image.info else Image.Exif()
        texts = (image.info.get("Title"), exif.get(_IMAGE_DESCRIPTION), image.info.get("Description"))
        title = next(
            (" ".join(clean_text(text).split()) for text in texts if isinstance(text, str) and text.strip()), ""
        )
        details = exif.get_ifd(_EXIF_IFD)
        taken = details.get(_TAKEN) or exif.get(_CHANGED)
        date = None
        with suppress(ValueError, TypeError):
            moment = str(taken).strip(" \0") + str(details.get(_OFFSET) or "+00:00").strip(" \0")
            date = datetime.strptime(moment, "%Y:%m:%d %H:%M:%S%z")
        return ("" if "DIGITAL CAMERA" in title.upper() else title), date  # what cameras write there unasked


def thumbnail(image: Image.Image, side: int) -> bytes:
    """WebP bytes of an RGB picture fitted into side x side pixels; a smaller picture keeps its size."""
    fitted = image.resize(_within(image.size, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return _encoded(fitted, "WEBP", quality=80, method=4)


def encode_png(image: Image.Image) -> bytes:
    """PNG bytes, without metadata."""
    return _encoded(image, "PNG")


def encode_jpeg(image: Image.Image) -> bytes:
    """JPEG bytes, without metadata: for scans and photos, of which PNG is five times as large and as slow."""
    return _encoded(image, "JPEG", quality=88)


def _encoded(image: Image.Image, format: str, **options: int) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _open(data: bytes, max_side: int | None) -> Image.Image:
    """The picture, header read and size checked, pixels not yet decoded (save for SVG)."""
    if not data:
        raise UnreadableFile("the picture is empty (0 bytes). Export it again.")
    if is_svg(data):
        return Image.open(BytesIO(rasterise(data, *_svg_size(data, max_side))), formats=["PNG"])
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        image: Image.Image = require("pi_heif.as_plugin", extra="heic").HeifImageFile(BytesIO(data))
    else:
        try:
            image = Image.open(BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError as error:
            raise UnreadableFile(
                f"not a picture in a known format: it begins with {data[:12]!r}; expected {', '.join(FORMATS)}, HEIC "
                "or SVG. Convert it to PNG."
            ) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableFile(_too_large(f"{width:,} x {height:,} pixels"))
    return image


def _eight_bit(image: Image.Image) -> Image.Image:
    """The same picture as RGB or, where anything is transparent, RGBA."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        # Without a scale of their own (heights, intensities): stretched, as viewers do.
        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        low, high = float(values.min()), float(values.max())
        image = Image.fromarray(((values - low) * (255 / (high - low or 1))).astype(np.uint8))
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)  # convert() copies, and this may be a gigabyte


def _svg_size(data: bytes, max_side: int | None) -> tuple[int, int]:
    width, height = natural_size(data)
    longest = max(width, height)
    if not longest:
        width = height = longest = 1.0
    least, most = _SVG_SIDES
    side = max_side or min(max(2 * longest, least), most)
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def _within(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size scaled down to fit into side x side; an extreme aspect keeps at least one pixel."""
    share = min(1.0, side / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _bytes(data: bytes | Path) -> bytes:
    return data.read_bytes() if isinstance(data, Path) else data


def _too_large(size: str) -> str:
    return f"the picture declares {size}; at most {MAX_PIXELS:,} pixels in all are opened. Scale it down or cut it up."


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn what decoders raise, which on damaged input is anything, into UnreadableFile."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # doubtful metadata, and sizes that we check ourselves
        try:
            yield
        except (UnreadableFile, MissingExtra, MemoryError):
            raise
        except Image.DecompressionBombError as error:
            pixels = re.search(r"\d+", str(error))  # Pillow tells the product only
            raise UnreadableFile(_too_large(f"{int(pixels[0]) if pixels else 0:,} pixels")) from error
        except Exception as error:
            raise UnreadableFile(f"damaged picture: {error or type(error).__name__}. Export it again.") from error
