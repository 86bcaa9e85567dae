"""What `rebuild`, `rollback` and `migrate` promise: no model call, nothing lost, one flip, a way back."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from commonplace.cli import main
from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.encoders.onnx import ImageEncoder
from commonplace.errors import CollectionError, CorruptCollection, SpaceMismatch, UsageError
from commonplace.evaluation.golden import Questions
from commonplace.evaluation.questions import Question
from commonplace.generations import Change, LaneChange, begin, construct, flip, generations
from commonplace.profiles import Code
from commonplace.stores.guards import copy_tree
from commonplace.stores.points import Point
from commonplace.vectors.transforms import Transform

QUERY = "how do I restore a backup"


@pytest.fixture
def mine(handbook_path: Path, tmp_path: Path) -> Iterator[Collection]:
    """A copy of the handbook that a test may change."""
    copy_tree(handbook_path, tmp_path / "mine")
    with Collection(tmp_path / "mine") as collection:
        yield collection


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and from then on no tower may encode a document."""

    def forbid() -> None:
        encode = Encoder.encode

        def refused(self: Encoder, items: object, kind: str = "document") -> object:
            assert kind == "query", "a model was called"
            return encode(self, items, kind)  # type: ignore[arg-type]

        monkeypatch.setattr(Encoder, "encode", refused)

    return forbid


def ids(collection: Collection, query: str = QUERY) -> list[str]:
    return [hit.id for hit in collection.search(query, k=10).hits]


def stop_at(count: int) -> Callable[[int, int, str], None]:
    """Progress that stops once so many are done."""

    def progress(done: int, *_: object) -> None:
        if done >= count:
            raise KeyboardInterrupt

    return progress


def live(collection: Collection) -> str:
    return collection._open().identity.generation


def test_another_profile_is_built_without_a_model_and_finds_the_same(
    mine: Collection, no_model: Callable[[], None]
) -> None:
    before = ids(mine)
    no_model()
    built = mine.rebuild(Change(lanes={"text": LaneChange(Code("binary", 8)), "media": LaneChange(Code("int8", 2))}))
    assert built.generation == live(mine) == "0002"
    assert built.chunks == len(mine._open().records.chunk_ids())
    assert built.encoded == 0
    assert built.agreement == 1.0  # 8 times as many candidates are nearly all there are
    assert ids(mine) == before
    assert mine._open().manifest.lanes["text"].code == Code("binary", 8)
    assert mine.doctor() == []


@pytest.mark.parametrize("method", ["truncate", "pca"])
def test_fewer_dimensions_are_a_transform_of_vectors_and_queries_alike(mine: Collection, method: str) -> None:
    mine.rebuild(Change(lanes={"text": LaneChange(dim=64, method=method)}))  # type: ignore[arg-type]
    opened = mine._open()
    assert opened.manifest.lanes["text"].dim == 64
    assert opened.manifest.lanes["text"].transforms[0].startswith(f"{method}:64")
    assert opened.manifest.lanes["media"].dim == 384
    some = opened.store.ids()
    assert {vector.shape for vector in opened.store.vectors("text", list(some)).values()} == {(64,)}
    assert any(hit.source.endswith("restore-a-backup.adoc") for hit in mine.search(QUERY).hits)
    mine.rebuild(Change(lanes={"media": LaneChange(Code("half"))}))  # the other lane keeps its transform
    assert mine._open().manifest.lanes["text"].dim == 64
    assert any(hit.source.endswith("restore-a-backup.adoc") for hit in mine.search(QUERY).hits)


def test_a_matrix_that_was_changed_is_noticed(mine: Collection) -> None:
    mine.rebuild(Change(lanes={"text": LaneChange(dim=64, method="pca")}))
    file = mine.path / "generations" / live(mine) / "pca-text.npy"
    mine.close()
    np.save(file, np.eye(384, 64, dtype=np.float32))
    with pytest.raises(CorruptCollection, match="is not the matrix that its generation was built with"):
        mine.search(QUERY)


def test_a_build_that_was_stopped_leaves_the_live_one_and_goes_on(
    mine: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(mine)
    monkeypatch.setattr("commonplace.generations.BATCH", 32)
    change = Change(lanes={"text": LaneChange(Code("half"))})

    with pytest.raises(KeyboardInterrupt):
        mine.rebuild(change, stop_at(64))
    mine.close()
    assert ids(mine) == before
    assert live(mine) == "0001"
    seen: list[str] = []
    mine.rebuild(change, lambda done, total, name: seen.append(name))
    assert live(mine) == "0002"
    total = len(mine._open().records.chunk_ids())
    assert seen.count("chunks") <= -(-(total - 64) // 32)  # the 64 that were written are not written again
    assert ids(mine) == before


def test_a_build_for_another_change_starts_anew_and_leaves_no_remains(mine: Collection) -> None:
    with pytest.raises(KeyboardInterrupt):
        mine.rebuild(Change(lanes={"text": LaneChange(Code("half"))}), stop_at(1))
    mine.rebuild(Change(lanes={"text": LaneChange(Code("int8", 2))}))
    assert generations(mine.home.files) == ["0001", "0002"]
    assert generations(mine.home.files, "building.json") == []
    assert mine._open().manifest.lanes["text"].profile == "int8"


def test_rolling_back_returns_to_the_generation_before_with_what_was_added_since(
    mine: Collection, folder: Callable[..., Path], no_model: Callable[[], None]
) -> None:
    with pytest.raises(UsageError, match="no generation to return to"):
        mine.rollback()
    before = ids(mine)
    mine.rebuild(Change(lanes={"text": LaneChange(dim=64)}))
    assert mine.rollback().generation == "0001"
    assert ids(mine) == before
    assert mine.rollback().generation == "0002"  # and forth
    mine.add(folder("late", {"otter.md": "# Otter\n\nThe otter sleeps under bridge 9.\n"}))
    no_model()
    mine.rollback()
    assert live(mine) == "0001"
    assert mine.search("otter under the bridge").hits[0].source == "late/otter.md"
    assert mine.doctor() == []


def test_questions_that_are_answered_worse_stop_the_flip_unless_that_is_accepted(mine: Collection) -> None:
    opened = mine._open()
    asked = [
        Question(str(document.id), "concept", document.title, (document.source,))
        for document in mine.documents()
        if document.state == "indexed" and document.format == "markdown"
    ]
    with closing(mine.home.another()) as home:
        made, _ = begin(opened, Change(lanes={"text": LaneChange(dim=64)}), home)
        with closing(made):
            construct(made, mine.settings, lambda *_: None, resumed=False)
            known = {document.source: document.id for document in mine.documents()}
            for question in asked:
                made.store.delete(made.records.chunk_ids(known[question.gold[0]]))
            refused = r"answers worse: recall@10 0\.000 \(-\d\.\d+, 95 %: -.* The live one stays\. .*--accept-loss"
            with pytest.raises(CollectionError, match=refused):
                flip(opened, made, 0, questions=Questions(asked))
            assert live(mine) == "0001"
            built = flip(opened, made, 0, questions=Questions(asked, accept_loss=True))
    assert built.golden is not None
    assert built.golden.questions == len(asked)
    assert built.golden.difference["mrr@10"][2] < 0


def test_questions_that_are_answered_as_before_are_kept_with_the_generation(mine: Collection, tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text('{"qid": "1", "kind": "concept", "query": "restore a backup", "gold": ["restore-a-backup.adoc"]}')
    mine.close()
    done = CliRunner().invoke(main, ["rebuild", "--profile", "half", "--golden", str(file), "-c", str(mine.path)])
    assert done.exit_code == 0, done.output
    said = "recall@10 1.000 (+0.000, 95 %: +0.000 to +0.000), mrr@10 1.000 (+0.000, 95 %: +0.000 to +0.000) on 1 "
    assert said in done.stdout
    assert said in CliRunner().invoke(main, ["status", "-c", str(mine.path)]).stdout


def test_only_the_generation_before_is_kept(mine: Collection) -> None:
    for profile in ("half", "float", "half"):
        mine.rebuild(Change(lanes={"text": LaneChange(Code(profile))}))
    assert generations(mine.home.files) == ["0003", "0004"]


def test_lost_vectors_are_made_anew_from_the_towers_outputs(mine: Collection, no_model: Callable[[], None]) -> None:
    before = ids(mine)
    generation = mine.path / "generations" / live(mine)
    mine.close()
    shutil.rmtree(generation / "store")
    no_model()
    with pytest.raises(CorruptCollection, match="Run `commonplace rebuild`"):
        mine.search(QUERY)
    mine.rebuild()
    assert ids(mine) == before


def test_other_towers_are_a_rebuild_in_which_each_picture_is_looked_at_once(
    mine: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(mine)
    mine.close()
    made = ImageEncoder.__init__

    def renamed(self: ImageEncoder, *arguments: Any, **named: Any) -> None:
        made(self, *arguments, **named)
        self.fingerprint = "another"

    monkeypatch.setattr(ImageEncoder, "__init__", renamed)
    with pytest.raises(SpaceMismatch, match="`commonplace rebuild` makes them anew"):
        mine.search(QUERY)
    built = mine.rebuild()
    assert built.encoded > 5
    assert built.agreement is None
    assert ids(mine) == before  # the same weights under another name


def test_a_transform_knows_its_numbers() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((200, 8)).astype(np.float32) * np.array([8, 7, 6, 5, 1, 1, 1, 1], np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    pca = Transform.fit("pca", rows, 4)
    assert pca.name.startswith("pca:4:")
    assert pca.name != Transform.fit("pca", rows[:100], 4).name
    assert pca.matrix is not None
    np.testing.assert_allclose(pca.matrix.T @ pca.matrix, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(pca(rows), axis=1), 1, atol=1e-5)
    assert np.abs(pca.matrix[:4]).sum() > 3 * np.abs(pca.matrix[4:]).sum()  # the axes that hold most


def test_queries_and_vectors_of_a_lane_go_through_its_transform() -> None:
    from stores.oracle import Oracle

    from commonplace.stores.points import Schema

    store = Oracle(Schema({"text": 2, "media": 4}))
    store.transforms = {"text": Transform("truncate:2", 2)}
    vector = np.array([0.6, 0, 0.8, 0], np.float32)
    store.upsert([Point("0" * 16, 1, "image", {"text": vector, "media": vector})])
    np.testing.assert_allclose(store.vectors("text", ["0" * 16])["0" * 16], [1, 0])
    np.testing.assert_allclose(store.vectors("media", ["0" * 16])["0" * 16], vector)
    assert store.dense("text", vector, 1)[0].score == pytest.approx(1)
