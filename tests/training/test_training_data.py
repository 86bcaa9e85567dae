"""What may be trained on: small archives in the shape of the real ones."""

from __future__ import annotations

import gzip
import json
import lzma
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from commonplace.training.data import BENCHMARKS, Pictures, pairs, passages


def record(name: str, **fields: Any) -> dict[str, Any]:
    texts = {"alt": "a chart", "caption": "", "heading": "Usage", "title": "Guide", "context": "Before.\nAfter."}
    place = {"id": name, "shard": "images-000.tar", "file": f"{name}.webp", "repo": "a/b", "licence": "MIT"}
    return {**place, **texts, "quality": "alt", "split": "train", **fields}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    records = [
        record("kept"),
        record("share-alike", licence="CC-BY-SA-4.0"),
        record("copyleft", licence="AGPL-3.0"),
        record("epl", licence="EPL-2.0"),
        record("in the benchmark", repo="kubeflow/website", licence="CC-BY-4.0"),
        record("held out", split="dev"),
        record("held out benchmark", split="dev", repo="apache/nifi", quality="context"),
    ]
    (tmp_path / "docpairs").mkdir()
    (tmp_path / "text").mkdir()
    with gzip.open(tmp_path / "docpairs" / "pairs.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in records)
    with tarfile.open(tmp_path / "docpairs" / "images-000.tar", "w") as archive:
        picture = BytesIO()
        Image.new("RGBA", (2, 1), (255, 0, 0, 0)).save(picture, "WEBP", lossless=True)
        member = tarfile.TarInfo("kept.webp")
        member.size = picture.tell()
        picture.seek(0)
        archive.addfile(member, picture)
    rows = [
        {"r": "a/b", "split": "train", "t": "Guide", "h": "Usage", "p": "one"},
        {"r": "a/b", "split": "dev", "t": "Guide", "h": "Usage", "p": "two"},
        {"r": "opnsense/docs", "split": "train", "t": "Guide", "h": "Usage", "p": "three"},
    ]
    with lzma.open(tmp_path / "text" / "passages.jsonl.xz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path


def test_only_permissive_licences_outside_the_benchmarks_are_trained_on(data: Path) -> None:
    assert [pair.id for pair in pairs(data, "train")] == ["kept"]


def test_all_that_is_held_out_may_be_measured(data: Path) -> None:
    assert [(pair.id, pair.described) for pair in pairs(data, "dev")] == [
        ("held out", True),
        ("held out benchmark", False),
    ]


def test_passages_keep_to_their_split_and_out_of_the_benchmarks(data: Path) -> None:
    assert [passage.text for passage in passages(data, "train")] == ["one"]
    assert [passage.text for passage in passages(data, "dev")] == ["two"]


def test_the_five_repositories_of_the_development_corpus_are_the_benchmarks() -> None:
    assert {name.rpartition("/")[2] for name in BENCHMARKS} == {
        "terminal",
        "nifi",
        "VictoriaMetrics",
        "docs",
        "website",
    }


def test_a_transparent_picture_lies_on_white(data: Path) -> None:
    with Pictures(data) as pictures:
        picture = pictures[pairs(data, "train")[0]]
    assert picture.mode == "RGB"
    assert picture.getpixel((0, 0)) == (255, 255, 255)
