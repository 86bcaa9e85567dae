"""eval: how well a collection answers questions with known answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import commonplace
from commonplace.cli.common import (
    FILE,
    collection_option,
    fusion_option,
    json_option,
    mode_option,
    print_result,
    progress_bar,
)
from commonplace.errors import UsageError

if TYPE_CHECKING:
    from commonplace.ranking.fusion import FusionName
    from commonplace.searching.lanes import Mode


class _Questions(click.Group):
    """`eval FILE` asks the questions of FILE; `eval compare` and `eval make` are commands of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args.insert(0, "run")
        return super().parse_args(ctx, args)


@click.group("eval", cls=_Questions)
def evaluate() -> None:
    """Ask questions whose answers are known, and compare.

    \b
      commonplace eval make -o questions.jsonl
      commonplace eval questions.jsonl
      commonplace eval questions.jsonl --fusion rrf --json > rrf.json
      commonplace eval compare rrf.json calibrated.json
    """


@evaluate.command("run")
@click.argument("questions", type=FILE)
@collection_option
@mode_option
@click.option("--lanes", metavar="L,..", help="Only these of: text, media, bm25, identifier.")
@fusion_option
@click.option("--html", type=FILE, help="Write a page with plots and what went wrong.")
@json_option
def run(
    questions: Path, path: Path, mode: Mode, lanes: str | None, fusion: FusionName, html: Path | None, as_json: bool
) -> None:
    """Ask every question of a JSONL file: recall@k, MRR@10, nDCG@10 by kind and modality.

    \b
    A question is one line: {"qid": "q1", "kind": "concept", "query": "...", "gold": ["docs/page.md"]}
    An empty gold marks a question that nothing answers.
    """
    from commonplace.evaluation.page import page
    from commonplace.evaluation.questions import read_questions
    from commonplace.evaluation.run import ask, summary, table

    asked = read_questions(questions)
    chosen = [lane.strip() for lane in lanes.split(",")] if lanes else None
    with commonplace.open(path) as collection, progress_bar("question") as progress:
        outcomes = ask(collection.search, asked, mode=mode, lanes=chosen, fusion=fusion, progress=progress)
    report = summary(outcomes)
    if html is not None:
        html.write_text(page(report, f"{questions.name} on {path}"), encoding="utf-8")
    print_result(report, table(report), as_json)


@evaluate.command()
@click.argument("first", type=FILE)
@click.argument("second", type=FILE)
@json_option
def compare(first: Path, second: Path, as_json: bool) -> None:
    """Compare two reports that `eval --json` printed, question by question.

    Differences are SECOND minus FIRST, with paired 95 % bootstrap intervals: one that holds 0 may be chance.
    """
    from commonplace.evaluation.run import compare as compared
    from commonplace.evaluation.run import comparison_table

    report = compared(_report(first), _report(second))
    print_result(report, comparison_table(report), as_json)


@evaluate.command()
@collection_option
@click.option("--output", "-o", type=FILE, help="Write to this file instead of stdout.")
@click.option("--per-kind", default=25, show_default=True, type=click.IntRange(1, 1000), help="Questions of each kind.")
@click.option("--seed", default=0, show_default=True, help="Another number makes other questions.")
def make(path: Path, output: Path | None, per_kind: int, seed: int) -> None:
    """Make questions from a collection: headings, passages, captions, words in pictures, identifiers, and questions
    that nothing in it answers.
    """
    from commonplace.evaluation.make import make as made

    with commonplace.open(path) as collection:
        questions = made(list(collection.chunks()), per_kind, seed)
    lines = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    if output is None:
        click.echo(lines, nl=False)
    else:
        output.write_text(lines, encoding="utf-8")
        click.echo(f"{len(questions)} questions: {output}", err=True)


def _report(path: Path) -> dict[str, Any]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(report, dict) or "questions" not in report:
            raise ValueError("it has no questions")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} is no report ({error}); expected what `commonplace eval QUESTIONS --json` prints."
        ) from error
    return report
