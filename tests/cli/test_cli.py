"""The command line keeps its contract: shapes, exit codes, a clean stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from commonplace.cli import COMMANDS, main
from commonplace.cli.common import duration

Folder = Callable[..., Path]


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], prog_name="commonplace")


def shape(result: Result) -> object:
    return json.loads(result.stdout)


def test_search_prints_hits_in_the_shape_that_others_rely_on(handbook_path: Path) -> None:
    found = shape(run("search", "certificate", "-c", handbook_path, "-n", "2", "--json"))
    assert isinstance(found, dict)
    assert set(found) == {"query", "hits", "lanes", "no_match", "ms"}
    assert [hit["rank"] for hit in found["hits"]] == [1, 2]
    assert set(found["hits"][0]) == {
        "rank", "score", "id", "source", "modality", "title", "snippet", "page", "bbox", "start", "end", "appears_in",
        "lanes", "headings", "lines",
    }  # fmt: skip
    assert 0 <= found["hits"][0]["score"] <= 1
    assert set(found["hits"][0]["lanes"]["bm25"]) == {"rank", "score"}


def test_the_words_of_a_query_need_no_quotes(handbook_path: Path) -> None:
    found = shape(run("search", "trust", "this", "tablet", "-c", handbook_path, "-n", "1", "--json"))
    assert isinstance(found, dict)
    assert found["query"] == "trust this tablet"


def test_a_hit_says_under_which_headings_and_in_which_lines_it_stands(folder: Folder, tmp_path: Path) -> None:
    root = folder("notes", {"valve.md": "# Valves\n\n## Bypass\n\nOpen it before noon.\n"})
    run("add", root, "-c", tmp_path / "c")
    first, second, _ = run("search", "open before noon", "-c", tmp_path / "c").stdout.split("\n", 2)
    assert first.startswith(" 1. notes/valve.md, line 5  [text ")
    assert second == "    Valves › Bypass"


def test_files_prints_the_path_of_each_file_once_and_nothing_where_nothing_answers(
    folder: Folder, tmp_path: Path
) -> None:
    root = folder("notes", {"valve.md": "# Valve\n\n" + "The valve leaks.\n\n## More\n\n" * 3})
    run("add", root, "-c", tmp_path / "c")
    assert run("search", "valve", "leaks", "-c", tmp_path / "c", "--files").stdout == f"{root / 'valve.md'}\n"
    nothing = run("search", "zebra crossing on Neptune", "-c", tmp_path / "c", "--files")
    assert (nothing.stdout, nothing.exit_code) == ("", 0)
    assert "Nothing in this collection answers that" in nothing.stderr


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["certificate", "--filter", "source=nowhere/*"], "--filter"),
        (["certificate", "--modality", "audio", "--min-confidence", "1"], "--modality and --min-confidence"),
        (['"expired the certificate has"'], "what is quoted or -excluded"),
    ],
)
def test_what_left_no_hit_is_named(handbook_path: Path, words: list[str], what: str) -> None:
    assert run("search", *words, "-c", handbook_path).stdout == f"Nothing is left by {what}.\n"


def test_explain_adds_what_each_stage_took(handbook_path: Path) -> None:
    found = shape(run("search", "certificate", "-c", handbook_path, "--json", "--explain"))
    assert isinstance(found, dict)
    assert {"encode", "candidates", "identifier", "fuse", "hits"} <= set(found["explanation"]["ms"])


def test_add_reports_in_the_shape_that_others_rely_on(folder: Folder, tmp_path: Path) -> None:
    root = folder("notes", {"a.md": "# A\n\nvalve"})
    result = run("add", root, "-c", tmp_path / "c", "--json")
    assert result.exit_code == 0
    report = shape(result)
    assert isinstance(report, dict)
    assert {"documents", "chunks", "skipped", "failed", "unchanged", "seconds"} <= set(report)
    assert (report["documents"], report["chunks"]) == (1, {"text": 1})


def test_a_failed_file_is_listed_and_the_exit_code_is_one(folder: Folder, tmp_path: Path) -> None:
    root = folder("notes", {"a.md": "valve", "cut.pdf": "%PDF-1.7"})
    result = run("add", root, "-c", tmp_path / "c", "--json")
    assert result.exit_code == 1
    report = shape(result)
    assert isinstance(report, dict)
    assert [problem["source"] for problem in report["failed"]] == ["notes/cut.pdf"]
    assert report["failed"][0]["reason"]


def test_of_many_skipped_files_some_are_named_and_the_rest_counted(folder: Folder, tmp_path: Path) -> None:
    result = run("add", folder("notes", {f"{n}.txt": "" for n in range(25)}), "-c", tmp_path / "c")
    assert (result.exit_code, result.stderr.count("empty file")) == (0, 20)
    assert "skipped: 5 more; `commonplace status` lists all" in result.stderr


@pytest.mark.parametrize("command", ["search x", "status", "update", "remove x", "doctor", "show 0123456789abcdef"])
def test_a_missing_collection_is_an_error_with_the_next_step(command: str, tmp_path: Path) -> None:
    result = run(*command.split(), "-c", tmp_path / "none")
    assert result.exit_code == 2
    assert "commonplace add" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("seconds", "said"), [(4.24, "4.2 s"), (200, "3 min 20 s"), (7890, "2 h 11 min")])
def test_long_times_are_said_in_minutes_and_hours(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_misspelled_command_is_answered_with_the_right_one() -> None:
    result = run("serach", "x")
    assert result.exit_code == 2
    assert "'search'" in result.stderr


def test_a_command_that_other_programs_have_is_answered_with_ours() -> None:
    assert "Did you mean 'remove'?" in run("rm", "x").stderr


def test_a_bad_filter_says_what_was_expected(handbook_path: Path) -> None:
    result = run("search", "x", "-c", handbook_path, "--filter", "modality=")
    assert result.exit_code == 2
    assert "expected" in result.stderr


def test_show_prints_the_passage_and_writes_the_picture(handbook_path: Path, tmp_path: Path) -> None:
    found = shape(run("search", "trust this tablet for one voyage", "-c", handbook_path, "-n", "1", "--json"))
    assert isinstance(found, dict)
    hit = found["hits"][0]
    assert hit["source"] == "handbook/screens/sign-in.png"
    crop = tmp_path / "crop.png"
    result = run("show", hit["id"], "-c", handbook_path, "--query", "trust this tablet", "-o", crop)
    assert result.exit_code == 0
    assert "handbook/screens/sign-in.png" in result.stdout

    from PIL import Image

    from commonplace.crops import BOX_COLOUR

    with Image.open(crop) as picture:
        colours = picture.convert("RGB").getcolors(1 << 24)
    assert any(colour == BOX_COLOUR for _, colour in colours or [])


def test_an_unknown_id_is_an_error(handbook_path: Path) -> None:
    result = run("show", "0000000000000000", "-c", handbook_path)
    assert result.exit_code == 2
    assert "search" in result.stderr


def test_classify_gives_labels_best_first() -> None:
    picture = Path(__file__).parents[2] / "examples" / "handbook" / "photos" / "IMG_0412.jpg"
    rows = shape(run("classify", picture, "--label", "a photo of mountains", "--label", "a line chart", "--json"))
    assert isinstance(rows, list)
    probabilities = [label["probability"] for label in rows[0]["labels"]]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=1e-3)
    assert rows[0]["labels"][0]["label"] == "a photo of mountains"


def test_embed_gives_unit_vectors() -> None:
    rows = shape(run("embed", "one", "two", "--dim", "128", "--json"))
    assert isinstance(rows, list)
    assert [row["item"] for row in rows] == ["one", "two"]
    assert sum(x * x for x in rows[0]["vector"]) == pytest.approx(1, abs=1e-3)
    assert len(rows[0]["vector"]) == 128


def test_completion_scripts_name_the_command() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_COMMONPLACE_COMPLETE" in run("completion", shell).stdout


def test_every_command_is_listed_in_the_help() -> None:
    text = run("--help").stdout
    assert all(command in text for command in COMMANDS)
    assert "..." not in text.partition("Commands:")[2]  # the summaries fit into 80 columns


def test_nothing_but_the_result_reaches_stdout_in_a_real_process(handbook_path: Path) -> None:
    command = [sys.executable, "-m", "commonplace", "search", "certificate", "-c", str(handbook_path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["hits"]
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["-c", "import commonplace"], ["-m", "commonplace", "--help"]])
def test_a_light_start_loads_no_heavy_module(words: list[str]) -> None:
    code = [sys.executable, "-X", "importtime", *words]
    loaded = subprocess.run(code, capture_output=True, text=True, check=True).stderr
    for heavy in ("numpy", "onnxruntime", "PIL", "qdrant_edge", "rapidocr", "cv2", "sqlite3", "tokenizers"):
        assert f"| {heavy}\n" not in loaded.replace("  ", ""), heavy
