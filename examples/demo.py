"""The main job in a minute: add the handbook, then find things in it that other tools do not find."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import commonplace
from commonplace.cli import main
from commonplace.errors import CollectionError, SpaceMismatch

HERE = Path(__file__).parent
COLLECTION = HERE.parent / ".demo"

SEARCHES: list[tuple[str, list[str]]] = [
    ("By meaning: passages, a log and a dashboard together", ["firewall logs showing exfiltration", "-n", "6"]),
    (
        "A picture by its looks: no page says what it shows",
        ["sunset over misty mountains and a lake", "--modality", "image"],
    ),
    ("By words that stand only inside a screenshot", ["trust this tablet for one voyage"]),
    ("A UUID, wherever it stands", ["e0b7a3c2-6d5f-4a8e-b1f0-97c2d4e85a16"]),
    ("A table cell", ["which vessel burned most fuel in March", "--modality", "table"]),
    (
        "By a picture: other dashboards that look like this one",
        ["--image", os.path.relpath(HERE / "query.png"), "--modality", "image"],
    ),
    ("A question that nothing answers", ["recipe for sourdough bread with walnuts"]),
]


def run(arguments: list[str]) -> None:
    try:
        main(arguments, prog_name="commonplace")
    except SystemExit as stop:
        if stop.code:
            sys.exit(stop.code)


def demo() -> None:
    try:
        with commonplace.open(COLLECTION) as collection:
            collection.status()
    except (SpaceMismatch, CollectionError):  # made by another release, or not there yet: it is only a demo
        shutil.rmtree(COLLECTION, ignore_errors=True)
    say("commonplace add examples/handbook")
    run(["add", str(HERE / "handbook"), "-c", str(COLLECTION)])
    for title, query in SEARCHES:
        print(f"\n\x1b[1m{title}\x1b[0m" if sys.stdout.isatty() else f"\n{title}")
        say(shlex.join(["commonplace", "search", *query]))
        run(["search", "-n", "3", *query, "-c", str(COLLECTION)])
    print('\nAsk it yourself:  .venv/bin/commonplace search "..." -c .demo')


def say(command: str) -> None:
    print(f"$ {command}", flush=True)


if __name__ == "__main__":
    demo()
