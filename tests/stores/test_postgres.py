"""Postgres where servers fail: kills, old versions, rights, time limits. On a real server, killed for real."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from stores import servers
from stores.samples import FIRST, SCHEMA, SECOND, E, found

from commonplace.errors import CollectionError, MissingCollection, NewerCollection, UsageError
from commonplace.profiles import Code
from commonplace.stores import create_store, open_store
from commonplace.stores.filters import Eq
from commonplace.stores.points import Point, Schema

pytestmark = pytest.mark.postgres

GOOD = Point(FIRST, 1, "text", {"text": E[0]}, {7: 1.0}, ("x",), ("a",))


@pytest.fixture(scope="module")
def own() -> Iterator[servers.Server]:
    """A server that these tests may kill and change."""
    if why := servers.missing():
        pytest.skip(why)
    with servers.postgres() as server:
        yield server


def admin(server: servers.Server, *statements: str, database: str = "postgres") -> None:
    import psycopg

    with psycopg.connect(server.url(database), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def test_a_killed_server_is_waited_for_and_has_all_that_was_acknowledged(own: servers.Server) -> None:
    with create_store("postgres", own.url(collection="killed"), SCHEMA) as store:
        for batch in range(5):
            store.upsert(
                [Point(f"{100 * batch + n:016x}", batch, "text", {"text": E[0]}, {7: 1.0}) for n in range(100)]
            )
        own.kill()
        threading.Timer(0.3, own.start).start()
        store.upsert([GOOD])  # tried again until the server is back
        assert store.count() == 500
        assert store.count(Eq("document", 1)) == 101
        assert store.sparse({7: 1.0}, 1)[0].score == pytest.approx(np.log1p(0.5 / 500.5), rel=1e-5)


WRITER = """
import sys, numpy as np
from commonplace.stores import open_store
from commonplace.stores.points import Point, Schema
with open_store("postgres", sys.argv[1], Schema({"text": 4, "media": 4})) as store:
    for batch in range(1_000):
        numbers = range(50 * batch, 50 * batch + 50)
        store.upsert([Point(f"{n:016x}", batch, "text", {"text": np.eye(4)[n % 4]}, {7: 1.0}) for n in numbers])
        print(batch, flush=True)
"""


def test_a_killed_client_leaves_whole_batches(own: servers.Server) -> None:
    url = own.url(collection="client")
    create_store("postgres", url, SCHEMA).close()
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        done = max(int(writer.stdout.readline()) for _ in range(3))
        writer.kill()
    with open_store("postgres", url, SCHEMA) as store:
        count = store.count()
        assert count >= 50 * (done + 1)
        assert count % 50 == 0
        assert store.count(lane="text") == store.count(lane="bm25") == count
        assert store.sparse({7: 1.0}, 1)[0].score == pytest.approx(np.log1p(0.5 / (count + 0.5)), rel=1e-5)


def test_a_server_that_stays_away_is_an_error_that_says_so(
    own: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonplace.stores.networked.BACK_OFF", (0.01,))
    monkeypatch.setattr("commonplace.stores.postgres_server.WAIT", 0.5)
    url = own.url(collection="killed")
    with open_store("postgres", url, SCHEMA) as store:
        own.kill()
        try:
            with pytest.raises(CollectionError, match="Check that it runs and can be reached"):
                store.count()
            with pytest.raises(CollectionError, match=r"Postgres at postgresql://.* failed"):
                open_store("postgres", url, SCHEMA)
        finally:
            own.start()
        assert store.count() == 500


def test_an_old_pgvector_is_refused_by_its_version(own: servers.Server) -> None:
    admin(own, "CREATE DATABASE old")
    url = own.url("old")
    create_store("postgres", url, SCHEMA).close()
    admin(own, "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'", database="old")
    with pytest.raises(
        UsageError, match=r"has pgvector 0\.7\.4; expected 0\.8 or newer.*ALTER EXTENSION vector UPDATE"
    ):
        open_store("postgres", url, SCHEMA)


def test_a_role_needs_no_more_than_to_create_in_the_database(own: servers.Server) -> None:
    admin(own, "CREATE ROLE keeper LOGIN", "CREATE DATABASE shared")
    admin(own, "CREATE EXTENSION vector", database="shared")
    url = own.url("shared").replace("postgres@", "keeper@")
    with pytest.raises(CollectionError, match="GRANT CREATE ON DATABASE"):
        create_store("postgres", url, SCHEMA)
    admin(own, "GRANT CREATE ON DATABASE shared TO keeper")
    with create_store("postgres", url, SCHEMA) as store:
        store.upsert([GOOD])
        assert found(store.dense("text", E[0], 1)) == [FIRST]


def test_a_read_only_database_is_searched_and_not_written(own: servers.Server) -> None:
    url = own.url(collection="frozen")
    with create_store("postgres", url, SCHEMA) as store:
        store.upsert([GOOD])
    with open_store("postgres", url + "&options=-c%20default_transaction_read_only%3Don", SCHEMA) as store:
        assert found(store.dense("text", E[0], 1)) == [FIRST]
        assert found(store.sparse({7: 1.0}, 1)) == [FIRST]
        with pytest.raises(CollectionError, match="read-only: searching works, writing does not"):
            store.upsert([GOOD])


def test_a_statement_timeout_is_an_error_and_nothing_is_half_written(own: servers.Server) -> None:
    import psycopg

    url = own.url(collection="slow")
    with (
        create_store("postgres", url, SCHEMA) as store,
        open_store("postgres", url + "&options=-c%20statement_timeout%3D100", SCHEMA) as hasty,
        psycopg.connect(own.url()) as other,
    ):
        other.execute("LOCK TABLE slow.postings")
        with pytest.raises(CollectionError, match="took longer than `statement_timeout`"):
            hasty.upsert([GOOD])
        other.rollback()
        assert store.count() == 0


def test_profiles_without_an_index_are_refused_by_name(own: servers.Server) -> None:
    for profile in ("int8", "compact"):
        schema = Schema({"text": 4}, {"text": Code(profile)})
        with pytest.raises(UsageError, match=rf"no profile '{profile}' .* Use --profile half .* or binary"):
            create_store("postgres", own.url(collection="none"), schema)
    with pytest.raises(MissingCollection):
        open_store("postgres", own.url(collection="none"), SCHEMA)


def test_a_store_of_a_newer_version_is_left_alone(own: servers.Server) -> None:
    url = own.url(collection="newer")
    create_store("postgres", url, SCHEMA).close()
    admin(own, "INSERT INTO newer.migrations VALUES (99)")
    with pytest.raises(NewerCollection, match="has format 99"):
        open_store("postgres", url, SCHEMA)


def test_a_store_of_an_older_version_is_brought_up_to_date(own: servers.Server) -> None:
    url = own.url(collection="older")
    with create_store("postgres", url, SCHEMA) as store:
        store.upsert([GOOD, Point(SECOND, 1, "text", {"text": E[1]})])
    admin(
        own, "DROP FUNCTION older.forget CASCADE", "ALTER TABLE older.chunks DROP terms",
        "CREATE INDEX postings_id ON older.postings (id)", "DELETE FROM older.migrations WHERE version > 2",
    )  # fmt: skip
    with open_store("postgres", url, SCHEMA) as store:
        store.upsert([GOOD])
        assert found(store.sparse({7: 1.0}, 5)) == [FIRST]
        store.delete([FIRST])
        assert store.frequencies([7]) == (0, {})
        assert store.count() == 1


def test_chunks_that_are_deleted_by_hand_take_their_words_along(own: servers.Server) -> None:
    url = own.url(collection="manual")
    with create_store("postgres", url, SCHEMA) as store:
        store.upsert([GOOD, Point(SECOND, 1, "text", {"text": E[1]}, {7: 1.0, 8: 1.0})])
        admin(own, f"DELETE FROM manual.chunks WHERE id = {int(SECOND, 16) - 2**63}")
        assert store.frequencies([7, 8]) == (1, {7: 1})
        store.upsert([Point(SECOND, 1, "text", {"text": E[1]}, {8: 1.0})])
        assert store.frequencies([7, 8]) == (2, {7: 1, 8: 1})
        assert found(store.sparse({8: 1.0}, 5)) == [SECOND]


def test_an_interrupted_creation_leaves_nothing(own: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "commonplace.stores.postgres_server.MIGRATIONS", ("CREATE TABLE meta (name text); SELECT 1 / 0",)
    )
    with pytest.raises(CollectionError, match="division by zero"):
        create_store("postgres", own.url(collection="partial"), SCHEMA)
    monkeypatch.undo()
    create_store("postgres", own.url(collection="partial"), SCHEMA).close()


def test_writers_and_readers_meet_without_a_deadlock_and_counts_stay_true(own: servers.Server) -> None:
    url = own.url(collection="busy")
    create_store("postgres", url, SCHEMA).close()
    with open_store("postgres", url, SCHEMA) as one, open_store("postgres", url, SCHEMA) as two:

        def work(worker: int) -> None:
            store = (one, two)[worker % 2]
            for batch in range(5):
                numbers = range((worker + batch) % 4 * 20, (worker + batch) % 4 * 20 + 40)  # they overlap
                store.upsert(
                    [Point(f"{n:016x}", worker, "text", {"text": E[n % 4]}, {7: 1.0, n: 1.0}) for n in numbers]
                )
                store.dense("text", E[0], 5)
                store.sparse({7: 1.0}, 5)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        n = one.count()
        assert n == 100
        # Term 7 is in every chunk, and chunk 7's own term as well.
        assert one.sparse({7: 1.0}, 1)[0].score == pytest.approx(np.log1p(0.5 / (n + 0.5)), rel=1e-5)
        one.delete([FIRST, SECOND])
        assert two.count() == 98


def test_names_that_postgres_cannot_hold_are_refused(own: servers.Server) -> None:
    with pytest.raises(UsageError, match=r"'a-b' is no name of a collection in Postgres"):
        create_store("postgres", own.url(collection="a-b"), SCHEMA)
    with pytest.raises(UsageError, match="is no URL that Postgres understands"):
        create_store("postgres", own.url(colour="red"), SCHEMA)
