"""What the commands share: options, printing, progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path)


class _Place(click.Path):
    """A path, but for a URL, which a Path would lose a slash of: that stays a string."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return value if isinstance(value, str) and "://" in value else super().convert(value, param, ctx)


collection_option = click.option(
    "--collection", "-c", "path", type=_Place(path_type=Path), envvar="COMMONPLACE_COLLECTION",
    default=".commonplace", show_default=True, show_envvar=True,
    help="Folder of the collection, or URL of a store: postgresql://, qdrant://, qdrants://.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Size(click.ParamType):  # type: ignore[type-arg]
    """`2G`, `500M`, `64k` or bytes."""

    name = "SIZE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value).strip().lower().removesuffix("b").removesuffix("i")
        factor = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}.get(text[-1:], 1)
        try:
            return int(float(text.rstrip("kmgt")) * factor)
        except ValueError:
            self.fail(f"{value!r} is no size; expected e.g. 2G or 500M", param, ctx)


mode_option = click.option(
    "--mode", type=click.Choice(["hybrid", "dense", "lexical"]), default="hybrid", show_default=True
)
fusion_option = click.option(
    "--fusion", type=click.Choice(["calibrated", "rrf", "dbsf"]), default="calibrated", show_default=True
)


def print_result(value: Any, text: str, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        click.echo(text)


def print_json(value: Any) -> None:
    """One document on stdout; whatever a file name holds survives as escapes."""
    prints_unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(plain(value), ensure_ascii=not prints_unicode, indent=2))


def plain(value: Any) -> Any:
    """Dataclasses to dictionaries, all the way down."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def duration(seconds: float) -> str:
    """`4.2 s`, `3 min 20 s`, `2 h 11 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


@contextmanager
def progress_bar(unit: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on stderr with rate and time left; nothing where stderr is no terminal."""
    from tqdm import tqdm

    with tqdm(total=None, unit=unit, file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(done: int, total: int, name: str) -> None:
            bar.total = total
            bar.set_postfix_str(name[-40:], refresh=False)
            bar.update(done - bar.n)

        yield show


def link(text: str, target: Path) -> str:
    """`text` as a link that a terminal opens (OSC 8); plain where stdout is no terminal."""
    if not sys.stdout.isatty():
        return text
    return f"\x1b]8;;{target.absolute().as_uri()}\x1b\\{text}\x1b]8;;\x1b\\"
