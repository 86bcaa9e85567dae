from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.errors import UsageError
from commonplace.ingest.walk import Found, Skipped, source_of, walk


def grow(root: Path, *files: str) -> Path:
    """A tree of small files; one that ends in "/" is an empty folder."""
    for name in files:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
    return root


def sources(root: Path, **options: tuple[str, ...]) -> list[str]:
    return [item.source for item in walk(root, options.get("include", ()), options.get("exclude", ()))]


def reasons(root: Path, max_bytes: int = 1000) -> dict[str, str]:
    return {item.source: item.reason for item in walk(root, max_bytes=max_bytes) if isinstance(item, Skipped)}


def test_files_come_in_the_order_of_their_names_with_the_name_of_the_root(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "b/2.md", "b/10.md", "a.md", "b.md", "Z.md", "empty/")
    assert sources(root) == ["docs/Z.md", "docs/a.md", "docs/b/10.md", "docs/b/2.md", "docs/b.md"]


def test_a_file_carries_what_tells_whether_it_changed(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.md")
    status = (root / "a.md").stat()
    stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
    assert list(walk(root)) == [Found("docs/a.md", root / "a.md", stamp)]


def test_a_single_file_is_named_by_its_name(tmp_path: Path) -> None:
    root = grow(tmp_path, ".hidden/a.md", "build/b.md", ".gitignore")
    assert sources(root / ".hidden/a.md") == ["a.md"]
    assert sources(root / "build/b.md") == ["b.md"]


def test_a_relative_root_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(grow(tmp_path / "docs", "a.md", "b/c.md"))
    assert sources(Path(".")) == ["docs/a.md", "docs/b/c.md"]
    assert sources(Path("b/..")) == ["docs/a.md", "docs/b/c.md"]


def test_nothing_at_the_root_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file or folder '.*/nowhere'\. Check the spelling"):
        walk(tmp_path / "nowhere")


def test_hidden_files_and_folders_are_left_out_and_counted(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.md", ".env", ".git/config", "b/.cache/x.md")
    left_out = Counter[str]()
    assert [item.source for item in walk(root, left_out=left_out)] == ["docs/a.md"]
    assert left_out == {"hidden": 3}


def test_gitignore_counts_at_every_level_and_the_nearest_has_the_last_word(tmp_path: Path) -> None:
    root = grow(
        tmp_path / "docs", "a.log", "a.md", "build/x.md", "sub/b.log", "sub/c.log", "sub/deep/b.log", "only/top.md"
    )
    (root / ".gitignore").write_text("# logs\n*.log\n/build/\n/top.md\n")
    (root / "sub/.gitignore").write_text("!b.log\n")
    left_out = Counter[str]()
    found = [item.source for item in walk(root, left_out=left_out)]
    assert found == ["docs/a.md", "docs/only/top.md", "docs/sub/b.log", "docs/sub/deep/b.log"]
    assert left_out == {"ignored": 3, "hidden": 2}  # a.log, build/ as a whole, sub/c.log; the two .gitignore


def test_a_line_that_is_no_pattern_does_not_disarm_a_gitignore(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.log", "a.md")
    (root / ".gitignore").write_bytes(b"[z-a]\n\xff\n*.log\n")
    assert sources(root) == ["docs/a.md"]


def test_include_and_exclude_are_patterns_from_the_root(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.md", "a.png", "drafts/b.md", "guide/c.md", "guide/drafts/d.md")
    assert sources(root, include=("*.md",)) == [
        "docs/a.md",
        "docs/drafts/b.md",
        "docs/guide/c.md",
        "docs/guide/drafts/d.md",
    ]
    assert sources(root, include=("guide/",)) == ["docs/guide/c.md", "docs/guide/drafts/d.md"]
    assert sources(root, exclude=("drafts/", "*.png")) == ["docs/a.md", "docs/guide/c.md"]
    assert sources(root, include=("*.md",), exclude=("/drafts/",)) == [
        "docs/a.md",
        "docs/guide/c.md",
        "docs/guide/drafts/d.md",
    ]


def test_a_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'\[z-a\]' is no pattern as in a \.gitignore\. Try one like"):
        walk(grow(tmp_path / "docs", "a.md"), exclude=("[z-a]",))


def test_a_file_above_the_limit_is_skipped_unread(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.md")
    with (root / "huge.txt").open("wb") as file:
        file.truncate(2 << 30)
    assert [item.source for item in walk(root) if isinstance(item, Found)] == ["docs/a.md"]
    assert reasons(root, 100 << 20) == {
        "docs/huge.txt": "2,048.0 MB, above the limit of 100.0 MB; raise COMMONPLACE_MAX_BYTES to read it"
    }


def test_links_are_followed_to_files_of_the_tree_only(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.md", "sub/b.md")
    grow(tmp_path / "secret", "key.txt")
    (root / "again.md").symlink_to("sub/b.md")
    (root / "out.md").symlink_to(tmp_path / "secret/key.txt")
    (root / "out").symlink_to("../secret")
    (root / "sub/folder").symlink_to(root / "sub")
    (root / "other").symlink_to("sub")
    (root / "dangling.md").symlink_to("nothing.md")
    (root / "sub/up").symlink_to("../..")
    (root / "loop").symlink_to("loop")
    assert [item.source for item in walk(root) if isinstance(item, Found)] == [
        "docs/a.md",
        "docs/again.md",
        "docs/sub/b.md",
    ]
    assert reasons(root) == {
        "docs/out.md": "a symbolic link out of the folder that was added; add its target by itself",
        "docs/out": "a symbolic link out of the folder that was added; add its target by itself",
        "docs/sub/folder": "a symbolic link to a folder that it lies in",
        "docs/other": "a symbolic link to a folder, which is read at its own place",
        "docs/dangling.md": "a symbolic link to nothing",
        "docs/sub/up": "a symbolic link to a folder that it lies in",
        "docs/loop": "too many levels of symbolic links",
    }


def test_a_link_that_is_named_itself_is_the_root(tmp_path: Path) -> None:
    grow(tmp_path / "elsewhere", "a.md")
    (tmp_path / "docs").symlink_to("elsewhere")
    (tmp_path / "one.md").symlink_to("elsewhere/a.md")
    assert sources(tmp_path / "docs") == ["docs/a.md"]
    assert sources(tmp_path / "one.md") == ["one.md"]


def test_pipes_and_sockets_are_skipped_without_being_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = grow(tmp_path / "docs", "a.md")
    monkeypatch.chdir(root)  # the path of a socket must be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        assert reasons(root) == {"docs/pipe": "a named pipe, not a file", "docs/socket": "a socket, not a file"}
    assert reasons(Path("pipe")) == {"pipe": "a named pipe, not a file"}
    assert reasons(Path("/dev/null")) == {"null": "a device, not a file"}


@contextmanager
def opened_to_all(path: Path) -> Iterator[None]:
    """Folders above a test's own are closed to other users."""
    modes = {parent: parent.stat().st_mode for parent in path.parents if parent.stat().st_mode & 0o005 != 0o005}
    for parent, mode in modes.items():
        parent.chmod(mode | 0o005)
    try:
        yield
    finally:
        for parent, mode in modes.items():
            parent.chmod(mode)


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
def test_what_another_user_may_not_read_is_skipped_with_that_reason(tmp_path: Path) -> None:
    root = grow(tmp_path / "docs", "a.md", "private.md", "closed/b.md", "listed/c.md")
    (root / "private.md").chmod(0o600)
    (root / "closed").chmod(0o700)
    (root / "listed").chmod(0o744)  # its names can be listed, its files not reached
    start = """
import os, pathlib, sys
from commonplace.ingest.walk import walk  # while the code may still be read
os.setgid(65534), os.setuid(65534)
for item in walk(pathlib.Path(sys.argv[1])):
    print(item.source, getattr(item, "reason", "found"), sep=": ")
"""
    with opened_to_all(root):
        run = subprocess.run([sys.executable, "-c", start, str(root)], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "docs/a.md: found",
        "docs/closed: permission denied",
        "docs/listed/c.md: permission denied",
        "docs/private.md: permission denied",
    ]


def test_folders_deeper_than_python_recurses_are_walked(tmp_path: Path) -> None:
    root = grow(tmp_path / "d", "a.md")
    here = os.open(root, os.O_RDONLY)
    depth = 1200
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("deep.md", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    assert sources(root) == ["d/a.md", "d/" + "d/" * depth + "deep.md"]
    subprocess.run(["rm", "-r", root], check=True)  # pytest would recurse


def test_names_that_cannot_be_printed_are_escaped(tmp_path: Path) -> None:
    root = tmp_path / "docs"
    root.mkdir()
    for name in (
        b"two\nlines.md",
        b"caf\xe9.md",
        "größe 日本.md".encode(),
        b"back\\slash.md",
        "10\u202fAM.md".encode(),
    ):
        (root / os.fsdecode(name)).write_bytes(b"x")
    assert sources(root) == [
        "docs/10\u202fAM.md",
        "docs/back\\\\slash.md",
        "docs/caf\\xe9.md",
        "docs/größe 日本.md",
        "docs/two\\nlines.md",
    ]


def path_of(source: str) -> str:
    """The inverse of `source_of`."""
    escape = r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))"

    def unescaped(found: re.Match[str]) -> str:
        byte, short, long, letter = found.groups()
        if byte:
            return chr(0xDC00 + int(byte, 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(letter, letter) if letter else chr(int(short or long, 16))

    return re.sub(escape, unescaped, source)


@given(st.binary().filter(lambda name: b"\0" not in name))
def test_every_name_has_a_storable_source_that_leads_back_to_it(name: bytes) -> None:
    path = os.fsdecode(name)
    source = source_of(path)
    assert path_of(source) == path
    assert source.encode("utf-8").decode() == source
    assert "\n" not in source


@given(st.text(st.characters(exclude_characters="\0")))
def test_sources_of_any_text_lead_back(path: str) -> None:
    assert path_of(source_of(path)) == path
