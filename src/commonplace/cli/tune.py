"""tune and plan: what vectors cost, measured; what an `add` will cost, predicted."""

from __future__ import annotations

from pathlib import Path

import click

import commonplace
from commonplace.cli.common import (
    FILE,
    Size,
    collection_option,
    duration,
    json_option,
    plain,
    print_json,
    print_result,
    progress_bar,
)
from commonplace.errors import UsageError
from commonplace.profiles import PROFILES, Profile


@click.command()
@collection_option
@click.option("--lane", "lanes", multiple=True, type=click.Choice(["text", "media"]), help="Only this lane.")
@click.option("--dims", default="256,128", show_default=True, metavar="N,..", help="Dimensions besides all of them.")
@click.option("--memory", type=Size(), help="At most so much memory for the vectors, e.g. 2G.")
@click.option("--p95", type=float, metavar="MS", help="At most so many milliseconds for 95 in 100 queries.")
@click.option("--questions", type=FILE, help="JSONL as for `eval`: labelled recall as well.")
@click.option("--html", type=FILE, help="Write the table and its picture here.")
@click.option("--apply", is_flag=True, help="Build what is recommended as the next generation, and prove it.")
@click.option("--accept-loss", is_flag=True, help="Apply it even if --questions are answered worse.")
@json_option
@click.pass_context
def tune(
    ctx: click.Context,
    path: Path,
    lanes: tuple[str, ...],
    dims: str,
    memory: int | None,
    p95: float | None,
    questions: Path | None,
    html: Path | None,
    apply: bool,
    accept_loss: bool,
    as_json: bool,
) -> None:
    """Measure on your own vectors what smaller ones would cost.

    Recommends the smallest that lose less than 1 %. Exits with 1 if no setting is good enough within the limits:
    nothing is applied then.

    \b
      commonplace tune
      commonplace tune --memory 200M --p95 5 --html sizes.html
      commonplace tune --questions questions.jsonl --apply
    """
    from commonplace.evaluation.golden import Questions
    from commonplace.evaluation.picture import page, table
    from commonplace.evaluation.questions import read_questions
    from commonplace.evaluation.tune import Limits

    try:
        cuts = [int(part) for part in dims.split(",") if part.strip()]
    except ValueError:
        raise UsageError(f"--dims {dims!r} holds no numbers; expected e.g. 256,128.") from None
    asked = read_questions(questions) if questions else []
    with commonplace.open(path) as collection, progress_bar("setting") as progress:
        done = iter(range(1, 1_000_000))
        tuned = collection.tune(
            lanes=lanes, dims=cuts, limits=Limits(memory, p95), questions=asked,
            progress=lambda name: progress(next(done), 0, name),
        )  # fmt: skip
        good = all(chosen is not None for chosen in tuned.chosen.values())
        collection.close()  # for others to search while it is built
        golden = Questions(asked, accept_loss) if asked else None
        proof = collection.apply(tuned, questions=golden) if apply and good else None
    if html is not None:
        html.write_text(page(tuned), encoding="utf-8")
    if as_json:
        print_json({**plain(tuned), "proof": proof})
    else:
        click.echo(table(tuned))
        for lane, chosen in tuned.chosen.items():
            if chosen is None:
                click.echo(f"{lane}: no setting loses less than 1 % at 95 % confidence within the limits", err=True)
            elif proof is None:
                click.echo(f"{lane}: {chosen.name} is the smallest that loses less than 1 %; --apply builds it")
            else:
                found = proof[lane]["recall"]
                click.echo(f"{lane}: {chosen.name} is live; recall@10 on other queries {found['mean']:.4f}")
    ctx.exit(0 if good else 1)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@collection_option
@click.option("--model", metavar="NAME", default="bundled", show_default=True, help="Encoders.")
@click.option("--profile", type=click.Choice(PROFILES), default="float", show_default=True, help="Size of the vectors.")
@json_option
def plan(paths: tuple[Path, ...], path: Path, model: str, profile: Profile, as_json: bool) -> None:
    """Predict the time, memory and disk of an `add`. A few files are read for it.

    The next `add` to the same collection says how far off it was.

    \b
      commonplace plan docs/ screenshots/
    """
    from commonplace.evaluation.plan import predict, remember

    collection = commonplace.open(path)
    with progress_bar("sample") as progress:
        chosen = [each.absolute() for each in paths]
        found = predict(chosen, commonplace.load_space(model), collection.settings, profile, progress)
    remember(collection.path, found)
    text = (
        f"{found.files} files: about {found.chunks} chunks, {found.pictures} of them pictures\n"
        f"{found.calls} calls of models, {duration(found.seconds)} on this machine\n"
        f"{found.memory / 1e6:.1f} MB of memory for the vectors, {found.disk / 1e6:.0f} MB on disk"
    )
    print_result(found, text, as_json)
