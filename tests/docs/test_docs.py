"""The examples of the documentation run, and say what happens."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from commonplace.cli import COMMANDS, main
from commonplace.stores import STORES

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [body for name, body in FENCE.findall(page.read_text("utf-8")) if name == language]


@pytest.fixture(scope="module", autouse=True)
def playground(tmp_path_factory: pytest.TempPathFactory, handbook_path: Path) -> Iterator[None]:
    """A folder with the examples in it, as a reader of the documentation has after cloning.

    What was computed of the same pictures and passages for other tests is not computed again.
    """
    folder = tmp_path_factory.mktemp("playground")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("making"))
    for collection in (".commonplace", "guide", "guide-py", "notes.commonplace"):
        for cache in ("cache", "base"):
            shutil.copytree(handbook_path / cache, folder / collection / cache)
    before = Path.cwd()
    os.chdir(folder)
    yield
    os.chdir(before)


def commands(block: str) -> Iterator[tuple[str, str]]:
    """(command, expected output) of each `$ ` line; `...` in the output stands for anything."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def test_every_console_example_prints_what_the_page_says() -> None:
    checker = OutputChecker()
    runner = CliRunner()
    seen = 0
    for page in PAGES:
        for block in blocks(page, "console"):
            for command, expected in commands(block):
                words = shlex.split(command, comments=True)
                if words[0] != "commonplace":
                    continue  # make, pip: the fresh clone of continuous integration runs those
                result = runner.invoke(main, words[1:], prog_name="commonplace")
                where = f"{page.name}: {command}"
                assert result.exit_code in (0, 1), f"{where}\n{result.output}\n{result.exception!r}"
                if expected.strip():
                    options = ELLIPSIS | NORMALIZE_WHITESPACE
                    assert checker.check_output(expected, result.stdout, options), f"{where}\n{result.stdout}"
                seen += 1
    assert seen >= 10


def test_every_python_example_runs() -> None:
    seen = 0
    for page in PAGES:
        if page.name == "adapters.md" and find_spec("torch") is None:
            continue  # it trains
        names: dict[str, object] = {}
        for block in blocks(page, "python"):
            exec(compile(block, str(page), "exec"), names)
            seen += 1
    assert seen >= 4


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert set(COMMANDS) <= set(re.findall(r"^## (\w+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"], prog_name="commonplace")
    assert result.exit_code == 0
    assert f"commonplace {command}" in result.output.replace("Usage: commonplace " + command, "", 1)


def test_every_store_is_documented() -> None:
    text = (ROOT / "docs" / "stores.md").read_text("utf-8")
    assert all(f"`{store}`" in text for store in STORES)


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
