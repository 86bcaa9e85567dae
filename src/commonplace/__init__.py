"""Commonplace: search everything you keep in one shared vector space.

    with commonplace.open("notes.commonplace") as collection:
        collection.add("docs/", "screenshots/")
        for hit in collection.search("firewall logs showing exfiltration").hits:
            print(hit.source, hit.score)

Everything loads at first use: the import itself brings neither towers nor store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "Collection": "commonplace.collection:Collection",
    "CommonplaceError": "commonplace.errors:CommonplaceError",
    "Hit": "commonplace.types:Hit",
    "SearchResult": "commonplace.types:SearchResult",
    "classify": "commonplace.zero_shot:classify",
    "load_space": "commonplace.spaces.registry:load_space",
    "open": "commonplace.collection:Collection",
}

__all__ = ["Collection", "CommonplaceError", "Hit", "SearchResult", "classify", "load_space", "open"]

if TYPE_CHECKING:
    from commonplace.collection import Collection
    from commonplace.collection import Collection as open
    from commonplace.errors import CommonplaceError
    from commonplace.spaces.registry import load_space
    from commonplace.types import Hit, SearchResult
    from commonplace.zero_shot import classify


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'commonplace' has no attribute {name!r}")
    from commonplace.lazy import load

    return load(_PUBLIC[name])


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
