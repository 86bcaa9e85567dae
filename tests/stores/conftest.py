"""Each kind of store in turn, empty and in a place of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from stores.samples import SCHEMA

from commonplace.stores import STORES, create_store, remove_store
from commonplace.stores.base import Store

KINDS = [pytest.param(kind, marks=pytest.mark.postgres) if kind == "postgres" else kind for kind in sorted(STORES)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def location(kind: str, place: Callable[[str], str | Path]) -> Iterator[str | Path]:
    there = place(kind)
    yield there
    remove_store(kind, there)


@pytest.fixture
def store(kind: str, location: str | Path) -> Iterator[Store]:
    with create_store(kind, location, SCHEMA) as store:
        yield store
