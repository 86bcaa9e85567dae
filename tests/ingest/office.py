"""What the tests of office documents share: pictures, an entity bomb, changes inside a container."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from commonplace.ingest.elements import Front

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY l0 "ha">' + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)) + "]>"
)
"""Three billion times "ha", once `&l9;` is resolved."""


def png(colour: str = "red", size: tuple[int, int] = (60, 40)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def rewrite(path: Path, changes: dict[str, Any]) -> Path:
    """The container with some members replaced or added: bytes, text, or a function of the text that was there."""
    with zipfile.ZipFile(path) as old:
        members: dict[str, bytes] = {name: old.read(name) for name in old.namelist()}
    for name, change in changes.items():
        text = change(members[name].decode()) if callable(change) else change
        members[name] = text if isinstance(text, bytes) else text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in members.items():
            new.writestr(name, data)
    return path


def of(kind: type, found: list[Any]) -> list[Any]:
    return [element for element in found if isinstance(element, kind)]


def without_front(found: list[Any]) -> list[Any]:
    assert isinstance(found[0], Front)
    assert of(Front, found) == found[:1]
    return found[1:]
