"""Which picture file a page means: links are written for a web site, the files lie in folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from posixpath import basename, dirname, join, normpath, splitext
from urllib.parse import unquote, urlsplit

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".heic", ".heif", ".avif"}
)


def is_picture(source: str) -> bool:
    """By its name, as links are written before anybody has looked into the file."""
    return splitext(source)[1].lower() in SUFFIXES


class PictureSources:
    """The picture files of a collection, to be found by what pages write."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._sources = set(sources)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for source in sorted(self._sources):
            self._by_name[basename(source)].append(source)

    def find(self, page: str, target: str) -> str | None:
        """Source of the picture that `page` embeds as `target`, or None if it is not in the collection.

        Tried in this order: relative to the page's folder; relative to the page as a folder of its own, as site
        generators publish it; from any folder above the page, as for `/images/x.png`; at last the only picture of
        that path ending under the same root.
        """
        parts = urlsplit(target.strip())
        if parts.scheme or parts.netloc or not parts.path:
            return None
        path = unquote(parts.path).lstrip("/")
        folder = dirname(page)
        candidates = [join(folder, path), join(page.rpartition(".")[0], path)]
        while folder:
            folder = dirname(folder)
            candidates.append(join(folder, path))
        for candidate in map(normpath, candidates):
            if candidate in self._sources:
                return candidate
        tail = "/" + normpath(path).replace("../", "")
        root = page.partition("/")[0] + "/"
        alike = [s for s in self._by_name[basename(path)] if s.endswith(tail) and s.startswith(root)]
        return alike[0] if len(alike) == 1 else None
