"""What the tests of hostile input share: the command line in a process of its own, and without root's privileges."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from commonplace.cli import main
from commonplace.stores.guards import copy_tree

COMMAND = (sys.executable, "-m", "commonplace")


def run(*words: str | Path) -> Result:
    """The command line in this process. An error that nobody foresaw fails the test, whatever the exit code."""
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="commonplace")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "nobody foresaw" not in result.stderr, result.stderr
    return result


def told(result: Result) -> str:
    """The one line of a command that could not be run."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("commonplace: ")
    assert result.stderr.count("\n") == 1, "one line"
    return result.stderr.removeprefix("commonplace: ").rstrip()


def run_apart(
    *words: str | Path, under: tuple[str, ...] = (), env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, started by the command `under`."""
    command = [*under, *COMMAND, *map(str, words)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **(env or {})}
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "nobody foresaw" not in done.stderr, done.stderr
    return done


def copied(source: Path, target: Path) -> Path:
    """A copy of a collection."""
    copy_tree(source, target)
    return target


def without_privileges() -> tuple[str, ...] | None:
    """A prefix under which permissions count, which root passes over; None where there is none."""
    if os.getuid() != 0:
        return ()
    rights = "-dac_override,-dac_read_search"
    prefix = ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}")
    works = shutil.which("setpriv") and subprocess.run([*prefix, "true"], check=False).returncode == 0
    return prefix if works else None


def small_file_system(path: Path, megabytes: int) -> tuple[str, str] | None:
    """(shell that sees it alone, command that mounts it at `path`), or None without the right to mount."""
    mount = f"mount -t tmpfs -o size={megabytes}m none {path}"
    own = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-ec")
    if shutil.which(own[0]) is None or subprocess.run([*own, mount], capture_output=True, check=False).returncode:
        return None
    return " ".join(own), mount
