"""What many tests need: the handbook as a collection, made once, and small folders of real files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commonplace.collection import Collection

pytest_plugins = ["stores.fixtures"]

HANDBOOK = Path(__file__).parents[1] / "examples" / "handbook"


@pytest.fixture(scope="session")
def handbook_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of the handbook, closed. Tests that change a collection make their own."""
    path = tmp_path_factory.mktemp("collections") / "handbook"
    with Collection(path) as collection:
        report = collection.add(HANDBOOK)
    assert report.failed == ()
    return path


@pytest.fixture
def handbook(handbook_path: Path) -> Iterator[Collection]:
    with Collection(handbook_path) as collection:
        yield collection


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder of text files: folder(name, {"a.md": "# A"})."""

    def make(name: str = "notes", files: dict[str, str] | None = None) -> Path:
        root = tmp_path / name
        for relative, text in (files or {}).items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return make


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.postgres)])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str | Path:
    """Where a collection may be, each kind of home in turn."""
    if request.param == "folder":
        return tmp_path / "collection"
    monkeypatch.setenv("COMMONPLACE_HOME", str(tmp_path / "home"))
    place: Callable[[str], str] = request.getfixturevalue("place")
    return place("postgres")


@pytest.fixture
def collection(anywhere: str | Path) -> Iterator[Collection]:
    """An empty collection of its own."""
    with Collection(anywhere) as made:
        yield made
