"""The data that recipes read: passages of documentation, and pictures with what their pages say of them.

No licence that asks for more than attribution, and nothing of the repositories that the benchmarks are made of.
"""

from __future__ import annotations

import gzip
import json
import lzma
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal, Self

from PIL import Image

Split = Literal["train", "dev"]

PERMISSIVE = frozenset(
    {
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC-BY-4.0",
        "CC-BY-4.0 (README)",
        "CC-BY-4.0 (documentation; README)",
        "MIT",
        "MIT-0",
    }
)
BENCHMARKS = frozenset(
    {
        "MicrosoftDocs/terminal",
        "VictoriaMetrics/VictoriaMetrics",
        "apache/nifi",
        "kubeflow/website",
        "opnsense/docs",
    }
)
"""Repositories of the development corpus: their pictures and words are never trained on."""


@dataclass(frozen=True, slots=True)
class Passage:
    repository: str
    title: str
    heading: str
    text: str


def passages(folder: Path, split: Split) -> Iterator[Passage]:
    """Of `folder/text/passages.jsonl.xz`, in the order of the file."""
    with lzma.open(folder / "text" / "passages.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["split"] == split and row["r"] not in BENCHMARKS:
                yield Passage(row["r"], row["t"], row["h"], row["p"])


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and what its page says of it. `described`: alt text or caption say what it shows."""

    id: str
    shard: str
    file: str
    repository: str
    alt: str
    caption: str
    heading: str
    title: str
    context: str
    described: bool


def pairs(folder: Path, split: Split) -> list[Pair]:
    """Of `folder/docpairs`, in the order of the file.

    train: those that may be trained on. dev: all of the split, the benchmarks' repositories included, since it is
    never trained on.
    """
    chosen = []
    with gzip.open(folder / "docpairs" / "pairs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            allowed = row["licence"] in PERMISSIVE and row["repo"] not in BENCHMARKS
            if row["split"] == split and (split == "dev" or allowed):
                texts = {key: row[key] for key in ("alt", "caption", "heading", "title", "context")}
                place = {"id": row["id"], "shard": row["shard"], "file": row["file"], "repository": row["repo"]}
                chosen.append(Pair(**place, **texts, described=row["quality"] == "alt"))
    return chosen


class Pictures:
    """The pictures of pairs, from the archives of `folder/docpairs`; a context manager that closes them."""

    def __init__(self, folder: Path) -> None:
        self._open = ExitStack()
        archives = sorted((folder / "docpairs").glob("images-*.tar"))
        self._archives = {path.name: self._open.enter_context(tarfile.open(path)) for path in archives}  # noqa: SIM115

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    def __getitem__(self, pair: Pair) -> Image.Image:
        """RGB, on white where it is transparent."""
        member = self._archives[pair.shard].extractfile(pair.file)
        assert member is not None, "every record of the data names a file of its archive"
        picture = Image.open(BytesIO(member.read()))
        if picture.mode == "RGB":
            return picture
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")
