"""Which files an `add` takes in: one folder or file, `.gitignore` and limits respected, never out of the tree.

A source is the file's path from the root's own name on, with `/` between folders. What cannot be printed in it is
escaped reversibly (`source_of`): a byte that is no UTF-8 as `\\xff`, a control or invisible character as
`\\n`, `\\t`, `\\u202e` or `\\U000e0001`, and the backslash itself as `\\\\`.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from commonplace.errors import UsageError

MAX_BYTES = 200 << 20
"""The largest file that is read unless a caller says otherwise."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read; `path` is absolute."""

    source: str
    path: Path
    stamp: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something in the tree that is not read, and why, for the account."""

    source: str
    path: Path
    reason: str
    stamp: str = ""
    """Of a file that had to be opened to tell: it is not opened again until it changes."""


def walk(
    root: Path,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    max_bytes: int = MAX_BYTES,
    left_out: Counter[str] | None = None,
) -> Iterator[Found | Skipped]:
    """The files below `root`, or `root` itself if it is a file, in the order of their names.

    include   patterns as in a .gitignore, from the root: with any, only files that match one are taken
    exclude   likewise; what matches is left out
    left_out  counts what is left out without a word: "hidden", "ignored" (by a .gitignore), "excluded"

    Links to files inside the tree are followed, links to folders are not: what lies there has its own place.
    A .gitignore above the root does not count, since the root was asked for by name.
    Raises UsageError if there is nothing at `root`.
    """
    path = Path(os.path.abspath(root))  # not resolved: a link that is named itself keeps its name
    if not os.path.lexists(path):
        raise UsageError(f"there is no file or folder {str(root)!r}. Check the spelling, or the folder you are in.")
    counts = Counter[str]() if left_out is None else left_out
    real = Path(os.path.realpath(path))
    tree = _Tree(path, real, _rules(include) if include else None, _rules(exclude), max_bytes, counts)
    return tree.below() if path.is_dir() else tree.file(path)


Ignores = tuple[tuple[str, GitIgnoreSpec], ...]
"""The .gitignore files from the root down to a folder, each with its own folder's path from the root."""


@dataclass(frozen=True)
class _Tree:
    root: Path
    real: Path
    """The root without links."""
    include: GitIgnoreSpec | None
    exclude: GitIgnoreSpec
    max_bytes: int
    left_out: Counter[str]

    def below(self) -> Iterator[Found | Skipped]:
        """Depth first; a stack, since folders may be nested deeper than Python recurses."""
        stack: list[tuple[Path, str, bool, Ignores]] = [(self.root, "", True, ())]
        while stack:
            path, inside, is_folder, ignores = stack.pop()
            if not is_folder:
                yield from self.file(path)
                continue
            try:
                with os.scandir(path) as listing:
                    entries = sorted(listing, key=lambda entry: os.fsencode(entry.name), reverse=True)
            except OSError as error:
                yield self.skipped(path, _reason(error))
                continue
            if any(entry.name == ".gitignore" for entry in entries) and (rules := _read_rules(path / ".gitignore")):
                ignores = (*ignores, (inside, rules))
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                below = inside + entry.name + "/" * is_folder
                if why := self.why_left_out(entry.name, below, ignores):
                    self.left_out[why] += 1
                else:
                    stack.append((path / entry.name, below, is_folder, ignores))

    def why_left_out(self, name: str, below: str, ignores: Ignores) -> str:
        if name.startswith("."):
            return "hidden"
        if self.exclude.match_file(below):
            return "excluded"
        for base, rules in reversed(ignores):  # the nearest .gitignore that has a say decides
            decision = rules.check_file(below[len(base) :]).include
            if decision is not None:
                if decision:
                    return "ignored"
                break
        wanted = self.include is None or below.endswith("/") or self.include.match_file(below)
        return "" if wanted else "excluded"

    def file(self, path: Path) -> Iterator[Found | Skipped]:
        try:
            status = path.lstat()
            reason = self.link_problem(path) if stat.S_ISLNK(status.st_mode) else ""
            if not reason:
                status = path.stat()
                reason = self.problem(path, status)
        except OSError as error:
            reason = _reason(error)
        yield self.skipped(path, reason) if reason else Found(self.source(path), path, stamp(status))

    def link_problem(self, path: Path) -> str:
        target, place = (Path(os.path.realpath(each)) for each in (path, path.parent))
        if not os.path.lexists(target):
            return "a symbolic link to nothing"
        if place.is_relative_to(target):
            return "a symbolic link to a folder that it lies in"
        if not target.is_relative_to(self.real):
            return "a symbolic link out of the folder that was added; add its target by itself"
        if target.is_dir():
            return "a symbolic link to a folder, which is read at its own place"
        return ""

    def problem(self, path: Path, status: os.stat_result) -> str:
        if not stat.S_ISREG(status.st_mode):
            return f"{_kind(status.st_mode)}, not a file"
        if status.st_size > self.max_bytes:
            most = _megabytes(self.max_bytes)
            return f"{_megabytes(status.st_size)}, above the limit of {most}; raise COMMONPLACE_MAX_BYTES to read it"
        return "" if os.access(path, os.R_OK) else "permission denied"

    def skipped(self, path: Path, reason: str) -> Skipped:
        return Skipped(self.source(path), path, reason)

    def source(self, path: Path) -> str:
        return source_of(path.relative_to(self.root.parent).as_posix())


def stamp(status: os.stat_result) -> str:
    """Changes whenever the file does: `ctime` cannot be set back by a user."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"


def source_of(path: str) -> str:
    """A printable name, different for every path; the path itself wherever that is one."""
    return path if path.isascii() and path.isprintable() and "\\" not in path else "".join(map(_escaped, path))


_SHORT = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(character: str) -> str:
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is no UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _rules(patterns: Sequence[str]) -> GitIgnoreSpec:
    for pattern in patterns:
        if not _compiles(pattern):
            raise UsageError(f"{pattern!r} is no pattern as in a .gitignore. Try one like '*.md' or 'drafts/'.")
    return GitIgnoreSpec.from_lines(patterns)


def _read_rules(path: Path) -> GitIgnoreSpec | None:
    """The rules of a .gitignore; lines that are no pattern do nothing, as in git."""
    try:
        lines = path.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    return GitIgnoreSpec.from_lines(filter(_compiles, lines))


def _compiles(pattern: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([pattern])
    except (ValueError, re.error):
        return False
    return True


def _reason(error: OSError) -> str:
    """What the system says, in lower case: "permission denied", "too many levels of symbolic links"."""
    return (error.strerror or str(error)).lower()


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _megabytes(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MB"
