"""What a user pays before the first answer: installed size, import, a search in a fresh process.

    python benchmarks/footprint.py WHEEL_OR_PROJECT

Installs into an empty environment, measures what site-packages grew by, and times fresh processes there (CPU seconds of
the process, median of five).
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from common import save, table

EXAMPLES = Path(__file__).parents[1] / "examples" / "handbook"


def size(path: Path) -> int:
    """Bytes on disk."""
    return sum(f.lstat().st_size for f in path.rglob("*") if not f.is_dir()) if path.is_dir() else path.stat().st_size


def cpu_seconds(command: list[str], runs: int = 5) -> float:
    """Median CPU seconds of a process and its children."""
    seen = []
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seen.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(seen)


def main() -> None:
    project = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "venv"
        venv.create(home, with_pip=True)
        site = next((home / "lib").glob("python*/site-packages"))
        empty, before = size(site), {path.name for path in site.iterdir()}
        python = str(home / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", project], check=True)
        total = size(site) - empty
        largest = sorted(((size(p), p.name) for p in site.iterdir() if p.name not in before), reverse=True)[:10]
        print(f"site-packages grew by {total / 1e6:.0f} MB")
        print(table([{"package": name, "MB": round(bytes / 1e6, 1)} for bytes, name in largest]))
        collection = str(Path(scratch) / "collection")
        command = [str(home / "bin" / "commonplace")]
        subprocess.run([*command, "add", str(EXAMPLES), "-c", collection], check=True, env={**os.environ})
        nothing = cpu_seconds([python, "-c", "pass"])
        figures = {
            "python itself": nothing,
            "import commonplace": cpu_seconds([python, "-c", "import commonplace"]),
            "commonplace --help": cpu_seconds([*command, "--help"]),
            "commonplace search, fresh process": cpu_seconds(
                [*command, "search", "certificate expiry", "-c", collection]
            ),
        }
    print(table([{"process": name, "CPU s": seconds} for name, seconds in figures.items()]))
    save("footprint", installed_mb=total / 1e6, largest=largest, cpu_seconds=figures)


if __name__ == "__main__":
    main()
