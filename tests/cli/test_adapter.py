"""A head of the user's own from the command line: from pairs to another order of hits, and back."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the [train] extra (torch)")

from click.testing import CliRunner, Result
from PIL import Image, ImageDraw

from commonplace.cli import main

pytestmark = pytest.mark.train

JARGON = {"kestrel": "#c03020", "harbour": "#2050c0", "lantern": "#e0c020", "quarry": "#208040"}
"""What a team calls its panels, and the colour by which everybody there knows them."""


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="commonplace")


def shape(*words: str | Path) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def panels(tmp_path: Path) -> Path:
    """Ten pictures of each kind, without a word in them, under names that say nothing."""
    chance, root = random.Random(0), tmp_path / "panels"
    root.mkdir()
    for number in range(40):
        picture = Image.new("RGB", (160, 120), "white")
        colour = list(JARGON.values())[number % 4]
        for _ in range(5):
            left, top = chance.randrange(130), chance.randrange(90)
            ImageDraw.Draw(picture).rectangle((left, top, left + 28, top + 24), fill=colour)
        picture.save(root / f"{number:02}.png")
    return root


def clicks(path: Path, *, shuffled: bool = False) -> Path:
    """A click log: what was asked, and the document that was opened."""
    names = [list(JARGON)[number % 4] for number in range(40)]
    if shuffled:
        random.Random(1).shuffle(names)
    rows = [{"query": f"{name} panel", "clicked": f"panels/{number:02}.png"} for number, name in enumerate(names)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_an_adapter_is_learned_from_clicks_applied_without_an_encoder_and_taken_back(
    panels: Path, tmp_path: Path
) -> None:
    place, head = tmp_path / "c", tmp_path / "head"
    shape("add", panels, "-c", place)

    def found() -> list[str]:
        return [hit["source"] for hit in shape("search", "kestrel panel", "-c", place, "-n", "40")["hits"]]

    def of_the_kind(sources: list[str]) -> int:
        return sum(int(Path(source).stem) % 4 == 0 for source in sources[:10])

    before = found()
    figures = shape("train", "--adapter", clicks(tmp_path / "clicks.jsonl"), "--out", head, "-c", place)
    assert figures["image"]["kept"]
    assert figures["image"]["gain, 95 % from"] > 0

    shutil.rmtree(panels)  # nothing can be looked at again
    built = shape("rebuild", "--model", f"adapter:{head}", "-c", place)
    assert (built["generation"], built["chunks"], built["encoded"]) == ("0002", 40, 0)
    after = found()
    assert of_the_kind(after) > of_the_kind(before)
    assert of_the_kind(after) >= 8

    assert shape("rollback", "-c", place)["generation"] == "0001"
    assert found() == before


def test_shuffled_pairs_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    pairs, head = clicks(tmp_path / "clicks.jsonl", shuffled=True), tmp_path / "head"
    refused = run("train", "--adapter", pairs, "--out", head, "--json")
    assert refused.exit_code == 2
    assert "the adapter is refused: held out in five folds, 40 pairs of image change MRR by" in refused.stderr
    assert (refused.stdout, head.exists()) == ("", False)
