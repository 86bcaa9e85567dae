"""What `plan` predicts, held against what `add` then does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner
from PIL import Image

from commonplace.cli import main
from commonplace.config import Settings
from commonplace.evaluation.plan import predict
from commonplace.spaces.registry import load_space


def test_a_plan_counts_what_there_is_and_an_add_is_held_against_it(folder: Callable[..., Path], tmp_path: Path) -> None:
    notes = folder("notes", {f"{n}.md": f"# Note {n}\n\nThe relay of quay {n} is tested at noon.\n" for n in range(8)})
    Image.new("RGB", (64, 48), "navy").save(notes / "blue.png")
    found = predict([notes], load_space(), Settings(workers=1))
    assert (found.files, found.chunks, found.pictures) == (9, 9, 1)
    assert found.calls == 10  # eight texts, a picture, and what is read in it
    assert found.seconds > 0
    assert found.memory == (9 + 1) * (384 * 4 + 188)  # a picture may have words, and has a vector of its own
    path = str(tmp_path / "collection")
    planned = CliRunner().invoke(main, ["plan", str(notes), "-c", path])
    assert planned.exit_code == 0, planned.output
    assert "9 files: about 9 chunks, 1 of them pictures" in planned.stdout
    added = CliRunner().invoke(main, ["add", str(notes), "-c", path])
    assert "planned, and what it was: chunks 9, 9 (+0%), calls 10, 9 (-10%), seconds " in added.stderr  # no word in it
    again = CliRunner().invoke(main, ["add", str(notes), "-c", path])
    assert "planned" not in again.stderr
