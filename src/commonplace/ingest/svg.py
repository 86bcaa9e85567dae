"""SVG pictures: rasterised by resvg (no scripts, no network, no files), and the words that they carry as text.

resvg itself opens any file that an `<image>` names and overflows its stack on deep nesting; so a document passes
through lxml first, which bounds depth and entities, and everything that points outside the document is cut.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from commonplace.errors import UnreadableFile

MAX_ELEMENTS = 200_000
"""Elements drawn once every `<use>` is expanded: nested uses grow exponentially (resvg draws some 30,000 a second)."""
MAX_DEPTH = 200
"""Levels of nesting, `<use>` followed: each level takes a frame of resvg's stack."""

_ACTIVE = frozenset({"script", "foreignObject", "animate", "animateTransform", "set", "iframe", "audio", "video"})
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")


@dataclass(frozen=True, slots=True)
class SvgWords:
    """What an SVG says as text: its title, its description, and the labels drawn in it."""

    title: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()


def is_svg(data: bytes) -> bool:
    """Whether the document element is `<svg>`: looks past prolog, comments and doctype in the first 64 KB."""
    head = data[:65536].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = data[:65536].decode("utf-16", "ignore").encode()
    if not head.startswith(b"<"):
        return False
    head = re.sub(rb"<!--.*?-->|<\?.*?\?>", b"", head, flags=re.DOTALL)
    head = re.sub(rb"<!DOCTYPE\s+(\w+:)?svg\b[^\[>]*(\[.*?\]\s*)?>", b"", head, flags=re.DOTALL | re.IGNORECASE)
    return re.match(rb"\s*<(\w+:)?svg[\s/>]", head) is not None


def parse_svg(data: bytes) -> Any:
    """The root element; UnreadableFile for broken XML, entity bombs, absurd depth and exploding `<use>`."""
    try:
        root = etree.fromstring(data)  # by default internal entities only, bounded in growth and depth
    except etree.XMLSyntaxError as error:
        raise UnreadableFile(f"damaged SVG: {error}. Export it again.") from error
    _check_size(root)
    return root


def rasterise(data: bytes, width: int, height: int) -> bytes:
    """PNG bytes of the SVG fitted into width x height pixels on white."""
    import resvg_py  # loaded at first use: most collections hold no SVG

    root = parse_svg(data)
    for element in list(root.iter()):
        if _local(element) in _ACTIVE:
            element.getparent().remove(element)
        for name in _HREFS:
            target = element.get(name) if isinstance(element.tag, str) else None
            if target is not None and not target.strip().startswith(("#", "data:")):
                del element.attrib[name]
    from PIL import ImageFont

    # Text in a family that the machine lacks would vanish, so the generic families are a font that is always there:
    # Aileron (CC0), which Pillow carries in its code. resvg reads fonts from files only.
    font = ImageFont.load_default(10)
    assert isinstance(font, ImageFont.FreeTypeFont)  # every wheel of Pillow is built with FreeType
    with tempfile.TemporaryDirectory(prefix="commonplace-") as folder:
        fallback = Path(folder) / "aileron.otf"
        fallback.write_bytes(font.font_bytes)
        try:
            png = resvg_py.svg_to_bytes(
                svg_string=etree.tostring(root, encoding="unicode"),
                background="white",
                width=width,
                height=height,
                font_files=[str(fallback)],
                font_family="Aileron",
                serif_family="Aileron",
                sans_serif_family="Aileron",
                monospace_family="Aileron",
            )
        except ValueError as error:
            raise UnreadableFile(f"damaged SVG: {error}. Export it again.") from error
    return bytes(png)


def natural_size(data: bytes) -> tuple[float, float]:
    """Width and height that the SVG declares in CSS pixels (units other than px count as px); (0, 0) if it does not."""
    root = parse_svg(data)
    lengths = [re.match(r"\s*([\d.]+(?:e[+-]?\d+)?)(?!.*%)", root.get(name, "")) for name in ("width", "height")]
    if all(lengths):
        return float(lengths[0][1]), float(lengths[1][1])  # type: ignore[index]
    box = re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", root.get("viewBox", ""))
    return (float(box[2]), float(box[3])) if len(box) == 4 else (0.0, 0.0)


def svg_words(data: bytes) -> SvgWords:
    """The words of an SVG, in document order, each label once."""
    root = parse_svg(data)
    labels = dict.fromkeys(filter(None, (_text(element) for element in _labels(root))))
    return SvgWords(_child_text(root, "title"), _child_text(root, "desc"), tuple(labels))


def _labels(element: Any) -> Iterator[Any]:
    for child in element:
        match _local(child):
            case "text" | "foreignObject":
                yield child
            case "switch":
                # The alternatives of a switch say the same; the first, HTML in what draw.io writes, says it in full.
                yield from _labels(child[:1])
            case "script" | "style" | "title" | "desc" | "":
                pass
            case _:
                yield from _labels(child)


def _child_text(root: Any, name: str) -> str:
    return next((_text(child) for child in root if _local(child) == name), "")


def _text(element: Any) -> str:
    return " ".join(" ".join(element.itertext(etree.Element, "*")).split())


def _local(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _check_size(root: Any) -> None:
    """Refuse what would exhaust time or stack once each `<use>` is replaced by what it refers to."""
    by_id = {element.get("id"): element for element in root.iter(etree.Element) if element.get("id")}
    measured: dict[Any, tuple[int, int]] = {}

    def measure(element: Any, level: int) -> tuple[int, int]:
        """Number of elements and levels below and including this one."""
        if element not in measured:
            measured[element] = (1, 1)  # where a cycle closes; resvg refuses to draw those
            parts = list(element.iterchildren(etree.Element))
            if _local(element) == "use":
                target = next((element.get(name) for name in _HREFS if element.get(name)), "")
                parts += filter(None, [by_id.get(target.strip().removeprefix("#"))])
            below = [measure(part, level + 1) for part in parts] if level < MAX_DEPTH else [(0, MAX_DEPTH)]
            measured[element] = 1 + sum(count for count, _ in below), 1 + max((depth for _, depth in below), default=0)
        count, depth = measured[element]
        if count > MAX_ELEMENTS or level + depth > MAX_DEPTH + 1:
            raise UnreadableFile(
                f"the SVG draws more than {MAX_ELEMENTS:,} elements or nests deeper than {MAX_DEPTH} levels "
                "once <use> is followed. Flatten or simplify it."
            )
        return count, depth

    measure(root, 1)
