"""A Qdrant server as it is reached. What it answers is in the contract's tests."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from commonplace.errors import CollectionError, UsageError
from commonplace.stores import create_store, open_store, qdrant_server
from commonplace.stores.networked import Location
from commonplace.stores.points import Schema

qdrant_client = pytest.importorskip("qdrant_client", reason="needs pip install 'commonplace[qdrant]'")


def test_a_server_that_is_not_there_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonplace.stores.networked.BACK_OFF", (0.01,))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"qdrant://127.0.0.1:{port}/notes?grpc_port={port}&timeout=2"
    with pytest.raises(CollectionError, match=r"Qdrant at qdrant://127\.0\.0\.1.* failed: .*Check that it runs"):
        open_store("qdrant", url, Schema({"text": 4}))


def test_a_url_without_a_collection_is_refused() -> None:
    with pytest.raises(UsageError, match="names no collection; expected qdrant://host:6333/name"):
        open_store("qdrant", "qdrant://host:6333", Schema({"text": 4}))


@pytest.mark.parametrize("option", ["shards=many", "grpc_port=", "timeout=1.5", "consistency=some"])
def test_an_option_of_a_url_that_means_nothing_is_refused(option: str) -> None:
    with pytest.raises(UsageError, match=rf"{option.partition('=')[0]}=.* in qdrant://host/notes\?.*; expected "):
        open_store("qdrant", f"qdrant://host/notes?{option}", Schema({"text": 4}))


def test_requests_of_both_engines_are_made_of_the_same_words() -> None:
    import qdrant_edge

    from commonplace.stores import qdrant_requests
    from commonplace.stores.expressions import parse
    from commonplace.stores.qdrant_server import vocabulary

    words = vocabulary()
    assert {name for name in vars(words) if not hasattr(qdrant_edge, name)} == set()
    where = parse("tag=a and not (modality=image or date>=2026-01-01)")
    condition = qdrant_requests.condition(words, where).model_dump(exclude_none=True)
    tag, negated = condition["must"]
    assert tag == {"must": [{"key": "tags", "match": {"value": "a"}}]}
    (either,) = negated["must_not"]
    assert either["should"][0] == {"must": [{"key": "modality", "match": {"value": "image"}}]}
    assert either["should"][1]["must"][0]["range"] == {"gte": 1_767_225_600.0}


def test_a_new_collection_of_a_cluster_has_the_shards_and_replicas_of_its_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Local mode takes these and does nothing about them: so what it is given is looked at."""
    given: dict[str, object] = {}

    def connect(_: Location) -> object:
        client = qdrant_client.QdrantClient(path=str(tmp_path))
        create = client.create_collection

        def recorded(name: str, **options: object) -> object:
            given.update(options)
            return create(name, **options)

        monkeypatch.setattr(client, "create_collection", recorded)
        monkeypatch.setattr(client, "create_payload_index", lambda *_, **__: None)  # local mode has none, and warns
        return client

    monkeypatch.setattr(qdrant_server, "connect", connect)
    create_store("qdrant", "qdrant://host/notes?shards=4&replicas=2&write_consistency=1", Schema({"text": 4})).close()
    cluster = {name: given[name] for name in ("shard_number", "replication_factor", "write_consistency_factor")}
    assert list(cluster.values()) == [4, 2, 1]
    assert given["metadata"] == {"commonplace": 1, "dims": {"text": 4}, "profiles": {"text": "float"}, "encoders": {}}


def test_a_url_says_how_a_cluster_is_asked() -> None:
    place = Location.parse("qdrants://:key@host:443/notes?shards=4&replicas=2&consistency=majority")
    assert (place.host, place.port, place.secret, place.name) == ("host", 443, "key", "notes")
    assert place.options == {"shards": "4", "replicas": "2", "consistency": "majority"}
