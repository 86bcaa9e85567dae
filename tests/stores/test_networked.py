"""URLs of stores, and going on after the connection broke."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonplace.collection import Collection
from commonplace.config import Settings
from commonplace.errors import MissingCollection, UnknownName, UsageError
from commonplace.stores import store_of
from commonplace.stores.networked import Location, persistently, with_options


@pytest.mark.parametrize(
    ("location", "store"),
    [
        ("postgresql://me@db/main?collection=notes", "postgres"),
        ("postgres:///main", "postgres"),
        ("qdrant://host:6333/notes", "qdrant"),
        ("qdrants://:key@host/notes", "qdrant"),
        ("/home/me/notes", "qdrant-edge"),
        ("C:\\notes", "qdrant-edge"),
    ],
)
def test_a_url_names_its_store(location: str, store: str) -> None:
    assert store_of(location) == store


def test_a_url_of_anything_else_is_refused() -> None:
    with pytest.raises(UnknownName, match="no store is reached by mysql://"):
        store_of("mysql://host/notes")
    with pytest.raises(UnknownName, match="no store is reached by mysql://"):
        Collection("mysql://host/notes")


def test_a_missing_collection_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    collection = Collection("qdrants://:s3cret@host/notes?shards=2", settings=Settings(home=tmp_path))
    with pytest.raises(MissingCollection, match=r"-c qdrants://host/notes\?shards=2$"):
        collection.search("anything")


def test_messages_and_manifests_never_show_a_password() -> None:
    place = Location.parse("qdrants://:s3cret@host:6333/notes?shards=2")
    assert (place.secret, place.host, place.port, place.name) == ("s3cret", "host", 6333, "notes")
    assert place.url == "qdrants://host:6333/notes?shards=2"
    place = Location.parse("postgresql://me:s3cret@db/main?collection=notes")
    assert (place.secret, place.name) == ("s3cret", "notes")
    assert place.url == "postgresql://me@db/main?collection=notes"
    with pytest.raises(UsageError, match="no option 'shard' in a qdrant URL; there are: replicas, shards"):
        Location.parse("qdrant://h/notes?shard=2", frozenset({"shards", "replicas"}))


def test_options_are_set_in_a_url() -> None:
    assert with_options("postgresql://db/main?sslmode=require", collection="a_0002") == (
        "postgresql://db/main?sslmode=require&collection=a_0002"
    )


def test_what_is_transient_is_tried_again_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonplace.stores.networked.BACK_OFF", (0, 0))
    tries = iter([ConnectionError(), ConnectionError(), ConnectionError()])

    def fail_twice() -> str:
        if (error := next(tries, None)) and error is not None and next(tries, None) is not None:
            raise error
        return "done"

    assert persistently(fail_twice, lambda error: isinstance(error, ConnectionError)) == "done"

    def broken() -> str:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        persistently(broken, lambda error: isinstance(error, ConnectionError))
