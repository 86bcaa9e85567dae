"""eval: how well a collection answers questions with known answers."""

from __future__ import annotations

from pathlib import Path

import click

from commonplace.cli.common import collection_option, json_option, print_json, progress_bar


@click.command("eval")
@click.argument("questions", type=click.Path(path_type=Path))
@collection_option
@click.option("--mode", type=click.Choice(["hybrid", "dense", "lexical"]), default="hybrid", show_default=True)
@click.option("--lanes", metavar="L,..", help="Only these of: text, media, bm25, identifier.")
@json_option
def evaluate(questions: Path, path: Path, mode: str, lanes: str | None, as_json: bool) -> None:
    """Ask every question of a JSONL file and print recall@k and MRR@10 by kind.

    \b
    A question is one line: {"qid": "q1", "kind": "concept", "query": "...", "gold": ["docs/page.md"]}
    An empty gold marks a question that nothing answers.

    \b
      commonplace eval questions.jsonl
      commonplace eval questions.jsonl --lanes bm25 --json
    """
    from commonplace.collection import Collection
    from commonplace.evaluation.questions import read_questions
    from commonplace.evaluation.run import ask, summary, table

    asked = read_questions(questions)
    chosen = [lane.strip() for lane in lanes.split(",")] if lanes else None
    with Collection(path) as collection, progress_bar("question") as progress:
        outcomes = ask(collection, asked, mode=mode, lanes=chosen, progress=progress)  # type: ignore[arg-type]
    report = summary(outcomes)
    if as_json:
        print_json(report)
    else:
        click.echo(table(report))
