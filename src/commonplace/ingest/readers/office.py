"""What DOCX, PPTX and XLSX share: their front, their pictures, charts and diagrams."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

from commonplace.errors import CommonplaceError, UnreadableFile
from commonplace.ingest.containers import open_zip
from commonplace.ingest.elements import Front, Note, Passage, Picture, Table
from commonplace.ingest.pictures import picture_size
from commonplace.ingest.readers.flow import keywords
from commonplace.ingest.textfile import clean_text
from commonplace.types import Locator

LEAST_PIXELS = 32
"""A picture with a shorter side is an icon or a bullet."""

_FILE_NAME = re.compile(r"[^/]{1,80}\.(?:png|jpe?g|gif|bmp|tiff?|webp|svg|emf|wmf)", re.IGNORECASE)
_REMARK = re.compile(
    r"(?:Description automatically generated.*|AI-generated content may be incorrect\.?)\s*$", re.DOTALL
)
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"

Opened = TypeVar("Opened")


def open_office(path: Path, library: Callable[[str], Opened]) -> Opened:
    """The document as its library opens it, once the container is judged harmless. Raises UnreadableFile."""
    open_zip(path).close()
    with damage_explained():
        return library(str(path))


@contextmanager
def damage_explained() -> Iterator[None]:
    """Turn what the libraries raise, which on damaged parts is anything, into UnreadableFile."""
    try:
        yield
    except (CommonplaceError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableFile(f"damaged document: {reason}. Save it again with its own program.") from error


def front(properties: Any, title: str = "") -> Front:
    """Title, keywords and date of the core properties, which the three libraries give in one shape.

    title  what the document shows as its title, where the properties have none
    """
    date = properties.modified or properties.created
    if date is not None and date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    own = clean_text(properties.title or "").strip()
    return Front(own or title, keywords(clean_text(properties.keywords or "")), date)


class Pictures:
    """Gives each embedded picture once: a logo on every slide is one picture."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def take(self, name: str, data: Callable[[], bytes], locator: Locator, alt: str) -> Iterator[Picture | Note]:
        """The picture of the part `name`; a Note where it cannot be opened, nothing for an icon or one given before."""
        if name in self._seen:
            return
        self._seen.add(name)
        try:
            encoded = data()
            size = picture_size(encoded)
        except Exception as error:  # UnreadableFile, or what the library raises of a damaged part
            yield Note(f"picture {name.rpartition('/')[2]} skipped: {error}")
        else:
            if min(size) >= LEAST_PIXELS:
                yield Picture(encoded, locator, alt=_told(alt))


def _told(alt: str) -> str:
    """The alt text that a person wrote; programs put the file's name or a remark of their own there."""
    alt = _REMARK.sub("", clean_text(alt)).strip()
    return "" if _FILE_NAME.fullmatch(alt) else alt


def alt_text(described: Any) -> str:
    """Of the element that names a shape, which may be missing."""
    return "" if described is None else described.get("descr") or described.get("alt") or described.get("title") or ""


def related(part: Any, relation: str | None) -> Any:
    """The part of the container to which a relation of `part` leads, or None."""
    found = part.rels.get(relation)
    return None if found is None or found.is_external else found.target_part


def chart_table(xml: bytes, locator: Locator) -> Iterator[Table]:
    """The numbers behind a chart, if there are any: a row for each category, a column for each series."""
    root = parse(xml)
    series = list(root.iter(CHART + "ser"))
    columns = [_points(one, "val") or _points(one, "yVal") for one in series]
    categories = next((points for one in series for kind in ("cat", "xVal") if (points := _points(one, kind))), {})
    if places := sorted(set(categories).union(*columns)):
        header = ("", *(clean_text(one.findtext(f"{CHART}tx//{CHART}v") or "") for one in series))
        body = [(categories.get(place, ""), *(column.get(place, "") for column in columns)) for place in places]
        title = root.find(f".//{CHART}chart/{CHART}title")
        yield Table((header, *body), locator, caption="" if title is None else _drawn_text(title))


def _points(series: Any, kind: str) -> dict[int, str]:
    points = (
        (point.get("idx", ""), point.findtext(CHART + "v")) for point in series.iterfind(f"{CHART}{kind}//{CHART}pt")
    )
    return {int(index): clean_text(value) for index, value in points if value and index.isdecimal()}


def diagram_text(xml: bytes, locator: Locator) -> Iterator[Passage]:
    if text := _drawn_text(parse(xml)):
        yield Passage(text, locator)


def _drawn_text(root: Any) -> str:
    """The text of a drawing (a title, the shapes of a diagram), a line for each paragraph."""
    paragraphs = (
        "".join(part.text or "" for part in paragraph.iter(_DRAWING + "t")) for paragraph in root.iter(_DRAWING + "p")
    )
    return clean_text("\n".join(text.strip() for text in paragraphs if text.strip()))


def parse(xml: bytes) -> Any:
    """The root of a part, without children for a damaged one. Entities stay unresolved: Office writes none."""
    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return etree.Element("damaged")
