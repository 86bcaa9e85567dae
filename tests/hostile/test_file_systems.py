"""Names, links, permissions, pipes, files that change, disks that are full: each has its line in the account."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile.ground import COMMAND, run, run_apart, small_file_system, told, without_privileges

from commonplace.collection import Collection
from commonplace.encoders.base import Encoder
from commonplace.vectors.normalise import unit_rows

NEWLINE, BYTES, BIDI = "two\nlines.md", os.fsdecode(b"caf\xe9.md"), "invoice\u202egpj.md"
SKIPPED = {
    "outside.md": "a symbolic link out of the folder",
    "loop.md": "too many levels of symbolic links|a symbolic link",
    "up": "a symbolic link to a folder that it lies in",
    "dangling.md": "a symbolic link to nothing",
    "pipe": "a named pipe, not a file",
    "private.md": "permission denied",
    "closed": "permission denied",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("systems") / "docs"
    (root / "closed").mkdir(parents=True)
    for name, text in {
        "valve.md": "The valve is open.",
        "private.md": "Nobody may read this.",
        "closed/inside.md": "Nor this.",
        NEWLINE: "A ratchet and a pawl.",
        BYTES: "An espresso in the engine room.",
        BIDI: "The sextant needs oil.",
        "../outside.md": "The secret of another folder.",
    }.items():
        (root / name).write_text(text)
    for name, target in {"outside.md": "../outside.md", "loop.md": "pool.md", "pool.md": "loop.md", "up": ".",
                         "dangling.md": "nowhere.md", "linked.md": "valve.md"}.items():  # fmt: skip
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    (root / "private.md").chmod(0)
    (root / "closed").chmod(0)
    return root


@pytest.fixture(scope="module")
def added(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """(collection, report), added by a process whose permissions count."""
    if (prefix := without_privileges()) is None:
        pytest.skip("root without setpriv: no permission counts")
    path = tmp_path_factory.mktemp("systems") / "collection"
    done = run_apart("add", root, "-c", path, "--json", under=prefix)
    report: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, report["failed"]) == (0, [])
    return path, report


@pytest.mark.parametrize("name", SKIPPED)
def test_what_may_not_or_must_not_be_read_is_skipped_and_said(name: str, added: tuple[Path, dict[str, Any]]) -> None:
    path, report = added
    reasons = {problem["source"]: problem["reason"] for problem in report["skipped"]}
    assert re.search(SKIPPED[name], reasons[f"docs/{name}"])
    assert f"not in: docs/{name}: {reasons[f'docs/{name}']}" in run("status", "-c", path).stdout


def test_nothing_outside_of_the_tree_is_read(added: tuple[Path, dict[str, Any]]) -> None:
    with Collection(added[0]) as collection:
        assert collection.search("secret of another folder", mode="lexical").hits == ()


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("ratchet pawl", r"docs/two\nlines.md"),
        ("espresso", r"docs/caf\xe9.md"),
        ("sextant", r"docs/invoice\u202egpj.md"),
        ("valve", "docs/linked.md"),
    ],
)
def test_files_are_found_by_any_name(query: str, source: str, added: tuple[Path, dict[str, Any]]) -> None:
    hits = json.loads(run("search", query, "-c", added[0], "--mode", "lexical", "--json").stdout)["hits"]
    assert source in [hit["source"] for hit in hits]
    assert source in run("search", query, "-c", added[0], "--mode", "lexical").stdout
    assert run("show", hits[0]["id"], "-c", added[0]).exit_code == 0
    glob = run("search", query, "-c", added[0], "--filter", f'source="{hits[0]["source"]}"'.replace("\\", "\\\\"))
    assert hits[0]["source"] in glob.stdout


def test_a_file_that_changes_while_it_is_read_is_read_again_by_the_next_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "service.log"
    log.write_text("\n\n".join(f"{n} {'tick ' * 200}" for n in range(250)))
    growing = [True]

    def encode(self: Encoder, items: Any, kind: str = "document") -> Any:  # noqa: ARG001 - as the real one
        """As it is called while the log is read, more than a pipe can hold."""
        if growing:
            growing.clear()
            with log.open("a") as file:
                file.write("\n\none more line")
        return unit_rows(np.random.default_rng(0).standard_normal((len(list(items)), self.dim), np.float32))

    monkeypatch.setattr(Encoder, "encode", encode)
    with Collection(tmp_path / "collection") as collection:
        first = collection.add(log)
        assert [problem.reason for problem in first.failed] == [
            "it changed while it was read; add it again when it is complete"
        ]
        again = collection.add(log)
        assert (again.documents, again.failed) == (1, ())
        assert collection.search("one more line", lanes=["bm25"]).hits
        assert collection.doctor() == []


def test_a_name_that_is_no_unicode_for_the_collection_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("valve")
    assert "is no valid Unicode" in told(run("add", tmp_path / "a.md", "-c", tmp_path / BYTES))


def test_a_collection_in_a_file_or_where_nobody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("valve")
    assert "Choose another" in told(run("add", tmp_path / "a.md", "-c", tmp_path / "a.md" / "inside"))
    if prefix := without_privileges():
        (tmp_path / "closed").mkdir(mode=0o500)
        done = run_apart("add", tmp_path / "a.md", "-c", tmp_path / "closed" / "c", under=prefix)
        assert (done.returncode, done.stdout) == (2, "")
        assert "ermission denied" in done.stderr


def test_on_a_full_disk_add_says_so_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    docs, disk = tmp_path / "docs", tmp_path / "disk"
    docs.mkdir()
    disk.mkdir()
    if (mounted := small_file_system(disk, 400)) is None:
        pytest.skip("no right to mount a file system")
    shell, mount = mounted
    for number in range(6):
        (docs / f"{number}.md").write_text(f"# Note {number}\n\nThe ratchet of winch {number} slips.")
    add = shlex.join([*COMMAND, "add", str(docs), "-c", str(disk / "c"), "--json"])
    # Just enough room to begin with; then a file as large as what is left; then there is room again.
    script = f"""
{mount}
{add} > {tmp_path}/first || true
echo "more winches" > {docs}/7.md
head -c 400m /dev/zero > {disk}/filler 2>/dev/null || true
for file in {docs}/*.md; do echo "and hawsers" >> "$file"; done
{add} > {tmp_path}/full 2> {tmp_path}/said && echo 0 > {tmp_path}/code || echo $? > {tmp_path}/code
rm {disk}/filler
{add} > {tmp_path}/last
{shlex.join([*COMMAND, "doctor", "-c", str(disk / "c")])} > {tmp_path}/doctor
"""
    done = subprocess.run([*shlex.split(shell), script], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "said").read_text()
    assert (tmp_path / "code").read_text().strip() == "2", said
    assert re.search("full.* Free some space", said)
    assert "Traceback" not in said
    assert json.loads((tmp_path / "last").read_text())["failed"] == []
    assert (tmp_path / "doctor").read_text() == "everything agrees\n"


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_a_file_that_may_not_grow_further_is_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("The winch slips.")
    done = run_apart("add", tmp_path / "a.md", "-c", tmp_path / "c", under=("prlimit", "--fsize=65536"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "the disk is full or failing" in done.stderr
