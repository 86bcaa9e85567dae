"""What a search demands, promises and explains, on a small collection of pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from commonplace.collection import Collection
from commonplace.errors import UnknownName
from commonplace.evaluation.make import make
from commonplace.ranking.rerank import Reranker

TEXTS = {
    "ops/gateway/tls.md": "Renew the certificate of the gateway before it expires. CVE-2024-3094 is fixed.",
    "ops/gateway/proxy.md": "The reverse proxy logs connection refused when a backend is down.",
    "ops/database/restore.md": "Bring the database back from a nightly copy. The connection was not refused.",
    "ops/database/errors.md": "ERR_TLS_CERT_ALTNAME_INVALID means that the name is not in the certificate.",
    "team/leave.md": "Ask for holidays two weeks ahead; the roster is on the intranet.",
    "team/kitchen.md": "The coffee machine wants water every morning, and the fridge is emptied on Fridays.",
}


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    root = tmp_path_factory.mktemp("pages")
    for name, text in TEXTS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"# {Path(name).stem.title()}\n\n{text}\n")
    with Collection(tmp_path_factory.mktemp("notes") / "c") as collection:
        collection.add(root / "ops", root / "team")
        yield collection


def sources(collection: Collection, query: str, **options: object) -> list[str]:
    return [hit.source for hit in collection.search(query, **options).hits]  # type: ignore[arg-type]


def test_an_exact_identifier_comes_first_and_is_named(notes: Collection) -> None:
    result = notes.search("CVE-2024-3094")
    assert result.hits[0].source == "ops/gateway/tls.md"
    assert result.hits[0].identifiers == ("CVE-2024-3094",)
    assert "CVE-2024-3094" in result.hits[0].why
    assert not result.no_match


def test_a_snippet_shows_the_identifier_as_the_text_spells_it(tmp_path: Path) -> None:
    log = tmp_path / "gateway.log"
    steps = "".join(f"2026-03-07 12:00:{n:02} request {n} was answered\n" for n in range(20))
    log.write_text(f"{steps}2026-03-07 12:01:07 trace=7f3c9b1e-2a4d-4c6e-8f0a-1b2c3d4e5f60 timed out\n")
    with Collection(tmp_path / "c") as collection:
        collection.add(log)
        hit = collection.search("7F3C9B1E2A4D4C6E8F0A1B2C3D4E5F60").hits[0]
    assert "trace=7f3c9b1e-2a4d-4c6e-8f0a-1b2c3d4e5f60" in hit.snippet


def test_a_part_of_a_path_is_an_identifier(notes: Collection) -> None:
    assert notes.search("gateway/proxy.md").hits[0].source == "ops/gateway/proxy.md"
    assert notes.search("database/restore.md").hits[0].source == "ops/database/restore.md"


def test_an_identifier_that_is_not_there_is_not_answered(notes: Collection) -> None:
    result = notes.search("CVE-2031-40417")
    assert result.no_match
    assert result.hits  # the nearest there is
    assert result.explanation is not None
    assert result.explanation["unknown"] == ["CVE-2031-40417"]


def test_a_name_that_is_not_there_is_no_answer(notes: Collection) -> None:
    result = notes.search("who repairs the Kitchenaid in Reykjavik")
    assert result.no_match


def test_a_quoted_phrase_stands_in_every_hit(notes: Collection) -> None:
    result = notes.search('"connection refused"')
    assert [hit.source for hit in result.hits] == ["ops/gateway/proxy.md"]
    assert result.query == '"connection refused"'
    assert "ops/database/restore.md" in sources(notes, "connection refused")


def test_an_excluded_word_stands_in_no_hit(notes: Collection) -> None:
    assert "ops/gateway/proxy.md" in sources(notes, "connection")
    assert "ops/gateway/proxy.md" not in sources(notes, "connection -proxy")
    assert "ops/gateway/proxy.md" not in sources(notes, 'connection -"reverse proxy"')


def test_scores_are_probabilities_best_first(notes: Collection) -> None:
    scores = [hit.score for hit in notes.search("renew the certificate of the gateway").hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert scores[0] > 0.5


def test_copies_of_the_answer_do_not_share_its_probability(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    for name in TEXTS:
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(TEXTS[name])
    with Collection(tmp_path / "c") as collection:
        collection.add(pages)
        (alone,) = collection.search("connection refused by the proxy", k=1).hits
        (pages / "copy of proxy.md").write_text(TEXTS["ops/gateway/proxy.md"])
        (pages / "link.md").symlink_to(pages / "ops" / "gateway" / "proxy.md")
        collection.add(pages)
        copies = collection.search("connection refused by the proxy", k=3).hits
    assert {Path(hit.source).name for hit in copies} == {"proxy.md", "copy of proxy.md", "link.md"}
    assert copies[0].score > 0.9 * alone.score
    assert sum(hit.score for hit in copies) > 1


def test_hits_below_a_confidence_are_left_out(notes: Collection) -> None:
    hits = notes.search("renew the certificate", min_confidence=0.3).hits
    assert hits
    assert min(hit.score for hit in hits) >= 0.3
    assert notes.search("renew the certificate", min_confidence=1.0).hits == ()


@pytest.mark.parametrize("fusion", ["calibrated", "rrf", "dbsf"])
def test_every_fusion_finds_the_same_chunks(notes: Collection, fusion: str) -> None:
    assert set(sources(notes, "database", k=50, fusion=fusion)) == set(sources(notes, "database", k=50))


def test_an_unknown_fusion_is_answered_with_the_known_ones(notes: Collection) -> None:
    with pytest.raises(UnknownName, match="calibrated, rrf, dbsf"):
        notes.search("x", fusion="convex")  # type: ignore[arg-type]


def test_each_hit_says_why_it_is_there_and_what_each_lane_says(notes: Collection) -> None:
    hit = notes.search("coffee machine water").hits[0]
    assert hit.source == "team/kitchen.md"
    assert hit.matched == ("coffe", "machin", "water")
    assert hit.why.startswith("says 3 of 3 words of the query")
    assert hit.eligible == ("bm25", "identifier", "text")
    evidence = hit.lanes["bm25"]
    assert evidence.rank == 1
    assert evidence.probability is not None
    assert evidence.weight == 1.0


def test_a_filter_that_leaves_few_hits_is_said(notes: Collection) -> None:
    result = notes.search("restore", filter="source=team/*")
    assert result.lanes["text"] == "ok; the filter leaves 2 hits"


class Longest(Reranker):
    name = "longest"

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        return [float(len(passage)) * bool(query) for passage in passages]


def test_a_reranker_has_a_say_and_is_in_the_explanation(notes: Collection) -> None:
    result = notes.search("database", rerank=Longest())
    assert result.lanes["rerank"] == "ok, longest read 6"
    assert {hit.lanes["rerank"].rank for hit in result.hits} == {1, 2, 3, 4, 5, 6}


def test_a_golden_set_is_made_of_what_is_there_and_what_is_not(notes: Collection) -> None:
    questions = make(list(notes.chunks()), per_kind=3)
    assert questions == make(list(notes.chunks()), per_kind=3)
    kinds = {question["kind"] for question in questions}
    assert {"passage", "identifier", "unanswerable"} <= kinds
    for question in questions:
        assert bool(question["gold"]) == (question["kind"] != "unanswerable")
    found = [notes.search(q["query"]) for q in questions if q["kind"] == "identifier"]
    golds = [q["gold"] for q in questions if q["kind"] == "identifier"]
    assert all(result.hits[0].source in gold for result, gold in zip(found, golds, strict=True))


def test_a_collection_without_its_calibration_still_answers(notes: Collection, tmp_path: Path) -> None:
    import shutil

    notes.close()
    shutil.copytree(notes.path, tmp_path / "copy")
    (tmp_path / "copy" / "generations" / "0001" / "calibration.npz").unlink()
    with Collection(tmp_path / "copy") as copy:
        result = copy.search("coffee machine water")
    assert result.hits[0].source == "team/kitchen.md"
    assert "not calibrated" in result.lanes["text"]
