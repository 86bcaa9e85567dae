"""rebuild, rollback, migrate: the same documents in another form, or in another store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click

import commonplace
from commonplace.cli.common import FILE, Size, collection_option, json_option, print_json, progress_bar
from commonplace.profiles import OVERSAMPLING, PROFILES, Code, Profile

if TYPE_CHECKING:
    from commonplace.evaluation.golden import Questions
    from commonplace.generations import Built, Progress
    from commonplace.portable import ExportFormat


F = TypeVar("F", bound=Callable[..., object])


def golden_option(command: F) -> F:
    """--golden and --accept-loss, as `golden` and `accept_loss`."""
    command = click.option("--accept-loss", is_flag=True, help="Flip even if they are answered worse.")(command)
    return click.option(
        "--golden", type=FILE, metavar="FILE",
        help="Questions as for `eval`: flip only if they are answered no worse than before.",
    )(command)  # fmt: skip


@click.command()
@collection_option
@click.option("--model", metavar="NAME", help="Other encoders; see `commonplace models`.")
@click.option("--profile", type=click.Choice(PROFILES), help="Size of the vectors that are searched.")
@click.option("--oversampling", type=click.FloatRange(1), help="So many times more candidates are compared in full.")
@click.option("--memory-budget", type=Size(), help="The largest profile that fits, e.g. 2G; originals on disk.")
@click.option("--on-disk", is_flag=True, help="Leave the originals on disk, with only the codes in memory.")
@click.option("--no-graph", is_flag=True, help="Compare all codes: quick to build, for up to some 200,000 chunks.")
@click.option("--dim", type=click.IntRange(1), help="Fewer dimensions.")
@click.option("--by", type=click.Choice(["truncate", "pca"]), default="truncate", show_default=True, help="How.")
@click.option("--lane", "lanes", multiple=True, type=click.Choice(["text", "media"]), help="Only this lane.")
@golden_option
@json_option
def rebuild(
    path: Path,
    model: str | None,
    profile: Profile | None,
    oversampling: float | None,
    memory_budget: int | None,
    on_disk: bool,
    no_graph: bool,
    dim: int | None,
    by: Literal["truncate", "pca"],
    lanes: tuple[str, ...],
    golden: Path | None,
    accept_loss: bool,
    as_json: bool,
) -> None:
    """Build the vectors anew from what is stored, and flip to them.

    No model is called unless --model or a new release asks for other towers. Everybody can search meanwhile, but
    nobody add. Stopped half-way, it goes on when it is run again.

    \b
      commonplace rebuild --profile int8
      commonplace rebuild --dim 256 --by pca --lane text --golden questions.jsonl
      commonplace rebuild                                  # after an upgrade with other towers
    """
    from commonplace.generations import Change, LaneChange

    changed = {}
    if profile or dim or oversampling or on_disk or no_graph:
        profile = profile or "float"
        code = Code(profile, oversampling or OVERSAMPLING[profile], 0 if no_graph else 128, on_disk)
        changed = dict.fromkeys(lanes or ("text", "media"), LaneChange(code, dim, by))
    with commonplace.open(path) as collection, progress_bar("chunk") as progress:
        if memory_budget is not None:
            changed = {lane: LaneChange(code, dim, by) for lane, code in collection.within(memory_budget).items()}
            collection.close()  # for others to search meanwhile
        questions = _questions(golden, accept_loss, progress)
        built = collection.rebuild(Change(model, changed), progress, questions=questions)
    _print(built, as_json)


@click.command()
@collection_option
@json_option
def rollback(path: Path, as_json: bool) -> None:
    """Return to the vectors before the last rebuild.

    \b
      commonplace rollback
    """
    with commonplace.open(path) as collection, progress_bar("chunk") as progress:
        built = collection.rollback(progress)
    _print(built, as_json)


@click.command()
@click.argument("target")
@collection_option
@golden_option
@json_option
def migrate(target: str, path: Path, golden: Path | None, accept_loss: bool, as_json: bool) -> None:
    """Copy the collection to another store, and compare them.

    TARGET is the URL of a store, or a folder. The collection also stays where it was: remove it once you need it no
    longer. Stopped half-way, it goes on when it is run again.

    \b
      commonplace migrate 'postgresql://me@db.example/search?collection=notes'
      commonplace migrate qdrants://:KEY@host:6333/notes --golden questions.jsonl
      commonplace migrate notes.commonplace -c 'postgresql://me@db.example/search?collection=notes'
    """
    with commonplace.open(target) as collection, progress_bar("chunk") as progress:
        built = collection.import_from(path, progress, questions=_questions(golden, accept_loss, progress))
    _print(built, as_json)


def _questions(golden: Path | None, accept_loss: bool, progress: Progress) -> Questions | None:
    if golden is None:
        return None
    from commonplace.evaluation.golden import Questions
    from commonplace.evaluation.questions import read_questions

    return Questions(read_questions(golden), accept_loss, progress)


def _print(built: Built, as_json: bool) -> None:
    if as_json:
        print_json(built)
        return
    click.echo(f"generation {built.generation} with {built.chunks} chunks is live")
    if built.encoded:
        click.echo(f"{built.encoded} pictures were encoded anew")
    if built.agreement is not None:
        click.echo(f"of the nearest chunks, {built.agreement:.1%} are the same as before")
    if built.golden is not None:
        click.echo(str(built.golden))


@click.command()
@click.argument("target", type=FILE)
@click.option("--format", type=click.Choice(["sqlite", "parquet"]), default="sqlite", show_default=True)
@collection_option
def export(target: Path, format: ExportFormat, path: Path) -> None:
    """Back the collection up into a folder, also while it is in use.

    \b
      commonplace export /backups/notes-monday
      commonplace export tables --format parquet           # for pandas, DuckDB, Spark; `import` reads it as well
    """
    commonplace.open(path).export(target, format)
    click.echo(f"{target}: " + ", ".join(sorted(file.name for file in target.iterdir())))


@click.command("import")
@click.argument("source", type=FILE)
@collection_option
@json_option
def import_(source: Path, path: Path, as_json: bool) -> None:
    """Make a new collection of an export; no model is called.

    \b
      commonplace import /backups/notes-monday -c restored.commonplace
    """
    with commonplace.open(path) as collection, progress_bar("chunk") as progress:
        built = collection.import_from(source, progress)
    _print(built, as_json)
