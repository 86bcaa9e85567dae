"""add, update, remove, label, status, doctor: what is in a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

import commonplace
from commonplace.cli.common import (
    FILE,
    collection_option,
    duration,
    json_option,
    plain,
    print_json,
    print_result,
    progress_bar,
)
from commonplace.profiles import PROFILES, Profile

if TYPE_CHECKING:
    from commonplace.ingest.pipeline import AddReport

LISTED = 20
"""Files that an `add` names of those that were skipped, and of those that failed."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=FILE)
@collection_option
@click.option("--include", multiple=True, metavar="GLOB", help="Only files of folders that match, e.g. '*.md'.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that match.")
@click.option("--retry", is_flag=True, help="Read files again that failed before though they have not changed.")
@click.option("--model", metavar="NAME", help="Encoders of a new collection; see `commonplace models`.")
@click.option("--profile", type=click.Choice(PROFILES), default="float", help="Size of a new collection's vectors.")
@json_option
@click.pass_context
def add(
    ctx: click.Context,
    paths: tuple[Path, ...],
    path: Path,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    retry: bool,
    model: str | None,
    profile: Profile,
    as_json: bool,
) -> None:
    """Add files and folders. What is already there and unchanged is left alone.

    Hidden files and what .gitignore names are left out. Stopped half-way, the same command goes on from there.

    \b
      commonplace add docs/ screenshots/
      commonplace add docs/ --include '*.md' --exclude 'drafts/'
      commonplace add report.pdf -c ~/work.commonplace --json
    """
    with commonplace.open(path, model, profile=profile) as collection, progress_bar("file") as progress:
        report = collection.add(*paths, include=include, exclude=exclude, retry=retry, progress=progress)
        if (collection.path / "plan.json").exists():
            from commonplace.evaluation.plan import compared

            click.echo(compared(collection.path, report), err=True)
    _print_report(ctx, report, as_json)


@click.command()
@collection_option
@click.option("--retry", is_flag=True, help="Read files again that failed before though they have not changed.")
@json_option
@click.pass_context
def update(ctx: click.Context, path: Path, retry: bool, as_json: bool) -> None:
    """Read what is new or changed, drop what is gone.

    \b
      commonplace update
    """
    with commonplace.open(path) as collection, progress_bar("file") as progress:
        report = collection.update(retry=retry, progress=progress)
    _print_report(ctx, report, as_json)


def _print_report(ctx: click.Context, report: AddReport, as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        chunks = ", ".join(f"{count} {modality}" for modality, count in sorted(report.chunks.items())) or "none"
        click.echo(f"{report.documents} documents added or changed (chunks: {chunks}), {report.unchanged} unchanged,")
        click.echo(
            f"{report.removed} removed, {len(report.skipped)} skipped, {len(report.failed)} failed, "
            f"in {duration(report.seconds)}"
        )
        if report.left_out:
            click.echo("  left out: " + ", ".join(f"{n} {why}" for why, n in sorted(report.left_out.items())), err=True)
        for name, problems in (("skipped", report.skipped), ("failed", report.failed)):
            for problem in problems[:LISTED]:
                click.echo(f"  {name}: {problem.source}: {problem.reason}", err=True)
            if len(problems) > LISTED:
                click.echo(f"  {name}: {len(problems) - LISTED} more; `commonplace status` lists all", err=True)
    ctx.exit(1 if report.failed else 0)


@click.command()
@click.argument("sources", nargs=-1, required=True)
@collection_option
@json_option
def remove(sources: tuple[str, ...], path: Path, as_json: bool) -> None:
    """Remove documents, by source or by folder. The files themselves are not touched.

    \b
      commonplace remove docs/old.md
      commonplace remove screenshots/2024
    """
    with commonplace.open(path) as collection:
        count = collection.remove(*sources)
    print_result({"removed": count}, f"{count} documents removed", as_json)


@click.command()
@click.argument("labels", nargs=-1, required=True)
@collection_option
@click.option("--least", default=0.5, show_default=True, type=click.FloatRange(0, 1), help="Keep no label less likely.")
@json_option
def label(labels: tuple[str, ...], path: Path, least: float, as_json: bool) -> None:
    """Give every picture the label that fits it best, to filter by. Labels from before are replaced.

    \b
      commonplace label diagram terminal "line chart" "photo of hardware"
      commonplace search "traffic" --filter 'label="line chart"'
    """
    with commonplace.open(path) as collection:
        counts = collection.label(*labels, least=least)
    text = "\n".join(f"{label}: {count}" for label, count in counts.items())
    print_result({"labels": counts}, text, as_json)


@click.command()
@collection_option
@click.option("--documents", "list_documents", is_flag=True, help="List every document.")
@json_option
def status(path: Path, list_documents: bool, as_json: bool) -> None:
    """What the collection holds, which files it does not, and why.

    \b
      commonplace status
      commonplace status --documents --json
    """
    with commonplace.open(path) as collection:
        found = collection.status()
        documents = collection.documents() if list_documents else []
    if as_json:
        rows = [{"source": d.source, "state": d.state, "format": d.format, "title": d.title} for d in documents]
        print_json(plain(found) | ({"list": rows} if list_documents else {}))
        return
    click.echo(f"{found.path}  (space: {found.space}, store: {found.store}, {found.bytes / 1e6:.1f} MB)")
    for lane, held in found.vectors.items():
        said = f"vectors of {lane}: {held['dim']} dimensions, {held['profile']}"
        if held["oversampling"] > 1:
            said += f" x{held['oversampling']:g}"
        if proof := held.get("proof", {}).get("recall"):
            said += ", recall@10 {mean:.4f} ({low:.4f}-{high:.4f}) of {queries} queries".format(**proof)
        click.echo(said)
    if found.golden:
        click.echo(f"answers: {found.golden}")
    click.echo("documents: " + (", ".join(f"{n} {state}" for state, n in sorted(found.documents.items())) or "none"))
    click.echo("chunks: " + (", ".join(f"{n} {modality}" for modality, n in found.chunks.items()) or "none"))
    for problem in found.problems:
        click.echo(f"  not in: {problem.source}: {problem.reason}")
    for source, notes in found.notes.items():
        for note in notes:
            click.echo(f"  in part: {source}: {note}")
    for document in documents:
        click.echo(f"  {document.state:8} {document.source}")


@click.command()
@collection_option
@click.option("--repair", is_flag=True, help="Mend what can be mended without reading a file again.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, path: Path, repair: bool, as_json: bool) -> None:
    """Check that records, caches and vectors agree. Exits with 1 if something is wrong.

    \b
      commonplace doctor
      commonplace doctor --repair
    """
    with commonplace.open(path) as collection:
        complaints = collection.doctor(repair=repair)
    print_result({"complaints": complaints}, "\n".join(complaints) or "everything agrees", as_json)
    ctx.exit(1 if complaints else 0)
