"""classify, embed, train: the towers without a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

import commonplace
from commonplace.cli.common import FILE, json_option, print_result
from commonplace.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--label", "labels", multiple=True, required=True, help="A label in words; give several.")
@click.option("--none-of-these", is_flag=True, help="One more label, for what is nothing of these.")
@click.option("--model", default="bundled", show_default=True, help="Space to classify in.")
@json_option
def classify(files: tuple[Path, ...], labels: tuple[str, ...], none_of_these: bool, model: str, as_json: bool) -> None:
    """Which of the labels fits each picture best.

    \b
      commonplace classify shot.png --label diagram --label terminal --label "line chart"
    """
    from commonplace.zero_shot import classify_many

    if missing := [file for file in files if not file.exists()]:
        raise UsageError(f"{missing[0]} does not exist; expected a picture file. Check the path.")
    answers = classify_many(files, labels, space=model, none_of_these=none_of_these)
    rows, lines = [], []
    for file, answer in zip(files, answers, strict=True):
        rows.append(
            {"file": str(file), "labels": [{"label": label, "probability": round(p, 4)} for label, p in answer]}
        )
        lines.append(f"{file}: " + ", ".join(f"{label} {p:.2f}" for label, p in answer))
    print_result(rows, "\n".join(lines), as_json)


@click.command()
@click.argument("texts", nargs=-1)
@click.option("--image", "images", multiple=True, type=FILE, help="A picture to encode.")
@click.option("--audio", "sounds", multiple=True, type=FILE, help="A sound to encode.")
@click.option("--video", "videos", multiple=True, type=FILE, help="A video to encode.")
@click.option("--dim", type=int, help="Truncate to this many dimensions, at length 1 again.")
@click.option("--model", default="bundled", show_default=True, help="Space to encode in.")
@json_option
def embed(
    texts: tuple[str, ...],
    images: tuple[Path, ...],
    sounds: tuple[Path, ...],
    videos: tuple[Path, ...],
    dim: int | None,
    model: str,
    as_json: bool,
) -> None:
    """Unit vectors of texts, pictures, sounds and videos.

    All of one space, as far as the model has an encoder for them.

    \b
      commonplace embed "outbound traffic spikes" --image dashboard.png --json
      commonplace embed "a dog barks" --audio yard.flac --model transformers:laion/clap-htsat-unfused
    """
    asked = {"text": texts, "image": images, "audio": sounds, "video": videos}
    if not any(asked.values()):
        raise UsageError("nothing to encode; expected texts or files. Give TEXT..., --image, --audio or --video FILE.")
    space = commonplace.load_space(model)
    rows: list[tuple[str, list[float]]] = []
    for modality, items in asked.items():
        if items:
            vectors = space.encode(modality, items, dim=dim)
            rows += zip(map(str, items), vectors.tolist(), strict=True)
    found = [{"item": item, "vector": [round(x, 6) for x in vector]} for item, vector in rows]
    print_result(found, "\n".join(" ".join(f"{x:.6f}" for x in vector) for _, vector in rows), as_json)


@click.command()
@click.option("--recipe", help="rotation, text, image or image-full.")
@click.option("--adapter", type=FILE, help="Pairs (JSON lines or CSV) to fit a head on instead.")
@click.option("--weights", type=FILE, help="Folder of the packages to start from.")
@click.option("--data", type=FILE, help="Folder of the training data.")
@click.option("--out", required=True, type=FILE, help="Folder for the tower, or the head.")
@click.option("--model", default="bundled", show_default=True, help="Space that an adapter is fitted on.")
@click.option("--collection", "-c", type=FILE, help="Where `gold` and `clicked` documents are.")
@click.option("--loss", type=click.Choice(["softmax", "sigmoid"]), default="softmax", show_default=True)
@click.option("--hidden", type=click.IntRange(0), default=0, help="Width of an adapter's hidden layer; 0: linear.")
@click.option("--smoke", is_flag=True, help="The same code path in seconds, on very little data.")
@click.option("--resume", is_flag=True, help="Go on where a run into the same folder ended.")
@json_option
def train(
    recipe: str | None,
    adapter: Path | None,
    weights: Path | None,
    data: Path | None,
    out: Path,
    model: str,
    collection: Path | None,
    loss: Literal["softmax", "sigmoid"],
    hidden: int,
    smoke: bool,
    resume: bool,
    as_json: bool,
) -> None:
    """Train a tower, or fit an adapter to pairs of your own.

    Needs `pip install 'commonplace[train]'`. Of a recipe, curves, a report and the state to resume from are in
    OUT/training. An adapter is refused (exit code 2) where it does not rank held-out pairs better; apply one with
    `commonplace rebuild --model adapter:OUT`.

    \b
      commonplace train --recipe text --weights cache/ --data data/ --out towers/
      commonplace train --adapter pairs.jsonl --out my-domain/
    """
    import logging
    import sys

    from commonplace.lazy import look_up, require
    from commonplace.training import RECIPES

    if sys.stderr.isatty():
        steps = logging.getLogger("commonplace.training")
        steps.addHandler(logging.StreamHandler())
        steps.setLevel(logging.INFO)
    if (recipe is None) == (adapter is None):
        raise UsageError("expected either --recipe NAME or --adapter PAIRS. See `commonplace train --help`.")
    if adapter is not None:
        require("torch", extra="train")
        from commonplace.training.adapter import Config, train_adapter

        config = Config(loss=loss, hidden=hidden)
        figures = train_adapter(adapter, out, model=model, config=config, sources=_sources(collection))
    else:
        assert recipe is not None
        run = look_up(RECIPES, recipe, kind="recipe")
        if weights is None or data is None:
            raise UsageError("a recipe needs --weights and --data; see docs/models/ for what they are.")
        require("torch", extra="train")
        figures = run(weights, data, out, smoke=smoke, resume=resume)
    print_result(figures, "\n".join(f"{name}: {_line(figure)}" for name, figure in figures.items()), as_json)


def _sources(collection: Path | None) -> dict[str, Path]:
    """Source -> path of the documents of a collection."""
    if collection is None:
        return {}
    with commonplace.open(collection) as opened:
        return {document.source: document.path for document in opened.documents()}


def _line(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {_line(value)}" for name, value in figure.items())
    return f"{figure:.3f}" if isinstance(figure, float) else str(figure)
