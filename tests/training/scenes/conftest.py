"""Scenes are tested with Pillow's own font, which every system has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from commonplace.training.scenes import fonts


@pytest.fixture(autouse=True)
def only_the_default_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(fonts, "FOLDERS", ())
    fonts.faces.cache_clear()
    yield
    fonts.faces.cache_clear()
