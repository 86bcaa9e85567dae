"""What `tune` measures, recommends, refuses and proves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from commonplace.cli import main
from commonplace.collection import Collection
from commonplace.evaluation.picture import page, svg
from commonplace.evaluation.tune import (
    Interval,
    Limits,
    Measured,
    disk_of,
    exact,
    measure_lane,
    memory_of,
    pareto,
    recommended,
)
from commonplace.evaluation.tuning import Tuned
from commonplace.profiles import PROFILES, Code


def rows(n: int, dim: int, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    made = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32) / np.sqrt(
        1 + np.arange(dim)
    ).astype("f")
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def setting(memory: int, recall: float, p95: float = 1.0, profile: str = "int8") -> Measured:
    code = Code(profile)  # type: ignore[arg-type]
    return Measured("text", 8, "", code, Interval(recall, recall - 0.005, recall, 200), p95, p95, memory, memory)


def test_an_interval_knows_doubt_also_where_all_was_found() -> None:
    all_found = Interval.of([1.0] * 300)
    assert all_found.mean == all_found.high == 1
    # Wilson, 3,000 of 3,000: 1 / (1 + 1.96^2 / 3000)
    assert all_found.low == pytest.approx(1 / (1 + 1.96**2 / 3000), abs=1e-6)
    few = Interval.of([1.0, 1.0, 0.0, 1.0] * 5)  # whole queries fail: the sample is 20, not 200
    assert few.low < 0.6 < few.mean == 0.75 < few.high


def test_exact_search_is_the_truth() -> None:
    vectors, queries = rows(500, 16, 0), rows(70, 16, 1)
    best = np.argsort(-(queries @ vectors.T), axis=1)[:, :10]
    assert [set(row) for row in exact(vectors, queries).tolist()] == [set(row) for row in best.tolist()]
    assert exact(vectors[:3], queries).shape == (70, 3)


def test_every_profile_is_measured_and_more_bits_never_find_less() -> None:
    vectors, queries = rows(300, 64, 0), rows(25, 64, 1)
    measured = measure_lane("text", vectors, queries, dims=(32,), right=[frozenset({0}), frozenset(range(300))])
    whole = [each for each in measured if not each.method]
    at_one = {each.code.profile: each.recall.mean for each in whole if each.code.oversampling == 1}
    assert list(at_one) == ["float", "half", "int8", "compact", "binary"]
    assert at_one["float"] == 1
    assert at_one["int8"] >= at_one["compact"] >= at_one["binary"]
    binary = [each.recall.mean for each in whole if each.code.profile == "binary"]
    assert binary == sorted(binary)
    assert len(binary) > 1
    assert whole[0].labelled == 0.5 or whole[0].labelled == 1  # row 0 may be among the ten
    cut = [each for each in measured if each.method]
    assert {each.dim for each in cut} == {32}


def test_sizes_are_bits_times_dimensions() -> None:
    assert [memory_of(1000, 384, Code(p, ef=0)) // 1000 for p in PROFILES] == [
        1536, 768, 384, 96, 48,
    ]  # fmt: skip
    assert disk_of(1000, 384, Code("binary", ef=0)) == 1000 * (1536 + 48)


def test_the_smallest_that_is_good_enough_is_recommended_and_none_when_none_is() -> None:
    small, good, large = setting(10, 0.98), setting(20, 0.996), setting(40, 1.0, p95=0.5)
    assert recommended([large, small, good], Limits()) == good
    assert recommended([large, small, good], Limits(p95=0.8)) == large
    assert recommended([large, small, good], Limits(memory=15)) is None
    assert recommended([setting(20, 0.994)], Limits()) is None  # 0.994 may be 0.989
    wider = replace(good, code=Code("int8", oversampling=4), p95=0.1)
    assert recommended([wider, good], Limits()) == good  # of the same size; that wider was quicker once is chance
    assert pareto([large, small, good, setting(30, 0.99)]) == [small, good, large]


def test_the_picture_marks_what_is_recommended_and_stands_alone() -> None:
    measured = [setting(10, 0.98), setting(20, 0.996), setting(40, 1.0, profile="<b>")]
    drawn = svg([replace(each, code=Code()) for each in measured], None)
    assert drawn.count("<circle") == 3
    tuned = Tuned({"text": measured[:2]}, {"text": measured[1]}, 1.0)
    html = page(tuned)
    assert html.count("<circle") == 3
    assert "&lt;- recommended" in html
    assert "http" not in html


def test_tune_on_a_collection_recommends_applies_and_proves(
    handbook_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonplace.evaluation.tuning.QUERIES", 50)

    from commonplace.stores.guards import copy_tree

    mine = tmp_path / "mine"
    copy_tree(handbook_path, mine)
    picture = tmp_path / "sizes.html"
    command = ["tune", "-c", str(mine), "--lane", "text", "--dims", "", "--html", str(picture), "--apply", "--json"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    chosen = told["chosen"]["text"]
    assert chosen["recall"]["low"] >= 0.99
    assert chosen["code"]["profile"] != "float"
    assert told["proof"]["text"]["recall"]["mean"] >= chosen["recall"]["low"] - 0.005
    assert "<svg" in picture.read_text()
    with Collection(mine) as collection:
        status = collection.status()
    assert status.generation == "0002"
    assert status.vectors["text"]["profile"] == chosen["code"]["profile"]
    assert status.vectors["text"]["proof"]["setting"] == told["proof"]["text"]["setting"]
    refused = CliRunner().invoke(main, ["tune", "-c", str(mine), "--lane", "text", "--memory", "1k", "--apply"])
    assert refused.exit_code == 1
    assert "no setting loses less than 1 %" in refused.stderr
    with Collection(mine) as collection:
        assert collection.status().generation == "0002"
